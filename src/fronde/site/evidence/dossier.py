# SPDX-License-Identifier: Apache-2.0
"""All that is said of one party: as a seller, as a buyer, through resellers, its clients at a buyer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from fronde.evidence import flows, paths, questions, series
from fronde.evidence.answers import Connection, Party
from fronde.evidence.sections import Money, Section, section
from fronde.evidence.shown import name, shown

from . import charted, tables
from .words import said

ABOUT = ("years", "buyers", "primes", "subs", "owners", "numbers", "names")


@dataclass(frozen=True)
class Dossier:
    """Answers about one party. clients: None where no buyer was named; our own list is never asked."""

    about: questions.About
    sellers: questions.Sellers
    series: series.Series
    flows: flows.Ways
    clients: paths.Clients | None

    @classmethod
    def of(cls, db: Connection, party: Party, buyer: Party | None) -> Dossier:
        """Asks. With a buyer, series and flows are those with this buyer alone."""
        return cls(
            questions.about(db, party),
            questions.sellers(db, party),
            series.series(db, party, buyer),
            flows.flows(db, party, buyer),
            paths.clients(db, party, buyer, own_list=False) if buyer else None,
        )

    def way(self) -> tuple[str, str]:
        """The measure and currency of which there is most: what the Sankey is of."""
        sums: dict[tuple[str, str], int] = {}
        for way in self.flows.ways:
            key = (way.total.measure, way.total.currency)
            sums[key] = sums.get(key, 0) + max(way.total.cents, 0)
        return max(sums, key=lambda key: (sums[key], key), default=("", ""))

    # -- for people -----------------------------------------------------------------------------------------

    def shown(self) -> dict[str, Any]:
        """What the page says."""
        about, sellers = self.about, self.sellers
        every = [
            tables.years("years", about.years),
            tables.with_parties("buyers", _("Its buyers, directly"), _("Buyer"), about.buyers),
            tables.with_parties("primes", _("Subawards from"), _("Prime contractor"), about.primes),
            tables.with_parties("subs", _("Subawards to"), _("Subcontractor"), about.subs),
            tables.with_parties("vendors", _("Who sells to it"), _("Seller"), sellers.vendors, sellers.count),
            tables.relations("owners", (*about.parents, *about.children)),
        ]
        return {
            "party": about.party,
            "about": about,
            "bought": [(total, said(total.measure)) for total in sellers.sums],
            "charts": self._charts(),
            "buyer": self.clients.buyer if self.clients else None,
            "paths": len(self.clients.paths) if self.clients else 0,
            "products": self.series.products,
            "tables": [each for each in every if each.rows],
            "fiscal": any(each.fiscal for each in about.years),
        }

    def _charts(self) -> list[charted.Chart]:
        made = charted.bars(self.series)
        if drawn := charted.sankey(self.flows, *self.way()):
            made.append(drawn)
        if self.clients and self.clients.paths:
            made.append(charted.neighbourhood(self.clients))
        return made

    # -- for machines ---------------------------------------------------------------------------------------

    def sections(self) -> dict[str, Section]:
        """Every table by its name."""
        every = {
            **dict(zip(ABOUT, shown(self.about).sections, strict=True)),
            "vendors": shown(self.sellers).sections[0],
            "series": shown(self.series).sections[0],
            "flows": _ways(self.flows),
        }
        if self.clients:
            every["paths"] = shown(self.clients).sections[0]
        return every

    def not_shown(self) -> tuple[str, ...]:
        notes = (*shown(self.about).not_shown, *shown(self.series).not_shown)
        return tuple(dict.fromkeys(notes))


def _ways(found: flows.Ways) -> Section:
    columns = ("seller", "agency", "state", "measure", "amount", "currency", "rows", "from", "to")
    return section(
        "Through whom to whom", columns, found.ways,
        lambda x: (
            name(x.seller), name(x.agency), x.state, x.total.measure, Money(x.total.cents), x.total.currency,
            x.total.rows, x.total.first, x.total.last,
        ),
        lambda x: x.total.files,
    )  # fmt: skip
