# SPDX-License-Identifier: Apache-2.0
"""Clients, paths, mentions, suggestions over a few records by hand; what is on our own list goes nowhere."""

from __future__ import annotations

import json

from fronde.evidence import mentions, paths, suggest
from fronde.evidence.answers import plain
from fronde.evidence.whom import find
from tests.evidence.hand import judgement, mention, product, tables

A1 = "CONT_AWD_A1_7012"
AZURE = "azure government"
DECIDED = [product(AZURE), mention(A1, AZURE, "ada"), mention(A1, AZURE, "bob")]
DB = tables(DECIDED)
CLOUD, CUSTOMS = find(DB, "cloud"), find(DB, "7012")


def edges(found: tuple[paths.Path, ...]) -> set[tuple[tuple[str, str], ...]]:
    return {tuple((edge.kind, edge.end.name) for edge in path.edges) for path in found}


SELLS = (paths.SELLS, CUSTOMS.name)


def test_clients_come_from_subawards_confirmed_mentions_and_our_list() -> None:
    assert edges(paths.clients(DB, CLOUD, CUSTOMS).paths) == {
        ((paths.UNDER, "PRIME INC"), SELLS),
        ((paths.RESOLD, "DELL FEDERAL SYSTEMS L.P"), SELLS),
        ((paths.LISTED, "DELL FEDERAL SYSTEMS L.P"), SELLS),
    }


def test_our_own_list_is_in_nothing_that_leaves() -> None:
    answer = paths.clients(DB, CLOUD, CUSTOMS, own_list=False)
    assert edges(answer.paths) == {
        ((paths.UNDER, "PRIME INC"), SELLS),
        ((paths.RESOLD, "DELL FEDERAL SYSTEMS L.P"), SELLS),
    }
    text = json.dumps(plain(answer))
    assert "ours.csv" not in text
    assert paths.LISTED not in text


def test_a_candidate_makes_nobody_a_client() -> None:
    db = tables(DECIDED[:2])
    found = paths.clients(db, find(db, "cloud"), find(db, "7012"), own_list=False)
    assert edges(found.paths) == {((paths.UNDER, "PRIME INC"), SELLS)}


def test_each_edge_has_its_sums_and_a_record() -> None:
    under = next(p for p in paths.clients(DB, CLOUD, CUSTOMS).paths if p.edges[0].kind == paths.UNDER)
    one, two = under.edges
    assert (one.sums[0].measure, one.sums[0].cents, one.award) == ("subaward", 1234, "P-1")
    assert one.source is not None
    assert (one.source.file, one.source.row) == ("subawards.csv", 1)
    assert (two.sums[0].measure, two.sums[0].cents) == ("obligated", 5000)
    assert two.source is not None
    assert (two.source.file, two.source.row) == ("transactions.csv", 7)


def test_a_prime_without_records_of_its_own_is_known_by_the_subaward_and_has_no_sum() -> None:
    db = tables()
    db.execute("DELETE FROM fact WHERE vendor = 14")
    (path,) = (p for p in paths.clients(db, find(db, "cloud"), find(db, "7012"), own_list=False).paths)
    assert path.edges[1].kind == paths.SELLS
    assert path.edges[1].sums == ()
    assert path.edges[1].award == "P-1"


def test_paths_of_one_and_of_two_hops() -> None:
    assert edges(paths.paths(DB, CLOUD, CUSTOMS).paths) == {
        (SELLS,),
        ((paths.UNDER, "PRIME INC"), SELLS),
        ((paths.RESOLD, "DELL FEDERAL SYSTEMS L.P"), SELLS),
    }


def test_a_parent_is_a_hop_in_both_directions() -> None:
    links, borders = find(DB, "links"), find(DB, "7014")
    assert edges(paths.paths(DB, links, CUSTOMS).paths) == {((paths.OWNED, CLOUD.name), SELLS)}
    assert edges(paths.paths(DB, CLOUD, borders).paths) == {
        ((paths.OWNS, links.name), (paths.SELLS, borders.name)),
    }
    assert edges(paths.paths(DB, CLOUD, links).paths) == {((paths.OWNS, links.name),)}


def test_two_hops_may_end_in_a_department_above_the_buyer() -> None:
    found = paths.paths(DB, CLOUD, find(DB, "US-AGENCY:070"))
    assert edges(found.paths) == {(SELLS, (paths.OWNED, "DEPARTMENT OF HOMELAND SECURITY"))}


def test_nobody_is_connected_with_somebody_whom_no_record_joins() -> None:
    assert paths.paths(DB, find(DB, "GB-COH:00000016"), CUSTOMS).paths == ()


# -- mentions and suggestions --------------------------------------------------------------------------------


def test_mentions_say_the_rule_the_state_and_who_said_so() -> None:
    found = mentions.mentions(DB, CLOUD)
    assert [(m.award, m.rule, m.state, m.by) for m in found.mentions] == [
        ("A1", "words", "confirmed", ("ada", "bob")),
        ("A2", "vehicle", "candidate", ()),
    ]
    assert [(p.rule, p.confirmed, p.denied, p.candidate) for p in found.precision] == [
        ("words", 1, 0, 0),
        ("vehicle", 0, 0, 1),
    ]
    assert mentions.mentions(DB, CLOUD, find(DB, "7014")).mentions == ()


def test_the_companys_own_awards_are_no_mentions() -> None:
    db = tables([product("licences")])
    assert mentions.mentions(db, find(db, "cloud")).mentions == ()


def test_a_product_of_a_company_that_no_record_names_does_no_harm() -> None:
    db = tables([product("azure", "Nobody Ltd")])
    assert mentions.mentions(db, find(db, "cloud")).products == ()


DELLS = ("US-DUNS:000000012", "name:DELL FEDERAL SYSTEMS:US")


def test_one_key_in_one_country_is_suggested_and_in_two_is_not() -> None:
    found = suggest.suggest(DB)
    assert [(p.one.handle, p.other.handle, p.rule) for p in found.pairs] == [(*DELLS, "same key")]


def test_a_judged_pair_is_not_suggested_again_and_counts_for_its_rule() -> None:
    for verdict, counts in (("same", (1, 0, 0)), ("not-same", (0, 1, 0)), ("unsure", (0, 0, 1))):
        lines = [judgement(verdict, *DELLS)]
        found = suggest.suggest(tables(lines), lines)
        assert found.count == 0
        assert [(p.same, p.not_same, p.unsure) for p in found.precision if p.rule == "same key"] == [counts]


def test_names_that_read_alike_are_suggested_within_a_country() -> None:
    db = tables()
    names = [
        (20, "ATOS IT SERVICE UK", "GB"),
        (21, "ATOS IT SERVICES U K", "FR"),
        (22, "CLOUD HOLDINGS", "US"),
    ]
    for number, name, country in names:
        db.execute("INSERT INTO party VALUES (?, ?, ?, ?, ?)", [number, f"x:{number}", name, name, country])
        db.execute("INSERT INTO party_name VALUES (?, ?, ?)", [number, name, name])
    db.execute("INSERT INTO ownership VALUES (10, 22, NULL, NULL, 1, 8)")
    found = {(p.one.handle, p.other.handle): p.rule for p in suggest.suggest(db).pairs}
    assert found[("GB-COH:00000016", "x:20")] == "alike"
    assert ("GB-COH:00000016", "x:21") not in found
    assert found[("US-DUNS:000000010", "x:22")] == "stated parent"
