# SPDX-License-Identifier: Apache-2.0
"""`fronde serve` as a process of its own (runner.py), and the plainest client: to kill it or to watch it."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fronde import canonical

RUNNER = Path(__file__).with_name("runner.py")
NONE: Mapping[str, str] = {}
UNANSWERED = (OSError, http.client.HTTPException)


class Server:
    """`fronde serve` as a process. Use as a context manager: at the end it is killed."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.port = 0
        self.told: list[str] = []
        self._log = folder.with_name(f"{folder.name}.stderr")
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
            self._process = command(
                self.folder, "serve", str(self.folder), "--bind", bind, options=self.options, stderr=log
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

    def size(self, letter_id: str) -> int:
        """How many entries of the letter's log are published."""
        return int(self.get(f"/letters/{letter_id}/record/checkpoint").split(b"\n")[1])


def send(
    connection: http.client.HTTPConnection, path: str, body: dict[str, Any], headers: Mapping[str, str] = NONE
) -> None:
    """Posts canonical JSON; the answer is not waited for."""
    names = {"Content-Type": "application/json", **headers}
    connection.request("POST", path, canonical.encode(body), names)


def receive(connection: http.client.HTTPConnection) -> tuple[int, bytes]:
    """Status and body of the answer. Raises one of UNANSWERED when none comes."""
    answer = connection.getresponse()
    return answer.status, answer.read()


def post(
    connection: http.client.HTTPConnection, path: str, body: dict[str, Any], headers: Mapping[str, str] = NONE
) -> tuple[int, bytes]:
    """`send`, then `receive`."""
    send(connection, path, body, headers)
    return receive(connection)


def command(folder: Path, *arguments: str, options: tuple[str, ...] = (), **more: Any) -> Any:
    """A command of `fronde` as a process of its own, on this folder."""
    run = [sys.executable, str(RUNNER), "--slots", "1", *options, "--", *arguments]
    environ = {"PATH": os.environ["PATH"], "FRONDE_DATA": str(folder)}
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
