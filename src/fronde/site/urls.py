# SPDX-License-Identifier: Apache-2.0
"""Every address: no trailing slashes, no redirects.  # spec: 15"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import include, path

from . import http, pages
from .evidence import urls as evidence
from .letters import files
from .letters import urls as letters
from .members import pages as members

urlpatterns = [
    path("", include("fronde.site.record.urls")),
    path("", include("fronde.site.signing.urls")),
    path("", include("fronde.site.members.urls")),
    path("", include(files.patterns)),
    path("", include(letters.patterns)),
    path("", include(members.patterns)),
    path("", include(evidence.patterns)),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """A page for a reader, the canonical error for every other method."""
    if request.method in http.SAFE:
        return pages.not_found(request)
    return http.no_such()


def handler400(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """What Django itself finds suspicious."""
    if request.method in http.SAFE:
        return pages.bad_request(request)
    return http.error_response(400, "bad-request", "This request cannot be read.", "Check the address.")


def handler500(request: HttpRequest) -> HttpResponseBase:
    """The same after a mistake of ours; where it broke stands on standard error."""
    response = http.broken()
    return pages.server_error(request) if request.method in http.SAFE else response
