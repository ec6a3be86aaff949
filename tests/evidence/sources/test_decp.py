# SPDX-License-Identifier: Apache-2.0
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence.contract import Head
from fronde.evidence.sources import decp, decp_table
from tests.evidence.sources import real
from tests.evidence.sources.fuzz import (
    broken,
    cents,
    never_breaks,
    problems,
    read,
    rows,
    shaped,
    total,
)
from tests.evidence.sources.marches import (
    BUYER,
    HEADER,
    ONE,
    TWO,
    TWO_AGAIN,
    contract,
    holder,
    of_2019,
    of_2022,
)


def test_a_contract_of_2019_becomes_a_row():
    [row] = rows(decp.rows, of_2019(contract()))
    own = row.pop("unique_key")
    assert own.startswith(f"{BUYER}:2024-017:")
    assert row == {
        "kind": "award",
        "award": "2024-017",
        "agency": BUYER,
        "vehicle": "",
        "vehicle_agency": "",
        "date": "2024-05-15",
        "currency": "EUR",
        "value": "31367.57",
        "buyer": "Ville d'Essai",
        "buyer_id": BUYER,
        "buyer_scheme": "FR-SIRET",
        "vendor": "Une Entreprise",
        "vendor_siret": ONE,
        "vendor_country": "FR",
        "description": "Entretien des arbres",
        "cpv": "77211500",
        "modified": "2024-05-25",
    }


def test_a_contract_of_2022_says_the_same_without_names():
    [row] = rows(decp.rows, of_2022(contract()))
    [old] = rows(decp.rows, of_2019(contract()))
    assert row == {**old, "buyer": "", "vendor": ""}


@pytest.mark.parametrize(
    "form",
    [
        {"marches": {"marche": contract()}},
        {"marches": [contract()]},
        {"marche": [contract()]},
        {"marche": contract()},
        [contract()],
        contract(),
    ],
)
def test_every_form_of_a_file_says_the_same(form):
    assert rows(decp.rows, json.dumps(form)) == rows(decp.rows, of_2019(contract()))
    assert problems(decp.rows, json.dumps(form)) == []


def test_a_key_with_a_space_behind_it_is_the_key():
    data = of_2019(contract()).replace('"objet"', '"objet "').replace('"montant"', '" montant "')
    assert rows(decp.rows, data) == rows(decp.rows, of_2019(contract()))


def test_an_amount_keeps_its_digits():
    data = of_2019(contract(montant=7)).replace('"montant": 7', '"montant": 123457.80')
    assert rows(decp.rows, data)[0]["value"] == "123457.80"


# --- what may be added ---


def test_the_amount_of_several_holders_is_a_maximum_with_each_and_never_added():
    found = rows(decp.rows, of_2019(contract(titulaires=[holder(), holder(TWO, "Deux")])))
    assert [(row["vendor"], row["maximum"]) for row in found] == [
        ("Une Entreprise", "31367.57"),
        ("Deux", "31367.57"),
    ]
    assert total(found, "value") == 0


@pytest.mark.parametrize("again", [holder(TWO, "Deux"), holder(TWO_AGAIN, "Deux, agence")])
def test_one_company_named_twice_is_one_holder(again):
    found = rows(decp.rows, of_2019(contract(titulaires=[holder(TWO, "Deux"), again])))
    assert [row["value"] for row in found] == ["31367.57"]


@pytest.mark.parametrize(
    "more",
    [
        {"nature": "Accord-cadre"},
        {"nature": "ACCORD CADRE"},
        {"techniques": {"technique": ["Concours", "Accord-cadre"]}},
        {"techniques": ["Accord-cadre"]},
        {"techniques": "Système d'acquisition dynamique"},
    ],
)
def test_the_amount_of_a_framework_is_a_maximum(more):
    [row] = rows(decp.rows, of_2019(contract(**more)))
    assert row["maximum"] == "31367.57"
    assert "value" not in row


