# SPDX-License-Identifier: Apache-2.0
"""Charts: well-formed for any name, nothing overlaps, what is drawn is what was given."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence import charts, svg
from fronde.evidence.answers import Party
from fronde.evidence.charts import Flow, Words
from fronde.evidence.paths import Edge, Path
from fronde.evidence.series import Part, Point

WORDS = Words("c", "A <title> & more", "What it says")
CLASSES = {"direct", "resold", "candidate", "node", "quiet", "axis", "grid", "hatch", "flow", "over"}

names = st.text(min_size=1, max_size=60)
cents = st.integers(-(10**14), 10**14)


@st.composite
def years(draw: st.DrawFn) -> list[Point]:
    first = draw(st.integers(1990, 2020))
    points = []
    for year in range(first, first + draw(st.integers(1, 60))):
        covered = draw(st.booleans())
        ways = [Part(draw(cents), 1, ()) if covered else None for _ in range(3)]
        points.append(Point(year, True, "obligated", "USD", covered, *ways))
    return points


states = st.sampled_from(["direct", "resold", "candidate"])
flows = st.lists(st.builds(Flow, names | st.just(""), names, states, cents), max_size=60)
resold = st.builds(Flow, names, names, st.just("resold"), st.integers(10**6, 10**9))


def party(name: str) -> Party:
    return Party(f"name:{name}:", name, "", (1,))


@st.composite
def paths(draw: st.DrawFn) -> list[Path]:
    start, end = party(draw(names)), party(draw(names))
    middles = [party(each) for each in draw(st.lists(names, max_size=30))]

    def edge(kind: str, one: Party, other: Party) -> Edge:
        return Edge(kind, one, other, (), "", None, None, None)

    found = [Path((edge(draw(names), start, each), edge("sells to", each, end))) for each in middles]
    return [*found, Path((edge("sells to", start, end),))]


def read(chart: str) -> ElementTree.Element:
    """The chart as any reader of XML sees it; only classes of the style sheet, no style, no script."""
    root = ElementTree.fromstring(chart)  # noqa: S314 - our own
    for each in root.iter():
        assert set((each.get("class") or "").split()) <= CLASSES
        assert not {"style", "onload", "href"} & set(each.attrib)
        assert each.tag not in ("script", "style", "image", "foreignObject")
    return root


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    found = []
    for each in root.iter("text"):
        said = "".join(t for t in (each.text, *(child.tail for child in each)) if t)
        wide, x, y = svg.width(said), float(each.attrib["x"]), float(each.attrib["y"])
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[each.attrib["text-anchor"]]
        found.append((left, y - 12, left + wide, y + 3))
    return found


def assert_apart(root: ElementTree.Element) -> None:
    """No two labels touch, and all lie within the picture."""
    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    every = boxes(root)
    for left, top, right, bottom in every:
        assert left >= -0.01
        assert right <= wide + 0.01
        assert top >= 0
        assert bottom <= high + 1
    for one, other in itertools.combinations(every, 2):
        beside = one[2] <= other[0] + 0.02 or other[2] <= one[0] + 0.02
        assert beside or one[3] <= other[1] or other[3] <= one[1]


def rects(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in root.iter("rect") if each.get("class") == name]


# -- bars ---------------------------------------------------------------------------------------------------


@given(years())
def test_bars_are_well_formed_and_no_labels_touch(points):
    assert_apart(read(charts.bars(points, WORDS)))


@given(years())
def test_the_heights_of_bars_are_the_sums(points):
    root = read(charts.bars(points, WORDS))
    up = [sum(p.cents for _, p in charts._parts(x) if p.cents > 0) for x in points]
    down = [sum(p.cents for _, p in charts._parts(x) if p.cents < 0) for x in points]
    span = max(*up, 1) - min(down)
    for way, of in (("direct", "direct"), ("resold", "reseller"), ("candidate", "candidate")):
        given_cents = [abs(part.cents) for x in points if (part := getattr(x, of)) and part.cents]
        drawn = [float(each.attrib["height"]) for each in rects(root, way)]
        assert len(drawn) == len(given_cents)
        for high, part in zip(drawn, given_cents, strict=True):
            assert high == pytest.approx(part * (charts.DOWN - charts.UP) / span, abs=0.011)


def test_a_year_without_data_is_hatched_and_a_covered_zero_is_empty():
    zero = Part(0, 0, ())
    points = [
        Point(2019, True, "obligated", "USD", False, None, None, None),
        Point(2020, True, "obligated", "USD", True, zero, zero, zero),
        Point(2021, True, "obligated", "USD", True, Part(1_970_503_730, 2, ()), zero, zero),
    ]
    root = read(charts.bars(points, WORDS))
    hatched = [each for each in root.iter("rect") if each.get("fill") == "url(#c-hatch)"]
    assert len(hatched) == 1
    assert len(rects(root, "direct")) == 1
    texts = [each.text for each in root.iter("text")]
    assert "19.71" in texts
    assert texts.count("0.00") == 1


# -- Sankey -------------------------------------------------------------------------------------------------


@given(names, flows)
def test_a_sankey_is_well_formed_and_no_labels_touch(company, given_flows):
    assert_apart(read(charts.sankey(company, given_flows, WORDS)))


@given(flows)
def test_a_sankey_draws_what_is_above_zero_and_nothing_else(given_flows):
    kept = charts.drawable(given_flows, WORDS)
    assert sum(each.cents for each in kept) == sum(each.cents for each in given_flows if each.cents > 0)
    for state in ("direct", "resold", "candidate"):
        assert sum(x.cents for x in kept if x.state == state) == sum(
            x.cents for x in given_flows if x.state == state and x.cents > 0
        )
    assert len({each.agency for each in kept}) <= charts.TOP + 1
    assert len({each.seller for each in kept}) <= charts.TOP + 1


@given(
    st.lists(
        st.builds(Flow, names, names, st.just("resold"), st.integers(10**6, 10**9)), min_size=1, max_size=8
    )
)
def test_the_widths_of_flows_are_the_sums(given_flows):
    root = read(charts.sankey("Meridian", given_flows, WORDS))
    widths: dict[str, float] = defaultdict(float)
    for path in root.iter("path"):
        x, _, b, high = re.fullmatch(
            r"M([\d.]+) ([\d.]+)C[\d.]+ [\d.]+ [\d.]+ [\d.]+ [\d.]+ ([\d.]+)V([\d.]+)C.*", path.attrib["d"]
        ).groups()
        widths[x] += float(high) - float(b)
    assert len(widths) == 2
    for drawn in widths.values():
        assert drawn == pytest.approx(charts.FLOWS, abs=0.02 * 8)


def test_many_sellers_become_others_with_their_sum():
    many = [Flow(f"Seller {i:02}", "Customs", "resold", 10**8 - i) for i in range(20)]
    kept = {each.seller: each.cents for each in charts.drawable(many, WORDS)}
    assert len(kept) == 13
    assert kept["others"] == sum(10**8 - i for i in range(12, 20))


# -- the neighbourhood --------------------------------------------------------------------------------------


@given(paths())
def test_a_neighbourhood_is_well_formed_and_no_labels_touch(found):
    assert_apart(read(charts.neighbourhood(found, WORDS)))


def test_a_neighbourhood_names_who_stands_between_once():
    def edge(kind: str, one: str, other: str) -> Edge:
        return Edge(kind, party(one), party(other), (), "", None, None, None)

    found = [Path((edge(kind, "A", "B"), edge("sells to", "B", "C"))) for kind in ("works under", "owns")]
    root = read(charts.neighbourhood(found, WORDS, {"owns": "possède"}))
    texts = [each.text for each in root.iter("text")]
    assert texts == ["A", "C", "B", "works under · sells to", "possède · sells to"]


# -- pieces -------------------------------------------------------------------------------------------------


@given(st.text(), st.floats(30, 300), st.integers(1, 3))
def test_lines_fit(text, room, most):
    found = svg.lines(text, room, most)
    assert 1 <= len(found) <= most
    assert all(svg.width(line) <= room for line in found)
    if not any("…" in line for line in found):
        assert " ".join(found) == svg.clean(text)


@pytest.mark.parametrize(
    ("amount", "exponent", "text"),
    [
        (1_970_503_730, 6, "19.71"),
        (-50, 0, "\N{MINUS SIGN}0.50"),
        (0, 3, "0.00"),
        (-1, 6, "0.00"),
        (99_999, 0, "999.99"),
        (500_000, 6, "0.01"),
        (499_999, 6, "0.00"),
    ],
)
def test_short_amounts_are_rounded_half_up(amount, exponent, text):
    assert svg.short(amount, exponent) == text
    assert svg.short(amount, exponent, ",") == text.replace(".", ",")
