# SPDX-License-Identifier: Apache-2.0
"""`fronde evidence import, sources, forget, rebuild`: the folder of contracts. `ask` has the questions."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fronde import form
from fronde.errors import Unreadable, Usage

from . import ask, cite

if TYPE_CHECKING:
    from fronde.evidence.stage import Meter
    from fronde.evidence.store import Account

REJECTS = 20  # that an import shows; `evidence sources --rejects` shows all
EVERY = 0.5  # seconds between two looks at the progress


def register(commands: Any) -> None:
    """The commands and their options."""
    evidence = commands.add_parser("evidence", help="import public contracts and ask about them")
    actions = evidence.add_subparsers(dest="action", metavar="ACTION", required=True)
    imports = actions.add_parser(
        "import",
        help="take files as publishers give them",
        description="Recognises each file by its form, zipped or not, and says what became of every row."
        " All files are taken or none. docs/evidence.md lists the forms.",
    )
    imports.add_argument("files", metavar="FILE", nargs="+", type=Path)
    imports.add_argument("--publisher", default="", help="who published it (default: as the format says)")
    imports.add_argument("--url", default="", help="where it was fetched")
    imports.add_argument("--retrieved", metavar="YYYY-MM-DD", type=_day, help="when it was fetched")
    imports.add_argument("--licence", default="", help="of the file (default: as the format says)")
    where(imports)
    imports.set_defaults(run=run_import)
    sources = actions.add_parser("sources", help="what was imported, row counts, warnings")
    sources.add_argument("--rejects", action="store_true", help="every row that was not taken, and why")
    sources.add_argument("--json", action="store_true", help="for programs")
    where(sources)
    sources.set_defaults(run=run_sources)
    forget = actions.add_parser("forget", help="forget a file and all that came of it")
    forget.add_argument("sha256", metavar="SHA256", help="its SHA-256, or how that begins")
    where(forget)
    forget.set_defaults(run=run_forget)
    rebuild = actions.add_parser("rebuild", help="make evidence.duckdb anew from the originals")
    where(rebuild)
    rebuild.set_defaults(run=run_rebuild)
    ask.register(actions, where)
    cite.register(actions, where)


def where(command: argparse.ArgumentParser) -> None:
    """The options that say where the evidence lies."""
    places = command.add_mutually_exclusive_group()
    places.add_argument("--evidence", metavar="DIR", type=Path, help="the evidence folder itself")
    places.add_argument("--data", metavar="DIR", type=Path, help="the data folder (default: FRONDE_DATA)")


def folder(args: argparse.Namespace) -> Path:
    """The evidence folder that the options name. Raises Usage."""
    if args.evidence:
        return Path(args.evidence)
    data = args.data or os.environ.get("FRONDE_DATA")
    if not data:
        raise Usage(
            "No folder is named.",
            hint="Say --evidence DIR or --data DIR, or set FRONDE_DATA.",
            name="no-data",
        )
    return Path(data) / "evidence"


def run_import(args: argparse.Namespace) -> int:
    """Imports and says what became of every row."""
    from fronde.evidence import store

    began = time.monotonic()
    about = store.About(args.publisher, args.url, args.retrieved or "", args.licence)
    done = store.import_files(folder(args), args.files, about, tell)
    for name in done.known:
        print(f"{name}: imported before, nothing to do")
    for account in done.accounts:
        _print_account(account)
    if any(account.rejected for account in done.accounts):
        _print_rejects(args, {account.sha256 for account in done.accounts}, REJECTS)
    rows, seconds = sum(account.read for account in done.accounts), time.monotonic() - began
    if done.accounts:
        print(f"{rows:,} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows a second")
    return 0


def run_sources(args: argparse.Namespace) -> int:
    """Lists what was imported."""
    from fronde.evidence import store

    found = store.accounts(folder(args))
    if args.json:
        print(json.dumps([vars(account) for account in found], ensure_ascii=False, indent=1))
        return 0
    for account in found:
        _print_account(account)
    if args.rejects:
        _print_rejects(args, {account.sha256 for account in found}, None)
    if not found:
        print("nothing is imported")
    return 0


def run_forget(args: argparse.Namespace) -> int:
    """Forgets one original."""
    from fronde.evidence import store

    sha256 = store.forget(folder(args), args.sha256, tell)
    print(f"forgotten: {sha256}")
    return 0


def run_rebuild(args: argparse.Namespace) -> int:
    """Reads all originals again."""
    from fronde.evidence import store

    count = store.rebuild(folder(args), tell)
    print(f"made anew from {count} tables")
    return 0


# -- what is printed -----------------------------------------------------------------------------------------


def _print_account(account: Account) -> None:
    print(account.name)
    print(f"  format     {account.format}")
    print(f"  publisher  {account.publisher}{f', {account.url}' if account.url else ''}")
    print(f"  licence    {account.licence}{f'; fetched {account.retrieved}' if account.retrieved else ''}")
    print(f"  sha256     {account.sha256}")
    print(
        f"  rows       {account.read:,} read = {account.kept:,} kept + {account.rejected:,} rejected"
        f" + {account.duplicate:,} duplicate"
    )
    for warning in account.warnings:
        print(f"  warning    {warning}")


def _print_rejects(args: argparse.Namespace, sha256s: set[str], most: int | None) -> None:
    from fronde.evidence import store

    rows = [row for row in store.rejects(folder(args)) if row.sha256 in sha256s]
    print(f"\n{len(rows):,} rows were not taken:")
    for row in rows[:most]:
        column = f", {row.column}" if row.column else ""
        raw = f": {row.raw!a}" if row.raw else ""
        print(f"  {row.name}, row {row.row}{column}: {row.why}{raw}")
    if most is not None and len(rows) > most:
        print(f"  and {len(rows) - most:,} more: fronde evidence sources --rejects")


# -- progress ------------------------------------------------------------------------------------------------


@contextmanager
def tell(words: str, meter: Meter | None, rows: int) -> Iterator[None]:
    """A line on standard error: what happens, how fast, how long still. Nothing without a terminal.

    rows: an estimate, from the first 64 KiB; meter: what knows the share that is done.
    """
    if not sys.stderr.isatty():
        yield
        return
    over, began = threading.Event(), time.monotonic()

    def look() -> None:
        while not over.wait(EVERY):
            share = meter.share() if meter else -1
            sys.stderr.write("\r\x1b[K" + progress(words, share, rows, time.monotonic() - began))
            sys.stderr.flush()

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def progress(words: str, share: float, rows: int, seconds: float) -> str:
    """What the line says. share: what is done, 0 to 1, less than 0 when nobody knows."""
    if share <= 0 or not rows:
        return f"{words} ... {seconds:.0f} s"
    done = share * rows
    return f"{words}: {share:4.0%}, {done / seconds:,.0f} rows/s, {seconds * (1 - share) / share:.0f} s left"


def _day(text: str) -> str:
    try:
        form.date(text, "")
    except Unreadable:
        raise argparse.ArgumentTypeError("a day is YYYY-MM-DD") from None
    return text
