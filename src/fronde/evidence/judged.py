# SPDX-License-Identifier: Apache-2.0
"""What people said, as the questions need it: three temporary tables beside the imported ones.

    same_as(party, canonical)     for each party of a group judged the same but the canonical one
    product(words, company, note) the dictionary of products, company a party's number
    verdict(award, product, verdict, by_name)   who says that an award's record names the product, or not

The lines of decisions.jsonl stay what they are; an undone one has no effect. "Not same" wins over a chain: if
somebody judged A and B not the same, no other judgement joins them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fronde.evidence import names
from fronde.evidence.answers import Connection, rows

TABLES = """
CREATE TEMP TABLE IF NOT EXISTS same_as (party INTEGER, canonical INTEGER);
CREATE TEMP TABLE IF NOT EXISTS product (words VARCHAR, company INTEGER, note VARCHAR);
CREATE TEMP TABLE IF NOT EXISTS verdict (award INTEGER, product VARCHAR, verdict VARCHAR, by_name VARCHAR);
DELETE FROM same_as; DELETE FROM product; DELETE FROM verdict;
"""
SAME, NOT_SAME = "same", "not-same"

Line = Mapping[str, Any]


def apply(connection: Connection, lines: Iterable[Line]) -> None:
    """Makes the tables anew from the lines of decisions.jsonl, in their order from 1."""
    connection.execute(TABLES)
    standing = in_force(lines)
    _fill(connection, "INSERT INTO same_as VALUES (?, ?)", _same(connection, standing))
    _fill(connection, "INSERT INTO product VALUES (?, ?, ?)", _products(connection, standing))
    _fill(connection, "INSERT INTO verdict VALUES (?, ?, ?, ?)", _verdicts(connection, standing))


def _fill(connection: Connection, sql: str, found: list[tuple[Any, ...]]) -> None:
    if found:
        connection.executemany(sql, found)


def in_force(lines: Iterable[Line]) -> list[Line]:
    """The lines that nobody undid; undoing an undo brings a line back."""
    every = list(lines)
    undone: set[int] = set()
    for number in range(len(every), 0, -1):
        line = every[number - 1]
        if line["type"] == "undo" and number not in undone:
            undone.add(line["line"])
    return [line for number, line in enumerate(every, 1) if number not in undone and line["type"] != "undo"]


def last_judgements(standing: Iterable[Line]) -> dict[frozenset[str], str]:
    """Pair of handles -> what was said of it last: same, not-same or unsure."""
    said = {}
    for line in standing:
        if line["type"] in (SAME, NOT_SAME, "unsure"):
            said[frozenset((line["a"], line["b"]))] = line["type"]
    return said


def _same(connection: Connection, standing: list[Line]) -> list[tuple[Any, ...]]:
    """(party, canonical) of the groups: handles joined, the first handle of a group stands for it."""
    judgements = last_judgements(standing)
    apart = [pair for pair, what in judgements.items() if what == NOT_SAME]
    groups: list[set[str]] = []
    for pair, what in judgements.items():
        if what != SAME or len(pair) < 2:
            continue
        touched = [group for group in groups if group & pair]
        joined = set(pair).union(*touched)
        if not any(each <= joined for each in apart):
            groups = [group for group in groups if group not in touched] + [joined]
    handles = sorted({handle for group in groups for handle in group})
    numbers = dict(rows(connection, _NUMBERS, handles=handles)) if handles else {}
    pairs = []
    for group in groups:
        # A handle with an official id stands for one that is only a name.
        known = sorted(
            (handle for handle in group if handle in numbers), key=lambda h: (h.startswith("name:"), h)
        )
        pairs += [(numbers[each], numbers[known[0]]) for each in known[1:]]
    return pairs


_NUMBERS = (
    "SELECT handle, min(id) FROM party WHERE handle IN (SELECT unnest($handles::VARCHAR[])) GROUP BY handle"
)


def _products(connection: Connection, standing: list[Line]) -> list[tuple[Any, ...]]:
    """A product of a company that no record names is left out: there is nothing to join it with."""
    found = {}
    for line in standing:
        if line["type"] == "product":
            for company in _companies(connection, line["company"]):
                found[line["words"], company] = line.get("note", "")
    return [(words, company, note) for (words, company), note in sorted(found.items())]


def _companies(connection: Connection, text: str) -> list[int]:
    """By handle, or every party that has a name of this key: a dictionary is of a company."""
    return [each for (each,) in rows(connection, _COMPANIES, text=text, key=names.key(text))]


_COMPANIES = """
WITH found AS (
    SELECT id FROM party WHERE handle = $text
    UNION SELECT party FROM party_name WHERE key = $key AND $key <> ''
    UNION SELECT id FROM party WHERE key = $key AND $key <> '')
SELECT DISTINCT coalesce(s.canonical, f.id) FROM found f LEFT JOIN same_as s ON s.party = f.id ORDER BY 1
"""


def _verdicts(connection: Connection, standing: list[Line]) -> list[tuple[Any, ...]]:
    """The last verdict of each name on each mention."""
    last = {}
    for line in standing:
        if line["type"] == "mention":
            last[line["award"], line["product"], line["by"]] = line["verdict"]
    keys = sorted({award for award, _, _ in last})
    sql = "SELECT key, id FROM award WHERE key IN (SELECT unnest($keys::VARCHAR[]))"
    numbers = dict(rows(connection, sql, keys=keys)) if keys else {}
    return [
        (numbers[award], product, verdict, by)
        for (award, product, by), verdict in sorted(last.items())
        if award in numbers
    ]
