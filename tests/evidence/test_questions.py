# SPDX-License-Identifier: Apache-2.0
"""Party, buyer, award, vehicle, series, over a few records by hand. The unknown is refused."""

from __future__ import annotations

import pytest

from fronde.evidence import awards, paths, questions, series
from fronde.evidence.answers import NotFound, Several, plain
from fronde.evidence.whom import BUYER, VENDOR, find
from tests.evidence.hand import judgement, mention, product, tables

DB = tables()
CLOUD, CUSTOMS = find(DB, "Cloud Corp."), find(DB, "7012")
A1 = "CONT_AWD_A1_7012"
DELLS = ("US-DUNS:000000012", "name:DELL FEDERAL SYSTEMS:US")

# -- whom a name means ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["US-DUNS:000000010", "000000010", "10", "cloud", " CLOUD CORPORATION ", "Cloud, Inc."]
)
def test_a_party_is_found_by_handle_id_or_the_key_of_a_name(text: str) -> None:
    assert find(DB, text).handle == "US-DUNS:000000010"


def test_several_of_one_name_are_listed_and_one_is_asked_for() -> None:
    with pytest.raises(Several, match="US-UEI:PRIMEPRIME14") as caught:
        find(DB, "prime")
    assert "GB-COH:00000015" in caught.value.message
    assert "judge same" in caught.value.hint


def test_the_role_decides_between_parties_of_one_name() -> None:
    assert find(DB, "prime", VENDOR).handle == "US-UEI:PRIMEPRIME14"  # the other one has no record
    assert find(DB, "7012", BUYER).ids == (1,)


@pytest.mark.parametrize("text", ["imigration", "border protection", "customs"])
def test_an_unknown_name_is_answered_with_near_ones(text: str) -> None:
    with pytest.raises(NotFound) as caught:
        find(DB, text)
    assert "US-AGENCY:701" in caught.value.hint


@pytest.mark.parametrize("text", ["zzzzzz", "", "'; DROP TABLE party; --", "%", "\0"])
def test_what_is_like_nothing_is_not_found(text: str) -> None:
    with pytest.raises(NotFound, match="no party"):
        find(DB, text)


def test_parties_judged_the_same_are_one_under_each_of_their_names() -> None:
    db = tables([judgement("same", *DELLS)])
    assert find(db, "Dell Federal Systems").ids == (12, 13)
    assert find(db, DELLS[1]).handle == DELLS[0]
    assert [
        (each.total.cents, each.total.rows) for each in questions.about(db, find(db, DELLS[1])).buyers
    ] == [
        (100950, 4),
        (100250, 1),
    ]


def test_the_sums_of_parties_judged_the_same_are_one_line() -> None:
    db = tables([judgement("same", *DELLS), judgement("same", "US-AGENCY:7012", "US-AGENCY:7014")])
    vendors = questions.sellers(db, find(db, "7014")).vendors
    lines = [(each.total.measure, each.total.cents, each.total.rows) for each in vendors]
    assert lines[:2] == [("obligated", 100950, 4), ("obligated in all", 100250, 1)]
    assert len({(each.party, each.total.measure) for each in vendors}) == len(vendors)
    (path,) = paths.paths(db, find(db, DELLS[1]), find(db, "7012")).paths
    assert [(each.measure, each.cents) for each in path.edges[0].sums] == [
        ("obligated", 100950),
        ("obligated in all", 100250),
    ]


@pytest.mark.parametrize(
    "after",
    [
        [{"type": "undo", "line": 1, "why": "", "by": "bob"}],
        [judgement("not-same", *DELLS)],
        [judgement("unsure", *reversed(DELLS))],
    ],
)
def test_a_judgement_can_be_undone_or_said_anew(after: list[dict[str, object]]) -> None:
    with pytest.raises(Several):
        find(tables([judgement("same", *DELLS), *after]), "Dell Federal Systems")


def test_an_undone_undo_counts_again() -> None:
    undo = {"type": "undo", "why": "", "by": "bob"}
    lines = [judgement("same", *DELLS), {**undo, "line": 1}, {**undo, "line": 2}]
    assert find(tables(lines), "Dell Federal Systems").ids == (12, 13)


