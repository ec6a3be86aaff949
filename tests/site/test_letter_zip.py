# SPDX-License-Identifier: Apache-2.0
"""letter.zip as a server makes it: who waits for it, what it holds, when none is made.  # spec: 13"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from fronde.errors import Refused
from fronde.letter import Letter
from fronde.proof import bundle
from fronde.proof.bundle import Archive
from fronde.site.letters import proof, reading
from fronde.site.record import logs
from tests.site.commands import refused, run
from tests.site.village import HOST, Village

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def letter(village: Village) -> Letter:
    """A letter with a first batch, whose proof somebody has asked for; a second batch is out since."""
    letter = village.open()
    members = village.members(18)
    for member in members[:6]:
        village.sign(letter, member, name="Grace Unforgettable")
    village.step()
    proof.letter_zip(letter.id)
    for member in members[6:12]:
        village.sign(letter, member)
    village.step()
    village.first = members[0]
    return letter


def size(letter: Letter) -> int:
    """Of the log in the proof that stands there."""
    path = proof.Folder.current().letter(letter.id) / "letter.zip"
    with path.open("rb") as file:
        return int(Archive(file).read("log/checkpoint").split(b"\n")[1])


def meanwhile(monkeypatch, letter: Letter, act: Callable[[], None]) -> None:
    """Somebody asks for the proof; while it is packed, something happens."""
    real, happened = proof.write, []

    def writing(letter_id, target):
        if letter_id == letter.id and not happened:
            happened.append(True)
            act()
        real(letter_id, target)

    monkeypatch.setattr(proof, "write", writing)
    proof.letter_zip(letter.id)
    assert happened


def in_a_thread(act: Callable[[], object]) -> bool:
    """Whether it ends by itself, without anybody ending what holds it."""

    def acting() -> None:
        act()
        connections.close_all()

    thread = threading.Thread(target=acting, daemon=True)
    thread.start()
    thread.join(10)
    return not thread.is_alive()


def test_who_asks_while_a_proof_is_packed_gets_the_one_before(village: Village, letter, monkeypatch):
    seen = []

    def another() -> None:
        assert in_a_thread(lambda: seen.append(proof.letter_zip(letter.id)))
        seen.append(size(letter))
        assert village.verify(letter).exit == 0

    meanwhile(monkeypatch, letter, another)
    assert seen == [village.folder.letter(letter.id) / "letter.zip", 7]
    assert size(letter) == 13
    assert village.verify(letter).exit == 0


def test_the_proof_of_another_letter_does_not_wait(village: Village, letter, monkeypatch):
    other = village.open()
    meanwhile(monkeypatch, letter, lambda: _done(lambda: proof.letter_zip(other.id)))
    assert village.verify(other).exit == 0


def _done(act: Callable[[], object]) -> None:
    assert in_a_thread(act)


def test_a_name_taken_back_while_a_proof_is_packed_is_in_none_that_is_given(
    village: Village, letter, monkeypatch
):
    given = []

    def another() -> None:
        village.withdraw(letter, village.first)
        thread = threading.Thread(target=asking, daemon=True)
        thread.start()
        thread.join(0.2)
        assert given == []  # it waits for the proof without that name

    def asking() -> None:
        given.append(proof.letter_zip(letter.id).read_bytes())
        connections.close_all()

    shown = len(reading.standing(letter.id).names)
    meanwhile(monkeypatch, letter, another)
    while not given:
        pass
    openings = proof.openings_file(letter.id, 13, proof.pool.openings(letter.id, 13))
    assert openings.count(b"Grace") == shown - 1
    with (village.folder.letter(letter.id) / "letter.zip").open("rb") as file:
        assert Archive(file).read("openings.json") == openings
    assert given == [(village.folder.letter(letter.id) / "letter.zip").read_bytes()]


def test_how_full_a_proof_is_counts_files_bytes_and_names_with_what_waits(
    village: Village, letter, monkeypatch
):
    member = village.members(1)[0]
    before = proof.pool.names(letter.id)
    village.sign(letter, member, name="Grace Waiting")
    assert proof.pool.names(letter.id)[0] == before[0] + 1
    with proof.letter_zip(letter.id).open("rb") as file:
        archive = Archive(file)
    sizes = {name: each.size for name, each in archive.members.items()}
    for cap, most in (
        ("MOST_OF_ONE", sizes["openings.json"]),
        ("MOST_FILES", len(sizes)),
        ("MOST_BYTES", sum(each for name, each in sizes.items() if name.startswith("log/"))),
    ):
        with monkeypatch.context() as patch:
            for each in ("MOST_OF_ONE", "MOST_FILES", "MOST_BYTES"):
                patch.setattr(bundle, each, 2**60)
            patch.setattr(bundle, cap, most)
            assert 1 <= proof.fullness(letter.id) < 10, cap
    assert proof.fullness(letter.id) < 0.01


def test_a_proof_that_nobody_could_read_is_not_made_and_said_in_time(
    village: Village, letter, monkeypatch, capsys, tmp_path
):
    data = ("--data", str(village.folder.path))
    names, size = proof.pool.names(letter.id)
    monkeypatch.setattr(bundle, "MOST_OF_ONE", int((size + names * proof.LEAF) / 0.6))
    code, out, _ = run(capsys, "doctor", *data)
    assert code == 0
    assert "Its proof is 60% full" in out
    monkeypatch.setattr(bundle, "MOST_OF_ONE", size)
    reading.taken_back(letter.id)
    with pytest.raises(Refused) as caught:
        proof.letter_zip(letter.id)
    assert caught.value.name == "proof-full"
    target = tmp_path / "letter.zip"
    assert refused(capsys, "proof", letter.id, "-o", str(target), *data) == (1, "proof-full")
    assert list(tmp_path.glob("letter.zip*")) == []
    assert not list(village.folder.letter(letter.id).glob("*.part"))
    answer = village.client.get(f"/letters/{letter.id}/letter.zip", headers={"host": HOST})
    assert answer.status_code == 404


def test_a_letter_that_was_never_published_has_no_proof(village: Village, capsys, tmp_path):
    letter = village.open()
    with proof.logs.connection.cursor() as cursor:
        cursor.execute("DELETE FROM fronde_head_nonce")
    village.folder.log_key(letter.id).unlink()
    logs._signers().clear()
    with pytest.raises(LookupError):
        proof.letter_zip(letter.id)
    words = ("proof", letter.id, "-o", str(tmp_path / "x"), "--data", str(village.folder.path))
    assert refused(capsys, *words) == (1, "no-head")
