# SPDX-License-Identifier: Apache-2.0
"""`fronde verify letter.zip`: numbered steps, a verdict, and what is not proven.  # spec: 13, 17"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from fronde.citation import words
from fronde.errors import FrondeError, Unreadable, Usage
from fronde.proof.policy import Policy, default_path
from fronde.proof.report import FOREIGN, UNTIED, Report, Step
from fronde.proof.verify import Trust, verify
from fronde.record import note
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import ED25519, Key

WIDTH = 80
LARGE = 4_000_000  # bytes of a proof from which several processes are worth their start
MOST_PROCESSES = 8

_HEADLINES = {0: "VERIFIED", 1: "NOT VERIFIED", 2: "CANNOT BE READ", 3: "CONSISTENT, BUT NOT TIED TO ANYBODY"}
_SIGNS = {"OK": "OK", "FAIL": "FAIL", "NONE": "--"}


def register(commands: Any) -> None:
    """The command and its options."""
    parser = commands.add_parser(
        "verify",
        help="check a proof, offline",
        description="Checks a proof (letter.zip) in twelve steps, offline. No key in the file is trusted:"
        " give the key of the instance, or a policy, that did not come with it.",
        epilog="Exit codes: 0 verified, 1 a step failed, 2 cannot be read, 3 consistent but tied to nobody,"
        " 64 wrong usage.",
    )
    parser.add_argument("file", type=Path, help="the proof")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--key", metavar="VKEY", help="the key of the instance log")
    source.add_argument(
        "--policy",
        metavar="FILE",
        type=Path,
        help="a tlog-policy (default: ~/.config/fronde/policy)",
    )
    parser.add_argument(
        "--compare", metavar="CHECKPOINT", type=Path, help="a checkpoint of either log that you saw earlier"
    )
    parser.add_argument("--json", action="store_true", help="print the report for machines")
    parser.add_argument(
        "--processes", metavar="N", type=_positive, help="default: 1, and every core for a proof above 4 MB"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verifies and prints; returns the exit code."""
    trust = _trust(args)
    printer = None if args.json else Printer(trust)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        processes = args.processes or _processes(args.file)
        # A large proof is a million small values and no circle: the collector would count them over and over.
        gc.disable()
        report = verify(
            args.file, trust, processes=processes, progress=printer.step if printer else lambda report: None
        )
    except OSError as error:
        raise Unreadable(
            f"cannot read {args.file}: {error.strerror or error}",
            hint="Check the name of the file.",
            name="no-such-proof",
        ) from None
    finally:
        gc.enable()
    if printer:
        printer.end(report)
    else:
        print(report.to_json().decode())
    return report.exit


class Printer:
    """Prints a verification while it runs, for people, in 80 columns."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def step(self, report: Report) -> None:
        """The step that has just finished; before the first, what nobody vouches for."""
        step = report.steps[-1]
        if step.n == 1 and (report.untied or not (self._trust.key or self._trust.policy)):
            self._warn(report)
        print(_line(step), flush=True)

    def _warn(self, report: Report) -> None:
        print(UNTIED)
        if report.origin:
            print(f"  origin       {report.origin}")
            print(f"  fingerprint  {report.fingerprint}")
            print(_fill("Compare both in two places that have nothing to do with this file.", "  "))
        print()

    def end(self, report: Report) -> None:
        """The verdict, whose key it rests on, and what is not proven."""
        print(f"\n{_HEADLINES[report.exit]}")
        print(_fill(_visible(report.verdict()), "  "))
        if report.origin:
            source = f"from {report.source}; {FOREIGN}" if report.source else "from this file itself"
            print(f"\n  origin       {report.origin}")
            print(f"  fingerprint  {report.fingerprint}")
            print(_fill(f"key          {source}", "  ", 15))
        if report.citations:
            print("\nCITED")
        for cited in report.citations:
            figure = cited["figure"]
            print(_fill(f"- {cited['id']}: {_visible(cited['says'])}", "  ", 4))
            print(_fill(f"{words(cited)}; {figure['from']} to {figure['to']}", "    "))
        print("\nNOT PROVEN")
        for each in report.not_proven:
            print(_fill(f"- {each}", "  ", 4))


def _line(step: Step) -> str:
    head = f"{step.n:>2}  {_SIGNS[step.result]:<4}  {step.name:<25}  "
    fault = step.fault
    if not fault:
        return _fill(head + _visible(step.detail), "", len(head))
    place = f"{fault.entry}: " if fault.entry and not step.detail.startswith(fault.entry) else ""
    lines = [_fill(head + place + step.detail, "", len(head))]
    if fault.hint:
        lines.append(_fill(f"next: {fault.hint}", " " * 10, 16))
    return "\n".join([*lines, f"          id:   {fault.slug}"])


def _fill(text: str, indent: str, hanging: int | None = None) -> str:
    after = indent if hanging is None else " " * hanging
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=after,
        break_on_hyphens=False,
        break_long_words=True,
    )


def _visible(text: str) -> str:
    """A title may hold characters that turn a terminal's line around: they are not printed."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _trust(args: argparse.Namespace) -> Trust:
    compare = _compare(args.compare) if args.compare else None
    if args.key:
        return Trust(key=_key(args.key), source="--key", compare=compare)
    if args.policy:
        policy = Policy.parse(_read(args.policy))
        return Trust(policy=policy, source=f"--policy {args.policy}", compare=compare)
    own = default_path()
    if own.is_file():
        return Trust(policy=Policy.parse(_read(own)), given=False, source=f"your own {own}", compare=compare)
    return Trust(compare=compare)


def _key(vkey: str) -> Key:
    try:
        key = Key.parse(vkey)
    except FrondeError as error:
        raise Usage(
            f"--key: {error.message}", hint="A key looks like letters.example/log+1a2b3c4d+AbCd..."
        ) from None
    if key.type != ED25519:
        raise Usage("--key: this is the key of a witness, not of a log")
    return key


def _compare(path: Path) -> bytes:
    data = _read(path)
    try:
        Checkpoint.parse(note.parse(data).text)
    except FrondeError as error:
        raise Usage(
            f"--compare {path}: {error.message}", hint="Give the file /log/checkpoint as you saved it."
        ) from None
    return data


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(note.LIMIT + 1)
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", hint="Check the name of the file.") from None
    if len(data) > note.LIMIT:
        raise Usage(f"{path} has more than {note.LIMIT} bytes")
    return data


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 256:
        raise argparse.ArgumentTypeError("from 1 to 256")
    return number


def _processes(path: Path) -> int:
    """Several processes start in some tenths of a second: small proofs are done by then."""
    if path.stat().st_size < LARGE:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_PROCESSES)
