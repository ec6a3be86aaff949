# SPDX-License-Identifier: Apache-2.0
"""OCDS 1.1: release packages, record packages, releases in a list or one a line.

A procurement (ocid) is told in releases, each of which repeats, adds or corrects. They are put together with
`ocdsmerge`: objects of a list that have one `id` are one object, the latest statement of a field holds. What
is merged is what we keep of a release, so no schema is needed: every list of it is merged by id.

    {"releases": [{ocid, date, buyer, tender, parties, awards: [{id, value, suppliers}], contracts}]}
    {"records": [{ocid, compiledRelease} or {ocid, releases}]}

One value, several suppliers: see `figure` below. It decides what may ever be added.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

from ocdsmerge import Merger

from fronde.evidence.contract import Format, Head, Problem, Row
from fronde.evidence.entries import Spool, day
from fronde.evidence.jsonfile import at, entries, objects, text

from .ocds_release import supplier_ids, told

PLACES = frozenset(
    {("releases", "*"), ("records", "*"), ("*",), ("*", "releases", "*"), ("*", "records", "*")}
)

# Without these every list is merged by id; an authority is one thing, never half of the one before.
MERGE = {("buyer",): "wholeListMerge", ("awards", "buyer"): "wholeListMerge"}

# Contracts Finder states the whole notice with every release and gives a corrected award a new id: an award
# is replaced by one of a later release that names all of its suppliers.
RESTATED = ("ocds-b5fd17-",)
NOT_AWARDED = ("pending", "cancelled", "unsuccessful")

Said = dict[str, Any]  # what ocds_release.told keeps of a release


def rows(file: BinaryIO) -> Iterator[tuple[int, Row | Problem]]:
    """Awards of the file, a row for each supplier; releases that give none are Problems. Raises BadEntry."""
    with Spool(file) as spool:
        for number, entry in enumerate(_found(file), 1):
            releases = list(_releases(entry))
            if not releases:
                yield number, Problem("ocid", "no release with an ocid is in it", "")
            for said in releases:
                spool.add(said["ocid"], number, said)
        for ocid in spool:
            yield from _process(spool.of(ocid))


def _found(file: BinaryIO) -> Iterator[Any]:
    """The releases and records of a file; of a package, what is left of it is none."""
    for _, value in entries(file, PLACES):
        if isinstance(value, list) and not value:
            continue  # what is left of a list
        packed = any(isinstance(at(value, each), list) for each in ("releases", "records"))
        if packed and not at(value, "ocid"):
            continue
        yield value


def _releases(entry: Any) -> Iterator[Said]:
    """What a release says, or the releases of a record; the compiled one where there is one."""
    compiled = at(entry, "compiledRelease")
    inside = objects(compiled) or objects(at(entry, "releases")) or objects(entry)
    for release in inside:
        said = told(release, text(at(entry, "ocid")))
        if said["ocid"]:
            yield said


def _process(said: list[tuple[int, Said]]) -> Iterator[tuple[int, Row | Problem]]:
    said.sort(key=lambda each: each[1]["date"])
    numbers = sorted({number for number, _ in said})
    whole = _merged(said)
    used = set()
    for award, row in _awards(whole):
        number = int(award["row"])
        used.add(number)
        yield number, row
    for number in numbers:
        if number not in used:
            why = f"its process is told anew in entry {max(used)}" if used else _nothing(whole)
            yield number, Problem("awards", why, "")


def _nothing(whole: Said) -> str:
    return "no award of it stands" if whole.get("awards") else "no award is in it: a plan or a tender"


def _merged(said: list[tuple[int, Said]]) -> Said:
    """One release out of all of a process; each award knows the entry that stated it last."""
    for number, release in said:
        for award in release["awards"]:
            award["row"] = str(number)
    if said[0][1]["ocid"].startswith(RESTATED):
        _drop_restated([release for _, release in said])
    merged: Said = Merger(merge_rules=MERGE).create_compiled_release([release for _, release in said])
    return merged


def _drop_restated(releases: list[Said]) -> None:
    said = [[(award["id"], _names(award)) for award in release["awards"]] for release in releases]
    for place, release in enumerate(releases):
        release["awards"] = [
            award
            for award, (ident, names) in zip(release["awards"], said[place], strict=True)
            if not any(_replaces(later, ident, names) for later in said[place + 1 :])
        ]


def _replaces(later: list[tuple[str, set[str]]], ident: str, names: set[str]) -> bool:
    """Whether a later release says an award anew without naming its id."""
    return (
        bool(names) and all(ident != other for other, _ in later) and any(names <= whom for _, whom in later)
    )


def _names(award: Said) -> set[str]:
    return {each["id"] for each in award.get("suppliers", ())}


def _awards(whole: Said) -> Iterator[tuple[Said, Row]]:
    """Each award that stands, for each of its suppliers."""
    standing = [each for each in whole.get("awards", ()) if each.get("status", "") not in NOT_AWARDED]
    deals = [deal for award in standing for deal in _deals(award, whole)]
    repeated = _repeated(deals, whole)
    parties = {each["id"]: each for each in whole.get("parties", ())}
    for deal in deals:
        measure = figure(deal, whole, repeated)
        for supplier in deal.get("suppliers") or [{"id": ""}]:
            yield deal, _row(deal, measure, {**parties.get(supplier["id"], {}), **supplier}, whole)


def _deals(award: Said, whole: Said) -> list[Said]:
    """An award; where it states no value, its contracts in its place: their values, dates and numbers."""
    signed = [
        each
        for each in whole.get("contracts", ())
        if each.get("award") == award["id"] and each.get("status") != "cancelled" and each.get("amount")
    ]
    if award.get("amount") or not signed:
        return [award]
    if len(signed) == 1:
        return [{**award, **signed[0], "id": award["id"]}]
    return [{**award, **each, "id": f"{award['id']}/{each['id']}"} for each in signed]


# --- what a figure is ----------------------------------------------------------------------------------


def figure(deal: Said, whole: Said, repeated: set[tuple[Decimal, str]]) -> str:
    """ "value" where the money is one supplier's, else "maximum": stated, shown, never added.

    1. A framework or a dynamic purchasing system (`techniques`): the value is what all calls may come to. A
       call-off (`procurementMethodDetails`, or a related process "framework") is a contract like any other.
    2. Several suppliers of one award: one value for all of them. [400 M GBP, 35 suppliers, in one notice.]
    3. The same value again in another award of the process, to somebody else: where it is the value of the
       whole tender, or the tender states none and no lots tell the awards apart, it is the value of all.
    """
    frame = whole.get("tender", {}).get("frame") == "yes" and not _called_off(whole)
    shared = len(deal.get("suppliers", ())) > 1
    return "maximum" if frame or shared or _money(deal) in repeated else "value"


def _called_off(whole: Said) -> bool:
    return bool(whole.get("tender", {}).get("call") == "yes" or whole.get("above"))


def _money(deal: Said) -> tuple[Decimal, str]:
    try:
        return Decimal(deal.get("amount", "")), deal.get("currency", "")
    except InvalidOperation:
        return Decimal("NaN"), ""


def _repeated(deals: list[Said], whole: Said) -> set[tuple[Decimal, str]]:
    """Values that awards to different suppliers repeat though they are of the whole."""
    whom: dict[tuple[Decimal, str], list[Said]] = {}
    for deal in deals:
        money = _money(deal)
        if not money[0].is_nan() and money[0]:
            whom.setdefault(money, []).append(deal)
    tender = whole.get("tender", {})
    total = _money(tender)
    return {
        money
        for money, found in whom.items()
        if len({frozenset(_names(each)) for each in found}) > 1
        and (money == total or (not tender.get("amount") and not _lots_differ(found)))
    }


def _lots_differ(deals: list[Said]) -> bool:
    lots = Counter(each.get("lots", "") for each in deals)
    return "" not in lots and len(lots) == len(deals)


# --- the row -------------------------------------------------------------------------------------------


def _row(deal: Said, measure: str, supplier: Said, whole: Said) -> Row:
    ocid, tender = whole["ocid"], whole.get("tender", {})
    buyer = deal.get("buyer") or whole.get("buyer", {})
    number = deal["id"] if deal["id"].startswith(ocid) else f"{ocid}/{deal['id']}"
    words = [deal.get(each) or tender.get(each, "") for each in ("title", "description")]
    row = {
        "kind": "award",
        "award": number,
        "agency": buyer.get("value", ""),
        "unique_key": number,
        "vehicle": whole.get("above", ""),
        "date": deal.get("date") or whole.get("date", ""),
        "starts": deal.get("starts", ""),
        "ends": deal.get("ends", ""),
        "currency": deal.get("currency", ""),
        measure: deal.get("amount", ""),
        "buyer": buyer.get("name", ""),
        "buyer_id": buyer.get("value", ""),
        "buyer_scheme": buyer.get("scheme", ""),
        "vendor": supplier.get("name", ""),
        "vendor_country": supplier.get("country", ""),
        **supplier_ids(supplier),
        "description": " | ".join(each for each in words if each),
        "cpv": deal.get("cpv") or tender.get("cpv", ""),
        "url": deal.get("url", ""),
        "modified": day(whole.get("date", "")),
    }
    if deal.get("maximum"):
        row["maximum"] = deal["maximum"]
    return row


def recognise(head: Head) -> bool:
    """JSON in which something has an ocid."""
    return head.text.lstrip()[:1] in ("{", "[") and bool(re.search(r'"ocid"\s*:', head.text))


FORMATS = (
    Format(
        "ocds",
        "OCDS 1.1: releases or records of public contracts",
        "the publisher that the file names",
        "the licence that the file names",
        recognise,
        rows=rows,
    ),
)
