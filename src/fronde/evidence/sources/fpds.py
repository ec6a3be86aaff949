# SPDX-License-Identifier: Apache-2.0
"""FPDS ATOM feeds (1.4 to 1.5.2): one entry is one action on an award or on a vehicle (IDV).

    feed/entry/content/award/awardID/awardContractID/{agencyID, PIID, modNumber, transactionNumber}
    feed/entry/content/IDV/contractID/IDVID/{...}           referencedIDVID: the vehicle above either

The number of an award is unique only with its agency. `obligatedAmount` is the money of this action alone;
the `total...` figures repeat with every action of the award, so they are stock figures.
A document type is refused: with it an entity could grow, or name a file of this machine.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO
from xml.parsers import expat

from fronde.evidence.contract import Format, Head, Problem, Row
from fronde.evidence.entries import BadEntry, day

CHUNK = 1 << 16
DEPTH = 40
TEXT = 100_000  # characters of one element
TOKEN = 1 << 22  # bytes of one tag, comment or instruction
ENTRIES = 5_000_000

KINDS = {"award": "", "IDV": "IDV", "OtherTransactionAward": "", "OtherTransactionIDV": "IDV"}

# element (or element@attribute) -> field, and the element that it must stand in, "" for the action itself
FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "PIID": (("award", ""), ("vehicle", "referencedIDVID")),
    "agencyID": (("agency", ""), ("vehicle_agency", "referencedIDVID")),
    "modNumber": (("mod", ""),),
    "transactionNumber": (("transaction", ""),),
    "signedDate": (("date", ""),),
    "effectiveDate": (("starts", ""),),
    "currentCompletionDate": (("ends", ""),),
    "lastDateToOrder": (("ends", ""),),
    "obligatedAmount": (("obligated", ""),),
    "totalBaseAndExercisedOptionsValue": (("current", ""),),
    "totalBaseAndAllOptionsValue": (("ceiling", ""),),
    "contractingOfficeAgencyID": (("buyer_id", ""),),
    "contractingOfficeAgencyID@name": (("buyer", ""),),
    "contractingOfficeAgencyID@departmentName": (("department", ""),),
    "contractingOfficeAgencyID@departmentID": (("department_id", ""),),
    "vendorName": (("vendor", "vendor"),),
    "UEILegalBusinessName": (("legal_name", "vendor"),),
    "UEI": (("vendor_uei", "vendor"),),
    "DUNSNumber": (("vendor_duns", "vendor"),),
    "cageCode": (("vendor_cage", "vendor"),),
    "countryCode": (("vendor_country", "vendor"),),
    "ultimateParentUEI": (("parent_uei", "vendor"),),
    "ultimateParentUEIName": (("parent", "vendor"),),
    "globalParentDUNSNumber": (("parent_duns", "vendor"),),
    "globalParentDUNSName": (("parent", "vendor"),),
    "descriptionOfContractRequirement": (("description", ""),),
    "principalNAICSCode": (("naics", ""),),
    "productOrServiceCode": (("psc", ""),),
    "lastModifiedDate": (("modified", ""),),
}
APART = ("referencedIDVID", "vendor")  # what stands in these is not said of the action
DATES = ("date", "starts", "ends", "modified")


class _Feed:
    """Takes the parser's events and gathers rows; of an entry it keeps the elements of FIELDS alone."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.ready: deque[tuple[int, Row | Problem]] = deque()
        self.number = 0
        self.path: list[str] = []
        self.row: Row | None = None
        self.text: list[str] = []
        self.length = 0
        # What a declaration says of the encoding was true of the original; what is read here is UTF-8.
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._doctype

    def bad(self, what: str, hint: str = "") -> BadEntry:
        entry = f" (entry {self.number})" if self.number else ""
        return BadEntry(self.file, f"line {self.parser.CurrentLineNumber:,}{entry}", what, hint=hint)

    def _doctype(self, *_: object) -> None:
        raise self.bad(
            "it declares a document type, which no feed of FPDS does",
            hint="Fetch the feed again from fpds.gov; do not open this file in other programs.",
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        self.path.append(tag)
        if len(self.path) > DEPTH:
            raise self.bad(f"it is nested more than {DEPTH} levels deep")
        if len(self.path) == 1 and tag != "feed":
            raise self.bad(f"it begins with <{tag[:40]}>, not with <feed>")
        if tag == "entry" and len(self.path) == 2:
            self._open()
        if self.row is not None:
            self._attributes(tag, attributes)
        self.text.clear()
        self.length = 0

    def _open(self) -> None:
        self.number += 1
        if self.number > ENTRIES:
            raise self.bad(f"it has more than {ENTRIES:,} entries", hint="Split it into several files.")
        self.row = {"kind": "transaction", "currency": "USD", "buyer_scheme": "US-AGENCY", "flag": ""}

    def _attributes(self, tag: str, attributes: dict[str, str]) -> None:
        assert self.row is not None  # noqa: S101 - the caller looked
        if len(self.path) == 4 and tag in KINDS:
            self.row["flag"] = KINDS[tag]
        if len(self.path) == 3 and tag == "link" and attributes.get("rel") == "alternate":
            self.row["url"] = attributes.get("href", "")[:TEXT]
        for name, value in attributes.items():
            self._set(f"{tag}@{name.rpartition(' ')[2]}", value[:TEXT])

    def _data(self, data: str) -> None:
        self.length += len(data)
        if self.length > TEXT:
            raise self.bad(f"it has a text of more than {TEXT:,} characters")
        if self.row is not None:
            self.text.append(data)

    def _end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if self.row is not None:
            self._set(tag, "".join(self.text).strip())
        self.text.clear()
        self.path.pop()
        if tag == "entry" and len(self.path) == 1:
            self._close()

    def _set(self, element: str, value: str) -> None:
        """Keep a value at the first place that says it; a later one of the same name is another matter."""
        assert self.row is not None  # noqa: S101 - the callers looked
        inside = next((each for each in self.path[3:-1] if each in APART), "")
        for field, place in FIELDS.get(element, ()):
            if place == inside and value and not self.row.get(field):
                self.row[field] = value

    def _close(self) -> None:
        row, self.row = self.row, None
        assert row is not None  # noqa: S101 - an entry ends after it began
        legal = row.pop("legal_name", "")
        if not row.get("award"):
            self.ready.append((self.number, Problem("PIID", "the entry has no award", "")))
            return
        row["vendor"] = row.get("vendor") or legal
        row.update({field: day(row[field]) for field in DATES if field in row})
        self.ready.append((self.number, row))


def rows(file: BinaryIO) -> Iterator[tuple[int, Row | Problem]]:
    """The actions of a feed, one after the other. Raises BadEntry."""
    feed = _Feed(file)
    fed = 0
    try:
        while chunk := file.read(CHUNK):
            feed.parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - feed.parser.CurrentByteIndex > TOKEN:
                raise feed.bad(f"it has a tag of more than {TOKEN:,} bytes")
            while feed.ready:
                yield feed.ready.popleft()
        feed.parser.Parse(b"", True)
    except expat.ExpatError as error:
        why = expat.errors.messages.get(error.code, "unknown")
        raise feed.bad(f"it is not well-formed XML ({why})") from None
    yield from feed.ready


def recognise(head: Head) -> bool:
    """A feed in the namespace of FPDS."""
    return bool(re.search(r"<(\w+:)?feed\b", head.text)) and "https://www.fpds.gov/FPDS" in head.text


FORMATS = (
    Format(
        "fpds",
        "FPDS: ATOM feed of awards and vehicles",
        "Federal Procurement Data System, U.S. General Services Administration",
        "US public domain",
        recognise,
        rows=rows,
        federal=True,
    ),
)
