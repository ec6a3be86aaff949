# SPDX-License-Identifier: Apache-2.0
"""Pairs of parties that may be one: for people to judge, never merged here.

    same key        two parties have a name of one key, in one country (or one of them states none)
    alike           rapidfuzz token_sort_ratio of their keys >= 90, in one country
    stated parent   a record states one as the parent of the other, and one name begins with the other

Only parties that share the first four letters of a word that few names have are compared: all pairs would be
too many. The rules are the keys of a name, so what only an id can find (a renamed company)
is not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from fronde.evidence import judged
from fronde.evidence.answers import Connection, Party, rows
from fronde.evidence.whom import named

KEY, ALIKE, PARENT = "same key", "alike", "stated parent"
RULES = (KEY, ALIKE, PARENT)
LEAST = 90.0
COMMON = 60  # names that have a word beginning so: beyond it the word says nothing


@dataclass(frozen=True)
class Pair:
    """Two parties and why they may be one. likeness: 0 to 100, of their keys."""

    one: Party
    other: Party
    rule: str
    likeness: int


@dataclass(frozen=True)
class Precision:
    """What people said of the pairs of one rule so far."""

    rule: str
    same: int
    not_same: int
    unsure: int


@dataclass(frozen=True)
class Suggestions:
    """Answer of `suggest`. count: of pairs that nobody judged yet; pairs: the first of them."""

    pairs: tuple[Pair, ...]
    count: int
    precision: tuple[Precision, ...]


@dataclass(frozen=True)
class _Name:
    party: int
    key: str
    country: str


def suggest(connection: Connection, decided: Iterable[judged.Line] = (), *, limit: int = 50) -> Suggestions:
    """Pairs that nobody judged, the likest first. decided: the lines of decisions.jsonl."""
    found = _pairs(connection)
    said = judged.last_judgements(judged.in_force(decided))
    handles = dict(rows(connection, "SELECT id, handle FROM party"))
    counts = {rule: {"same": 0, "not-same": 0, "unsure": 0} for rule in RULES}
    pending = []
    for (one, other), (rule, likeness) in found.items():
        judgement = said.get(frozenset((handles[one], handles[other])))
        if judgement:
            counts[rule][judgement] += 1
        else:
            pending.append((RULES.index(rule), -likeness, one, other))
    pending = [each for each in sorted(pending) if each[2] != each[3]]
    parties = named(connection, [number for *_, one, other in pending for number in (one, other)])
    open_pairs = [
        Pair(parties[one], parties[other], RULES[rule], round(-negative))
        for rule, negative, one, other in pending
        if parties[one] != parties[other]
    ]
    precision = tuple(
        Precision(rule, said["same"], said["not-same"], said["unsure"]) for rule, said in counts.items()
    )
    return Suggestions(tuple(open_pairs[:limit]), len(open_pairs), precision)


def _pairs(connection: Connection) -> dict[tuple[int, int], tuple[str, float]]:
    """(party, party), the smaller number first -> the strongest rule and the likeness."""
    every = [_Name(*each) for each in rows(connection, _KEYS)]
    found: dict[tuple[int, int], tuple[str, float]] = {}
    for one, other in _candidates(every):
        if one.party == other.party or not _one_country(one, other):
            continue
        likeness = (
            100.0 if one.key == other.key else fuzz.token_sort_ratio(one.key, other.key, score_cutoff=LEAST)
        )
        if likeness:
            rule = KEY if one.key == other.key else ALIKE
            _keep(found, one, other, rule, likeness)
    for child, child_key, parent, parent_key in rows(connection, _PARENTS):
        if _begins(child_key, parent_key) or _begins(parent_key, child_key):
            likeness = fuzz.token_sort_ratio(child_key, parent_key)
            _keep(found, _Name(child, child_key, ""), _Name(parent, parent_key, ""), PARENT, likeness)
    return found


def _keep(
    found: dict[tuple[int, int], tuple[str, float]], one: _Name, other: _Name, rule: str, likeness: float
) -> None:
    pair = (min(one.party, other.party), max(one.party, other.party))
    known = found.get(pair)
    if known is None or (RULES.index(rule), -likeness) < (RULES.index(known[0]), -known[1]):
        found[pair] = (rule, likeness)


def _one_country(one: _Name, other: _Name) -> bool:
    """Alike needs the same country; one key also where a file states none."""
    return one.country == other.country or (one.key == other.key and not (one.country and other.country))


def _begins(longer: str, shorter: str) -> bool:
    return bool(shorter) and (longer + " ").startswith(shorter + " ")


def _candidates(every: list[_Name]) -> Iterator[tuple[_Name, _Name]]:
    """Pairs worth a comparison: names of one key, and names that share the beginning of a rare word."""
    blocks: dict[str, list[_Name]] = defaultdict(list)
    keys: dict[str, list[_Name]] = defaultdict(list)
    for name in every:
        keys[name.key].append(name)
        for start in {word[:4] for word in name.key.split()}:
            blocks[start].append(name)
    for group in keys.values():
        yield from _all(group)
    for group in blocks.values():
        if len(group) <= COMMON:
            yield from _all(group)


def _all(group: list[_Name]) -> Iterator[tuple[_Name, _Name]]:
    for i, one in enumerate(group):
        for other in group[i + 1 :]:
            yield one, other


_KEYS = """
SELECT DISTINCT n.party, n.key, coalesce(p.country, '') FROM party_name n JOIN party p ON p.id = n.party
WHERE n.key <> '' ORDER BY 2, 1
"""
_PARENTS = """
SELECT DISTINCT o.child, c.key, o.parent, p.key FROM ownership o
JOIN party c ON c.id = o.child JOIN party p ON p.id = o.parent
WHERE o.child <> o.parent AND c.key <> '' AND p.key <> '' ORDER BY 1, 3
"""
