# SPDX-License-Identifier: Apache-2.0
"""The named questions about one award, and about one vehicle or framework above awards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fronde.evidence import quotes
from fronde.evidence.answers import (
    SUMS,
    Connection,
    Date,
    NotFound,
    Party,
    Place,
    Several,
    Total,
    files,
    place,
    rows,
    total,
)
from fronde.evidence.questions import MOST, With, with_party
from fronde.evidence.whom import named


@dataclass(frozen=True)
class Figure:
    """One figure of one record."""

    date: Date | None
    mod: str
    measure: str
    currency: str
    cents: int
    party: Party | None  # the vendor, or who got the subaward
    text: str
    source: Place


@dataclass(frozen=True)
class Call:
    """An award under a vehicle, and one sum of it."""

    number: str
    agency: str
    buyer: Party | None
    vendor: Party | None
    total: Total


@dataclass(frozen=True)
class Award:
    """Answer of `award`: modifications are the rows that are added, sums what they give."""

    number: str
    key: str  # of the publisher, unique
    agency: str
    buyer: Party | None
    vendor: Party | None
    vehicle: str
    starts: Date | None
    ends: Date | None
    naics: str
    psc: str
    cpv: str
    url: str
    modifications: tuple[Figure, ...]
    sums: tuple[Total, ...]
    stock: tuple[Figure, ...]
    subawards: tuple[Figure, ...]
    calls: tuple[Call, ...]  # other awards under its vehicle


@dataclass(frozen=True)
class Vehicle:
    """Answer of `vehicle`: the awards under a number, and its own records where there are some."""

    number: str
    own: tuple[Figure, ...]
    sums: tuple[Total, ...]
    vendors: tuple[With, ...]
    calls: tuple[Call, ...]
    count: int


_AWARDS = """
SELECT id, number, coalesce(agency, ''), buyer, vendor, coalesce(vehicle, ''), starts, ends,
    coalesce(naics, ''), coalesce(psc, ''), coalesce(cpv, ''), coalesce(url, ''), key
FROM award WHERE {which} ORDER BY number, agency, id LIMIT 50
"""
_BY_NUMBER = "(number IN ($number, upper($number)) OR key = $number)"
_BY_LETTERS = (
    "upper(regexp_replace(number, '[^0-9A-Za-z]', '', 'g'))"
    " = upper(regexp_replace($number, '[^0-9A-Za-z]', '', 'g'))"
)
_NEAR_NUMBERS = """
SELECT DISTINCT number FROM award
WHERE starts_with(number, upper($number)) OR levenshtein(number, upper($number)) <= 2
ORDER BY levenshtein(number, upper($number)), number LIMIT 8
"""
_FIGURES = """
SELECT date, {mod}, {measure}, currency, cents, {party}, d.text, f.source, f.row
FROM {table} f LEFT JOIN descr d ON d.id = f.descr WHERE f.award IN (SELECT unnest($awards::INTEGER[]))
ORDER BY date NULLS LAST, 2, 3, source, row
"""
_MODIFICATIONS = _FIGURES.format(table="fact", mod="f.mod", measure="measure", party="vendor")
_STOCK = _FIGURES.format(table="amount", mod="''", measure="measure", party="vendor")
_PARTS = _FIGURES.format(table="subaward", mod="number", measure="'subaward'", party="sub")
_AWARD_SUMS = f"""
SELECT {SUMS} FROM fact WHERE award IN (SELECT unnest($awards::INTEGER[]))
GROUP BY ALL ORDER BY currency, measure
"""


def award(connection: Connection, number: str, agency: str = "") -> Award:
    """All that the files say of one award. Raises NotFound, or Several when agencies share the number."""
    found = _awards(connection, number.strip(), agency.strip())
    if len(found) > 1:
        raise _several(connection, number, found)
    one, printed, code, buyer, vendor, vehicle, starts, ends, naics, psc, cpv, url, key = found[0]
    parties = named(connection, [buyer, vendor])
    held = files(connection)
    return Award(
        number=printed,
        key=key,
        agency=code,
        buyer=parties.get(buyer),
        vendor=parties.get(vendor),
        vehicle=vehicle,
        starts=starts,
        ends=ends,
        naics=naics,
        psc=psc,
        cpv=cpv,
        url=url,
        modifications=_figures(connection, _MODIFICATIONS, [one], url),
        sums=tuple(total(held, each) for each in rows(connection, _AWARD_SUMS, awards=[one])),
        stock=_figures(connection, _STOCK, [one], url),
        subawards=_figures(connection, _PARTS, [one], url),
        calls=_calls(connection, vehicle, but=one) if vehicle else (),
    )


def _awards(connection: Connection, number: str, agency: str) -> list[tuple[Any, ...]]:
    """By the number as printed or the publisher's key, else by its letters and digits alone."""
    for which in (_BY_NUMBER, _BY_LETTERS):
        if found := rows(connection, _AWARDS.format(which=which), number=number):
            fitting = [each for each in found if not agency or each[2].upper() == agency.upper()]
            if fitting:
                return fitting
            codes = ", ".join(sorted({each[2] for each in found}))
            raise NotFound(
                f"agency {agency[:40]!r} has no award {number[:80]!r}", hint=f"These have: {codes}."
            )
    near = [each for (each,) in rows(connection, _NEAR_NUMBERS, number=number)] if number else []
    listed = f"Numbers like it: {', '.join(near)}." if near else "Look with: fronde evidence search WORDS."
    raise NotFound(f"no award has the number {number[:80]!r}", hint=listed)


