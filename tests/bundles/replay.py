# SPDX-License-Identifier: Apache-2.0
"""Instance logs that break a rule of slots, and records of which another version exists: step 4."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fronde.letter import Letter
from fronde.record import entry
from fronde.record.note import Signer
from tests.issuers import issuers
from tests.simulator import HOST, Record, Workplace

from .cases import NEWER, Members, bad, fill, newest, proof, signed, small

HASH = bytes(range(32))


def _then(*entries: bytes, place: Callable[[], Workplace] = small) -> tuple[Members, str]:
    """An honest record, and these entries at the end of its instance log: the last one breaks a rule."""
    record = signed(place=place())
    record.place.instance.extend(entries)
    return proof(record), newest(record)


def _slot(number: int, issuer: int, *, workplace: str = "works", host: str = HOST) -> bytes:
    return entry.slot_new(workplace, host, "2026H2", number, issuers()[issuer].public.spki)


def _two() -> Workplace:
    place = small()
    place.season(workplace="other", count=2)
    return place


_bind = partial(entry.slot_bind, "works", hash=HASH)
_end = partial(entry.slot_end, "works")
_even = issuers()[20].public.spki[:336] + b"\0" + issuers()[20].public.spki[337:]

bad("slot-number-gap", 4, "slot-number-gap")(partial(_then, _slot(5, 20)))
bad("slot-number-twice", 4, "number-twice")(partial(_then, _slot(3, 20)))
bad("slot-first-number", 4, "slot-number-gap")(partial(_then, _slot(2, 20, workplace="new")))
bad("slot-key-twice", 4, "key-twice")(partial(_then, _slot(4, 1)))
bad("slot-key-of-another-workplace", 4, "key-twice")(partial(_then, _slot(4, 3), place=_two))
bad("slot-not-an-issuer-key", 4, "bad-slot-key")(
    partial(_then, entry.slot_new("works", HOST, "2026H2", 4, bytes(342)))
)
bad("slot-even-modulus", 4, "bad-slot-key")(partial(_then, entry.slot_new("works", HOST, "2026H2", 4, _even)))
bad("slot-of-another-issuer", 4, NEWER)(partial(_then, _slot(4, 20, host="notary.example")))
bad("bind-without-slot", 4, "bind-without-slot")(partial(_then, _bind(9)))
bad("bind-twice", 4, "bind-twice")(partial(_then, _bind(1)))
bad("bind-not-lowest", 4, "bind-not-lowest")(partial(_then, _bind(3)))
bad("bind-after-end", 4, "bind-after-end")(partial(_then, _end(2, "season"), _bind(2)))
bad("end-without-slot", 4, "end-without-slot")(partial(_then, _end(9, "burned")))
bad("end-twice", 4, "end-twice")(partial(_then, _end(1, "closed"), _end(1, "burned")))
bad("end-season-of-bound", 4, "end-season-bound")(partial(_then, _end(1, "season")))
bad("end-closed-of-unbound", 4, "end-closed-unbound")(partial(_then, _end(2, "closed")))
bad("head-without-bind", 4, "head-without-bind")(partial(_then, entry.head(0, HASH)))
bad("head-of-a-later-bind", 4, "head-without-bind")(partial(_then, entry.head(7, HASH)))
bad("breach-at-another-workplace", 4, "bind-not-lowest")(
    partial(_then, entry.slot_bind("other", 2, HASH), place=_two)
)


@bad("letter-under-a-slot-not-the-lowest", 4, "bind-not-lowest")
def not_the_lowest() -> tuple[Members, str]:
    return proof(small().open(slot=2)), "instance/3"


@bad("open-without-bind", 4, "open-without-bind")
def open_without_bind() -> tuple[Members, str]:
    record = signed()
    record.entries[0] = record.opening(bind=0)
    return proof(record), "letter/0"


@bad("open-other-slot", 4, "open-other-slot")
def open_other_slot() -> tuple[Members, str]:
    place = small()
    first, second = signed(place=place), signed(place=place)
    second.entries[0] = second.opening(bind=first.bind)
    return proof(second), "letter/0"


@bad("open-other-nonce", 4, "bind-other-letter")
def open_other_nonce() -> tuple[Members, str]:
    record = signed()
    record.entries[0] = record.opening(nonce=HASH)
    return proof(record), "letter/0"


@bad("bind-other-letter", 4, "bind-other-letter")
def bind_other_letter() -> tuple[Members, str]:
    record = small().open()
    record.place.instance[record.bind] = entry.slot_bind("works", 1, entry.bind_hash(record.nonce, HASH))
    return proof(record), "letter/0"


@bad("bind-other-kind", 4, "bind-other-letter")
def bind_other_kind() -> tuple[Members, str]:
    record = small().open()
    hidden = entry.bind_hash(record.nonce, record.letter.digest, kind="verdict")
    record.place.instance[record.bind] = entry.slot_bind("works", 1, hidden)
    return proof(record), "letter/0"


@bad("slot-bound-to-two-letters", 4, "bind-other-letter")
def two_letters() -> tuple[Members, str]:
    """A second letter says it holds the first one's slot, which was bound once."""
    record = signed()
    document = dict(record.letter.document) | {"id": "b" * 16, "title": "Another letter"}
    signer = Signer(f"{HOST}/letters/{'b' * 16}/record", HASH)
    document["logs"] = {"letter": signer.vkey, "instance": record.place.signer.vkey}
    other = Record(record.place, Letter.make(document), signer, record.nonce, record.bind, 20)
    other.add([other.opening()])
    return proof(other), "letter/0"


