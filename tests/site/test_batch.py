# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde import canonical
from fronde.record.entry import parse_heads
from fronde.record.tree import leaf_hash
from fronde.site.record import logs, pool
from fronde.site.signing import sequence
from fronde.site.signing.batch import FLOOR, Rule, counted, due
from tests.site.village import Village

DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)


def rule(waiting, *, signed=0, issued=1000, since=HOUR, least=20, minutes=60, tokens=20) -> Rule:
    return Rule(least, minutes, tokens, waiting, signed, issued, since)


# -- when a batch is due


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (rule(20), 20),
        (rule(19), 0),
        (rule(20, since=HOUR - datetime.timedelta(seconds=1)), 0),
        (rule(5, since=DAY), 5),
        (rule(4, since=DAY * 30), 0),
        (rule(5, since=DAY - datetime.timedelta(seconds=1)), 0),
        (rule(40, issued=19), 0),  # the first not before batch.tokens tokens are out
        (rule(40, issued=20), 15),
        (rule(40, issued=20, signed=15), 0),  # nobody may be counted out
        (rule(40, issued=25, signed=15), 5),
        (rule(40, issued=24, signed=15), 0),  # four could go, and are fewer than the floor
        (rule(40, issued=10, signed=5), 0),  # a letter that has begun is not held by batch.tokens again
        (rule(40, issued=15, signed=5), 5),
    ],
)
def test_a_batch_goes_out_when_the_rule_says(what, expected):
    assert due(what) == expected


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 3 * 24 * 60))
def test_no_batch_is_smaller_than_the_floor_nor_leaves_fewer_tokens_unsigned(waiting, signed, more, minutes):
    issued = signed + more
    number = due(rule(waiting, signed=signed, issued=issued, since=datetime.timedelta(minutes=minutes)))
    assert number == 0 or number >= FLOOR
    assert number <= waiting
    if number:
        assert issued - signed - number >= FLOOR


@pytest.mark.parametrize(
    ("issued", "headcount", "told"),
    [(0, None, 0), (1, None, 10), (10, None, 10), (11, 400, 20), (11, 15, 15)],
)
def test_tokens_are_told_in_tens_or_as_the_headcount(issued, headcount, told):
    assert counted(issued, headcount) == told


# -- batches


def test_what_waits_goes_out_sorted_by_leaf_and_the_proof_holds(village: Village):
    letter = village.open()
    for number, member in enumerate(village.members(12)[:7]):
        village.sign(letter, member, name="" if number % 2 else f"Name {number}")
    village.step()
    leaves = [leaf_hash(data) for data in logs.entries(letter.id, 1)]
    assert leaves == sorted(leaves)
    assert village.types(letter) == ["letter.open", *["sign"] * 7]
    report = village.verify(letter)
    assert report.exit == 0
    assert report.counts == village.counts(letter)
    assert report.counts == {"signatures": 7, "withdrawn": 0, "shown": 4, "not_shown": 0, "hidden": 3}
    assert pool.count_waiting(letter.id, withdraw=False) == 0


def test_a_batch_waits_for_its_minutes(village: Village):
    letter = village.open(minutes=60)
    for member in village.members(12)[:5]:
        village.sign(letter, member)
    village.wait(minutes=59)
    assert village.counts(letter)["signatures"] == 0
    village.wait(minutes=1)
    assert village.counts(letter)["signatures"] == 5


def test_five_go_out_after_a_day_also_when_more_are_wanted(village: Village):
    letter = village.open(least=20, minutes=60)
    for member in village.members(12)[:5]:
        village.sign(letter, member)
    village.wait(hours=23)
    assert village.counts(letter)["signatures"] == 0
    village.wait(hours=1)
    assert village.counts(letter)["signatures"] == 5


def test_a_clock_that_was_set_back_makes_nobody_wait_for_ever(village: Village):
    letter = village.open(minutes=60)
    for member in village.members(12)[:5]:
        village.sign(letter, member)
    village.wait(hours=-30)
    # The letter opens later than now again: no more may sign, but what waits goes out.
    assert village.counts(letter)["signatures"] == 5


class Loaded(random.Random):
    """Dice that fall on the last ones, and remember among how many."""

    def sample(self, population, k):
        self.seen = len(population)
        return list(population)[-k:]


