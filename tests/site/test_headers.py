# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from fronde.site import assets
from fronde.site.headers import Headers, no_store, policy

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
    "upgrade-insecure-requests": "",
}
EXACT = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Strict-Transport-Security": "max-age=63072000",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def answer(made: HttpResponse, path: str = "/", host: str = "fronde.example") -> HttpResponse:
    return Headers(lambda _request: made)(RequestFactory().get(path, headers={"Host": host}))


def directives(value: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (one.partition(" ") for one in value.split("; "))}


def test_a_page_carries_exactly_these_headers():
    response = answer(HttpResponse("<p>"))
    assert {name: response[name] for name in EXACT} == EXACT
    assert directives(response["Content-Security-Policy"]) == DIRECTIVES
    off = response["Permissions-Policy"].split(", ")
    assert all(re.fullmatch(r"[a-z-]+=\(\)", one) for one in off)
    assert {"camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()"} <= set(off)
    assert not response.cookies
    assert set(response.headers) == {
        *EXACT, "Content-Security-Policy", "Permissions-Policy", "Content-Type", "Cache-Control",
    }  # fmt: skip


@pytest.mark.parametrize("host", ["abcdefgh.onion", "abcdefgh.onion:8080", "ABC.ONION"])
def test_an_onion_address_is_not_upgraded(host):
    assert set(directives(policy(host))) == set(DIRECTIVES) - {"upgrade-insecure-requests"}


def test_a_public_file_may_say_otherwise():
    made = HttpResponse(
        b"", headers={"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "max-age=5"}
    )
    response = answer(made)
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Cache-Control"] == "max-age=5"


def test_a_page_is_asked_for_anew_and_a_members_page_never_kept():
    assert answer(HttpResponse("<p>"))["Cache-Control"] == "no-cache"
    assert answer(no_store(HttpResponse("<p>")))["Cache-Control"] == "no-store"


def test_no_error_is_kept():
    assert answer(HttpResponse("<p>", status=404))["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "cached"),
    [
        (f"/static/fronde.css?v={assets.version('fronde.css')}", "public, max-age=31536000, immutable"),
        ("/static/fronde.css?v=0000000000000000", "no-cache"),
        ("/static/fronde.css", "no-cache"),
        ("/static/none.css?v=None", "no-cache"),
    ],
)
def test_a_file_asked_for_by_its_hash_is_kept_for_ever(path, cached):
    assert answer(HttpResponse(b"x", content_type="text/css"), path)["Cache-Control"] == cached


def test_a_file_that_is_not_there_is_not_kept():
    response = answer(HttpResponse(b"", status=404), f"/static/fronde.css?v={assets.version('fronde.css')}")
    assert response["Cache-Control"] == "no-cache"
