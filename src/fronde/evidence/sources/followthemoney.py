# SPDX-License-Identifier: Apache-2.0
"""FollowTheMoney: entities, one JSON object a line, in any order; those of one award are joined here.

    {"id", "schema": "ContractAward", "properties": {supplier: [id], contract: [id], amount: ["100.00"], ...}}
    Contract: authority -> PublicBody   ContractAward: contract, supplier -> Company   Ownership: owner, asset

An award is the entry that gives rows, one for each supplier; entities that say who somebody is give none. Of
people nothing is taken but the name of a supplier who is one; owners who are people are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from fronde.evidence import names
from fronde.evidence.contract import Format, Head, Problem, Row
from fronde.evidence.entries import Spool, day
from fronde.evidence.jsonfile import at, entries, objects, text

PARTIES = ("LegalEntity", "Organization", "Company", "PublicBody", "Person")
TAKEN = {
    "ContractAward": (
        "amount", "currency", "lotNumber", "date", "startDate", "endDate", "description", "cpvCode",
        "sourceUrl", "modifiedAt", "contract",
    ),
    "Contract": (
        "amount", "currency", "title", "name", "description", "authority", "contractDate", "procedureNumber",
        "noticeId", "cancelled", "sourceUrl", "modifiedAt", "cpvCode",
    ),
    "Ownership": ("owner", "asset", "percentage", "startDate", "endDate"),
    **dict.fromkeys(
        PARTIES,
        (
            "name", "country", "jurisdiction", "mainCountry", "registrationNumber", "uniqueEntityId",
            "dunsCode", "cageCode", "leiCode", "parent",
        ),
    ),
}  # fmt: skip

Entity = dict[str, Any]  # id, schema, and the first value of each property that is taken


def rows(file: BinaryIO) -> Iterator[tuple[int, Row | Problem]]:
    """The awards of a file, a row for each supplier. Raises BadEntry."""
    with Spool(file) as spool:
        for number, (_, value) in enumerate(entries(file, frozenset({("*",)})), 1):
            if value == []:
                continue  # what is left of a list
            problem = _set_aside(spool, number, value)
            if problem:
                yield number, problem
        for key in spool:
            kind, _, name = key.partition(" ")
            if kind == "awards":
                yield from _awards(spool, name)
            elif kind == "entity":
                yield from _left(spool, name)


def _set_aside(spool: Spool, number: int, value: Any) -> Problem | None:
    """Keep what an entity says, under the key that it will be asked for by."""
    schema, name = text(at(value, "schema")), text(at(value, "id"))
    if not name or schema not in TAKEN:
        return Problem("schema", "it is no entity of a contract that we read", schema)
    for each in ("supplier", "contract", "authority", "owner", "asset"):
        for inside in objects(at(value, "properties", each)):
            if text(at(inside, "schema")) in PARTIES or text(at(inside, "schema")) == "Contract":
                _set_aside(spool, number, inside)
    entity: Entity = {"id": name, "schema": schema}
    entity.update({each: _first(value, each) for each in TAKEN[schema]})
    if schema == "ContractAward":
        entity["amounts"] = sorted(set(_all(value, "amount")))
        entity["supplier"] = list(dict.fromkeys(_all(value, "supplier")))
        spool.add(f"awards {entity['contract']}", number, entity)
    elif schema == "Ownership":
        spool.add(f"owners {entity['asset']}", number, entity)
    else:
        spool.add(f"entity {name}", number, entity)
    return None


def _all(value: Any, name: str) -> list[str]:
    """The texts of a property; an entity that stands there in full counts by its id."""
    found = at(value, "properties", name)
    each = found if isinstance(found, list) else [found]
    return [said for said in (text(at(one, "id") if isinstance(one, dict) else one) for one in each) if said]


def _first(value: Any, name: str) -> str:
    return next(iter(_all(value, name)), "")


def _entity(spool: Spool, name: str) -> Entity:
    """What all lines of one entity say together, the first of each property."""
    found: Entity = {}
    for _, said in spool.of(f"entity {name}") if name else ():
        found = {**said, **{field: value for field, value in found.items() if value}}
    return found


def _left(spool: Spool, name: str) -> Iterator[tuple[int, Problem]]:
    """A contract that nobody was awarded in this file."""
    for number, said in spool.of(f"entity {name}"):
        if said["schema"] == "Contract" and not spool.of(f"awards {name}"):
            yield number, Problem("supplier", "no award of this contract is in the file", "")


def _awards(spool: Spool, name: str) -> Iterator[tuple[int, Row | Problem]]:
    contract = _entity(spool, name)
    found = spool.of(f"awards {name}")
    for number, award in found:
        problem = _wrong(contract, award)
        if problem:
            yield number, problem
            continue
        for supplier in award["supplier"]:
            yield number, _row(spool, contract, award, supplier, len(found))


def _wrong(contract: Entity, award: Entity) -> Problem | None:
    if not award["supplier"]:
        return Problem("supplier", "nobody is named", "")
    if not contract:
        return Problem("contract", "that contract is not in the file", award["contract"])
    if contract["cancelled"].lower() in ("true", "yes", "1"):
        return Problem("cancelled", "the contract was cancelled", "")
    if len(award["amounts"]) > 1:
        return Problem("amount", "it has two amounts", ", ".join(award["amounts"]))
    return None


def _money(contract: Entity, award: Entity, awards: int) -> Row:
    """A figure of several suppliers, or of a contract that has several awards, is nobody's alone."""
    amount = award["amount"] or contract["amount"]
    own = len(award["supplier"]) == 1 and (awards == 1 or (award["amount"] and amount != contract["amount"]))
    currency = award["currency"] or contract["currency"]
    return {"value" if own else "maximum": amount, "currency": currency.upper()}


