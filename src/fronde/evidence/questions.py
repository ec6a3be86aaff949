# SPDX-License-Identifier: Apache-2.0
"""The named questions about one party: `about` and `sellers`. Others: search, awards, series, paths, suggest.

A question is a function of a connection and arguments, and changes nothing. Sums are of one measure and one
currency; stock figures (current, ceiling, maximum) stand beside them one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fronde.evidence.answers import (
    SUMS,
    Connection,
    Date,
    Party,
    Place,
    Total,
    federal,
    files,
    merged,
    place,
    rows,
    total,
)
from fronde.evidence.whom import named

MOST = 1000  # lines of one list; what is left out is counted


@dataclass(frozen=True)
class Year:
    """A sum of one year. fiscal: October to September (US federal files), else January to December."""

    year: int
    fiscal: bool
    total: Total


@dataclass(frozen=True)
class With:
    """A sum with the party on the other side."""

    party: Party
    total: Total


@dataclass(frozen=True)
class Parent:
    """One stated relation: parent and child, first and last date of records that state it, one of them."""

    parent: Party
    child: Party
    first: Date | None
    last: Date | None
    source: Place


@dataclass(frozen=True)
class About:
    """Answer of `party`."""

    party: Party
    numbers: tuple[str, ...]  # US-UEI:…, US-DUNS:…
    names: tuple[str, ...]
    parents: tuple[Parent, ...]
    children: tuple[Parent, ...]
    years: tuple[Year, ...]  # what it was paid or promised as a vendor
    buyers: tuple[With, ...]
    primes: tuple[With, ...]  # that gave it subawards
    subs: tuple[With, ...]  # that it gave subawards to
    frameworks: int  # figures that are never added: places in frameworks


@dataclass(frozen=True)
class Sellers:
    """Answer of `buyer`: the vendors with the largest sums first; count: of all such sums."""

    buyer: Party
    sums: tuple[Total, ...]
    vendors: tuple[With, ...]
    count: int


_NUMBERS = """
SELECT DISTINCT scheme || ':' || value FROM party_id
WHERE party IN (SELECT unnest($ids::INTEGER[])) ORDER BY 1
"""
_NAMES = "SELECT DISTINCT name FROM party_name WHERE party IN (SELECT unnest($ids::INTEGER[])) ORDER BY 1"
_OWNERSHIP = """
SELECT child, parent, min(first), max(last), arg_max((source, row), last)
FROM ownership WHERE {side} IN (SELECT unnest($ids::INTEGER[])) GROUP BY child, parent
"""
_YEARS = f"""
SELECT f.year, s.format IN (SELECT unnest($federal::VARCHAR[])) AS fiscal, {SUMS}
FROM fact f JOIN source s ON s.id = f.source
WHERE f.vendor IN (SELECT unnest($ids::INTEGER[])) GROUP BY ALL ORDER BY currency, measure, fiscal, f.year
"""
_BUYERS = f"""
SELECT buyer, {SUMS} FROM fact WHERE vendor IN (SELECT unnest($ids::INTEGER[]))
GROUP BY ALL ORDER BY sum(cents) DESC, buyer, measure
"""
_SUBAWARDS = f"""
SELECT {{other}}, 'subaward' AS measure, {SUMS.partition(", ")[2]} FROM subaward
WHERE {{side}} IN (SELECT unnest($ids::INTEGER[])) GROUP BY ALL ORDER BY sum(cents) DESC, {{other}}
"""
_FRAMEWORKS = (
    "SELECT count(*) FROM amount WHERE measure = 'maximum' AND vendor IN (SELECT unnest($ids::INTEGER[]))"
)


def about(connection: Connection, party: Party) -> About:
    """Who a party is, what it was paid, by whom, and who is stated to own it."""
    ids = list(party.ids)
    held = files(connection)
    years = rows(connection, _YEARS, ids=ids, federal=list(federal()))
    return About(
        party=party,
        numbers=tuple(each for (each,) in rows(connection, _NUMBERS, ids=ids)),
        names=tuple(each for (each,) in rows(connection, _NAMES, ids=ids)),
        parents=owned(connection, party, "child"),
        children=owned(connection, party, "parent"),
        years=tuple(Year(year, fiscal, total(held, sums)) for year, fiscal, *sums in years),
        buyers=with_party(connection, rows(connection, _BUYERS, ids=ids)),
        primes=with_party(
            connection, rows(connection, _SUBAWARDS.format(side="sub", other="prime"), ids=ids)
        ),
        subs=with_party(connection, rows(connection, _SUBAWARDS.format(side="prime", other="sub"), ids=ids)),
        frameworks=rows(connection, _FRAMEWORKS, ids=ids)[0][0],
    )


def owned(connection: Connection, party: Party, side: str) -> tuple[Parent, ...]:
    """The stated relations in which a party is the `side`: 'child' or 'parent'."""
    found = rows(connection, _OWNERSHIP.format(side=side), ids=list(party.ids))
    parties = named(connection, [number for child, parent, *_ in found for number in (child, parent)])
    held = files(connection)
    relations = [
        Parent(parties[parent], parties[child], first, last, place(held, *_pair(where), ""))
        for child, parent, first, last, where in found
        if parties[parent] != parties[child]
    ]
    return tuple(sorted(relations, key=lambda each: (each.parent.name, each.child.name, each.child.handle)))


def _pair(where: Any) -> tuple[int, int]:
    source, row = where.values() if isinstance(where, Mapping) else where
    return source, row


def with_party(connection: Connection, found: list[tuple[Any, ...]]) -> tuple[With, ...]:
    """(party, columns of a sum) -> lines, the largest sum first; parties judged the same are one line."""
    parties = named(connection, [number for number, *_ in found])
    held = files(connection)
    grouped: dict[Party, list[Total]] = {}
    for number, *sums in found:
        if number in parties:
            grouped.setdefault(parties[number], []).append(total(held, sums))
    lines = [With(party, each) for party, totals in grouped.items() for each in merged(totals)]
    return tuple(sorted(lines, key=lambda line: -line.total.cents))


_SELLERS = f"""
SELECT vendor, {SUMS} FROM fact WHERE buyer IN (SELECT unnest($ids::INTEGER[]))
GROUP BY ALL ORDER BY sum(cents) DESC, vendor, measure
"""
_BOUGHT = f"""
SELECT {SUMS} FROM fact WHERE buyer IN (SELECT unnest($ids::INTEGER[]))
GROUP BY ALL ORDER BY currency, measure
"""


def sellers(connection: Connection, buyer: Party, *, limit: int = MOST) -> Sellers:
    """Who sells to a buyer: a line for each vendor, measure and currency."""
    ids = list(buyer.ids)
    vendors = with_party(connection, rows(connection, _SELLERS, ids=ids))
    held = files(connection)
    sums = tuple(total(held, each) for each in rows(connection, _BOUGHT, ids=ids))
    return Sellers(buyer, sums, vendors[:limit], len(vendors))
