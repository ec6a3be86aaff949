# SPDX-License-Identifier: Apache-2.0
import pytest

from fronde.evidence.contract import FIELDS, Head
from fronde.evidence.sources import customers
from tests.evidence.sources import real


def head(*fields: str) -> Head:
    return Head("x.csv", ",".join(fields), fields)


def taken(*fields: str) -> dict[str, str]:
    """Field -> the column of a header that is read for it, as `stage` chooses."""
    return {
        field: next(each for each in names if each in fields)
        for field, names in customers.COLUMNS.items()
        if any(each in fields for each in names)
    }


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "Name",
        "CUSTOMER",
        "Customer Name",
        "client",
        "Company",
        "Kunde",
        "Firma",
        "Raison sociale",
        "société",
    ],
)
def test_a_list_with_a_column_of_names_is_recognised(name):
    assert customers.recognise(head("ID", name, "Contract value"))
    assert taken("ID", name, "Revenue") == {"vendor": name}


def test_the_name_of_a_company_goes_before_the_name_of_a_person():
    assert taken("Name", "Company", "Phone")["vendor"] == "Company"
    assert taken("Nom", "Raison sociale")["vendor"] == "Raison sociale"


def test_numbers_and_country_are_taken_and_nothing_else():
    fields = (
        "Customer",
        "UEI",
        "DUNS",
        "SIRET",
        "Company Number",
        "Country",
        "Contact",
        "E-mail",
        "Phone",
        "Revenue",
    )
    assert taken(*fields) == {
        "vendor": "Customer",
        "vendor_uei": "UEI",
        "vendor_duns": "DUNS",
        "vendor_siret": "SIRET",
        "vendor_coh": "Company Number",
        "vendor_country": "Country",
    }


@pytest.mark.parametrize(
    "fields",
    [
        ("award_id_piid", "recipient_name", "name"),
        ("Award ID", "Recipient Name", "Name"),
        ("id", "acheteur_id", "titulaire_nom", "objet", "montant", "nom"),
        ("first", "last"),
        (),
    ],
)
def test_files_of_contracts_and_files_without_a_name_are_not_customers(fields):
    assert not customers.recognise(head(*fields))


@pytest.mark.parametrize(
    "name",
    [
        "usaspending-ice-2013-2018/ice_contracts_fy13_fy18_258cols.csv",
        "usaspending-ice-cbp-2021-2024/CBP_ICE_FY2021_Contract_Obligations.csv",
        "movement/actions.csv",
    ],
)
def test_the_real_files_of_contracts_are_not_customers(name):
    with real.file(name).open(encoding="utf-8-sig") as file:
        fields = [each.strip().strip('"') for each in file.readline().split(",")]
    assert not customers.recognise(head(*fields))


def test_the_format_reads_columns_of_the_contract_alone():
    [form] = customers.FORMATS
    assert set(form.columns) <= set(FIELDS)
    assert form.constants == {"kind": "customer"}
    assert form.rows is None
