# SPDX-License-Identifier: Apache-2.0
"""A proof verified in twelve steps.  # spec: 13

The first step that fails ends it. No key found in the file is trusted: the key of the instance log comes from
the reader (`Trust`); without one every step runs with the key that letter.json names, and the result is tied
to nobody.

 1 the archive        the strict container, the exact set of names, every member undamaged; letter.json,
                      heads.json and openings.json canonical and of their form; a file for each citation
 2 the instance log   the reader's key is letter.json's; a signed checkpoint, its root from every entry, every
                      hash tile; every entry canonical and of its form; the policy's quorum; --compare
 3 the letter's log   likewise, with exactly one signature; letter.open is entry 0 and no other
 4 replayed           every slot rule of the instance log from entry 0; the letter's slot is bound to it;
                      every head of the letter opens to a beginning of this record, the last one to all of it
 5 the letter         letter.json is what letter.open names; its own rules; the receipt key's name
 6 every sign         digest, before the close, mode, commitment, token, Ed25519, one a key
 7 every withdraw     digest, Ed25519, after its sign, one a key
 8 the capacity       signatures <= issued <= headcount; issued is rounded and never falls
 9 openings, floor    each of a named signature that is not withdrawn, matching its commitment; batches in
                      order, never fewer than the floor
10 citations          each packed, of the digest in letter.json, of its form, its figure recomputed
11 deliveries         nothing yet
12 the close          before the slot's end "closed"; its counts, void, only withdrawals after it

How a step names the culprit: a file that is wrong as a whole by its name, an entry by its log and index, the
lowest first. Within steps 2 and 3 the order is checkpoint, hash tiles (level 0 gives the root), entries,
quorum, comparison.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from fronde.canonical import b64u, unb64u
from fronde.letter import Letter
from fronde.record import note
from fronde.record.heads import HeadBreach, open_heads
from fronde.record.instance import Instance, Slot
from fronde.record.log import Log
from fronde.record.note import Key
from fronde.record.tiles import FULL

from .citing import recomputed, sentence
from .policy import Policy
from .reading import Proof
from .report import Failure, Fault, Report, Result, Step, at, fail
from .tally import Tally, check_batches, check_capacity, check_close, check_end
from .workers import Checks, Workers, check_bundle

Outcome = tuple[Result, str]


@dataclass(frozen=True)
class Trust:
    """What a reader brings along: a key of the instance log, or a policy.

    given: False for the user's default policy: a log that it does not list is untied, not wrong.
    source: where it came from, in words. compare: a checkpoint of either log seen earlier (a signed note).
    """

    key: Key | None = None
    policy: Policy | None = None
    given: bool = True
    source: str = ""
    compare: bytes | None = None

    def keys(self, origin: str) -> list[Key]:
        """The keys that may sign the instance log of this origin."""
        if self.key:
            return [self.key]
        return self.policy.log_keys(origin) if self.policy else []

    def unties(self, origin: str) -> bool:
        """Nothing outside the file speaks of this origin, and nothing was meant to."""
        return not self.key and (not self.policy or (not self.given and not self.keys(origin)))


def verify(
    file: BinaryIO | Path,
    trust: Trust,
    *,
    processes: int = 1,
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Verifies a proof; `progress` is called after every step with the report so far.

    More than one process needs a path. Never raises for what the file holds; OSError when it cannot be read.
    """
    if isinstance(file, Path):
        with file.open("rb") as opened, Workers(opened, file, processes) as workers:
            return _run(Verification(opened, trust, workers), progress)
    with Workers(file, None, 1) as workers:
        return _run(Verification(file, trust, workers), progress)


def _run(verification: Verification, progress: Callable[[Report], None]) -> Report:
    report = verification.report
    for n, step in enumerate(verification.steps(), start=1):
        if report.failure:
            report.steps.append(Step(n, "NONE", "not reached"))
        else:
            report.steps.append(_take(n, step))
        progress(report)
    if report.failure and report.failure.n <= 9:
        report.counts = {}
    return report


def _take(n: int, step: Callable[[], Outcome]) -> Step:
    try:
        # What a step does not place belongs to no entry.
        with at(""):
            result, detail = step()
    except Failure as failure:
        return Step(n, "FAIL", failure.fault.message, failure.fault)
    return Step(n, result, detail)


