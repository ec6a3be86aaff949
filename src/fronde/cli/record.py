# SPDX-License-Identifier: Apache-2.0
"""`fronde record check` and `fronde record watch`: published logs looked at from outside.  # spec: 7, 17"""

from __future__ import annotations

import argparse
import base64
import datetime
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from fronde.client.places import Found, Site, find
from fronde.client.records import Reader, Record, Trust, grown
from fronde.errors import Declined, FrondeError, Newer, Refused, Unreadable, Usage
from fronde.form import format_time
from fronde.proof import bundle
from fronde.proof.policy import Policy, default_path
from fronde.record import note, tlogproof
from fronde.record.note import fingerprint

UNTIED = 3
EVERY = 300


def register(commands: Any) -> None:
    """The commands and their options."""
    record = commands.add_parser("record", help="check or watch a public record from outside")
    actions = record.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="read whole logs and check them",
        description="Checks the instance log, a letter's record, or all that an address or a folder has of"
        " them: signature, root from every entry, tiles, forms, the replay of the instance log, heads.",
        epilog="Exit codes: 0 in order, 1 a check failed, 2 cannot be read, 3 in order but tied to nobody.",
    )
    _common(check)
    check.add_argument("--proof", metavar="INDEX", type=_index, help="write the .tlog-proof of an entry")
    check.add_argument("-o", "--output", metavar="FILE", type=Path, help="where (default: INDEX.tlog-proof)")
    check.set_defaults(run=run_check)
    watch = actions.add_parser(
        "watch",
        help="keep the last checkpoint and complain about anything but growth",
        description="Reads a log again and again, keeps its last checkpoint, and ends with exit code 1 and"
        " the evidence in a file when the log does anything but grow.",
    )
    _common(watch)
    watch.add_argument(
        "--keep", metavar="FILE", type=Path, help="the checkpoint seen last (default: by origin)"
    )
    watch.add_argument("--once", action="store_true", help="look once")
    watch.add_argument("--every", metavar="SECONDS", type=_seconds, default=EVERY, help=f"default: {EVERY}")
    watch.set_defaults(run=run_watch)


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "place", metavar="URL|DIR", help="an instance, its /log, a letter, or a folder of them"
    )
    source = command.add_mutually_exclusive_group()
    source.add_argument("--key", metavar="VKEY", help="the key of the instance log")
    source.add_argument(
        "--policy", metavar="FILE", type=Path, help="a tlog-policy (default: ~/.config/fronde/policy)"
    )


# --- check ---


def run_check(args: argparse.Namespace) -> int:
    """Checks and prints; returns 0, or 3 when nobody vouches for a log."""
    if args.output and args.proof is None:
        raise Usage("-o is the file of a --proof")
    found = find(args.place)
    with closing(found):
        if args.proof is not None and found.prefix is None:
            raise Usage("--proof is of one log", hint="Name its address, such as https://HOST/log.")
        reader = _reader(found, _trust(args))
        prefixes = [found.prefix] if found.prefix is not None else _all(found)
        records = [_show(found, reader, prefix, _trust(args)) for prefix in prefixes]
        if args.proof is not None:
            _write_proof(records[0], args.proof, args.output or Path(f"{args.proof}.tlog-proof"))
    return 0 if all(record.tied for record in records) else UNTIED


def _all(found: Found) -> list[str]:
    return ["log", *(f"letters/{letter}/record" for letter in found.place.letters())]


def _reader(found: Found, trust: Trust, *, remember: bool = False) -> Reader:
    """What comes over a network is remembered while a log is read: it is read more than once."""
    return Reader(found.place, trust, remember=remember or isinstance(found.place, Site))


def _show(found: Found, reader: Reader, prefix: str, trust: Trust) -> Record:
    """Checks one log and prints what was found."""
    record = reader.record(prefix)
    checkpoint = record.log.checkpoint
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(record.counts.items()))
    print(record.origin)
    print(f"  read from    {found.place.where(prefix)}")
    print(f"  size         {checkpoint.size}")
    print(f"  root         {base64.b64encode(checkpoint.root).decode()}")
    print(f"  key          {_whose(record, trust)}")
    if record.key:
        print(f"  fingerprint  {fingerprint(record.key.vkey)}")
    print(f"  entries      {counts or 'none'}")
    print("  checked      " + "\n               ".join(record.checked))
    print(flush=True)
    return record


