# SPDX-License-Identifier: Apache-2.0
"""The whole way: a file of each format into a folder, and what DuckDB then says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fronde.errors import FrondeError
from fronde.evidence import store
from fronde.evidence.store import About
from tests.evidence.sources import marches, procurement, real, test_followthemoney, test_fpds
from tests.evidence.sources.fuzz import cents


def imported(folder: Path, **files: str | bytes) -> list[store.Account]:
    paths = []
    for name, content in files.items():
        path = folder.parent / name.replace("_", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        paths.append(path)
    return list(store.import_files(folder, paths, About()).accounts)


def asked(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with store.Evidence(folder).reading() as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


SUMS = "SELECT measure, currency, CAST(sum(cents) AS BIGINT) FROM fact GROUP BY ALL ORDER BY ALL"


def test_every_record_of_every_format_is_kept_or_said_why_not(folder):
    party = test_followthemoney
    accounts = imported(
        folder,
        feed_xml=test_fpds.SAMPLE,
        ocds_json=procurement.package(
            procurement.release(procurement.award()),
            procurement.release(ocid="ocds-x1y2z3-0002"),
        ),
        decp_json=marches.of_2022(marches.contract(), marches.contract(id="2", titulaires=[])),
        table_csv=marches.table(
            marches.line(objet="Autre"), marches.line(marches.TWO, "Deux", objet="Autre")
        ),
        ftm_json=party.file(party.BUYER, party.SELLER, party.CONTRACT, party.AWARD),
        customers_csv="Name,Company,Phone\nA. Person,Halcyon Supply,0555 1234\n",
    )
    assert [(each.format, each.read, each.kept, each.rejected) for each in accounts] == [
        ("fpds", 3, 2, 1),  # the vehicle of the sample has no date
        ("ocds", 2, 1, 1),
        ("decp", 2, 1, 1),
        ("decp-table", 2, 2, 0),
        ("followthemoney", 1, 1, 0),
        ("customers", 1, 1, 0),
    ]
    assert asked(folder, SUMS) == [
        ("award value", "EUR", 3_136_757),
        ("award value", "GBP", 100_00),
        ("award value", "USD", 100_10),
        ("obligated", "USD", 60_05),
    ]
    assert asked(folder, "SELECT DISTINCT measure, cents FROM amount WHERE currency = 'EUR'") == [
        ("maximum", 3_136_757)
    ]
    assert asked(folder, "SELECT name FROM customer") == [("Halcyon Supply",)]


def test_a_later_statement_of_an_award_in_another_file_replaces_it_whichever_comes_first(tmp_path):
    old = procurement.package(procurement.release(procurement.award(amount=900), date="2025-01-01T00:00:00Z"))
    new = procurement.package(procurement.release(procurement.award(amount=100), date="2025-03-01T00:00:00Z"))
    for place, order in enumerate(({"a_json": old, "b_json": new}, {"b_json": new, "a_json": old})):
        folder = tmp_path / str(place) / "evidence"
        folder.parent.mkdir()
        imported(folder, **order)
        assert asked(folder, SUMS) == [("award value", "GBP", 100_00)]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-8-sig"])
def test_a_feed_in_another_encoding_keeps_its_letters(folder, encoding):
    feed = test_fpds.SAMPLE.replace("UTF-8", encoding).replace("OFFICE OF TESTS", "BUREAU DES ÉTÉS")
    imported(folder, feed_xml=feed.encode(encoding))
    assert ("BUREAU DES ÉTÉS",) in asked(folder, "SELECT name FROM party")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bad_json", procurement.package(procurement.release(procurement.award()))[:-9], "bad.json, entry 1"),
        ("bad_xml", test_fpds.SAMPLE.replace("?>", "?><!DOCTYPE feed>", 1), "bad.xml, line 1: it declares"),
        ("bad_csv", marches.table(marches.line(), '"never closed'), "bad.csv, line 3"),
        ("deep_json", '[{"ocid": ' + "[" * 100, "deep.json, entry 1: it is nested"),
    ],
)
def test_a_bad_file_is_refused_by_its_name_and_place_and_nothing_changes(folder, name, content, said):
    imported(folder, good_json=marches.of_2019(marches.contract()))
    before = asked(folder, "SELECT * FROM fact"), asked(folder, "SELECT * FROM source")
    with pytest.raises(FrondeError) as caught:
        imported(folder, **{name: content})
    assert said in caught.value.message
    assert caught.value.hint
    assert (asked(folder, "SELECT * FROM fact"), asked(folder, "SELECT * FROM source")) == before


def test_the_real_files_add_up_as_plain_python_adds_them(folder):
    feed = real.file("us-fpds/full_response.xml")
    town = real.file("fr-decp/decp_21590163800019_2019-01-01_2021-12-31.json")
    notices = real.file("uk-ocds/contracts_finder_releases_package.json")
    accounts = store.import_files(folder, [feed, town, notices], About()).accounts
    assert all(each.read == each.kept + each.duplicate + each.rejected for each in accounts)
    known = set()
    euros = 0
    for each in json.loads(town.read_text())["marches"]:
        companies = {one["id"].strip()[:9] for one in each["titulaires"] if one["id"].strip()}
        if len(companies) == 1 and "accord-cadre" not in each["nature"].lower():
            again = json.dumps(each, sort_keys=True)
            euros += 0 if again in known else cents(each["montant"])
            known.add(again)
    sums = {(measure, currency): total for measure, currency, total in asked(folder, SUMS)}
    assert sums["award value", "EUR"] == euros
    assert sums["obligated", "USD"] == 184_895_336
    most = asked(
        folder, "SELECT max(cents), count(*) FROM amount WHERE currency = 'GBP' AND cents = 40000000000"
    )
    assert most == [(40_000_000_000, 34)]
    assert sums["award value", "GBP"] < 40_000_000_000
