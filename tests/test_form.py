# SPDX-License-Identifier: Apache-2.0
import datetime
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde import form
from fronde.errors import Newer, Unreadable
from fronde.form import BadForm

CARD = form.document(
    "card",
    {"name": form.text(5), "n": form.integer(0, 9)},
    optional={"more": form.fields_of({"ok": form.boolean})},
    reserved=("box",),
)
GOOD = {"v": 1, "type": "card", "name": "Ada", "n": 3}


def test_a_document_of_its_form_passes() -> None:
    CARD(GOOD, "")
    CARD({**GOOD, "more": {"ok": True}}, "")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "the top: not an object"),
        (None, "the top: not an object"),
        ({}, "v or type is missing"),
        ({**GOOD, "v": True}, "v or type is missing or of another type"),
        ({**GOOD, "v": "1"}, "v or type"),
        ({**GOOD, "type": 1}, "v or type"),
        ({"v": 1, "type": "card", "n": 3}, "the top: the field 'name' is missing"),
        ({**GOOD, "nam": 1}, "the top: unknown field 'nam'"),
        ({**GOOD, "x" * 99: 1}, "unknown field '" + "x" * 40 + "'"),
        ({**GOOD, "n": 10}, "n: 10 is not within 0 and 9"),
        ({**GOOD, "more": []}, "more: not an object"),
        ({**GOOD, "more": {}}, "more: the field 'ok' is missing"),
        ({**GOOD, "more": {"ok": True, "b": 1}}, "more: unknown field 'b'"),
        ({**GOOD, "more": {"ok": 1}}, r"more\.ok: neither true nor false"),
    ],
)
def test_what_is_not_of_the_form_is_refused_with_its_place(value: Any, why: str) -> None:
    with pytest.raises(BadForm, match=why):
        CARD(value, "")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({**GOOD, "v": 2}, "version 2"),
        ({**GOOD, "v": 0}, "version 0"),
        ({**GOOD, "type": "postcard"}, "type 'postcard' at the top, where 'card' belongs"),
        ({**GOOD, "type": "x" * 99}, "type '" + "x" * 40 + "' at"),
        ({**GOOD, "box": 1}, "the field box"),
    ],
)
def test_what_a_newer_fronde_makes_is_said_to_be_newer(value: Any, what: str) -> None:
    with pytest.raises(Newer, match=f"made by a newer fronde: {what}"):
        CARD(value, "")


def test_a_reserved_field_inside_is_named_with_its_place() -> None:
    inner = form.fields_of({}, reserved=("role",))
    with pytest.raises(Newer, match=r"the field shown\.role"):
        inner({"role": 1}, "shown")


def test_the_place_of_a_document_inside_another_is_named() -> None:
    with pytest.raises(Newer, match="at entry, where"):
        CARD({**GOOD, "type": "other"}, "entry")
    with pytest.raises(BadForm, match="entry: not an object"):
        CARD(1, "entry")


def test_anything_is_anything() -> None:
    form.anything(object(), "x")


@pytest.mark.parametrize("value", [True, False, "1", 1.0, None, []])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(BadForm, match="n: not an integer"):
        form.integer(0)(value, "n")


@given(st.integers(-20, 20))
def test_integers_keep_their_limits(n: int) -> None:
    check = form.integer(-3, 7)
    if -3 <= n <= 7:
        check(n, "n")
    else:
        with pytest.raises(BadForm):
            check(n, "n")


def test_texts_count_code_points() -> None:
    form.text(3)("😀😀😀", "t")
    with pytest.raises(BadForm, match="t: 4 characters, at most 3"):
        form.text(3)("abcd", "t")


@pytest.mark.parametrize("value", [1, None, b"x", ["x"]])
def test_what_is_no_text_is_refused(value: Any) -> None:
    for check in (form.text(9), form.data(1), form.one_of(["a"])):
        with pytest.raises(BadForm, match="t: not a string"):
            check(value, "t")
    for check in (form.time, form.date, form.slug, form.host):
        with pytest.raises(BadForm, match="t: not a"):
            check(value, "t")


def test_empty_texts_and_line_breaks_are_allowed_where_it_says_so() -> None:
    form.text(3, empty=True)("", "t")
    form.text(3, lines=True)("a\nb", "t")
    with pytest.raises(BadForm, match="t: empty"):
        form.text(3)("", "t")
    with pytest.raises(BadForm, match="t: a line break"):
        form.text(3, empty=True)("a\nb", "t")


def test_data_is_strict_base64url_of_its_length() -> None:
    form.data(3)("AAAA", "d")
    for bad in ("AAA=", "AAA", "AA/A", ""):
        with pytest.raises(BadForm, match="d: "):
            form.data(3)(bad, "d")


