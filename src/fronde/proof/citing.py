# SPDX-License-Identifier: Apache-2.0
"""Step 10 of a verification: what the letter cites, recomputed from the packed rows.  # spec: 10, 13"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fronde.canonical import unb64u
from fronde.citation import Citation, recompute, words
from fronde.errors import Refused
from fronde.letter import Letter

from .bundle import evidence_name
from .report import at

SAID = 3  # so many figures stand in the line of the step


def recomputed(letter: Letter, read: Callable[[str], bytes]) -> Iterator[dict[str, Any]]:
    """Each citation of a letter, in its order, as a report lists it. read: a member of the proof.

    Raises Failure at the first that has another digest, no form, or contradicts itself.
    """
    for each in letter.citations:
        with at(evidence_name(each["id"])):
            citation = _checked(read(evidence_name(each["id"])), unb64u(each["digest"]))
        yield listed(each, citation)


def _checked(data: bytes, digest: bytes) -> Citation:
    citation = Citation(data, {})
    if citation.digest != digest:
        raise Refused(
            "this is not the citation that the letter names",
            hint="Ask for the present proof.",
            name="citation-digest",
        )
    citation = Citation.parse(data)
    recompute(citation.document)
    return citation


def listed(each: dict[str, str], citation: Citation) -> dict[str, Any]:
    """{id, says, state, figure, reported?}"""
    found = {"id": each["id"], "says": each["says"], "state": citation.document["state"]}
    found |= {"figure": citation.figure}
    return found if citation.reported is None else found | {"reported": citation.reported}


def sentence(citations: Iterable[dict[str, Any]]) -> str:
    """The line of the step: how many, and the first figures."""
    figures = [words(each) for each in citations]
    head = f"{len(figures)} {'citation' if len(figures) == 1 else 'citations'} recomputed"
    rest = f"; and {len(figures) - SAID} more" if len(figures) > SAID else ""
    return f"{head}: {'; '.join(figures[:SAID])}{rest}"
