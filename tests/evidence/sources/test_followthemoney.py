# SPDX-License-Identifier: Apache-2.0
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence.contract import Head
from fronde.evidence.sources import followthemoney as ftm
from tests.evidence.sources.fuzz import (
    Named,
    broken,
    cents,
    never_breaks,
    problems,
    refused,
    rows,
    shaped,
    total,
)


def entity(schema: str, ident: str, /, **properties: Any) -> dict[str, Any]:
    return {
        "id": ident,
        "schema": schema,
        "properties": {k: v if isinstance(v, list) else [v] for k, v in properties.items()},
    }


BUYER = entity("PublicBody", "b", name="Office of Tests", country="us", email="office@tests.example")
SELLER = entity(
    "Company", "s", name="Halcyon Supply", country="us", uniqueEntityId="LNLJPLNR7GF5", dunsCode="081466849",
    phone="0555 1234", address="1 Elm Street",
)  # fmt: skip
HOLDING = entity("Company", "h", name="Halcyon Holding", uniqueEntityId="MGUJLLZ55YL1")
CONTRACT = entity(
    "Contract",
    "c",
    title="Cloud",
    authority="b",
    procedureNumber="P-17",
    contractDate="2024-05-06",
    cpvCode="72000000",
)
AWARD = entity(
    "ContractAward", "a", contract="c", supplier="s", amount="100.10", currency="usd", date="2024-05-07"
)


def file(*entities: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in entities)


def test_an_award_is_joined_with_what_it_links():
    assert rows(ftm.rows, file(BUYER, SELLER, CONTRACT, AWARD)) == [
        {
            "kind": "award",
            "award": "P-17",
            "agency": "b",
            "unique_key": "a",
            "date": "2024-05-07",
            "starts": "",
            "ends": "",
            "value": "100.10",
            "currency": "USD",
            "buyer": "Office of Tests",
            "buyer_id": "b",
            "buyer_scheme": "FTM",
            "vendor": "Halcyon Supply",
            "vendor_country": "us",
            "vendor_uei": "LNLJPLNR7GF5",
            "vendor_duns": "081466849",
            "vendor_cage": "",
            "vendor_local": "FTM:s",
            "description": "Cloud",
            "cpv": "72000000",
            "url": "",
            "modified": "",
        }
    ]


def test_the_order_of_the_lines_does_not_matter():
    for order in itertools.permutations((BUYER, SELLER, CONTRACT, AWARD)):
        assert rows(ftm.rows, file(*order)) == rows(ftm.rows, file(BUYER, SELLER, CONTRACT, AWARD))


def test_a_list_says_the_same_as_lines():
    entities = (BUYER, SELLER, CONTRACT, AWARD)
    assert rows(ftm.rows, json.dumps(entities)) == rows(ftm.rows, file(*entities))
    assert problems(ftm.rows, json.dumps(entities)) == []


def test_entities_that_stand_inside_an_award_are_read():
    nested = json.loads(json.dumps(AWARD))
    nested["properties"]["contract"] = [json.loads(json.dumps(CONTRACT))]
    nested["properties"]["contract"][0]["properties"]["authority"] = [BUYER]
    nested["properties"]["supplier"] = [SELLER]
    assert rows(ftm.rows, file(nested)) == rows(ftm.rows, file(BUYER, SELLER, CONTRACT, AWARD))


def test_two_lines_of_one_entity_complete_each_other():
    half = entity("Company", "s", country="us", name="Halcyon Supply")
    other = entity("Company", "s", uniqueEntityId="LNLJPLNR7GF5", dunsCode="081466849")
    assert rows(ftm.rows, file(BUYER, half, other, CONTRACT, AWARD)) == rows(
        ftm.rows, file(BUYER, SELLER, CONTRACT, AWARD)
    )


def test_no_address_telephone_or_mail_gets_in():
    found = repr(rows(ftm.rows, file(BUYER, SELLER, CONTRACT, AWARD)))
    assert not any(each in found for each in ("Elm", "0555", "@"))


# --- what may be added ---


def test_the_amount_of_several_suppliers_is_a_maximum_with_each():
    shared = entity("ContractAward", "a", contract="c", supplier=["s", "h"], amount="100", currency="USD")
    found = rows(ftm.rows, file(BUYER, SELLER, HOLDING, CONTRACT, shared))
    assert [(row["vendor"], row["maximum"]) for row in found] == [
        ("Halcyon Supply", "100"),
        ("Halcyon Holding", "100"),
    ]
    assert total(found, "value") == 0


def test_awards_of_one_contract_with_values_of_their_own_are_added():
    one = entity(
        "ContractAward", "a1", contract="c", supplier="s", amount="60", currency="USD", lotNumber="1"
    )
    two = entity("ContractAward", "a2", contract="c", supplier="h", amount="40", currency="USD")
    found = rows(ftm.rows, file(BUYER, SELLER, HOLDING, CONTRACT, one, two))
    assert [(row["award"], cents(row["value"])) for row in found] == [("P-17/1", 6000), ("P-17/a2", 4000)]


@pytest.mark.parametrize("amount", ["", "100"])
def test_the_amount_of_a_contract_is_not_added_over_its_awards(amount):
    whole = {**CONTRACT, "properties": {**CONTRACT["properties"], "amount": ["100"], "currency": ["USD"]}}
    awards = [entity("ContractAward", f"a{n}", contract="c", supplier=n, amount=amount) for n in ("s", "h")]
    found = rows(ftm.rows, file(BUYER, SELLER, HOLDING, whole, *awards))
    assert [row["maximum"] for row in found] == ["100", "100"]
    assert total(found, "value") == 0


