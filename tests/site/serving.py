# SPDX-License-Identifier: Apache-2.0
"""A real server on a real data folder, under the real clock, for tests that kill it or watch it from outside.

The folder is made by the operator's commands in this process; the server is a process of its own
(runner.py). Members enrol in this process, without the mail, while no server runs, and post over sockets.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from fronde import canonical, letterfile
from fronde.cli.main import main
from fronde.letter import Letter
from fronde.site.folder import Folder, use
from fronde.site.letters import reading
from fronde.site.signing import sequence, slots
from tests.site.village import FILE, HOST, SLUG, Member

RUNNER = Path(__file__).with_name("runner.py")
# A letter that has been open for long and will be: no time of a test stands in it.
RULES = "opens = 2026-01-01T00:00:00Z\ncloses = 2100-01-01T00:00:00Z"
UNANSWERED = (OSError, http.client.HTTPException)


@contextlib.contextmanager
def here(folder: Folder) -> Iterator[Folder]:
    """The site on this folder in this process, with all connections closed afterwards."""
    try:
        yield use(folder.path)
    finally:
        connections.close_all()


def found(path: Path, patch: pytest.MonkeyPatch) -> Folder:
    """A new instance with one workplace and one slot a season, by the operator's commands."""
    patch.setattr(slots, "SLOTS", 1)
    with here(Folder(path)):
        assert main(["init", str(path), "--host", HOST]) == 0
        added = ["workplace", "add", SLUG, "--name", "Meridian", "--domain", "meridian.example"]
        assert main([*added, "--data", str(path)]) == 0
    return Folder(path)


def open_letter(folder: Folder, *, least: int = 5, tokens: int = 5) -> Letter:
    """Opens a letter on this folder."""
    with here(folder):
        place = reading.workplace(SLUG)
        assert place is not None
        text = FILE.format(least=least, minutes=0, tokens=tokens, rules=RULES)
        return sequence.open_letter(letterfile.parse(text), place)


def enrol(folder: Folder, count: int) -> list[Member]:
    """So many members with their tokens."""
    with here(folder):
        return [Member() for _ in range(count)]


class Server:
    """`fronde serve` as a process. Use as a context manager: at the end it is killed."""

    def __init__(self, folder: Folder, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.port = 0
        self.told: list[str] = []
        self._log = folder.path.with_name(f"{folder.path.name}.stderr")
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Starts it, and returns when it listens. Another process may take the port meanwhile: once more."""
        for _ in range(5):
            self.port = _free_port()
            if self._begin():
                return
        raise AssertionError(f"no server: {self.said}")

    def _begin(self) -> bool:
        bind = f"127.0.0.1:{self.port}"
        with self._log.open("w") as log:
            self._process = process(
                self.folder, "serve", str(self.folder.path), "--bind", bind, options=self.options, stderr=log
            )
        assert self._process.stdout is not None
        self.told = []
        for line in self._process.stdout:
            self.told.append(line)
            if line.startswith("Fronde serves"):
                return True
        self._end(signal.SIGKILL)
        return False

    @property
    def said(self) -> str:
        """What it wrote on standard error."""
        return self._log.read_text()

    def kill(self) -> None:
        """kill -9, and waits until it is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an operator ends it; 0 is its exit code then."""
        assert self._end(signal.SIGTERM) == 0

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open from request to request."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path: str) -> bytes:
        """The body at a path that is there."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status == 200, (path, body)
        return body

    def size(self, letter: Letter) -> int:
        """How many entries of the letter's log are published."""
        return int(self.get(f"/letters/{letter.id}/record/checkpoint").split(b"\n")[1])


def send(connection: http.client.HTTPConnection, path: str, body: dict[str, Any], **headers: str) -> None:
    """Posts canonical JSON; the answer is not waited for. headers: more of them, - written as _."""
    names = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    connection.request("POST", path, canonical.encode(body), names)


def receive(connection: http.client.HTTPConnection) -> tuple[int, bytes]:
    """Status and body of the answer. Raises one of UNANSWERED when none comes."""
    answer = connection.getresponse()
    return answer.status, answer.read()


def post(
    connection: http.client.HTTPConnection, path: str, body: dict[str, Any], **headers: str
) -> tuple[int, bytes]:
    """`send`, then `receive`."""
    send(connection, path, body, **headers)
    return receive(connection)


def process(folder: Folder, *arguments: str, options: tuple[str, ...] = (), **more: Any) -> Any:
    """A command of `fronde` as a process of its own, on this folder."""
    run = [sys.executable, str(RUNNER), "--slots", "1", *options, "--", *arguments]
    environ = {"PATH": os.environ["PATH"], "FRONDE_DATA": str(folder.path)}
    return subprocess.Popen(run, env=environ, stdout=subprocess.PIPE, text=True, **more)


def until(holds: Callable[[], bool]) -> None:
    """Returns once something holds that another process brings about; fails after a minute."""
    for _ in range(6000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("waited for a minute in vain")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
