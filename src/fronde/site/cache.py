# SPDX-License-Identifier: Apache-2.0
"""Rendered pages, kept for a second.

A letter that the press links to is read thousands of times between two changes. What stands in front of
Django answers a page that was rendered within the last second, in the same language and for the same host,
without running any of it. A letter's pages are also dropped at once when its `version` changes: when
something was published, and when a name was taken back.

Only pages that are the same for everybody are kept, only answers of 200, and nothing about who asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .language import accepted, asked

SECONDS = 1.0
MOST = 500  # pages; then all are dropped

_PATH = re.compile(r"/|/verify|/letters/(?P<letter>[a-z2-7]{16})(\.json|/sign)?|/w/[a-z0-9-]{1,40}(/join)?")
_QUERY = re.compile(r"(lang=(?P<lang>en|fr))?(&?page=[1-9][0-9]{0,3})?")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Page(NamedTuple):
    until: float
    status: str
    headers: list[tuple[str, str]]
    body: bytes


class PageCache:
    """WSGI middleware around the whole site. version(letter id): changes when the letter's pages do."""

    def __init__(
        self,
        application: Application,
        version: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.application = application
        self.version = version
        self.clock = clock
        self.pages: dict[tuple[object, ...], _Page] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self.application(environ, start_response)
        page = self.pages.get(key)
        if page is None or page.until < self.clock():
            # The version in the key was read before: what is published while this renders has another key.
            page = self._render(environ)
            self._keep(key, page)
        start_response(page.status, list(page.headers))
        return [page.body]

    def _render(self, environ: dict[str, Any]) -> _Page:
        until = self.clock() + SECONDS
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            said[:] = [status, headers]

        parts = self.application(environ, start)
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = said
        headers = [(n, v) for n, v in headers if n.lower() != "content-length"]
        return _Page(until, status, [*headers, ("Content-Length", str(len(body)))], body)

    def _keep(self, key: tuple[object, ...], page: _Page) -> None:
        if not page.status.startswith("200"):
            return
        if len(self.pages) >= MOST:
            self.pages.clear()
        self.pages[key] = page

    def _key(self, environ: dict[str, Any]) -> tuple[object, ...] | None:
        """What a page depends on; None for what is never kept."""
        query = environ.get("QUERY_STRING", "")
        path = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        known = _QUERY.fullmatch(query)
        if environ["REQUEST_METHOD"] != "GET" or path is None or known is None:
            return None
        return (
            path[0],
            query,
            self.version(path["letter"]) if path["letter"] else None,
            asked(known["lang"]) or accepted(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
            environ.get("HTTP_HOST", ""),
            environ.get("wsgi.url_scheme", ""),
        )
