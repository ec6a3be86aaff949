# SPDX-License-Identifier: Apache-2.0
"""What letters cite: kept beside the letter, shown beside its text, packed in its proof.  # spec: 10"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import pgettext_lazy

from fronde.canonical import unb64u
from fronde.citation import Citation
from fronde.letter import Letter
from fronde.site.folder import Folder, Remembered

from .models import CitationRow

MEASURES = {
    "obligated": pgettext_lazy("measure", "obligated"),
    "subaward": pgettext_lazy("measure", "subaward"),
    "obligated in all": pgettext_lazy("measure", "obligated in all"),
    "outlayed in all": pgettext_lazy("measure", "outlayed in all"),
    "award value": pgettext_lazy("measure", "award value"),
    "current": pgettext_lazy("measure", "current value"),
    "ceiling": pgettext_lazy("measure", "ceiling"),
    "maximum": pgettext_lazy("measure", "maximum"),
}

SHORT = 3

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


def note(letter: Letter, number: int, name: str) -> dict[str, Any]:
    """What stands beside a paragraph that marks a citation: all of it words of other people, but numbers."""
    document = parsed(letter.id)[name].document
    figure, rows = document["figure"], document["rows"]
    return {
        "number": number,
        "name": name,
        "says": next(each["says"] for each in letter.citations if each["id"] == name),
        "figure": figure,
        "measure": MEASURES[figure["measure"]],
        "one_day": figure["from"] == figure["to"],
        "reported": document.get("reported"),
        "awards": _distinct(row["award"] for row in rows),
        "vendors": _distinct(row["vendor"] for row in rows),
        "buyers": _distinct(row["buyer"] for row in rows),
        "records": _distinct(row.get("url", "") for row in rows),
        "files": [{**file, "digest": unb64u(file["sha256"])} for file in document["files"]],
    }


def _distinct(values: Iterable[str]) -> list[str]:
    """What is said, once each, while it is short enough to stand at a side; none of it where it is not."""
    found = list(dict.fromkeys(value for value in values if value))
    return found if len(found) <= SHORT else []
