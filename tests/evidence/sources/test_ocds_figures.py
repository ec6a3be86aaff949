# SPDX-License-Identifier: Apache-2.0
import json
from collections import defaultdict
from typing import Any

import pytest

from fronde.evidence import names
from fronde.evidence.sources import ocds
from tests.evidence.sources import real
from tests.evidence.sources.fuzz import cents, read, rows, total
from tests.evidence.sources.procurement import OCID, award, package, release


def test_the_value_of_an_award_to_several_suppliers_is_a_maximum_and_never_added():
    suppliers = tuple(f"s{n}" for n in range(35))
    found = rows(ocds.rows, package(release(award(amount=400_000_000, suppliers=suppliers))))
    assert len(found) == 35
    assert {row["maximum"] for row in found} == {"400000000"}
    assert total(found, "value") == 0


def test_a_supplier_that_is_named_twice_is_one():
    assert total(rows(ocds.rows, package(release(award(suppliers=("s1", "s1"))))), "value") == 100_00


@pytest.mark.parametrize("technique", ["hasFrameworkAgreement", "hasDynamicPurchasingSystem"])
def test_the_value_of_a_framework_is_a_maximum(technique):
    whole = release(award(), tender={"techniques": {technique: True}})
    of_lot = release(award(), tender={"lots": [{"id": "1", "techniques": {technique: True}}]})
    for each in (whole, of_lot):
        [row] = rows(ocds.rows, package(each))
        assert row["maximum"] == "100"
        assert "value" not in row


@pytest.mark.parametrize(
    "more",
    [
        {"tender": {"procurementMethodDetails": "Call-off from a framework agreement"}},
        {"relatedProcesses": [{"id": "1", "relationship": ["framework"], "identifier": "ocds-x1y2z3-0009"}]},
    ],
)
def test_a_call_under_a_framework_has_a_value(more):
    more.setdefault("tender", {})["techniques"] = {"hasFrameworkAgreement": True}
    [row] = rows(ocds.rows, package(release(award(), **more)))
    assert row["value"] == "100"
    assert row["vehicle"] == ("ocds-x1y2z3-0009" if "relatedProcesses" in more else "")


def test_a_value_that_is_repeated_for_each_supplier_is_one_maximum():
    awards = [award(str(n), 4_000_000, (f"s{n}",)) for n in range(3)]
    for value in ({}, {"value": {"amount": 4_000_000, "currency": "GBP"}}):
        found = rows(ocds.rows, package(release(*awards, tender=value)))
        assert total(found, "value") == 0
        assert {row["maximum"] for row in found} == {"4000000"}


def test_lots_of_the_same_price_are_each_their_own():
    awards = [award(str(n), 4_000_000, (f"s{n}",), relatedLots=[str(n)]) for n in range(3)]
    assert total(rows(ocds.rows, package(release(*awards))), "value") == 1_200_000_000
    tender = {"value": {"amount": 12_000_000, "currency": "GBP"}}
    assert total(rows(ocds.rows, package(release(*awards, tender=tender))), "value") == 1_200_000_000


def test_the_same_value_for_the_same_supplier_twice_is_two_awards():
    found = rows(ocds.rows, package(release(award("1"), award("2"))))
    assert total(found, "value") == 200_00


def test_an_award_without_a_value_takes_those_of_its_contracts():
    given = award()
    del given["value"]
    one = {
        "id": "c1",
        "awardID": "1",
        "value": {"amount": 70, "currency": "EUR"},
        "dateSigned": "2024-07-01T00:00:00Z",
    }
    two = {"id": "c2", "awardID": "1", "value": {"amount": 30, "currency": "EUR"}}
    off = {"id": "c3", "awardID": "1", "status": "cancelled", "value": {"amount": 5, "currency": "EUR"}}
    [row] = rows(ocds.rows, package(release(given, contracts=[one, off])))
    assert (row["value"], row["currency"], row["date"], row["award"]) == (
        "70",
        "EUR",
        "2024-07-01",
        f"{OCID}/1",
    )
    found = rows(ocds.rows, package(release(given, contracts=[one, two])))
    assert [(row["value"], row["award"]) for row in found] == [("70", f"{OCID}/1/c1"), ("30", f"{OCID}/1/c2")]


def test_the_value_of_an_award_is_not_added_to_that_of_its_contract():
    contract = {"id": "c1", "awardID": "1", "value": {"amount": 100, "currency": "GBP"}}
    assert total(rows(ocds.rows, package(release(award(), contracts=[contract]))), "value") == 100_00


def test_a_stated_maximum_stands_beside_the_value():
    [row] = rows(ocds.rows, package(release(award(maximumValue={"amount": 900, "currency": "GBP"}))))
    assert (row["value"], row["maximum"]) == ("100", "900")


# --- the real file, computed a second time ---


def merged_by_hand(releases: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """(ocid, award id) -> the award as its latest release states it, those that it corrects left out."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in sorted(releases, key=lambda r: r["date"]):
        for one in each.get("awards", []):
            whom = {s["id"] for s in one["suppliers"]}
            for key in [k for k in found if k[0] == each["ocid"] and k[1] != one["id"]]:
                if {s["id"] for s in found[key]["suppliers"]} <= whom:
                    del found[key]
            found[each["ocid"], one["id"]] = one
    return found


def test_the_real_file_is_what_plain_python_makes_of_it():
    path = real.file("uk-ocds/contracts_finder_releases_package.json")
    releases = json.loads(path.read_text())["releases"]
    awards = merged_by_hand(releases)
    alone = {key: one for key, one in awards.items() if len({s["id"] for s in one["suppliers"]}) == 1}
    found = rows(ocds.rows, path.read_bytes())
    assert (len(awards), len(alone)) == (141, 131)
    assert total(found, "value") == sum(cents(str(one["value"]["amount"])) for one in alone.values())
    by_award = defaultdict(list)
    for row in found:
        by_award[row["award"]].append(row)
    assert set(by_award) == {number for _, number in awards}
    for (_, number), one in awards.items():
        assert len(by_award[number]) == len({s["id"] for s in one["suppliers"]})
        measure = "value" if len(by_award[number]) == 1 else "maximum"
        assert {cents(row[measure]) for row in by_award[number]} == {cents(str(one["value"]["amount"]))}
    counted = {n for n, _ in read(ocds.rows, path.read_bytes())}
    assert counted == set(range(1, 291))


def test_the_framework_of_400_million_in_the_real_file_is_added_to_nothing():
    path = real.file("uk-ocds/contracts_finder_releases_package.json")
    found = [row for row in rows(ocds.rows, path.read_bytes()) if row.get("maximum") == "400000000"]
    assert len(found) == 34  # 35 are listed, one of them twice
    assert total(found, "value") == 0
    assert len({names.key(row["vendor"]) for row in found}) > 30
