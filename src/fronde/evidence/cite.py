# SPDX-License-Identifier: Apache-2.0
"""Citing an award: its rows of one measure, frozen with what was asked and where they stand.  # spec: 10

What comes out is a `Citation`: it holds nothing that is not in the files, and anyone can recompute it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fronde.canonical import b64u
from fronde.citation import ALONE, Citation
from fronde.errors import Refused
from fronde.evidence.answers import Connection, Date, rows
from fronde.evidence.awards import Award, Figure, award

QUOTE = 2000  # characters of a description that a citation holds
CUT = "[…]"


class NotCitable(Refused):
    """There is nothing to cite, or it is not known where it comes from."""

    name = "evidence-not-citable"


@dataclass(frozen=True)
class Asked:
    """What is cited of an award. currency: "" where it has one. first, last: days. question: in words."""

    measure: str = "obligated"
    currency: str = ""
    first: Date | None = None
    last: Date | None = None
    question: str = ""


@dataclass(frozen=True)
class Reported:
    """A figure that no record gives, and who says it."""

    cents: int
    currency: str
    says: str


def cite(
    connection: Connection, number: str, asked: Asked, *, agency: str = "", reported: Reported | None = None
) -> Citation:
    """A citation of an award; with `reported`, as the nearest record to that figure.

    Raises NotFound, Several, NotCitable, BadCitation.
    """
    found = award(connection, number, agency)
    figures = _chosen(found, asked)
    files = _files(connection, figures)
    places = {(file["name"], file["sha256"]): at for at, file in enumerate(files)}
    buyer = found.buyer.name if found.buyer else ""
    lines = [
        {
            "file": places[figure.source.file, b64u(bytes.fromhex(figure.source.sha256))],
            "row": figure.source.row,
            "award": found.number,
            "mod": figure.mod,
            "date": figure.date.isoformat() if figure.date else "",
            "cents": figure.cents,
            "buyer": buyer,
            "vendor": figure.party.name if figure.party else "",
            "quote": _cut(figure.text),
            **({"url": figure.source.url} if figure.source.url else {}),
        }
        for figure in figures
    ]
    lines.sort(key=lambda line: (line["file"], line["row"]))
    return Citation.make(_document(found, asked, figures[0].currency, reported, files, lines))


def _document(
    found: Award,
    asked: Asked,
    currency: str,
    reported: Reported | None,
    files: list[dict[str, str]],
    lines: list[dict[str, Any]],
) -> dict[str, Any]:
    days = [line["date"] for line in lines]
    kind = {"measure": asked.measure, "currency": currency}
    buyer = {"buyer": found.buyer.name} if found.buyer else {}
    vehicle = {"vehicle": found.vehicle} if found.vehicle else {}
    period = {"from": asked.first, "to": asked.last}
    return {
        "v": 1,
        "type": "citation",
        "state": "nearest" if reported else "record",
        "question": asked.question or f"What is {asked.measure} under {found.number}?",
        "filters": {
            **kind,
            "award": found.number,
            **buyer,
            **vehicle,
            **{name: day.isoformat() for name, day in period.items() if day},
        },
        "figure": {
            **kind,
            "cents": sum(line["cents"] for line in lines),
            "from": min(days),
            "to": max(days),
            "rows": len(lines),
        },
        **({"reported": vars(reported)} if reported else {}),
        "files": files,
        "rows": lines,
    }


def _chosen(found: Award, asked: Asked) -> list[Figure]:
    """The award's rows of the measure, currency and days that are asked for; of a stock figure the last."""
    every = (*found.modifications, *found.stock, *found.subawards)
    chosen = [figure for figure in every if figure.measure == asked.measure and _fits(figure, asked)]
    if not chosen:
        there = ", ".join(dict.fromkeys(figure.measure for figure in every)) or "nothing"
        raise NotCitable(
            f"{found.number} has no row of “{asked.measure}” in that time", hint=f"There is: {there}."
        )
    if len({figure.currency for figure in chosen}) > 1:
        listed = ", ".join(sorted({figure.currency for figure in chosen}))
        raise NotCitable(f"{found.number} has rows in {listed}", hint="Say which: --currency.")
    if any(figure.date is None for figure in chosen):
        raise NotCitable(f"{found.number} has a row without a date", hint="Narrow it by --from and --to.")
    return chosen[-1:] if asked.measure in ALONE else chosen


def _fits(figure: Figure, asked: Asked) -> bool:
    if asked.currency and figure.currency != asked.currency:
        return False
    if figure.date is None:
        return not (asked.first or asked.last)
    return (asked.first or figure.date) <= figure.date <= (asked.last or figure.date)


_SOURCES = "SELECT name, sha256, publisher, url, retrieved::VARCHAR, licence FROM source ORDER BY id"


def _files(connection: Connection, figures: Iterable[Figure]) -> list[dict[str, str]]:
    """Where the rows stand. A reader has to find the file: without its address and day it is not cited."""
    used = {(figure.source.file, figure.source.sha256) for figure in figures}
    files = []
    for name, sha256, publisher, url, retrieved, licence in rows(connection, _SOURCES):
        if (name, sha256) not in used:
            continue
        if not url or not retrieved:
            raise NotCitable(
                f"nobody has said where {name} was fetched, and when",
                hint=f"fronde evidence forget {sha256[:12]}, then import it with --url and --retrieved.",
            )
        files.append({
            "sha256": b64u(bytes.fromhex(sha256)), "name": name, "publisher": publisher, "url": url,
            "retrieved": retrieved, "licence": licence,
        })  # fmt: skip
    return files


def _cut(text: str) -> str:
    return text if len(text) <= QUOTE else f"{text[: QUOTE - len(CUT) - 1]} {CUT}"