@pytest.mark.parametrize(
    "more",
    [
        {"nature": "Marché subséquent", "techniques": ["Accord-cadre"]},
        {"techniques": {"technique": ["Accord-cadre"]}, "idAccordCadre": "AC-2023-4"},
    ],
)
def test_a_call_under_a_framework_has_a_value(more):
    [row] = rows(decp.rows, of_2019(contract(**more)))
    assert row["value"] == "31367.57"
    assert (row["vehicle"], row["vehicle_agency"]) == (
        ("AC-2023-4", BUYER) if "idAccordCadre" in more else ("", "")
    )


def test_a_concession_has_a_maximum_since_the_buyer_does_not_pay_it():
    given = {
        "id": "C1",
        "autoriteConcedante": {"id": BUYER, "nom": "Ville d'Essai"},
        "nature": "Délégation de service public",
        "objet": "Cantines",
        "dateSignature": "2023-01-02",
        "valeurGlobale": 5_000_000,
        "concessionnaires": [{"concessionnaire": {"id": ONE, "typeIdentifiant": "SIRET"}}],
    }
    [row] = rows(decp.rows, json.dumps({"marches": {"contrat-concession": [given]}}))
    assert (row["maximum"], row["date"], row["buyer"]) == ("5000000", "2023-01-02", "Ville d'Essai")
    assert "value" not in row


# --- modifications ---


def test_a_modified_amount_is_a_figure_of_its_own_as_stated_and_never_added():
    changes = [
        {
            "objetModification": "durée",
            "montant": None,
            "titulaires": [],
            "dateSignatureModification": "2024-06-01",
        },
        {"montant": "33000.00", "titulaires": [], "dateSignatureModification": "2024-07-01"},
        {"id": 9, "montant": 34000, "titulaires": [], "dateNotificationModification": "2024-08-01"},
    ]
    for data in (of_2019(contract(modifications=changes)), of_2022(contract(modifications=changes))):
        first, *later = rows(decp.rows, data)
        assert first["value"] == "31367.57"
        assert [(row["mod"], row["date"], row["current"]) for row in later] == [
            ("2", "2024-07-01", "33000.00"),
            ("9", "2024-08-01", "34000"),
        ]
        assert total([first, *later], "value") == 3_136_757


def test_a_new_holder_is_told_with_the_amount_that_holds():
    change = {"montant": None, "titulaires": [holder(TWO, "Deux")], "dateSignatureModification": "2024-06-01"}
    assert [row["vendor"] for row in rows(decp.rows, of_2019(contract(modifications=[change])))] == [
        "Une Entreprise",
        "Deux",
    ]
    assert rows(decp.rows, of_2019(contract(modifications=[change])))[1]["current"] == "31367.57"


def test_a_framework_that_is_modified_has_another_maximum():
    change = {"montant": "50000", "titulaires": [], "dateSignatureModification": "2024-06-01"}
    found = rows(decp.rows, of_2019(contract(nature="Accord-cadre", modifications=[change])))
    assert [row["maximum"] for row in found] == ["31367.57", "50000"]


# --- numbers ---


@pytest.mark.parametrize("number", ["", "  ", "000000000000", "0000-00", "NC", "néant", "null"])
def test_contracts_without_a_number_are_not_one_contract(number):
    one, two = contract(id=number), contract(id=number, montant="6000.00", objet="Tapis")
    found = rows(decp.rows, of_2019(one, two))
    assert [row["award"] for row in found] == [
        "without number, 2024-05-15, 31367.57",
        "without number, 2024-05-15, 6000.00",
    ]
    assert len({row["unique_key"] for row in found}) == 2


def test_lots_of_one_number_are_several_awards_and_a_repetition_is_not():
    lots = [contract(), contract(objet="Entretien des parcs"), contract(objet="  ENTRETIEN des  arbres")]
    keys = [row["unique_key"] for row in rows(decp.rows, of_2019(*lots))]
    assert keys[0] == keys[2] != keys[1]


