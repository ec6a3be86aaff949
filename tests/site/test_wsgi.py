# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory

from fronde import canonical
from fronde.site import serve, urls, wsgi
from tests.site.village import HOST, Village, client

TELLING = {
    "REMOTE_ADDR": "192.0.2.1", "REMOTE_HOST": "pc7.meridian.example", "REMOTE_PORT": "4000",
    "HTTP_X_FORWARDED_FOR": "192.0.2.1", "HTTP_FORWARDED": "for=192.0.2.1", "HTTP_X_REAL_IP": "192.0.2.1",
    "HTTP_USER_AGENT": "Browser of Ada", "HTTP_COOKIE": "who=ada",
}  # fmt: skip


def environ(path: str = "/policy", method: str = "GET") -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_NAME": "x", "SERVER_PORT": "80", **TELLING,
        "HTTP_HOST": HOST, "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
    }  # fmt: skip


def test_the_application_never_sees_who_asks():
    seen: dict[str, Any] = {}

    def inside(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return [b"x"]

    assert wsgi.Application(lambda django: inside)(environ(), None) == [b"x"]
    assert not set(TELLING) & set(seen)
    assert seen["PATH_INFO"] == "/policy"


def test_the_whole_site_answers_without_it(village: Village):
    said: list[str] = []
    application = serve.application()
    answer = application(environ(), lambda status, headers: said.append(status))
    assert b"".join(answer) == village.folder.policy.read_bytes()
    assert said == ["200 OK"]


def test_what_is_nowhere_is_a_page_for_a_reader_and_canonical_for_a_program(village: Village):
    page, error = client().get("/nowhere"), client().post("/nowhere")
    assert (page.status_code, error.status_code) == (404, 404)
    assert page["Content-Type"].startswith("text/html")
    assert canonical.decode(error.content)["id"] == "not-found"


@pytest.mark.parametrize(
    ("method", "kind"), [("GET", "text/html; charset=utf-8"), ("POST", "application/json")]
)
def test_mistakes_are_told_in_the_same_way(village: Village, method, kind, caplog):
    request = RequestFactory().generic(method, "/x", headers={"host": HOST})
    suspicious, broken = urls.handler400(request, SuspiciousOperation()), urls.handler500(request)
    assert (suspicious.status_code, broken.status_code) == (400, 500)
    assert suspicious["Content-Type"] == broken["Content-Type"] == kind
    assert "An answer failed" in caplog.text
