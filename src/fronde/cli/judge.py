# SPDX-License-Identifier: Apache-2.0
"""`fronde evidence judge, product, mention, undo, decisions`: what people say of the records.

Each is one more line of decisions.jsonl, with a name and a reason. Nothing is taken out: `undo` adds a line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fronde.errors import Refused, Usage

if TYPE_CHECKING:
    from fronde.evidence.answers import Connection


FILES = ("source", "forget")  # lines that are about files, not decisions
APART = ("type", "by", "why")


def register(actions: Any, folder: Callable[[argparse.ArgumentParser], None]) -> None:
    """The commands and their options."""

    def decision(name: str, help: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = actions.add_parser(name, help=help, description=run.__doc__)
        command.set_defaults(run=run)
        folder(command)
        return command

    judge = decision("judge", "say whether two parties are one", run_judge)
    judge.add_argument("verdict", choices=("same", "not-same", "unsure"))
    judge.add_argument("one", metavar="NAME|ID")
    judge.add_argument("other", metavar="NAME|ID")
    product = decision("product", "add a product of a company to the dictionary", run_product)
    product.add_argument("company", metavar="NAME|ID")
    product.add_argument("words", metavar="WORDS", help="as records write it, such as 'office 365'")
    product.add_argument("--note", default="", help="what it is")
    mention = decision("mention", "say whether an award's record names a product", run_mention)
    mention.add_argument("award", metavar="NUMBER")
    mention.add_argument("product", metavar="WORDS", help="as in the dictionary")
    mention.add_argument("verdict", choices=("confirm", "deny"))
    mention.add_argument(
        "--agency", default="", metavar="CODE", help="where several agencies have the number"
    )
    undo = decision("undo", "take back a decision", run_undo)
    undo.add_argument("line", type=int, metavar="LINE", help="its number in `fronde evidence decisions`")
    for command in (judge, mention, undo):
        command.add_argument("--why", required=True, help="the reason, for those who read it later")
    for command in (judge, product, mention, undo):
        command.add_argument("--by", required=True, metavar="NAME", help="who says so")
    listed = decision("decisions", "everything that people said, with line numbers", run_decisions)
    listed.add_argument("--json", action="store_true", help="for programs")


def run_judge(args: argparse.Namespace) -> int:
    """Says that two parties are the same, are not the same, or that nobody can tell."""
    one, other = (_handle(args, text) for text in (args.one, args.other))
    if one == other:
        raise Usage(f"{one} is one party already", hint="Name two by their handles.")
    return _append(args, {"type": args.verdict, "a": one, "b": other, "why": _said(args.why)})


def _handle(args: argparse.Namespace, text: str) -> str:
    """The handle that was typed, also of a party that is joined with others; else of a name or number."""
    from fronde.cli.ask import opened
    from fronde.evidence.answers import rows
    from fronde.evidence.whom import find

    def ask(db: Connection, _: argparse.Namespace) -> str:
        exact = rows(db, "SELECT handle FROM party WHERE handle = $text", text=text)
        return exact[0][0] if exact else find(db, text).handle

    return str(opened(args, ask))


def run_product(args: argparse.Namespace) -> int:
    """Adds words that records use for a product of a company. A hit is a candidate: two people confirm it."""
    from fronde.evidence import quotes

    words = " ".join(quotes.words(args.words))
    if not words:
        raise Usage("a product needs at least one word")
    company = args.company.strip()
    return _append(args, {"type": "product", "company": company, "words": words, "note": args.note})


def run_mention(args: argparse.Namespace) -> int:
    """Confirms or denies that an award's record names a product. Two names that confirm make it count."""
    from fronde.cli.ask import opened
    from fronde.evidence import quotes

    product = " ".join(quotes.words(args.product))
    key, candidate = opened(args, lambda db, _: _candidate(db, args.award, args.agency, product))
    if not candidate:
        raise Refused(
            f"{key} is no candidate for {product!r}",
            hint="fronde evidence mentions COMPANY lists candidates; fronde evidence product adds words.",
            name="mention-no-candidate",
        )
    why = _said(args.why)
    return _append(
        args, {"type": "mention", "award": key, "product": product, "verdict": args.verdict, "why": why}
    )


def _candidate(db: Connection, number: str, agency: str, product: str) -> tuple[str, bool]:
    """The key of an award, and whether it has a mention of a product that is in the dictionary."""
    from fronde.evidence import mentions
    from fronde.evidence.answers import rows
    from fronde.evidence.awards import award
    from fronde.evidence.whom import named

    key = award(db, number, agency).key
    ((award_id,),) = rows(db, "SELECT id FROM award WHERE key = $key", key=key)
    companies = rows(db, "SELECT DISTINCT company FROM product WHERE words = $words", words=product)
    owners = set(named(db, [each for (each,) in companies]).values())
    found = [each for owner in owners for each in mentions.of(db, owner)]
    return key, any(each.award == award_id and each.product == product for each in found)


def run_undo(args: argparse.Namespace) -> int:
    """Takes back one line: it has no effect from now on. Undoing that brings it back."""
    from fronde.cli.ask import decided

    lines = decided(args)
    if not 1 <= args.line <= len(lines):
        raise Usage(f"there is no line {args.line}", hint="fronde evidence decisions lists them.")
    if lines[args.line - 1]["type"] in FILES:
        raise Usage(f"line {args.line} is about a file, not a decision", hint="fronde evidence forget SHA256")
    return _append(args, {"type": "undo", "line": args.line, "why": _said(args.why)})


def run_decisions(args: argparse.Namespace) -> int:
    """Lists what people said, oldest first; lines about files are left out."""
    from fronde.cli.ask import decided
    from fronde.evidence import judged

    lines = decided(args)
    said = [(number, line) for number, line in enumerate(lines, 1) if line["type"] not in FILES]
    if args.json:
        print(json.dumps([{"line": number, **line} for number, line in said], ensure_ascii=False, indent=1))
        return 0
    standing = {id(line) for line in judged.in_force(lines)}
    for number, line in said:
        rest = "  ".join(ascii(value) for key, value in line.items() if key not in APART and value != "")
        why = f": {line['why']}" if line.get("why") else ""
        state = "" if id(line) in standing or line["type"] == "undo" else "  (undone)"
        print(f"{number:5}  {line['type']:8}  {rest}  by {line['by']}{why}{state}")
    if not said:
        print("nobody has said anything yet")
    return 0


def _append(args: argparse.Namespace, line: dict[str, Any]) -> int:
    from fronde.cli.evidence import folder
    from fronde.evidence import decisions

    by = " ".join(args.by.split())
    if not by:
        raise Usage("a decision needs a name", hint="--by NAME")
    number = decisions.append(folder(args), {**line, "by": by})
    print(f"line {number}: {line['type']}, by {by}")
    return 0


def _said(why: str) -> str:
    reason = " ".join(why.split())
    if not reason:
        raise Usage("a decision needs a reason", hint="--why 'what you saw in the record'")
    return reason
