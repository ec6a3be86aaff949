# SPDX-License-Identifier: Apache-2.0
"""Answers as tables of a page: cells that link, amounts with measure and dates, the place of each row.

A cell is a dict: `text` or `money` (cents) or `date` or `pieces` (text with marks), perhaps `href` (a name of
an address and its argument), perhaps `n` for what is aligned as a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from fronde.evidence import awards, paths, quotes, series
from fronde.evidence.answers import Date, File, Party, Place, Total
from fronde.evidence.flows import Way
from fronde.evidence.questions import Parent, With, Year
from fronde.evidence.shown import year

from .addresses import spell
from .words import said

Cell = dict[str, Any]
Text = str | Promise

A_PAGE = 50  # lines of one table of a page; its CSV has the rest


@dataclass(frozen=True)
class Table:
    """One table. key: of its CSV, "" where it has none; count: of all lines, more than are shown perhaps."""

    key: str
    title: Text
    columns: tuple[tuple[Text, bool], ...]  # heading, whether of numbers
    rows: tuple[tuple[Cell, ...], ...]
    places: tuple[tuple[Place | File, ...], ...]
    count: int

    @property
    def left(self) -> int:
        return self.count - len(self.rows)

    @property
    def lines(self) -> list[tuple[tuple[Cell, ...], tuple[Place | File, ...]]]:
        return list(zip(self.rows, self.places, strict=True))


def table(
    key: str, title: Text, columns: Sequence[tuple[Text, bool]], lines: Sequence[tuple[Sequence[Cell], Any]]
) -> Table:
    """A table of lines (cells, places)."""
    shown = lines[:A_PAGE]
    return Table(
        key, title, tuple(columns),
        tuple(tuple(cells) for cells, _ in shown), tuple(tuple(places) for _, places in shown), len(lines),
    )  # fmt: skip


# -- cells --------------------------------------------------------------------------------------------------


def plain(text: object) -> Cell:
    return {"text": text}


def party(one: Party | None) -> Cell:
    return {"text": one.name, "href": ("evidence-party", spell(one.handle))} if one else plain("")


def award(number: str, key: str = "") -> Cell:
    return {"text": number, "href": ("evidence-award", spell(key or number))} if number else plain("")


def money(cents: int | None, currency: str) -> Cell:
    return {"money": cents, "currency": currency, "n": True} if cents is not None else {"gap": True}


def date(day: Date | None) -> Cell:
    return {"date": day}


def marked(text: str, items: Sequence[quotes.Item] = ()) -> Cell:
    return {"pieces": quotes.marked(text, items)}


_AMOUNT = (_("Amount"), True)
_MEASURE = (_("Measure"), False)
_ROWS = (_("Rows"), True)
_DATES = ((_("From"), False), (_("To"), False))
_SUM = (_AMOUNT, _MEASURE, _ROWS, *_DATES)


def _sum(total: Total) -> tuple[Cell, ...]:
    return (
        money(total.cents, total.currency), plain(said(total.measure)), {"text": total.rows, "n": True},
        date(total.first), date(total.last),
    )  # fmt: skip


# -- tables -------------------------------------------------------------------------------------------------


def sums(totals: Iterable[Total], key: str = "") -> Table:
    """Sums, one a measure and currency."""
    return table(key, _("Sums"), _SUM, [(_sum(each), each.files) for each in totals])


def with_parties(key: str, title: Text, who: Text, lines: Iterable[With], count: int = 0) -> Table:
    """A sum with each party."""
    made = table(
        key,
        title,
        ((who, False), *_SUM),
        [((party(x.party), *_sum(x.total)), x.total.files) for x in lines],
    )
    return Table(made.key, made.title, made.columns, made.rows, made.places, max(count, made.count))


def figures(key: str, title: Text, who: Text, number: Text, found: Iterable[awards.Figure]) -> Table:
    """Figures of single records."""
    columns = (
        (_("Date"), False), (number, False), _AMOUNT, _MEASURE, (who, False),
        (_("In the record's words"), False),
    )  # fmt: skip
    return table(
        key,
        title,
        columns,
        [
            (
                (
                    date(x.date), plain(x.mod), money(x.cents, x.currency), plain(said(x.measure)),
                    party(x.party), marked(x.text),
                ),
                (x.source,),
            )
            for x in found
        ],
    )  # fmt: skip


def calls(key: str, title: Text, found: Iterable[awards.Call]) -> Table:
    """Awards under a vehicle, with their sums."""
    columns = ((_("Award"), False), (_("Buyer"), False), (_("Seller"), False), *_SUM)
    return table(
        key,
        title,
        columns,
        [((award(x.number), party(x.buyer), party(x.vendor), *_sum(x.total)), x.total.files) for x in found],
    )


def years(key: str, found: Iterable[Year]) -> Table:
    """What a party was paid or promised, by year."""
    return table(
        key, _("As a seller, by year"), ((_("Year"), False), *_SUM),
        [((plain(year(x.year, x.fiscal)), *_sum(x.total)), x.total.files) for x in found],
    )  # fmt: skip


def relations(key: str, found: Iterable[Parent]) -> Table:
    """Stated owners and owned."""
    columns = ((_("Parent"), False), (_("Child"), False), *_DATES)
    return table(
        key, _("Stated parents and children"), columns,
        [((party(x.parent), party(x.child), date(x.first), date(x.last)), (x.source,)) for x in found],
    )  # fmt: skip


def points(key: str, title: Text, found: Sequence[series.Point]) -> Table:
    """A series as a table, beside its chart."""
    columns = (
        (_("Year"), False), (_("Direct"), True), (_("Through a reseller"), True), (_("Candidate"), True),
    )  # fmt: skip
    lines = []
    for point in found:
        ways = (point.direct, point.reseller, point.candidate)
        held = tuple(dict.fromkeys(file for part in ways if part for file in part.files))
        cells = [money(part.cents if part else None, point.currency) for part in ways]
        lines.append(((plain(year(point.year, point.fiscal)), *cells), held))
    return table(key, title, columns, lines)


def flow(key: str, title: Text, found: Sequence[Way]) -> Table:
    """A Sankey as a table, beside it."""
    columns = ((_("Seller"), False), (_("Agency"), False), (_("State"), False), *_SUM)
    return table(
        key, title, columns,
        [
            ((party(x.seller), party(x.agency), plain(said(x.state)), *_sum(x.total)), x.total.files)
            for x in found
        ],
    )  # fmt: skip


def edges(key: str, title: Text, found: Sequence[paths.Path]) -> Table:
    """Paths: a line for each edge and sum, each with one of its records."""
    columns = (
        (_("Path"), True), (_("From"), False), (_("Connection"), False), (_("To"), False),
        (_("Award"), False), *_SUM,
    )  # fmt: skip
    nothing = (plain(""), plain(""), plain(""))
    lines: list[tuple[Sequence[Cell], Any]] = []
    for number, path in enumerate(found, 1):
        for edge in path.edges:
            head = (
                {"text": number, "n": True}, party(edge.start), plain(said(edge.kind)), party(edge.end),
                award(edge.award),
            )  # fmt: skip
            places = (edge.source,) if edge.source else ()
            lines += [((*head, *_sum(each)), places) for each in edge.sums] or [
                ((*head, *nothing, date(edge.first), date(edge.last)), places)
            ]
    return table(key, title, columns, lines)
