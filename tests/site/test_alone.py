# SPDX-License-Identifier: Apache-2.0
"""One letter in trouble, and the others beside it: who goes on, who does not, and what is said.  # spec: 8"""

from __future__ import annotations

import shutil

import pytest
from django.db import OperationalError

from fronde.errors import Stopped
from fronde.letter import Letter
from fronde.record.entry import parse_instance
from fronde.site import setup
from fronde.site.folder import INSTANCE
from fronde.site.letters.models import LetterRow
from fronde.site.record import logs, pool, publish, recover, store, writer
from fronde.site.signing import batch, sequence, slots
from fronde.site.signing.alone import told
from tests.site.commands import refused, run
from tests.site.village import Village

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def letters(village: Village) -> tuple[Letter, Letter]:
    """Two letters, the first of which will be in trouble; six signatures wait for each."""
    both = village.open(), village.open()
    for member in village.members(12)[:6]:
        for letter in both:
            village.sign(letter, member, name="Grace Unforgettable")
    return both


def failing(monkeypatch, letter: Letter, module, name: str, error: Exception) -> None:
    """From now on this step fails for this letter."""
    real = getattr(module, name)

    def step(first, *args, **named):
        if letter.id in str(getattr(first, "id", first)):
            raise error
        return real(first, *args, **named)

    monkeypatch.setattr(module, name, step)


def restart(village: Village) -> None:
    """Keys, as a new process reads them."""
    writer.health().why = None
    logs._signers().clear()
    setup.start()


FULL = OSError(28, "No space left on device")
STEPS = [
    (batch, "next_batch", ValueError("Grace Unforgettable")),
    (publish, "extend", FULL),
    (publish, "sign", Stopped("The key is gone.", hint="Put it back.", name="key-missing")),
    (publish, "raise_mark", FULL),
]


@pytest.mark.parametrize(("module", "name", "error"), STEPS, ids=[name for _, name, _ in STEPS])
def test_a_letter_that_fails_before_its_head_is_out_leaves_the_others_working(
    village: Village, letters, monkeypatch, caplog, module, name, error
):
    first, second = letters
    with monkeypatch.context() as patch:
        failing(patch, first, module, name, error)
        for _ in range(3):
            village.step()
    assert village.counts(second)["signatures"] == 6
    assert village.counts(first)["signatures"] == 0
    for letter in letters:
        assert village.verify(letter).exit == 0
    (said,) = [record.getMessage() for record in caplog.records]
    assert f"The letter {first.id} is stopped, the others go on: " in said
    assert "Grace" not in said
    assert caplog.records[0].exc_info is None
    village.step()
    assert village.counts(first)["signatures"] == 6
    assert village.verify(first).exit == 0
    assert caplog.records[-1].getMessage() == f"The letter {first.id} goes on."


def test_a_head_is_never_shown_before_what_it_stands_for(village: Village, letters, monkeypatch):
    first, second = letters
    shown = (village.folder.record(INSTANCE) / "checkpoint").read_bytes()
    show = publish.show

    def full(log: str) -> None:
        if log == first.id and logs.head(log).size > 1:
            raise FULL
        show(log)

    with monkeypatch.context() as patch:
        patch.setattr(publish, "show", full)
        for _ in range(3):
            with pytest.raises(OSError, match="No space"):
                village.step()
        # The head of the first letter stands in the database: nobody may see it yet, in no way.
        kinds = [parse_instance(data)["type"] for data in logs.entries(INSTANCE)]
        assert kinds[-1] == "head"
        assert kinds.count("head") == 3
        assert village.counts(second)["signatures"] == 0
        for command in (lambda: setup.burn(village.folder), village.open):
            with pytest.raises(OSError, match="No space"):
                command()
        assert (village.folder.record(INSTANCE) / "checkpoint").read_bytes() == shown
    village.step()
    for letter in letters:
        assert village.counts(letter)["signatures"] == 6
        assert village.verify(letter).exit == 0
    restart(village)
    store.ready()


