# SPDX-License-Identifier: Apache-2.0
"""What is kept of an OCDS release: texts alone, every list made of objects with an id, so that any two merge.

Parties lose their addresses and contacts here, before anything is set aside.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fronde.evidence.entries import day
from fronde.evidence.jsonfile import at, objects, text

Said = dict[str, Any]

# Schemes of org-id.guide -> the field of a row that holds such a number
SCHEMES = {
    "GB-COH": "vendor_coh",
    "FR-SIRET": "vendor_siret",
    "FR-SIREN": "vendor_siret",
    "FR-SIRENE": "vendor_siret",
    "FR-INSEE": "vendor_siret",
    "US-DUNS": "vendor_duns",
    "XI-DUNS": "vendor_duns",
    "US-UEI": "vendor_uei",
    "US-SAM": "vendor_uei",
    "US-CAGE": "vendor_cage",
}

UNITED_KINGDOM = ("england", "scotland", "wales", "cymru", "northern ireland", "great britain")

_SCHEMED = re.compile(r"([A-Z]{2}-[A-Z0-9]{2,12})-(.+)", re.DOTALL)


def told(release: Any, ocid: str = "") -> Said:
    """What a release says, in our words. ocid: of the record that it is in."""
    parties = {each["id"]: each for each in _unlike(_party(p) for p in objects(at(release, "parties")))}
    buyer = _buyer(release, parties)
    awards = [_award(each, parties, buyer) for each in objects(at(release, "awards"))]
    said: Said = {
        "ocid": text(at(release, "ocid")) or ocid,
        "date": _utc(text(at(release, "date"))),
        "tender": _tender(at(release, "tender")),
        "above": _above(release),
        "parties": list(parties.values()),
        "awards": _apart(awards),
        "contracts": _apart([_contract(each) for each in objects(at(release, "contracts"))]),
    }
    if buyer:
        said["buyer"] = buyer
    if not said["above"]:
        del said["above"]
    return said


def _utc(date: str) -> str:
    """A moment that sorts as text, since releases of one process may carry different time zones."""
    try:
        moment = datetime.fromisoformat(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return date


def _unlike(found: Any) -> list[Said]:
    """The first of each id; objects without an id are nobody's."""
    seen: dict[str, Said] = {}
    for each in found:
        if each["id"]:
            seen.setdefault(each["id"], each)
    return list(seen.values())


def _apart(found: list[Said]) -> list[Said]:
    """Objects of one release that share an id are still several: Find a Tender repeats contract numbers."""
    seen: dict[str, int] = {}
    for each in found:
        seen[each["id"]] = count = seen.get(each["id"], 0) + 1
        if count > 1:
            each["id"] += f" ({count})"
    return found


def _party(party: Any) -> Said:
    """id, name, scheme, value (the number in that scheme), country; no address, no contact."""
    ident = text(at(party, "id"))
    scheme, value = text(at(party, "identifier", "scheme")), text(at(party, "identifier", "id"))
    inside = _SCHEMED.fullmatch(ident)
    if not (scheme and value) and inside:
        scheme, value = inside[1], inside[2]
    name = text(at(party, "name")) or text(at(party, "identifier", "legalName"))
    said = {
        "id": ident or name,
        "name": name,
        "scheme": scheme,
        "value": value,
        "country": _country(scheme, text(at(party, "address", "countryName"))),
    }
    return {field: each for field, each in said.items() if each or field == "id"}


def _country(scheme: str, stated: str) -> str:
    """Of a register of companies, else as stated; a publisher's own numbers say nothing of a country."""
    if scheme in SCHEMES and not scheme.startswith("XI-"):
        return scheme[:2]
    return "GB" if stated.strip().lower() in UNITED_KINGDOM else stated


def _named(reference: Any, parties: dict[str, Said]) -> Said:
    """A party that is referred to, with what the release says of it among its parties."""
    said = _party(reference)
    return {**said, **parties.get(said["id"], {})} if said["id"] else {}