def test_not_the_same_holds_against_a_chain() -> None:
    lines = [judgement("not-same", *DELLS)] + [
        judgement("same", each, "US-UEI:PRIMEPRIME14") for each in DELLS
    ]
    db = tables(lines)
    assert find(db, DELLS[0]) != find(db, DELLS[1])


# -- party and buyer -----------------------------------------------------------------------------------------


def test_a_party_has_its_sums_by_year_and_its_stated_children() -> None:
    about = questions.about(DB, CLOUD)
    assert [(y.year, y.fiscal, y.total.measure, y.total.cents) for y in about.years] == [
        (2014, True, "obligated", 10000),
        (2018, True, "obligated", -2500),
    ]
    assert [(each.party.name, each.total.cents) for each in about.buyers] == [(CUSTOMS.name, 7500)]
    assert [(each.child.name, each.source.row) for each in about.children] == [("LINKS CORPORATION", 8)]
    assert [(each.party.name, each.total.cents) for each in about.primes] == [("PRIME INC", 1234)]
    assert about.numbers == ("US-DUNS:000000010",)
    assert about.frameworks == 0


def test_a_child_is_only_in_its_own_sums() -> None:
    links = questions.about(DB, find(DB, "links"))
    assert [each.parent.name for each in links.parents] == ["CLOUD CORPORATION"]
    assert [each.total.cents for each in links.years] == [4200]


def test_a_calendar_year_is_told_from_a_fiscal_one_and_currencies_stay_apart() -> None:
    atos = questions.about(DB, find(DB, "GB-COH:00000016"))
    assert [(y.year, y.fiscal, y.total.currency, y.total.cents) for y in atos.years] == [
        (2022, False, "GBP", 99)
    ]
    assert atos.frameworks == 1


def test_a_buyer_has_its_vendors_and_sums_of_one_measure_each() -> None:
    found = questions.sellers(DB, CUSTOMS)
    assert [(total.measure, total.cents) for total in found.sums] == [
        ("obligated", 113450),
        ("obligated in all", 100250),
    ]
    assert [
        (each.party.handle, each.total.cents) for each in found.vendors if each.total.measure == "obligated"
    ] == [
        (DELLS[0], 100950),
        ("US-DUNS:000000010", 7500),
        ("US-UEI:PRIMEPRIME14", 5000),
        (DELLS[1], 0),
    ]
    assert len(questions.sellers(DB, CUSTOMS, limit=2).vendors) == 2
    assert questions.sellers(DB, CUSTOMS, limit=2).count == 5


# -- award and vehicle ---------------------------------------------------------------------------------------


def test_an_award_has_all_modifications_and_one_sum_a_measure() -> None:
    one = awards.award(DB, "a1")
    assert [(m.mod, m.measure, m.cents) for m in one.modifications] == [
        ("0", "obligated", 100000),
        ("P00001", "obligated", 250),
        ("P00001", "obligated in all", 100250),
    ]
    assert [(total.measure, total.cents, total.rows) for total in one.sums] == [
        ("obligated", 100250, 2),
        ("obligated in all", 100250, 1),
    ]


def test_stock_figures_stand_apart_and_are_in_no_sum() -> None:
    one = awards.award(DB, "FW/1")
    assert [(each.measure, each.cents) for each in one.stock] == [("maximum", 40000000000)]
    assert [total.cents for total in one.sums] == [99]


def test_an_award_shows_what_is_under_it_and_beside_it() -> None:
    assert [(each.mod, each.cents) for each in awards.award(DB, "P-1").subawards] == [("S1", 1234)]
    assert [(each.number, each.total.cents) for each in awards.award(DB, "A1").calls] == [("A2", 700)]


@pytest.mark.parametrize("number", ["P-1", "p1", " P 1 ", "CONT_AWD_P1_7012"])
def test_a_number_may_be_typed_with_or_without_its_dashes(number: str) -> None:
    assert awards.award(DB, number).number == "P-1"