@pytest.mark.parametrize("value", ["a", "a-1", "-", "x" * 40])
def test_slugs(value: str) -> None:
    form.slug(value, "s")


@pytest.mark.parametrize("value", ["", "A", "a_b", "x" * 41, "a\n", "é", "\u0661"])
def test_what_is_no_slug_is_refused(value: str) -> None:
    with pytest.raises(BadForm, match="s: not a slug"):
        form.slug(value, "s")


@pytest.mark.parametrize("value", ["a", "fronde.example", "127.0.0.1:8000", "a:0", "x" * 200 + ":65535"])
def test_hosts(value: str) -> None:
    form.host(value, "h")


@pytest.mark.parametrize(
    "value", ["", ":80", "A", "a/b", "a:", "a:080", "a:100000", "x" * 201, "a\n", "é.fr"]
)
def test_what_is_no_host_is_refused(value: str) -> None:
    with pytest.raises(BadForm, match="h: not a host name"):
        form.host(value, "h")


def test_one_of_some_words() -> None:
    form.one_of({"a", "b"})("a", "w")
    with pytest.raises(BadForm, match="w: 'c' is none of a, b"):
        form.one_of({"b", "a"})("c", "w")
    with pytest.raises(Newer, match="'c' at w"):
        form.one_of({"a"}, newer=True)("c", "w")


TIMES = ["2026-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]


@pytest.mark.parametrize("value", TIMES)
def test_times(value: str) -> None:
    form.time(value, "t")
    assert form.format_time(form.parse_time(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00z",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00.0Z",
        "2026-1-01T00:00:00Z",
        " 2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
        "٢٠٢٦-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_is_refused(value: str) -> None:
    with pytest.raises(BadForm, match="t: n"):
        form.time(value, "t")


@pytest.mark.parametrize("value", ["2026-01-01", "2024-02-29", "0001-01-01", "9999-12-31"])
def test_dates(value: str) -> None:
    form.date(value, "d")


@pytest.mark.parametrize(
    "value",
    ["", "2026-1-1", "20260101", "2026-W01-1", "2026-02-29", "2026-13-01", "0000-01-01", "2026-01-01\n"],
)
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(BadForm, match="d: n"):
        form.date(value, "d")


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_written_in_utc_and_cut_to_the_second(moment: datetime.datetime) -> None:
    try:
        utc = moment.astimezone(datetime.UTC)
    except OverflowError:
        return  # in UTC it would lie before the year 1 or after 9999
    text = form.format_time(moment)
    form.time(text, "t")
    assert form.parse_time(text) == utc.replace(microsecond=0)


def test_arrays() -> None:
    check = form.array(form.integer(0), least=1, most=2)
    check([1], "a")
    check([1, 2], "a")
    for bad, why in (
        ({}, "a: not a list"),
        ("x", "a: not a list"),
        ([], "a: 0 items, from 1 to 2"),
        ([1, 2, 3], "a: 3 items"),
        ([1, "x"], r"a\[1\]: not an integer"),
    ):
        with pytest.raises(BadForm, match=why):
            check(bad, "a")


def test_another_length_of_a_fixed_array_is_newer() -> None:
    check = form.array(form.integer(0), fixed=1)
    check([1], "a")
    for other in ([], [1, 2]):
        with pytest.raises(Newer, match=f"{len(other)} of a, where this version knows 1"):
            check(other, "a")
    with pytest.raises(BadForm):
        check(1, "a")


def test_mappings() -> None:
    check = form.mapping(form.slug, form.integer(0), most=2)
    check({}, "m")
    check({"a": 1, "b": 2}, "m")
    for bad, why in (
        ([], "m: not an object"),
        ({"a": 1, "b": 2, "c": 3}, "m: 3 items, at most 2"),
        ({"A": 1}, r"m\[A\]: not a slug"),
        ({"a": "x"}, r"m\[a\]: not an integer"),
        ({"X" * 99: 1}, r"m\[" + "X" * 50 + r"\]: not a slug"),
    ):
        with pytest.raises(BadForm, match=why):
            check(bad, "m")


def test_patterns_match_the_whole_string() -> None:
    check = form.pattern(re.compile("a+"), "some a")
    check("aaa", "p")
    for bad in ("", "aab", "baa", "aa\n"):
        with pytest.raises(BadForm, match="p: not some a"):
            check(bad, "p")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "box", "more"]), inner)
    ),
    max_leaves=9,
)


@given(JSON)
def test_any_value_passes_or_is_unreadable(value: Any) -> None:
    try:
        CARD(value, "")
    except Unreadable:
        return
    assert value["v"] == 1
    assert value["type"] == "card"
