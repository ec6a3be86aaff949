# SPDX-License-Identifier: Apache-2.0
"""`fronde evidence cite`: freezes the figure of an award, for the [[citations]] of a letter file."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fronde.errors import Usage

from .ask import day, opened

if TYPE_CHECKING:
    from fronde.evidence.cite import Reported


def register(actions: Any, folder: Callable[[argparse.ArgumentParser], None]) -> None:
    """The command and its options."""
    cite = actions.add_parser(
        "cite",
        help="freeze the figure of an award, for a letter",
        description="Freezes the rows of one award and the figure that they give into a file that anyone can"
        " recompute. A letter file names it under [[citations]].",
    )
    cite.add_argument("number", metavar="NUMBER")
    cite.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="the citation (JSON)")
    cite.add_argument("--agency", default="", metavar="CODE", help="where several agencies have the number")
    cite.add_argument(
        "--measure", default="obligated", help="obligated (default), 'award value', current, ..."
    )
    cite.add_argument("--currency", default="", metavar="CODE", help="where there are several")
    cite.add_argument("--from", dest="first", type=day, metavar="YYYY-MM-DD", help="first day")
    cite.add_argument("--to", dest="last", type=day, metavar="YYYY-MM-DD", help="last day")
    cite.add_argument("--question", default="", help="what was asked, in words")
    cite.add_argument(
        "--reported", metavar="'19,400,000.00 USD'", help="a figure that no record gives: this comes nearest"
    )
    cite.add_argument("--says", default="", metavar="TEXT", help="how the figure was reported")
    folder(cite)
    cite.set_defaults(run=run_cite)


def run_cite(args: argparse.Namespace) -> int:
    """Freezes and writes; a file that is there already is not replaced."""
    from fronde.citation import words
    from fronde.evidence.cite import Asked, cite

    asked = Asked(args.measure, args.currency, args.first, args.last, args.question)
    reported = _reported(args.reported, args.says)
    made = opened(args, lambda db, _: cite(db, args.number, asked, agency=args.agency, reported=reported))
    try:
        with os.fdopen(os.open(args.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(made.data)
    except FileExistsError:
        raise Usage(f"{args.output} is there already.", hint="Name another file with -o.") from None
    except OSError as error:
        raise Usage(f"cannot write {args.output}: {error.strerror}", hint="Name another file.") from None
    print(f"{args.output}: {words(made.document)}")
    print("In the letter file, beside it:\n")
    print(f'  [[citations]]\n  id = "c1"\n  says = "..."\n  file = "{args.output.name}"\n')
    print("and [^c1] in the text, at the end of the sentence that it stands for.")
    return 0


def _reported(text: str | None, says: str) -> Reported | None:
    from fronde.evidence import money
    from fronde.evidence.cite import Reported

    if text is None:
        if says:
            raise Usage("--says goes with --reported.", hint="Say the figure: --reported '1,000.00 USD'.")
        return None
    match = re.fullmatch(r"(\S+) ([A-Z]{3})", text.strip())
    try:
        if not match or not says:
            raise ValueError("not an amount")
        return Reported(money.cents(match[1]), match[2], says)
    except ValueError as error:
        raise Usage(
            f"--reported {text!r}: {error if says else 'without --says'}",
            hint="Write it as in --reported '19,400,000.00 USD' --says 'the newspaper of 20 June 2018'.",
        ) from None
