# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import random
import threading

import pytest

from fronde.errors import Refused, Stopped, Usage
from fronde.site import setup
from fronde.site.folder import INSTANCE
from fronde.site.letters.models import LetterRow, Workplace
from fronde.site.members import enrolment
from fronde.site.record import logs, pool, publish, recover, store, writer
from fronde.site.signing import batch, sequence, slots
from tests.site.village import HOST, NOW, SLUG, Killed, Village, killing

# -- opening


def test_a_letter_takes_the_lowest_free_slot_and_its_proof_holds_from_the_start(village: Village):
    first, second = village.open(), village.open()
    assert (first.slot, second.slot) == (1, 2)
    assert village.types(first) == ["letter.open"]
    assert village.verify(first).exit == 0
    assert publish.shown(first.id)
    assert publish.shown(INSTANCE)


def test_without_a_free_slot_no_letter_opens_and_nothing_is_left_of_it(village: Village):
    for _ in range(4):
        village.open()
    before = sorted(path for path in village.folder.path.rglob("*"))
    with pytest.raises(Refused, match="No slot") as caught:
        village.open()
    assert caught.value.name == "no-slot"
    assert sorted(path for path in village.folder.path.rglob("*")) == before


def test_a_letter_of_a_workplace_without_headcount_has_no_cap(village: Village):
    Workplace.objects.update(headcount=None, headcount_source="")
    letter = village.open()
    assert letter.headcount is None
    assert village.verify(letter).exit == 0


def test_a_wrong_draft_leaves_no_keys(village: Village):
    with pytest.raises(Usage):
        village.open(rules='closes = "2020-01-01T00:00:00Z"')
    assert not list((village.folder.keys / "letters").iterdir())


def test_tokens_given_before_are_counted_in_the_first_entry(village: Village):
    village.members(12)
    letter = village.open()
    assert village.entries(letter)[0]["issued"] == [{"workplace": SLUG, "issuer": HOST, "n": 20}]


# -- the close


def test_at_closes_all_that_waits_goes_out_with_letter_close_and_the_slot_ends(village: Village):
    letter = village.open(least=20, minutes=60)
    members = village.members(7)
    for member in members:
        village.sign(letter, member)
    village.withdraw(letter, members[0])
    village.now = letter.closes
    village.step()
    assert village.types(letter) == ["letter.open", *["sign"] * 7, "withdraw", "letter.close"]
    close = village.entries(letter)[-1]
    assert (close["signatures"], close["withdrawn"], close["void"]) == (7, 1, False)
    assert close["issued"][0]["n"] == 10
    assert store.instance().slots[SLUG, letter.slot].end == "closed"
    assert not slots.path_of(store.instance().slots[SLUG, letter.slot]).exists()
    assert enrolment.issued(SLUG, letter.slot) == 0
    report = village.verify(letter)
    assert report.exit == 0
    assert report.closed


def test_the_slots_end_follows_the_head_of_the_close_in_one_transaction(village: Village):
    letter = village.open()
    for member in village.members(12)[:6]:
        village.sign(letter, member)
    sequence.close_letter(letter.id)
    kinds = [canonical_type(data) for data in logs.entries(INSTANCE)]
    assert kinds[-2:] == ["head", "slot.end"]
    assert logs.head(INSTANCE).size == len(kinds)


def canonical_type(data: bytes) -> str:
    from fronde.record.entry import parse_instance

    return str(parse_instance(data)["type"])


def test_fewer_than_five_at_the_close_publish_nothing(village: Village):
    letter = village.open()
    members = village.members(12)
    for member in members[:4]:
        village.sign(letter, member, name="Grace Unforgettable")
    village.withdraw(letter, members[0])
    sequence.close_letter(letter.id)
    close = village.entries(letter)[-1]
    assert village.types(letter) == ["letter.open", "letter.close"]
    assert (close["signatures"], close["withdrawn"], close["void"]) == (0, 0, True)
    report = village.verify(letter)
    assert report.exit == 0
    assert report.void
    assert not pool.openings(letter.id, 99)
    village.step()
    village.wait(days=200)
    assert pool.count_waiting(letter.id, withdraw=False) == 0
    assert LetterRow.objects.get(id=letter.id).state == LetterRow.OVER


