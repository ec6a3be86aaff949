# SPDX-License-Identifier: Apache-2.0
import json
import socket
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence import names
from fronde.evidence.contract import Head
from fronde.evidence.sources import ocds
from tests.evidence.sources import real
from tests.evidence.sources.fuzz import (
    broken,
    cents,
    never_breaks,
    problems,
    read,
    refused,
    rows,
    shaped,
    total,
)

OCID = "ocds-x1y2z3-0001"


def award(
    number: str = "1", amount: Any = 100, suppliers: tuple[str, ...] = ("s1",), **more: Any
) -> dict[str, Any]:
    return {
        "id": number,
        "status": "active",
        "date": "2024-05-06T00:00:00Z",
        "value": {"amount": amount, "currency": "GBP"},
        "suppliers": [{"id": each, "name": f"Supplier {each}"} for each in suppliers],
        **more,
    }


def release(
    *awards: dict[str, Any], ocid: str = OCID, date: str = "2024-05-07T10:00:00Z", **more: Any
) -> dict[str, Any]:
    return {
        "ocid": ocid,
        "id": f"{ocid}-{date}",
        "date": date,
        "tag": ["award"],
        "buyer": {"id": "b1", "name": "Borough of Tests"},
        "parties": [
            {
                "id": "b1",
                "name": "Borough of Tests",
                "identifier": {"scheme": "GB-SRS", "id": "77"},
                "address": {"streetAddress": "1 Town Hall"},
                "contactPoint": {
                    "name": "A. Person",
                    "email": "a.person@tests.example",
                    "telephone": "0555 1234",
                },
            },
            {
                "id": "s1",
                "name": "Supplier s1",
                "identifier": {"scheme": "GB-COH", "id": "00975677"},
                "address": {"streetAddress": "2 Works Road", "countryName": "England"},
            },
        ],
        "tender": {
            "title": "Parking",
            "description": "Parking services",
            "classification": {"scheme": "CPV", "id": "63712400"},
            **more.pop("tender", {}),
        },
        "awards": list(awards),
        **more,
    }


def package(*releases: dict[str, Any]) -> str:
    return json.dumps({"uri": "https://example.org/", "version": "1.1", "releases": list(releases)})


def test_an_award_becomes_a_row():
    given = award(
        contractPeriod={"startDate": "2024-06-01T00:00:00+01:00", "endDate": "2025-05-31T23:59:59+01:00"},
        documents=[
            {"id": "1", "url": "https://example.org/file"},
            {"id": "2", "documentType": "awardNotice", "url": "https://example.org/notice"},
        ],
    )
    assert rows(ocds.rows, package(release(given))) == [
        {
            "kind": "award",
            "award": f"{OCID}/1",
            "unique_key": f"{OCID}/1",
            "agency": "77",
            "vehicle": "",
            "date": "2024-05-06",
            "starts": "2024-06-01",
            "ends": "2025-05-31",
            "currency": "GBP",
            "value": "100",
            "buyer": "Borough of Tests",
            "buyer_id": "77",
            "buyer_scheme": "GB-SRS",
            "vendor": "Supplier s1",
            "vendor_coh": "00975677",
            "vendor_country": "GB",
            "description": "Parking | Parking services",
            "cpv": "63712400",
            "url": "https://example.org/notice",
            "modified": "2024-05-07",
        }
    ]


def test_an_amount_keeps_its_digits():
    data = package(release(award(amount=7))).replace('"amount": 7', '"amount": 3036.90')
    assert rows(ocds.rows, data)[0]["value"] == "3036.90"


def test_no_address_and_no_contact_gets_in():
    found = repr(rows(ocds.rows, package(release(award()))))
    assert not any(each in found for each in ("Town Hall", "Person", "@", "0555", "Works Road"))


# --- the forms of a file ---


