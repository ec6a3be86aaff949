# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG, drawn by the server from what the questions answer: bars, a Sankey, a neighbourhood.

Integer cents in, one measure and one currency a chart. Names are text of a file: escaped, cut where there is
no room. Filled is confirmed, dashed a candidate, hatched a year of which nothing was imported: never a zero.
All that is drawn stands in a table beside it; words come from the caller, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from fronde.evidence.answers import Party
from fronde.evidence.flows import DIRECT, Way
from fronde.evidence.paths import Path
from fronde.evidence.series import Part, Point
from fronde.evidence.svg import LINE, element, label, lines, power, said, short, width

WIDE = 420.0
TOP = 12  # names of one column; the rest is "others"


@dataclass(frozen=True)
class Words:
    """What a chart says beside names and amounts. name: makes its ids unique on a page."""

    name: str
    title: str
    description: str
    decimal: str = "."
    others: str = "others"
    direct: str = "direct sale"
    columns: tuple[str, str, str] = ("Company", "Seller", "Agency")


def _svg(words: Words, height: float, *inside: str) -> str:
    return element(
        "svg",
        element("title", said(words.title), id=f"{words.name}-t"),
        element("desc", said(words.description), id=f"{words.name}-d"),
        *inside,
        viewBox=f"0 0 {WIDE:g} {height:.0f}",
        role="img",
        aria_labelledby=f"{words.name}-t {words.name}-d",
    )


# -- bars: a year each --------------------------------------------------------------------------------------

LEFT, RIGHT, UP, DOWN = 62.0, 400.0, 30.0, 206.0


@dataclass(frozen=True)
class _Scale:
    """Cents to y: `most` at UP, `least` (0 or below) at DOWN."""

    least: int
    most: int

    def y(self, cents: int) -> float:
        return DOWN - (DOWN - UP) * (cents - self.least) / (self.most - self.least)


def _parts(point: Point) -> list[tuple[str, Part]]:
    ways = (("direct", point.direct), ("resold", point.reseller), ("candidate", point.candidate))
    return [(name, part) for name, part in ways if part is not None]


def _ends(point: Point) -> tuple[int, int]:
    """What lies under zero and what above it, of one year."""
    cents = [part.cents for _, part in _parts(point)]
    return sum(each for each in cents if each < 0), sum(each for each in cents if each > 0)


def unit(points: Iterable[Point]) -> int:
    """The power of ten that the amounts of `bars` are in."""
    return power(max((abs(end) for point in points for end in _ends(point)), default=0))


def bars(points: Sequence[Point], words: Words) -> str:
    """Amounts a year of one measure and currency: direct below, through resellers, candidates on top.

    Negative sums hang under the axis. points: of one line of a series, in the order of years, at least one.
    """
    ends = [_ends(point) for point in points]
    scale = _Scale(min(end for end, _ in ends), max(*(end for _, end in ends), 1))
    slot = (RIGHT - LEFT) / len(points)
    drawn = [_year(point, LEFT + slot * i, slot, scale, words) for i, point in enumerate(points)]
    zero = scale.y(0)
    return _svg(
        words,
        240,
        element("defs", _hatch(words)),
        _grid(scale, unit(points), words),
        *drawn,
        _values(points, slot, scale, words),
        _years(points, slot),
        element("path", class_="axis", d=f"M{LEFT:g} {zero:.2f}H{RIGHT:g}"),
    )


def _hatch(words: Words) -> str:
    line = element("path", class_="hatch", d="M0 0V6")
    return element(
        "pattern", line, id=f"{words.name}-hatch", width=6, height=6,
        patternUnits="userSpaceOnUse", patternTransform="rotate(45)",
    )  # fmt: skip


