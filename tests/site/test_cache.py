# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fronde.site.cache import MOST, PageCache

ID = "abcdefgh234567ab"


class Site:
    """A site that counts how often it renders; its clock and its letter's version are the test's."""

    def __init__(self) -> None:
        self.rendered = 0
        self.status = "200 OK"
        self.now = 0.0
        self.version: object = 1
        self.closed = 0
        self.cache = PageCache(self.application, lambda _id: self.version, lambda: self.now)

    def application(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.rendered += 1
        start_response(self.status, [("Content-Type", "text/html"), ("Content-Length", "999")])
        return Body(self)

    def get(
        self, path: str = "/", query: str = "", method: str = "GET", **more: str
    ) -> tuple[str, dict[str, str], bytes]:
        said: list[Any] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **more}
        body = b"".join(self.cache(environ, lambda status, headers: said.extend([status, headers])))
        return said[0], dict(said[1]), body


class Body:
    def __init__(self, site: Site) -> None:
        self.site = site

    def __iter__(self) -> Iterator[bytes]:
        yield f"page {self.site.rendered}, ".encode()
        yield b"whole"

    def close(self) -> None:
        self.site.closed += 1


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_page_is_rendered_once_a_second(site):
    first = site.get()
    site.now = 0.9
    assert (
        site.get()
        == first
        == ("200 OK", {"Content-Type": "text/html", "Content-Length": "13"}, b"page 1, whole")
    )
    site.now = 1.1
    assert site.get()[2] == b"page 2, whole"
    assert site.closed == 2


@pytest.mark.parametrize("path", [f"/letters/{ID}", f"/letters/{ID}.json", f"/letters/{ID}/sign"])
def test_a_letter_is_rendered_anew_when_it_changed(site, path):
    site.get(path)
    site.version = 2
    assert site.get(path)[2] == b"page 2, whole"


def test_what_is_published_while_a_page_renders_is_not_hidden_by_it(site):
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        site.version = site.version + 1 if site.version == 1 else site.version
        return site.application(environ, start_response)

    site.cache.application = application
    site.get(f"/letters/{ID}")
    assert site.get(f"/letters/{ID}")[2] == b"page 2, whole"


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/verify"},
        {"query": "lang=fr"},
        {"query": "page=2"},
        {"HTTP_ACCEPT_LANGUAGE": "fr"},
        {"HTTP_HOST": "x.onion"},
        {"wsgi.url_scheme": "https"},
    ],
)
def test_another_page_is_another(site, other):
    site.get()
    assert site.get(**other)[2] == b"page 2, whole"


def test_headers_that_change_nothing_share_a_page(site):
    site.get(HTTP_ACCEPT_LANGUAGE="de, en")
    assert site.get(HTTP_ACCEPT_LANGUAGE="en-GB")[2] == b"page 1, whole"


@pytest.mark.parametrize(
    "other",
    [
        {"method": "POST"},
        {"method": "HEAD"},
        {"path": "/log/checkpoint"},
        {"path": f"/letters/{ID}/letter.zip"},
        {"path": "/w/x/enrol"},
        {"query": "q=anne"},
        {"query": "page=all"},
        {"query": "lang=de"},
        {"query": "lang=fr&lang=en"},
    ],
)
def test_only_pages_are_kept(site, other):
    site.get(**other)
    assert site.get(**other)[2] == b"page 2, whole"
    assert not site.cache.pages


@pytest.mark.parametrize("status", ["404 Not Found", "500 Internal Server Error", "400 Bad Request"])
def test_no_error_is_kept(site, status):
    site.status = status
    assert site.get()[0] == status
    assert not site.cache.pages


def test_the_cache_does_not_grow_without_end(site):
    for n in range(MOST + 1):
        site.get(f"/w/{n}")
    assert len(site.cache.pages) == 1


def test_a_body_without_a_close_is_fine(site):
    site.cache.application = lambda _environ, start: start("200 OK", []) or [b"x"]
    assert site.get()[2] == b"x"
