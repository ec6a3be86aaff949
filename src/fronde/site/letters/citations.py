# SPDX-License-Identifier: Apache-2.0
"""What letters cite: kept beside the letter, shown beside its text, packed in its proof.  # spec: 10"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fronde.citation import Citation
from fronde.site.folder import Folder, Remembered

from .models import CitationRow

_parsed: Remembered[dict[str, dict[str, Citation]]] = Remembered(dict)


def keep(letter_id: str, citations: Mapping[str, Citation]) -> None:
    """Job: stores the citations of a new letter, by id."""
    CitationRow.objects.bulk_create(
        CitationRow(letter=letter_id, name=name, data=citation.data) for name, citation in citations.items()
    )


def data(letter_id: str) -> dict[str, bytes]:
    """The bytes of each citation of a letter, by id."""
    rows = CitationRow.objects.filter(letter=letter_id).values_list("name", "data")
    return {name: bytes(found) for name, found in rows}


def parsed(letter_id: str) -> dict[str, Citation]:
    """The citations of a letter, by id; parsed once."""
    known = _parsed()
    if letter_id not in known:
        known[letter_id] = {name: Citation.parse(found) for name, found in data(letter_id).items()}
    return known[letter_id]


def path(letter_id: str, name: str) -> Path:
    """Where a citation is published."""
    return Folder.current().letter(letter_id) / "evidence" / f"{name}.json"
