# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.errors import Newer
from fronde.form import BadForm
from fronde.record import note
from fronde.record.note import BadKey, BadNote, Key, Signer, open_note
from tests.record.logs import vectors

VECTORS = vectors("note")
EXAMPLE = VECTORS["example"]
KEY = Key.parse(EXAMPLE["vkey"])
NOTE = EXAMPLE["note"].encode()
WITNESS = VECTORS["checkpoint"]["cosignatures"][0]["vkey"]


def test_the_example_of_go_opens() -> None:
    assert open_note(NOTE, KEY) == EXAMPLE["text"]
    assert open_note(NOTE, KEY, exactly_one=True) == EXAMPLE["text"]


def test_the_example_of_go_is_signed_byte_for_byte() -> None:
    signer = Signer(EXAMPLE["name"], bytes.fromhex(EXAMPLE["seed"]))
    assert (signer.name, signer.vkey) == (EXAMPLE["name"], EXAMPLE["vkey"])
    assert signer.sign(EXAMPLE["text"]) == NOTE


@pytest.mark.parametrize("vkey", VECTORS["keys"])
def test_keys_of_running_logs_and_witnesses_are_read_and_written(vkey: str) -> None:
    assert Key.parse(vkey).vkey == vkey


@pytest.mark.parametrize("vkey", VECTORS["bad_keys"])
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(BadKey):
        Key.parse(vkey)


@pytest.mark.parametrize("vkey", VECTORS["newer_keys"])
def test_a_key_of_another_type_is_newer(vkey: str) -> None:
    with pytest.raises(Newer):
        Key.parse(vkey)


def test_a_key_of_31_bytes_with_its_right_id_is_refused() -> None:
    short = Key("a", note.key_id("a", 1, b"x" * 31), 1, b"x" * 31)
    with pytest.raises(BadKey):
        Key.parse(short.vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "a\x7fb", "a\ud800b"])
def test_a_name_with_spaces_plus_or_control_characters_is_refused(name: str) -> None:
    with pytest.raises(BadKey):
        Key.of(name, bytes(32))


@given(st.text(max_size=80) | st.text(alphabet="PeterNumanc74f20a3+ARpc2Q/=", max_size=90))
def test_whatever_is_read_as_a_key_is_written_so(text: str) -> None:
    with contextlib.suppress(BadKey, Newer):
        assert Key.parse(text).vkey == text


def test_the_fingerprint_is_the_beginning_of_the_keys_hash_in_fours() -> None:
    assert note.fingerprint(EXAMPLE["vkey"]) == VECTORS["fingerprint"]


@pytest.mark.parametrize(("why", "text"), VECTORS["refused"])
def test_a_note_is_refused_for(why: str, text: str) -> None:
    with pytest.raises(BadNote):
        open_note(text.encode(), KEY)


@pytest.mark.parametrize(("why", "text"), VECTORS["accepted"])
def test_a_note_with_more_lines_opens_unless_exactly_one_is_wanted(why: str, text: str) -> None:
    assert open_note(text.encode(), KEY) == EXAMPLE["text"]
    with pytest.raises(BadNote, match="where one belongs"):
        open_note(text.encode(), KEY, exactly_one=True)


def test_a_checkpoint_with_foreign_lines_opens_with_each_key() -> None:
    case = VECTORS["checkpoint"]
    text = open_note(case["note"].encode(), Key.parse(case["vkey"]))
    assert text.startswith(case["origin"] + "\n")


def test_a_witness_key_opens_no_note() -> None:
    with pytest.raises(BadNote, match="not signed by the key"):
        open_note(VECTORS["checkpoint"]["note"].encode(), Key.parse(WITNESS))


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(BadNote, match="UTF-8"):
        open_note(NOTE.replace(b"answer", b"ans\xffer"), KEY)


def test_a_huge_note_is_refused_unread() -> None:
    with pytest.raises(BadNote, match="more than 262144 bytes"):
        open_note(b"x" * 262_145, KEY)


@given(st.integers(0, len(NOTE) - 1), st.binary(min_size=0, max_size=3))
def test_a_note_with_any_byte_changed_does_not_open(at: int, put: bytes) -> None:
    changed = NOTE[:at] + put + NOTE[at + 1 :]
    if changed != NOTE:
        with pytest.raises(BadNote):
            open_note(changed, KEY)


@given(st.binary(max_size=300))
def test_no_bytes_give_a_traceback(data: bytes) -> None:
    with pytest.raises(BadNote):
        open_note(data, KEY)


@given(st.text(max_size=60).filter(lambda text: text.isprintable()))
def test_every_printable_text_is_signed_and_opened(text: str) -> None:
    signer = Signer("a.example/log", bytes(32))
    assert open_note(signer.sign(text + "\n"), signer.key, exactly_one=True) == text + "\n"


def test_a_text_without_a_last_line_break_is_not_signed() -> None:
    with pytest.raises(ValueError, match="line break"):
        Signer("a.example/log", bytes(32)).sign("text")


def test_the_form_of_a_key_in_a_field() -> None:
    note.vkey(EXAMPLE["vkey"], "logs.letter")
    with pytest.raises(BadForm, match=r"logs\.letter: not a string"):
        note.vkey(7, "logs.letter")
    with pytest.raises(BadForm, match=r"logs\.letter: not a key"):
        note.vkey("x", "logs.letter")
    with pytest.raises(BadForm, match="a key for cosignatures"):
        note.vkey(WITNESS, "logs.letter")
    with pytest.raises(Newer):
        note.vkey(VECTORS["newer_keys"][0], "logs.letter")