def test_a_number_of_two_agencies_asks_which() -> None:
    with pytest.raises(Several, match="CONT_AWD_A3_7014"):
        awards.award(DB, "A3")
    assert awards.award(DB, "A3", "7014").vendor == find(DB, "links")
    assert awards.award(DB, "CONT_AWD_A3_7014").agency == "7014"
    with pytest.raises(NotFound) as caught:
        awards.award(DB, "A3", "9999")
    assert "7012, 7014" in caught.value.hint


def test_an_unknown_number_is_answered_with_near_ones() -> None:
    with pytest.raises(NotFound) as caught:
        awards.award(DB, "A9")
    assert "A1, A2" in caught.value.hint
    with pytest.raises(NotFound):
        awards.award(DB, "")
    with pytest.raises(NotFound) as caught:
        awards.vehicle(DB, "V2")
    assert "V1" in caught.value.hint


def test_a_vehicle_sums_the_awards_under_it() -> None:
    found = awards.vehicle(DB, "v1")
    assert [(each.number, each.total.measure, each.total.cents) for each in found.calls] == [
        ("A1", "obligated", 100250),
        ("A1", "obligated in all", 100250),
        ("A2", "obligated", 700),
    ]
    assert [(total.measure, total.cents) for total in found.sums] == [
        ("obligated", 100950),
        ("obligated in all", 100250),
    ]


# -- series --------------------------------------------------------------------------------------------------


def points(answer: series.Series, measure: str = "obligated") -> list[tuple[object, ...]]:
    return [
        (p.year, p.covered, *(part.cents if part else None for part in (p.direct, p.reseller, p.candidate)))
        for p in answer.points
        if p.measure == measure
    ]


AZURE = "azure government"
CONFIRMED = [product(AZURE), mention(A1, AZURE, "ada"), mention(A1, AZURE, "bob")]


def test_a_year_without_any_record_of_the_buyer_is_a_gap_and_one_with_others_is_zero() -> None:
    assert points(series.series(DB, CLOUD, CUSTOMS)) == [
        (2014, True, 10000, 0, 0),
        (2015, False, None, None, None),
        (2016, False, None, None, None),
        (2017, True, 0, 0, 0),
        (2018, True, -2500, 0, 0),
    ]


def test_two_names_confirm_and_one_does_not() -> None:
    def year_2017(lines: list[dict[str, object]]) -> tuple[object, ...]:
        return points(series.series(tables(lines), CLOUD, CUSTOMS))[3]

    assert year_2017(CONFIRMED[:1]) == (2017, True, 0, 0, 100000)
    assert year_2017(CONFIRMED[:2]) == (2017, True, 0, 0, 100000)
    assert year_2017([*CONFIRMED[:2], CONFIRMED[1]]) == (2017, True, 0, 0, 100000)
    assert year_2017(CONFIRMED) == (2017, True, 0, 100000, 0)
    assert year_2017([*CONFIRMED, mention(A1, AZURE, "eve", "deny")]) == (2017, True, 0, 0, 0)


def test_calls_under_the_vehicle_of_a_confirmed_award_are_candidates() -> None:
    assert points(series.series(tables(CONFIRMED), CLOUD, CUSTOMS))[-1] == (2018, True, -2500, 250, 700)


def test_children_count_only_when_asked_and_by_what_their_own_records_state() -> None:
    assert points(series.series(DB, CLOUD))[-1] == (2018, True, -2500, 0, 0)
    assert points(series.series(DB, CLOUD, with_children=True))[-1] == (2018, True, 1700, 0, 0)


def test_an_answer_as_plain_values_has_no_numbers_of_the_tables() -> None:
    document = plain(questions.about(DB, CLOUD))
    assert document["party"] == {"handle": "US-DUNS:000000010", "name": "CLOUD CORPORATION", "country": "US"}
    assert document["years"][0]["total"]["first"] == "2014-01-02"
    assert document["years"][0]["total"]["files"] == [{"name": "transactions.csv", "sha256": "aa" * 32}]
