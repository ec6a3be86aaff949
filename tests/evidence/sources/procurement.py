# SPDX-License-Identifier: Apache-2.0
"""Invented procurements, as OCDS tells them."""

from __future__ import annotations

import json
from typing import Any

OCID = "ocds-x1y2z3-0001"


def award(
    number: str = "1", amount: Any = 100, suppliers: tuple[str, ...] = ("s1",), **more: Any
) -> dict[str, Any]:
    return {
        "id": number,
        "status": "active",
        "date": "2024-05-06T00:00:00Z",
        "value": {"amount": amount, "currency": "GBP"},
        "suppliers": [{"id": each, "name": f"Supplier {each}"} for each in suppliers],
        **more,
    }


def release(
    *awards: dict[str, Any], ocid: str = OCID, date: str = "2024-05-07T10:00:00Z", **more: Any
) -> dict[str, Any]:
    return {
        "ocid": ocid,
        "id": f"{ocid}-{date}",
        "date": date,
        "tag": ["award"],
        "buyer": {"id": "b1", "name": "Borough of Tests"},
        "parties": [
            {
                "id": "b1",
                "name": "Borough of Tests",
                "identifier": {"scheme": "GB-SRS", "id": "77"},
                "address": {"streetAddress": "1 Town Hall"},
                "contactPoint": {
                    "name": "A. Person",
                    "email": "a.person@tests.example",
                    "telephone": "0555 1234",
                },
            },
            {
                "id": "s1",
                "name": "Supplier s1",
                "identifier": {"scheme": "GB-COH", "id": "00975677"},
                "address": {"streetAddress": "2 Works Road", "countryName": "England"},
            },
        ],
        "tender": {
            "title": "Parking",
            "description": "Parking services",
            "classification": {"scheme": "CPV", "id": "63712400"},
            **more.pop("tender", {}),
        },
        "awards": list(awards),
        **more,
    }


def package(*releases: dict[str, Any]) -> str:
    return json.dumps({"uri": "https://example.org/", "version": "1.1", "releases": list(releases)})
