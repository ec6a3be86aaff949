# SPDX-License-Identifier: Apache-2.0
"""The short ways that a large proof takes come to where the long ones do."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde import canonical
from fronde.canonical import b64u
from fronde.errors import Unreadable
from fronde.record.entry import parse_letter
from fronde.signature import SIGN, Act
from tests.bundles.cases import fill, small

RECORD = small().open()
PEOPLE = fill(RECORD, 2)
SIGNS = RECORD.batch()
WITHDRAWAL = RECORD.withdraw(PEOPLE[0])
CHARACTERS = string.printable.encode()


@pytest.mark.parametrize("entry", SIGNS)
def test_an_honest_signature_takes_the_short_way(entry: bytes) -> None:
    assert SIGN.fullmatch(entry)


def accepted(entry: bytes) -> bool:
    try:
        return parse_letter(entry)["type"] == "sign"
    except Unreadable:
        return False


@given(st.sampled_from(SIGNS), st.integers(0, 2000), st.sampled_from(CHARACTERS))
def test_with_one_character_changed_both_ways_agree(entry: bytes, at: int, character: int) -> None:
    changed = bytearray(entry)
    changed[at % len(entry)] = character
    assert bool(SIGN.fullmatch(bytes(changed))) == accepted(bytes(changed))


@given(st.sampled_from(SIGNS), st.integers(0, 2000), st.binary(max_size=3))
def test_what_is_put_in_between_takes_the_long_way_or_none(entry: bytes, at: int, more: bytes) -> None:
    changed = entry[: at % len(entry)] + more + entry[at % len(entry) :]
    assert bool(SIGN.fullmatch(changed)) == accepted(changed)


def test_the_last_characters_of_base64_are_judged_alike() -> None:
    for field in (b"key", b"letter", b"sig", b"commitment"):
        for entry in SIGNS:
            for character in string.ascii_letters + string.digits + "-_":
                last = rb'\g<1>%b"' % character.encode()
                changed = re.sub(rb'("%b":"[^"]*)[^"]"' % field, last, entry)
                assert bool(SIGN.fullmatch(changed)) == accepted(changed)


@pytest.mark.parametrize("entry", SIGNS)
def test_what_the_short_way_takes_apart_is_the_same(entry: bytes) -> None:
    match = SIGN.fullmatch(entry)
    assert match
    assert Act.cut(match) == Act.of(canonical.decode(entry))


@pytest.mark.parametrize("entry", [*SIGNS, WITHDRAWAL])
def test_what_was_signed_is_the_entry_without_its_signature(entry: bytes) -> None:
    document = canonical.decode(entry)
    act = Act.of(document)
    kind, sig = document["type"], document.pop("sig")
    assert act.statement == f"fronde/{kind}/1\n".encode() + canonical.encode(document)
    assert (b64u(act.key), act.letter, b64u(act.sig)) == (document["key"], document["letter"], sig)
    assert act.mode == document.get("as", "")
    assert act.commitment == document.get("commitment")
    assert b64u(act.token) == document.get("tokens", [""])[0]
