# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the server while eight clients sign: an answer is a promise, no answer is a question.

What was answered is in the record, once; what was not answered is asked again, and is in the record, once.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fronde import canonical
from fronde.letter import Letter
from fronde.record.tree import leaf_hash
from fronde.site.folder import Folder
from tests.site import process, serving, whole
from tests.site.process import UNANSWERED, Server
from tests.site.village import Member

CLIENTS = 8
SHORT, LONG = 5, 50
A_ROUND = 24  # members for each round
BUSY = 120  # posts, of members who have their receipt already too, until the latest kill

Body = dict[str, Any]


@dataclass
class Crowd:
    """Eight clients that post until the server is gone.

    asked: bodies without an answer; answers: what was answered, by leaf; cut: posts that were under way when
    a kill came, and got no answer.
    """

    letter: Letter
    asked: list[Body]
    rng: random.Random
    answers: dict[bytes, tuple[Body, bytes]] = field(default_factory=dict)
    cut: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rush(self, server: Server, until: int) -> None:
        """All post at once; as the post number `until` begins, the server is killed."""
        begun, killed = threading.Semaphore(0), threading.Event()
        with ThreadPoolExecutor(CLIENTS) as threads:
            clients = [threads.submit(self._client, server, begun, killed) for _ in range(CLIENTS)]
            for _ in range(until):
                begun.acquire()
            killed.set()
            server.kill()
        for client in clients:
            client.result()

    def _client(self, server: Server, begun: threading.Semaphore, killed: threading.Event) -> None:
        path, open_post = f"/letters/{self.letter.id}/sign", False
        with contextlib.closing(server.connect()) as connection:
            while True:
                body = self._next()
                begun.release()
                try:
                    process.send(connection, path, body)
                    open_post = not killed.is_set()
                    status, answer = process.receive(connection)
                except UNANSWERED:
                    self._unanswered(body, open_post)
                    return
                open_post = False
                self.answered(body, status, answer)

    def _next(self) -> Body:
        """Somebody without an answer, or somebody who asks again."""
        with self._lock:
            if self.asked and (not self.answers or self.rng.random() < 0.7):
                return self.asked.pop()
            return self.rng.choice(list(self.answers.values()))[0]

    def _unanswered(self, body: Body, open_post: bool) -> None:
        with self._lock:
            self.cut += open_post
            if leaf(body) not in self.answers:
                self.asked.append(body)

    def answered(self, body: Body, status: int, answer: bytes) -> None:
        """A receipt, and the same one every time."""
        assert status == 200, answer
        with self._lock:
            assert self.answers.setdefault(leaf(body), (body, answer))[1] == answer


def leaf(body: Body) -> bytes:
    return leaf_hash(canonical.encode(body["entry"]))


def play(server: Server, letter: Letter, members: list[Member], rounds: int, rng: random.Random) -> Crowd:
    """So many rushes that end with a kill; then all ask again, in peace, and the letter is closed."""
    folder = Folder(server.folder)
    with serving.here(folder):
        bodies = [member.sign(letter, "Ada" if rng.random() < 0.5 else "") for member in members]
    crowd, seen = Crowd(letter, [], rng), []
    for _ in range(rounds):
        crowd.asked += [bodies.pop() for _ in range(A_ROUND)]
        crowd.rush(server, rng.randint(1, BUSY))
        with serving.here(folder):
            whole.check_database()
            whole.check_stored(letter, crowd.answers)
            seen += whole.promised(folder)
        server.start()
    with contextlib.closing(server.connect()) as quiet:
        for body in [*crowd.asked, *(body for body, _ in crowd.answers.values())]:
            crowd.answered(body, *process.post(quiet, f"/letters/{letter.id}/sign", body))
    closing = process.command(folder.path, "letter", "close", letter.id)
    closing.communicate()
    assert closing.returncode == 0
    server.stop()
    with serving.here(folder):
        whole.check_logs(folder, seen)
        whole.check_receipts(letter, {leaf: receipt for leaf, (_, receipt) in crowd.answers.items()})
    assert max(old.size for old in seen if old.origin == letter.origin) > 1  # kills fell among batches
    return crowd


@pytest.mark.parametrize("rounds", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)])
def test_kills_lose_answers_but_no_signature_and_double_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    rng = random.Random(rounds)  # noqa: S311 - when a kill comes
    folder = serving.found(tmp_path / "data", monkeypatch)
    members = serving.enrol(folder, rounds * A_ROUND)
    letter = serving.open_letter(folder)
    with Server(folder.path) as server:
        crowd = play(server, letter, members, rounds, rng)
    assert crowd.cut >= rounds  # kills hit posts that were under way
    with serving.here(folder):
        whole.check_proof(folder, letter, len(crowd.answers))


def test_the_serving_connection_waits_for_the_disk_and_overwrites_what_it_deletes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = serving.found(tmp_path / "data", monkeypatch)
    told = tmp_path / "pragmas.json"
    with Server(folder.path, "--pragmas", str(told)):
        pragmas = json.loads(told.read_text())
    full, memory = 2, 2
    assert pragmas == {
        "journal_mode": "wal", "secure_delete": 1, "synchronous": full, "temp_store": memory,
    }  # fmt: skip
