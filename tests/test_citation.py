# SPDX-License-Identifier: Apache-2.0
import contextlib
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde import canonical
from fronde.canonical import NotCanonical
from fronde.citation import (
    ALONE,
    MEASURES,
    MOST_BYTES,
    MOST_ROWS,
    ONCE,
    BadCitation,
    Citation,
    amount,
    recompute,
    words,
)
from fronde.errors import FrondeError, Newer
from fronde.form import BadForm
from tests.citations import NEAREST, RECORD, changed

BOTH = [NEAREST, RECORD]


@pytest.mark.parametrize("document", BOTH)
def test_a_citation_is_its_canonical_bytes(document: dict[str, Any]) -> None:
    made = Citation.make(document)
    assert made.data == canonical.encode(document)
    assert made.digest == hashlib.sha256(made.data).digest()
    assert Citation.parse(made.data).document == document


def test_the_real_award_gives_its_figure_and_says_that_it_is_the_nearest() -> None:
    made = Citation.make(NEAREST)
    assert made.figure["cents"] == 1_970_503_730
    assert made.reported == NEAREST["reported"]
    assert words(made.document) == (
        "19,705,037.30 USD obligated, 2 rows, nearest record to a reported 19,400,000.00 USD"
    )


def test_a_record_says_its_figure_alone() -> None:
    made = Citation.make(RECORD)
    assert made.reported is None
    assert words(made.document) == "-12.50 EUR award value, 1 row"


@pytest.mark.parametrize(("cents", "said"), [(0, "0.00"), (-5, "-0.05"), (100_000_09, "100,000.09")])
def test_cents_are_written_as_people_write_them(cents: int, said: str) -> None:
    assert amount(cents) == said


def test_texts_are_composed_when_a_citation_is_made() -> None:
    made = Citation.make(changed(RECORD, files__0__publisher="Cafe\u0301"))
    assert made.document["files"][0]["publisher"] == "Café"


# -- form ----------------------------------------------------------------------------------------------------

SECOND = NEAREST["files"][0] | {"sha256": canonical.b64u(bytes(32)), "name": "other.csv"}


@pytest.mark.parametrize(
    "changes",
    [
        {"question": ""},
        {"question": "x" * 501},
        {"question": "two\nlines"},
        {"question": None},
        {"more": 1},
        {"filters__award": ""},
        {"filters__measure": None},
        {"filters__supplier": "x"},
        {"filters__from": "2018-02-30"},
        {"figure__rows": 0},
        {"figure__currency": "usd"},
        {"figure__cents": "1"},
        {"figure__cents": True},
        {"reported__says": ""},
        {"files": []},
        {"files__0__sha256": "AAAA"},
        {"files__0__url": ""},
        {"files__0__url": "javascript:alert(1)"},
        {"files__0__url": 'https://example.org/"'},
        {"files__0__retrieved": "2018"},
        {"files": [NEAREST["files"][0]] * 101},
        {"rows": []},
        {"rows__0__row": 0},
        {"rows__0__file": -1},
        {"rows__0__date": ""},
        {"rows__0__quote": "x" * 2001},
        {"rows__0__mod": None},
        {"rows__0__url": "ftp://example.org"},
        {"rows": [NEAREST["rows"][0]] * (MOST_ROWS + 1)},
    ],
)
def test_a_wrong_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadForm):
        Citation.parse(canonical.encode(changed(NEAREST, **changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "far"},
        {"figure__measure": "promised"},
        {"filters__measure": "promised"},
        {"v": 2},
        {"type": "letter"},
    ],
)
def test_what_a_later_version_may_say_is_never_skipped(changes: dict[str, Any]) -> None:
    with pytest.raises(Newer):
        Citation.parse(canonical.encode(changed(NEAREST, **changes)))


def test_other_bytes_of_the_same_document_are_refused() -> None:
    with pytest.raises(NotCanonical):
        Citation.parse(canonical.encode(NEAREST) + b"\n")


def test_a_quote_may_have_lines() -> None:
    assert Citation.make(changed(NEAREST, rows__0__quote="one\ntwo"))


def test_a_citation_beyond_a_mebibyte_is_refused() -> None:
    rows = [NEAREST["rows"][0] | {"row": n, "quote": "x" * 1000} for n in range(1, 1500)]
    with pytest.raises(BadForm, match="at most 1,048,576"):
        Citation.parse(canonical.encode(changed(NEAREST, rows=rows)))
    assert MOST_BYTES == 1_048_576


# -- rules ---------------------------------------------------------------------------------------------------