def _grid(scale: _Scale, exponent: int, words: Words) -> str:
    """A line and its amount at the largest, at half of it, and at the smallest where that is below zero."""
    at = [scale.most, scale.most // 2, *([scale.least] if scale.least else [])]
    kept: list[int] = []
    for cents in at:
        if all(abs(scale.y(cents) - scale.y(other)) >= LINE for other in [*kept, 0]):
            kept.append(cents)
    return "".join(
        element("path", class_="grid", d=f"M{LEFT:g} {scale.y(each):.2f}H{RIGHT:g}")
        + label(short(each, exponent, words.decimal), LEFT - 4, scale.y(each) + 5, "end", quiet=True)
        for each in kept
        if width(short(each, exponent, words.decimal)) <= LEFT - 4
    )


def _year(point: Point, x: float, slot: float, scale: _Scale, words: Words) -> str:
    """The stack of one year, or its hatched ground."""
    left, wide = x + slot * 0.15, slot * 0.7
    if not point.covered:
        fill = f"url(#{words.name}-hatch)"
        return element("rect", x=left, y=UP, width=wide, height=DOWN - UP, fill=fill)
    up = down = 0
    drawn = []
    for name, part in _parts(point):
        start = down if part.cents < 0 else up
        if part.cents < 0:
            down += part.cents
        else:
            up += part.cents
        top, bottom = scale.y(max(start, start + part.cents)), scale.y(min(start, start + part.cents))
        if part.cents:
            drawn.append(element("rect", class_=name, x=left, y=top, width=wide, height=bottom - top))
    return "".join(drawn)


def _values(points: Sequence[Point], slot: float, scale: _Scale, words: Words) -> str:
    """The sum above each year, where all of them have room."""
    exponent = unit(points)
    sums = [(i, sum(_ends(point)), _ends(point)[1]) for i, point in enumerate(points) if point.covered]
    texts = [(i, short(cents, exponent, words.decimal), top) for i, cents, top in sums]
    if any(width(text) > slot for _, text, _ in texts):
        return ""
    return "".join(label(text, LEFT + slot * (i + 0.5), scale.y(top) - 5, "middle") for i, text, top in texts)


def _years(points: Sequence[Point], slot: float) -> str:
    """Each year under its bar; every second, fifth ... where there are many. The last one always."""
    widest = max(width(str(point.year)) for point in points) + 6
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100, 1000) if each * slot >= widest or each == 1000)
    last = len(points) - 1
    return "".join(
        label(str(point.year), LEFT + slot * (i + 0.5), 228, "middle", quiet=True)
        for i, point in enumerate(points)
        if (last - i) % step == 0
    )


# -- Sankey: company, seller, agency ------------------------------------------------------------------------


@dataclass(frozen=True)
class Flow:
    """Money of one measure and currency on one way. state: direct, resold or candidate."""

    seller: str
    agency: str
    state: str
    cents: int


def flows(found: Iterable[Way], measure: str, currency: str) -> tuple[Flow, ...]:
    """The ways of one measure and currency, by names; the largest first."""
    sums: dict[tuple[str, str, str], int] = {}
    for way in found:
        if (way.total.measure, way.total.currency) == (measure, currency):
            seller = "" if way.state == DIRECT else _name(way.seller)
            key = (seller, _name(way.agency), way.state)
            sums[key] = sums.get(key, 0) + way.total.cents
    ordered = sorted(sums.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Flow(*names, cents) for names, cents in ordered)


def _name(party: Party | None) -> str:
    return party.name if party else "?"


def drawable(given: Iterable[Flow], words: Words) -> list[Flow]:
    """The flows above zero with at most TOP sellers and TOP agencies; the smaller ones are `others`."""
    kept = [flow for flow in given if flow.cents > 0]
    sellers = _top([(words.direct if not flow.seller else flow.seller, flow.cents) for flow in kept])
    agencies = _top([(flow.agency, flow.cents) for flow in kept])
    sums: dict[tuple[str, str, str], int] = {}
    for flow in kept:
        seller = flow.seller or words.direct
        way = (
            seller if seller in sellers else words.others,
            flow.agency if flow.agency in agencies else words.others,
            flow.state,
        )
        sums[way] = sums.get(way, 0) + flow.cents
    return [Flow(*way, cents) for way, cents in sums.items()]


