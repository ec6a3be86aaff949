# SPDX-License-Identifier: Apache-2.0
"""DECP, the essential data of French public contracts: JSON of 2019 and of 2022/2024, the table of decp.info.

    2019       {"marches": [{id, acheteur: {id, nom}, montant, titulaires: [{id, denominationSociale}],
                             modifications: [{montant, dateSignatureModification, ...}]}]}
    2022/2024  {"marches": {"marche": [{..., titulaires: [{"titulaire": {id, typeIdentifiant}}], techniques,
                             modifications: [{"modification": {...}}]}], "contrat-concession": [...]}}

`montant` is one figure for the whole contract, however many holders it has: the fixed price, or the most
that is expected. So it is an award value for one holder of a plain contract; for a framework (accord-cadre),
several holders or a concession it is a maximum, stated with each holder and never added. The amount of a
modification replaces the one before (some publishers write the difference: nobody can tell, so it is shown as
stated and never computed with).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO

from fronde.evidence import names
from fronde.evidence.contract import Format, Head, Problem, Row
from fronde.evidence.entries import day
from fronde.evidence.jsonfile import at, entries, objects, text

from . import decp_table
from .decp_table import number_of

KINDS = ("marche", "contrat-concession", "marches", "concessions", "contrats-concession")
PLACES = frozenset(
    {("*",)}
    | {(kind,) for kind in ("marche", "contrat-concession")}
    | {(kind, "*") for kind in KINDS}
    | {("marches", kind) for kind in KINDS}
    | {("marches", kind, "*") for kind in KINDS}
)
PUBLISHER = "buyers named in the file, by data.gouv.fr"
LICENCE = "Licence Ouverte 2.0"


def rows(file: BinaryIO) -> Iterator[tuple[int, Row | Problem]]:
    """The contracts of a file: a row for each holder, one for each modified amount. Raises BadEntry."""
    for number, value in enumerate(_found(file), 1):
        yield from _numbered(number, value)


def _found(file: BinaryIO) -> Iterator[Any]:
    for _, value in entries(file, PLACES):
        # A list, or a document with contracts in it, is what is left when they were handed out.
        if isinstance(value, list) or (isinstance(value, dict) and any(kind in value for kind in KINDS)):
            continue
        yield value


def _numbered(number: int, value: Any) -> Iterator[tuple[int, Row | Problem]]:
    found = list(contract(value)) if isinstance(value, dict) else []
    yield from ((number, row) for row, _ in found)
    if not found:
        yield number, Problem("titulaires", "no holder is named", "")


def contract(deal: dict[str, Any]) -> Iterator[tuple[Row, dict[str, Any]]]:
    """The rows of one contract, each with the holder that it is about."""
    holders = _holders(at(deal, "titulaires"), "titulaire")
    conceded = _holders(at(deal, "concessionnaires"), "concessionnaire")
    amount = text(at(deal, "valeurGlobale" if conceded else "montant"))
    row = {
        **_row(deal, amount),
        "date": _first(deal, "dateNotification", "dateSignature", "dateDebutExecution"),
    }
    whole = bool(conceded) or framework(deal)
    now = holders or conceded
    for holder in now:
        measure = "maximum" if whole or len(now) > 1 else "value"
        yield {**row, **_vendor(holder), measure: amount}, holder
    for place, change in enumerate(_inside(at(deal, "modifications"), "modification"), 1):
        after = _holders(at(change, "titulaires"), "titulaire") or now
        stated = text(at(change, "montant")) or text(at(change, "valeurGlobale"))
        if not stated and _ids(after) <= _ids(now):
            continue  # it changes a duration, or says nothing
        amount, now = stated or amount, after
        measure = "maximum" if whole or len(now) > 1 else "current"
        changed = {**row, "mod": text(at(change, "id")) or str(place), "date": _changed(change)}
        for holder in now:
            yield {**changed, **_vendor(holder), measure: amount}, holder


def framework(deal: dict[str, Any]) -> bool:
    """Whether a contract only says what later ones may come to."""
    nature = text(at(deal, "nature")).lower()
    if "subséquent" in nature or number_of(text(at(deal, "idAccordCadre"))):
        return False  # a call under one
    techniques = " ".join(_texts(at(deal, "techniques") or at(deal, "technique"))).lower()
    return any(
        word in said
        for word in ("accord-cadre", "accord cadre", "acquisition dynamique")
        for said in (nature, techniques)
    )


def _texts(value: Any) -> list[str]:
    """The texts in a text, a list, or an object of lists: publishers write all three."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [each for inside in value for each in _texts(inside)]
    return [text(value)]


