# SPDX-License-Identifier: Apache-2.0
"""How a request is judged, in this order, and how an error is told.  # spec: 15

404 no such thing · 405 method · 403 origin · 415 type · 413 length · 400 form · then the view's own.
A path has one spelling. No cookie is read or set; so no token against forged requests is needed, only the
headers Origin and Sec-Fetch-Site (trust: 29).
"""

from __future__ import annotations

import functools
import hmac
import logging
import math
import re
import secrets
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from fronde import canonical
from fronde.errors import Declined, FrondeError, Stopped, Unreadable
from fronde.form import Check

from . import pages

BODY = 65_536
QUERY = 2_000
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
SAFE = ("GET", "HEAD")

View = Callable[..., HttpResponseBase]
log = logging.getLogger("fronde")


class TooMany(Declined):
    """Come back later. after: seconds."""

    def __init__(self, message: str, *, after: float, hint: str = "", name: str = "too-many") -> None:
        super().__init__(message, status=429, hint=hint, name=name)
        self.after = max(1, math.ceil(after))


# -- answers ------------------------------------------------------------------------------------------------


def json_response(document: dict[str, Any], status: int = 200) -> HttpResponse:
    """A canonical document."""
    return HttpResponse(canonical.encode(document), content_type="application/json", status=status)


def error_response(status: int, name: str, message: str, hint: str = "") -> HttpResponse:
    """The body of every error of a POST: {v, type, id, message, hint}."""
    body = {"v": 1, "type": "error", "id": name, "message": _plain(message), "hint": _plain(hint)}
    response = json_response(body, status)
    response["Cache-Control"] = "no-store"
    return response


def _plain(text: str) -> str:
    # A message may quote what was sent; what cannot stand in one line of the profile becomes a question mark.
    return _UNPRINTABLE.sub("?", text)[:500]


def answer(error: FrondeError) -> HttpResponse:
    """The answer that an error becomes; its own status, 503 for Stopped, 400 for bytes, else 422."""
    status = 422
    if isinstance(error, Declined):
        status = error.status
    elif isinstance(error, Stopped):
        status = 503
    elif isinstance(error, Unreadable):
        status = 400
    response = error_response(status, error.name, error.message, error.hint)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.after)
    return response


def no_such() -> HttpResponse:
    """404 for a method other than GET and HEAD."""
    return error_response(404, "not-found", "There is nothing at this address.", "Check the address.")


def wrong_method(request: HttpRequest, *allowed: str) -> HttpResponse:
    """405 with the header Allow; a page where it was read."""
    if request.method in SAFE:
        return pages.wrong_method(request, *allowed)
    response = error_response(
        405, "method", f"{request.method} is not answered here.", f"Use {' or '.join(allowed)}."
    )
    response["Allow"] = ", ".join(allowed)
    return response


# -- the pipeline -------------------------------------------------------------------------------------------


