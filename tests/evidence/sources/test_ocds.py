# SPDX-License-Identifier: Apache-2.0
import json
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence.contract import Head
from fronde.evidence.sources import ocds
from tests.evidence.sources.fuzz import (
    broken,
    never_breaks,
    problems,
    refused,
    rows,
    shaped,
)
from tests.evidence.sources.procurement import OCID, award, package, release


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


def test_a_buyer_that_stands_among_the_parties_or_at_the_tender_is_found():
    party = {"id": "b9", "name": "Borough of Roles", "roles": ["procuringEntity", "buyer"]}
    by_role = release(award(), parties=[party], buyer=None)
    assert rows(ocds.rows, package(by_role))[0]["buyer"] == "Borough of Roles"
    at_tender = release(
        award(), parties=[], buyer=None, tender={"procuringEntity": {"name": "Borough of Tenders"}}
    )
    assert rows(ocds.rows, package(at_tender))[0]["buyer"] == "Borough of Tenders"


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
