# SPDX-License-Identifier: Apache-2.0
"""The headers of every answer, exactly.  # trust: 28

A view that means something else by one of them (a public tile may be read from anywhere) sets it itself.

`upgrade-insecure-requests` is left out for an onion address, which has no https. A visit to http://127.0.0.1
works with it in Chromium (a test shows it): the directive does not touch what is trustworthy already, as
loopback is (Upgrade Insecure Requests, 4.1). Other browsers were not tried. HSTS over plain http is ignored
by every browser (RFC 6797, 8.1).

The policy is one string and not django-csp's: that one is put together from a set, in another order in each
process, and nothing here differs from view to view.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from .assets import version

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
UPGRADE = "; upgrade-insecure-requests"

# What today's browsers can be asked to switch off; a name unknown to them would fill their console.
FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "clipboard-write",
    "compute-pressure", "cross-origin-isolated", "display-capture", "encrypted-media", "fullscreen",
    "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
    "keyboard-map", "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials", "payment",
    "picture-in-picture", "publickey-credentials-create", "publickey-credentials-get",
    "screen-wake-lock", "serial", "speaker-selection", "storage-access", "sync-xhr", "unload", "usb",
    "window-management", "xr-spatial-tracking",
)  # fmt: skip

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Strict-Transport-Security": "max-age=63072000",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in FEATURES),
}
FOR_EVER = "public, max-age=31536000, immutable"


def policy(host: str) -> str:
    """The Content-Security-Policy for a visit to `host` (a Host header: name, perhaps with :port)."""
    return POLICY if host.rsplit(":", 1)[0].lower().endswith(".onion") else POLICY + UPGRADE


class Headers:
    """Middleware, the outermost: adds what the answer does not carry yet."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", policy(request.META.get("HTTP_HOST", "")))
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if request.path_info.startswith(settings.STATIC_URL):
            _for_ever(request, response)
        elif response.status_code >= 400:
            response.setdefault("Cache-Control", "no-store")
        elif response.get("Content-Type", "").startswith("text/html"):
            # A withdrawn name leaves the page at once: nobody keeps an old one.
            response.setdefault("Cache-Control", "no-cache")
        return response


def _for_ever(request: HttpRequest, response: HttpResponseBase) -> None:
    """A static file asked for by its own hash never changes; by its bare name it may."""
    name = request.path_info.removeprefix(settings.STATIC_URL)
    named = response.status_code in (200, 206, 304) and request.GET.get("v") == version(name)
    response["Cache-Control"] = FOR_EVER if named else "no-cache"


def no_store(response: HttpResponse) -> HttpResponse:
    """Marks a members' page: no browser, proxy or history cache keeps it.  # trust: 8"""
    response["Cache-Control"] = "no-store"
    return response
