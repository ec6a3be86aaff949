# SPDX-License-Identifier: Apache-2.0
"""What was imported, file by file. Our own customer list is left out, here and everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fronde.evidence.answers import Connection, Date, rows
from fronde.evidence.sections import Section

from .reading import OURS

MOST = 10_000  # rejected rows that a twin has

_SOURCES = """
SELECT sha256, name, format, publisher, url, retrieved, licence, read, kept, duplicate, rejected, warnings
FROM source WHERE format NOT IN (SELECT unnest($ours::VARCHAR[])) ORDER BY id
"""
_REJECTED = """
SELECT s.name, r.row, r."column", r.why FROM reject r JOIN source s ON s.id = r.source
WHERE s.format NOT IN (SELECT unnest($ours::VARCHAR[])) ORDER BY s.id, r.row, r."column" LIMIT $most
"""
_TOTAL = """
SELECT count(DISTINCT sha256), coalesce(sum(kept), 0), max(retrieved) FROM source
WHERE format NOT IN (SELECT unnest($ours::VARCHAR[]))
"""


@dataclass(frozen=True)
class Account:
    """One file: read = kept + duplicate + rejected."""

    sha256: str
    name: str
    format: str
    publisher: str
    url: str
    retrieved: Date | None
    licence: str
    read: int
    kept: int
    duplicate: int
    rejected: int
    warnings: list[str]

    @property
    def title(self) -> str:
        """The format's name as people say it."""
        from fronde.evidence.sources import FORMATS

        return next((each.title for each in FORMATS if each.name == self.format), self.format)

    @property
    def link(self) -> str:
        return self.url if self.url.startswith(("https://", "http://")) else ""


def accounts(db: Connection) -> list[Account]:
    """Every file in the order of import."""
    return [Account(*each) for each in rows(db, _SOURCES, ours=list(OURS))]


def rejected(db: Connection) -> list[tuple[Any, ...]]:
    """(file, row, column, why) of rows that were not taken; what stood in them is not told."""
    return rows(db, _REJECTED, ours=list(OURS), most=MOST)


def total(db: Connection) -> dict[str, Any]:
    """How many files and records there are, and when the newest was fetched."""
    ((files, records, retrieved),) = rows(db, _TOTAL, ours=list(OURS))
    return {"files": files, "records": int(records), "retrieved": retrieved}


def sections(found: list[Account], lines: list[tuple[Any, ...]]) -> dict[str, Section]:
    """As tables for machines."""
    names = (
        "sha256", "name", "format", "publisher", "url", "retrieved", "licence", "read", "kept", "duplicate",
        "rejected",
    )  # fmt: skip
    files = tuple((*(getattr(each, name) for name in names), "; ".join(each.warnings)) for each in found)
    return {
        "sources": Section("Sources", (*names, "warnings"), files),
        "rejected": Section("Rows not taken", ("file", "row", "column", "why"), tuple(lines)),
    }
