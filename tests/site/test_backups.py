# SPDX-License-Identifier: Apache-2.0
"""Parts of a data folder come back as they were, or are lost: what a real server does then, and the doctor.

A record is never forked and no token given twice, whatever an operator puts back.  # spec: 3, 8  # trust: 22
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fronde import canonical
from fronde.canonical import b64u
from fronde.letter import Letter
from fronde.record import tiles
from fronde.record.checkpoint import Checkpoint
from fronde.record.tree import leaf_hash
from fronde.site.folder import Folder
from tests.site import process, serving, whole
from tests.site.process import Server
from tests.site.village import SLUG, Member

pytestmark = pytest.mark.xdist_group("backups")  # one past for all of them
BATCH = 6
STOPPED = 503


@dataclass
class Past:
    """A folder with two batches out and two signatures waiting, and what was promised of it.

    backup: the folder after the first batch; receipts: by leaf; seen: every checkpoint up to now.
    """

    folder: Path
    backup: Path
    letter: Letter
    members: list[Member]
    receipts: dict[bytes, bytes] = field(default_factory=dict)
    seen: list[Checkpoint] = field(default_factory=list)

    def sign(self, server: Server, member: Member) -> int:
        """The status of a signature's answer; its receipt is kept."""
        with serving.here(Folder(self.folder)):
            body = member.sign(self.letter)
        status, answer = _post(server, f"/letters/{self.letter.id}/sign", body)
        if status == 200:
            self.receipts[leaf_hash(canonical.encode(body["entry"]))] = answer
        return status

    def batch(self, server: Server) -> None:
        """Six sign, and are published."""
        size = server.size(self.letter.id)
        for _ in range(BATCH):
            assert self.sign(server, self.members.pop()) == 200
        process.until(lambda: server.size(self.letter.id) > size)

    def at(self, folder: Path) -> Past:
        """The same past in a copy of the folder."""
        shutil.copytree(self.folder, folder)
        return Past(folder, self.backup, self.letter, [*self.members], {**self.receipts}, [*self.seen])


def _post(server: Server, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    with contextlib.closing(server.connect()) as connection:
        return process.post(connection, path, body)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Past:
    base = tmp_path_factory.mktemp("past")
    with pytest.MonkeyPatch.context() as patch:
        folder = serving.found(base / "data", patch)
        members = serving.enrol(folder, 4 * BATCH)
        letter = serving.open_letter(folder)
        past = Past(folder.path, base / "backup", letter, members)
        with Server(folder.path) as server:
            past.batch(server)
            server.stop()
            shutil.copytree(folder.path, past.backup)
            serving.enrol(folder, 1)
            server.start()
            past.batch(server)
            for _ in range(2):
                assert past.sign(server, past.members.pop()) == 200
            server.stop()
        with serving.here(folder):
            past.seen = whole.promised(folder)
    return past


def back(*names: str) -> Callable[[Past], None]:
    """These parts as they were in the backup."""

    def put(past: Past) -> None:
        lose(*names)(past)
        for name in names:
            copy = shutil.copytree if (past.backup / name).is_dir() else shutil.copy2
            copy(past.backup / name, past.folder / name)

    return put


def lose(*names: str) -> Callable[[Past], None]:
    """These parts are gone; a database with its write-ahead log."""

    def remove(past: Past) -> None:
        for path in (match for name in names for match in past.folder.glob(f"{name}*")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return remove


DATABASE = "fronde.sqlite3"
# What happened; whether the server signs, and issues, after it; whether the doctor repairs it.
CASES: dict[str, tuple[Callable[[Past], None], bool, bool, bool]] = {
    "nothing": (back(), True, True, True),
    "an old database": (back(DATABASE), False, False, True),
    "an old database and its marks": (back(DATABASE, "high-water"), False, False, True),
    "an old database and public folder": (back(DATABASE, "public"), False, False, False),
    "an old public folder": (back("public"), True, True, True),
    "no public folder": (lose("public"), True, True, True),
    "old members": (back("members"), True, False, True),
    "no members": (lose("members"), True, False, True),
    "no pepper": (lose("members/pepper"), True, False, True),
    "no slot keys": (lose("members/slots"), True, False, True),
    "no marks": (lose("high-water"), False, False, True),
}


@pytest.mark.parametrize("case", CASES)
def test_what_came_back_or_is_lost_is_refused_or_repaired(lived: Past, tmp_path: Path, case: str) -> None:
    change, signs, issues, repairs = CASES[case]
    past = lived.at(tmp_path / "data")
    change(past)
    with Server(past.folder) as server:
        assert past.sign(server, past.members.pop()) == (200 if signs else STOPPED)
        assert _join(server) == (200 if issues else STOPPED)
        server.stop()
    doctor = process.command(past.folder, "doctor", "--yes")
    doctor.communicate()
    assert doctor.returncode == (0 if repairs else 1)
    with Server(past.folder) as server:
        if not repairs:
            assert past.sign(server, past.members.pop()) == STOPPED
            return
        assert _join(server) == 200
        past.batch(server)
        server.stop()
    _check(past, lost="database" in case)


def _join(server: Server) -> int:
    body = {"v": 1, "type": "join", "mailbox": "ada.smith@meridian.example", "challenge": b64u(bytes(32))}
    return _post(server, f"/w/{SLUG}/join", body)[0]


def _check(past: Past, *, lost: bool) -> None:
    """Nothing that was ever promised is contradicted; the proof holds. lost: what waited is, and may be."""
    folder = Folder(past.folder)
    with serving.here(folder):
        whole.check_database()
        whole.check_logs(folder, past.seen)
        if not lost:
            whole.check_stored(past.letter, past.receipts)
        whole.check_proof(folder, past.letter, len(whole.signs(past.letter)))


def test_a_start_mends_tiles_and_keeps_those_of_earlier_checkpoints(lived: Past, tmp_path: Path) -> None:
    past = lived.at(tmp_path / "data")
    record = Folder(past.folder).record(past.letter.id)
    before = {path: path.read_bytes() for path in record.rglob("*") if path.is_file()}
    earlier = [record / path for size in (1, 1 + BATCH) for path in tiles.layout(size)]
    now = [record / path for path in tiles.layout(1 + 2 * BATCH)]
    assert {*earlier, *now, record / "checkpoint"} == before.keys()
    now[0].unlink()
    now[1].write_bytes(bytes(len(before[now[1]])))
    earlier[0].write_bytes(bytes(len(before[earlier[0]])))  # another history: nobody shall read it
    (record / "tile" / "0" / ".tmp-half").write_bytes(b"half")
    (record / tiles.path(0, 0, 200)).write_bytes(b"of no checkpoint")
    with Server(past.folder) as server:
        kept = {path: path.read_bytes() for path in record.rglob("*") if path.is_file()}
        assert kept == {path: data for path, data in before.items() if path != earlier[0]}
        past.batch(server)
        server.stop()
    _check(past, lost=False)
