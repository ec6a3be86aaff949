# SPDX-License-Identifier: Apache-2.0
"""The site as a WSGI application that never sees where a request came from.  # trust: 10-11"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

# An address that the application never had cannot be logged, kept or leaked by it.
_ADDRESS = (
    "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP",
    "HTTP_USER_AGENT", "HTTP_COOKIE",
)  # fmt: skip


class Application:
    """Drops address, user agent and cookies, then hands on to Django, through what `around` puts in front."""

    def __init__(self, around: Callable[[Any], Any] = lambda django: django) -> None:
        self._django = around(get_wsgi_application())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        for name in _ADDRESS:
            environ.pop(name, None)
        answer: Iterable[bytes] = self._django(environ, start_response)
        return answer
