# SPDX-License-Identifier: Apache-2.0
"""Killed at every step that reaches the disk, and killed again while it recovers: it ends whole.  # spec: 8

A step is a transaction, a file's sync, its rename, its removal. The work runs in a child process, on a copy
of the folder, and SIGKILL ends it before step 1, before step 2, ... until it comes to its end.
"""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from fronde import canonical
from fronde.letter import Letter
from fronde.record.checkpoint import Checkpoint
from fronde.record.tree import leaf_hash
from fronde.site import setup
from fronde.site.folder import Folder, use
from fronde.site.letters import reading
from fronde.site.letters.models import LetterRow
from fronde.site.record import logs, store
from fronde.site.signing import sequence, slots
from fronde.site.signing.issuer_key import IssuerKey
from fronde.site.signing.sequence import Sequencer
from tests.site import whole
from tests.site.village import SLUG, Member, Village, settle

# A fork of a process with threads is warned of: the child makes no use of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")

STEPS = ("fsync", "replace", "rename", "unlink")


class Countdown:
    """Ends this process by SIGKILL before the step of this number, counted from 1."""

    def __init__(self, number: int) -> None:
        self.left = number

    def before(self, step: Callable[..., object]) -> Callable[..., object]:
        def stepping(*args: object, **named: object) -> object:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*args, **named)

        return stepping

    def install(self) -> None:
        """Counts in this process from now on, for good: it is a child that will end."""
        for name in STEPS:
            setattr(os, name, self.before(getattr(os, name)))
        BaseDatabaseWrapper._commit = self.before(BaseDatabaseWrapper._commit)


def killed(folder: Folder, number: int, work: Callable[[], object]) -> bool:
    """Does the work on the folder in a child that is killed before this step; False: it came to its end."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            use(folder.path)
            Countdown(number).install()
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


@dataclass
class Scene:
    """A folder in which something is about to happen, and what was promised up to then."""

    village: Village
    letter: Letter
    receipts: dict[bytes, bytes] = field(default_factory=dict)
    seen: list[Checkpoint] = field(default_factory=list)

    def sign(self, count: int) -> list[Member]:
        """So many sign, every other by name."""
        members = self.village.members(count)
        for number, member in enumerate(members):
            body = member.sign(self.letter, "Grace Example" if number % 2 else "")
            answer = self.village.post(self.letter, "sign", body)
            assert answer.status_code == 200
            self.receipts[leaf_hash(canonical.encode(body["entry"]))] = answer.content
        return members

    def again(self, path: Path) -> Folder:
        """The same scene once more."""
        connections.close_all()
        shutil.copytree(self.village.folder.path, path)
        return Folder(path)


@pytest.fixture
def scene(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A letter with one batch out; six signatures wait, two are withdrawn, one of each kind."""
    village = settle(base, tmp_path / "scene", monkeypatch)
    scene = Scene(village, village.open())
    village.members(5)  # who do not sign: so many tokens stay unused until the close
    out = scene.sign(5)
    village.step()
    waiting = scene.sign(6)
    for member in (out[0], waiting[1]):
        village.withdraw(scene.letter, member)
    scene.seen = whole.promised(village.folder)
    yield scene
    connections.close_all()


def restart(village: Village) -> None:
    """What `fronde serve` does first, and then at its first look."""
    setup.start()
    store.ready()
    Sequencer(random.Random(1)).step(village.now)  # noqa: S311 - a test's dice


def every_kill(scene: Scene, tmp_path: Path, work: Callable[[], object]) -> Iterator[list[Checkpoint]]:
    """The folder after a kill before each step of the work, and after another while it started again.

    Gives all that was ever promised; this process then stands in that folder, as after a start.
    """
    dice = random.Random(1)  # noqa: S311 - where the second kill comes
    number = 1
    while killed(folder := scene.again(tmp_path / str(number)), number, work):
        use(folder.path)
        seen = scene.seen + whole.promised(folder)
        killed(folder, dice.randint(1, 20), lambda: restart(scene.village))
        # Another name, so that nothing is remembered: a new process.
        moved = folder.path.rename(tmp_path / f"{number} again")
        seen += whole.promised(use(moved))
        restart(scene.village)
        whole.check_database()
        yield seen
        number += 1
    assert number > 20  # the work has that many steps: none went uncounted


def test_a_batch_that_is_killed_at_any_step_ends_whole(scene: Scene, tmp_path: Path) -> None:
    for seen in every_kill(scene, tmp_path, scene.village.step):
        whole.check_logs(Folder.current(), seen)
        whole.check_receipts(scene.letter, scene.receipts)
        whole.check_proof(Folder.current(), scene.letter, len(scene.receipts))
        assert [head.size for head in logs.opened_heads(scene.letter.id)] == [1, 6, 14]


def test_a_close_that_is_killed_at_any_step_ends_whole(scene: Scene, tmp_path: Path) -> None:
    for seen in every_kill(scene, tmp_path, lambda: sequence.close_letter(scene.letter.id)):
        if LetterRow.objects.get(id=scene.letter.id).state == LetterRow.OPEN:
            sequence.close_letter(scene.letter.id)
        whole.check_logs(Folder.current(), seen)
        whole.check_receipts(scene.letter, scene.receipts)
        whole.check_proof(Folder.current(), scene.letter, len(scene.receipts))
        slot = store.instance().slots[SLUG, scene.letter.slot]
        assert slot.end == "closed"
        assert not slots.path_of(slot).exists()


def test_a_letter_whose_opening_is_killed_at_any_step_is_whole_or_not_there(
    scene: Scene, tmp_path: Path
) -> None:
    for seen in every_kill(scene, tmp_path, scene.village.open):
        whole.check_logs(Folder.current(), seen)
        for letter_id in reading.letter_ids():
            letter = reading.letter(letter_id)
            assert letter is not None
            whole.check_proof(Folder.current(), letter, len(scene.receipts) * (letter_id == scene.letter.id))


@functools.cache
def keys() -> list[IssuerKey]:
    return slots._generate(16)


def unused(count: int) -> list[IssuerKey]:
    """Keys that this folder has not had: drawing new ones each time would take a minute."""
    there = {slot.key_id.hex() for slot in store.instance().slots.values()}
    there |= {path.name for path in (Folder.current().members / "slots").iterdir()}
    return [key for key in keys() if key.public.key_id.hex() not in there][:count]


def test_a_burn_that_is_killed_at_any_step_is_done_again(scene: Scene, tmp_path: Path, monkeypatch) -> None:
    keys()
    monkeypatch.setattr(slots, "_generate", unused)
    before = set(store.instance().slots)
    for seen in every_kill(scene, tmp_path, lambda: setup.burn(Folder.current())):
        setup.burn(Folder.current())
        whole.check_logs(Folder.current(), seen)
        live = {at for at, slot in store.instance().slots.items() if slot.end is None}
        assert not live & before
        assert {path.name for path in (Folder.current().members / "slots").iterdir()} == {
            store.instance().slots[at].key_id.hex() for at in live
        }
        assert len(scene.village.members(1)[0].tokens) == len(live) == 4
        whole.check_receipts(scene.letter, scene.receipts)
        whole.check_proof(Folder.current(), scene.letter, len(scene.receipts))
