# SPDX-License-Identifier: Apache-2.0
"""Has it grown? Amounts of a company by year: direct, through a reseller, candidate. What is missing: a gap.

A year is *covered* for a measure when the imported files hold at least one record of that measure in that
year: of the buyer that is asked for, or of any buyer when none is. Another year inside the covered span is a
gap: nothing was imported, so nothing is known. A covered year without a record of the company is a zero.
One record is enough: whether a file is complete for its year, no row of it can say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fronde.evidence import mentions
from fronde.evidence.answers import Connection, File, Party, files, fiscal_sources, rows

DIRECT, RESELLER, CANDIDATE = "direct", "through a reseller", "candidate"


@dataclass(frozen=True)
class Part:
    """A sum of one year in one of the three ways."""

    cents: int
    rows: int
    files: tuple[File, ...]


NOTHING = Part(0, 0, ())


@dataclass(frozen=True)
class Point:
    """A year of one measure and one currency. covered False: a gap, and the parts are None.

    fiscal: the year is October to September (US federal files), else January to December.
    """

    year: int
    fiscal: bool
    measure: str
    currency: str
    covered: bool
    direct: Part | None
    reseller: Part | None
    candidate: Part | None


@dataclass(frozen=True)
class Series:
    """Answer of `series`. with_children: rows that state it as the vendor's parent count as direct."""

    company: Party
    buyer: Party | None
    with_children: bool
    products: tuple[str, ...]
    points: tuple[Point, ...]


def series(
    connection: Connection, company: Party, buyer: Party | None = None, *, with_children: bool = False
) -> Series:
    """Year by year, for each measure and currency in which there is anything of the company."""
    found = mentions.of(connection, company)
    amounts = _amounts(connection, company, buyer, with_children, mentions.awards(found))
    held, fiscal = files(connection), fiscal_sources(connection)
    parts: dict[tuple[bool, str, str], dict[int, dict[str, Part]]] = {}
    for way, source, measure, currency, year, cents, count in amounts:
        ways = parts.setdefault((source in fiscal, measure, currency), {}).setdefault(year, {})
        part = ways.get(way, NOTHING)
        ways[way] = Part(part.cents + int(cents), part.rows + count, (*part.files, held[source]))
    covered = _covered(connection, buyer, fiscal)
    points = [
        point
        for line, years in sorted(parts.items())
        for point in _points(line, years, covered.get((line[0], line[1]), set()) | set(years))
    ]
    return Series(
        company, buyer, with_children, tuple(sorted({each.product for each in found})), tuple(points)
    )


def _amounts(
    connection: Connection,
    company: Party,
    buyer: Party | None,
    with_children: bool,
    named: dict[str, list[int]],
) -> list[tuple[Any, ...]]:
    """(way, source, measure, currency, year, cents, rows). A row counts once."""
    own = _OWN_OR_CHILD if with_children else _OWN
    ways = [(DIRECT, own)]
    for way, state in ((RESELLER, mentions.CONFIRMED), (CANDIDATE, mentions.CANDIDATE)):
        if named[state]:
            ways.append((way, f"f.award IN (SELECT unnest(${state}::INTEGER[])) AND ({own}) IS NOT TRUE"))
    return [
        (way, *found)
        for way, condition in ways
        for found in rows(
            connection,
            _AMOUNTS.format(where=f"({condition}) AND {_BUYER if buyer else 'true'}"),
            ids=list(company.ids),
            buyer=list(buyer.ids) if buyer else [],
            **named,
        )
    ]


def _points(line: tuple[bool, str, str], years: dict[int, dict[str, Part]], covered: set[int]) -> list[Point]:
    fiscal, measure, currency = line
    points = []
    for year in range(min(covered), max(covered) + 1):
        known = year in covered
        ways = [
            years.get(year, {}).get(way, Part(0, 0, ())) if known else None
            for way in (DIRECT, RESELLER, CANDIDATE)
        ]
        points.append(Point(year, fiscal, measure, currency, known, *ways))
    return points


def _covered(
    connection: Connection, buyer: Party | None, fiscal: set[int]
) -> dict[tuple[bool, str], set[int]]:
    """(fiscal, measure) -> years that the files have records of."""
    sql = _COVERED.format(buyer=_BUYER if buyer else "true")
    covered: dict[tuple[bool, str], set[int]] = {}
    for source, measure, year in rows(connection, sql, buyer=list(buyer.ids) if buyer else []):
        covered.setdefault((source in fiscal, measure), set()).add(year)
    return covered


_BUYER = "f.buyer IN (SELECT unnest($buyer::INTEGER[]))"
_OWN = "f.vendor IN (SELECT unnest($ids::INTEGER[]))"
_OWN_OR_CHILD = f"{_OWN} OR f.parent IN (SELECT unnest($ids::INTEGER[]))"
_AMOUNTS = """
SELECT source, measure, currency, year, sum(cents), count(*) FROM fact f
WHERE {where} AND year IS NOT NULL GROUP BY ALL ORDER BY ALL
"""
_COVERED = "SELECT DISTINCT source, measure, year FROM fact f WHERE {buyer} AND year IS NOT NULL"
