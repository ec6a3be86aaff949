# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from fronde.errors import Newer
from fronde.record import entry
from fronde.record.instance import Breach, Instance
from fronde.tokens import blindrsa

HOST = "fronde.example"
HASH = bytes(range(32))
LETTER = sha256(b"a letter").digest()
NONCE = bytes(32)
MODULUS = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key().public_numbers().n


def spki(number: int) -> bytes:
    """An spki of its own for every number: an odd number of 2048 bits is all that a reader can see."""
    return blindrsa.PublicKey.from_modulus((MODULUS & ~0xFFFFFF | 1) + 2 * number).spki


def new(number: int, workplace: str = "mill", key: int | None = None) -> bytes:
    return entry.slot_new(workplace, HOST, "2026H2", number, spki(number if key is None else key))


def bind(number: int, hash: bytes = HASH) -> bytes:
    return entry.slot_bind("mill", number, hash)


def end(number: int, why: str) -> bytes:
    return entry.slot_end("mill", number, why)


THREE = [new(1), new(2), new(3)]


def replay(*entries: bytes) -> Instance:
    return Instance.replay(HOST, entries)


def test_slots_are_offered_in_full_and_the_lowest_is_taken() -> None:
    log = replay(*THREE, new(1, "dock", 9), bind(1))
    assert [slot.number for slot in log.offered("mill")] == [1, 2, 3]
    assert [slot.number for slot in log.offered("dock")] == [1]
    assert log.offered("nowhere") == []
    lowest = log.lowest_unbound("mill")
    assert lowest is not None
    assert (lowest.number, lowest.key_id, lowest.new_index) == (2, sha256(spki(2)).digest(), 1)
    assert log.lowest_unbound("nowhere") is None
    assert log.workplaces() == ["dock", "mill"]
    assert (log.last_number("mill"), log.last_number("nowhere")) == (3, 0)
    assert log.size == 5


def test_ended_slots_are_neither_offered_nor_taken() -> None:
    log = replay(*THREE, end(1, "season"), end(2, "burned"))
    assert [slot.number for slot in log.offered("mill")] == [3]
    assert log.lowest_unbound("mill") is log.slots["mill", 3]
    assert log.slots["mill", 1].end == "season"


def test_numbers_go_on_after_slots_ended() -> None:
    log = replay(*THREE, end(3, "burned"), new(4))
    assert log.last_number("mill") == 4


def test_heads_are_kept_per_bind_also_after_the_slots_end() -> None:
    log = replay(
        *THREE, bind(1), bind(2), entry.head(3, b"a" * 32), end(1, "closed"), entry.head(3, b"b" * 32)
    )
    assert log.heads(3) == [b"a" * 32, b"b" * 32]
    assert log.heads(4) == []
    assert log.heads(0) == []
    assert log.slot_of(3) is log.slots["mill", 1]
    assert log.slot_of(0) is None


def test_a_release_changes_nothing() -> None:
    assert replay(entry.release("0.1.0", HASH)).size == 1


BREACHES = [
    ("number-twice", [new(1), new(1, key=5)]),
    ("number-twice", [*THREE, new(2, key=5)]),
    ("number-twice", [new(1), end(1, "burned"), new(1, key=5)]),
    ("slot-number-gap", [new(2)]),
    ("slot-number-gap", [new(1), new(3)]),
    ("slot-number-gap", [new(1), new(2, "dock", 5)]),
    ("key-twice", [new(1), new(2, key=1)]),
    ("key-twice", [new(1), end(1, "burned"), new(1, "dock", 1)]),
    ("bad-slot-key", [entry.slot_new("mill", HOST, "2026H2", 1, bytes(342))]),
    ("bad-slot-key", [entry.slot_new("mill", HOST, "2026H2", 1, spki(1)[:-1] + b"\2")]),
    ("bind-without-slot", [new(1), bind(2)]),
    ("bind-without-slot", [bind(1)]),
    ("bind-twice", [new(1), bind(1), bind(1)]),
    ("bind-twice", [new(1), bind(1), end(1, "burned"), bind(1)]),
    ("bind-after-end", [new(1), end(1, "season"), bind(1)]),
    ("bind-not-lowest", [*THREE, bind(2)]),
    ("bind-not-lowest", [*THREE, bind(1), bind(3)]),
    ("end-without-slot", [new(1), end(2, "burned")]),
    ("end-twice", [new(1), end(1, "burned"), end(1, "burned")]),
    ("end-twice", [new(1), bind(1), end(1, "closed"), end(1, "closed")]),
    ("end-season-bound", [new(1), bind(1), end(1, "season")]),
    ("end-closed-unbound", [new(1), end(1, "closed")]),
    ("head-without-bind", [new(1), entry.head(0, HASH)]),
    ("head-without-bind", [new(1), bind(1), entry.head(2, HASH)]),
    ("head-without-bind", [new(1), entry.head(2, HASH), bind(1)]),
]


