# SPDX-License-Identifier: Apache-2.0
import re
import xml.etree.ElementTree as ET  # the second computation, over a file that is not hostile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence.contract import Head
from fronde.evidence.sources import fpds
from tests.evidence.sources import real
from tests.evidence.sources.fuzz import broken, cents, never_breaks, problems, refused, rows, total

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:ns1="https://www.fpds.gov/FPDS">
<title>a search</title>
{}
</feed>
"""
VENDOR = """<ns1:vendor><ns1:vendorHeader>{header}</ns1:vendorHeader><ns1:vendorSiteDetails>
<ns1:vendorLocation><ns1:streetAddress>1 Elm Street</ns1:streetAddress><ns1:phoneNo>5550100</ns1:phoneNo>
<ns1:countryCode name="UNITED STATES">USA</ns1:countryCode></ns1:vendorLocation>{ids}
</ns1:vendorSiteDetails></ns1:vendor>"""
DUNS = """<ns1:vendorDUNSInformation><ns1:cageCode>1AB23</ns1:cageCode>
<ns1:DUNSNumber>081466849</ns1:DUNSNumber>
<ns1:globalParentDUNSNumber>081466850</ns1:globalParentDUNSNumber>
<ns1:globalParentDUNSName>HALCYON HOLDING</ns1:globalParentDUNSName></ns1:vendorDUNSInformation>"""
UEI = """<ns1:entityIdentifiers><ns1:vendorUEIInformation><ns1:UEI>LNLJPLNR7GF5</ns1:UEI>
<ns1:UEILegalBusinessName>HALCYON SUPPLY LLC</ns1:UEILegalBusinessName>
<ns1:ultimateParentUEI>MGUJLLZ55YL1</ns1:ultimateParentUEI>
<ns1:ultimateParentUEIName>HALCYON HOLDING</ns1:ultimateParentUEIName></ns1:vendorUEIInformation>
</ns1:entityIdentifiers>"""
AWARD = """<entry><title>DELIVERY ORDER</title><link rel="alternate" href="https://www.fpds.gov/one"/>
<content type="application/xml"><ns1:award version="1.4"><ns1:awardID>
<ns1:awardContractID><ns1:agencyID name="OFFICE OF TESTS">7012</ns1:agencyID><ns1:PIID>HSX17J1</ns1:PIID>
<ns1:modNumber>{mod}</ns1:modNumber><ns1:transactionNumber>0</ns1:transactionNumber></ns1:awardContractID>
<ns1:referencedIDVID><ns1:agencyID name="ABOVE">7001</ns1:agencyID><ns1:PIID>HSHQ15A1</ns1:PIID>
<ns1:modNumber>9</ns1:modNumber></ns1:referencedIDVID></ns1:awardID>
<ns1:relevantContractDates><ns1:signedDate>2018-06-15 00:00:00</ns1:signedDate></ns1:relevantContractDates>
<ns1:dollarValues><ns1:obligatedAmount>{amount}</ns1:obligatedAmount></ns1:dollarValues>
<ns1:totalDollarValues><ns1:totalObligatedAmount>999.00</ns1:totalObligatedAmount>
<ns1:totalBaseAndAllOptionsValue>1000.00</ns1:totalBaseAndAllOptionsValue></ns1:totalDollarValues>
<ns1:purchaserInformation><ns1:contractingOfficeAgencyID name="OFFICE OF TESTS" departmentID="7000"
 departmentName="DEPARTMENT OF TESTS">7012</ns1:contractingOfficeAgencyID></ns1:purchaserInformation>