class Verification:
    """One proof while it is verified. Each step relies on what the steps before it have set."""

    proof: Proof
    letter: Letter
    instance: Log
    record: Log
    opened: dict[str, Any]
    positions: list[int]
    slot: Slot
    opened_at: dict[int, dict[str, Any]]
    tally: Tally

    def __init__(self, file: BinaryIO, trust: Trust, workers: Workers) -> None:
        self.file = file
        self.trust = trust
        self.workers = workers
        self.report = Report()

    def steps(self) -> list[Callable[[], Outcome]]:
        """The twelve, in order."""
        return [
            self.step_1_archive,
            self.step_2_instance_log,
            self.step_3_letter_log,
            self.step_4_replay,
            self.step_5_letter,
            self.step_6_signatures,
            self.step_7_withdrawals,
            self.step_8_capacity,
            self.step_9_openings,
            self.step_10_citations,
            lambda: ("NONE", "nothing yet"),
            self.step_12_close,
        ]

    # 1

    def step_1_archive(self) -> Outcome:
        self.proof = Proof(self.file, self.workers)
        self.letter = self.proof.letter
        self._introduce()
        members = self.proof.members
        return "OK", f"{_count(len(members), 'file')}, {_bytes(sum(member.packed for member in members))}"

    def _introduce(self) -> None:
        letter, report = self.letter, self.report
        report.origin = letter.instance_origin
        report.fingerprint = note.fingerprint(letter.instance_key)
        report.title = letter.title
        report.workplace = letter.document["workplaces"][0]["name"]
        report.untied = self.trust.unties(report.origin)
        report.source = "" if report.untied else self.trust.source

    # 2, 3

    def step_2_instance_log(self) -> Outcome:
        self._tie()
        self.instance = self.proof.read_log("instance", self.letter.instance_origin, self.letter.instance_key)
        detail = _count(len(self.instance.hashes), "entry", "entries")
        if self.report.tied and self.trust.policy:
            with at("instance/checkpoint"):
                witnesses = self.trust.policy.check_quorum(self.instance.note)
            self.report.watched = witnesses > 0
            if self.trust.policy.witnesses:
                detail += f", cosigned by {_count(witnesses, 'witness', 'witnesses')}"
        if self.trust.compare is not None:
            same = self.proof.compare("instance", self.instance, self.trust.compare)
            self.report.watched = self.report.watched or bool(same)
            detail += same
        return "OK", detail

    def _tie(self) -> None:
        if self.report.untied:
            return
        origin, keys = self.letter.instance_origin, self.trust.keys(self.letter.instance_origin)
        if not keys:
            raise fail(
                "letter.json",
                "log-not-in-policy",
                f"the policy has no log line for {origin}",
                "Check that the proof and the policy are of the same instance.",
            )
        if self.letter.instance_key not in [key.vkey for key in keys]:
            raise fail(
                "letter.json",
                "other-key",
                "letter.json names another key for the instance log than the one that you trust",
                "Ask whoever gave you the key which instance it is of.",
            )
        self.report.tied = True

    def step_3_letter_log(self) -> Outcome:
        self.record = self.proof.read_log("letter", self.letter.origin, self.letter.log_key, exactly_one=True)
        size = self.report.size = len(self.record.hashes)
        if not size:
            raise fail("log/checkpoint", "not-one-open", "the letter's log is empty")
        same = ""
        if self.trust.compare is not None:
            same = self.proof.compare("letter", self.record, self.trust.compare)
        return "OK", f"{_count(size, 'entry', 'entries')}{same}"

    # 4

    def step_4_replay(self) -> Outcome:
        self.opened = json.loads(self.record.entries[0])
        (slot,) = self.opened["slots"]
        instance = self._replay(slot["bind"])
        with at("letter/0"):
            self.slot = instance.bound(
                slot["bind"],
                workplace=self.letter.workplace,
                number=self.letter.slot,
                digest=unb64u(self.opened["letter"]),
                nonce=unb64u(slot["nonce"]),
            )
        self._open_heads(instance.heads(slot["bind"]))
        slots, heads = _count(len(instance.slots), "slot"), _count(len(self.proof.heads), "head")
        return "OK", f"{slots}, {heads}; the letter has slot {self.slot.number}"

    def _replay(self, bind: int) -> Instance:
        """Applies every entry, and keeps where the heads of this letter stand."""
        instance = Instance(self.letter.host)
        self.positions = []
        for index, data in enumerate(self.instance.entries):
            entry = json.loads(data)
            with at(f"instance/{index}"):
                instance.apply(entry)
            if entry["type"] == "head" and entry["bind"] == bind:
                self.positions.append(index)
        return instance

    def _open_heads(self, found: list[bytes]) -> None:
        try:
            last = open_heads(found, self.proof.heads, self.letter.origin, self.record.hashes)
        except HeadBreach as error:
            whole = error.name in ("head-missing", "heads-number")
            place = "heads.json" if whole else f"instance/{self.positions[error.position]}"
            raise Failure(Fault.of(place, error)) from error
        if last != len(self.record.hashes):
            raise fail(
                f"instance/{self.positions[-1]}",
                "head-not-last",
                f"the last head has {last} entries, this record {len(self.record.hashes)}",
            )

    # 5

    def step_5_letter(self) -> Outcome:
        with at("letter.json"):
            if self.opened["letter"] != b64u(self.letter.digest):
                raise fail(
                    "letter.json",
                    "other-text",
                    "this text is not the one that the record was opened for",
                    "Compare it with the letter's page.",
                )
            self.letter.check_rules()
        name = f"{self.letter.host}/receipts"
        if Key.parse(self.opened["receipt_key"]).name != name:
            raise fail("letter/0", "receipt-key", f"the receipt key is not named {name}")
        return "OK", "its text is the one that was signed"

    # 6, 7

    def step_6_signatures(self) -> Outcome:
        openings = self.proof.openings
        self.opened_at = {i: openings[leaf] for i, leaf in enumerate(self.record.hashes) if leaf in openings}
        self.tally = Tally(self.opened_at)
        for checked in self.workers.map(check_bundle, self._checks()):
            self.tally.add(checked)
        self.tally.check(6)
        if not self.tally.signatures:
            return "NONE", "nobody has signed yet"
        return "OK", f"{self.tally.signatures:,}, each with a key and a token of its own"

    def _checks(self) -> Iterator[Checks]:
        for bundle in self.proof.bundles("letter", self.record):
            indices = range(bundle.first, bundle.first + FULL)
            shown = {index: self.opened_at[index] for index in indices if index in self.opened_at}
            yield Checks(bundle, self.letter.data, self.slot.spki, shown)

    def step_7_withdrawals(self) -> Outcome:
        self.tally.check(7)
        if not self.tally.withdrawals:
            return "NONE", "nobody has withdrawn"
        return "OK", f"{self.tally.withdrawals:,}, each by the key of its signature"

    # 8, 9

    def step_8_capacity(self) -> Outcome:
        workplace = self.letter.document["workplaces"][0]
        close = self._close()
        closed = None if close is None else (close[0], close[1]["issued"])
        check_capacity(self.tally.kinds, workplace, self.letter.host, self.opened["issued"], closed)
        issued = (closed[1] if closed else self.opened["issued"])[0]["n"]
        most = f"headcount {self.letter.headcount:,}" if self.letter.headcount else "no headcount, no cap"
        return "OK", f"{self.tally.signatures:,} signed, {issued:,} tokens; {most}"

    def _close(self) -> tuple[int, dict[str, Any]] | None:
        index = self.tally.close
        return None if index is None else (index, json.loads(self.record.entries[index]))

    def step_9_openings(self) -> Outcome:
        self.tally.check(9)
        if len(self.opened_at) != len(self.proof.openings):
            raise fail(
                "openings.json", "opening-without-leaf", "an opening belongs to no entry of this record"
            )
        check_batches(
            self.tally.kinds,
            self.record.hashes,
            [size for _, size in self.proof.heads],
            self.positions,
            self.letter.document["rules"]["floor"],
        )
        named, hidden = self.tally.left()
        shown = len(self.proof.openings)
        counts = (self.tally.signatures, self.tally.withdrawals, shown, named - shown, hidden)
        names = ("signatures", "withdrawn", "shown", "not_shown", "hidden")
        self.report.counts = dict(zip(names, counts, strict=True))
        return "OK", f"{shown:,} named, {named - shown:,} not shown, {hidden:,} hidden"

    # 10, 12

    def step_10_citations(self) -> Outcome:
        if not self.letter.citations:
            return "NONE", "nothing yet"
        self.report.citations = list(recomputed(self.letter, self.proof.read))
        return "OK", sentence(self.report.citations)

    def step_12_close(self) -> Outcome:
        close = self._close()
        if self.slot.end == "closed":
            end = self.slot.end_index
            heads = zip(self.positions, self.proof.heads, strict=True)
            check_end(self.tally.close, max((size for at, (_, size) in heads if at < end), default=0), end)
        if close is None:
            return "NONE", "the letter is open"
        check_close(self.tally.kinds, *close)
        self.report.closed, self.report.void = True, close[1]["void"]
        return (
            "OK",
            "void: fewer signed than the floor" if self.report.void else "its counts are right",
        )


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3)):,} kB"
