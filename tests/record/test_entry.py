# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import copy
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde import canonical
from fronde.canonical import NotCanonical, b64u
from fronde.errors import Newer, Unreadable
from fronde.form import BadForm
from fronde.record import entry
from tests.record.logs import SIGNER

D = bytes(range(32))
ISSUED = [{"workplace": "mill", "issuer": "fronde.example", "n": 20}]

INSTANCE = [
    entry.slot_new("mill", "fronde.example", "2026H2", 1, bytes(342)),
    entry.slot_bind("mill", 1, D),
    entry.slot_end("mill", 1, "closed"),
    entry.head(3, D),
    entry.release("0.1.0", D),
]
SIGN: dict[str, Any] = {
    "v": 1,
    "type": "sign",
    "letter": b64u(D),
    "key": b64u(D),
    "tokens": [b64u(bytes(354))],
    "as": "named",
    "commitment": b64u(D),
    "sig": b64u(bytes(64)),
}
LETTER = [
    entry.letter_open(
        D,
        bind=1,
        nonce=D,
        receipt_key=SIGNER.vkey,
        workplace="mill",
        issuer="fronde.example",
        issued=20,
    ),
    canonical.encode(SIGN),
    canonical.encode({"v": 1, "type": "withdraw", "letter": b64u(D), "key": b64u(D), "sig": b64u(bytes(64))}),
    entry.letter_close(
        signatures=7, withdrawn=1, void=False, workplace="mill", issuer="fronde.example", issued=20
    ),
]
READERS = [
    *((entry.parse_instance, each) for each in INSTANCE),
    *((entry.parse_letter, each) for each in LETTER),
]


def changed(**fields: Any) -> bytes:
    return canonical.encode({name: value for name, value in (SIGN | fields).items() if value is not None})


@pytest.mark.parametrize(("read", "data"), READERS)
def test_what_is_built_is_read(read: Any, data: bytes) -> None:
    assert canonical.encode(read(data)) == data


def test_the_bytes_of_built_entries() -> None:
    assert entry.slot_end("mill", 1, "burned") == (
        b'{"number":1,"type":"slot.end","v":1,"why":"burned","workplace":"mill"}'
    )
    assert entry.head(3, D) == b'{"bind":3,"hash":"' + b64u(D).encode() + b'","type":"head","v":1}'
    assert canonical.decode(LETTER[0]) == {
        "v": 1,
        "type": "letter.open",
        "letter": b64u(D),
        "slots": [{"bind": 1, "nonce": b64u(D)}],
        "receipt_key": SIGNER.vkey,
        "issued": ISSUED,
    }
    assert canonical.decode(LETTER[3]) == {
        "v": 1,
        "type": "letter.close",
        "signatures": 7,
        "withdrawn": 1,
        "void": False,
        "issued": ISSUED,
    }


@pytest.mark.parametrize(
    "data",
    [
        changed(v=2),
        changed(type="amend"),
        changed(type="slot.new"),
        changed(**{"as": "role"}),
        changed(**{"as": "sealed"}),
        changed(box=b64u(D)),
        changed(tokens=[]),
        changed(tokens=[b64u(bytes(354))] * 2),
        LETTER[0].replace(b'"slots":[', b'"slots":[' + b'{"bind":1,"nonce":"' + b64u(D).encode() + b'"},'),
        LETTER[3].replace(canonical.encode(ISSUED), b"[]"),
        INSTANCE[1],
    ],
)
def test_what_a_later_version_may_have_written_is_newer(data: bytes) -> None:
    with pytest.raises(Newer):
        entry.parse_letter(data)


def test_an_entry_of_a_letter_in_the_instance_log_is_newer() -> None:
    with pytest.raises(Newer, match="'sign'"):
        entry.parse_instance(LETTER[1])


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"1",
        b'"sign"',
        b"{}",
        b'{"type":"sign"}',
        changed(v=True),
        changed(v="1"),
        changed(type=7),
        changed(letter=None),
        changed(note="hello"),
        changed(key=b64u(bytes(31))),
        changed(key=7),
        changed(tokens=b64u(bytes(354))),
        changed(tokens=[b64u(bytes(353))]),
        changed(sig=b64u(bytes(64)) + "="),
        changed(**{"as": 1}),
        LETTER[0].replace(SIGNER.vkey.encode(), b"key"),
        LETTER[3].replace(b"false", b"0"),
        LETTER[3].replace(b'"n":20', b'"n":-1'),
    ],
)
def test_an_entry_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(BadForm):
        entry.parse_letter(data)


