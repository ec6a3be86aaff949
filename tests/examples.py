# SPDX-License-Identifier: Apache-2.0
"""A letter, an issuer key and a token from the vectors, for tests that need no whole workplace."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fronde.letter import Letter
from fronde.record.note import Key
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.secrets import SlotSecrets
from tests.vectors.read import vectors

HOST = "fronde.example"
ID = "abcdefghijklmnop"
INSTANCE_KEY = Key.of(f"{HOST}/log", bytes(range(32))).vkey
LOG_KEY = Key.of(f"{HOST}/letters/{ID}/record", bytes(range(1, 33))).vkey
WRITTEN: dict[str, Any] = {
    "title": "Cancel the contract",
    "to": [{"name": "Sam Example", "office": "chief executive"}],
    "lang": "en",
    "body": "Dear Sam,\n\nwe ask *you* for this.",
    "demands": [
        {"id": "cancel", "ask": "Cancel it.", "measure": "It is cancelled.", "due": "2027-01-31"},
        {"id": "policy", "ask": "Publish a policy.", "measure": "It is public."},
    ],
}
DOCUMENT: dict[str, Any] = {
    "v": 1,
    "type": "letter",
    "id": ID,
    "host": HOST,
    **WRITTEN,
    "facets": [],
    "citations": [],
    "translations": [],
    "rules": {
        "modes": ["named", "hidden"],
        "opens": "2026-01-01T00:00:00Z",
        "closes": "2026-02-01T00:00:00Z",
        "withdraw_until": "2026-03-01T00:00:00Z",
        "floor": 5,
        "batch": {"min": 5, "minutes": 0, "tokens": 5},
    },
    "workplaces": [
        {
            "id": "works",
            "name": "Example Works",
            "slot": 1,
            "issuers": [{"name": HOST, "vkey": INSTANCE_KEY}],
            "headcount": {"n": 900, "source": "annual report"},
        }
    ],
    "logs": {"letter": LOG_KEY, "instance": INSTANCE_KEY},
    "witnesses": [],
    "authors": [],
}
# Slot 1 of works at fronde.example, under two issuer keys; then slot 2.
FIRST, OTHER_ISSUER, NEXT_SLOT = vectors("secrets")["cases"][:3]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The document with one value set: "rules.floor", "to.0.name"."""
    document = deepcopy(DOCUMENT)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = document
    for step in way:
        inner = inner[step]
    inner[last] = value
    return document


def without(path: str) -> dict[str, Any]:
    """The document with one field taken out."""
    document = changed(path, None)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = document
    for step in way:
        inner = inner[step]
    del inner[last]
    return document


def letter(**changes: Any) -> Letter:
    """The example letter, with other values at the top."""
    return Letter.make({**DOCUMENT, **changes})


def issuer_key(case: dict[str, Any] = FIRST) -> PublicKey:
    return PublicKey.from_spki(bytes.fromhex(case["spki"]))


def member(case: dict[str, Any] = FIRST) -> SlotSecrets:
    """A member's secrets in a slot of the vectors."""
    return SlotSecrets(
        bytes.fromhex(case["seed"]), case["host"], case["workplace"], case["number"], issuer_key(case)
    )


def token(case: dict[str, Any] = FIRST) -> bytes:
    return bytes.fromhex(case["token"])
