# SPDX-License-Identifier: Apache-2.0
"""A citation: rows of public records frozen beside a sentence, and the figure that they give.  # spec: 10

    {v, type: "citation", state, question, filters, figure, reported?, files, rows}

    state      "record": the rows say it. "nearest": no record gives the figure that was `reported`; these
               rows come nearest
    question   what was asked, in words
    filters    what was asked for: measure, currency; award, vehicle, buyer, vendor, from, to, words
    figure     what the rows give: cents, measure, currency, from and to (first and last date), rows
    files      where the rows stand: name, SHA-256, publisher, address, day of retrieval, licence
    rows       file (its place in `files`), row (in it, the first after a header is 1), what it says

Canonical JSON; its SHA-256 stands in letter.json. Anyone can recompute the figure from it; whether a row
stands in its file, and whether another belongs to it, shows only the file itself. Money is integer cents.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast

from fronde import canonical, form
from fronde.errors import Refused
from fronde.form import array, fields_of, integer, one_of, pattern, text

STATES = ("record", "nearest")

# How rows of a measure may be put together.
ADDED = ("obligated", "subaward")  # freely: each row is money of its own
ONCE = ("obligated in all", "outlayed in all", "award value")  # an award's total: one row an award and buyer
ALONE = ("current", "ceiling", "maximum")  # what stands at one moment: never added
MEASURES = (*ADDED, *ONCE, *ALONE)

MOST_BYTES = 2**20
MOST_ROWS = 2000
MOST_FILES = 100

address = pattern(
    re.compile(r"https?://[!#-;=?-~]{1,1990}"), "an address that begins with https:// or http://"
)
currency = pattern(re.compile(r"[A-Z]{3}"), "a currency such as USD")
cents = integer(-canonical.LIMIT)

_measure = one_of(MEASURES, newer=True)
_asked = {"award": text(200), "buyer": text(300), "vendor": text(300)}
_may_say = {name: text(most, empty=True) for name, most in (("award", 200), ("buyer", 300), ("vendor", 300))}
_FILE = {
    "sha256": form.data(32),
    "name": text(200),
    "publisher": text(200),
    "url": address,
    "retrieved": form.date,
    "licence": text(200),
}
_ROW = {
    **_may_say,
    "file": integer(0),
    "row": integer(1),
    "mod": text(50, empty=True),
    "date": form.date,
    "cents": cents,
    "quote": text(2000, lines=True, empty=True),
}
FORM = form.document(
    "citation",
    {
        "state": one_of(STATES, newer=True),
        "question": text(500),
        "filters": fields_of(
            {"measure": _measure, "currency": currency},
            {**_asked, "vehicle": text(200), "from": form.date, "to": form.date, "words": text(500)},
        ),
        "figure": fields_of(
            {
                "cents": cents,
                "measure": _measure,
                "currency": currency,
                "from": form.date,
                "to": form.date,
                "rows": integer(1),
            }
        ),
        "files": array(fields_of(_FILE), least=1, most=MOST_FILES),
        "rows": array(fields_of(_ROW, {"url": address}), least=1, most=MOST_ROWS),
    },
    optional={"reported": fields_of({"cents": cents, "currency": currency, "says": text(500)})},
)


class BadCitation(Refused):
    """A citation that contradicts itself; `name` says how."""

    name = "bad-citation"


class Citation:
    """A frozen citation: `data`, its canonical bytes; `document`, what they say. Not yet recomputed."""

    def __init__(self, data: bytes, document: Mapping[str, Any]) -> None:
        self.data = data
        self.document = document

    @classmethod
    def parse(cls, data: bytes) -> Citation:
        """The citation of these bytes. Raises Unreadable (too long, not canonical, a wrong form) or Newer."""
        if len(data) > MOST_BYTES:
            raise form.BadForm(f"a citation of {len(data):,} bytes, at most {MOST_BYTES:,}")
        document = canonical.decode(data)
        FORM(document, "")
        return cls(data, document)

    @classmethod
    def make(cls, document: Mapping[str, Any]) -> Citation:
        """A new citation: texts made NFC, read as any reader would, recomputed. Raises as both do."""
        made = cls.parse(canonical.encode(canonical.composed(document)))
        recompute(made.document)
        return made

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: what letter.json names."""
        return hashlib.sha256(self.data).digest()

    @property
    def figure(self) -> Mapping[str, Any]:
        """{cents, measure, currency, from, to, rows}"""
        return cast(Mapping[str, Any], self.document["figure"])

    @property
    def reported(self) -> Mapping[str, Any] | None:
        """{cents, currency, says} of the figure that no record gives; None where there is none."""
        return self.document.get("reported")


def words(document: Mapping[str, Any]) -> str:
    """The figure in words, as in "1.50 USD obligated, 2 rows, nearest record to a reported 1.40 USD"."""
    figure, reported = document["figure"], document.get("reported")
    rows = f"{figure['rows']:,} {'row' if figure['rows'] == 1 else 'rows'}"
    said = f"{amount(figure['cents'])} {figure['currency']} {figure['measure']}, {rows}"
    if reported is None:
        return said
    return f"{said}, nearest record to a reported {amount(reported['cents'])} {reported['currency']}"