def test_a_withdrawn_signature_counts_towards_the_floor_at_the_close(village: Village):
    letter = village.open()
    members = village.members(12)
    for member in members[:5]:
        village.sign(letter, member)
    village.withdraw(letter, members[0])
    sequence.close_letter(letter.id)
    assert village.types(letter) == ["letter.open", *["sign"] * 5, "withdraw", "letter.close"]
    assert village.verify(letter).exit == 0


def test_a_letter_closes_once(village: Village):
    letter = village.open()
    sequence.close_letter(letter.id)
    with pytest.raises(Refused) as closed:
        sequence.close_letter(letter.id)
    with pytest.raises(Refused) as unknown:
        sequence.close_letter("a" * 16)
    assert (closed.value.name, unknown.value.name) == ("closed", "no-letter")


def test_after_the_close_withdrawals_go_out_in_fives_and_the_rest_at_the_end(village: Village):
    letter = village.open()
    members = village.members(20)
    for member in members[:10]:
        village.sign(letter, member)
    sequence.close_letter(letter.id)
    for member in members[:4]:
        village.withdraw(letter, member)
    village.step()
    assert village.types(letter)[-1] == "letter.close"
    village.withdraw(letter, members[4])
    village.step()
    assert village.types(letter)[-5:] == ["withdraw"] * 5
    village.withdraw(letter, members[5])
    village.now = letter.withdraw_until + datetime.timedelta(seconds=1)
    village.step()
    assert village.types(letter)[-6:] == ["withdraw"] * 6
    row = LetterRow.objects.get(id=letter.id)
    assert (row.state, row.signed, row.withdrawn) == (LetterRow.OVER, 10, 6)
    heads = [head.size for head in logs.opened_heads(letter.id)]
    assert heads[-2:] == [18, 18]
    assert village.verify(letter).exit == 0
    village.wait(days=1)
    assert [head.size for head in logs.opened_heads(letter.id)] == heads


def test_open_letters_go_on_after_a_burn_with_the_tokens_that_are_out(village: Village):
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member)
    village.step()
    slots.burn(village.now)
    assert store.instance().slots[SLUG, letter.slot].end == "burned"
    for member in members[6:12]:
        village.sign(letter, member)
    village.step()
    sequence.close_letter(letter.id)
    assert village.counts(letter)["signatures"] == 12
    assert village.entries(letter)[-1]["issued"][0]["n"] == 20
    report = village.verify(letter)
    assert report.exit == 0, report


def test_without_the_rows_of_members_the_letter_goes_on_and_keys_are_not_missed(village: Village):
    letter = village.open()
    for member in village.members(12)[:6]:
        village.sign(letter, member)
    village.step()
    (village.folder.members / "enrolment.sqlite3").unlink()
    sequence.close_letter(letter.id)
    assert village.verify(letter).exit == 0


# -- killed at every step

STEPS = [
    (sequence, "finish"),
    (publish, "extend"),
    (publish, "sign"),
    (publish, "raise_mark"),
    (publish, "swap"),
    (sequence, "announce"),
    (sequence, "reveal"),
    (publish, "show"),
    (publish, "publish"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("closing", [False, True], ids=["batch", "close"])
def test_killed_at_any_step_a_start_finishes_it_and_nothing_is_lost(
    village: Village, monkeypatch, module, name, after, closing
):
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member, name="Grace Example")
    village.withdraw(letter, members[0])
    seen = (village.folder.record(letter.id) / "checkpoint").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        killing(patch, module, name, after=after)
        with pytest.raises(Killed):
            sequence.close_letter(letter.id) if closing else village.step()
    setup.start()
    store.ready()
    if closing:
        closed = LetterRow.objects.get(id=letter.id).state != LetterRow.OPEN
        closed or sequence.close_letter(letter.id)
    village.step()
    assert village.types(letter).count("sign") == 6
    assert village.types(letter).count("withdraw") == 1
    assert village.types(letter).count("letter.close") == closing
    sizes = [head.size for head in logs.opened_heads(letter.id)]
    assert sizes == sorted(set(sizes))
    assert publish.read_note(letter.id, seen).size == 1
    assert village.verify(letter).exit == 0
    recover.recover(letter.id)
    recover.recover(INSTANCE)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), STEPS[1:], ids=[name for _, name in STEPS[1:]])
