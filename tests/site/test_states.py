# SPDX-License-Identifier: Apache-2.0
"""Every state in which an operator can bring a data folder together, and what start and doctor do with it.

Database, members/, keys/, public/ and high-water/, each new, old or lost: a tile or a checkpoint that is
published is never deleted or contradicted, a mark never lowered, and what cannot be repaired says why and
how, and changes nothing.  # spec: 3, 8  # trust: 22
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connections

from fronde.errors import Stopped
from fronde.proof.policy import Policy
from fronde.proof.verify import Trust, verify
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import parse
from fronde.site import clock, setup
from fronde.site.folder import Folder, use
from fronde.site.letters import proof
from fronde.site.letters.models import LetterRow
from fronde.site.record import logs, recover, store, writer
from fronde.site.signing import slots
from fronde.site.signing.sequence import Sequencer
from tests.site import issuing, whole
from tests.site.commands import run
from tests.site.village import NOW, settle

pytestmark = pytest.mark.usefixtures("own_settings")

OLD, NEW, LOST = "old", "new", "lost"
PARTS = {
    "database": "fronde.sqlite3",
    "members": "members",
    "keys": "keys",
    "public": "public",
    "marks": "high-water",
}
Files = dict[str, bytes]


class State(NamedTuple):
    """Where each part of a folder came from."""

    database: str
    members: str
    keys: str
    public: str
    marks: str

    @property
    def past_is_lost(self) -> bool:
        """Whether the database is old, and no newer public folder is there to restore it from."""
        return self.database == OLD and self.public != NEW

    def refusals(self) -> set[str]:
        """The ids with which the doctor may say that this cannot be repaired; empty: it can."""
        if self.database == LOST:
            return {"database-lost"}
        if self.keys == LOST:
            return {"key-missing"}
        why = set()
        if self.keys == OLD and NEW in (self.database, self.public, self.marks) and not self.late_alone:
            why.add("key-missing")
        if self.past_is_lost and self.marks == NEW:
            why.add("not-restorable")
        if self.past_is_lost and self.members == NEW:
            why.add("record-old")
        if self.stray and (why or self.burns):
            why.add("keys-newer")
        return why

    @property
    def late_alone(self) -> bool:
        """Whether nothing is wrong with the second letter but that its keys are lost."""
        return (self.keys, self.database, self.marks) == (OLD, NEW, NEW)

    @property
    def stray(self) -> bool:
        """Whether nothing but the keys knows of the second letter."""
        return self.keys == NEW and self.past_is_lost and self.marks != NEW

    @property
    def record_is_wrong(self) -> bool:
        """Whether a start signs nothing."""
        old_marks = self.marks == OLD and NEW in (self.database, self.public)
        restorable = self.database == OLD and self.public == NEW
        return bool(self.refusals() - {"keys-newer"}) or self.marks == LOST or old_marks or restorable

    @property
    def burns(self) -> bool:
        """Whether a repair ends every slot: a member could get a second token otherwise."""
        newer = self.database == OLD and self.public == NEW
        old_marks = self.marks == OLD and NEW in (self.database, self.public)
        return (
            newer
            or old_marks
            or LOST in (self.marks, self.members)
            or (self.members, self.marks) == (OLD, NEW)
        )

    @property
    def nothing_is_new(self) -> bool:
        """Whether nothing in the folder can tell that there was more (docs/self-hosting.md, snapshots)."""
        return self.past_is_lost and NEW not in (self.members, self.marks)


STATES = [State(*each) for each in itertools.product((NEW, OLD, LOST), repeat=len(PARTS))]


@dataclass
class History:
    """A folder before and after: a batch, a withdrawal, an enrolment, a second letter."""

    old: Path
    new: Path
    late: str
    seen: list[Checkpoint]

    def bring(self, state: State, path: Path) -> Folder:
        """A folder of these parts."""
        path.mkdir(mode=0o700)
        for name in ("fronde.toml", "policy"):
            shutil.copy2(self.new / name, path)
        for part, name in PARTS.items():
            source = {OLD: self.old, NEW: self.new}.get(getattr(state, part))
            if source and (source / name).is_dir():
                shutil.copytree(source / name, path / name)
            elif source:
                shutil.copy2(source / name, path / name)
        return use(path)


@pytest.fixture(scope="module")
def history(base: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    path = tmp_path_factory.mktemp("states")
    with pytest.MonkeyPatch.context() as patch:
        village = settle(base, path / "new", patch)
        early = village.open()
        members = village.members(20)
        for member in members[:6]:
            village.sign(early, member, name="Ada Example")
        village.step()
        for member in members[6:9]:
            village.sign(early, member, name="Who Waits")
        connections.close_all()
        shutil.copytree(village.folder.path, path / "old")
        village.withdraw(early, members[0])
        for member in members[9:16]:
            village.sign(early, member)
        village.step()
        late = village.open()
        members += village.members(1)
        for member in members[:6]:
            village.sign(late, member, name="Ada Example")
        village.step()
        seen = whole.promised(village.folder)
        connections.close_all()
    return History(path / "old", path / "new", late.id, seen)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = list(issuing.keys())
    monkeypatch.setattr(slots, "SLOTS", 2)
    monkeypatch.setattr(slots, "_generate", lambda count: [keys.pop() for _ in range(count)])
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.mark.parametrize("state", STATES, ids="-".join)
def test_a_published_record_is_never_lost_or_contradicted(
    history: History, tmp_path: Path, capsys, state: State
) -> None:
    folder = history.bring(state, tmp_path / "data")
    before, seen = files(folder), shown(folder)
    if state.record_is_wrong:
        assert_start_signs_nothing(folder, state)
        assert files(folder) == before
    code, out, err = run(capsys, "doctor", "--yes", "--data", str(folder.path))
    after = files(folder)
    if state.refusals():
        assert code == 1
        assert err.split("  id: ")[1].strip() in state.refusals()
        assert "  next: Put " in err
        assert after == before
        return
    assert (code, "id: key-missing" in err) == ((1, True) if state.late_alone else (0, False)), (out, err)
    assert ("Burned" in out) == state.burns
    assert ("nobody may have seen more than" in out) == (
        state.marks == LOST or (state.marks == OLD and NEW in (state.database, state.public))
    )
    assert_kept(folder, before, after)
    assert_whole(folder, seen if state.nothing_is_new else [*seen, *history.seen])
    connections.close_all()


def files(folder: Folder) -> Files:
    """What is published, marks and keys; and what the database holds."""
    paths = [path for part in ("public", "keys", "high-water") for path in (folder.path / part).rglob("*")]
    found = {str(path.relative_to(folder.path)): path.read_bytes() for path in paths if path.is_file()}
    if folder.database.exists():
        for log in logs.logs():
            found[f"database {log}"] = b"%d %s" % (logs.size(log), logs.head(log).note)
    return found


def shown(folder: Folder) -> list[Checkpoint]:
    """What the public folder and the marks of this folder have promised."""
    paths = [*(folder.path / "public").rglob("checkpoint"), *(folder.path / "high-water").glob("[!.]*")]
    return [Checkpoint.parse(parse(path.read_bytes()).text) for path in paths]


def assert_start_signs_nothing(folder: Folder, state: State) -> None:
    if state.database == LOST:
        with pytest.raises(Stopped):
            setup.check_database(folder)
        assert not folder.database.exists()
        return
    for look in (setup.check, setup.start):
        writer.health().why = None
        look()
        with pytest.raises(Stopped) as caught:
            store.ready()
        assert caught.value.hint
        with pytest.raises(Stopped):
            Sequencer().step(NOW)


def assert_kept(folder: Folder, before: Files, after: Files) -> None:
    """Keys as they were; no tile gone or changed; no checkpoint and no mark with less in it."""
    for name, data in before.items():
        if "/tile/" in name or name.startswith("keys/") or name.endswith("letter.json"):
            assert after[name] == data, name
        elif name.endswith("/checkpoint") or (name.startswith("high-water/") and name[11] != "."):
            assert size(after[name]) >= size(data), name


def size(note: bytes) -> int:
    return Checkpoint.parse(parse(note).text).size


def assert_whole(folder: Folder, seen: list[Checkpoint]) -> None:
    """All that was promised is the beginning of what is there; the server goes on; every proof holds."""
    policy = Policy.parse(folder.policy.read_bytes())
    setup.start()
    store.ready()
    for letter_id in writer.health().letters:
        with pytest.raises(Stopped):
            store.ready(letter_id)
    for _ in range(2):
        Sequencer().step(NOW)
        whole.check_logs(folder, seen)
        for letter_id in LetterRow.objects.values_list("id", flat=True):
            assert verify(proof.letter_zip(letter_id), Trust(policy=policy)).exit == 0
    assert recover.strays() == []