ROW, LATER = NEAREST["rows"]
TWO = [SECOND, NEAREST["files"][0]]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"reported": None}, "citation-nearest-to-nothing"),
        ({"state": "record"}, "citation-reported"),
        ({"filters__measure": "subaward"}, "citation-measure"),
        ({"filters__currency": "EUR"}, "citation-currency"),
        ({"rows__0__file": 1}, "citation-no-such-file"),
        ({"rows": [ROW, ROW]}, "citation-row-twice"),
        ({"rows": [LATER, ROW]}, "citation-order"),
        ({"files": TWO, "rows": [ROW | {"file": 1}, LATER]}, "citation-order"),
        ({"files": TWO}, "citation-file-unused"),
        ({"files": NEAREST["files"] * 2, "rows": [ROW, LATER | {"file": 1}]}, "citation-file-twice"),
        ({"rows__1__award": "HSCETE17J00342"}, "citation-filter"),
        ({"rows__0__buyer": "ICE"}, "citation-filter"),
        ({"filters__vendor": "Dell"}, "citation-filter"),
        ({"filters__from": "2017-06-23"}, "citation-filter"),
        ({"filters__to": "2018-06-14"}, "citation-filter"),
        ({"figure__rows": 3}, "citation-rows"),
        ({"figure__cents": 1_970_503_731}, "citation-sum"),
        ({"rows__0__cents": -1}, "citation-sum"),
        ({"figure__from": "2017-06-21"}, "citation-dates"),
        ({"figure__to": "2018-06-16"}, "citation-dates"),
        ({"reported__cents": 1_970_503_730}, "citation-not-nearest"),
        ({"reported__cents": 946_420_284}, "citation-not-nearest"),
    ],
)
def test_each_rule_has_a_name(changes: dict[str, Any], name: str) -> None:
    made = Citation.parse(canonical.encode(changed(NEAREST, **changes)))
    with pytest.raises(BadCitation) as refused:
        recompute(made.document)
    assert refused.value.name == name
    assert refused.value.hint


@pytest.mark.parametrize("measure", ALONE)
def test_what_stands_at_one_moment_is_never_added(measure: str) -> None:
    changes = {"filters__measure": measure, "figure__measure": measure}
    with pytest.raises(BadCitation, match="never added"):
        Citation.make(changed(NEAREST, **changes))
    assert Citation.make(changed(RECORD, **changes))


@pytest.mark.parametrize("measure", ONCE)
def test_the_total_of_an_award_is_added_once(measure: str) -> None:
    changes: dict[str, Any] = {"filters__measure": measure, "figure__measure": measure}
    with pytest.raises(BadCitation, match="added twice"):
        Citation.make(changed(NEAREST, **changes))
    assert Citation.make(changed(NEAREST, filters__award=None, rows__1__award="other", **changes))


def test_a_figure_in_another_currency_is_not_compared() -> None:
    assert Citation.make(changed(NEAREST, reported__cents=1_970_503_730, reported__currency="EUR"))


def test_rows_of_two_files_are_put_together() -> None:
    assert Citation.make(changed(NEAREST, files=TWO, rows=[ROW, LATER | {"file": 1, "row": 1}]))


def test_the_words_and_the_vehicle_are_not_judged() -> None:
    assert Citation.make(changed(NEAREST, filters__words="never said", filters__vehicle="another"))


def test_sums_are_exact_beyond_the_integers_of_json() -> None:
    most = 2**53 - 1
    rows = [ROW | {"cents": most}, LATER | {"cents": most}]
    with pytest.raises(BadCitation, match=r"its rows sum to 180,143,985,094,819\.82"):
        Citation.make(changed(NEAREST, rows=rows, figure__cents=most))
    rows.append(LATER | {"row": 9000, "cents": -most})
    assert Citation.make(changed(NEAREST, rows=rows, figure__cents=most, figure__rows=3, reported__cents=1))


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20),
    st.integers(-5, 5),
    st.sampled_from([measure for measure in MEASURES if measure not in (*ALONE, *ONCE)]),
)
def test_a_figure_is_accepted_if_and_only_if_it_is_the_sum(cents: list[int], off: int, measure: str) -> None:
    rows = [ROW | {"row": n, "cents": each} for n, each in enumerate(cents, 1)]
    figure = {"cents": sum(cents) + off, "measure": measure, "currency": "USD"}
    figure |= {"from": ROW["date"], "to": ROW["date"], "rows": len(rows)}
    document = changed(NEAREST, state="record", reported=None, rows=rows, figure=figure)
    document["filters"]["measure"] = measure
    if off:
        with pytest.raises(BadCitation, match="its rows sum to"):
            Citation.make(document)
    else:
        assert Citation.make(document).figure["cents"] == sum(cents)


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_raise(data: bytes) -> None:
    with pytest.raises(FrondeError):
        Citation.parse(data)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_is_another_citation_or_none(at: int, byte: int) -> None:
    made = Citation.make(NEAREST)
    other = bytearray(made.data)
    other[at % len(other)] = byte
    if bytes(other) == made.data:
        return
    with contextlib.suppress(FrondeError):
        assert Citation.parse(bytes(other)).digest != made.digest
