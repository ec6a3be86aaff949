# SPDX-License-Identifier: Apache-2.0
"""The pages of a workplace: what it is, and where one joins. Neither knows who looks at it.

The address of `join` takes a POST too: it stands in urls.py.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import re_path

from fronde.site import clock
from fronde.site.headers import no_store
from fronde.site.http import by_method
from fronde.site.letters import reading, views


def workplace(request: HttpRequest, slug: str) -> HttpResponse:
    """`/w/SLUG`: who can join, and its letters."""
    now = clock.now()
    letters = [views.entry(one, now) for one in reading.standings() if one.letter.workplace == slug]
    shown = {"place": _place(slug), "letters": letters, "address": views.address(request, f"/w/{slug}")}
    return render(request, "members/workplace.html", shown)


def join(request: HttpRequest, slug: str) -> HttpResponse:
    """`/w/SLUG/join` (GET): the page that one joins on; its script does the rest."""
    shown = {"here": "join", "place": _place(slug), "address": views.address(request, f"/w/{slug}")}
    return no_store(render(request, "members/join.html", shown))


def _place(slug: str) -> dict[str, Any]:
    found = views.place(slug)
    if found is None:
        raise Http404
    return found


patterns = [
    re_path(r"^w/(?P<slug>[a-z0-9-]{1,40})\Z", by_method(GET=workplace, find=_place), name="workplace"),
]
