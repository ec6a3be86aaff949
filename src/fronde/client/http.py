# SPDX-License-Identifier: Apache-2.0
"""One small HTTP client: no redirect followed, no cookie kept or sent, every answer capped.  # spec: 15

What a request says about its sender is the same for every member: a constant User-Agent without a version,
no language, no compression, no Origin. From the environment come proxies (ALL_PROXY=socks5://...: names are
resolved by the proxy) and nothing else, no .netrc, no certificate store: an office that reads TLS with a
store of its own is noticed, because only the store that came with the installation counts (# trust: 8).
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import certifi
import httpx

from fronde import canonical, form
from fronde.errors import Breach, Declined, FrondeError, Unreadable, Usage

# The most that an answer may have, in bytes.
SMALL = 256 * 1024
LARGE = 32 * 1024 * 1024

TIMEOUT = httpx.Timeout(60, connect=30)
HEADERS = {
    "User-Agent": "fronde",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-store",
}

_RETRY = re.compile(r"[0-9]{1,6}", re.ASCII)
_ERROR = form.document(
    "error",
    {"id": form.slug, "message": form.text(500), "hint": form.text(500, empty=True)},
)


class Unreachable(FrondeError):
    """The server did not answer, or not to the end."""

    name = "unreachable"


class Busy(Declined):
    """429 or 503 with Retry-After: ask again later. retry_after: seconds to wait."""

    def __init__(self, declined: Declined, retry_after: int) -> None:
        super().__init__(declined.message, status=declined.status, hint=declined.hint, name=declined.name)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Address:
    """Where a page lives: `base` is scheme and authority, `name` the slug or id in its path."""

    base: str
    name: str


def page(url: str, kind: str, pattern: re.Pattern[str], example: str) -> Address:
    """The address of a page `/kind/NAME` (also of a page below it). Raises Usage for anything else.

    Query and fragment are dropped: they are of the browser from which the address was copied.
    """
    base = base_of(url)
    parts = urlsplit(url).path.split("/")
    if len(parts) < 3 or parts[0] or parts[1] != kind or not pattern.fullmatch(parts[2]) or len(parts) > 4:
        raise Usage(f"not the address of a page like {example}", hint="Copy the address from the browser.")
    return Address(base, parts[2])


def base_of(url: str) -> str:
    """Scheme and authority of `url`. Raises Usage: https, or http to this machine or to an onion service."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Usage("not an address", hint="Copy the address from the browser.") from None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise Usage("not an address that begins with https://", hint="Copy the address from the browser.")
    if parts.scheme == "http" and not (_loopback(host) or host.endswith(".onion")):
        raise Usage(
            "over plain http everybody on the way reads what you send",
            hint="Use the address that begins with https://.",
        )
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Http:
    """Requests to one server.

    base: scheme and authority. transport: for tests. proxies: whether those of the environment are taken.
    """

    def __init__(
        self, base: str, *, transport: httpx.BaseTransport | None = None, proxies: bool = True
    ) -> None:
        self.base = base
        self._client = httpx.Client(
            base_url=base,
            headers=HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            timeout=TIMEOUT,
            trust_env=proxies,
            verify=ssl.create_default_context(cafile=certifi.where()) if base.startswith("https") else False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def get(self, path: str, most: int = SMALL) -> bytes:
        """The bytes at `path`. Raises Declined, Unreachable and Breach (cookie, redirect,
        too-large). most: the most bytes that the answer may have.
        """
        return self._send(self._client.build_request("GET", path), most)

    def post(self, path: str, body: dict[str, Any], most: int = SMALL) -> bytes:
        """The answer to the canonical bytes of `body`. Raises as `get`; Busy: ask later."""
        return self.post_bytes(path, canonical.encode(body), most)

    def post_bytes(self, path: str, body: bytes, most: int = SMALL) -> bytes:
        """As `post`, for a body that is kept as bytes, so that a repetition is the same."""
        headers = {"Content-Type": "application/json"}
        return self._send(self._client.build_request("POST", path, content=body, headers=headers), most)

    def _send(self, request: httpx.Request, most: int) -> bytes:
        path = request.url.path
        try:
            response = self._client.send(request, stream=True)
            try:
                _check_headers(response, path)
                data = _read(response, most, path)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unreachable(
                f"no answer from {self.base} ({type(error).__name__})",
                hint="Check the connection, then ask again: asking again is always safe.",
            ) from None
        if response.status_code != 200:
            raise _declined(response, data, path)
        return data


def _check_headers(response: httpx.Response, path: str) -> None:
    if "set-cookie" in response.headers:
        raise _told(response, "cookie", f"the server tried to set a cookie at {path}")
    if 300 <= response.status_code < 400:
        raise _told(response, "redirect", f"the server tried to send this request elsewhere from {path}")


def _told(response: httpx.Response, name: str, message: str) -> Breach:
    lines = [f"{response.status_code}".encode(), *(k + b": " + v for k, v in response.headers.raw)]
    return Breach(
        name,
        message,
        hint="Nothing of it was followed or kept; tell the operator.",
        evidence={"headers.txt": b"\n".join(lines) + b"\n"},
    )


def _read(response: httpx.Response, most: int, path: str) -> bytes:
    data = bytearray()
    for chunk in response.iter_raw():
        data += chunk
        if len(data) > most:
            raise _told(response, "too-large", f"the answer at {path} is longer than {most} bytes")
    return bytes(data)


def _declined(response: httpx.Response, data: bytes, path: str) -> Declined:
    status = response.status_code
    declined = Declined(f"the server answered {status} at {path}", status=status)
    try:
        body = canonical.decode(data)
        _ERROR(body, "")
    except Unreadable:
        pass  # what is not of the form is not shown to a person
    else:
        declined = Declined(body["message"], status=status, hint=body["hint"], name=body["id"])
    after = response.headers.get("retry-after", "")
    if status in (429, 503) and _RETRY.fullmatch(after):
        return Busy(declined, int(after))
    return declined