def _whose(record: Record, trust: Trust) -> str:
    if record.tied:
        return f"vouched for by {trust.source}"
    if record.key:
        return "NOT TIED TO ANYBODY: only this place itself names it"
    return "NOT TIED TO ANYBODY: none is known, the signature was not checked"


def _write_proof(record: Record, index: int, path: Path) -> None:
    if index >= len(record.log.hashes):
        raise Usage(f"{record.origin} has no entry {index}", hint="Entries are counted from 0.")
    proof = tlogproof.write(index, record.log.hashes, record.log.note)
    if record.key:
        tlogproof.check(proof, record.log.entries[index], record.key)
    _write(path, proof)
    print(f"the proof of entry {index} is in {path}")


# --- watch ---


def run_watch(args: argparse.Namespace) -> int:
    """Looks once or for ever. Anything but growth raises, with the evidence written."""
    found = find(args.place)
    with closing(found):
        if found.prefix is None:
            found = Found(found.place, "log", found.close)
        reader, keep = _reader(found, _trust(args), remember=True), args.keep
        while True:
            try:
                tied, keep = _look(reader, found.prefix or "", keep)
                if args.once:
                    return 0 if tied else UNTIED
            except FrondeError as error:
                if args.once or not _passing(error):
                    raise
                print(f"{_now()}  {error.message}", file=sys.stderr, flush=True)
            time.sleep(args.every)


def _passing(error: FrondeError) -> bool:
    """A server that is away or busy is asked again later."""
    return isinstance(error, Declined) or error.name == "unreachable"


def _look(reader: Reader, prefix: str, keep: Path | None) -> tuple[bool, Path]:
    """One look: the log is checked, begins with what was kept, and is kept."""
    seen = b""
    try:
        reader.files.clear()
        keep = keep or Path(reader.checkpoint(prefix).origin.replace("/", "_") + ".checkpoint")
        seen = keep.read_bytes() if keep.exists() else b""
        record = reader.record(prefix)
        more = grown(record, seen) if seen else record.log.checkpoint.size
    except (Declined, Newer):
        raise
    except (Refused, Unreadable) as error:
        path = _evidence(error, reader, seen)
        print(f"The evidence is in {path}", file=sys.stderr)
        raise Refused(error.message, hint=error.hint or f"Show {path} to others.", name=error.name) from None
    _write(keep, record.log.note)
    size = record.log.checkpoint.size
    change = ("first seen", f"{more} more", "unchanged")[0 if not seen else 1 if more else 2]
    tie = "" if record.tied else "NOT TIED TO ANYBODY, "
    print(f"{_now()}  {record.origin}  {tie}{size} entries, {change}", flush=True)
    return record.tied, keep


def _evidence(error: FrondeError, reader: Reader, seen: bytes) -> Path:
    """All that was read, and the checkpoint that it should have grown from, in one new file."""
    files = {f"read/{path}": data for path, data in reader.files.items()}
    files["seen/checkpoint"] = seen
    files["what.txt"] = f"{_now()} {error.name}: {error.message}\n".encode()
    number = 1
    while (path := Path(f"evidence-{error.name}-{number}.zip")).exists():
        number += 1
    bundle.write(path, [(name, data) for name, data in files.items() if data])
    return path


def _now() -> str:
    return format_time(datetime.datetime.now(datetime.UTC))


# --- options ---


def _trust(args: argparse.Namespace) -> Trust:
    if args.key:
        return Trust(Policy.parse(f"log {args.key}\nquorum none\n"), "--key", strict=True)
    path: Path = args.policy or default_path()
    if not args.policy and not path.is_file():
        return Trust()
    try:
        with path.open("rb") as file:
            policy = Policy.parse(file.read(note.LIMIT))
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", hint="Check the name of the file.") from None
    return Trust(policy, f"--policy {path}" if args.policy else f"your own {path}", strict=bool(args.policy))


def _write(path: Path, data: bytes) -> None:
    """Replaces a file in one step."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise Usage(f"cannot write {path}: {error.strerror}") from None


def _index(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise argparse.ArgumentTypeError("an index is a number from 0")
    return int(text)


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 86_400:
        raise argparse.ArgumentTypeError("from 1 to 86400")
    return int(text)