def amount(number: int) -> str:
    """Cents as people write them: 1970503730 is 19,705,037.30."""
    whole, part = divmod(abs(number), 100)
    return f"{'-' if number < 0 else ''}{whole:,}.{part:02d}"


def recompute(document: Mapping[str, Any]) -> None:
    """Checks a document of the form against itself: the figure from its rows, and what was asked.

    Raises BadCitation, whose name says which rule is broken.
    """
    for rule in _RULES:
        rule(document)


def _state(document: Mapping[str, Any]) -> None:
    nearest, reported = document["state"] == "nearest", "reported" in document
    _demand_that(
        reported or not nearest, "citation-nearest-to-nothing", "nearest to a figure that is not reported"
    )
    _demand_that(
        nearest or not reported, "citation-reported", "a reported figure stands beside a record that gives it"
    )


def _asked_and_given(document: Mapping[str, Any]) -> None:
    asked, given = document["filters"], document["figure"]
    _demand_that(
        asked["measure"] == given["measure"],
        "citation-measure",
        f"it asks for “{asked['measure']}” and gives “{given['measure']}”",
    )
    _demand_that(
        asked["currency"] == given["currency"],
        "citation-currency",
        f"it asks for {asked['currency']} and gives {given['currency']}",
    )


def _places(document: Mapping[str, Any]) -> None:
    """Rows in the order of (file, row), none twice, in files that are all there, all used, none twice."""
    files = document["files"]
    before = (0, 0)
    for row in document["rows"]:
        place = row["file"], row["row"]
        where = f"row {place[1]:,} of file {place[0]}"
        _demand_that(place[0] < len(files), "citation-no-such-file", f"{where} is of no file that is listed")
        _demand_that(place != before, "citation-row-twice", f"{where} stands in it twice")
        _demand_that(place > before, "citation-order", f"{where} stands behind a later one")
        before = place
    used = {row["file"] for row in document["rows"]}
    _demand_that(len(used) == len(files), "citation-file-unused", "it lists a file that no row is of")
    digests = {file["sha256"] for file in files}
    _demand_that(len(digests) == len(files), "citation-file-twice", "a file is listed twice")


def _filters(document: Mapping[str, Any]) -> None:
    """Each row is one that was asked for, as far as a row shows it: the vehicle and words stand elsewhere."""
    asked = document["filters"]
    for row in document["rows"]:
        fits = all(row[name] == asked[name] for name in _asked if name in asked)
        in_time = asked.get("from", row["date"]) <= row["date"] <= asked.get("to", row["date"])
        _demand_that(
            fits and in_time,
            "citation-filter",
            f"row {row['row']:,} of file {row['file']} is not one that was asked for",
        )


def _figure(document: Mapping[str, Any]) -> None:
    figure, rows = document["figure"], document["rows"]
    total, dates = sum(row["cents"] for row in rows), [row["date"] for row in rows]
    _demand_that(
        figure["rows"] == len(rows),
        "citation-rows",
        f"it counts {figure['rows']:,} rows and holds {len(rows):,}",
    )
    _demand_that(
        figure["cents"] == total,
        "citation-sum",
        f"its rows sum to {amount(total)}, not to {amount(figure['cents'])}",
    )
    _demand_that(
        (figure["from"], figure["to"]) == (min(dates), max(dates)),
        "citation-dates",
        f"its rows are of {min(dates)} to {max(dates)}, not of {figure['from']} to {figure['to']}",
    )


def _added(document: Mapping[str, Any]) -> None:
    """Only what may be added is added."""
    measure, rows = document["figure"]["measure"], document["rows"]
    awards = {(row["award"], row["buyer"]) for row in rows}
    _demand_that(
        measure not in ALONE or len(rows) == 1,
        "citation-not-added",
        f"“{measure}” is never added",
    )
    _demand_that(
        measure not in ONCE or len(awards) == len(rows),
        "citation-award-twice",
        f"“{measure}” of one award is added twice",
    )


def _nearest(document: Mapping[str, Any]) -> None:
    """A figure that a record gives, alone or as the sum, has no nearest record."""
    reported, figure = document.get("reported"), document["figure"]
    if reported and reported["currency"] == figure["currency"]:
        given = {figure["cents"], *(row["cents"] for row in document["rows"])}
        _demand_that(
            reported["cents"] not in given, "citation-not-nearest", "the reported figure is that of a record"
        )


_RULES: tuple[Callable[[Mapping[str, Any]], None], ...] = (
    _state,
    _asked_and_given,
    _places,
    _filters,
    _figure,
    _added,
    _nearest,
)


def _demand_that(holds: bool, name: str, message: str) -> None:
    if not holds:
        raise BadCitation(message, name=name, hint="Freeze the citation again from its source.")
