# SPDX-License-Identifier: Apache-2.0
"""Errors as pages: one sentence, one next step, an id.

Nothing here reads the database: an error page must come when nothing else does.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fronde.errors import Declined, Stopped


class Said(NamedTuple):
    """What an error page says. name: the id, stable; title, sentence, step: in the page's language."""

    name: str
    title: str | Promise
    sentence: str | Promise
    step: str | Promise


ERRORS = {
    400: Said(
        "bad-request",
        _("This request could not be read"),
        _("The address or the request is not of the form that this server knows."),
        _("Start again from the front page."),
    ),
    403: Said(
        "forbidden",
        _("This request came from another site"),
        _("This server only accepts what its own pages or the command line send."),
        _("Open the page here and try again."),
    ),
    404: Said(
        "not-found",
        _("There is no such page"),
        _("Nothing stands at this address: it may be mistyped or cut short."),
        _("Compare it letter by letter with where you found it, or look at the list of letters."),
    ),
    405: Said(
        "method",
        _("This address cannot do that"),
        _("It can be read, or it takes one kind of request, and this was another."),
        _("Go back and use the button on the page."),
    ),
    410: Said(
        "gone",
        _("This is over"),
        _("The letter is closed: it takes no more of this."),
        _("The letter’s page shows the result and its proof."),
    ),
    429: Said(
        "too-many",
        _("Too many requests at once"),
        _("This server answers a limited number of requests, so that everybody is served."),
        _("Wait a minute, then try again."),
    ),
    500: Said(
        "internal",
        _("Something broke on this server"),
        _("It is not your fault, and nothing that was acknowledged is lost."),
        _("Try again in a minute. If it happens again, tell whoever runs this server the id below."),
    ),
    503: Said(
        "stopped",
        _("This server has stopped signing for now"),
        _("It could not be sure of keeping its promises, so it takes nothing in for the moment."),
        _("Try again later. Reading and verifying go on."),
    ),
}


def error_page(request: HttpRequest, status: int, name: str = "") -> HttpResponse:
    """The page for an error status; `name` is the id where it is more exact than the status's own."""
    said = ERRORS.get(status, ERRORS[500])
    if name:
        said = said._replace(name=name)
    response = render(request, "error.html", {"said": said, "status": status}, status=status)
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a mistake of ours, or an error with a status of its own that a page ran into."""
    error = sys.exc_info()[1]
    if isinstance(error, Stopped):
        return error_page(request, 503, error.name)
    if isinstance(error, Declined):
        return error_page(request, error.status, error.name)
    return error_page(request, 500)


def wrong_method(request: HttpRequest, *allowed: str) -> HttpResponse:
    """405 for a reader who came to an address that only takes what scripts and the command line send."""
    response = error_page(request, 405)
    response["Allow"] = ", ".join(allowed)
    return response