<ns1:contractData>
<ns1:descriptionOfContractRequirement>CLOUD &amp; LICENCES</ns1:descriptionOfContractRequirement>
</ns1:contractData>{vendor}</ns1:award></content></entry>"""
IDV = """<entry><content><ns1:IDV version="1.5"><ns1:contractID><ns1:IDVID>
<ns1:agencyID>7001</ns1:agencyID><ns1:PIID>HSHQ15A1</ns1:PIID><ns1:modNumber>P1</ns1:modNumber></ns1:IDVID>
<ns1:referencedIDVID><ns1:agencyID>4730</ns1:agencyID><ns1:PIID>GS35F</ns1:PIID></ns1:referencedIDVID></ns1:contractID>
<ns1:dollarValues><ns1:obligatedAmount>0.00</ns1:obligatedAmount></ns1:dollarValues>{vendor}</ns1:IDV>
</content></entry>"""


def award(amount: str = "100.00", mod: str = "0", header: str = "", ids: str = UEI) -> str:
    return AWARD.format(amount=amount, mod=mod, vendor=VENDOR.format(header=header, ids=ids))


SAMPLE = FEED.format(
    award("100.10")
    + award("-40.05", "P1", "<ns1:vendorName>HALCYON SUPPLY</ns1:vendorName>", DUNS)
    + IDV.format(vendor=VENDOR.format(header="", ids=UEI))
)


def test_an_action_on_an_award_becomes_a_row():
    assert rows(fpds.rows, SAMPLE)[0] == {
        "kind": "transaction",
        "flag": "",
        "currency": "USD",
        "url": "https://www.fpds.gov/one",
        "award": "HSX17J1",
        "agency": "7012",
        "vehicle": "HSHQ15A1",
        "vehicle_agency": "7001",
        "mod": "0",
        "transaction": "0",
        "date": "2018-06-15",
        "obligated": "100.10",
        "ceiling": "1000.00",
        "buyer": "OFFICE OF TESTS",
        "buyer_id": "7012",
        "buyer_scheme": "US-AGENCY",
        "department": "DEPARTMENT OF TESTS",
        "department_id": "7000",
        "vendor": "HALCYON SUPPLY LLC",
        "vendor_uei": "LNLJPLNR7GF5",
        "vendor_country": "USA",
        "parent": "HALCYON HOLDING",
        "parent_uei": "MGUJLLZ55YL1",
        "description": "CLOUD & LICENCES",
    }


def test_the_older_form_names_the_vendor_by_duns_and_cage():
    row = rows(fpds.rows, SAMPLE)[1]
    assert (row["vendor"], row["vendor_duns"], row["vendor_cage"]) == ("HALCYON SUPPLY", "081466849", "1AB23")
    assert (row["parent"], row["parent_duns"]) == ("HALCYON HOLDING", "081466850")


def test_a_vehicle_is_flagged_and_knows_the_one_above_it():
    row = rows(fpds.rows, SAMPLE)[2]
    assert (row["flag"], row["award"], row["agency"]) == ("IDV", "HSHQ15A1", "7001")
    assert (row["vehicle"], row["vehicle_agency"], row["mod"]) == ("GS35F", "4730", "P1")


def test_the_money_of_a_feed_is_that_of_its_actions():
    assert total(rows(fpds.rows, SAMPLE), "obligated") == 6005


def test_no_address_and_no_telephone_of_a_feed_gets_in():
    assert not re.search("Elm|5550100", repr(rows(fpds.rows, SAMPLE)))


def test_an_entry_without_an_award_is_listed():
    feed = FEED.format("<entry><title>empty</title></entry>" + award())
    assert problems(fpds.rows, feed) == [(1, "the entry has no award")]
    assert len(rows(fpds.rows, feed)) == 1


@pytest.mark.parametrize(
    "declared",
    [
        "<!DOCTYPE feed>",
        '<!DOCTYPE feed [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE feed SYSTEM "http://192.0.2.1/x.dtd">',
    ],
)
def test_a_document_type_is_refused(declared):
    error = refused(fpds.rows, SAMPLE.replace("?>\n", f"?>\n{declared}\n", 1))
    assert "it declares a document type" in error.message
    assert "line 2" in error.message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "not well-formed XML (no element found)"),
        ("not XML", "not well-formed"),
        ("<other/>", "it begins with <other>"),
        (SAMPLE[:2000], "not well-formed"),
        (FEED.format("<entry>&nope;</entry>"), "not well-formed XML (undefined entity)"),
        (FEED.format("<a>" * 50), "nested more than 40"),
        (FEED.format(f"<entry><title>{'x' * 200_000}</title></entry>"), "a text of more than"),
        (FEED.format(f"<!-- {'x' * (5 << 20)} -->"), "a tag of more than"),
        (FEED.format(f'<entry a="{"x" * (5 << 20)}"/>'), "a tag of more than"),
    ],
)
def test_a_feed_that_hurts_is_refused_with_its_line(data, said):
    error = refused(fpds.rows, data)
    assert said in error.message
    assert "line" in error.message


def test_an_error_late_in_a_feed_names_the_entry():
    error = refused(fpds.rows, FEED.format(award() + award() + "<entry><a></b></entry>"))
    assert "(entry 3)" in error.message


def test_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(fpds, "ENTRIES", 1)
    assert "more than 1 entries" in refused(fpds.rows, SAMPLE).message


def test_a_feed_of_fpds_is_recognised_and_others_are_not():
    assert fpds.recognise(Head("x.xml", SAMPLE[:65536]))
    assert not fpds.recognise(Head("x.xml", '<feed xmlns="http://www.w3.org/2005/Atom"></feed>'))
    assert not fpds.recognise(Head("x.csv", "feed,https://www.fpds.gov/FPDS"))


@given(broken(SAMPLE.encode()) | st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    never_breaks(fpds.rows, data)


def test_the_real_feed_is_what_an_xml_tree_of_it_says():
    path = real.file("us-fpds/full_response.xml")
    ns = "{https://www.fpds.gov/FPDS}"
    expected = []
    for entry in ET.parse(path).getroot().iter("{http://www.w3.org/2005/Atom}entry"):  # noqa: S314 - a known file
        own = entry.find(f".//{ns}awardContractID")
        expected.append(
            (
                own.findtext(f"{ns}PIID"),
                own.findtext(f"{ns}agencyID"),
                own.findtext(f"{ns}modNumber"),
                entry.findtext(f".//{ns}referencedIDVID/{ns}PIID", ""),
                entry.findtext(f".//{ns}signedDate")[:10],
                cents(entry.findtext(f".//{ns}dollarValues/{ns}obligatedAmount")),
                entry.findtext(f".//{ns}UEI"),
                entry.findtext(f".//{ns}UEILegalBusinessName"),
                entry.findtext(f".//{ns}ultimateParentUEI"),
                entry.findtext(f".//{ns}descriptionOfContractRequirement", ""),
            )
        )
    found = rows(fpds.rows, path.read_bytes())
    assert len(expected) == 10
    assert [
        (
            row["award"],
            row["agency"],
            row["mod"],
            row.get("vehicle", ""),
            row["date"],
            cents(row["obligated"]),
            row["vendor_uei"],
            row["vendor"],
            row["parent_uei"],
            row.get("description", ""),
        )
        for row in found
    ] == expected
    assert total(found, "obligated") == sum(each[5] for each in expected)