def forms() -> dict[str, str]:
    one, two = release(award()), release(award("2", 50), ocid="ocds-x1y2z3-0002")
    return {
        "release package": package(one, two),
        "packages in a list": json.dumps([json.loads(package(one)), json.loads(package(two))]),
        "packages one a line": f"{package(one)}\n{package(two)}\n",
        "releases in a list": json.dumps([one, two]),
        "releases one a line": f"{json.dumps(one)}\n{json.dumps(two)}\n",
        "record package, compiled": json.dumps(
            {"records": [{"ocid": each["ocid"], "compiledRelease": each} for each in (one, two)]}
        ),
        "record package, embedded": json.dumps(
            {"records": [{"ocid": each["ocid"], "releases": [each]} for each in (one, two)]}
        ),
    }


@pytest.mark.parametrize("form", forms())
def test_every_form_of_a_file_says_the_same(form):
    assert rows(ocds.rows, forms()[form]) == rows(ocds.rows, forms()["release package"])
    assert problems(ocds.rows, forms()[form]) == []


def test_records_one_a_line_say_the_same():
    one = release(award())
    line = json.dumps({"ocid": OCID, "releases": [one], "compiledRelease": one})
    assert rows(ocds.rows, line) == rows(ocds.rows, package(one))


def test_a_record_of_links_is_listed():
    record = {"ocid": OCID, "releases": [{"url": "https://example.org/1", "date": "2024-05-07T10:00:00Z"}]}
    assert problems(ocds.rows, json.dumps({"records": [record]})) == [
        (1, "no award is in it: a plan or a tender")
    ]


# --- releases of one process ---


def test_releases_of_a_process_are_put_together_and_the_latest_statement_holds():
    first = release(award(amount=10_932_000), date="2025-03-11T10:01:01Z")
    second = release(award(amount=109_320), date="2025-03-11T10:07:26Z")
    for order in ((first, second), (second, first)):
        [row] = rows(ocds.rows, package(*order))
        assert row["value"] == "109320"
        [(number, why)] = problems(ocds.rows, package(*order))
        assert number == 1 + order.index(first)
        assert why == f"its process is told anew in entry {1 + order.index(second)}"


def test_releases_are_ordered_by_the_moment_and_not_by_its_text():
    first = release(award(amount=1), date="2025-03-11T10:30:00+02:00")
    second = release(award(amount=2), date="2025-03-11T09:00:00Z")
    assert [row["value"] for row in rows(ocds.rows, package(first, second))] == ["2"]


def test_a_tender_before_an_award_describes_it():
    tender = release(date="2024-01-01T00:00:00Z")
    later = release(award(), date="2024-05-07T10:00:00Z")
    del later["tender"]
    assert rows(ocds.rows, package(tender, later))[0]["description"] == "Parking | Parking services"


def test_a_release_without_an_id_and_one_without_a_date_are_read():
    one, two = release(award()), release(award("2"), ocid="ocds-x1y2z3-0002")
    del one["id"], two["date"]
    assert len(rows(ocds.rows, package(one, two))) == 2


def test_an_award_keeps_the_buyer_of_the_release_that_stated_it():
    other = release(award("2"), date="2025-01-01T00:00:00Z", buyer={"name": "Another Council"})
    found = rows(ocds.rows, package(release(award()), other))
    assert [(row["buyer"], row["buyer_id"]) for row in found] == [
        ("Borough of Tests", "77"),
        ("Another Council", ""),
    ]


def test_an_award_that_contracts_finder_corrected_under_a_new_id_counts_once():
    ocid = "ocds-b5fd17-0001"
    wrong = release(award(f"{ocid}-1", 18_848_731), ocid=ocid, date="2025-03-11T12:21:44Z")
    right = release(award(f"{ocid}-2", 188_487), ocid=ocid, date="2025-03-11T12:27:50Z")
    assert [row["value"] for row in rows(ocds.rows, package(right, wrong))] == ["188487"]
    elsewhere = [json.loads(json.dumps(each).replace("b5fd17", "a1b2c3")) for each in (right, wrong)]
    assert len(rows(ocds.rows, package(*elsewhere))) == 2