def test_a_number_that_fails_luhn_is_no_siret():
    [row] = rows(decp.rows, of_2019(contract(titulaires=[holder("55204599900868", "X")])))
    assert (row.get("vendor_siret"), row["vendor_local"], row.get("vendor_country")) == (
        None,
        "SIRET:55204599900868",
        None,
    )


def test_an_empty_kind_of_number_is_a_siret_when_it_passes_luhn():
    [row] = rows(decp.rows, of_2019(contract(titulaires=[{**holder(), "typeIdentifiant": ""}])))
    assert row["vendor_siret"] == ONE


def test_a_foreign_number_is_local():
    [row] = rows(decp.rows, of_2019(contract(titulaires=[{"id": "DE811569869", "typeIdentifiant": "TVA"}])))
    assert row["vendor_local"] == "TVA:DE811569869"


@pytest.mark.parametrize("holders", [[], None, [{}], [{"titulaire": {}}]])
def test_a_contract_without_a_holder_is_listed(holders):
    data = of_2019(contract(), contract(titulaires=holders))
    assert problems(decp.rows, data) == [(2, "no holder is named")]


# --- recognising, breaking ---


def test_decp_is_recognised_and_other_files_are_not():
    assert decp.recognise(Head("x.json", of_2019(contract())))
    assert not decp.recognise(Head("x.json", '{"releases": [{"ocid": "1"}]}'))
    assert not decp.recognise(Head("x.csv", HEADER, tuple(HEADER.split(","))))
    assert decp_table.recognise(Head("x.csv", HEADER, tuple(HEADER.split(","))))
    assert not decp_table.recognise(Head("x.csv", "id,objet", ("id", "objet")))


KEYS = [
    "marches", "marche", "contrat-concession", "id", "acheteur", "nom", "montant", "titulaires", "titulaire",
    "modifications", "modification", "techniques", "technique", "nature", "objet", "concessionnaires",
    "valeurGlobale", "idAccordCadre", "dateNotification", "typeIdentifiant",
]  # fmt: skip


@given(shaped(KEYS), st.booleans())
def test_no_shape_breaks_the_reader(value, inside):
    given = {
        "marches": [{**contract(), "titulaires": value, "modifications": value, "techniques": value}, value]
    }
    never_breaks(decp.rows, json.dumps(given if inside else value).encode())


@given(broken(of_2022(contract(modifications=[{"id": 1, "montant": 5, "titulaires": []}])).encode()))
def test_no_bytes_break_the_reader(data):
    never_breaks(decp.rows, data)


# --- the real file, computed a second time ---


def test_the_real_file_is_what_plain_python_makes_of_it():
    path = real.file("fr-decp/decp_21590163800019_2019-01-01_2021-12-31.json")
    contracts = json.loads(path.read_text())["marches"]
    plain, shared, changed = 0, 0, []
    for each in contracts:
        companies = {one["id"].strip()[:9] for one in each["titulaires"] if one["id"].strip()}
        if len(companies) == 1 and "accord-cadre" not in each["nature"].lower():
            plain += cents(each["montant"])
            changed += [cents(one["montant"]) for one in each["modifications"] if one["montant"]]
        else:
            shared += len(companies) * cents(each["montant"])
    found = rows(decp.rows, path.read_bytes())
    first = [row for row in found if "mod" not in row]
    assert plain > 0
    assert total(found, "value") == total(first, "value") == plain
    assert total(first, "maximum") == shared
    assert sorted(cents(row["current"]) for row in found if "current" in row) == sorted(changed)
    assert problems(decp.rows, path.read_bytes()) == [(n, "no holder is named") for n in (3, 4, 108)]
    assert {n for n, _ in read(decp.rows, path.read_bytes())} == set(range(1, 160))
