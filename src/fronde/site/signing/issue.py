# SPDX-License-Identifier: Apache-2.0
"""Blind signatures for a member: one for every slot on offer, in one answer.  # spec: 2, 3

Per slot: nothing came from this member before: it is entered and signed; the same bytes came: signed again,
to the same answer; other bytes came, or the slot's letter has its headcount of tokens: the slot is `held`.
Entries are durable before anything is signed.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence, Set
from functools import partial

import gmpy2

from fronde.errors import Declined, Stopped, Unreadable
from fronde.record.instance import Slot
from fronde.site.folder import Remembered
from fronde.site.letters import reading
from fronde.site.letters.models import LetterRow, Workplace
from fronde.site.members import enrolment
from fronde.site.members.enrolment import Most
from fronde.site.record import store
from fronde.tokens import blindrsa

from . import slots
from .issuer_key import IssuerKey

Blinded = Mapping[bytes, bytes]  # key_id (32 bytes) -> blinded value (256 bytes)


class OtherSlots(Declined):
    """Not exactly the slots on offer were asked for."""

    def __init__(self) -> None:
        super().__init__(
            "The slots on offer have changed.",
            status=409,
            hint="Read the log anew and ask once more, with the same code.",
            name="offer",
        )


def ready(workplace: str) -> None:
    """Raises Stopped when issuing cannot go on."""
    store.ready()
    slots.check(store.instance().offered(workplace))


def check(workplace: str, blinded: Blinded) -> None:
    """What is judged before any code is tried.

    Raises Unreadable when a value is not below its slot's modulus, then OtherSlots when not exactly the slots
    on offer are asked for.
    """
    offered = store.instance().offered(workplace)
    for slot in offered:
        _check_value(slot, blinded.get(slot.key_id))
    _check_set(offered, blinded.keys())


def issue(workplace: str, identity: str, blinded: Blinded) -> tuple[dict[bytes, bytes], list[bytes]]:
    """(key_id -> blind signature, key_ids that are held, sorted). Raises OtherSlots, Full, Stopped."""
    offered = store.instance().offered(workplace)
    _check_set(offered, blinded.keys())

    def guard() -> None:
        # A slot may have ended since; what is entered now is counted by whoever ends one from now on.
        _check_set(store.instance().offered(workplace), blinded.keys())

    asked = {slot.number: blinded[slot.key_id] for slot in offered}
    numbers = enrolment.take(workplace, identity, asked, guard, most=partial(_most, workplace))
    due = [slot for slot in offered if slot.number in numbers]
    try:
        keys = _keys(workplace, offered, due)
    except Stopped:
        guard()  # its key is rightly gone when the slot has just ended
        raise
    held = sorted(slot.key_id for slot in offered if slot.number not in numbers)
    return _sign(keys, blinded), held


def _most(workplace: str) -> Most:
    """Above a frozen letter's headcount nobody gets a token of its slot, whatever the headcount is now."""
    letters = {
        row.slot: reading.frozen(row).headcount for row in LetterRow.objects.filter(workplace=workplace)
    }
    return Most(
        Workplace.objects.filter(slug=workplace).values_list("headcount", flat=True).first(),
        {number: headcount for number, headcount in letters.items() if headcount is not None},
    )


def _check_value(slot: Slot, value: bytes | None) -> None:
    if value is not None and int.from_bytes(value) >= blindrsa.PublicKey.from_spki(slot.spki).n:
        raise Unreadable(
            f"The blinded value for slot {slot.number} is not below the key's modulus.", name="not-below-n"
        )


def _check_set(offered: Sequence[Slot], asked: Set[bytes]) -> None:
    if asked != {slot.key_id for slot in offered}:
        raise OtherSlots


class _Loaded:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keys: dict[str, dict[bytes, IssuerKey]] = {}


_loaded = Remembered(_Loaded)


def _keys(workplace: str, offered: Sequence[Slot], due: Sequence[Slot]) -> dict[bytes, IssuerKey]:
    """The keys of the slots in `due`, kept in memory while they are on offer."""
    loaded = _loaded()
    with loaded.lock:
        before = loaded.keys.get(workplace, {})
        kept = {slot.key_id: before[slot.key_id] for slot in offered if slot.key_id in before}
        for slot in due:
            if slot.key_id not in kept:
                kept[slot.key_id] = IssuerKey.load(slots.path_of(slot))
        loaded.keys[workplace] = kept
        return {slot.key_id: kept[slot.key_id] for slot in due}


def _sign(keys: Mapping[bytes, IssuerKey], blinded: Blinded) -> dict[bytes, bytes]:
    # The big powers run without Python's lock: two members are signed for on two cores, and nobody waits.
    with gmpy2.context(allow_release_gil=True):
        return {key_id: key.sign(blinded[key_id]) for key_id, key in keys.items()}
