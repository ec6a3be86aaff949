# SPDX-License-Identifier: Apache-2.0
import io

import pytest

from fronde.evidence import entries
from fronde.evidence.entries import BadEntry, Spool, day, lines
from tests.evidence.sources.fuzz import Named


def test_the_day_of_a_moment_is_the_day_that_the_file_states():
    assert day("2024-12-22T23:59:59+01:00") == "2024-12-22"
    assert day("2012-10-01 00:00:00") == "2012-10-01"
    assert day(" 2021-12-11+01:00") == "2021-12-11"
    assert day("2021-12-11") == "2021-12-11"


@pytest.mark.parametrize("other", ["", "11/12/2021", "2021-12", "2021-12-111", "yesterday"])
def test_what_is_no_iso_day_stays_as_it_is(other):
    assert day(other) == other


def test_lines_are_text_without_the_mark_of_utf_8():
    assert list(lines(Named("\ufeffé\nb".encode()))) == ["é\n", "b"]


def test_an_endless_line_is_refused_with_its_number():
    with pytest.raises(BadEntry, match=r"records\.dat, line 2: it is longer"):
        list(lines(Named(b"a\n" + b"x" * (2 << 20))))


def test_a_line_in_another_encoding_is_refused_with_its_number():
    with pytest.raises(BadEntry, match="line 2: it is not UTF-8") as caught:
        list(lines(Named("a\nMünchen".encode("latin-1"))))
    assert "UTF-8" in caught.value.hint


def test_a_spool_gives_entries_back_by_key_in_the_order_of_the_file():
    with Spool(Named(b"")) as spool:
        for number, key in enumerate(["b", "a", "b", "c"], 1):
            spool.add(key, number, {"n": number})
        assert list(spool) == ["b", "a", "c"]
        assert spool.of("b") == [(1, {"n": 1}), (3, {"n": 3})]
        assert spool.of("z") == []


def test_a_key_may_be_asked_for_while_the_keys_are_walked():
    with Spool(Named(b"")) as spool:
        for number in range(1000):
            spool.add(str(number % 500), number, None)
        assert [len(spool.of(key)) for key in spool] == [2] * 500


def test_a_key_of_too_many_entries_is_refused(monkeypatch):
    monkeypatch.setattr(entries, "GROUP", 3)
    with Spool(Named(b"")) as spool:
        for number in range(1, 5):
            spool.add("a", number, None)
        with pytest.raises(BadEntry, match="more than 3 entries have the key 'a'"):
            spool.of("a")


def test_a_file_without_a_name_is_the_file():
    assert entries.called(io.BytesIO()) == "the file"
    assert entries.called(Named(b"", "/somewhere/else/x.json")) == "x.json"


def test_an_error_can_be_told_of_the_name_that_people_know():
    error = BadEntry(Named(b""), "entry 7", "it is nested")
    assert (error.message, str(error)) == ("records.dat, entry 7: it is nested",) * 2
    assert error.of("x.zip/a.json").message == str(error) == "x.zip/a.json, entry 7: it is nested"
    assert BadEntry(Named(b""), "", "it is empty").message == "records.dat: it is empty"