def _several(connection: Connection, number: str, found: list[tuple[Any, ...]]) -> Several:
    parties = named(connection, [each[side] for each in found for side in (3, 4)])
    lines = [
        f"  {each[12]}  {_name(parties.get(each[3]))} from {_name(parties.get(each[4]))}" for each in found
    ]
    return Several(
        f"{len(found):,} awards have the number {number[:80]!r}:\n" + "\n".join(lines),
        hint="Name one by its key, the first column, or by --agency.",
    )


def _name(party: Party | None) -> str:
    return party.name if party else "(not stated)"


def _figures(connection: Connection, sql: str, awards: list[int], url: str) -> tuple[Figure, ...]:
    found = rows(connection, sql, awards=awards)
    parties = named(connection, [each[5] for each in found])
    held = files(connection)
    return tuple(
        Figure(
            date, mod or "", measure, currency, cents, parties.get(party),
            quotes.without_contacts(text or ""), place(held, source, row, url),
        )
        for date, mod, measure, currency, cents, party, text, source, row in found
    )  # fmt: skip


_CALLS = f"""
WITH call AS (SELECT id, number, coalesce(agency, '') AS agency, buyer, vendor FROM award
    WHERE vehicle = $vehicle AND id <> $but)
SELECT c.number, c.agency, c.buyer, c.vendor, {SUMS.replace("currency", "f.currency")}
FROM call c JOIN fact f ON f.award = c.id
GROUP BY ALL ORDER BY sum(cents) DESC, c.number, measure
"""


def _calls(connection: Connection, vehicle: str, but: int = 0) -> tuple[Call, ...]:
    found = rows(connection, _CALLS, vehicle=vehicle, but=but)
    parties = named(connection, [number for each in found for number in each[2:4]])
    held = files(connection)
    return tuple(
        Call(number, agency, parties.get(buyer), parties.get(vendor), total(held, sums))
        for number, agency, buyer, vendor, *sums in found
    )


_UNDER = f"""
SELECT {SUMS} FROM fact WHERE award IN (SELECT id FROM award WHERE vehicle = $vehicle)
GROUP BY ALL ORDER BY currency, measure
"""
_UNDER_BY = f"""
SELECT vendor, {SUMS} FROM fact WHERE award IN (SELECT id FROM award WHERE vehicle = $vehicle)
GROUP BY ALL ORDER BY sum(cents) DESC, vendor, measure
"""
_VEHICLES = "SELECT DISTINCT vehicle FROM award WHERE vehicle IN ($number, upper($number))"
_NEAR_VEHICLES = """
SELECT DISTINCT vehicle FROM award
WHERE vehicle <> '' AND (starts_with(vehicle, upper($number)) OR levenshtein(vehicle, upper($number)) <= 2)
ORDER BY levenshtein(vehicle, upper($number)), vehicle LIMIT 8
"""
_OWN = "SELECT id FROM award WHERE number = $vehicle"


def vehicle(connection: Connection, number: str, *, limit: int = MOST) -> Vehicle:
    """The awards under a vehicle. Raises NotFound when no award names it and none has its number."""
    number = number.strip()
    known = rows(connection, _VEHICLES, number=number)
    number = known[0][0] if known else number
    own = [each for (each,) in rows(connection, _OWN, vehicle=number)]
    if not known and not own:
        near = ", ".join(each for (each,) in rows(connection, _NEAR_VEHICLES, number=number))
        raise NotFound(
            f"no award stands under a vehicle {number[:80]!r}",
            hint=f"Numbers like it: {near}." if near else "Look with: fronde evidence search WORDS.",
        )
    held = files(connection)
    calls = _calls(connection, number)
    return Vehicle(
        number=number,
        own=_figures(connection, _MODIFICATIONS, own, "") + _figures(connection, _STOCK, own, ""),
        sums=tuple(total(held, each) for each in rows(connection, _UNDER, vehicle=number)),
        vendors=with_party(connection, rows(connection, _UNDER_BY, vehicle=number)),
        calls=calls[:limit],
        count=len(calls),
    )
