# SPDX-License-Identifier: Apache-2.0
"""Answers as tables: the same columns and words on the command line, in CSV and on pages.

A cell is a text, a number, a date, Money or None ("no data imported"). Beside each row stand its sources: one
place of a record, or the files of a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any

from fronde.evidence import awards, mentions, paths, questions, quotes, search, series, suggest
from fronde.evidence.answers import File, Party, Place, Total
from fronde.evidence.sections import Cell, Money, Quote, Section, Shown, section

ALWAYS = "What was not imported and what its publisher left out: see `fronde evidence sources`."
SUMMED = "Sums are of one measure and one currency. Obligated is promised, not paid."
MENTIONED = "A record that names a product does not say what it is used for; the whole award is counted."
FISCAL = "Years marked FY run from October to September, as the United States count them."


def name(party: Party | None) -> str:
    """A name for a table; "" where the record names nobody."""
    return party.name if party else ""


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def year(number: int, fiscal: bool) -> str:
    """FY2018 or 2018."""
    return f"FY{number}" if fiscal else str(number)


_SUM = ("measure", "amount", "currency", "rows", "from", "to")


def _sum(total: Total) -> tuple[Cell, ...]:
    return total.measure, Money(total.cents), total.currency, total.rows, total.first, total.last


def _files(holder: Any) -> tuple[File, ...]:
    found: tuple[File, ...] = holder.total.files
    return found


def _sums(title: str, totals: Iterable[Total]) -> Section:
    return section(title, _SUM, totals, _sum, lambda total: total.files)


def _with(title: str, who: str, lines: Iterable[questions.With]) -> Section:
    return section(title, (who, *_SUM), lines, lambda line: (name(line.party), *_sum(line.total)), _files)


def _figures(title: str, who: str, number: str, figures: Iterable[awards.Figure]) -> Section:
    columns = ("date", number, "measure", "amount", "currency", who, "description")
    return section(
        title, columns, figures,
        lambda f: (f.date, f.mod, f.measure, Money(f.cents), f.currency, name(f.party), Quote(f.text)),
        lambda f: (f.source,),
    )  # fmt: skip


def _calls(title: str, calls: Iterable[awards.Call]) -> Section:
    columns = ("award", "agency", "buyer", "vendor", *_SUM)
    return section(
        title, columns, calls,
        lambda c: (c.number, c.agency, name(c.buyer), name(c.vendor), *_sum(c.total)), _files,
    )  # fmt: skip


@singledispatch
def shown(answer: object) -> Shown:
    """An answer of any question as tables."""
    raise TypeError(f"no answer: {type(answer).__name__}")


@shown.register
def _(found: search.Found) -> Shown:
    columns = ("date", "measure", "amount", "currency", "vendor", "buyer", "award", "mod", "description")
    words = " ".join(f'"{" ".join(item)}"' if len(item) > 1 else item[0] for item in found.items)
    hits = section(
        "Figures", columns, found.hits,
        lambda hit: (
            hit.date, hit.measure, Money(hit.cents), hit.currency, name(hit.vendor), name(hit.buyer),
            hit.award, hit.mod, Quote(hit.text, found.items),
        ),
        lambda hit: (hit.source,),
    )  # fmt: skip
    return Shown(
        f"{words}: {_many(found.count, 'figure')}, page {found.page:,} of {found.pages:,}",
        (hits, _sums("Sums over all pages", found.sums)),
        (
            "Records that say the same in other words, and the name of the buyer, which is not searched.",
            "Frameworks (maximum) are in no sum; current and ceiling are listed with --measure alone.",
            SUMMED,
            ALWAYS,
        ),
    )


@shown.register
def _(about: questions.About) -> Shown:
    relations = ("parent", "child", "stated from", "to")
    years = section(
        "As a vendor, by year", ("year", *_SUM), about.years,
        lambda y: (year(y.year, y.fiscal), *_sum(y.total)), _files,
    )  # fmt: skip
    stated = section(
        "Stated parents and children", relations, (*about.parents, *about.children),
        lambda r: (_said(r.parent), _said(r.child), r.first, r.last), lambda r: (r.source,),
    )  # fmt: skip
    sections = (
        years,
        _with("Its buyers, directly", "buyer", about.buyers),
        _with("Subawards from", "prime", about.primes),
        _with("Subawards to", "sub", about.subs),
        stated,
        Section("Numbers", ("number",), tuple((each,) for each in about.numbers)),
        Section("Names in the records", ("name",), tuple((each,) for each in about.names)),
    )
    frameworks = (
        f"{about.frameworks:,} framework figures (maximum) that are never added." if about.frameworks else ""
    )
    notes = (
        "What resellers sold of it: fronde evidence series.",
        "What a child was paid: children stand beside it, not in its sums.",
        frameworks,
        SUMMED,
        FISCAL if any(each.fiscal for each in about.years) else "",
        ALWAYS,
    )
    return Shown(_said(about.party), sections, tuple(filter(None, notes)))


def _said(party: Party) -> str:
    return f"{party.name} ({party.handle})"


@shown.register
def _(found: questions.Sellers) -> Shown:
    left = found.count - len(found.vendors)
    notes = (
        f"{left:,} more lines: --limit." if left else "",
        "Who stands behind a reseller.",
        SUMMED,
        ALWAYS,
    )
    return Shown(
        f"Who sells to {_said(found.buyer)}",
        (_with("Vendors", "vendor", found.vendors), _sums("Sums", found.sums)),
        tuple(filter(None, notes)),
    )


@shown.register
def _(one: awards.Award) -> Shown:
    facts = (
        ("buyer", name(one.buyer)), ("vendor", name(one.vendor)), ("agency", one.agency),
        ("vehicle", one.vehicle), ("starts", one.starts), ("ends", one.ends), ("NAICS", one.naics),
        ("PSC", one.psc), ("CPV", one.cpv),
        ("public page", one.url),
    )  # fmt: skip
    return Shown(
        f"Award {one.number}",
        (
            _figures("Modifications", "vendor", "mod", one.modifications),
            _sums("Sums", one.sums),
            _figures("Stock figures, as last stated: never added", "vendor", "mod", one.stock),
            _figures("Subawards under it", "sub", "subaward", one.subawards),
            _calls(f"Other awards under vehicle {one.vehicle}", one.calls),
            Section("The award", ("what", "says"), tuple(fact for fact in facts if fact[1])),
        ),
        (
            "Modifications that no imported file has; what was paid, unless a line says outlayed.",
            SUMMED,
            ALWAYS,
        ),
    )


@shown.register
def _(found: awards.Vehicle) -> Shown:
    left = found.count - len(found.calls)
    notes = (f"{left:,} more awards: --limit." if left else "", SUMMED, ALWAYS)
    return Shown(
        f"Vehicle {found.number}",
        (
            _calls("Awards under it", found.calls),
            _sums("Sums", found.sums),
            _with("By vendor", "vendor", found.vendors),
            _figures("Its own records", "vendor", "mod", found.own),
        ),
        tuple(filter(None, notes)),
    )


@shown.register
def _(found: series.Series) -> Shown:
    columns = (
        "year",
        "measure",
        "currency",
        series.DIRECT,
        "rows",
        series.RESELLER,
        "rows",
        series.CANDIDATE,
        "rows",
    )

    def row(point: series.Point) -> tuple[Cell, ...]:
        ways = (point.direct, point.reseller, point.candidate)
        cells = [cell for part in ways for cell in ((Money(part.cents), part.rows) if part else (None, None))]
        return (year(point.year, point.fiscal), point.measure, point.currency, *cells)

    def held(point: series.Point) -> tuple[File, ...]:
        ways = (point.direct, point.reseller, point.candidate)
        return tuple(dict.fromkeys(file for part in ways if part for file in part.files))

    to = f" with {_said(found.buyer)}" if found.buyer else ""
    also = ", rows that state it as parent included" if found.with_children else ", children not included"
    products = ", ".join(found.products) if found.products else "none: fronde evidence product adds one"
    return Shown(
        f"{_said(found.company)}{to} by year{also}",
        (section("Amounts", columns, found.points, row, held),),
        (
            "A dash is a year of which nothing was imported"
            + (" for this buyer" if found.buyer else "")
            + ": not zero. A covered year may still be incomplete.",
            f"Through a reseller: two people confirmed it; candidate: not yet. Looked for: {products}.",
            MENTIONED,
            SUMMED,
            FISCAL if any(point.fiscal for point in found.points) else "Years are calendar years.",
            ALWAYS,
        ),
    )


_PATH = ("path", "what", "award", "measure", "amount", "currency", "rows", "from", "to")


def _paths(title: str, found: Sequence[paths.Path]) -> Section:
    """A line for each edge and sum; the number of the path in front."""
    lines: list[tuple[tuple[Cell, ...], tuple[Place | File, ...]]] = []
    for number, path in enumerate(found, 1):
        for edge in path.edges:
            what = f"{edge.start.name} {edge.kind} {edge.end.name}"
            if edge.kind == paths.LISTED:
                what = f"{edge.end.name} {edge.kind}"
            places = (edge.source,) if edge.source else ()
            lines += [((number, what, edge.award, *_sum(each)), places) for each in edge.sums] or [
                ((number, what, edge.award, None, None, None, None, edge.first, edge.last), places)
            ]
    return Section(title, _PATH, tuple(row for row, _ in lines), tuple(places for _, places in lines))


_ON_PATHS = (
    "That the money of one edge went on to the other: each edge is its own records, summed as they are.",
    "A sum of one edge stands beside one of its records, the newest: `fronde evidence award` has all.",
)


@shown.register
def _(found: paths.Clients) -> Shown:
    count = len({path.edges[0].end for path in found.paths})
    return Shown(
        f"{_many(count, 'client')} of {_said(found.company)} with direct work for {_said(found.buyer)}",
        (_paths("Paths", found.paths),),
        (
            "Clients that no subaward, no confirmed mention and no list of ours names.",
            *_ON_PATHS,
            "Clients on our own list are shown here alone: never in JSON, CSV or anything else that leaves.",
            ALWAYS,
        ),
    )


@shown.register
def _(found: paths.Paths) -> Shown:
    return Shown(
        f"{_many(len(found.paths), 'path')} from {_said(found.start)} to {_said(found.end)}",
        (_paths("Paths", found.paths),),
        ("Paths of three hops and more; resellers that two people did not confirm.", *_ON_PATHS, ALWAYS),
    )


@shown.register
def _(found: suggest.Suggestions) -> Shown:
    pairs = section(
        "Pairs that nobody judged", ("rule", "likeness", "one", "name", "other", "its name"), found.pairs,
        lambda p: (p.rule, p.likeness, p.one.handle, p.one.name, p.other.handle, p.other.name), lambda _: (),
    )  # fmt: skip
    rules = Section(
        "What people said of each rule",
        ("rule", "same", "not same", "unsure", "precision"),
        tuple(
            (each.rule, each.same, each.not_same, each.unsure, _of(each.same, each.not_same))
            for each in found.precision
        ),
    )
    return Shown(
        f"{_many(found.count, 'pair')} of parties that may be one",
        (pairs, rules),
        ("Renamed companies: only ids find them. Pairs whose names share no rare word.",),
    )


def _of(right: int, wrong: int) -> str:
    return f"{100 * right // (right + wrong)} %" if right + wrong else "not judged yet"


@shown.register
def _(found: mentions.Mentions) -> Shown:
    columns = ("state", "product", "rule", "award", "vendor", "buyer", *_SUM, "by", "description")
    lines = [(each, each_sum) for each in found.mentions for each_sum in each.sums]
    named = section(
        "Awards of others that name its products", columns, lines,
        lambda x: (
            x[0].state, x[0].product, x[0].rule, x[0].award, name(x[0].vendor), name(x[0].buyer), *_sum(x[1]),
            ", ".join(x[0].by), Quote(x[0].text, (tuple(quotes.words(x[0].product)),)),
        ),
        lambda x: (x[0].source,),
    )  # fmt: skip
    rules = Section(
        "What people said of each rule",
        ("rule", "confirmed", "denied", "candidate", "precision"),
        tuple(
            (p.rule, p.confirmed, p.denied, p.candidate, _of(p.confirmed, p.denied)) for p in found.precision
        ),
    )
    products = ", ".join(found.products) or "none yet: fronde evidence product COMPANY WORDS adds one"
    return Shown(
        f"{_many(len(found.mentions), 'mention')} in awards of others, of products of {_said(found.company)}",
        (named, rules),
        (
            f"Products looked for: {products}.",
            MENTIONED,
            "Records that do not name the product.",
            SUMMED,
            ALWAYS,
        ),
    )
