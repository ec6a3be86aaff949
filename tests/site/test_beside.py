# SPDX-License-Identifier: Apache-2.0
"""A real server under load: commands beside it, its end, slow clients.  # spec: 8  # trust: 20, 22"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fronde import canonical
from fronde.letter import Letter
from fronde.record.tree import leaf_hash
from fronde.site import serve
from fronde.site.folder import Folder
from fronde.site.letters import reading
from tests.site import process, serving, whole
from tests.site.process import UNANSWERED, Server
from tests.site.village import FILE, SLUG

CLIENTS = 8
MEMBERS = 120
AMID = 40  # answers, before what is tested begins
GONE, ENDING = 410, 503

Body = dict[str, Any]


@dataclass
class Crowd:
    """Eight clients that post; also, again and again, what is answered already: it gets the same answer.

    asked: nobody has posted it yet; answers: body, status and answer by leaf; cut: got no answer.
    """

    path: str
    asked: list[Body]
    answers: dict[bytes, tuple[Body, int, bytes]] = field(default_factory=dict)
    cut: list[Body] = field(default_factory=list)
    _rng: random.Random = field(default_factory=lambda: random.Random(8))  # noqa: S311 - who is next
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, server: Server, meanwhile: Callable[[], None], held: int = 0) -> None:
        """All post at once until `meanwhile`, which runs amid them, is done; the last `held` only then."""
        answered, done = threading.Semaphore(0), threading.Event()
        with ThreadPoolExecutor(CLIENTS) as threads:
            clients = [threads.submit(self._client, server, answered, done, held) for _ in range(CLIENTS)]
            for _ in range(min(len(self.asked), AMID)):
                answered.acquire()
            meanwhile()
            done.set()
        for client in clients:
            client.result()

    def _client(
        self, server: Server, answered: threading.Semaphore, done: threading.Event, held: int
    ) -> None:
        with contextlib.closing(server.connect()) as connection:
            while (body := self._next(0 if done.is_set() else held, done.is_set())) is not None:
                answer = _answer(connection, self.path, body)
                with self._lock:
                    if answer is None:
                        self.cut += [] if leaf(body) in self.answers else [body]
                        return
                    assert self.answers.setdefault(leaf(body), (body, *answer))[1:] == answer
                answered.release()

    def _next(self, held: int, last: bool) -> Body | None:
        with self._lock:
            if len(self.asked) > held and (last or not self.answers or self._rng.random() < 0.2):
                return self.asked.pop()
            return None if last else self._rng.choice(list(self.answers.values()))[0]

    def statuses(self) -> set[int]:
        return {status for _, status, _ in self.answers.values()}

    def unsigned(self) -> list[Body]:
        """Everybody without a receipt."""
        refused = [body for body, status, _ in self.answers.values() if status != 200]
        return [*self.asked, *self.cut, *refused]

    def taken(self) -> dict[bytes, bytes]:
        """Receipts, by leaf."""
        return {leaf: answer for leaf, (_, status, answer) in self.answers.items() if status == 200}


def _answer(connection: Any, path: str, body: Body) -> tuple[int, bytes] | None:
    """Status and body; None from a server that ends."""
    try:
        answer = process.post(connection, path, body)
    except UNANSWERED:
        return None
    return None if answer[0] == ENDING else answer


def leaf(body: Body) -> bytes:
    return leaf_hash(canonical.encode(body["entry"]))


@pytest.fixture
def lived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Folder, Letter, list[Any]]:
    folder = serving.found(tmp_path / "data", monkeypatch)
    members = serving.enrol(folder, MEMBERS)
    return folder, serving.open_letter(folder), members


def bodies(folder: Folder, letter: Letter, members: list[Any]) -> list[Body]:
    with serving.here(folder):
        return [member.sign(letter, "Ada" if number % 2 else "") for number, member in enumerate(members)]


def command(folder: Folder, *words: str) -> str:
    """What a command beside the server says; it works."""
    ran = process.command(folder.path, *words)
    said, _ = ran.communicate()
    assert ran.returncode == 0
    return str(said)


def test_letters_open_and_close_beside_a_server_that_is_busy(lived, tmp_path: Path) -> None:
    folder, letter, members = lived
    draft = tmp_path / "draft.md"
    draft.write_text(FILE.format(least=5, minutes=0, tokens=5, rules=serving.RULES))
    crowd = Crowd(f"/letters/{letter.id}/sign", bodies(folder, letter, members))
    said: list[str] = []

    def meanwhile() -> None:
        said.append(command(folder, "letter", "open", str(draft), "--workplace", SLUG))
        said.append(command(folder, "letter", "close", letter.id))

    with Server(folder.path) as server:
        crowd.post(server, meanwhile, held=20)
        opened = said[0].split()[1].rstrip(":")
        with serving.here(folder):
            second = reading.letter(opened)
        later = Crowd(f"/letters/{opened}/sign", bodies(folder, second, members[:20]))
        later.post(server, lambda: None)
        process.until(lambda: server.size(opened) > 1)
        server.stop()
        assert server.said == ""
    assert crowd.statuses() == {200, GONE}
    assert len(crowd.answers) == MEMBERS
    assert len(later.taken()) == 20
    with serving.here(folder):
        whole.check_database()
        whole.check_logs(folder, whole.promised(folder))
        whole.check_receipts(letter, crowd.taken())
        whole.check_stored(second, later.taken())
        whole.check_proof(folder, letter, len(crowd.taken()))
        whole.check_proof(folder, second, len(whole.signs(second)))
    assert f"Closed {letter.id}: {len(crowd.taken())} signatures" in said[1]


def test_a_server_that_is_told_to_end_answers_or_is_asked_again_and_loses_nothing(lived) -> None:
    folder, letter, members = lived
    crowd = Crowd(f"/letters/{letter.id}/sign", bodies(folder, letter, members))
    with Server(folder.path) as server:
        crowd.post(server, server.stop)
        assert server.said == ""
        assert crowd.statuses() == {200}
        with serving.here(folder):
            whole.check_database()
            whole.check_stored(letter, crowd.taken())
        server.start()
        again = Crowd(crowd.path, crowd.unsigned())
        again.post(server, lambda: None)
        assert again.statuses() == {200}
        command(folder, "letter", "close", letter.id)
        server.stop()
    with serving.here(folder):
        whole.check_receipts(letter, {**crowd.taken(), **again.taken()})


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    folder = serving.found(tmp_path / "data", monkeypatch)
    with Server(folder.path) as running:
        yield running
        running.stop()
        assert running.said == ""


HALVES = {
    "a header": b"POST /w/meridian/join HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-",
    "a body": b"POST /w/meridian/join HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 100\r\n\r\nhalf",
    "nothing": b"",
}


@pytest.mark.parametrize("half", HALVES)
def test_clients_that_send_half_a_request_hold_up_nobody(server: Server, half: str) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(5 * serve.THREADS):
            client = slow.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(HALVES[half].replace(b"%d", b"%d" % server.port))
        assert server.get("/log/checkpoint")


def test_clients_that_read_no_answer_hold_up_nobody(server: Server) -> None:
    asks = b"GET /static/verify.js HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % server.port
    with contextlib.ExitStack() as slow:
        for _ in range(5 * serve.THREADS):
            client = slow.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(("127.0.0.1", server.port))
            client.sendall(asks)
        assert server.get("/log/checkpoint")


def test_a_body_that_nobody_reads_is_refused_before_it_comes(server: Server) -> None:
    with contextlib.closing(server.connect()) as connection:
        connection.putrequest("POST", "/w/meridian/join")
        connection.putheader("Content-Length", str(serve.BODY))
        connection.endheaders()
        assert connection.getresponse().status == 413


def test_a_header_without_an_end_is_refused(server: Server) -> None:
    begin = b"GET / HTTP/1.1\r\nX-Long: "
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(begin + b"x" * (serve.HEAD - len(begin)))
        assert client.recv(100).startswith(b"HTTP/1.0 431 ")


def test_a_server_writes_no_core_file(server: Server) -> None:
    assert server._process is not None
    limits = Path(f"/proc/{server._process.pid}/limits").read_text().splitlines()
    (core,) = [line.split() for line in limits if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"]
