# SPDX-License-Identifier: Apache-2.0
"""Through whom to whom: what a company sold itself, and the awards of others that name its products.

Each award counts once: confirmed where any product of it is, else candidate. Denied ones are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fronde.evidence import mentions
from fronde.evidence.answers import SUMS, Connection, Party, Total, files, rows, total
from fronde.evidence.whom import named

DIRECT, RESOLD, CANDIDATE = "direct", "resold", "candidate"


@dataclass(frozen=True)
class Way:
    """A sum of one seller, one agency and one state. seller: the company itself where the state is direct."""

    seller: Party | None
    agency: Party | None
    state: str
    total: Total


@dataclass(frozen=True)
class Ways:
    """Answer of `flows`: the largest sums first, with one buyer alone where one was asked for."""

    company: Party
    buyer: Party | None
    ways: tuple[Way, ...]


_OWN = "vendor IN (SELECT unnest($ids::INTEGER[]))"
_OTHERS = f"award IN (SELECT unnest($awards::INTEGER[])) AND ({_OWN}) IS NOT TRUE"
_BUYER = "buyer IN (SELECT unnest($buyer::INTEGER[]))"
_WAYS = f"""
SELECT vendor, buyer, {SUMS} FROM fact WHERE ({{which}}) AND {{buyer}}
GROUP BY ALL ORDER BY sum(cents) DESC, vendor, buyer, measure
"""


def flows(connection: Connection, company: Party, buyer: Party | None = None) -> Ways:
    """Sums of each seller and agency, in each state, measure and currency."""
    named_awards = mentions.awards(mentions.of(connection, company))
    states: tuple[tuple[str, str, list[int]], ...] = (
        (DIRECT, _OWN, []),
        (RESOLD, _OTHERS, named_awards[mentions.CONFIRMED]),
        (CANDIDATE, _OTHERS, named_awards[mentions.CANDIDATE]),
    )
    found = [
        (state, *line)
        for state, which, awards in states
        if state == DIRECT or awards
        for line in rows(
            connection,
            _WAYS.format(which=which, buyer=_BUYER if buyer else "true"),
            ids=list(company.ids),
            awards=awards,
            buyer=list(buyer.ids) if buyer else [],
        )
    ]
    parties = named(connection, [number for line in found for number in line[1:3]])
    held = files(connection)
    ways = (
        Way(parties.get(vendor), parties.get(agency), state, total(held, sums))
        for state, vendor, agency, *sums in found
    )
    return Ways(company, buyer, tuple(sorted(ways, key=lambda way: -way.total.cents)))
