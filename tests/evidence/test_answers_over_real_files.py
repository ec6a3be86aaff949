# SPDX-License-Identifier: Apache-2.0
"""Every answer over the real files equals a second computation in plain Python over the raw CSV."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from fronde.evidence import awards, paths, questions, search, series, store
from fronde.evidence.answers import Connection
from fronde.evidence.reader import Evidence
from fronde.evidence.whom import find
from tests.evidence import second
from tests.evidence.sources import real

ICE = "US-AGENCY:7012"


@pytest.fixture(scope="module")
def rows() -> list[second.Raw]:
    return second.raw(real.file(second.AWARDS))


@pytest.fixture(scope="module")
def subs() -> list[second.Raw]:
    return second.raw(real.file(second.SUBAWARDS))


def reading(folder: Path, *names: str) -> Iterator[Connection]:
    store.import_files(folder, [real.file(name) for name in names], store.About())
    with Evidence(folder).reading() as connection:
        yield connection


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    yield from reading(tmp_path_factory.mktemp("awards"), second.AWARDS)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    yield from reading(tmp_path_factory.mktemp("subawards"), second.SUBAWARDS, second.AWARDS)


def test_vendor_by_buyer_by_year(db: Connection, rows: list[second.Raw]) -> None:
    expected = second.by_vendor_and_year(rows)
    buyer = find(db, ICE)
    checked = 0
    for duns in sorted(expected)[::20]:
        answer = series.series(db, find(db, duns), buyer)
        got = {p.year: (p.direct.cents, p.direct.rows) for p in answer.points if p.direct and p.direct.rows}
        assert got == expected[duns], duns
        checked += 1
    assert checked > 50


def test_the_sum_over_all_vendors_of_the_buyer(db: Connection, rows: list[second.Raw]) -> None:
    (total,) = questions.sellers(db, find(db, ICE)).sums
    assert total.cents == sum(second.cents(row["federal_action_obligation"]) for row in rows)
    assert (total.rows, total.measure, total.currency) == (5672, "obligated", "USD")


def test_award_sums_and_modifications(db: Connection, rows: list[second.Raw]) -> None:
    for (number, agency, vehicle, above), own in sorted(second.by_award(rows).items())[::40]:
        idv = f"CONT_IDV_{number}_{agency}"
        key = f"CONT_AWD_{number}_{agency}_{vehicle or '-NONE-'}_{above or '-NONE-'}"
        answer = awards.award(db, idv if own[0]["award_or_idv_flag"] == "IDV" else key)
        expected = sorted(
            (row["action_date"], row["modification_number"], second.cents(row["federal_action_obligation"]))
            for row in own
        )
        got = sorted((str(m.date), m.mod, m.cents) for m in answer.modifications)
        assert got == expected
        assert [total.cents for total in answer.sums] == [sum(cents for _, _, cents in expected)]
        assert answer.vehicle == vehicle


def test_the_award_of_the_story(db: Connection) -> None:
    answer = awards.award(db, "HSCETE17J00341")
    (total,) = answer.sums
    assert (total.cents, total.rows) == (1_970_503_730, 2)
    assert [str(each.date) for each in answer.modifications] == ["2017-06-22", "2018-06-15"]
    assert answer.vehicle == "HSHQDC15A00017"
    assert {(each.measure, each.cents) for each in answer.stock} == {
        ("current", 1_970_503_730),
        ("ceiling", 3_944_128_008),
    }
    assert "@" not in "".join(each.text for each in answer.modifications)


@pytest.mark.parametrize(
    "query",
    [
        ["azure", "government"],
        ["azure government"],
        ["software", "maintenance"],
        ["data center"],
        ["microsoft"],
        ["dell", "azure"],
        ["dell federal", "software"],
        ["detention", "services"],
        ["hshqdc15a00017"],
        ["hscete17j00341", "bpa"],
        ["no such words"],
    ],
)
def test_search_finds_the_rows_that_a_scan_finds(
    db: Connection, rows: list[second.Raw], query: list[str]
) -> None:
    expected = dict(second.hits(rows, query))
    typed = " ".join(f'"{run}"' if " " in run else run for run in query)
    obligated = search.Filters(measure="obligated")
    answer = search.search(db, typed, obligated, limit=300)
    pages = [search.search(db, typed, obligated, limit=300, page=i + 1) for i in range(answer.pages)]
    got = {hit.source.row: hit.cents for page in pages for hit in page.hits}
    assert got == {i: second.cents(row["federal_action_obligation"]) for i, row in expected.items()}
    assert answer.count == len(expected)
    assert sum(total.cents for total in answer.sums) == sum(got.values())


def test_linkedin_is_microsofts_only_through_the_stated_parent(
    db: Connection, rows: list[second.Raw]
) -> None:
    microsoft, buyer = find(db, "081466849"), find(db, ICE)
    own = second.by_vendor_and_year(rows)["081466849"]
    children = [row for row in rows if row["recipient_parent_duns"].zfill(9) == "081466849"]
    linkedin = [row for row in children if row["award_id_piid"] == "70CMSW18FACR00003"]
    assert linkedin
    about = questions.about(db, microsoft)
    assert "LINKEDIN CORPORATION" in {each.child.name for each in about.children}

    def sums(with_children: bool) -> dict[int, int]:
        answer = series.series(db, microsoft, buyer, with_children=with_children)
        return {p.year: p.direct.cents for p in answer.points if p.direct and p.direct.rows}

    assert sums(False) == {year: cents for year, (cents, _) in own.items()}
    expected: dict[int, int] = defaultdict(int)
    for row in rows:
        if "081466849" in (row["recipient_duns"].zfill(9), row["recipient_parent_duns"].zfill(9)):
            expected[second.fiscal(row["action_date"])] += second.cents(row["federal_action_obligation"])
    assert sums(True) == expected


def test_years_that_no_file_has_are_gaps(tmp_path: Path) -> None:
    for connection in reading(tmp_path, second.AWARDS, second.API.format(2021)):
        answer = series.series(connection, find(connection, "081466849"), find(connection, ICE))
        assert {p.year: p.covered for p in answer.points} == {
            **dict.fromkeys(range(2013, 2019), True), 2019: False, 2020: False, 2021: True,
        }  # fmt: skip


def test_clients_over_two_hops_are_the_primes_of_the_raw_file(
    both: Connection, subs: list[second.Raw]
) -> None:
    primes: dict[str, set[str]] = defaultdict(set)
    for row in subs:
        if row["prime_awardee_uei"] != row["subawardee_uei"]:
            primes[row["subawardee_uei"]].add(row["prime_awardee_uei"])
    buyer = find(both, ICE)
    several = sorted(primes, key=lambda uei: (-len(primes[uei]), uei))
    for uei in several[:40]:
        answer = paths.clients(both, find(both, uei), buyer)
        got = {path.edges[0].end.handle for path in answer.paths}
        assert got == {find(both, prime).handle for prime in primes[uei]}, uei


def test_money_of_subawards_is_that_of_the_distinct_rows(both: Connection, subs: list[second.Raw]) -> None:
    columns = ("prime_award_unique_key", "subaward_number", "subaward_action_date", "subaward_amount")
    distinct: dict[str, dict[tuple[str, ...], int]] = defaultdict(dict)
    for row in subs:
        distinct[row["subawardee_uei"]][tuple(row[c] for c in columns)] = second.cents(row["subaward_amount"])
    for uei in sorted(distinct)[::4]:
        about = questions.about(both, find(both, uei))
        assert sum(each.total.cents for each in about.primes) == sum(distinct[uei].values()), uei
