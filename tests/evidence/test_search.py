# SPDX-License-Identifier: Apache-2.0
"""Search over a few records by hand: which figures have all the words, and what is summed."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fronde.errors import Usage
from fronde.evidence import quotes
from fronde.evidence.search import AMOUNT, Filters, Found, search
from fronde.evidence.whom import find
from tests.evidence.hand import tables

DB = tables()


def found(query: str, **narrowed: object) -> list[tuple[str, int, str]]:
    answer = search(DB, query, Filters(**narrowed))  # type: ignore[arg-type]
    return sorted((hit.award, hit.cents, hit.measure) for hit in answer.hits)


def test_all_words_must_occur_in_any_order() -> None:
    assert {award for award, _, _ in found("azure government")} == {"A1", "A7"}
    assert found("azure elephants") == []


def test_quoted_words_stand_one_after_the_other() -> None:
    assert {award for award, _, _ in found('"azure government"')} == {"A1"}
    assert {award for award, _, _ in found('"not azure" furniture')} == {"A7"}
    assert found('"government azure"') == []


def test_words_may_stand_partly_in_the_vendors_name() -> None:
    assert {award for award, _, _ in found("dell azure")} == {"A1", "A7"}
    assert {award for award, _, _ in found('"dell federal" cloud')} == {"A1"}
    assert {award for award, _, _ in found("dell")} == {"A1", "A2", "A7"}


def test_the_number_of_an_award_or_of_its_vehicle_is_found() -> None:
    assert {award for award, _, _ in found("a1")} == {"A1"}
    assert {award for award, _, _ in found("V1")} == {"A1", "A2"}
    assert {award for award, _, _ in found("V1 azure")} == {"A1"}
    assert {award for award, _, _ in found("FW/1")} == {"FW/1"}


def test_the_name_of_the_buyer_is_not_searched() -> None:
    assert found("enforcement") == []


def test_accents_and_capitals_do_not_count() -> None:
    assert {award for award, _, _ in found("HÉBERGEMENT")} == {"FW/1"}
    assert {award for award, _, _ in found("hebergement")} == {"FW/1"}


def test_each_figure_of_a_record_is_a_hit_with_its_own_measure_and_sum() -> None:
    answer = search(DB, "azure government cloud")
    assert found("azure government cloud") == [
        ("A1", 250, "obligated"),
        ("A1", 100000, "obligated"),
        ("A1", 100250, "obligated in all"),
    ]
    assert [(total.measure, total.cents, total.rows) for total in answer.sums] == [
        ("obligated", 100250, 2),
        ("obligated in all", 100250, 1),
    ]


def test_subawards_and_frameworks_are_found_but_a_framework_is_not_summed() -> None:
    assert ("P-1", 1234, "subaward") in found("subaward azure")
    assert found("framework") == [("FW/1", 99, "award value"), ("FW/1", 40000000000, "maximum")]
    assert [total.cents for total in search(DB, "framework").sums] == [99]


def test_current_and_ceiling_come_only_when_they_are_asked_for() -> None:
    assert found("azure government", measure="ceiling") == [("A1", 900000, "ceiling")]
    assert search(DB, "azure government", Filters(measure="ceiling")).sums == ()


def test_filters_narrow() -> None:
    dell, customs = find(DB, "US-DUNS:000000012"), find(DB, "7012")
    assert {award for award, _, _ in found("azure", vendor=dell)} == {"A1"}
    assert {award for award, _, _ in found("azure", buyer=customs)} == {"A1", "A7", "P-1"}
    june = datetime.date(2018, 6, 15)
    assert {award for award, _, _ in found("azure", first=june, last=june)} == {"A1"}
    assert found("azure", measure="obligated", last=datetime.date(2017, 6, 22)) == [
        ("A1", 100000, "obligated")
    ]


def test_pages_and_both_orders() -> None:
    newest = [hit.date for hit in search(DB, "azure", limit=3).hits]
    assert newest == sorted(newest, reverse=True)  # type: ignore[type-var]
    amounts = [hit.cents for hit in search(DB, "azure", order=AMOUNT).hits]
    assert amounts == sorted(amounts, reverse=True)
    pages = [search(DB, "azure", limit=2, page=page) for page in (1, 2, 3)]
    assert [(page.count, page.pages, len(page.hits)) for page in pages] == [(5, 3, 2), (5, 3, 2), (5, 3, 1)]
    assert sum((page.hits for page in pages), ()) == search(DB, "azure").hits


def test_a_hit_says_where_its_record_stands() -> None:
    (hit,) = search(DB, "a1", Filters(last=datetime.date(2017, 12, 31))).hits
    assert (hit.source.file, hit.source.sha256, hit.source.row) == ("transactions.csv", "aa" * 32, 3)
    assert hit.source.url == "https://www.usaspending.gov/award/A1"
    assert {hit.source.url for hit in search(DB, "cloud licences").hits} == {""}  # javascript: is no address


def test_peoples_addresses_and_telephones_are_cut() -> None:
    texts = {hit.text for hit in search(DB, "licences").hits}
    assert texts == {"Licences. CALL […] OR […]"}


@pytest.mark.parametrize("query", ["", " ", '""', "-- ;", "'"])
def test_a_query_without_a_word_is_refused(query: str) -> None:
    with pytest.raises(Usage):
        search(DB, query)


@pytest.mark.parametrize("how", [{"page": 0}, {"limit": 0}, {"limit": 1001}, {"page": 10**9}])
def test_a_page_that_cannot_be_is_refused(how: dict[str, int]) -> None:
    with pytest.raises(Usage):
        search(DB, "azure", **how)  # type: ignore[arg-type]


def test_too_many_words_are_refused() -> None:
    with pytest.raises(Usage, match="at most"):
        search(DB, " ".join(f"w{i}" for i in range(30)))


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_nothing_that_is_typed_gets_into_the_sql(text: str) -> None:
    try:
        answer = search(DB, f"azure {text} ');DROP TABLE fact;--")
    except Usage:
        return
    assert isinstance(answer, Found)
    assert answer.count == 0


@given(st.text(max_size=80), st.lists(st.tuples(st.sampled_from(["a", "b", "azure"])), max_size=3))
def test_marked_pieces_are_the_text(text: str, items: list[tuple[str, ...]]) -> None:
    assert "".join(piece for piece, _ in quotes.marked(text, items)) == text


def test_marks_take_the_whole_run_or_nothing() -> None:
    items = [("azure", "government")]
    assert [piece for piece, hit in quotes.marked("Azure, AZURE Government.", items) if hit] == [
        "AZURE Government"
    ]


@given(st.text(max_size=120), st.integers(10, 60))
def test_a_snippet_fits(text: str, width: int) -> None:
    kept = quotes.snippet(quotes.marked(text, [("a",)]), width)
    assert sum(len(piece) for piece, _ in kept) <= width


@pytest.mark.parametrize(
    "text",
    ["HSCETE17J00341", "PO 1234567890", "2018-06-15", "$9,464,202.84", "70CTD019FC0000051", "SN 123-456-789"],
)
def test_numbers_of_things_are_not_taken_for_telephones(text: str) -> None:
    assert quotes.without_contacts(text) == text


def test_ten_digits_behind_an_address_are_a_telephone() -> None:
    assert quotes.without_contacts("ALT ADA.X@ICE.DHS.GOV 2025550143") == "ALT […]"
    assert quotes.without_contacts("CONTRACT 2025550143") == "CONTRACT 2025550143"