def _top(weights: Iterable[tuple[str, int]]) -> list[str]:
    sums: dict[str, int] = {}
    for name, cents in weights:
        sums[name] = sums.get(name, 0) + cents
    return sorted(sums, key=lambda name: (-sums[name], name))[:TOP]


COLUMNS = (6.0, 132.0, 407.0)
NODE, HEAD, FLOWS = 7.0, 78.0, 180.0


@dataclass
class _Node:
    """A name of one column. y: of its upper edge; out, into: where the next flow leaves or arrives."""

    name: str
    cents: int
    y: float = 0.0
    out: float = 0.0
    into: float = 0.0


def sankey(company: str, given: Sequence[Flow], words: Words) -> str:
    """Three columns. The height of a flow is its money; what is not above zero stands in the table alone."""
    kept = drawable(given, words)
    total = sum(flow.cents for flow in kept)
    scale = FLOWS / max(total, 1)
    sellers = _nodes([(flow.seller, flow.cents) for flow in kept], words)
    agencies = _nodes([(flow.agency, flow.cents) for flow in kept], words)
    room = (COLUMNS[2] - COLUMNS[1]) / 2 - 4
    height = max(_stack(sellers, scale, room), _stack(agencies, scale, room), HEAD + FLOWS)
    start = _Node(company, total, y=(HEAD + height - total * scale) / 2)
    start.out = start.y
    order = {node.name: i for i, node in enumerate([*sellers.values()])}
    kept.sort(key=lambda flow: (order[flow.seller], list(agencies).index(flow.agency), flow.state))
    drawn = [_flow(start, sellers[flow.seller], COLUMNS[0], COLUMNS[1], flow, scale) for flow in kept]
    drawn += [
        _flow(sellers[flow.seller], agencies[flow.agency], COLUMNS[1], COLUMNS[2], flow, scale)
        for flow in kept
    ]
    exponent = power(total)
    over = [
        *_headings(words),
        *_labelled(start, COLUMNS[0], "start", COLUMNS[1] - COLUMNS[0] - 14, exponent, words, at=HEAD - 46),
        element("rect", class_="node", x=COLUMNS[0], y=start.y, width=NODE, height=total * scale),
    ]
    for nodes, x, anchor in ((sellers, COLUMNS[1], "start"), (agencies, COLUMNS[2], "end")):
        for node in nodes.values():
            high = node.cents * scale
            over.append(element("rect", class_="node", x=x, y=node.y, width=NODE, height=high))
            edge = x if anchor == "start" else x + NODE
            over += _labelled(node, edge, anchor, room, exponent, words)
    return _svg(words, height + 8, *drawn, element("g", *over, class_="over"))


def _headings(words: Words) -> list[str]:
    anchors = ("start", "start", "end")
    xs = (COLUMNS[0], COLUMNS[1], COLUMNS[2] + NODE)
    rooms = (COLUMNS[1] - COLUMNS[0] - 8, 130.0, 130.0)
    return [
        label(lines(text, room, 1)[0], x, 14, anchor, quiet=True)
        for text, x, anchor, room in zip(words.columns, xs, anchors, rooms, strict=True)
    ]


def _nodes(weights: Iterable[tuple[str, int]], words: Words) -> dict[str, _Node]:
    """Largest first, `others` last."""
    sums: dict[str, int] = {}
    for name, cents in weights:
        sums[name] = sums.get(name, 0) + cents
    names = sorted(sums, key=lambda name: (name == words.others, -sums[name], name))
    return {name: _Node(name, sums[name]) for name in names}


def _stack(nodes: dict[str, _Node], scale: float, room: float) -> float:
    """Places the nodes under each other, each under its label; where the last one ends."""
    y = HEAD
    for node in nodes.values():
        y += LINE * (len(lines(node.name, room)) + 1)
        node.y = node.out = node.into = y
        y += node.cents * scale + 6
    return y


