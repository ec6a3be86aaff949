# SPDX-License-Identifier: Apache-2.0
"""What a verification says: twelve steps, a verdict, and what is not proven.  # spec: 13, 17"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from .. import canonical
from ..errors import FrondeError, Newer

Result = Literal["OK", "FAIL", "NONE"]

NAMES = (
    "the archive",
    "the instance log",
    "the letter's log",
    "the instance log replayed",
    "the letter",
    "every signature",
    "every withdrawal",
    "the capacity",
    "openings and floor",
    "citations",
    "deliveries and answers",
    "the close",
)

UNTIED = "NOT TIED TO ANYBODY: anyone could have made this file"
FOREIGN = "only worth something if it did not come with this file"

NOT_PROVEN = (
    "that nobody had two addresses of the accepted shape, and that no member was invented: whoever runs"
    " the instance could invent some, up to the headcount (with a notary two would have to lie together)",
    "that a name is its signer's: a name is what its signer typed",
    "that the keys of ended slots were destroyed",
    "that no signature was refused",
    "that no more people held a token of this slot than the number of issued tokens that is stated",
    "when, between two witnessed checkpoints, a signature was made",
)
UNWATCHED = (
    "that nobody was shown another instance log: no witness has cosigned this one, and it was not compared"
    " with a checkpoint seen earlier (--compare)"
)


class Failure(Exception):
    """A step has failed: the error, and the entry where it is seen ("letter/17", "heads.json", or "")."""

    def __init__(self, entry: str, error: FrondeError) -> None:
        super().__init__(error.message)
        self.entry = entry
        self.error = error


@contextmanager
def at(entry: str) -> Iterator[None]:
    """Every FrondeError inside becomes a Failure at `entry`; a Failure keeps the entry it has."""
    try:
        yield
    except FrondeError as error:
        raise Failure(entry, error) from error


@dataclass(frozen=True)
class Step:
    """One numbered step. detail: one sentence. entry, hint, slug: of a FAIL; entry may be empty."""

    n: int
    result: Result
    detail: str
    entry: str = ""
    hint: str = ""
    slug: str = ""
    newer: bool = False

    @property
    def name(self) -> str:
        return NAMES[self.n - 1]

    @classmethod
    def failed(cls, n: int, failure: Failure) -> Step:
        error = failure.error
        return cls(n, "FAIL", error.message, failure.entry, error.hint, error.name, isinstance(error, Newer))


@dataclass
class Report:
    """A verification so far, and at its end.

    vouched: a key from outside the file is at hand, `source` says from where. tied: it is the letter's.
    counts: signatures and withdrawn count entries, shown, not_shown and hidden what is left.
    """

    steps: list[Step] = field(default_factory=list)
    vouched: bool = False
    tied: bool = False
    origin: str = ""
    fingerprint: str = ""
    source: str = ""
    title: str = ""
    workplace: str = ""
    size: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    closed: bool = False
    watched: bool = False

    @property
    def failure(self) -> Step | None:
        """The step that failed, if one did."""
        return next((step for step in self.steps if step.result == "FAIL"), None)

    @property
    def exit(self) -> int:
        """0 proved, 1 failed, 2 cannot be read, 3 proved but tied to nobody."""
        if failure := self.failure:
            return 2 if failure.n == 1 or failure.newer else 1
        return 0 if self.tied else 3

    @property
    def not_proven(self) -> tuple[str, ...]:
        """What no proof of this version shows."""
        return NOT_PROVEN if self.watched else (*NOT_PROVEN, UNWATCHED)

    def verdict(self) -> str:
        """Two sentences."""
        if failure := self.failure:
            return _failed(failure)
        standing = self.counts["signatures"] - self.counts["withdrawn"]
        made = f"{_n(self.counts['signatures'], 'signature')} made, {self.counts['withdrawn']} withdrawn"
        count = (
            f"{_n(standing, 'colleague')} of {self.workplace} stand{'s' if standing == 1 else ''} under"
            f" “{self.title}” ({made}), each verified within the twelve months before it opened."
        )
        end = "The letter is closed." if self.closed else "The letter is open: the number can still grow."
        if not self.tied:
            end = "But nobody outside this file vouches for it: anyone could have invented all of it."
        return f"{count} {end}"

    def to_json(self) -> bytes:
        """The report for machines: canonical JSON."""
        steps = [
            {"n": s.n, "name": s.name, "result": s.result, "detail": s.detail}
            | ({"entry": s.entry} if s.entry else {})
            for s in self.steps
        ]
        document = {
            "v": 1,
            "type": "report",
            "exit": self.exit,
            "tied": self.tied,
            "origin": self.origin,
            "size": self.size,
            "counts": self.counts,
            "steps": steps,
            "not_proven": list(self.not_proven),
        }
        return canonical.encode(document)


def _failed(failure: Step) -> str:
    place = f" at {failure.entry}" if failure.entry else ""
    if failure.newer:
        return (
            f"This proof was made by a newer fronde: step {failure.n} meets something unknown{place}."
            " Nothing is proved or disproved; update fronde and check again."
        )
    if failure.n == 1:
        return f"This is not a proof that can be read{place}. Nothing was checked."
    return f"This proof is wrong: step {failure.n} fails{place}. Do not rely on its count."


def _n(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
