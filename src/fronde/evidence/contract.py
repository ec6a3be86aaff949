# SPDX-License-Identifier: Apache-2.0
"""The contract row: what every source makes of its rows. All text; "" or missing where the file says nothing.

This is the allow-list. Nothing else of a file is ever read: no address, telephone, contact, officer or pay.
A row travels: source -> contract row (text) -> `stage` (casts, rejects) -> `build` (parties, facts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

KINDS = ("transaction", "summary", "subaward", "award", "customer")

# The money of a row. The first four become facts, each of its own measure, never added to another measure;
# the last three are stock figures of an award (and of a supplier of it), never added at all.
FACTS = {
    "obligated": "obligated",  # promised by this row: transactions, extracts of 2018, API, FPDS
    "obligated_total": "obligated in all",  # of an award up to its last action: summaries
    "outlayed_total": "outlayed in all",  # paid of an award up to its last action: summaries
    "value": "award value",  # OCDS but of frameworks, DECP of a plain contract; the money of a subaward
}
STOCK = {"current": "current", "ceiling": "ceiling", "maximum": "maximum"}
MONEY = (*FACTS, *STOCK)
MEASURES = tuple(FACTS.values())

DATES = ("date", "starts", "ends", "modified")  # a row without the first is refused

FIELDS = (
    "kind",  # one of KINDS
    "award",  # the number that the publisher prints (PIID, award id of an ocid, DECP id)
    "agency",  # the code that makes `award` unique: US awarding sub-agency, FPDS agencyID; else buyer_id
    "flag",  # "IDV" where the row is about a vehicle itself (US), else "" or anything
    "unique_key",  # the publisher's own unique key of the award
    "vehicle",  # number of the award or framework above it
    "vehicle_agency",  # code that makes `vehicle` unique
    "mod",  # number of the modification
    "transaction",  # number of the transaction
    "subaward",  # number of a subaward
    "date",  # of the action or signature
    "starts",
    "ends",
    "currency",  # ISO 4217
    *MONEY,
    "buyer",  # sub-agency or authority
    "buyer_id",
    "buyer_scheme",  # such as US-AGENCY, FR-SIRET, GB-COH
    "department",  # above the buyer; department_id is of the same scheme
    "department_id",
    "vendor",
    "vendor_uei",
    "vendor_duns",
    "vendor_cage",
    "vendor_siret",  # or a SIREN
    "vendor_coh",
    "vendor_local",  # an id that only this publisher knows
    "vendor_country",
    "parent",  # of the vendor, as this row states it
    "parent_uei",
    "parent_duns",
    "prime",  # subawards: who holds the award; `vendor` is then the subawardee
    "prime_uei",
    "prime_duns",
    "description",
    "naics",
    "psc",
    "cpv",
    "url",
    "modified",  # when the publisher changed the row last
)

Row = dict[str, str]


class Problem(NamedTuple):
    """Why a record of the file is not taken: listed for people, counted as rejected."""

    column: str  # as the file calls it, "" for the whole record
    why: str  # one short clause
    raw: str  # what stands there; cut to RAW characters when it is kept


RAW = 200  # characters of a rejected value that are kept
CELL = 100_000  # characters of one value; a longer one refuses the record


@dataclass(frozen=True)
class Head:
    """The beginning of a file, to recognise it by.

    name: of the file, without folders. text: the first 64 KiB, decoded. fields: of its first line, when that
    line reads as a CSV header (stripped of white space at both ends), else ().
    """

    name: str
    text: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One form of file. A module of `sources` has one or several, in its FORMATS.

    Either `columns` (a CSV, read by DuckDB) or `rows` (anything else, read by Python), not both.
    columns: field -> the names that publishers give to it, the first that a header has is read.
    constants: field -> text, the same for all rows.
    rows: a binary file of UTF-8 without BOM -> (number, row or Problem) one after the other, streaming.
    The number is of the record in the file from 1 (JSON, XML: of the entry); an entry that gives several rows
    repeats it; an entry that gives none is a Problem. What is not of the format at all raises Unreadable.
    """

    name: str  # a slug, stands in decisions.jsonl: never renamed
    title: str
    publisher: str
    licence: str
    recognise: Callable[[Head], bool]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    rows: Callable[[BinaryIO], Iterator[tuple[int, Row | Problem]]] | None = None
    buyers: Mapping[str, str] = field(default_factory=dict)  # name of a buyer -> buyer_id, where it has none
    federal: bool = False  # United States: fiscal years from October, its keys of awards
