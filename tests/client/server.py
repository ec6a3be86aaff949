# SPDX-License-Identifier: Apache-2.0
"""A server in memory around a simulated workplace: honest, until a test makes it lie.

`changes` maps a path to a function of the honest bytes; `answer` replaces whole answers by (method, path).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.client.http import Http
from fronde.client.join import Enrolled, Enrolment
from fronde.client.keep import Keep
from fronde.client.visit import Trust, Visit
from tests.simulator import Record, Workplace, log_files

BASE = "https://letters.example"
CODE = "ABCD2345"
MAILBOX = "ada.smith@works.example"

Change = Callable[[bytes], bytes]


class Server:
    """Answers every request from what the workplace is at that moment."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.changes: dict[str, Change] = {}
        self.answers: dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]] = {}
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self._first: dict[tuple[str, str], str] = {}

    @property
    def posts(self) -> list[str]:
        """The paths of every POST so far."""
        return [path for method, path in self.requests if method == "POST"]

    def client(self) -> Http:
        """A new client of this server."""
        return Http(BASE, transport=httpx.MockTransport(self))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method, path = request.method, request.url.path
        self.requests.append((method, path))
        if answer := self.answers.get((method, path)):
            return answer(request)
        if method == "GET":
            data = self.files().get(path)
        else:
            self.bodies.append(request.content)
            data = self._post(path, canonical.decode(request.content))
        if data is None:
            return reply(404, b"<h1>Not found</h1>")
        if isinstance(data, httpx.Response):
            return data
        return reply(200, self.changes.get(path, bytes)(data))

    def files(self) -> dict[str, bytes]:
        """Everything that can be fetched, also of an instance log that breaks its rules."""
        place = self.place
        rule = {"domains": ["works.example"], "shape": "first.last"}
        works = {"v": 1, "type": "workplace", "id": place.slug, "name": place.name, "rule": rule}
        found = {f"/log/{path}": data for path, data in log_files(place.signer, place.instance).items()}
        for record in place.records.values():
            found |= record.files()
        return found | {"/policy": place.policy().encode(), f"/w/{place.slug}.json": canonical.encode(works)}

    def _post(self, path: str, body: dict[str, Any]) -> bytes | httpx.Response | None:
        parts = path.split("/")
        if parts[1] == "w":
            return self._join(body) if parts[3] == "join" else self._enrol(parts[2], body)
        return self._take(self.place.records[parts[2]], body)

    def _join(self, body: dict[str, Any]) -> bytes:
        return canonical.encode({"v": 1, "type": "joined"})

    def _enrol(self, slug: str, body: dict[str, Any]) -> bytes | httpx.Response:
        offered = [b64u(slot.key_id) for slot in self.place.state().offered(slug)]
        if sorted(body["blinded"]) != sorted(offered):
            return error(409, "other-slots")
        if body["code"] != CODE:
            return error(403, "wrong-code")
        held, good = [], {}
        for key_id, blinded in body["blinded"].items():
            if self._first.setdefault((slug, key_id), blinded) != blinded:
                held.append(key_id)
            else:
                good[unb64u(key_id)] = unb64u(blinded)
        signatures = {b64u(key_id): b64u(value) for key_id, value in self.place.issue(good).items()}
        return canonical.encode({"v": 1, "type": "enrolled", "signatures": signatures, "held": sorted(held)})

    def _take(self, record: Record, body: dict[str, Any]) -> bytes:
        made = canonical.encode(body["entry"])
        if made not in record.waiting and made not in record.entries:
            record.waiting.append(made)
        return record.receipt(made)


class Person:
    """A member with a file of their own, who comes back as often as a test likes."""

    def __init__(self, server: Server, folder: Path, trust: Trust | None = None, name: str = "keep") -> None:
        self.server = server
        self.path = folder / f"{name}.json"
        self.trust = trust
        self.said: list[tuple[str, str]] = []
        self.waited: list[float] = []

    def visit(self) -> Visit:
        """A new visit, as a new run of the command line makes one."""
        return Visit(
            self.server.client(),
            self.keep,
            self.trust,
            say=lambda event, text: self.said.append((event, text)),
            wait=self.waited.append,
        )

    @property
    def keep(self) -> Keep:
        """The file as it is on the disk now."""
        return Keep(self.path)

    def join(self, code: str = CODE) -> Enrolled:
        """A whole enrolment."""
        enrolment = Enrolment(self.visit(), self.server.place.slug)
        enrolment.ask(MAILBOX)
        return enrolment.enrol(code)


def reply(status: int, content: bytes, **headers: str) -> httpx.Response:
    """An answer as a real connection brings it: not yet read."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, stream=httpx.ByteStream(content), headers=names)


def error(status: int, name: str, **headers: str) -> httpx.Response:
    """A well-formed error."""
    body = {"v": 1, "type": "error", "id": name, "message": f"No: {name}.", "hint": ""}
    return reply(status, canonical.encode(body), **headers)