@pytest.mark.parametrize("error", [FULL, Stopped("Forked.", name="forked")], ids=["disk", "forked"])
def test_trouble_of_the_instance_log_stops_every_letter(village: Village, letters, monkeypatch, error):
    def harmed(log, *args):
        if log == INSTANCE:
            raise error
        return real(log, *args)

    real = publish.extend
    monkeypatch.setattr(publish, "extend", harmed)
    with pytest.raises(type(error)):
        village.step()
    assert [village.counts(letter)["signatures"] for letter in letters] == [6, 0]
    assert village.types(letters[1]) == ["letter.open"]


@pytest.mark.parametrize("name", ["forked", "other-bytes", "behind", "two-writers"])
def test_a_letter_whose_past_is_in_doubt_stops_every_letter(village: Village, letters, monkeypatch, name):
    _, second = letters

    def doubtful(log, *args):
        raise publish.stopped(name, "The past is in doubt.")

    monkeypatch.setattr(publish, "extend", doubtful)
    with pytest.raises(Stopped):
        village.step()
    with pytest.raises(Stopped):
        store.ready(second.id)
    assert village.types(second) == ["letter.open"]


def test_a_database_that_cannot_be_written_stops_every_letter(village: Village, letters, monkeypatch):
    failing(monkeypatch, letters[0], batch, "next_batch", OperationalError("disk I/O error"))
    with pytest.raises(Stopped) as caught:
        village.step()
    assert caught.value.name == "unwritable"
    assert village.types(letters[1]) == ["letter.open"]


def test_a_database_that_cannot_be_read_stops_every_letter(village: Village, letters, monkeypatch):
    failing(monkeypatch, letters[0], sequence, "unfinished", OperationalError("disk I/O error"))
    with pytest.raises(OperationalError):
        village.step()


def test_the_day_s_work_is_done_beside_a_letter_in_trouble(village: Village, letters, monkeypatch):
    failing(monkeypatch, letters[0], sequence, "finish", FULL)
    village.now = slots.Season.at(village.now).ends
    village.step()
    offered = {slot.season for slot in store.instance().offered("meridian") if slot.bind_index is None}
    assert offered == {"2027H1", "2027H2"}
    assert LetterRow.objects.get(id=letters[1].id).state == LetterRow.OPEN


# -- a key that is lost


@pytest.fixture
def lost(village: Village, letters) -> tuple[Letter, Letter]:
    """After a first batch of both the first letter's key is gone, and the server was started again."""
    village.step()
    for member in village.members(12)[:6]:
        for letter in letters:
            village.sign(letter, member)
    shutil.rmtree(village.folder.log_key(letters[0].id).parent)
    restart(village)
    return letters


def test_without_its_key_a_letter_stops_and_the_others_live_to_their_end(village: Village, lost, caplog):
    first, second = lost
    village.step()
    assert village.counts(second)["signatures"] == 12
    third = village.open()
    village.now = third.withdraw_until + (third.withdraw_until - village.now)
    for _ in range(2):
        village.step()
    states = dict(LetterRow.objects.values_list("id", "state"))
    assert states == {first.id: LetterRow.OPEN, second.id: LetterRow.OVER, third.id: LetterRow.OVER}
    assert village.types(first) == ["letter.open", *["sign"] * 6]
    for letter in (first, second, third):
        assert village.verify(letter).exit == 0
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert f"The letter {first.id} is stopped, the others go on: key-missing: " in said[0]
    recover.recover(INSTANCE)


def test_without_its_key_a_letter_promises_nothing_more(village: Village, lost, capsys, tmp_path):
    first, second = lost
    member = village.members(1)[0]
    answer = village.post(first, "sign", member.sign(first))
    assert answer.status_code == 503
    assert b'"id":"key-missing"' in answer.content
    assert village.post(second, "sign", member.sign(second)).status_code == 200
    data = ("--data", str(village.folder.path))
    assert refused(capsys, "letter", "close", first.id, *data) == (1, "key-missing")
    assert LetterRow.objects.get(id=first.id).state == LetterRow.OPEN
    # What was published stays provable.
    target = tmp_path / "letter.zip"
    assert run(capsys, "proof", first.id, "-o", str(target), *data)[0] == 0
    assert run(capsys, "verify", str(target), "--policy", str(village.folder.policy))[0] == 0


