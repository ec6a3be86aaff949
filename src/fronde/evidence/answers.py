# SPDX-License-Identifier: Apache-2.0
"""What answers are made of: parties, figures, places of records; how the tables are asked.

Money is integer cents to the end. A `Total` is of one measure and one currency; two are never added.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb

from fronde.errors import Refused

Connection = duckdb.DuckDBPyConnection
Date = datetime.date

FEW = 3  # values of a list that are parameters of their own
_LISTED = re.compile(r"IN \(SELECT unnest\(\$([a-z_0-9]+)::(?:INTEGER|VARCHAR)\[\]\)\)")
_NAMED = re.compile(r"\$([a-z_0-9]+)")

SUBAWARD = "subaward"
STOCK = ("current", "ceiling", "maximum")
MEASURES = ("obligated", "obligated in all", "outlayed in all", "award value", SUBAWARD, *STOCK)


class NotFound(Refused):
    """Nothing that was imported has this name or number."""

    name = "evidence-not-found"


class Several(Refused):
    """One name or number, several parties or awards: somebody has to say which."""

    name = "evidence-several"


@dataclass(frozen=True)
class File:
    """An imported file: its name ('x.zip/member.csv'), the SHA-256 in hex of what was received."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Place:
    """Where a record stands: row 1 is the first after a header. url: its public page, or ""."""

    file: str
    sha256: str
    row: int
    url: str


@dataclass(frozen=True)
class Party:
    """A buyer or a vendor. ids: its numbers in the tables, several where somebody judged them the same."""

    handle: str
    name: str
    country: str
    ids: tuple[int, ...] = dataclasses.field(repr=False)


@dataclass(frozen=True)
class Total:
    """A sum of rows of one measure and one currency. first, last: their dates; files: that hold them."""

    measure: str
    currency: str
    cents: int
    rows: int
    first: Date | None
    last: Date | None
    files: tuple[File, ...]


def rows(connection: Connection, sql: str, /, **named: Any) -> list[tuple[Any, ...]]:
    """All rows of a query. What people typed goes in as parameters ($name), never into the text.

    A short list becomes a parameter for each value: DuckDB then skips the row groups that have none of them.
    """
    values = dict(named)

    def listed(found: re.Match[str]) -> str:
        name = found[1]
        if len(named[name]) > FEW:
            return found[0]
        each = {f"{name}_{i}": value for i, value in enumerate(named[name])}
        values.update(each)
        return f"IN ({', '.join(f'${key}' for key in each) or 'NULL'})"

    sql = _LISTED.sub(listed, sql)
    used = set(_NAMED.findall(sql))
    return connection.execute(sql, {name: values[name] for name in used}).fetchall()


def files(connection: Connection) -> dict[int, File]:
    """Source number -> file."""
    found = rows(connection, "SELECT id, name, sha256 FROM source")
    return {number: File(name, sha256) for number, name, sha256 in found}


def place(held: dict[int, File], source: int, row: int, url: str | None) -> Place:
    """The place of a record; a url that is no web address is left out."""
    file = held[source]
    return Place(file.name, file.sha256, row, url if url and re.match("https?://", url) else "")


def of(held: dict[int, File], sources: Iterable[int]) -> tuple[File, ...]:
    """The files of these sources, in the order of their names."""
    return tuple(sorted({held[each] for each in sources}, key=lambda file: (file.name, file.sha256)))


# The columns of a Total, of anything that has these of a fact.
SUMS = "measure, currency, sum(cents), count(*), min(date), max(date), list_sort(list(DISTINCT source))"


def total(held: dict[int, File], sums: Sequence[Any]) -> Total:
    """A Total of the columns SUMS."""
    measure, currency, cents, count, first, last, sources = sums
    return Total(measure, currency, int(cents), count, first, last, of(held, sources))


def merged(totals: Iterable[Total]) -> tuple[Total, ...]:
    """Totals of parties that are one: added within a measure and a currency, in the order of their first."""
    found: dict[tuple[str, str], Total] = {}
    for each in totals:
        key = each.measure, each.currency
        known = found.get(key)
        found[key] = _added(known, each) if known else each
    return tuple(found.values())


def _added(one: Total, other: Total) -> Total:
    days = [day for each in (one, other) for day in (each.first, each.last) if day]
    return Total(
        one.measure,
        one.currency,
        one.cents + other.cents,
        one.rows + other.rows,
        min(days, default=None),
        max(days, default=None),
        tuple(sorted({*one.files, *other.files}, key=lambda file: (file.name, file.sha256))),
    )


# -- as plain values ----------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """An answer as JSON can say it: dates as text, money as integer cents, a party without its numbers."""
    if isinstance(value, Party):
        return {"handle": value.handle, "name": value.name, "country": value.country}
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, Date) else value


def fiscal_sources(connection: Connection) -> set[int]:
    """Sources whose years are fiscal years of the United States, October to September."""
    formats = federal()
    return {number for number, form in rows(connection, "SELECT id, format FROM source") if form in formats}


@lru_cache(maxsize=1)
def federal() -> frozenset[str]:
    """Names of the formats with fiscal years."""
    from fronde.evidence.sources import FORMATS

    return frozenset(each.name for each in FORMATS if each.federal)
