# SPDX-License-Identifier: Apache-2.0
"""Records by words: all of them must occur, in the description, the vendor's name or the award's number.

    azure government      both words, anywhere
    "azure government"    the one after the other

Words are compared without accents and without capitals. The buyer's name is not searched: it stands in all
its records; `--buyer` narrows to it. Each figure of a record is a hit of its own, with its measure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fronde.errors import Usage
from fronde.evidence import quotes
from fronde.evidence.answers import (
    FIGURES,
    MEASURES,
    SUBAWARD,
    SUMS,
    Connection,
    Date,
    Party,
    Place,
    Total,
    files,
    place,
    rows,
    total,
)
from fronde.evidence.whom import named

MOST_ITEMS = 20
MOST_LIMIT = 1000
SHOWN = (*MEASURES[:4], SUBAWARD, "maximum")  # current and ceiling repeat with each modification of an award

NEWEST, AMOUNT = "newest", "amount"
_ORDERS = {
    NEWEST: "date DESC NULLS LAST, source, row, measure",
    AMOUNT: "cents DESC, date DESC NULLS LAST, source, row, measure",
}


@dataclass(frozen=True)
class Filters:
    """What narrows a search. first, last: dates, inclusive. measure: "" for all but current and ceiling."""

    buyer: Party | None = None
    vendor: Party | None = None
    first: Date | None = None
    last: Date | None = None
    measure: str = ""


@dataclass(frozen=True)
class Hit:
    """One figure of one record. text: its description, without contact data."""

    date: Date | None
    measure: str
    currency: str
    cents: int
    award: str
    mod: str
    buyer: Party | None
    vendor: Party | None
    text: str
    source: Place


@dataclass(frozen=True)
class Found:
    """An answer: hits of one page, sums over all pages (stock figures are counted, never summed)."""

    items: tuple[quotes.Item, ...]
    filters: Filters
    count: int
    page: int
    pages: int
    sums: tuple[Total, ...]
    hits: tuple[Hit, ...]


def parse(query: str) -> list[str]:
    """Words and quoted runs of words, as typed, each once. Raises Usage when there is none or too many."""
    parts = [
        quoted or word for quoted, word in re.findall(r'["“”«]([^"“”»]*)["“”»]|([^\s"“”«»]+)', query[:2000])
    ]
    asked = list(dict.fromkeys(part.strip() for part in parts if quotes.words(part)))
    if not asked:
        raise Usage(
            "a search needs at least one word", hint='Such as: fronde evidence search "azure government"'
        )
    if len(asked) > MOST_ITEMS:
        raise Usage(
            f"a search of {len(asked):,} words; at most {MOST_ITEMS}", hint="Leave the common words out."
        )
    return asked


def search(
    connection: Connection,
    query: str,
    filters: Filters = Filters(),
    *,
    order: str = NEWEST,
    limit: int = 20,
    page: int = 1,
) -> Found:
    """The records with all words of a query; page from 1. Raises Usage for what cannot be asked."""
    asked = parse(query)
    if not 1 <= limit <= MOST_LIMIT or page < 1 or limit * page > 10**7:
        raise Usage(f"a page is numbered from 1 and has 1 to {MOST_LIMIT:,} lines")
    items = [tuple(quotes.words(each)) for each in asked]
    sql = _statement(items, filters, order)
    named_values = _values(asked, items, filters) | {"limit": limit, "skip": limit * (page - 1)}
    ((count, sums, hits),) = rows(connection, sql, **named_values)
    held = files(connection)
    totals = tuple(total(held, tuple(each.values())) for each in sums or ())
    pages = max(1, -(-count // limit))
    return Found(tuple(items), filters, count, page, pages, totals, _hits(connection, hits or []))


def _hits(connection: Connection, found: Sequence[dict[str, Any]]) -> tuple[Hit, ...]:
    held = files(connection)
    parties = named(connection, [each[side] for each in found for side in ("buyer", "vendor")])
    return tuple(
        Hit(
            date=each["date"],
            measure=each["measure"],
            currency=each["currency"],
            cents=each["cents"],
            award=each["number"] or "",
            mod=each["mod"] or "",
            buyer=parties.get(each["buyer"]),
            vendor=parties.get(each["vendor"]),
            text=quotes.without_contacts(each["text"] or ""),
            source=place(held, each["source"], each["row"], each["url"]),
        )
        for each in found
    )


# -- the statement: fixed pieces, by how many words there are and which filters -----------------------------

# A word in descriptions, by the index.
_WORD = """
SELECT p.descr, {bit} AS bit FROM posting p
WHERE p.term IN (SELECT id FROM term WHERE word = $word_{i})
"""
# Words one after the other: the index finds texts that have all of them, then the text decides.
_PHRASE = """
SELECT d.id AS descr, {bit} AS bit FROM (
    SELECT p.descr FROM posting p
    WHERE p.term IN (SELECT id FROM term WHERE word IN (SELECT unnest($run_{i}::VARCHAR[])))
    GROUP BY p.descr HAVING count(*) = len($run_{i}::VARCHAR[])) c