def test_killed_while_a_letter_opens_it_is_whole_or_not_there(village: Village, module, name, after):
    with pytest.MonkeyPatch.context() as patch:
        killing(patch, module, name, after=after)
        with pytest.raises(Killed):
            village.open()
    setup.start()
    store.ready()
    village.step()
    (letter_id,) = LetterRow.objects.values_list("id", flat=True)
    letter = sequence.reading.letter(letter_id)
    assert village.verify(letter).exit == 0


# -- the thread


def test_the_thread_does_what_is_due_and_ends(village: Village):
    letter = village.open()
    for member in village.members(12)[:6]:
        village.sign(letter, member)
    with writer.Writer(), sequence.Sequencer(random.Random(1), every=0.01) as thread:  # noqa: S311
        while village.types(letter) == ["letter.open"] or sequence.unfinished(letter.id):
            assert thread._thread.is_alive()
    assert village.verify(letter).exit == 0


def test_what_stops_the_sequencer_is_said_once(village: Village, caplog):
    publish.stopped("behind", "The past is lost.")
    thread = sequence.Sequencer()
    with pytest.raises(Stopped):
        thread.step(NOW)
    for _ in range(3):
        try:
            thread.step(NOW)
        except Stopped as error:
            thread._complain(error)
    thread._complain(OSError("full"))
    assert [record.getMessage() for record in caplog.records] == [
        "Publishing has stopped: behind: The past is lost.",
        "Publishing has stopped: OSError",
    ]


def test_what_stops_a_look_is_told_by_the_thread_and_the_next_look_comes(monkeypatch, caplog):
    trouble, done = iter([OSError("full")]), threading.Event()

    def step(thread: sequence.Sequencer, now: datetime.datetime) -> None:
        for error in trouble:
            raise error
        done.set()

    monkeypatch.setattr(sequence.Sequencer, "step", step)
    with sequence.Sequencer(every=0.001):
        assert done.wait(20)
    assert [record.getMessage() for record in caplog.records] == ["Publishing has stopped: OSError"]


def test_the_thread_survives_trouble_and_tries_again(village: Village, monkeypatch, caplog):
    letter = village.open()
    for member in village.members(12)[:6]:
        village.sign(letter, member)
    real, tried = publish.write_tiles, []

    def full(record, tiles):
        tried.append(record)
        if len(tried) < 3:
            raise OSError(28, "No space left on device")
        real(record, tiles)

    monkeypatch.setattr(publish, "write_tiles", full)
    with writer.Writer(), sequence.Sequencer(every=0.01):
        while village.types(letter) == ["letter.open"] or sequence.unfinished(letter.id):
            pass
    assert len(tried) >= 3
    assert [record.getMessage() for record in caplog.records] == [
        f"The letter {letter.id} is stopped, the others go on: No space left on device",
        f"The letter {letter.id} goes on.",
    ]
    assert village.verify(letter).exit == 0


def test_entries_of_an_operator_are_published_at_the_next_look(village: Village):
    ended = slots.burn(village.now)
    assert ended
    assert not publish.shown(INSTANCE)
    village.step()
    assert publish.shown(INSTANCE)


def test_batches_of_one_letter_do_not_wait_for_another(village: Village):
    quiet, busy = village.open(), village.open()
    for member in village.members(12)[:6]:
        village.sign(busy, member)
    village.step()
    assert village.counts(busy)["signatures"] == 6
    assert village.counts(quiet)["signatures"] == 0
    assert batch.FLOOR == 5