def _labelled(
    node: _Node, x: float, anchor: str, room: float, exponent: int, words: Words, at: float | None = None
) -> list[str]:
    """Name and amount above a node, or from `at` downwards."""
    names = lines(node.name, room)
    first = node.y - LINE * len(names) - 5 if at is None else at
    texts = [label(text, x, first + LINE * i, anchor, whole=node.name) for i, text in enumerate(names)]
    amount = short(node.cents, exponent, words.decimal)
    return [*texts, label(amount, x, first + LINE * len(names), anchor, quiet=True)]


def _flow(one: _Node, other: _Node, left: float, right: float, flow: Flow, scale: float) -> str:
    high = flow.cents * scale
    a, b = one.out, other.into
    one.out += high
    other.into += high
    x, end = left + NODE, right
    half = (x + end) / 2
    d = (
        f"M{x:.2f} {a:.2f}C{half:.2f} {a:.2f} {half:.2f} {b:.2f} {end:.2f} {b:.2f}"
        f"V{b + high:.2f}C{half:.2f} {b + high:.2f} {half:.2f} {a + high:.2f} {x:.2f} {a + high:.2f}Z"
    )
    return element("path", class_=f"flow {flow.state}", d=d)


# -- the two-hop neighbourhood ------------------------------------------------------------------------------

MIDDLE, BELOW = 150.0, 88.0


def neighbourhood(
    paths: Sequence[Path], words: Words, kinds: Mapping[str, str] = MappingProxyType({})
) -> str:
    """From one party through others to another: a line each, and under its name how it is connected.

    paths: at least one, all with the same start and end. kinds: an edge's kind in the reader's language.
    """
    through = _through(paths, words, kinds)
    rows = through[:TOP]
    if left_out := len(through) - len(rows):
        rows.append((f"{words.others} ({left_out})", []))
    y, at, texts = BELOW, [], []
    for name, hows in rows:
        names = lines(name, WIDE - MIDDLE - 90)
        texts += [label(text, MIDDLE, y + LINE * i, whole=name) for i, text in enumerate(names)]
        at.append(y + LINE * (len(names) - 1) + 5)
        y += LINE * len(names) + 4
        for hint in (line for how in hows[:2] for line in lines(how, WIDE - MIDDLE - 30)):
            texts.append(label(hint, MIDDLE, y, quiet=True))
            y += LINE
        y += LINE / 2
    middle = (at[0] + at[-1]) / 2
    dots = [(12.0, middle), *((MIDDLE - 10, each) for each in at), (WIDE - 12, middle)]
    drawn = [element("circle", class_="node", cx=x, cy=each, r=4.0) for x, each in dots]
    start, end = paths[0].edges[0].start.name, paths[0].edges[-1].end.name
    over = element("g", *drawn, *_end(start, 6, "start"), *_end(end, WIDE - 6, "end"), *texts, class_="over")
    return _svg(words, y, *(_edge(middle, each) for each in at), over)


def _through(paths: Sequence[Path], words: Words, kinds: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Who stands between, in the order of the paths, each with the ways in which it is connected."""
    found: dict[str, list[str]] = {}
    for path in paths:
        name = path.edges[0].end.name if len(path.edges) > 1 else words.direct
        how = " · ".join(kinds.get(edge.kind, edge.kind) for edge in path.edges)
        ways = found.setdefault(name, [])
        if how not in ways:
            ways.append(how)
    return list(found.items())


def _edge(middle: float, at: float) -> str:
    """From the start to one in the middle, and on to the end."""
    x, far = MIDDLE - 10, WIDE - 12
    d = (
        f"M12 {middle:.2f}C70 {middle:.2f} 70 {at:.2f} {x:g} {at:.2f}"
        f"H{far - 70:g}C{far - 20:g} {at:.2f} {far - 50:g} {middle:.2f} {far:g} {middle:.2f}"
    )
    return element("path", class_="axis", d=d)


def _end(name: str, x: float, anchor: str) -> list[str]:
    """An end's name, above everything, at its side."""
    texts = lines(name, WIDE / 2 - 14, 3)
    return [label(text, x, 16 + LINE * i, anchor, whole=name) for i, text in enumerate(texts)]