def test_awards_that_are_not_made_are_listed_and_not_kept():
    data = package(
        release(award(status="cancelled")), release(award(status="pending"), ocid="ocds-x1y2z3-0002")
    )
    assert rows(ocds.rows, data) == []
    assert problems(ocds.rows, data) == [(1, "no award of it stands"), (2, "no award of it stands")]


def test_awards_of_one_release_that_share_an_id_are_several():
    found = rows(ocds.rows, package(release(award("7", 10), award("7", 20, ("s2",)))))
    assert [(row["award"], row["value"]) for row in found] == [(f"{OCID}/7", "10"), (f"{OCID}/7 (2)", "20")]


def test_a_process_without_an_ocid_is_listed():
    assert problems(ocds.rows, '{"releases": [{"id": "1"}]}') == [(1, "no release with an ocid is in it")]


# --- what may be added ---


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


# --- who is who ---


@pytest.mark.parametrize(
    ("scheme", "number", "field", "value"),
    [
        ("GB-COH", "OC325346", "vendor_coh", "OC325346"),
        ("FR-SIRET", "55204599900869", "vendor_siret", "55204599900869"),
        ("US-DUNS", "081466849", "vendor_duns", "081466849"),
        ("US-UEI", "LNLJPLNR7GF5", "vendor_uei", "LNLJPLNR7GF5"),
        ("XI-LEI", "529900T8BM49AURSDO55", "vendor_local", "XI-LEI:529900T8BM49AURSDO55"),
    ],
)
def test_a_supplier_is_known_by_the_scheme_of_its_number(scheme, number, field, value):
    party = {"id": "s1", "name": "Supplier s1", "identifier": {"scheme": scheme, "id": number}}
    assert rows(ocds.rows, package(release(award(), parties=[party])))[0][field] == value


def test_an_id_with_a_scheme_in_it_counts_and_a_local_one_does_not():
    found = rows(ocds.rows, package(release(award(suppliers=("GB-CFS-307567", "org-2")), parties=[])))
    assert [row.get("vendor_local") for row in found] == ["GB-CFS:307567", None]


# --- what a file may do ---


def test_a_key_that_stands_twice_is_refused():
    data = package(release(award())).replace('"ocid"', '"ocid": "ocds-x1y2z3-9", "ocid"', 1)
    assert "entry 1: the key 'ocid' stands in one object twice" in refused(ocds.rows, data).message


@pytest.mark.parametrize("number", ["1e400", "9" * 500, "1e-400"])
def test_a_number_that_explodes_is_refused(number):
    data = package(release(award(amount=7))).replace('"amount": 7', f'"amount": {number}')
    assert "number" in refused(ocds.rows, data).message


def test_the_network_is_never_touched(monkeypatch):
    def no(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", no)
    assert rows(ocds.rows, package(release(award())))


def test_ocds_is_recognised_and_other_json_is_not():
    assert ocds.recognise(Head("x.json", package(release(award()))))
    assert not ocds.recognise(Head("x.json", '{"marches": [{"acheteur": {"id": "1"}}]}'))
    assert not ocds.recognise(Head("x.csv", 'ocid,value\n"ocid": 1'))


KEYS = [
    "releases", "records", "compiledRelease", "ocid", "id", "date", "buyer", "name", "tender", "value",
    "amount", "currency", "parties", "identifier", "scheme", "awards", "suppliers", "contracts", "awardID",
    "relatedLots", "techniques", "hasFrameworkAgreement", "relatedProcesses", "relationship", "status",
    "lots",
]  # fmt: skip


@given(shaped(KEYS), st.booleans())
def test_no_shape_breaks_the_reader(value, inside):
    one = {"ocid": "ocds-b5fd17-1", "awards": value, "tender": value, "contracts": value}
    whole = {"releases": [one, value]}
    never_breaks(ocds.rows, json.dumps(whole if inside else value).encode())


@given(broken(package(release(award(), award("2", 50, ("s2", "s3")))).encode()))
def test_no_bytes_break_the_reader(data):
    never_breaks(ocds.rows, data)


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
