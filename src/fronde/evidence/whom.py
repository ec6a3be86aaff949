# SPDX-License-Identifier: Apache-2.0
"""Whom a name or a number means: by handle, by id, by the key of a name; else a list to choose from.

Nothing is guessed: a name that several parties have is refused with their handles, an unknown one with near
names. Parties that people judged to be the same are one, with the numbers of all of them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from fronde.evidence import names
from fronde.evidence.answers import Connection, NotFound, Party, Several, rows

NEAR = 8  # names that are shown when one is not found
ALIKE = 85  # of 100, rapidfuzz partial_ratio: the name or a part of it

BUYER, VENDOR = "buyer", "vendor"
_ROLES = {
    BUYER: "SELECT DISTINCT buyer FROM fact WHERE buyer IN (SELECT unnest($ids::INTEGER[]))"
    " UNION SELECT buyer FROM award WHERE buyer IN (SELECT unnest($ids::INTEGER[]))",
    VENDOR: "SELECT DISTINCT vendor FROM fact WHERE vendor IN (SELECT unnest($ids::INTEGER[]))"
    " UNION SELECT vendor FROM amount WHERE vendor IN (SELECT unnest($ids::INTEGER[]))"
    " UNION SELECT sub FROM subaward WHERE sub IN (SELECT unnest($ids::INTEGER[]))"
    " UNION SELECT prime FROM subaward WHERE prime IN (SELECT unnest($ids::INTEGER[]))",
}


def find(connection: Connection, text: str, role: str = "") -> Party:
    """The one party that a text means. role: BUYER or VENDOR decides between parties of one name.

    Raises NotFound (with near names) or Several (with the handles to choose from).
    """
    text = text.strip()
    found = _grouped(connection, _ids(connection, text))
    if len(found) > 1 and role:
        fitting = {each for (each,) in rows(connection, _ROLES[role], ids=[n for p in found for n in p.ids])}
        found = [party for party in found if fitting.intersection(party.ids)] or found
    if len(found) == 1:
        return found[0]
    if found:
        raise _several(text, found)
    raise _unknown(connection, text)


def _ids(connection: Connection, text: str) -> list[int]:
    """Parties of exactly this handle, else of this id, else of a name with this key."""
    if exact := rows(connection, "SELECT id FROM party WHERE handle = $text", text=text):
        return [each for (each,) in exact]
    values = sorted({text, text.upper(), text.rpartition(":")[2].upper(), names.duns(text)} - {""})
    by_id = "SELECT DISTINCT party FROM party_id WHERE value IN (SELECT unnest($values::VARCHAR[]))"
    if exact := rows(connection, by_id, values=values):
        return [each for (each,) in exact]
    by_key = (
        "SELECT DISTINCT party FROM party_name WHERE key = $key UNION SELECT id FROM party WHERE key = $key"
    )
    key = names.key(text)
    return [each for (each,) in rows(connection, by_key, key=key)] if key else []


def _grouped(connection: Connection, ids: Iterable[int]) -> list[Party]:
    return sorted(set(named(connection, ids).values()), key=lambda party: (party.name, party.handle))


def named(connection: Connection, ids: Iterable[int | None]) -> dict[int, Party]:
    """Number -> party, of all of these; those judged the same are one Party under each of their numbers."""
    wanted = sorted({each for each in ids if each is not None})
    if not wanted:
        return {}
    members = rows(connection, _GROUPS, ids=wanted)
    groups: dict[int, list[int]] = {}
    for canonical, each in members:
        groups.setdefault(canonical, []).append(each)
    described = rows(
        connection,
        "SELECT id, handle, name, country FROM party WHERE id IN (SELECT unnest($ids::INTEGER[]))",
        ids=list(groups),
    )
    parties = {
        number: Party(handle, name, country or "", tuple(sorted(groups[number])))
        for number, handle, name, country in described
    }
    return {each: parties[canonical] for canonical, group in groups.items() for each in group}


_GROUPS = """
WITH canonical AS (
    SELECT DISTINCT coalesce(s.canonical, w.id) AS id
    FROM (SELECT unnest($ids::INTEGER[]) AS id) w LEFT JOIN same_as s ON s.party = w.id)
SELECT id, id FROM canonical
UNION SELECT s.canonical, s.party FROM same_as s WHERE s.canonical IN (SELECT id FROM canonical)
"""


# -- what is said when it is not one ------------------------------------------------------------------------


def _several(text: str, found: list[Party]) -> Several:
    listed = "\n".join(f"  {party.handle}  {party.name}" for party in found[:NEAR])
    more = f"\n  and {len(found) - NEAR:,} more" if len(found) > NEAR else ""
    pair = " ".join(shlex.quote(party.handle) for party in found[:2])
    return Several(
        f"{len(found):,} parties have the name {text[:80]!r}:\n{listed}{more}",
        hint=f"Name one by its handle, or say that they are one: fronde evidence judge same {pair}",
    )


def _unknown(connection: Connection, text: str) -> NotFound:
    near_ones = near(connection, text)
    listed = "; ".join(f"{party.name} ({party.handle})" for party in near_ones)
    return NotFound(
        f"no party has the name or the number {text[:80]!r}",
        hint=f"Names like it: {listed}." if listed else "Look with: fronde evidence search WORDS.",
    )


def near(connection: Connection, text: str) -> list[Party]:
    """Parties with a name like this: first those that have all its words, then those that read alike."""
    key = names.key(text)
    if not key:
        return []
    ids = [each for (each,) in rows(connection, _WITH_WORDS, words=key.split(), most=NEAR)]
    if len(ids) < NEAR:
        known = dict(rows(connection, _LONG_KEYS, least=len(key) - 2))
        alike = process.extract(key, known.keys(), scorer=fuzz.partial_ratio, score_cutoff=ALIKE, limit=NEAR)
        ids += [known[each] for each, _, _ in alike]
    parties = named(connection, ids)
    return list(dict.fromkeys(parties[each] for each in ids))[:NEAR]


_LONG_KEYS = "SELECT key, min(party) FROM party_name WHERE length(key) >= $least GROUP BY key"
_WITH_WORDS = """
SELECT party FROM party_name
WHERE len(list_filter($words::VARCHAR[], lambda w: contains(' ' || key || ' ', ' ' || w || ' ')))
    = len($words::VARCHAR[])
GROUP BY party ORDER BY min(length(key)), party LIMIT $most
"""
