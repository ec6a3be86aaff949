# SPDX-License-Identifier: Apache-2.0
"""Citations to test with: a real award in two modifications, and an invented one."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from typing import Any

from fronde.canonical import b64u

_AWARD = {"award": "HSCETE17J00341", "buyer": "U.S. IMMIGRATION AND CUSTOMS ENFORCEMENT"}
_SELLER = {"vendor": "DELL FEDERAL SYSTEMS L.P."}

NEAREST: dict[str, Any] = {
    "v": 1,
    "type": "citation",
    "state": "nearest",
    "question": "What was obligated under the award HSCETE17J00341?",
    "filters": {**_AWARD, "vehicle": "HSHQDC15A00017", "measure": "obligated", "currency": "USD"},
    "figure": {
        "cents": 1_970_503_730,
        "measure": "obligated",
        "currency": "USD",
        "from": "2017-06-22",
        "to": "2018-06-15",
        "rows": 2,
    },
    "reported": {"cents": 1_940_000_000, "currency": "USD", "says": "a contract of 19.4 million dollars"},
    "files": [
        {
            "sha256": b64u(bytes(range(32))),
            "name": "ice_contracts.csv",
            "publisher": "USAspending.gov",
            "url": "https://www.usaspending.gov/download_center/award_data_archive",
            "retrieved": "2018-07-01",
            "licence": "public domain",
        }
    ],
    "rows": [
        {
            **_AWARD,
            **_SELLER,
            "file": 0,
            "row": 3113,
            "mod": "0",
            "date": "2017-06-22",
            "cents": 946_420_284,
            "quote": "DHS BPA OY2",
        },
        {
            **_AWARD,
            **_SELLER,
            "file": 0,
            "row": 5092,
            "mod": "P00001",
            "date": "2018-06-15",
            "cents": 1_024_083_446,
            "quote": "DHS BPA OY2",
            "url": "https://www.usaspending.gov/award/CONT_AWD_HSCETE17J00341_7012_HSHQDC15A00017_7001",
        },
    ],
}

RECORD: dict[str, Any] = {
    "v": 1,
    "type": "citation",
    "state": "record",
    "question": "Which total does the register give for the framework F-7?",
    "filters": {
        "award": "F-7",
        "vendor": "Société du Nord",
        "measure": "award value",
        "currency": "EUR",
        "from": "2024-01-01",
        "to": "2024-12-31",
        "words": "archive",
    },
    "figure": {
        "cents": -1_250,
        "measure": "award value",
        "currency": "EUR",
        "from": "2024-03-01",
        "to": "2024-03-01",
        "rows": 1,
    },
    "files": [
        {
            "sha256": b64u(bytes(32)),
            "name": "decp.json",
            "publisher": "Ville d’Exemple",
            "url": "http://data.example/decp.json",
            "retrieved": "2025-01-02",
            "licence": "Licence Ouverte 2.0",
        }
    ],
    "rows": [
        {
            "file": 0,
            "row": 1,
            "award": "F-7",
            "mod": "",
            "date": "2024-03-01",
            "cents": -1_250,
            "buyer": "",
            "vendor": "Société du Nord",
            "quote": "",
        }
    ],
}


def changed(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with fields replaced: `rows__1__cents=5` is document["rows"][1]["cents"] = 5; None removes."""
    made = copy.deepcopy(document)
    for path, value in changes.items():
        *steps, last = (int(part) if part.isdigit() else part for part in path.split("__"))
        inner: Any = made
        for step in steps:
            inner = inner[step]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return made


def named(evidence: Mapping[str, bytes]) -> list[dict[str, str]]:
    """The `citations` of a letter that cites these bytes by id."""
    return [
        {"id": name, "says": f"What {name} says.", "digest": b64u(hashlib.sha256(data).digest())}
        for name, data in evidence.items()
    ]
