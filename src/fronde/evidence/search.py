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
LISTED = 5000  # texts, vendors or awards that are listed as parameters
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
    items = tuple(tuple(quotes.words(each)) for each in parse(query))
    if not 1 <= limit <= MOST_LIMIT or page < 1 or limit * page > 10**7:
        raise Usage(f"a page is numbered from 1 and has 1 to {MOST_LIMIT:,} lines")
    sql, values = hits(connection, query, filters)
    sql += _PAGE.format(sums=SUMS, order=_ORDERS[order])
    ((count, sums, found),) = rows(connection, sql, **values, limit=limit, skip=limit * (page - 1))
    held = files(connection)
    totals = tuple(total(held, tuple(each.values())) for each in sums or ())
    pages = max(1, -(-count // limit))
    return Found(items, filters, count, page, pages, totals, _hits(connection, found or []))


def _hits(connection: Connection, found: Sequence[dict[str, Any]]) -> tuple[Hit, ...]:
    held = files(connection)
    parties = named(connection, [each[side] for each in found for side in ("buyer", "vendor")])
    awards = {key: rest for key, *rest in rows(connection, _AWARDS, ids=_distinct(found, "award"))}
    texts = dict(rows(connection, _TEXTS, ids=_distinct(found, "descr")))
    return tuple(
        Hit(
            date=each["date"],
            measure=each["measure"],
            currency=each["currency"],
            cents=each["cents"],
            award=awards[each["award"]][0] or "",
            mod=each["mod"] or "",
            buyer=parties.get(each["buyer"]),
            vendor=parties.get(each["vendor"]),
            text=quotes.without_contacts(texts.get(each["descr"]) or ""),
            source=place(held, each["source"], each["row"], awards[each["award"]][1]),
        )
        for each in found
    )


def _distinct(found: Sequence[dict[str, Any]], column: str) -> list[int]:
    return sorted({each[column] for each in found if each[column] is not None})


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

# Every figure in one shape; `mod` of a subaward is its number. Narrowed before anything is joined.
_FIGURES = """
SELECT buyer, vendor, year, date, award, mod, measure, cents, currency, descr, source, row
FROM fact WHERE {fact}
UNION ALL
SELECT a.buyer, s.sub, s.year, s.date, s.award, s.number, 'subaward', s.cents, s.currency, s.descr, s.source,
    s.row
FROM (SELECT * FROM subaward WHERE {subaward}) s LEFT JOIN award a ON a.id = s.award
UNION ALL
SELECT a.buyer, m.vendor, NULL, m.date, m.award, '', m.measure, m.cents, m.currency, m.descr, m.source, m.row
FROM (SELECT * FROM amount WHERE {fact}) m LEFT JOIN award a ON a.id = m.award
"""
# All words in the description: the common case.
_WHOLE = "SELECT * FROM ({figures}) WHERE {where}"
# Some of them in a name or a number: bits tell which, for the figures of those vendors and awards alone.
_PARTLY = """
SELECT f.* FROM (SELECT * FROM ({figures}) WHERE {where}) f
LEFT JOIN named n ON n.party = f.vendor LEFT JOIN numbered a ON a.id = f.award
LEFT JOIN texts t ON t.descr = f.descr
WHERE coalesce(t.bits, 0) <> {every}
AND coalesce(t.bits, 0) | coalesce(n.bits, 0) | coalesce(a.bits, 0) = {every}
"""
# Which figures: of these texts, of these vendors, of these awards (where the vendor is none of those).
_OF = {
    "whole": ("descr IN (SELECT descr FROM whole)", _WHOLE, "descr"),
    "named": ("{side} IN (SELECT party FROM named)", _PARTLY, "party"),
    "numbered": ("award IN (SELECT id FROM numbered)", _PARTLY + "AND n.party IS NULL", "id"),
}
_NO_TEXT = "SELECT 0 AS descr, 0::BIGINT AS bit WHERE false"
_HITS = """
WITH texts AS MATERIALIZED (SELECT descr, bit_or(bit) AS bits FROM ({words}) GROUP BY descr),
whole AS MATERIALIZED ({whole}),
named AS MATERIALIZED (SELECT party, bit_or(bit) AS bits FROM ({named}) GROUP BY party),
numbered AS MATERIALIZED (SELECT id, bit_or(bit) AS bits FROM ({numbered}) GROUP BY id),
hit AS MATERIALIZED ({parts})
"""
_PAGE = """,
sums AS (SELECT {sums} FROM hit WHERE measure NOT IN ('current', 'ceiling', 'maximum') GROUP BY ALL
    ORDER BY measure, currency),
page AS (SELECT * FROM hit ORDER BY {order} LIMIT $limit OFFSET $skip)
SELECT (SELECT count(*) FROM hit), (SELECT list(sums) FROM sums),
    (SELECT list(page ORDER BY {order}) FROM page)
"""
_AWARDS = "SELECT id, number, url FROM award WHERE id IN (SELECT unnest($ids::INTEGER[]))"
_TEXTS = "SELECT id, text FROM descr WHERE id IN (SELECT unnest($ids::INTEGER[]))"


def hits(connection: Connection, query: str, filters: Filters) -> tuple[str, dict[str, Any]]:
    """`WITH ... hit AS (...)`: all figures that `search` finds, to ask more of; and its parameters.

    Which texts, vendors and awards there are is looked up first: where they are few, they are listed.
    """
    asked = parse(query)
    items = [tuple(quotes.words(each)) for each in asked]
    values = _values(asked, items, filters)
    both = [_union([item], _WORD, _PHRASE, i) for i, item in enumerate(items)]
    sets = {
        "whole": "\nINTERSECT\n".join(f"SELECT descr FROM ({each})" for each in both),
        "named": _union(items, _NAME),
        "numbered": _numbers(asked, items),
    }
    parts = []
    for name, sql in sets.items():
        of, piece, key = _OF[name]
        found = rows(connection, f"SELECT DISTINCT {key} FROM ({sql}) LIMIT {LISTED + 1}", **values)
        if not found and name != "whole":
            continue
        # Of a subquery DuckDB does not know how few they are, and joins the wrong way.
        if len(found) <= LISTED:
            values[name] = [each for (each,) in found]
            of = f"{of.partition(' ')[0]} IN (SELECT unnest(${name}::INTEGER[]))"
        parts.append(_part(piece, of, items, filters))
    # What no part asks for is not looked up once more.
    words = "\nUNION ALL\n".join(both) if len(parts) > 1 else _NO_TEXT
    if "whole" in values:
        sets["whole"] = _NO_TEXT
    return _HITS.format(words=words, **sets, parts="\nUNION ALL\n".join(parts)), values


def _part(piece: str, of: str, items: Sequence[quotes.Item], filters: Filters) -> str:
    figures = _FIGURES.format(fact=of.format(side="vendor"), subaward=of.format(side="sub"))
    where = " AND ".join(_conditions(filters))
    return piece.format(figures=figures, where=where, every=f"{(1 << len(items)) - 1}::BIGINT")


def _union(items: Sequence[quotes.Item], piece: str, run: str = "", first: int = 0) -> str:
    """The piece of each item, or `run` where it has several words; `first`: the number of the first item."""
    return "\nUNION ALL\n".join(
        (run if run and len(item) > 1 else piece).format(bit=f"{1 << i}::BIGINT", i=i)
        for i, item in enumerate(items, first)
    )


def _numbers(asked: Sequence[str], items: Sequence[quotes.Item]) -> str:
    """Awards by number. A number has a digit: other words are not looked for."""
    pieces = [
        _union([item], _NUMBER, first=i)
        for i, (typed, item) in enumerate(zip(asked, items, strict=True))
        if any(letter.isdigit() for letter in typed)
    ]
    return "\nUNION ALL\n".join(pieces) or "SELECT 0 AS id, 0::BIGINT AS bit WHERE false"


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
