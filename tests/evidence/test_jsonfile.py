# SPDX-License-Identifier: Apache-2.0
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence import jsonfile
from fronde.evidence.contract import Problem
from fronde.evidence.entries import BadEntry
from tests.evidence.sources.fuzz import Named, never_breaks

PLACES = frozenset({("list", "*"), ("*",)})


def entries(data: bytes) -> list[tuple[tuple[str, ...], object]]:
    return list(jsonfile.entries(Named(data), PLACES))


def why(data: bytes) -> str:
    with pytest.raises(BadEntry) as caught:
        entries(data)
    assert "records.dat" in caught.value.message
    assert caught.value.hint
    return caught.value.message


def test_values_of_a_list_are_handed_out_one_by_one_and_the_rest_at_the_end():
    assert entries(b'{"v": 1, "list": [{"a": 1.50}, {"b": [1, {"c": null}]}], "z": true}') == [
        (("list", "*"), {"a": Decimal("1.50")}),
        (("list", "*"), {"b": [1, {"c": None}]}),
        ((), {"v": 1, "list": [], "z": True}),
    ]


def test_one_document_a_line_is_one_entry_a_line():
    assert entries(b'{"a": 1}\n{"a": 2}\n') == [((), {"a": 1}), ((), {"a": 2})]


def test_a_number_keeps_its_digits():
    [(_, value)] = entries(b'{"a": 0.10, "b": 19705037.30, "c": 1e3, "d": -0.0, "e": 12345678901234567890}')
    assert [jsonfile.text(each) for each in value.values()] == [
        "0.10",
        "19705037.30",
        "1000",
        "-0.0",
        "12345678901234567890",
    ]


def test_text_of_what_is_neither_text_nor_number_is_empty():
    assert [jsonfile.text(each) for each in (None, True, [], {}, "a", 7)] == ["", "", "", "", "a", "7"]


def test_white_space_around_a_key_does_not_count():
    assert entries(b'{"nom ": {" x": 1}}') == [((), {"nom": {"x": 1}})]
    assert "the key 'nom'" in why(b'{"nom ": 1, "nom": 2}')


def test_what_stands_in_no_object_is_nothing():
    assert jsonfile.at({"a": {"b": 1}}, "a", "b") == 1
    assert jsonfile.at({"a": ["b"]}, "a", "b") is None
    assert jsonfile.at(None, "a") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"  ", "not JSON"),
        (b'{"a": 1', "entry 1, before byte 7: it is not JSON"),
        (b'{"list": [{"a": 1}, {"a": 2}, {"a": x}]}', "entry 3"),
        (b'{"a": 1}\n{"a": 2}\n{"a": }', "entry 3"),
        (b'{"a": "\xe9"}', "not JSON"),
        (b'\xff\xfe{\x00"\x00', "not JSON"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands in one object twice"),
        (b'{"list": [{"a": {"b": 1, "b": 1}}]}', "the key 'b'"),
        (b'{"list": [1], "list": [2]}', "the key 'list'"),
        (b"[" * 100, "nested more than 64"),
        (b'{"a": ' * 100, "nested more than 64"),
        (b'{"a": ' + b"9" * 5000 + b"}", "more than 400 digits"),
        (b'{"a": 0.' + b"9" * 500 + b"}", "more than 400 digits"),
        (b'{"a": 1e999999999}', "beyond 10^60"),
        (b'{"a": 1e-999999999}', "beyond 10^60"),
        (b'{"a": "' + b"x" * (1 << 21) + b'"}', "a text of more than"),
        (b'{"a": "' + b"x" * (1 << 23) + b'"}', "a text of more than"),
        (b'{"a": "' + b'\\"' * (1 << 22) + b'"}', "a text of more than"),
        (b'{"ab": "' + b'\\"' * (1 << 22) + b'"}', "a text of more than"),
        (b'{"a": "' + b"\\\\" * (1 << 22) + b'"}', "a text of more than"),
    ],
)
def test_a_file_that_hurts_is_refused_with_its_place(data, said):
    assert said in why(data)


def test_an_endless_text_is_refused_before_it_is_in_memory():
    class Endless:
        name = "records.dat"
        given = 0

        def read(self, size: int) -> bytes:
            self.given += size
            return b'{"a": "' if self.given == size else b"x" * size

    endless = Endless()
    with pytest.raises(BadEntry, match="a text of more than"):
        list(jsonfile.entries(endless, PLACES))
    assert endless.given < 8 << 20


def test_one_entry_with_too_many_values_is_refused(monkeypatch):
    monkeypatch.setattr(jsonfile, "NODES", 100)
    assert "more than 100 values" in why(b'{"list": [[' + b"1," * 200 + b"1]]}")
    assert len(entries(b'{"list": [' + b"[1]," * 200 + b"[1]]}")) == 202


def test_one_entry_with_too_many_texts_is_refused(monkeypatch):
    monkeypatch.setattr(jsonfile, "CHARS", 100)
    assert "too many texts" in why(json.dumps({"list": [["x" * 60, "y" * 60]]}).encode())
    assert len(entries(json.dumps({"list": ["x" * 60, "y" * 60]}).encode())) == 3


keys = st.text(max_size=5).map(str.strip)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=10),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(keys, inside, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_json_reads_is_read_alike(value):
    data = json.dumps(value).encode()
    assert list(jsonfile.entries(Named(data), frozenset())) == [((), json.loads(data))]


@given(st.binary(max_size=300) | st.text(alphabet='{}[]",:0123456789.e-\\ua \n', max_size=60).map(str.encode))
def test_any_bytes_are_values_or_an_error(data):
    never_breaks(lambda file: ((1, Problem("", "x", "")) for _ in jsonfile.entries(file, PLACES)), data)
