# SPDX-License-Identifier: Apache-2.0
"""Our own customers: a CSV with a column of names. It stays in the workplace; other columns do not enter.

A list of customers comes out of a program that also knows people, telephones and revenue: none of it is read.
"""

from __future__ import annotations

from fronde.evidence.contract import Format, Head

# The names of a column in the languages of the house, in lower case. Of several, the first is taken: a column
# called "name" beside one called "company" holds the name of a person.
NAMES = (
    "customer name", "customer_name", "client name", "client_name", "company name", "company_name",
    "account name", "account_name", "organisation name", "organization name", "legal name", "legal_name",
    "customer", "client", "company", "account", "organisation", "organization",
    "kundenname", "kunde", "firmenname", "firma", "unternehmen",
    "nom du client", "raison sociale", "raison_sociale", "dénomination sociale", "dénomination", "société",
    "societe", "entreprise", "cliente", "razón social", "razon social", "ragione sociale", "klant",
    "name", "nom", "nombre", "nome",
)  # fmt: skip
NUMBERS: dict[str, tuple[str, ...]] = {
    "vendor_uei": ("uei", "unique entity id", "unique_entity_id", "sam uei"),
    "vendor_duns": ("duns", "d-u-n-s", "duns number", "duns_number"),
    "vendor_siret": ("siret", "siren", "n° siret", "n° siren", "numéro siret", "numéro siren"),
    "vendor_coh": ("company number", "company_number", "companies house number", "crn"),
    "vendor_country": ("country", "country code", "country_code", "land", "pays", "país", "paese"),
}
# A header with one of these is of a file of contracts, whatever else stands in it.
FOREIGN = ("award", "piid", "obligat", "recipient", "montant", "acheteur", "titulaire", "ocid")


def _spelt(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each name in the ways that programs write it."""
    ways = (str.lower, str.capitalize, str.title, str.upper)
    return tuple(dict.fromkeys(way(name) for name in names for way in ways))


COLUMNS = {"vendor": _spelt(NAMES), **{field: _spelt(names) for field, names in NUMBERS.items()}}


def recognise(head: Head) -> bool:
    """A header with a name of a customer, and nothing in it of contracts."""
    contracts = any(word in field.lower() for field in head.fields for word in FOREIGN)
    return not contracts and any(name in head.fields for name in COLUMNS["vendor"])


FORMATS = (
    Format(
        "customers",
        "Our own customers: a CSV with a column of names",
        "this workplace",
        "not to be passed on",
        recognise,
        columns=COLUMNS,
        constants={"kind": "customer"},
    ),
)
