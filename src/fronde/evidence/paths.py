# SPDX-License-Identifier: Apache-2.0
"""Who stands between: clients of a company that work directly with a buyer, and paths of one or two hops.

An edge is what records say of two parties, with how many there are, their sums, and one of them to look at:

    sells to        the vendor has contracts with the buyer
    works under     the company has a subaward from a prime
    is resold by    records of the reseller name the company's product, and two people confirmed it
    is owned by     a record states the parent; "owns" is the same one from the other side
    is on our list  our own customer list: never exported

A path says that both edges are in the records. It does not say that the money of one went on to the other,
unless both are of one award.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fronde.evidence import mentions
from fronde.evidence.answers import (
    SUBAWARD,
    SUMS,
    Connection,
    Date,
    Party,
    Place,
    Total,
    files,
    merged,
    place,
    rows,
    total,
)
from fronde.evidence.questions import owned
from fronde.evidence.whom import named

SELLS, UNDER, RESOLD, OWNED, OWNS, LISTED = (
    "sells to", "works under", "is resold by", "is owned by", "owns", "is on our list",
)  # fmt: skip


@dataclass(frozen=True)
class Edge:
    """From one party to another. sums: of its records, one a measure and currency; source: one of them."""

    kind: str
    start: Party
    end: Party
    sums: tuple[Total, ...]
    award: str  # of that record; "" where it has none
    first: Date | None
    last: Date | None
    source: Place | None  # None only for our own list


@dataclass(frozen=True)
class Path:
    """One or two edges, the end of one the start of the next."""

    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Clients:
    """Answer of `clients`: paths company -> client -> buyer, one for each way a party is a client."""

    company: Party
    buyer: Party
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Paths:
    """Answer of `path`."""

    start: Party
    end: Party
    paths: tuple[Path, ...]


def clients(connection: Connection, company: Party, buyer: Party, *, own_list: bool = True) -> Clients:
    """Which clients of a company work directly with a buyer.

    own_list: whether our own customer list counts; False for everything that leaves this workplace.
    """
    first = [*_works_under(connection, company), *_resold_by(connection, company)]
    if own_list:
        first += _on_our_list(connection, company)
    return Clients(company, buyer, _joined(first, _sells(connection, buyer, first), buyer))


def paths(connection: Connection, start: Party, end: Party) -> Paths:
    """All paths of one edge, else and besides of two, between two parties."""
    first = [*_sells_to_all(connection, start), *_from(connection, start)]
    held = [] if any(edge.end == end for edge in first) else _sells(connection, end, [], only=start)
    one = [Path((edge,)) for edge in [*held, *first] if edge.end == end]
    second = _sells(connection, end, first) + [
        replace(edge, start=edge.end, end=edge.start, kind=_TURNED[edge.kind])
        for edge in _from(connection, end)
        if edge.kind in _TURNED
    ]
    return Paths(start, end, (*dict.fromkeys(one), *_joined(first, second, end)))


# Of what goes out of the end, what can be read the other way round.
_TURNED = {OWNED: OWNS, OWNS: OWNED}


def _from(connection: Connection, party: Party) -> list[Edge]:
    parents = [_relation(OWNED, party, each.parent, each) for each in owned(connection, party, "child")]
    children = [_relation(OWNS, party, each.child, each) for each in owned(connection, party, "parent")]
    return [*_works_under(connection, party), *_resold_by(connection, party), *parents, *children]


def _relation(kind: str, start: Party, end: Party, stated: Any) -> Edge:
    return Edge(kind, start, end, (), "", stated.first, stated.last, stated.source)


def _joined(first: Iterable[Edge], second: Iterable[Edge], end: Party) -> tuple[Path, ...]:
    """Paths of an edge of each, without those that go through the end or in a circle."""
    onward: dict[Party, list[Edge]] = {}
    for edge in second:
        onward.setdefault(edge.start, []).append(edge)
    found = [
        Path((one, two))
        for one in first
        for two in onward.get(one.end, ())
        if one.end not in (one.start, end) and two.end == end and one.start != end
    ]
    return tuple(dict.fromkeys(sorted(found, key=_order)))


def _order(path: Path) -> tuple[Any, ...]:
    one, two = path.edges
    return (
        two.kind != SELLS,
        -sum(each.cents for each in two.sums[:1]),
        one.end.name,
        one.end.handle,
        one.kind,
    )


# -- edges --------------------------------------------------------------------------------------------------

# Rows of an edge grouped by the party at its other side: sums, and the newest record of each.
_EDGES = f"""
SELECT {{other}}, {SUMS}, arg_max({{{{'award': award, 'source': source, 'row': row}}}}, date)
FROM ({{figures}}) GROUP BY ALL ORDER BY 1, measure, currency
"""

_SUBAWARDS = """
SELECT prime, sub, date, award, 'subaward' AS measure, cents, currency, source, row FROM subaward
WHERE sub IN (SELECT unnest($ids::INTEGER[])) AND prime IS NOT NULL
"""
_RESOLD = """
SELECT vendor, date, award, measure, cents, currency, source, row FROM fact
WHERE award IN (SELECT unnest($awards::INTEGER[])) AND vendor NOT IN (SELECT unnest($ids::INTEGER[]))
"""
_OWN_CONTRACTS = """
SELECT buyer, date, award, measure, cents, currency, source, row FROM fact
WHERE vendor IN (SELECT unnest($ids::INTEGER[]))
"""
_CONTRACTS = """
SELECT vendor, date, award, measure, cents, currency, source, row FROM fact
WHERE buyer IN (SELECT unnest($buyer::INTEGER[])) AND vendor IN (SELECT unnest($ids::INTEGER[]))
"""
# A prime whose own records are in no file: the subaward's record still names its award and the buyer.
_HELD = """
SELECT s.prime AS vendor, s.date, s.award, 'subaward' AS measure, s.cents, s.currency, s.source, s.row
FROM subaward s JOIN award a ON a.id = s.award
WHERE a.buyer IN (SELECT unnest($buyer::INTEGER[])) AND s.prime IN (SELECT unnest($ids::INTEGER[]))
"""


def _works_under(connection: Connection, company: Party) -> list[Edge]:
    found = rows(connection, _EDGES.format(other="prime", figures=_SUBAWARDS), ids=list(company.ids))
    return _edges(connection, UNDER, found, company)


def _resold_by(connection: Connection, company: Party) -> list[Edge]:
    confirmed = mentions.awards(mentions.of(connection, company))[mentions.CONFIRMED]
    if not confirmed:
        return []
    sql = _EDGES.format(other="vendor", figures=_RESOLD)
    return _edges(connection, RESOLD, rows(connection, sql, awards=confirmed, ids=list(company.ids)), company)


def _sells_to_all(connection: Connection, vendor: Party) -> list[Edge]:
    found = rows(connection, _EDGES.format(other="buyer", figures=_OWN_CONTRACTS), ids=list(vendor.ids))
    return _edges(connection, SELLS, found, vendor)


def _sells(
    connection: Connection, buyer: Party, first: Iterable[Edge], only: Party | None = None
) -> list[Edge]:
    """Edges of these ends (or of one party) to a buyer: contracts, else awards that subawards name."""
    ids = sorted({number for edge in first for number in edge.end.ids} | set(only.ids if only else ()))
    if not ids:
        return []
    contracts = rows(
        connection, _EDGES.format(other="vendor", figures=_CONTRACTS), ids=ids, buyer=list(buyer.ids)
    )
    edges = _edges(connection, SELLS, contracts, buyer, back=True)
    held = rows(connection, _EDGES.format(other="vendor", figures=_HELD), ids=ids, buyer=list(buyer.ids))
    with_contracts = {edge.start for edge in edges}
    named_only = _edges(connection, SELLS, held, buyer, back=True)
    # The money of a subaward is the prime's to the sub, not the buyer's to the prime: no sums.
    return edges + [replace(edge, sums=()) for edge in named_only if edge.start not in with_contracts]


def _edges(
    connection: Connection, kind: str, found: list[tuple[Any, ...]], one: Party, *, back: bool = False
) -> list[Edge]:
    """Edges from one party to the others of these rows, or back from them to it."""
    held = files(connection)
    parties = named(connection, [other for other, *_ in found])
    numbers = _awards(connection, [record["award"] for *_, record in found])
    grouped: dict[Party, list[tuple[Total, dict[str, Any]]]] = {}
    for other, *sums, record in found:
        if parties[other] != one:
            grouped.setdefault(parties[other], []).append((total(held, sums), record))
    edges = []
    for other, parts in grouped.items():
        totals = merged(each for each, _ in parts)
        newest, record = max(parts, key=lambda part: str(part[0].last))
        number, url = numbers.get(record["award"], ("", ""))
        start, end = (other, one) if back else (one, other)
        first = min((each.first for each in totals if each.first), default=None)
        edges.append(
            Edge(
                kind,
                start,
                end,
                totals,
                number,
                first,
                newest.last,
                place(held, record["source"], record["row"], url),
            )
        )
    return edges


def _awards(connection: Connection, ids: Iterable[int | None]) -> dict[int, tuple[str, str]]:
    sql = "SELECT id, number, url FROM award WHERE id IN (SELECT unnest($ids::INTEGER[]))"
    wanted = sorted({each for each in ids if each is not None})
    return (
        {number: (printed, url or "") for number, printed, url in rows(connection, sql, ids=wanted)}
        if wanted
        else {}
    )


def _on_our_list(connection: Connection, company: Party) -> list[Edge]:
    sql = "SELECT DISTINCT party FROM customer WHERE party IS NOT NULL ORDER BY 1"
    parties = named(connection, [each for (each,) in rows(connection, sql)])
    return [
        Edge(LISTED, company, party, (), "", None, None, None)
        for party in dict.fromkeys(parties.values())
        if party != company
    ]


__all__ = ["SUBAWARD", "Clients", "Edge", "Path", "Paths", "clients", "paths"]
