# SPDX-License-Identifier: Apache-2.0
"""Charts of a party's page, each with its words and its table: amounts by year, a Sankey, a neighbourhood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from fronde.citation import amount
from fronde.evidence import charts, svg
from fronde.evidence.charts import Words
from fronde.evidence.flows import Ways
from fronde.evidence.paths import Clients
from fronde.evidence.series import Part, Point, Series
from fronde.evidence.shown import year
from fronde.site.templatetags.fronde import day as day_said

from . import tables
from .words import WORDS, said

MOST = 6  # charts of one kind on a page; all of them have tables in the CSV


@dataclass(frozen=True)
class Chart:
    """One figure. under: measure, unit and dates, beside its title."""

    name: str
    title: str
    under: str
    svg: SafeString
    table: tables.Table
    ways: bool  # whether it has the key of direct, reseller and candidate
    gaps: bool  # whether some year is hatched


def bars(found: Series) -> list[Chart]:
    """A chart for each measure and currency of a series."""

    def line(point: Point) -> tuple[bool, str, str]:
        return (point.fiscal, point.measure, point.currency)

    made = [_bars(found, i, list(points)) for i, (_, points) in enumerate(groupby(found.points, key=line))]
    return made[:MOST]


def _bars(found: Series, i: int, points: list[Point]) -> Chart:
    one = points[0]
    asked = {"measure": said(one.measure), "unit": _unit(charts.unit(points), one.currency)}
    title = gettext("A year, %(measure)s, %(unit)s") % asked
    kind = gettext("US fiscal years, October to September") if one.fiscal else gettext("Calendar years")
    if found.buyer:
        kind = gettext("%(kind)s; with %(buyer)s alone") % {"kind": kind, "buyer": found.buyer.name}
    words = _words(f"bars-{i}", f"{found.company.name}: {title}", _years_said(points))
    beside = tables.points("series", f"{title}; {kind}", points)
    gaps = any(not each.covered for each in points)
    return Chart(f"bars-{i}", title, kind, _safe(charts.bars(points, words)), beside, ways=True, gaps=gaps)


def _years_said(points: Sequence[Point]) -> str:
    """The years and their sums as a sentence; years without data by name."""
    missing = [year(each.year, each.fiscal) for each in points if not each.covered]
    known = [
        f"{year(each.year, each.fiscal)}: {amount(sum(p.cents for p in _ways(each)))} {each.currency}"
        for each in points
        if each.covered
    ]
    gaps = gettext("No data was imported for %(years)s.") % {"years": ", ".join(missing)} if missing else ""
    return f"{'; '.join(known)}. {gaps}".strip()


def _ways(point: Point) -> list[Part]:
    return [each for each in (point.direct, point.reseller, point.candidate) if each]


def sankey(found: Ways, measure: str, currency: str) -> Chart | None:
    """From the company through who sells to the agencies, of one measure and currency; None for nothing."""
    ways = charts.flows(found.ways, measure, currency)
    total = sum(each.cents for each in ways if each.cents > 0)
    if not total:
        return None
    unit = _unit(svg.power(total), currency)
    title = gettext("Through whom to whom, %(measure)s, %(unit)s") % {"measure": said(measure), "unit": unit}
    days = [
        day
        for way in found.ways
        if (way.total.measure, way.total.currency) == (measure, currency)
        for day in (way.total.first, way.total.last)
        if day
    ]
    ends = {"first": day_said(min(days)), "last": day_said(max(days))} if days else {}
    dates = gettext("%(first)s to %(last)s") % ends if ends else ""
    left = sum(each.cents <= 0 for each in ways)
    note = ngettext(
        "%(n)d way of zero or less stands in the table alone",
        "%(n)d ways of zero or less stand in the table alone", left,
    ) % {"n": left} if left else ""  # fmt: skip
    name = found.company.name
    words = _words("flows", f"{name}: {title}", f"{amount(total)} {currency}. {note}".strip())
    beside = tables.flow("flows", title, [way for way in found.ways if way.total.measure == measure])
    under = ". ".join(each for each in (dates, note) if each)
    return Chart(
        "flows", title, under, _safe(charts.sankey(name, ways, words)), beside, ways=True, gaps=False
    )


def neighbourhood(found: Clients) -> Chart:
    """Who stands between a company and a buyer."""
    names = {"company": found.company.name, "buyer": found.buyer.name}
    title = gettext("Clients of %(company)s that work directly with %(buyer)s") % names
    words = _words("paths", title, gettext("The table beside it has every path with its records."))
    kinds = {key: str(value) for key, value in WORDS.items()}
    drawn = charts.neighbourhood(found.paths, words, kinds)
    beside = tables.edges("paths", title, found.paths)
    return Chart("paths", title, "", _safe(drawn), beside, ways=False, gaps=False)


def _words(name: str, title: str, description: str) -> Words:
    return Words(
        name, title, description,
        decimal="," if (get_language() or "en").startswith("fr") else ".",
        others=gettext("others"), direct=gettext("direct sale"),
        columns=(gettext("Company"), gettext("Seller"), gettext("Agency")),
    )  # fmt: skip


def _unit(exponent: int, currency: str) -> str:
    units = {0: "%s", 3: gettext("thousand %s"), 6: gettext("million %s"), 9: gettext("thousand million %s")}
    return units[exponent] % currency


def _safe(drawn: str) -> SafeString:
    """What `charts` drew: every text in it is escaped there, and a property test reads it as XML."""
    return mark_safe(drawn)  # noqa: S308