def _buyer(release: Any, parties: dict[str, Said]) -> Said:
    """The authority: `buyer`, else the party of that role, else who runs the tender."""
    roles = ((at(each, "roles"), each) for each in objects(at(release, "parties")))
    of_role = next((each for role, each in roles if isinstance(role, list) and "buyer" in role), None)
    for each in (at(release, "buyer"), of_role, at(release, "tender", "procuringEntity")):
        if named := _named(each, parties):
            return named
    return {}


def supplier_ids(supplier: Said) -> dict[str, str]:
    """The one field that the number of a supplier belongs in."""
    scheme, value = supplier.get("scheme", ""), supplier.get("value", "")
    if not (scheme and value):
        return {}
    field = SCHEMES.get(scheme.upper())
    return {field: value} if field else {"vendor_local": f"{scheme}:{value}"}


def _tender(tender: Any) -> Said:
    techniques = [at(each, "techniques") for each in (tender, *objects(at(tender, "lots")))]
    flags = ("hasFrameworkAgreement", "hasDynamicPurchasingSystem")
    frame = any(at(each, flag) is True for each in techniques for flag in flags)
    call = text(at(tender, "procurementMethodDetails")).lower()
    return _filled(
        {
            "title": text(at(tender, "title")),
            "description": text(at(tender, "description")),
            "cpv": _cpv(tender),
            "amount": text(at(tender, "value", "amount")),
            "currency": text(at(tender, "value", "currency")),
            "frame": "yes" if frame else "",
            "call": "yes" if re.match(r"call[- ]?off|mini[- ]?competition", call) else "",
        }
    )


def _cpv(thing: Any) -> str:
    """The first CPV code of a tender or an award, of its own or of its items."""
    found = [at(thing, "classification"), *(at(i, "classification") for i in objects(at(thing, "items")))]
    return next((text(at(each, "id")) for each in found if text(at(each, "scheme")) == "CPV"), "")


def _above(release: Any) -> str:
    """The framework that a process calls off from: its ocid or number."""
    for each in objects(at(release, "relatedProcesses")):
        kinds = at(each, "relationship")
        if isinstance(kinds, list) and "framework" in kinds:
            return text(at(each, "identifier"))
    return ""


def _award(award: Any, parties: dict[str, Said], buyer: Said) -> Said:
    suppliers = _unlike(_named(each, parties) or {"id": ""} for each in objects(at(award, "suppliers")))
    lots = at(award, "relatedLots")
    said = {
        **_money(award),
        "status": text(at(award, "status")),
        "date": day(text(at(award, "date"))),
        "title": text(at(award, "title")),
        "description": text(at(award, "description")),
        "cpv": _cpv(award),
        "url": _url(award),
        "lots": ",".join(sorted(map(text, lots))) if isinstance(lots, list) else "",
        **_period(at(award, "contractPeriod")),
    }
    whole = {"id": text(at(award, "id")) or "award", **_filled(said), "suppliers": suppliers}
    return {**whole, "buyer": buyer} if buyer else whole


def _contract(contract: Any) -> Said:
    said = {
        **_money(contract),
        "award": text(at(contract, "awardID")),
        "status": text(at(contract, "status")),
        "date": day(text(at(contract, "dateSigned"))),
        **_period(at(contract, "period")),
    }
    return {"id": text(at(contract, "id")) or "contract", **_filled(said)}


def _money(thing: Any) -> Said:
    return {
        "amount": text(at(thing, "value", "amount")),
        "currency": text(at(thing, "value", "currency")),
        "maximum": text(at(thing, "maximumValue", "amount")),
    }


def _period(period: Any) -> Said:
    return {"starts": day(text(at(period, "startDate"))), "ends": day(text(at(period, "endDate")))}


def _url(award: Any) -> str:
    """The public page of the award: its notice, else its first document."""
    documents = objects(at(award, "documents"))
    notices = [each for each in documents if text(at(each, "documentType")) == "awardNotice"]
    return next((text(at(each, "url")) for each in (*notices, *documents) if text(at(each, "url"))), "")


def _filled(said: Said) -> Said:
    return {field: each for field, each in said.items() if each}
