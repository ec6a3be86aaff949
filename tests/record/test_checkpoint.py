# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.record import checkpoint
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import BadNote, Key, Signer
from tests.record.logs import ORIGIN, SIGNER, vectors

CASE = vectors("note")["checkpoint"]
ROOT = bytes(range(32))
SIGNED = Checkpoint(ORIGIN, 20_852_163, ROOT)


def test_a_checkpoint_of_a_running_log_is_read() -> None:
    found = checkpoint.read(CASE["note"].encode(), Key.parse(CASE["vkey"]))
    assert found == Checkpoint(CASE["origin"], CASE["size"], bytes.fromhex(CASE["root"]))


def test_a_checkpoint_is_three_lines() -> None:
    assert SIGNED.body == f"{ORIGIN}\n20852163\n{base64.b64encode(ROOT).decode()}\n"
    assert Checkpoint.parse(SIGNED.body) == SIGNED


def test_a_signed_checkpoint_is_read_back() -> None:
    assert checkpoint.read(SIGNED.sign(SIGNER), SIGNER.key, exactly_one=True) == SIGNED


def test_a_log_signs_only_under_its_own_name() -> None:
    with pytest.raises(ValueError, match="origin"):
        SIGNED.sign(Signer("other.example/log", bytes(32)))


def test_a_note_of_the_key_about_another_log_is_refused() -> None:
    foreign = SIGNER.sign(Checkpoint("other.example/log", 1, ROOT).body)
    with pytest.raises(BadNote, match=r"other\.example/log"):
        checkpoint.read(foreign, SIGNER.key)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    with pytest.raises(BadNote, match="not signed by the key"):
        checkpoint.read(SIGNED.sign(SIGNER), Signer(ORIGIN, bytes(32)).key)


def test_a_checkpoint_with_two_lines_is_refused_where_one_belongs() -> None:
    line = SIGNED.sign(SIGNER).decode().rpartition("\n\n")[2]
    twice = SIGNED.sign(SIGNER) + line.encode()
    assert checkpoint.read(twice, SIGNER.key) == SIGNED
    with pytest.raises(BadNote, match="2 signature lines"):
        checkpoint.read(twice, SIGNER.key, exactly_one=True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"{ORIGIN}\n1\n",
        SIGNED.body + "extension\n",
        SIGNED.body + "\n",
        SIGNED.body[:-1],
        SIGNED.body.replace("20852163", "020852163"),
        SIGNED.body.replace("20852163", "+1"),
        SIGNED.body.replace("20852163", "-1"),
        SIGNED.body.replace("20852163", "0x1"),
        SIGNED.body.replace("20852163", "1 "),
        SIGNED.body.replace("20852163", "\u0661"),
        SIGNED.body.replace("20852163", "9007199254740992"),
        SIGNED.body.replace(ORIGIN, ""),
        SIGNED.body.replace("8=\n", "9=\n"),
        SIGNED.body.replace("8=\n", "8\n"),
        SIGNED.body.replace("AAEC", "AA=C"),
    ],
)
def test_any_other_spelling_of_the_lines_is_refused(body: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.parse(body)


def test_the_largest_size_is_read() -> None:
    assert Checkpoint.parse(Checkpoint(ORIGIN, 2**53 - 1, ROOT).body).size == 2**53 - 1


@given(st.text(max_size=90))
def test_whatever_is_read_as_a_checkpoint_is_written_so(text: str) -> None:
    with contextlib.suppress(BadNote):
        assert Checkpoint.parse(text).body == text


@given(st.integers(0, len(SIGNED.body) - 1), st.characters(codec="utf-8"))
def test_a_line_with_a_character_changed_is_refused_or_another_checkpoint(at: int, put: str) -> None:
    changed = SIGNED.body[:at] + put + SIGNED.body[at + 1 :]
    with contextlib.suppress(BadNote):
        found = Checkpoint.parse(changed)
        assert found.body == changed
        assert (found == SIGNED) == (changed == SIGNED.body)
