# SPDX-License-Identifier: Apache-2.0
"""Where a published record lies: behind an address, or in a folder.

A place has a root, in which the instance log is `log/` and a letter's record `letters/ID/record/`; a log that
stands alone (a copy) has the prefix "". Reading a place writes nothing and follows no redirect.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from fronde.errors import Declined, Refused, Unreadable, Usage

if TYPE_CHECKING:
    from .http import Http

LETTER = re.compile(r"letters/[a-z2-7]{16}")
_IDS = re.compile(rb"/letters/([a-z2-7]{16})\b")
_PATH = re.compile(r"[A-Za-z0-9._~/-]*")

SMALL = 256 * 1024
HOME = 4 * 1024 * 1024
LARGE = 32 * 1024 * 1024


class Missing(Refused):
    """A file that is not there."""

    name = "no-such-file"


class Place(Protocol):
    """Files under a root, by path without a leading slash."""

    def get(self, path: str, most: int) -> bytes:
        """The bytes, at most `most` of them. Raises Missing; other errors of files and networks."""
        ...

    def policy(self) -> bytes:
        """The policy that the operator claims. Raises as `get`."""
        ...

    def letters(self) -> list[str]:
        """The ids of the letters that can be found here."""
        ...

    def where(self, path: str) -> str:
        """How a person names this path."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder such as `public/` of a data folder."""

    root: Path

    def get(self, path: str, most: int) -> bytes:
        try:
            with (self.root / path).open("rb") as file:
                data = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(f"there is no {self.where(path)}") from None
        except OSError as error:
            raise Unreadable(f"cannot read {self.where(path)}: {error.strerror}", name="no-file") from None
        if len(data) > most:
            raise Unreadable(f"{self.where(path)} is longer than {most} bytes", name="too-large")
        return data

    def policy(self) -> bytes:
        """Beside the logs, or one folder up: a data folder keeps it beside `public/`."""
        try:
            return self.get("policy", SMALL)
        except Missing:
            return self.get("../policy", SMALL)

    def letters(self) -> list[str]:
        found = sorted(self.root.glob("letters/*/record/checkpoint"))
        return [file.parts[-3] for file in found if LETTER.fullmatch(f"letters/{file.parts[-3]}")]

    def where(self, path: str) -> str:
        return str(self.root / path)


class Site:
    """A site behind `client`; base: the path of its root, "" or such as "/mirror"."""

    def __init__(self, client: Http, base: str = "") -> None:
        self._client = client
        self._base = base

    def get(self, path: str, most: int) -> bytes:
        try:
            return self._client.get(f"{self._base}/{path}", most)
        except Declined as error:
            if error.status != 404:
                raise
            raise Missing(f"there is no {self.where(path)}") from None

    def policy(self) -> bytes:
        return self.get("policy", SMALL)

    def letters(self) -> list[str]:
        """The letters that the front page links to; one that is listed nowhere is not found."""
        return list(dict.fromkeys(i.decode() for i in _IDS.findall(self.get("", HOME))))

    def where(self, path: str) -> str:
        return f"{self._client.base}{self._base}/{path}"


@dataclass(frozen=True)
class Found:
    """A place, and the prefix of the one log that was named; None: all that is there."""

    place: Place
    prefix: str | None
    close: Callable[[], None] = lambda: None


def find(text: str) -> Found:
    """The place that a person named: an address or a folder. Raises Usage."""
    if re.match(r"[a-z]+://", text):
        return _site(text)
    return _folder(Path(text))


def _site(url: str) -> Found:
    from . import http

    base = http.base_of(url)
    path = urlsplit(url).path.strip("/").removesuffix("checkpoint").strip("/")
    if not _PATH.fullmatch(path) or ".." in path:
        raise Usage(f"not the address of a log: {url[:100]}")
    client = http.Http(base)
    if not path:
        return Found(Site(client), None, client.close)
    if LETTER.fullmatch(path):
        path += "/record"
    for own in (r"log", LETTER.pattern + "/record"):
        match = re.fullmatch(rf"(?:(.*)/)?({own})", path)
        if match:
            return Found(Site(client, f"/{match[1]}" if match[1] else ""), match[2], client.close)
    return Found(Site(client, f"/{path}"), "", client.close)


def _folder(path: Path) -> Found:
    path = path.resolve()
    if (path / "record" / "checkpoint").is_file():
        path = path / "record"
    if (path / "checkpoint").is_file():
        if path.name == "log":
            return Found(Folder(path.parent), "log")
        if path.name == "record" and path.parent.parent.name == "letters":
            return Found(Folder(path.parents[2]), "/".join(path.parts[-3:]))
        return Found(Folder(path), "")
    for root in (path, path / "public"):
        if (root / "log" / "checkpoint").is_file():
            return Found(Folder(root), None)
    raise Usage(
        f"there is no log in {path}",
        hint="Name the folder of a log, the folder public/, or an address.",
        name="no-log",
    )
