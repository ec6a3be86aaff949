# SPDX-License-Identifier: Apache-2.0
"""The command `fronde`: which commands there are, how errors and exit codes reach a person.  # spec: 17"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from fronde import __version__
from fronde.errors import FrondeError

from . import demo, evidence, member, operator, record, verify

USAGE = 64
EXTRAS = {
    "certifi": "member", "httpx": "member", "mnemonic": "member", "segno": "member",
    "duckdb": "evidence", "ijson": "evidence", "ocdsmerge": "evidence", "rapidfuzz": "evidence",
}  # fmt: skip


class Parser(argparse.ArgumentParser):
    """argparse with exit code 64 for wrong usage (2 means: cannot read)."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line; heavy imports happen inside the commands."""
    top = Parser(
        prog="fronde",
        description="Write, sign, prove, deliver and follow up an open letter. "
        "Anyone can check that N verified colleagues signed; nobody can tell which ones.",
        epilog="Exit codes: 0 done, 1 refused or failed, 2 cannot read, 3 untied, 64 wrong usage.",
    )
    top.add_argument("--version", action="version", version=f"fronde {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (verify, record, member, evidence, operator, demo):
        module.register(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    args = parser().parse_args(argv)
    try:
        return int(args.run(args))
    except FrondeError as error:
        complain(error)
        return error.exit
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing.startswith("fronde") or not missing:
            raise
        extra = EXTRAS.get(missing, "site")
        print(f"fronde: this command needs {missing}\n  next: pip install 'fronde[{extra}]'", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("fronde: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away; say nothing more, also at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def complain(error: FrondeError) -> None:
    """One sentence, one next step, one id: on standard error."""
    print(f"fronde: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  next: {error.hint}", file=sys.stderr)
    print(f"  id: {error.name}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
