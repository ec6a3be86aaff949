# SPDX-License-Identifier: Apache-2.0
"""By what a search can be narrowed: how many of its figures each buyer, vendor, measure and year has."""

from __future__ import annotations

from dataclasses import dataclass

from fronde.evidence.answers import Connection, Party, rows
from fronde.evidence.search import Filters, hits
from fronde.evidence.whom import named

SHOWN = 8  # buyers, and vendors, with the most figures

_COUNTS = """
SELECT 'buyer', CAST(buyer AS VARCHAR), count(*) FROM hit WHERE buyer IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'vendor', CAST(vendor AS VARCHAR), count(*) FROM hit WHERE vendor IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'measure', measure, count(*) FROM hit GROUP BY ALL
UNION ALL SELECT 'year', CAST(year(date) AS VARCHAR), count(*) FROM hit WHERE date IS NOT NULL GROUP BY ALL
"""
_LARGEST = """
SELECT {side}, count(*) FROM fact WHERE {side} IS NOT NULL GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 12
"""


@dataclass(frozen=True)
class Facets:
    """Values with the number of figures, the most frequent first; years (calendar) in their order."""

    buyers: tuple[tuple[Party, int], ...]
    vendors: tuple[tuple[Party, int], ...]
    measures: tuple[tuple[str, int], ...]
    years: tuple[tuple[int, int], ...]


def facets(connection: Connection, query: str, filters: Filters) -> Facets:
    """The counts of a search as it is narrowed now. Raises Usage as `search` does."""
    sql, values = hits(connection, query, filters)
    found: dict[str, list[tuple[str, int]]] = {"buyer": [], "vendor": [], "measure": [], "year": []}
    for what, value, count in rows(connection, f"{sql} {_COUNTS}", **values):
        found[what].append((value, count))
    return Facets(
        _parties(connection, [(int(value), count) for value, count in found["buyer"]]),
        _parties(connection, [(int(value), count) for value, count in found["vendor"]]),
        tuple(sorted(found["measure"], key=lambda each: (-each[1], each[0]))),
        tuple(sorted((int(value), count) for value, count in found["year"])),
    )


def largest(connection: Connection, side: str) -> tuple[tuple[Party, int], ...]:
    """The buyers (side "buyer") or vendors with the most records: somewhere to begin."""
    column = {"buyer": "buyer", "vendor": "vendor"}[side]
    return _parties(connection, rows(connection, _LARGEST.format(side=column)))


def _parties(connection: Connection, counts: list[tuple[int, int]]) -> tuple[tuple[Party, int], ...]:
    most = sorted(counts, key=lambda each: (-each[1], each[0]))[: 2 * SHOWN]
    parties = named(connection, [number for number, _ in most])
    sums: dict[Party, int] = {}
    for number, count in most:
        sums[parties[number]] = sums.get(parties[number], 0) + count
    return tuple(sorted(sums.items(), key=lambda each: -each[1])[:SHOWN])
