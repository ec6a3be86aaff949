# SPDX-License-Identifier: Apache-2.0
"""A published record for the tests of `fronde record`: served, or in a data folder."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fronde.cli.main import main
from fronde.client import http
from tests.simulator import Record, Workplace, log_files

SITE = "https://letters.example"


@functools.cache
def _built() -> Record:
    place = Workplace()
    record = place.open()
    for member in place.people(7):
        record.sign(member, name="Ada")
    record.publish()
    return record


def fresh() -> Record:
    """A letter with seven signatures, which a test may break."""
    return copy.deepcopy(_built())


def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a policy, and a folder of its own to work in."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


class Server:
    """Serves a dict; `files` may be changed between requests."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.before: Callable[[str], None] = lambda path: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.before(path)
        if path not in self.files:
            return httpx.Response(404, stream=httpx.ByteStream(b""))
        return httpx.Response(200, stream=httpx.ByteStream(self.files[path]))


def serve(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> Server:
    server = Server(files)
    monkeypatch.setattr(http, "Http", functools.partial(http.Http, transport=httpx.MockTransport(server)))
    return server


def site(record: Record) -> dict[str, bytes]:
    """What the instance serves, with a front page that lists the letter."""
    page = f"/letters/{record.letter.id}"
    place = record.place
    logs = {f"/log/{path}": data for path, data in log_files(place.signer, place.instance).items()}
    front = f'<a href="{page}">A letter</a> <a href="{page}">again</a>'.encode()
    return {"/": front, "/policy": place.policy().encode()} | logs | record.files()


def data_folder(record: Record, root: Path, *, letter: bool = True) -> Path:
    """A data folder as the server leaves it: public/ and policy; with `letter` False it lacks letter.json."""
    for path, content in site(record).items():
        beside = ("heads.json", "letter.json") if letter else ("heads.json",)
        if "/record/" in path or path.startswith("/log/") or path.endswith(beside):
            file = root / "public" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    root.joinpath("policy").write_text(record.place.policy())
    return root


def vkey(record: Record) -> str:
    return record.place.signer.vkey


def run(*words: object) -> int:
    return main(["record", *map(str, words)])