@pytest.mark.parametrize(("name", "entries"), BREACHES)
def test_a_broken_rule_is_named_with_its_index(name: str, entries: list[bytes]) -> None:
    with pytest.raises(Breach) as caught:
        replay(*entries)
    assert (caught.value.name, caught.value.exit) == (name, 1)
    assert f"entry {caught.value.index} of the instance log" in caught.value.message
    replay(*entries[: caught.value.index])


def test_the_breach_of_a_bind_in_the_future_is_at_the_head() -> None:
    with pytest.raises(Breach) as caught:
        replay(new(1), entry.head(2, HASH), bind(1))
    assert caught.value.index == 1


@pytest.mark.parametrize("why", ["season", "burned"])
def test_an_unbound_slot_may_end(why: str) -> None:
    replay(new(1), end(1, why))


@pytest.mark.parametrize("why", ["closed", "burned"])
def test_a_bound_slot_may_end(why: str) -> None:
    replay(new(1), bind(1), end(1, why))


def test_a_refused_entry_leaves_no_trace() -> None:
    log = replay(new(1))
    for wrong in [new(3), new(2, key=1), bind(2), end(1, "closed"), entry.head(0, HASH)]:
        with pytest.raises(Breach):
            log.read(wrong)
    assert log.size == 1
    log.read(new(2))
    log.read(bind(1))
    assert (log.size, log.slots["mill", 1].bind_index) == (3, 2)


def test_another_issuer_is_newer() -> None:
    log = replay(new(1))
    with pytest.raises(Newer, match="entry 1 of the instance log"):
        log.read(entry.slot_new("mill", "notary.example", "2026H2", 2, spki(2)))
    assert log.size == 1


def test_an_entry_that_is_none_is_named_with_its_index() -> None:
    with pytest.raises(entry.BadForm, match="entry 1 of the instance log"):
        replay(new(1), b"{}")
    with pytest.raises(entry.BadEntry, match="entry 0 of the instance log"):
        replay("é".encode())
    with pytest.raises(Newer, match="'hide'"):
        replay(b'{"type":"hide","v":1}')


def bound(bind: int = 1, workplace: str = "mill", number: int = 1, digest: bytes = LETTER) -> None:
    log = replay(new(1), entry.slot_bind("mill", 1, entry.bind_hash(NONCE, LETTER)))
    slot = log.bound(bind, workplace=workplace, number=number, digest=digest, nonce=NONCE)
    assert slot is log.slots["mill", 1]


def test_a_letter_is_tied_to_its_slot() -> None:
    bound()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("open-without-bind", {"bind": 0}),
        ("open-without-bind", {"bind": 2}),
        ("open-other-slot", {"workplace": "dock"}),
        ("open-other-slot", {"number": 2}),
        ("bind-other-letter", {"digest": HASH}),
    ],
)
def test_a_letter_that_is_not_the_slots_is_refused(name: str, wrong: dict[str, object]) -> None:
    with pytest.raises(Breach) as caught:
        bound(**wrong)  # type: ignore[arg-type]
    assert caught.value.name == name


def test_a_slot_bound_to_another_purpose_is_not_the_letters() -> None:
    log = replay(new(1), entry.slot_bind("mill", 1, entry.bind_hash(NONCE, LETTER, "verdict")))
    with pytest.raises(Breach, match="something else"):
        log.bound(1, workplace="mill", number=1, digest=LETTER, nonce=NONCE)


STEPS = st.one_of(
    st.tuples(st.just("new"), st.integers(1, 6)),
    st.tuples(st.just("bind"), st.integers(1, 6)),
    st.tuples(st.sampled_from(["season", "closed", "burned"]), st.integers(1, 6)),
    st.tuples(st.just("head"), st.integers(0, 12)),
)


def step(kind: str, number: int, key: int) -> bytes:
    if kind == "new":
        return new(number, key=key)
    if kind == "bind":
        return bind(number)
    return entry.head(number, HASH) if kind == "head" else end(number, kind)


@given(st.lists(STEPS, max_size=25))
def test_whatever_is_tried_the_invariants_hold(steps: list[tuple[str, int]]) -> None:
    log, taken = Instance(HOST), 0
    for key, (kind, number) in enumerate(steps):
        with contextlib.suppress(Breach):
            log.read(step(kind, number, key))
            taken += 1
        assert log.size == taken
    slots = [slot for _, slot in sorted(log.slots.items())]
    assert [slot.number for slot in slots] == list(range(1, len(slots) + 1))
    binds = [slot.bind_index for slot in slots if slot.bind_index is not None]
    assert binds == sorted(set(binds))
    free = [slot for slot in slots if slot.bind_index is None and slot.end is None]
    assert log.lowest_unbound("mill") == (free[0] if free else None)
    assert log.offered("mill") == [slot for slot in slots if slot.end is None]