def by_method(
    *, GET: View | None = None, POST: View | None = None, find: Callable[..., object] | None = None
) -> View:
    """One address, a view for GET (answers HEAD too) and one for POST; every other method is 405.

    find(**kwargs of the path) raises Http404 when there is no such thing: that comes before the method.
    """
    allowed = (*(SAFE if GET else ()), *(("POST",) if POST else ()))

    def view(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if find is not None:
            try:
                find(**kwargs)
            except Http404:
                if request.method in SAFE:
                    raise
                return no_such()
        if GET is not None and request.method in SAFE:
            return GET(request, **kwargs)
        if POST is not None and request.method == "POST":
            return POST(request, **kwargs)
        return wrong_method(request, *allowed)

    return view


def post(check: Check, limit: int = BODY) -> Callable[[Callable[..., Any]], View]:
    """A view of POST: `view(request, body, **kwargs)` returns bytes of canonical JSON or an HttpResponse.

    The body is canonical JSON of the form `check`, at most `limit` bytes. A FrondeError becomes its `answer`,
    an Http404 404, anything else 500, told on standard error without a word of the request.
    """

    def decorate(inner: Callable[..., Any]) -> View:
        @functools.wraps(inner)
        def view(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            try:
                if request.method != "POST":
                    return wrong_method(request, "POST")
                body = _body(request, check, limit)
                result: HttpResponse | bytes = inner(request, body, **kwargs)
            except FrondeError as error:
                return answer(error)
            except Http404:
                return no_such()
            except Exception:  # a mistake of ours: `broken` tells the operator where
                return broken()
            if isinstance(result, bytes):
                return HttpResponse(
                    result, content_type="application/json", headers={"Cache-Control": "no-store"}
                )
            result.setdefault("Cache-Control", "no-store")
            return result

        return view

    return decorate


def broken() -> HttpResponse:
    """500; the operator sees where, not what was sent: a message may hold a mailbox."""
    kind, _, trace = sys.exc_info()
    where = "".join(traceback.format_tb(trace))
    log.error("An answer failed with %s:\n%s", kind.__name__ if kind else "nothing", where)
    return error_response(500, "internal", "This server made a mistake.", "Try again a little later.")


def _body(request: HttpRequest, check: Check, limit: int) -> dict[str, Any]:
    own_origin(request)
    if request.content_type != "application/json":
        raise Declined(
            "The body is not application/json.",
            status=415,
            hint="Send canonical JSON as application/json.",
            name="content-type",
        )
    data = _read(request, limit)
    body = canonical.decode(data)
    check(body, "")
    return dict(body)


def _read(request: HttpRequest, limit: int) -> bytes:
    """The body; its length is judged before any of it is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise Declined("The length of the body is not a number.", status=400, name="length")
    if len(length) > 15 or int(length) > limit:
        raise Declined(f"The body is longer than {limit} bytes.", status=413, name="too-long")
    return bytes(request.read(limit))


def own_origin(request: HttpRequest) -> None:
    """403 for what a page of another site sends; both headers absent: the command line."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if (origin is not None and origin not in settings.FRONDE_ORIGINS) or site not in (None, "same-origin"):
        raise Declined(
            "This request comes from a page of another site.",
            status=403,
            hint="Open the page at this server's own address.",
            name="origin",
        )


class Hosts:
    """Middleware: 400 for a Host that is not configured, 404 for another spelling of a path.  # trust: 38

    As everywhere: a page for who reads, the canonical error for every other method.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return sized(request, self._refused(request) or self.get_response(request))

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        reads = request.method in SAFE
        if request.META.get("HTTP_HOST", "").lower() not in hosts():
            if reads:
                return pages.error_page(request, 400, "host")
            return error_response(
                400, "host", "This server has another name.", "Use the address it is known by."
            )
        if plain(request):
            return None
        return pages.not_found(request) if reads else no_such()


def sized(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer with its length (without it the connection would end), and for HEAD without its body."""
    if isinstance(response, HttpResponse):
        response.setdefault("Content-Length", str(len(response.content)))
        if request.method == "HEAD":
            response.content = b""
    elif isinstance(response, StreamingHttpResponse) and request.method == "HEAD":
        response.streaming_content = ()
    return response


def hosts() -> set[str]:
    """The Host headers that are answered."""
    return {urlsplit(origin).netloc.lower() for origin in settings.FRONDE_ORIGINS}


def plain(request: HttpRequest) -> bool:
    """Whether the path came in its one spelling: no escape, no doubled slash, no dots; and a short query."""
    path = request.META.get("REQUEST_URI", request.path_info).partition("?")[0]
    return (
        path == request.path_info
        and "//" not in path
        and "/../" not in f"{path}/"
        and "/./" not in f"{path}/"
        and len(request.META.get("QUERY_STRING", "")) <= QUERY
    )


# -- limits -------------------------------------------------------------------------------------------------


class Limiter:
    """Token buckets in memory: `burst` at once, then `rate` a second for each name.  # trust: 20

    Names are hashed under a key that lives in memory and changes with the day: nothing can be read back, and
    nothing is carried from day to day. At most `most` buckets: the longest untouched goes first.
    """

    DAY = 86_400.0

    def __init__(
        self, rate: float, burst: int, *, most: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._most, self._clock = rate, burst, most, clock
        self._lock = threading.Lock()
        self._forget(clock())

    def _forget(self, now: float) -> None:
        self._key, self._since = secrets.token_bytes(32), now
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, name: bytes | str = b"") -> None:
        """Takes one out of the bucket of `name`. Raises TooMany when it is empty."""
        data = name.encode("utf-8") if isinstance(name, str) else name
        with self._lock:
            now = self._clock()
            if now - self._since >= self.DAY:
                self._forget(now)
            tag = hmac.digest(self._key, data, "sha256")
            level, then = self._buckets.pop(tag, (float(self._burst), now))
            level = min(self._burst, level + (now - then) * self._rate)
            enough = level >= 1
            self._buckets[tag] = (level - 1 if enough else level, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        if not enough:
            raise TooMany("Too many requests.", after=(1 - level) / self._rate, hint="Wait, then try again.")
