# SPDX-License-Identifier: Apache-2.0
"""DECP as a table (decp.info; older ones with up to three holders in a row), made into contracts again.

A row stands for one holder of one state of a contract, and repeats the amount of the contract for each.
So the rows of a contract are gathered first. Its number alone does not make it one (lots share it), its
object does. `modification_id` 0 is the contract as it was notified.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from fronde.evidence.contract import Head
from fronde.evidence.entries import BadEntry, Spool, lines

WIDTH = 1_000  # columns

# What we read -> the names that tables give to it; compared in lower case, a dot like an underscore
COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "acheteur_id": ("acheteur_id", "idacheteur", "acheteur_siret"),
    "acheteur_nom": ("acheteur_nom", "nomacheteur"),
    "nature": ("nature",),
    "objet": ("objet",),
    "codeCPV": ("codecpv", "cpv"),
    "techniques": ("techniques", "technique"),
    "idAccordCadre": ("idaccordcadre",),
    "montant": ("montant", "montantht"),
    "dateNotification": ("datenotification",),
    "datePublicationDonnees": ("datepublicationdonnees",),
    "modification": ("modification_id", "idmodification"),
    "change": ("objetmodification",),
}
HOLDER: dict[str, tuple[str, ...]] = {
    "id": ("titulaire_id", "idtitulaire"),
    "typeIdentifiant": ("titulaire_typeidentifiant", "typeidentifianttitulaire"),
    "nom": ("titulaire_nom", "titulaire_denominationsociale", "denominationtitulaire"),
}
NEEDED = ("id", "acheteur_id", "objet", "montant", "dateNotification")
SUFFIXES = ("", "_1", "_2", "_3")

NO_NUMBER = re.compile(r"(?i)[\W_0]*|nc|n/a|nul+|none|sans objet|n[ée]ant")

Place = dict[str, int]  # our name -> number of the column


def recognise(head: Head) -> bool:
    """A header with a buyer, a holder, an object and an amount in the names of DECP."""
    return _places(head.fields) is not None


def number_of(written: str) -> str:
    """The number of a contract, or "" for what only fills the field."""
    plain = written.strip()
    return "" if NO_NUMBER.fullmatch(plain) else plain


def _plain(name: str) -> str:
    return name.strip().lower().replace(".", "_")


def _find(header: list[str], names: tuple[str, ...], suffix: str = "") -> int | None:
    return next((header.index(name + suffix) for name in names if name + suffix in header), None)


def _places(fields: Any) -> tuple[Place, list[Place]] | None:
    header = [_plain(each) for each in fields]
    found = {ours: _find(header, names) for ours, names in COLUMNS.items()}
    each = [{ours: _find(header, names, suffix) for ours, names in HOLDER.items()} for suffix in SUFFIXES]
    holders = [_kept(place) for place in each if place["id"] is not None]
    if not holders or any(found[ours] is None for ours in NEEDED):
        return None
    return _kept(found), holders


def _kept(places: dict[str, int | None]) -> Place:
    return {ours: place for ours, place in places.items() if place is not None}


def contracts(file: BinaryIO) -> Iterator[tuple[list[int], dict[str, Any]]]:
    """The numbers of the rows of each contract, and the contract in the form of the JSON. Raises BadEntry.

    Each holder knows its row (`row`, from 1 after the header).
    """
    with Spool(file) as spool:
        for number, said in _rows(file):
            key = "\n".join(said.get(each, "") for each in _known_by(said))
            spool.add(key, number, said)
        for key in spool:
            found = spool.of(key)
            yield [number for number, _ in found], _contract(found)


def _known_by(said: dict[str, Any]) -> tuple[str, ...]:
    """What makes rows one contract; without a number its day and its amount have to help."""
    known = ("acheteur_id", "id", "objet")
    return known if number_of(said.get("id", "")) else (*known, "dateNotification", "montant")


def _rows(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    text = lines(file)
    first = next(text, "")
    reader = csv.reader(chain([first], text), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        places = _places(next(reader, []))
        if places is None:
            raise BadEntry(file, "line 1", "it is not a header of DECP")
        for number, cells in enumerate(filter(None, reader), 1):
            if len(cells) > WIDTH:
                raise BadEntry(file, f"row {number}", f"it has more than {WIDTH:,} columns")
            yield number, _said(cells, *places)
    except csv.Error as error:
        raise BadEntry(file, f"line {reader.line_num}", f"it is not a table ({error})") from None


def _said(cells: list[str], columns: Place, holders: list[Place]) -> dict[str, Any]:
    said: dict[str, Any] = _taken(cells, columns)
    said["holders"] = [_taken(cells, place) for place in holders]
    return said


def _taken(cells: list[str], places: Place) -> dict[str, Any]:
    return {ours: cells[place] for ours, place in places.items() if place < len(cells)}


def _state(said: dict[str, Any]) -> str:
    """The number of the modification that a row is about, "0" for the contract as notified."""
    stated = said.get("modification", "").strip().removesuffix(".0")
    return stated or ("1" if said.get("change", "").strip() else "0")


def _contract(found: list[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """One contract: the state of its lowest number, and the later states as modifications of it."""
    states: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, said in found:
        states.setdefault(_state(said), []).append((number, said))
    order = sorted(states, key=lambda state: (not state.isdigit(), len(state), state))
    first, *later = (states[state] for state in order)
    said = first[0][1]
    return {
        **said,
        "acheteur": {"id": said.get("acheteur_id", ""), "nom": said.get("acheteur_nom", "")},
        "titulaires": _holders(first),
        "modifications": [
            {
                "id": state,
                "montant": rows[0][1].get("montant", ""),
                "dateNotificationModification": rows[0][1].get("dateNotification", ""),
                "titulaires": _holders(rows),
            }
            for state, rows in zip(order[1:], later, strict=True)
        ],
    }


def _holders(rows: list[tuple[int, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{**holder, "row": number} for number, said in rows for holder in said["holders"]]