def _row(spool: Spool, contract: Entity, award: Entity, supplier: str, awards: int) -> Row:
    buyer, vendor = _entity(spool, contract["authority"]), _entity(spool, supplier)
    scheme, value = _numbered(buyer)
    number = contract["procedureNumber"] or contract["noticeId"] or contract["id"]
    lot = award["lotNumber"] or (award["id"] if awards > 1 else "")
    words = (contract["title"] or contract["name"], contract["description"], award["description"])
    date = award["date"] or contract["contractDate"] or award["startDate"]
    return {
        "kind": "award",
        "award": f"{number}/{lot}" if lot else number,
        "agency": value,
        "unique_key": award["id"],
        "date": day(date),
        "starts": day(award["startDate"]),
        "ends": day(award["endDate"]),
        **_money(contract, award, awards),
        "buyer": buyer.get("name", ""),
        "buyer_id": value,
        "buyer_scheme": scheme,
        **_vendor(vendor),
        **_parent(spool, vendor, day(date)),
        "description": " | ".join(dict.fromkeys(each for each in words if each)),
        "cpv": award["cpvCode"] or contract["cpvCode"],
        "url": award["sourceUrl"] or contract["sourceUrl"],
        "modified": day(award["modifiedAt"] or contract["modifiedAt"]),
    }


def _country(party: Entity) -> str:
    return next((party[each] for each in ("country", "jurisdiction", "mainCountry") if party.get(each)), "")


def _numbered(party: Entity) -> tuple[str, str]:
    """The scheme and the number that a party is known by beyond this file, else its id here."""
    if not party:
        return "", ""
    registered, country = party["registrationNumber"], _country(party).lower()
    if country == "fr" and names.siren(registered):
        return "FR-SIRET" if names.siret(registered) else "FR-SIREN", registered
    if country == "gb" and names.coh(registered):
        return "GB-COH", registered
    return ("XI-LEI", party["leiCode"]) if party["leiCode"] else ("FTM", party["id"])


def _vendor(party: Entity) -> Row:
    if not party:
        return {}
    scheme, value = _numbered(party)
    fields = {"GB-COH": "vendor_coh", "FR-SIRET": "vendor_siret", "FR-SIREN": "vendor_siret"}
    numbers = {fields[scheme]: value} if scheme in fields else {"vendor_local": f"{scheme}:{value}"}
    return {
        "vendor": party["name"],
        "vendor_country": _country(party),
        "vendor_uei": party["uniqueEntityId"],
        "vendor_duns": party["dunsCode"],
        "vendor_cage": party["cageCode"],
        **numbers,
    }


def _parent(spool: Spool, vendor: Entity, date: str) -> Row:
    """The company that owned the supplier on that day: the only owner, or one of more than half."""
    if not vendor:
        return {}
    owners = [said for _, said in spool.of(f"owners {vendor['id']}") if _on(said, date)]
    most = [each for each in owners if _share(each["percentage"]) > 50]
    alone = owners if len(owners) == 1 and not owners[0]["percentage"] else []
    owner = _entity(spool, next((each["owner"] for each in most or alone), vendor["parent"]))
    if not owner or owner["schema"] == "Person" or owner["id"] == vendor["id"]:
        return {}
    return {"parent": owner["name"], "parent_uei": owner["uniqueEntityId"], "parent_duns": owner["dunsCode"]}


def _on(owned: Entity, date: str) -> bool:
    """Whether it holds on a day; a beginning or an end that is not stated is open."""
    start, end = day(owned["startDate"]), day(owned["endDate"])
    return (not start or start <= date) and (not end or not date or date <= end)


def _share(stated: str) -> float:
    found = re.match(r"\s*(\d{1,3}([.,]\d{1,9})?)", stated)
    return float(found[1].replace(",", ".")) if found else 0


def recognise(head: Head) -> bool:
    """JSON of entities: each has an id, a schema and properties."""
    keys = (r'"schema"\s*:\s*"[A-Z][A-Za-z]+"', r'"properties"\s*:\s*\{', r'"id"\s*:')
    begins = head.text.lstrip()[:1] in ("{", "[")
    return begins and not re.search(r'"ocid"\s*:', head.text) and all(re.search(k, head.text) for k in keys)


FORMATS = (
    Format(
        "followthemoney",
        "FollowTheMoney: entities of contracts and companies",
        "whoever made the file",
        "the licence of its sources",
        recognise,
        rows=rows,
    ),
)