@pytest.mark.parametrize(
    ("data", "put", "instead"),
    [
        (INSTANCE[0], b'"mill"', b'"Mill"'),
        (INSTANCE[0], b'"2026H2"', b'"2026H3"'),
        (INSTANCE[0], b'"number":1', b'"number":0'),
        (INSTANCE[0], b64u(bytes(342)).encode(), b64u(bytes(341)).encode()),
        (INSTANCE[0], b"fronde.example", b"Fronde.example"),
        (INSTANCE[2], b"closed", b"tired"),
        (INSTANCE[3], b'"bind":3', b'"bind":-3'),
        (INSTANCE[4], b"0.1.0", b"0" * 41),
    ],
)
def test_an_entry_of_the_instance_of_another_form_is_refused(data: bytes, put: bytes, instead: bytes) -> None:
    assert put in data
    with pytest.raises(BadForm):
        entry.parse_instance(data.replace(put, instead))


@pytest.mark.parametrize(
    "data",
    [
        LETTER[1].replace(b"{", b"{ ", 1),
        LETTER[1] + b"\n",
        LETTER[1].replace(b'"v":1', b'"v":1,"v":1'),
        LETTER[1].replace(b'"v":1', b'"v":1.0'),
        LETTER[1].replace(b"named", b"nam\\u0065d"),
        b"",
        b"null",
        b"[" * 100_000,
    ],
)
def test_an_entry_that_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises((NotCanonical, entry.BadEntry)):
        entry.parse_letter(data)


def test_an_entry_that_is_too_long_or_not_ascii_is_refused() -> None:
    with pytest.raises(entry.BadEntry, match="65536 bytes"):
        entry.parse_letter(b" " * 65_536)
    with pytest.raises(entry.BadEntry, match="ASCII"):
        entry.parse_letter(LETTER[1].replace(b"named", "nommé".encode()))


ODD = st.one_of(
    st.integers(-(2**53), 2**53),
    st.booleans(),
    st.text(max_size=5),
    st.none(),
    st.floats(),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=2),
)


@given(st.sampled_from(READERS), st.data())
def test_a_field_of_any_other_value_never_gives_a_traceback(reader: Any, data: st.DataObject) -> None:
    read, original = reader
    value = copy.deepcopy(canonical.decode(original))
    name = data.draw(st.sampled_from([*value, "more"]))
    value[name] = data.draw(ODD)
    with contextlib.suppress(Unreadable):
        read(canonical._dump(value))


@given(st.sampled_from(READERS), st.data())
def test_a_byte_of_any_other_value_never_gives_a_traceback(reader: Any, data: st.DataObject) -> None:
    read, original = reader
    at = data.draw(st.integers(0, len(original) - 1))
    mutant = original[:at] + data.draw(st.binary(max_size=2)) + original[at + 1 :]
    with contextlib.suppress(Unreadable):
        assert canonical.encode(read(mutant)) == mutant


@given(st.binary(max_size=100))
def test_no_bytes_give_a_traceback(data: bytes) -> None:
    for read in (entry.parse_instance, entry.parse_letter, entry.parse_heads):
        with pytest.raises(Unreadable):
            read(data)


@pytest.mark.parametrize(
    "build",
    [
        lambda: entry.slot_new("Mill", "fronde.example", "2026H2", 1, bytes(342)),
        lambda: entry.slot_new("mill", "fronde.example", "2026H2", 0, bytes(342)),
        lambda: entry.slot_bind("mill", 1, b"short"),
        lambda: entry.slot_end("mill", 1, "tired"),
        lambda: entry.head(-1, D),
    ],
)
def test_what_readers_would_refuse_is_not_built(build: Any) -> None:
    with pytest.raises(BadForm):
        build()


def test_what_a_bind_hides() -> None:
    nonce = bytes(32)
    hidden = b'{"digest":"' + b64u(D).encode() + b'","kind":"letter"}'
    assert entry.bind_hash(nonce, D) == sha256(nonce + hidden).digest()
    assert entry.bind_hash(nonce, D, "verdict") != entry.bind_hash(nonce, D)


def test_what_a_head_hides() -> None:
    nonce, body = (
        bytes(32),
        "fronde.example/letters/a/record\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    )
    assert entry.head_hash(nonce, body) == sha256(nonce + body.encode()).digest()


def test_nothing_hides_behind_a_short_nonce() -> None:
    with pytest.raises(BadForm):
        entry.head_hash(bytes(31), "body")


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 2**53 - 1)), max_size=5))
def test_heads_are_written_and_read(heads: list[tuple[bytes, int]]) -> None:
    assert entry.parse_heads(entry.heads_file(heads)) == heads


def test_heads_of_another_form_are_refused() -> None:
    with pytest.raises(Newer):
        entry.parse_heads(b'{"heads":[],"type":"heads","v":2}')
    with pytest.raises(BadForm):
        entry.parse_heads(b'{"heads":[{"size":1}],"type":"heads","v":1}')