JOIN descr d ON d.id = c.descr
WHERE contains(
    regexp_replace(' ' || lower(strip_accents(d.text)) || ' ', '[^\\p{{L}}\\p{{N}}]+', ' ', 'g'),
    ' ' || $word_{i} || ' ')
"""
_NAME = """
SELECT party, {bit} AS bit FROM party_name WHERE contains(' ' || key || ' ', ' ' || upper($word_{i}) || ' ')
"""
_NUMBER = """
SELECT id, {bit} AS bit FROM award
WHERE number IN ($number_{i}, upper($number_{i})) OR vehicle IN ($number_{i}, upper($number_{i}))
"""

# All words in the description is the common case and one semi-join; where a name or a number has some of
# them, bits tell which, for those vendors and awards alone.
_HITS = """
WITH figure AS (SELECT * FROM ({figures}) WHERE {where}),
texts AS MATERIALIZED (SELECT descr, bit_or(bit) AS bits FROM ({words}) GROUP BY descr),
whole AS MATERIALIZED (SELECT descr FROM texts WHERE bits = {every}),
named AS MATERIALIZED (SELECT party, bit_or(bit) AS bits FROM ({names}) GROUP BY party),
numbered AS MATERIALIZED (SELECT id, bit_or(bit) AS bits FROM ({numbers}) GROUP BY id),
partly AS (
    SELECT f.*, n.bits | coalesce(a.bits, 0) AS bits
    FROM figure f JOIN named n ON n.party = f.vendor LEFT JOIN numbered a ON a.id = f.award
    UNION ALL
    SELECT f.*, a.bits
    FROM figure f JOIN numbered a ON a.id = f.award LEFT JOIN named n ON n.party = f.vendor
    WHERE n.party IS NULL),
hit AS MATERIALIZED (
    SELECT * FROM figure WHERE descr IN (SELECT descr FROM whole)
    UNION ALL
    SELECT f.* EXCLUDE (bits) FROM partly f LEFT JOIN texts t ON t.descr = f.descr
    WHERE coalesce(t.bits, 0) <> {every} AND f.bits | coalesce(t.bits, 0) = {every})
"""
_PAGE = """,
sums AS (SELECT {sums} FROM hit WHERE measure NOT IN ('current', 'ceiling', 'maximum') GROUP BY ALL
    ORDER BY measure, currency),
page AS (SELECT * FROM hit ORDER BY {order} LIMIT $limit OFFSET $skip),
shown AS (
    SELECT page.*, award.number, award.url, descr.text
    FROM page LEFT JOIN award ON award.id = page.award LEFT JOIN descr ON descr.id = page.descr
    ORDER BY {order})
SELECT (SELECT count(*) FROM hit), (SELECT list(sums) FROM sums), (SELECT list(shown) FROM shown)
"""


def hits(query: str, filters: Filters) -> tuple[str, dict[str, Any]]:
    """`WITH ... hit AS (...)`: all figures that `search` finds, to ask more of; and its parameters."""
    asked = parse(query)
    items = [tuple(quotes.words(each)) for each in asked]
    return _with_hits(items, filters), _values(asked, items, filters)


def _statement(items: Sequence[quotes.Item], filters: Filters, order: str) -> str:
    return _with_hits(items, filters) + _PAGE.format(sums=SUMS, order=_ORDERS[order])


def _with_hits(items: Sequence[quotes.Item], filters: Filters) -> str:
    def union(piece: str, run: str = "") -> str:
        return "\nUNION ALL\n".join(
            (run if run and len(item) > 1 else piece).format(bit=f"{1 << i}::BIGINT", i=i)
            for i, item in enumerate(items)
        )

    return _HITS.format(
        figures=FIGURES,
        where=" AND ".join(_conditions(filters)),
        words=union(_WORD, _PHRASE),
        names=union(_NAME),
        numbers=union(_NUMBER),
        every=f"{(1 << len(items)) - 1}::BIGINT",
    )


def _conditions(filters: Filters) -> list[str]:
    conditions = ["measure IN (SELECT unnest($measures::VARCHAR[]))"]
    for side in ("buyer", "vendor"):
        if getattr(filters, side):
            conditions.append(f"{side} IN (SELECT unnest(${side}::INTEGER[]))")
    if filters.first:
        conditions.append("date >= $first")
    if filters.last:
        conditions.append("date <= $last")
    return conditions


def _values(asked: Sequence[str], items: Sequence[quotes.Item], filters: Filters) -> dict[str, Any]:
    values: dict[str, Any] = {
        "measures": [filters.measure] if filters.measure else list(SHOWN),
        "buyer": list(filters.buyer.ids) if filters.buyer else [],
        "vendor": list(filters.vendor.ids) if filters.vendor else [],
        "first": filters.first,
        "last": filters.last,
    }
    for i, (typed, item) in enumerate(zip(asked, items, strict=True)):
        values |= {f"word_{i}": " ".join(item), f"run_{i}": sorted(set(item)), f"number_{i}": typed}
    return values
