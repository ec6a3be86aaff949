# SPDX-License-Identifier: Apache-2.0
"""Writes the proofs of this folder, good and bad, and how each of them ends: `python -m tests.bundles.make`.

    NAME.zip           the proof
    keys/NAME.*        what its reader brings along, where it is not the usual policy: a policy, a checkpoint
    expected.json      name -> {exit, step, entry, slug, steps, key?, policy?, compare?, counts?}

step 0: none fails. entry: "" where none is named. steps: the results of all twelve. Every verifier of the
protocol must end like this; slugs are this one's. The bytes are the same at every run.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from fronde.proof.policy import Policy
from fronde.proof.report import Report
from fronde.proof.verify import Trust, verify
from fronde.record.note import Key
from tests.simulator import Workplace

from . import archives, citations, entries, good, letters, logs, replay
from .cases import CASES, Case, Made

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "expected.json"
PARTS = (good, archives, logs, replay, letters, entries, citations)


def trust_of(made: Made) -> Trust:
    """What the reader of a bundle brings along."""
    trust = Trust(compare=made.compare or None)
    if made.key:
        return replace(trust, key=Key.parse(made.key), source="--key")
    if made.policy is not None:
        return replace(trust, policy=Policy.parse(made.policy), source="--policy")
    return trust


def report_of(made: Made) -> Report:
    """The verification of a bundle."""
    return verify(io.BytesIO(made.proof), trust_of(made))


def expectation(case: Case, made: Made) -> dict[str, Any]:
    """What stands in expected.json for a case: how it must end, and what the steps before that say."""
    found: dict[str, Any] = {"exit": case.exit, "step": case.step, "entry": made.entry, "slug": case.slug}
    report = report_of(made)
    found["steps"] = " ".join(step.result for step in report.steps)
    if report.counts:
        found["counts"] = report.counts
    if made.key:
        found["key"] = made.key
    for kind, data in files_beside(case.name, made):
        found[kind] = data[0]
    return found


def files_beside(name: str, made: Made) -> list[tuple[str, tuple[str, bytes]]]:
    """The files that a reader brings along: kind -> (path, bytes)."""
    beside: list[tuple[str, tuple[str, bytes]]] = []
    if made.policy is not None:
        usual = made.policy == Workplace(slots=0).policy()
        beside.append(("policy", ("keys/policy" if usual else f"keys/{name}.policy", made.policy.encode())))
    if made.compare:
        beside.append(("compare", (f"keys/{name}.checkpoint", made.compare)))
    return beside


def write() -> None:
    """Writes every bundle, and removes those that are no more."""
    (FOLDER / "keys").mkdir(exist_ok=True)
    manifest, written = {}, {EXPECTED}
    for name, case in sorted(CASES.items()):
        made = case.made()
        files = [(f"{name}.zip", made.proof), *(each for _, each in files_beside(name, made))]
        for path, data in files:
            (FOLDER / path).write_bytes(data)
            written.add(FOLDER / path)
        manifest[name] = expectation(case, made)
    EXPECTED.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    for path in [*FOLDER.glob("*.zip"), *FOLDER.glob("keys/*")]:
        if path not in written:
            path.unlink()
    print(f"{len(manifest)} bundles, {sum(path.stat().st_size for path in written):,} bytes")


if __name__ == "__main__":
    write()
