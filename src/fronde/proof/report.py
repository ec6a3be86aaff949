# SPDX-License-Identifier: Apache-2.0
"""What a verification says: twelve steps, a verdict, and what is not proven.  # spec: 13, 17"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from fronde.canonical import encode
from fronde.errors import FrondeError, Newer

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
    "that nobody had two addresses of the accepted shape, and that no member was invented: whoever runs the"
    " instance could invent some, up to the headcount (with a notary two would have to lie together)",
    "that a name is its signer's: a name is what its signer typed",
    "that the keys of ended slots were destroyed",
    "that no signature was refused",
    "that no more people held a token of this slot than the stated number of issued tokens",
    "when, between two witnessed checkpoints, a signature was made",
)
CITED = (
    "that the rows of a citation stand in the public files, and that no other row of these belongs to its"
    " figure: the citation names each file with its SHA-256, to be compared"
)
UNWATCHED = (
    "that nobody was shown another instance log: no witness of a policy has cosigned this one, and it was not"
    " compared with a checkpoint seen earlier (--compare)"
)


class Fault(NamedTuple):
    """What is wrong and where ("letter/17", "heads.json", ""); plain, to pass between processes."""

    entry: str
    message: str
    hint: str = ""
    slug: str = "refused"
    newer: bool = False

    @classmethod
    def of(cls, entry: str, error: FrondeError) -> Fault:
        return cls(entry, _plain(error.message), _plain(error.hint), error.name, isinstance(error, Newer))


class Failure(Exception):
    """A step has failed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def fail(entry: str, slug: str, message: str, hint: str = "") -> Failure:
    """A Failure to raise."""
    return Failure(Fault(entry, message, hint, slug))


@contextmanager
def at(entry: str) -> Iterator[None]:
    """Every FrondeError inside becomes a Failure at `entry`; a Failure keeps the entry it has."""
    try:
        yield
    except FrondeError as error:
        raise Failure(Fault.of(entry, error)) from error


@dataclass(frozen=True)
class Step:
    """One numbered step. detail: one sentence. fault: of a FAIL."""

    n: int
    result: Result
    detail: str
    fault: Fault | None = None

    @property
    def name(self) -> str:
        return NAMES[self.n - 1]


@dataclass
class Report:
    """A verification so far, and at its end.

    tied: a key from outside the file is the letter's; `source` says where it came from. untied: there was
    none. counts: signatures and withdrawn count entries; shown, not_shown and hidden what is left. citations:
    {id, says, state, figure, reported?} of each that was recomputed; empty unless step 10 is OK.
    """

    steps: list[Step] = field(default_factory=list)
    tied: bool = False
    untied: bool = False
    origin: str = ""
    fingerprint: str = ""
    source: str = ""
    title: str = ""
    workplace: str = ""
    size: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    citations: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False
    void: bool = False
    watched: bool = False

    @property
    def failure(self) -> Step | None:
        """The step that failed, if one did."""
        return next((step for step in self.steps if step.result == "FAIL"), None)

    @property
    def exit(self) -> int:
        """0 proved, 1 failed, 2 cannot be read, 3 proved but tied to nobody."""
        if failure := self.failure:
            return 2 if failure.n == 1 or (failure.fault and failure.fault.newer) else 1
        return 0 if self.tied else 3

    @property
    def not_proven(self) -> tuple[str, ...]:
        """What no proof of this version shows."""
        cited = (CITED,) if self.citations else ()
        return (*NOT_PROVEN, *cited) if self.watched else (*NOT_PROVEN, *cited, UNWATCHED)

    def verdict(self) -> str:
        """Two sentences."""
        if failure := self.failure:
            return _failed(failure)
        if not self.tied:
            end = "But nobody outside this file vouches for it: anyone could have invented all of it."
        elif self.closed:
            end = "The letter is closed."
        else:
            end = "The letter is open: this is its record up to here."
        return f"{self._count()} {end}"

    def _count(self) -> str:
        if self.void:
            return f"“{self.title}” was closed with fewer signatures than the floor, so none counts."
        made, gone = self.counts["signatures"], self.counts["withdrawn"]
        left = made - gone
        who = f"{left:,} {'colleague stands' if left == 1 else 'colleagues stand'} under “{self.title}”"
        return (
            f"{who} at {self.workplace} ({made:,} signed, {gone:,} withdrew), each verified within the last"
            " twelve months before it opened."
        )

    def to_json(self) -> bytes:
        """The report for machines: canonical JSON."""
        steps = [
            {"n": step.n, "name": step.name, "result": step.result, "detail": step.detail}
            | ({"entry": step.fault.entry} if step.fault and step.fault.entry else {})
            for step in self.steps
        ]
        return encode(
            {
                "v": 1,
                "type": "report",
                "exit": self.exit,
                "tied": self.tied,
                "origin": self.origin,
                "size": self.size,
                "counts": self.counts,
                "citations": self.citations,
                "steps": steps,
                "not_proven": list(self.not_proven),
            }
        )


def _failed(failure: Step) -> str:
    fault = failure.fault
    place = f" at {fault.entry}" if fault and fault.entry else ""
    if fault and fault.newer:
        return (
            f"This proof was made by a newer fronde: step {failure.n} meets something unknown{place}."
            " Nothing is proved or disproved; update fronde and check again."
        )
    if failure.n == 1:
        return f"This is not a proof that can be read: step 1 fails{place}. Nothing in it was checked."
    return f"This proof is wrong: step {failure.n} fails{place}. Do not rely on its count."


def _plain(text: str) -> str:
    """Without anything that a terminal or canonical JSON would not take."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