def _row(deal: dict[str, Any], amount: str) -> Row:
    buyer = at(deal, "acheteur") or at(deal, "autoriteConcedante")
    siret = text(at(buyer, "id"))
    day_of = _first(deal, "dateNotification", "dateSignature", "dateDebutExecution")
    # Contracts without a number are not one contract: day and amount tell them apart.
    number = number_of(text(at(deal, "id"))) or f"without number, {day_of}, {amount}"
    return {
        "kind": "award",
        "award": number,
        "agency": siret,
        "unique_key": _own_key(siret, number, text(at(deal, "objet"))),
        "vehicle": number_of(text(at(deal, "idAccordCadre"))),
        "vehicle_agency": siret if number_of(text(at(deal, "idAccordCadre"))) else "",
        "date": day_of,
        "currency": "EUR",
        "buyer": text(at(buyer, "nom")),
        "buyer_id": siret,
        "buyer_scheme": "FR-SIRET" if siret else "",
        "description": text(at(deal, "objet")),
        "cpv": text(at(deal, "codeCPV")),
        "modified": _first(deal, "datePublicationDonnees"),
    }


def _own_key(siret: str, number: str, matter: str) -> str:
    """Buyers give one number to all lots of a procedure, or to everything: only with its object it is one."""
    plain = " ".join(matter.lower().split())
    return f"{siret}:{number}:{hashlib.sha256(plain.encode()).hexdigest()[:12]}"


def _first(thing: Any, *keys: str) -> str:
    return next((day(text(at(thing, key))) for key in keys if text(at(thing, key)).strip()), "")


def _changed(change: Any) -> str:
    return _first(
        change,
        "dateNotificationModification",
        "dateSignatureModification",
        "datePublicationDonneesModification",
    )


# --- holders -------------------------------------------------------------------------------------------


def _inside(value: Any, name: str) -> list[dict[str, Any]]:
    """Objects of a list, taken out of the object that 2022 puts around each."""
    return [at(each, name) if isinstance(at(each, name), dict) else each for each in objects(value)]


def _holders(value: Any, name: str) -> list[dict[str, Any]]:
    """The companies that hold a contract: two establishments of one company, or one named twice, are one."""
    found: dict[str, dict[str, Any]] = {}
    for each in _inside(value, name):
        if _id(each) or _name(each):
            found.setdefault(_company(each), each)
    return list(found.values())


def _ids(holders: list[dict[str, Any]]) -> set[str]:
    return {_company(each) for each in holders}


_siren = lru_cache(1 << 16)(names.siren)  # the same companies come again and again


def _company(holder: dict[str, Any]) -> str:
    return _siren(_id(holder)) or _id(holder) or _name(holder)


def _id(holder: Any) -> str:
    return text(at(holder, "id")).strip()


def _name(holder: Any) -> str:
    return text(at(holder, "denominationSociale")) or text(at(holder, "nom"))


def _vendor(holder: dict[str, Any]) -> Row:
    """A SIRET counts only when it passes Luhn; another number is known to this publisher alone."""
    row = {"vendor": _name(holder)}
    if _siren(_id(holder)):
        return {**row, "vendor_siret": _id(holder), "vendor_country": "FR"}
    kind = text(at(holder, "typeIdentifiant")).strip().upper() or "ID"
    return {**row, "vendor_local": f"{kind}:{_id(holder)}"} if _id(holder) else row


# --- the table -----------------------------------------------------------------------------------------


def table(file: BinaryIO) -> Iterator[tuple[int, Row | Problem]]:
    """The rows of a table, put together to contracts. Raises BadEntry."""
    for numbers, deal in decp_table.contracts(file):
        used: set[int] = set()
        for row, holder in contract(deal):
            used.add(holder["row"])
            yield holder["row"], row
        for number in numbers:
            if number not in used:
                yield number, Problem("titulaire_id", "no holder, or the one of another row again", "")


def recognise(head: Head) -> bool:
    """JSON of contracts that have a buyer as DECP names it."""
    found = re.search(r'"(acheteur|autoriteConcedante)"\s*:', head.text)
    return head.text.lstrip()[:1] in ("{", "[") and found is not None


FORMATS = (
    Format("decp", "DECP: JSON of 2019, 2022 or 2024", PUBLISHER, LICENCE, recognise, rows=rows),
    Format(
        "decp-table", "DECP: the table of decp.info", PUBLISHER, LICENCE, decp_table.recognise, rows=table
    ),
)