# Heads


def _last_head(record: Record) -> str:
    return newest(record)


@bad("head-other-version", 4, "head-other-version")
def other_version() -> tuple[Members, str]:
    """One version was signed for somebody, another one is in the proof."""
    record = signed()
    shown = list(record.entries)
    record.entries[-1], record.entries[-2] = record.entries[-2], record.entries[-1]
    record.head()
    record.entries = shown
    return proof(record), _last_head(record)


@bad("head-other-nonce", 4, "head-other-version")
def other_nonce() -> tuple[Members, str]:
    record = signed()
    record.heads[1] = (HASH, record.heads[1][1])
    return proof(record), _last_head(record)


@bad("head-of-a-removed-leaf", 4, "head-beyond")
def removed_leaf() -> tuple[Members, str]:
    record = signed()
    del record.entries[-1]
    return proof(record), _last_head(record)


@bad("head-of-reordered-leaves", 4, "head-other-version")
def reordered_leaves() -> tuple[Members, str]:
    record = signed()
    record.entries[1:] = record.entries[:0:-1]
    return proof(record), _last_head(record)


@bad("head-before-the-last-leaf", 4, "head-not-last")
def before_the_last_leaf() -> tuple[Members, str]:
    record = signed()
    record.entries.append(record.closing())
    return proof(record), _last_head(record)


@bad("head-shrunk", 4, "head-shrunk")
def shrunk() -> tuple[Members, str]:
    record = signed()
    record.head(1)
    record.head()
    return proof(record), f"instance/{len(record.place.instance) - 2}"


@bad("head-of-size-zero", 4, "head-shrunk")
def size_zero() -> tuple[Members, str]:
    record = signed()
    record.place.instance[record.bind + 1] = entry.head(record.bind, HASH)
    record.heads[0] = (record.heads[0][0], 0)
    return proof(record), f"instance/{record.bind + 1}"


@bad("heads-one-missing", 4, "heads-number")
def one_missing() -> tuple[Members, str]:
    record = signed()
    del record.heads[0]
    return proof(record), "heads.json"


@bad("heads-one-more", 4, "heads-number")
def one_more() -> tuple[Members, str]:
    record = signed()
    record.heads.append((HASH, len(record.entries)))
    return proof(record), "heads.json"


@bad("heads-hidden-version", 4, "heads-number")
def hidden_version() -> tuple[Members, str]:
    """A head of the letter that heads.json keeps silent about."""
    record = signed()
    record.place.instance.append(entry.head(record.bind, HASH))
    return proof(record), "heads.json"


@bad("heads-none", 4, "head-missing")
def none_at_all() -> tuple[Members, str]:
    record = small().open()
    del record.place.instance[-1]
    record.heads.clear()
    return proof(record), "heads.json"


@bad("heads-swapped", 4, "head-other-version")
def swapped() -> tuple[Members, str]:
    record = signed()
    fill(record, 5)
    record.publish()
    (a, size_a), (b, size_b) = record.heads[1:]
    record.heads[1:] = [(b, size_a), (a, size_b)]
    return proof(record), f"instance/{len(record.place.instance) - 2}"
