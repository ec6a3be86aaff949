# SPDX-License-Identifier: Apache-2.0
import base64
import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from fronde import canonical
from fronde.canonical import NotCanonical
from fronde.errors import Unreadable
from tests.vectors import make_canonical
from tests.vectors.read import vectors

VECTORS = vectors("canonical")


def names(case: dict[str, Any]) -> str:
    return str(case.get("name", case.get("text")))


@pytest.mark.parametrize("case", VECTORS["good"], ids=names)
def test_good_bytes_are_read_and_written_again(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    value = canonical.decode(data)
    assert canonical.encode(value) == data
    if "value" in case:
        assert value == case["value"]
        assert canonical.encode(case["value"]) == data


@pytest.mark.parametrize("case", VECTORS["bad"], ids=names)
def test_bad_bytes_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(bytes.fromhex(case["hex"]))


def test_the_file_of_vectors_is_what_its_script_writes() -> None:
    assert make_canonical.text() == make_canonical.PATH.read_text()


def test_whatever_is_not_canonical_is_unreadable() -> None:
    assert issubclass(NotCanonical, Unreadable)
    assert NotCanonical.exit == 2


VALUES = st.recursive(
    st.booleans()
    | st.integers(-canonical.LIMIT, canonical.LIMIT)
    | st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=9), inner, max_size=4
        )
    ),
    max_leaves=20,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785(value: Any) -> None:
    if depth(value) > canonical.DEPTH:
        with pytest.raises(NotCanonical, match="levels"):
            canonical.encode(value)
        return
    data = canonical.encode(value)
    assert data == rfc8785.dumps(value)
    assert canonical.decode(data) == value
    assert canonical.digest(value) == hashlib.sha256(data).digest()


@given(st.binary(max_size=60))
def test_any_bytes_are_read_back_the_same_or_refused(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except NotCanonical:
        return
    assert canonical.encode(value) == data


@given(VALUES, st.data())
def test_a_changed_byte_never_means_the_same(value: Any, data: st.DataObject) -> None:
    good = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    position = data.draw(st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        other = canonical.decode(bytes(changed))
    except NotCanonical:
        return
    assert (type(other), other) != (type(value), value)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "NoneType"),
        (1.0, "float"),
        (b"", "bytes"),
        ((), "tuple"),
        ({"a": {"b": None}}, "NoneType"),
        ({1: 1}, "ASCII"),
        ({"é": 1}, "ASCII"),
        ({"a\t": 1}, "ASCII"),
        ("\ud800", "surrogate"),
        ("\r", "control"),
        (2**53, "2\\^53"),
        (-(2**53), "2\\^53"),
    ],
)
def test_what_the_profile_does_not_hold_is_not_written(value: Any, why: str) -> None:
    with pytest.raises(NotCanonical, match=why):
        canonical.encode(value)


@pytest.mark.parametrize("case", VECTORS["base64url"], ids=names)
def test_base64url_is_strict(case: dict[str, Any]) -> None:
    if case["hex"] is None:
        with pytest.raises(NotCanonical, match="base64url"):
            canonical.unb64u(case["text"])
    else:
        data = bytes.fromhex(case["hex"])
        assert canonical.unb64u(case["text"], len(data)) == data
        assert canonical.b64u(data) == case["text"]


@given(st.text("AEQgwBaz09-_+/= \n\xe9", max_size=9))
def test_base64url_is_what_decoding_and_encoding_again_leaves_the_same(text: str) -> None:
    try:
        loose = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        strict = canonical.b64u(loose) == text
    except ValueError:
        strict = False
    try:
        assert canonical.unb64u(text) == loose
    except NotCanonical:
        assert not strict
    else:
        assert strict


@given(st.binary(max_size=99))
def test_base64url_comes_back(data: bytes) -> None:
    assert canonical.unb64u(canonical.b64u(data)) == data


def test_bytes_of_another_length_are_refused() -> None:
    with pytest.raises(NotCanonical, match="3 bytes where 32 belong"):
        canonical.unb64u("AAAA", 32)


@pytest.mark.parametrize("item", ["[],", "{},", '"ab",', "257,", '[{"a":"b"}],'])
def test_a_large_document_of_tiny_values_is_refused_before_it_fills_the_memory(monkeypatch, item):
    monkeypatch.setattr(canonical, "_DECODER", None)
    data = b"[" + item.encode() * (canonical.LARGE // len(item) + 1) + b"1]"
    with pytest.raises(NotCanonical, match="more values"):
        canonical.decode(data)


def test_a_large_document_of_long_strings_is_read_whatever_stands_in_them():
    value = ['[{,"\\' * 20 for _ in range(canonical.LARGE // 100)]
    assert canonical.decode(canonical.encode(value)) == value


@pytest.mark.parametrize("end", ["", "\\", '\\"'])
def test_a_large_string_that_never_ends_is_refused_in_one_pass(end):
    with pytest.raises(NotCanonical):
        canonical.decode(b'["' + b'\\",[{' * canonical.LARGE + end.encode())