def test_until_close_five_tokens_stay_unsigned_and_who_waits_is_drawn(village: Village):
    letter = village.open()
    members = village.members(13)
    for member in members:
        village.sign(letter, member)
    dice = Loaded()
    sequence.Sequencer(dice).step(village.now)
    published = {entry["key"] for entry in village.entries(letter)[1:]}
    keys = sorted(canonical.unb64u(canonical_key(member, letter)) for member in members)
    assert published == {canonical.b64u(key) for key in keys[-8:]}
    assert dice.seen == 13
    village.step()
    assert village.counts(letter)["signatures"] == 8


def test_the_dice_of_a_server_are_the_systems():
    assert isinstance(sequence.DICE, random.SystemRandom)
    assert sequence.Sequencer()._dice is sequence.DICE


def canonical_key(member, letter) -> str:
    return str(member.sign(letter)["entry"]["key"])


def test_every_batch_has_one_head_and_heads_json_opens_it(village: Village):
    letter = village.open()
    for _ in range(2):
        for member in village.members(10)[:5]:
            village.sign(letter, member)
        village.step()
        village.step()
    data = (village.folder.letter(letter.id) / "heads.json").read_bytes()
    assert [size for _, size in parse_heads(data)] == [1, 6, 11]
    assert village.verify(letter).exit == 0


# -- withdrawals


def test_a_withdrawn_name_is_gone_at_once_and_the_count_with_the_next_batch(village: Village):
    letter = village.open()
    members = village.members(22)
    for member in members[:6]:
        village.sign(letter, member, name="Grace Example")
    village.step()
    before = village.verify(letter)
    village.withdraw(letter, members[0])
    assert village.counts(letter) == {
        "signatures": 6, "withdrawn": 0, "shown": 5, "not_shown": 1, "hidden": 0,
    }  # fmt: skip
    after = village.verify(letter)
    assert (before.exit, after.exit) == (0, 0)
    assert after.counts["shown"] == 5
    village.step()
    assert village.counts(letter)["withdrawn"] == 0
    for member in members[6:11]:
        village.sign(letter, member)
    village.step()
    assert village.types(letter)[-6:] == [*["sign"] * 5, "withdraw"]
    assert village.counts(letter) == {
        "signatures": 11, "withdrawn": 1, "shown": 5, "not_shown": 0, "hidden": 5,
    }  # fmt: skip
    assert village.verify(letter).exit == 0


def test_five_withdrawals_go_out_alone(village: Village):
    letter = village.open()
    members = village.members(20)
    for member in members[:10]:
        village.sign(letter, member)
    village.step()
    for member in members[:5]:
        village.withdraw(letter, member)
    village.step()
    assert village.types(letter)[-5:] == ["withdraw"] * 5
    assert village.verify(letter).exit == 0


def test_withdrawn_while_waiting_both_are_published_and_the_name_never(village: Village):
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member, name="Grace Example")
    village.withdraw(letter, members[0])
    village.step()
    assert village.types(letter) == ["letter.open", *["sign"] * 6, "withdraw"]
    assert village.counts(letter) == {
        "signatures": 6, "withdrawn": 1, "shown": 5, "not_shown": 0, "hidden": 0,
    }  # fmt: skip
    assert village.verify(letter).exit == 0


def test_a_withdrawal_waits_with_its_sign(village: Village):
    letter = village.open()
    members = village.members(11)
    for member in members:
        village.sign(letter, member)
        village.withdraw(letter, member)
    village.step()  # six of eleven, drawn
    entries = village.entries(letter)[1:]
    signed = {entry["key"] for entry in entries if entry["type"] == "sign"}
    withdrawn = {entry["key"] for entry in entries if entry["type"] == "withdraw"}
    assert len(signed) == 6
    assert withdrawn == signed


def test_an_erased_name_is_in_no_file_of_the_folder_after_the_next_look(village: Village):
    letter = village.open()
    members = village.members(12)
    for member in members[:5]:
        village.sign(letter, member)
    village.sign(letter, members[5], name="Zebedee Unforgettable")
    village.withdraw(letter, members[5])
    village.step()
    assert not [p for p in village.folder.path.rglob("*") if p.is_file() and b"Unforget" in p.read_bytes()]


def test_a_published_name_that_is_taken_back_is_in_no_file_after_the_next_look(village: Village):
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member, name="Zebedee Unforgettable")
    village.step()
    village.verify(letter)
    for member in members[:6]:
        village.withdraw(letter, member)
    village.step()
    assert not [p for p in village.folder.path.rglob("*") if p.is_file() and b"Unforget" in p.read_bytes()]
