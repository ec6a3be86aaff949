# SPDX-License-Identifier: Apache-2.0
"""Counts to narrow a search by, and the ways of money, over a few records by hand."""

from __future__ import annotations

import datetime

import pytest

from fronde.errors import Usage
from fronde.evidence import charts
from fronde.evidence.facets import facets, largest
from fronde.evidence.flows import CANDIDATE, DIRECT, RESOLD, flows
from fronde.evidence.search import Filters, search
from fronde.evidence.whom import find
from tests.evidence.hand import mention, product, tables

ICE = "US-AGENCY:7012"


def test_the_counts_of_a_facet_are_those_of_the_search():
    db = tables()
    found = facets(db, "azure", Filters())
    count = search(db, "azure", Filters()).count
    for counts in (found.buyers, found.vendors, found.measures, found.years):
        assert sum(number for _, number in counts) == count
    assert {one.handle for one, _ in found.buyers} == {ICE}


def test_a_facet_counts_what_is_left_after_narrowing():
    db = tables()
    narrowed = facets(db, "azure", Filters(first=datetime.date(2018, 1, 1), measure="obligated"))
    assert narrowed.years == ((2018, 2),)
    assert narrowed.measures == (("obligated", 2),)


def test_a_facet_needs_words_as_a_search_does():
    with pytest.raises(Usage):
        facets(tables(), '""', Filters())


def test_the_buyers_with_the_most_records_come_first():
    counts = [count for _, count in largest(tables(), "buyer")]
    assert counts == sorted(counts, reverse=True)
    assert largest(tables(), "vendor")[0][1] == 4


def test_a_companys_own_sales_and_those_of_others_are_told_apart():
    db = tables([product("azure government")])
    ways = flows(db, find(db, "US-DUNS:000000010")).ways
    sums = {(way.state, way.total.measure): way.total.cents for way in ways}
    assert sums == {
        (DIRECT, "obligated"): 7500,
        (CANDIDATE, "obligated"): 100250,
        (CANDIDATE, "obligated in all"): 100250,
    }


def test_two_people_make_a_candidate_a_sale_through_a_reseller():
    said = [mention("CONT_AWD_A1_7012", "azure government", by) for by in ("ada", "bob")]
    db = tables([product("azure government"), *said])
    ways = flows(db, find(db, "US-DUNS:000000010")).ways
    resold = [way for way in ways if way.state == RESOLD and way.total.measure == "obligated"]
    assert [(way.seller.handle, way.total.cents) for way in resold if way.seller] == [
        ("US-DUNS:000000012", 100250)
    ]
    # The other call under the same vehicle becomes a candidate.
    assert [w.total.cents for w in ways if w.state == CANDIDATE and w.total.measure == "obligated"] == [700]


def test_flows_with_one_buyer_are_those_of_this_buyer():
    db = tables([product("azure government")])
    company, customs = find(db, "US-DUNS:000000010"), find(db, "US-AGENCY:7014")
    assert flows(db, company, customs).ways == ()


def test_a_sankey_has_the_sums_of_one_measure():
    db = tables([product("azure government")])
    ways = flows(db, find(db, "US-DUNS:000000010")).ways
    drawn = charts.flows(ways, "obligated", "USD")
    assert sorted((each.state, each.cents) for each in drawn) == [("candidate", 100250), ("direct", 7500)]
    assert [each.seller for each in drawn if each.state == "direct"] == [""]
