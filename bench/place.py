# SPDX-License-Identifier: Apache-2.0
"""A fresh instance to measure: made by the operator's own commands, served by the real `fronde serve`.

Its members' tokens come from the issuer's key as in make_proof.py: valid in every byte, at a tenth of the
time.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import connections

from bench import make_proof
from fronde import canonical, letterfile
from fronde.cli.main import main
from fronde.letter import Letter
from fronde.site.folder import Folder, use

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fronde.site.settings")
django.setup()

HOST, WORKPLACE = "bench.example", "works"
TIMES = {"closes": "2099-01-01T00:00:00Z", "withdraw_until": "2099-02-01T00:00:00Z"}
DUE = {f"due_{demand}": "2099-03-01" for demand in ("detention", "policy", "customers")}


def command(*words: str) -> None:
    """Runs `fronde WORDS` in this process, quietly."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = main(words)
    assert code == 0, words


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """An instance with one workplace of 48 slots, in a temporary folder (TMPDIR says on which disk)."""
    with tempfile.TemporaryDirectory(prefix="fronde-bench-") as temporary:
        path = Path(temporary) / "data"
        command("init", str(path), "--host", HOST)
        added = ["workplace", "add", WORKPLACE, "--name", "Bench Works", "--domain", "works.example"]
        command(*added, "--data", str(path))
        try:
            yield Place(use(path))
        finally:
            connections.close_all()


class Place:
    """The instance, while this process works on it."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def open(self, **batch: int) -> Letter:
        """The demonstration's letter, open for long. batch: min, minutes, tokens (20, 60, 20)."""
        from fronde.site.letters.models import Workplace
        from fronde.site.signing import sequence

        texts = resources.files("fronde.cli")
        text = texts.joinpath("demo_letter.md").read_text("utf-8")
        draft = letterfile.parse(string.Template(text).substitute(TIMES | DUE))
        draft["rules"]["batch"] = {"min": 20, "minutes": 60, "tokens": 20} | batch
        cited = letterfile.cite(draft, lambda name: texts.joinpath(name).read_bytes())
        return sequence.open_letter(draft, Workplace.objects.get(slug=WORKPLACE), cited)

    def counted(self, letter: Letter, issued: int) -> None:
        """Lets the letter know of so many tokens of its slot, as after so many enrolments."""
        from fronde.site.letters.models import LetterRow

        LetterRow.objects.filter(id=letter.id).update(issued=issued)

    def signatures(self, letter: Letter, count: int) -> Iterator[tuple[bytes, dict[str, Any] | None]]:
        """So many valid signatures, three of five by name: (entry, opening)."""
        from fronde.site.record import store
        from fronde.site.signing import slots

        path = slots.path_of(store.instance().slots[letter.workplace, letter.slot])
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        connections.close_all()  # the processes that sign must not inherit one
        return make_proof.signatures(letter, key, count, os.cpu_count() or 1)

    @contextlib.contextmanager
    def serve(self, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
        """`fronde serve` in a process of its own, until the block ends. environ: more of it."""
        connections.close_all()
        port = free_port()
        run = [sys.executable, "-m", "fronde.cli.main", "serve", str(self.folder.path)]
        with subprocess.Popen(
            [*run, "--bind", f"127.0.0.1:{port}"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environ or {})},
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().startswith("Fronde serves")
                yield Server(process.pid, port)
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate()
        assert process.returncode == 0


class Server:
    """A server that runs: where it listens, and the processor time that it has used."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port

    def cpu(self) -> float:
        """Seconds of processor time of all its threads so far."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """The bytes of a request to it. headers: more of them, - written as _."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        if method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def post(self, path: str, document: dict[str, Any]) -> bytes:
        """The bytes of a POST of canonical JSON."""
        return self.request("POST", path, canonical.encode(document))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