def test_the_amount_of_a_contract_is_that_of_its_only_award():
    whole = {**CONTRACT, "properties": {**CONTRACT["properties"], "amount": ["100"], "currency": ["EUR"]}}
    [row] = rows(
        ftm.rows, file(BUYER, SELLER, whole, entity("ContractAward", "a", contract="c", supplier="s"))
    )
    assert (row["value"], row["currency"], row["date"]) == ("100", "EUR", "2024-05-06")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"supplier": []}, "nobody is named"),
        ({"contract": "elsewhere"}, "that contract is not in the file"),
        ({"amount": ["1", "2"]}, "it has two amounts"),
    ],
)
def test_an_award_that_cannot_be_told_is_listed(wrong, why):
    award = entity("ContractAward", "a", **{"contract": "c", "supplier": "s", "amount": "1", **wrong})
    assert (4, why) in problems(ftm.rows, file(BUYER, SELLER, CONTRACT, award))
    assert rows(ftm.rows, file(BUYER, SELLER, CONTRACT, award)) == []


def test_a_contract_that_was_cancelled_or_awarded_to_nobody_is_listed():
    off = {**CONTRACT, "properties": {**CONTRACT["properties"], "cancelled": ["true"]}}
    assert problems(ftm.rows, file(BUYER, SELLER, off, AWARD)) == [(4, "the contract was cancelled")]
    assert problems(ftm.rows, file(BUYER, CONTRACT)) == [(2, "no award of this contract is in the file")]


def test_an_entity_that_is_not_read_is_listed_by_its_schema_alone():
    found = list(ftm.rows(Named(file(entity("Address", "x", full="1 Elm Street")).encode())))
    assert found == [(1, ("schema", "it is no entity of a contract that we read", "Address"))]


# --- who is who ---


@pytest.mark.parametrize(
    ("properties", "field", "value"),
    [
        ({"country": "fr", "registrationNumber": "55204599900869"}, "vendor_siret", "55204599900869"),
        ({"country": "fr", "registrationNumber": "552045999"}, "vendor_siret", "552045999"),
        ({"jurisdiction": "gb", "registrationNumber": "00975677"}, "vendor_coh", "00975677"),
        ({"country": "de", "leiCode": "529900T8BM49AURSDO55"}, "vendor_local", "XI-LEI:529900T8BM49AURSDO55"),
        ({"country": "de", "registrationNumber": "HRB 1"}, "vendor_local", "FTM:s"),
    ],
)
def test_a_supplier_is_known_by_its_number(properties, field, value):
    company = entity("Company", "s", name="X", **properties)
    assert rows(ftm.rows, file(BUYER, company, CONTRACT, AWARD))[0][field] == value


def owned(**properties: Any) -> str | None:
    owner = entity("Ownership", "o", owner="h", asset="s", **properties)
    return rows(ftm.rows, file(BUYER, SELLER, HOLDING, CONTRACT, AWARD, owner))[0].get("parent_uei")


def test_an_owner_on_the_day_of_the_award_is_the_parent():
    assert owned() == "MGUJLLZ55YL1"
    assert owned(startDate="2020-01-01", endDate="2025-01-01") == "MGUJLLZ55YL1"
    assert owned(startDate="2024-06-01") is None
    assert owned(endDate="2024-01-01") is None


def test_an_owner_of_half_or_less_is_no_parent():
    assert owned(percentage="75.5%") == "MGUJLLZ55YL1"
    assert owned(percentage="50") is None
    assert owned(percentage="unknown") is None


def test_one_of_two_owners_without_shares_is_no_parent():
    two = [entity("Ownership", f"o{n}", owner=n, asset="s") for n in ("h", "b")]
    assert "parent" not in rows(ftm.rows, file(BUYER, SELLER, HOLDING, CONTRACT, AWARD, *two))[0]


def test_a_person_is_no_parent_and_stays_out():
    person = entity("Person", "h", name="A. Owner")
    owner = entity("Ownership", "o", owner="h", asset="s")
    assert "Owner" not in repr(rows(ftm.rows, file(BUYER, SELLER, person, CONTRACT, AWARD, owner)))


# --- recognising, breaking ---


def test_entities_are_recognised_and_other_json_is_not():
    assert ftm.recognise(Head("x.json", file(BUYER)))
    assert not ftm.recognise(Head("x.json", '{"releases": [{"ocid": "1"}]}'))
    assert not ftm.recognise(Head("x.json", '{"marches": [{"acheteur": {"id": "1"}}]}'))


def test_a_line_that_is_cut_off_is_refused_with_its_number():
    assert "entry 2" in refused(ftm.rows, file(BUYER, SELLER)[:-40]).message


KEYS = ["id", "schema", "properties", "supplier", "contract", "authority", "amount", "name", "owner", "asset"]


@given(shaped(KEYS), st.sampled_from([*ftm.TAKEN, "Address"]), st.booleans())
def test_no_shape_breaks_the_reader(value, schema, inside):
    given = {"id": "c", "schema": schema, "properties": {"supplier": value, "contract": "c", "amount": value}}
    never_breaks(ftm.rows, (file(CONTRACT, given) + json.dumps(value if inside else {})).encode())


@given(broken(file(BUYER, SELLER, CONTRACT, AWARD).encode()))
def test_no_bytes_break_the_reader(data):
    never_breaks(ftm.rows, data)
