# SPDX-License-Identifier: Apache-2.0
"""Signatures and withdrawals that are none, each in a properly signed record: steps 6 and 7."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.record.tree import leaf_hash
from fronde.tokens.ed25519 import L, P
from tests.simulator import Record

from .cases import (
    Members,
    bad,
    fill,
    flipped,
    forged,
    of_key,
    placed,
    proof,
    publish,
    resigned,
    sig_of,
    signed,
    small,
)

IDENTITY = (1).to_bytes(32, "little")
ORDER_TWO = (P - 1).to_bytes(32, "little")
ORDER_FOUR = bytes(32)
NOT_CANONICAL = (P + 3).to_bytes(32, "little")
ZERO = bytes(32)


def _with(make: Callable[[Record], bytes], **open: Any) -> tuple[Members, str]:
    """Five honest signatures and this one in one batch."""
    record = small().open(**open)
    fill(record, 5)
    entry = make(record)
    publish(record, entry)
    return proof(record), placed(record, entry)


def _forged(sig: bytes | None = None, named: bool = False, **changes: Any) -> tuple[Members, str]:
    return _with(lambda record: forged(record, record.place.people(1)[0], sig=sig, named=named, **changes))


# Every sign, step 6


@bad("signature-moved-from-another-letter", 6, "other-letter")
def moved() -> tuple[Members, str]:
    place = small()
    other = signed(place=place)
    record = place.open()
    fill(record, 5)
    publish(record, other.entries[-1])
    return proof(record), placed(record, other.entries[-1])


bad("signature-of-another-digest", 6, "other-letter")(partial(_forged, letter=b64u(bytes(32))))


@bad("token-of-another-slot", 6, "bad-token")
def another_slot() -> tuple[Members, str]:
    def make(record: Record) -> bytes:
        member = record.place.people(1)[0]
        other = record.place.secrets(member, "works", 2)
        return forged(record, member, tokens=[b64u(record.place.token(other))])

    return _with(make)


@bad("token-of-another-key", 6, "bad-token")
def another_key() -> tuple[Members, str]:
    def make(record: Record) -> bytes:
        stolen = canonical.decode(record.waiting[0])["tokens"]
        return forged(record, record.place.people(1)[0], tokens=stolen)

    return _with(make)


@bad("token-of-another-workplace", 6, "bad-token")
def another_workplace() -> tuple[Members, str]:
    def make(record: Record) -> bytes:
        record.place.season(workplace="other", count=1)
        member = record.place.people(1)[0]
        other = record.place.secrets(member, "other", 1)
        return forged(record, member, tokens=[b64u(record.place.token(other))])

    return _with(make)


def _token(change: Callable[[bytes, Record], bytes]) -> tuple[Members, str]:
    def make(record: Record) -> bytes:
        member = record.place.people(1)[0]
        token = unb64u(canonical.decode(forged(record, member))["tokens"][0])
        return forged(record, member, tokens=[b64u(change(token, record))])

    return _with(make)


def _above_modulus(token: bytes, record: Record) -> bytes:
    """The same authenticator plus n: the same number to whoever reduces it."""
    slot = record.place.state().slots["works", 1]
    modulus = int.from_bytes(slot.spki[81:337])
    return token[:98] + (int.from_bytes(token[98:]) % modulus + modulus & ((1 << 2048) - 1)).to_bytes(256)


bad("token-damaged", 6, "bad-token")(partial(_token, lambda token, record: flipped(token)))
bad("token-other-nonce", 6, "bad-token")(partial(_token, lambda token, record: flipped(token, 10)))
bad("token-other-type", 6, "bad-token")(partial(_token, lambda token, record: flipped(token, 1)))
bad("token-zero", 6, "bad-token")(partial(_token, lambda token, record: token[:98] + bytes(256)))
bad("token-not-below-modulus", 6, "bad-token")(partial(_token, _above_modulus))


@bad("sign-after-close", 6, "sign-after-close")
def after_close() -> tuple[Members, str]:
    record = signed()
    record.close()
    fill(record, 5)
    record.publish()
    return proof(record), "letter/8"


@bad("signed-twice", 6, "signed-twice")
def signed_twice() -> tuple[Members, str]:
    record = small().open()
    people = fill(record, 5)
    again = record.sign(people[0], name="Somebody Else")
    first = record.waiting[0]
    record.publish()
    later = max(record.entries.index(again), record.entries.index(first))
    return proof(record), f"letter/{later}"


@bad("signed-twice-byte-for-byte", 6, "signed-twice")
def byte_for_byte() -> tuple[Members, str]:
    record = signed()
    again = record.entries[1]
    fill(record, 5)
    publish(record, again)
    return proof(record), f"letter/{record.entries.index(again, 2)}"


@bad("signed-again-after-withdrawal", 6, "signed-twice")
def again_after_withdrawal() -> tuple[Members, str]:
    record = small().open()
    people = fill(record, 6)
    record.publish()
    record.withdraw(people[1])
    record.publish()
    again = record.sign(people[1], name="Ada")
    fill(record, 5)
    record.publish()
    return proof(record), placed(record, again)


@bad("mode-not-offered", 6, "bad-mode")
def mode_not_offered() -> tuple[Members, str]:
    record = small().open(rules={"modes": ["named"]})
    for number, member in enumerate(record.place.people(5)):
        record.sign(member, name=f"Ada Byron {number}")
    entry = forged(record, record.place.people(1)[0])
    publish(record, entry)
    return proof(record), placed(record, entry)


bad("named-without-commitment", 6, "bad-commitment")(partial(_forged, named=True, commitment=None))
bad("hidden-with-commitment", 6, "bad-commitment")(partial(_forged, commitment=b64u(bytes(32))))


@bad("named-without-commitment-but-opened", 6, "bad-commitment")
def opened_without_commitment() -> tuple[Members, str]:
    record = small().open()
    fill(record, 5)
    entry = forged(record, record.place.people(1)[0], named=True, commitment=None)
    record.openings[leaf_hash(entry)] = {"salt": b64u(bytes(32)), "shown": {"name": "Ada"}}
    publish(record, entry)
    return proof(record), placed(record, entry)


def _sig(change: Callable[[bytes], bytes]) -> tuple[Members, str]:
    def make(record: Record) -> bytes:
        member = record.place.people(1)[0]
        return forged(record, member, sig=change(sig_of(forged(record, member))))

    return _with(make)


def _plus_order(sig: bytes) -> bytes:
    """S + L: the same signature to whoever does not look."""
    return sig[:32] + (int.from_bytes(sig[32:], "little") + L).to_bytes(32, "little")


bad("ed25519-damaged", 6, "bad-signature")(partial(_sig, lambda sig: flipped(sig, 5)))
bad("ed25519-s-not-below-order", 6, "bad-signature")(partial(_sig, _plus_order))
bad("ed25519-r-of-small-order", 6, "bad-signature")(partial(_sig, lambda sig: IDENTITY + sig[32:]))
bad("ed25519-zero", 6, "bad-signature")(partial(_sig, lambda sig: bytes(64)))
bad("ed25519-identity-key", 6, "bad-ed25519-key")(
    partial(_with, lambda record: of_key(record, IDENTITY, IDENTITY + ZERO))
)
bad("ed25519-key-of-order-two", 6, "bad-ed25519-key")(
    partial(_with, lambda record: of_key(record, ORDER_TWO, IDENTITY + ZERO))
)
bad("ed25519-key-of-order-four", 6, "bad-ed25519-key")(
    partial(_with, lambda record: of_key(record, ORDER_FOUR, IDENTITY + ZERO))
)
bad("ed25519-key-not-canonical", 6, "bad-ed25519-key")(
    partial(_with, lambda record: of_key(record, NOT_CANONICAL, IDENTITY + ZERO))
)
bad("ed25519-key-no-point", 6, "bad-signature")(
    partial(_with, lambda record: of_key(record, (2).to_bytes(32, "little"), b"\x58" + b"\x66" * 31 + ZERO))
)


@bad("signature-of-another-member", 6, "bad-signature")
def another_member() -> tuple[Members, str]:
    def make(record: Record) -> bytes:
        one, two = record.place.people(2)
        entry = canonical.decode(forged(record, one))
        return resigned(entry, record.place.secrets(two, "works", 1).sign_seed)

    return _with(make)


# Every withdraw, step 7


def _gone(change: Callable[[Record, dict[str, Any], bytes], bytes]) -> tuple[Members, str]:
    """A withdrawal by one of six, changed; with it a batch of its own."""
    record = small().open()
    people = fill(record, 6)
    record.publish()
    seed = record.place.secrets(people[1], "works", 1).sign_seed
    document = canonical.decode(record.withdraw(people[1]))
    record.waiting.clear()
    entry = change(record, document, seed)
    publish(record, entry)
    return proof(record), placed(record, entry)


bad("withdrawal-of-another-letter", 7, "other-letter")(
    partial(_gone, lambda record, document, seed: resigned(document | {"letter": b64u(bytes(32))}, seed))
)
bad("withdrawal-damaged", 7, "bad-signature")(
    partial(
        _gone,
        lambda record, document, seed: canonical.encode(
            document | {"sig": b64u(flipped(unb64u(document["sig"]), 7))}
        ),
    )
)
bad("withdrawal-by-somebody-else", 7, "bad-signature")(
    partial(_gone, lambda record, document, seed: resigned(document, bytes(32)))
)


@bad("withdrawal-with-the-signature-of-a-sign", 7, "bad-signature")
def sig_of_a_sign() -> tuple[Members, str]:
    def change(record: Record, document: dict[str, Any], seed: bytes) -> bytes:
        entries = [canonical.decode(each) for each in record.entries]
        (sign,) = [each for each in entries if each.get("key") == document["key"]]
        return canonical.encode(document | {"sig": sign["sig"]})

    return _gone(change)


@bad("withdrawal-without-signature", 7, "withdraw-without-sign")
def without_signature() -> tuple[Members, str]:
    record = signed()
    entry = record.withdraw(record.place.people(1)[0])
    record.publish()
    return proof(record), placed(record, entry)


@bad("withdrawal-before-its-signature", 7, "withdraw-without-sign")
def before_its_signature() -> tuple[Members, str]:
    record = signed()
    people = record.place.people(5)
    entry = record.withdraw(people[0])
    record.publish()
    for member in people:
        record.sign(member)
    record.publish()
    return proof(record), placed(record, entry)


@bad("withdrawn-twice", 7, "withdrawn-twice")
def withdrawn_twice() -> tuple[Members, str]:
    record = small().open()
    people = fill(record, 6)
    record.publish()
    record.withdraw(people[0])
    record.publish()
    record.withdraw(people[0])
    record.publish()
    return proof(record), f"letter/{len(record.entries) - 1}"


@bad("withdrawn-from-a-void-letter", 7, "withdraw-without-sign")
def from_a_void_letter() -> tuple[Members, str]:
    record = small().open()
    record.close()
    entry = record.withdraw(record.place.people(1)[0])
    record.publish()
    return proof(record), placed(record, entry)