def test_a_key_that_comes_back_lets_the_letter_go_on(village: Village, letters):
    first, _ = letters
    keys = village.folder.log_key(first.id).parent
    kept = keys.rename(keys.with_name("kept"))
    restart(village)
    village.step()
    assert village.counts(first)["signatures"] == 0
    kept.rename(keys)
    restart(village)
    village.step()
    assert village.counts(first)["signatures"] == 6
    assert village.verify(first).exit == 0


def test_without_the_key_of_its_receipts_a_letter_can_still_be_closed(village: Village, letters, capsys):
    first, _ = letters
    village.folder.receipt_key(first.id).unlink()
    restart(village)
    data = ("--data", str(village.folder.path))
    code, out, err = run(capsys, "doctor", *data)
    assert code == 1
    assert "  id: key-missing" in err
    assert f"`fronde letter close {first.id}` ends it" in out
    assert run(capsys, "letter", "close", first.id, *data)[0] == 0
    assert village.counts(first)["signatures"] == 6
    assert village.verify(first).closed


def test_the_doctor_says_which_letter_is_stopped_and_repairs_the_rest(village: Village, lost, capsys):
    first, second = lost
    data = ("--data", str(village.folder.path))
    code, out, err = run(capsys, "doctor", *data)
    assert code == 1
    assert "  id: key-missing" in err
    assert f"Only the letter {first.id} is stopped by this. Put keys/ back" in out
    assert f"`fronde proof {first.id} -o FILE` gives its proof" in out
    assert f"OK     log {second.id}" in out
    (village.folder.members / "pepper").unlink()
    village.folder.high_water(first.id).unlink()
    assert refused(capsys, "doctor", "--yes", *data) == (1, "key-missing")
    assert not village.folder.high_water(first.id).exists()


def test_the_keys_of_a_letter_that_is_over_are_missed_by_nobody(village: Village, letters, capsys):
    first, second = letters
    village.now = first.withdraw_until + (first.withdraw_until - first.closes)
    for _ in range(2):
        village.step()
    shutil.rmtree(village.folder.log_key(first.id).parent)
    village.folder.receipt_key(second.id).unlink()
    restart(village)
    village.step()
    code, out, err = run(capsys, "doctor", "--data", str(village.folder.path))
    assert (code, err) == (0, "")
    assert "WRONG" not in out
    assert out.count("The letter is over: nothing needs this key any more.") == 2
    assert village.verify(first).exit == 0


def test_what_others_need_is_repaired_beside_a_letter_without_key(village: Village, lost, capsys):
    _, second = lost
    (village.folder.members / "pepper").unlink()
    code, out, err = run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    assert code == 1
    assert "  id: key-missing" in err
    assert "Burned" in out
    restart(village)
    village.step()
    assert village.counts(second)["signatures"] == 12
    assert village.verify(second).exit == 0


def test_a_folder_that_cannot_be_used_stops_its_letter_alone(village: Village, letters, capsys):
    first, second = letters
    record = village.folder.record(first.id)
    shutil.rmtree(record)
    record.write_bytes(b"")
    village.step()  # beside a running server
    assert village.counts(second)["signatures"] == 6
    restart(village)
    with pytest.raises(Stopped) as caught:
        store.ready(first.id)
    assert caught.value.name == "folder"
    store.ready(second.id)
    code, out, err = run(capsys, "doctor", "--data", str(village.folder.path))
    assert code == 1
    assert "  id: folder" in err
    assert f"WRONG  The folder public/letters/{first.id}/record cannot be read and written." in out
    record.unlink()
    restart(village)
    village.step()
    assert village.counts(first)["signatures"] == 6
    assert pool.count_waiting(first.id, withdraw=False) == 0
    assert village.verify(first).exit == 0


def test_an_error_is_told_without_what_it_was_about(village: Village):
    assert told(OSError(28, "Full", str(village.folder.path / "public" / "x"))) == "Full: public/x"
    with pytest.raises(KeyError) as caught:
        {}["ada@meridian.example"]
    assert told(caught.value) == "KeyError in test_an_error_is_told_without_what_it_was_about"
