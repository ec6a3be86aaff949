# SPDX-License-Identifier: Apache-2.0
"""What a letter cites: packed exactly (step 1), named once (step 5), and recomputed (step 10)."""

from __future__ import annotations

from functools import partial
from typing import Any

from fronde import canonical
from tests.citations import NEAREST, RECORD, changed
from tests.simulator import Record

from .cases import NEWER, Made, Members, bad, good, proof, signed
from .good import of

AWARD, FRAME = "award", "frame"
ROW, LATER = NEAREST["rows"]
SECOND = NEAREST["files"][0] | {"sha256": RECORD["files"][0]["sha256"], "name": "other.csv"}


def citing(**evidence: bytes) -> Record:
    """A letter that cites these documents by id, with six signatures."""
    return signed(evidence=evidence)


def both() -> Record:
    return citing(award=canonical.encode(NEAREST), frame=canonical.encode(RECORD))


# Good


@good("good-citations")
def two() -> Made:
    return of(both())


@good("good-citation-of-one-document-twice")
def one_document_twice() -> Made:
    data = canonical.encode(NEAREST)
    return of(citing(here=data, there=data))


@good("good-citation-of-many-rows")
def many_rows() -> Made:
    """Two thousand rows that sum beyond what a row may hold, up and down again."""
    most = 2**53 - 1
    cents = [most, most, *range(1996), -most, 1]
    rows = [ROW | {"row": n, "cents": each, "quote": ""} for n, each in enumerate(cents, 1)]
    figure = NEAREST["figure"] | {"cents": sum(cents), "rows": len(rows), "to": ROW["date"]}
    figure["cents"] -= cents[0]
    rows[0]["cents"] = 0
    return of(citing(rows=canonical.encode(changed(NEAREST, rows=rows, figure=figure))))


# The archive, step 1


@bad("citation-missing", 1, "file-missing")
def missing() -> tuple[Members, str]:
    found = proof(both())
    del found["evidence/frame.json"]
    return found, "evidence/frame.json"


@bad("citation-extra", 1, NEWER)
def extra() -> tuple[Members, str]:
    return proof(both()) | {"evidence/more.json": canonical.encode(RECORD)}, ""


@bad("citation-extra-and-missing", 1, NEWER)
def extra_and_missing() -> tuple[Members, str]:
    found = proof(both())
    found["evidence/frames.json"] = found.pop("evidence/frame.json")
    return found, ""


@bad("citations-more-than-a-hundred", 1, "bad-form")
def too_many() -> tuple[Members, str]:
    found = proof(both())
    letter = canonical.decode(found["letter.json"])
    letter["citations"] = [letter["citations"][0] | {"id": f"c{n}"} for n in range(101)]
    return found | {"letter.json": canonical.encode(letter)}, "letter.json"


# The letter, step 5


@bad("citation-named-twice", 5, "citation-twice")
def named_twice() -> tuple[Members, str]:
    data = canonical.encode(NEAREST)
    made = signed(evidence={AWARD: data}).letter.citations
    return proof(signed(evidence={AWARD: data}, citations=made * 2)), "letter.json"


@bad("citation-taken-out-of-the-letter", 5, "other-text")
def taken_out() -> tuple[Members, str]:
    found = proof(both())
    letter = canonical.decode(found["letter.json"])
    letter["citations"].pop()
    del found["evidence/frame.json"]
    return found | {"letter.json": canonical.encode(letter)}, "letter.json"


# The citation itself, step 10


@bad("citation-other-digest", 10, "citation-digest")
def other_digest() -> tuple[Members, str]:
    other = canonical.encode(changed(RECORD, question="Which one?"))
    return proof(both()) | {"evidence/frame.json": other}, "evidence/frame.json"


def _cited(data: bytes) -> tuple[Members, str]:
    """The second of two citations is wrong from the beginning: it has the digest that the letter names."""
    return proof(citing(frame=canonical.encode(RECORD), award=data)), "evidence/award.json"


def _breaking(name: str, slug: str, document: dict[str, Any] = NEAREST, **changes: Any) -> None:
    bad(name, 10, slug)(partial(_cited, canonical.encode(changed(document, **changes))))


bad("citation-not-canonical", 10, "not-canonical")(partial(_cited, canonical.encode(NEAREST) + b"\n"))
bad("citation-too-long", 10, "bad-form")(partial(_cited, canonical.encode(NEAREST).ljust(2**20 + 1)))
_breaking("citation-newer-state", NEWER, state="derived")
_breaking("citation-newer-measure", NEWER, filters__measure="promised", figure__measure="promised")
_breaking("citation-newer-version", NEWER, v=2)
_breaking("citation-of-another-type", NEWER, type="letter")
_breaking("citation-unknown-field", "bad-form", more="x")
_breaking("citation-without-rows", "bad-form", rows=[])
_breaking("citation-address-with-script", "bad-form", files__0__url="javascript:alert(1)")
_breaking("citation-row-of-no-day", "bad-form", rows__0__date="2017-06-31")
_breaking("citation-wrong-sum", "citation-sum", figure__cents=1_940_000_001)
_breaking("citation-row-changed", "citation-sum", rows__1__cents=1_024_083_447)
_breaking(
    "citation-sum-of-rounded-integers",
    "citation-sum",
    rows__0__cents=2**53 - 1,
    rows__1__cents=2,
    figure__cents=2**53 - 1,
)
_breaking("citation-wrong-rows", "citation-rows", figure__rows=1)
_breaking("citation-wrong-first-date", "citation-dates", figure__from="2017-01-01")
_breaking("citation-wrong-last-date", "citation-dates", figure__to="2018-12-31")
_breaking("citation-row-of-another-award", "citation-filter", rows__1__award="HSCETE17J00342")
_breaking("citation-row-of-another-buyer", "citation-filter", rows__0__buyer="Another agency")
_breaking("citation-row-of-another-vendor", "citation-filter", filters__vendor="Another seller")
_breaking("citation-row-too-early", "citation-filter", filters__from="2017-06-23")
_breaking("citation-row-too-late", "citation-filter", filters__to="2018-06-14")
_breaking("citation-row-twice", "citation-row-twice", rows=[ROW, ROW])
_breaking("citation-rows-out-of-order", "citation-order", rows=[LATER, ROW])
_breaking("citation-row-of-no-file", "citation-no-such-file", rows__1__file=1)
_breaking("citation-file-unused", "citation-file-unused", files=[*NEAREST["files"], SECOND])
_breaking(
    "citation-file-twice", "citation-file-twice", files=NEAREST["files"] * 2, rows=[ROW, LATER | {"file": 1}]
)
_breaking("citation-nearest-to-nothing", "citation-nearest-to-nothing", reported=None)
_breaking("citation-reported-beside-a-record", "citation-reported", state="record")
_breaking("citation-nearest-and-yet-equal", "citation-not-nearest", reported__cents=1_970_503_730)
_breaking("citation-nearest-and-a-row-equal", "citation-not-nearest", reported__cents=946_420_284)
_breaking("citation-asks-for-another-measure", "citation-measure", filters__measure="subaward")
_breaking("citation-asks-for-another-currency", "citation-currency", filters__currency="EUR")
_breaking(
    "citation-ceilings-added", "citation-not-added", filters__measure="ceiling", figure__measure="ceiling"
)
_breaking(
    "citation-award-added-twice",
    "citation-award-twice",
    filters__measure="award value",
    figure__measure="award value",
)
