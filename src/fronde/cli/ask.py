# SPDX-License-Identifier: Apache-2.0
"""`fronde evidence search, party, buyer, award, vehicle, series, clients, path, mentions, suggest`: ask."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import judge

if TYPE_CHECKING:
    from fronde.evidence.answers import Connection

Ask = Callable[["Connection", argparse.Namespace], Any]

NAME = "NAME|ID"


def register(actions: Any, folder: Callable[[argparse.ArgumentParser], None]) -> None:
    """The questions and their options. folder: adds the options that say where the evidence lies."""

    def question(name: str, help: str, ask: Ask, *names: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = actions.add_parser(name, help=help, description=ask.__doc__)
        for each in names:
            command.add_argument(each.lower(), metavar=NAME if each in _PARTIES else each)
        form = command.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="everything, each row with its source")
        form.add_argument("--csv", action="store_true", help="the first table, for a spreadsheet")
        folder(command)
        command.set_defaults(run=run, ask=ask)
        return command

    search = question("search", "records by words", _search)
    search.add_argument(
        "words", nargs="+", metavar="WORDS", help="""all must occur; '"two words"' in a row"""
    )
    _filters(search)
    question("party", "who it is, what it was paid, by whom", _party, "PARTY")
    buyer = question("buyer", "who sells to it", _buyer, "BUYER")
    buyer.add_argument("--limit", type=_count, default=50, metavar="N", help="lines (default: 50)")
    award = question("award", "one award: all modifications, sums, what is under it", _award, "NUMBER")
    award.add_argument("--agency", default="", metavar="CODE", help="where several agencies have the number")
    vehicle = question("vehicle", "the awards under a number", _vehicle, "NUMBER")
    vehicle.add_argument("--limit", type=_count, default=50, metavar="N", help="awards (default: 50)")
    series = question("series", "amounts by year: direct, through a reseller, candidate", _series, "COMPANY")
    series.add_argument("--of", metavar="BUYER", help="with this buyer alone")
    series.add_argument("--with-children", action="store_true", help="rows that state it as the parent, too")
    clients = question("clients", "which of its clients work directly with a buyer", _clients, "COMPANY")
    clients.add_argument("--of", metavar="BUYER", required=True, help="the buyer")
    question("path", "how two parties are connected, in one or two hops", _path, "FROM", "TO")
    mentions = question("mentions", "awards of others that name its products", _mentions, "COMPANY")
    mentions.add_argument("--of", metavar="BUYER", help="with this buyer alone")
    suggest = question("suggest", "parties that may be one, for people to judge", _suggest)
    suggest.add_argument("--limit", type=_count, default=50, metavar="N", help="pairs (default: 50)")
    judge.register(actions, folder)


_PARTIES = ("PARTY", "BUYER", "COMPANY", "FROM", "TO")


def _filters(search: argparse.ArgumentParser) -> None:
    search.add_argument("--buyer", metavar=NAME)
    search.add_argument("--vendor", metavar=NAME)
    search.add_argument("--from", dest="first", type=day, metavar="YYYY-MM-DD", help="first day")
    search.add_argument("--to", dest="last", type=day, metavar="YYYY-MM-DD", help="last day")
    search.add_argument(
        "--measure", default="", help="obligated, 'award value', subaward, maximum, current, ..."
    )
    search.add_argument("--by", choices=("newest", "amount"), default="newest", help="which first")
    search.add_argument("--limit", type=_count, default=20, metavar="N", help="lines of a page (default: 20)")
    search.add_argument("--page", type=_count, default=1, metavar="N", help="from 1")


def run(args: argparse.Namespace) -> int:
    """Asks and prints: tables, JSON or CSV."""
    from fronde.cli.tables import print_shown
    from fronde.evidence.answers import plain
    from fronde.evidence.shown import shown
    from fronde.evidence.spreadsheet import to_csv

    answer = opened(args, args.ask)
    tables = shown(answer)
    if args.json:
        document = {"question": args.action, "title": tables.title, "answer": plain(answer)}
        document["does_not_show"] = list(tables.not_shown)
        json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
        print()
    elif args.csv:
        sys.stdout.write(to_csv(tables.sections[0]))
    else:
        print_shown(tables)
    return 0


def opened(args: argparse.Namespace, ask: Ask) -> Any:
    """The answer of a question put to the evidence folder that the options name."""
    from fronde.cli.evidence import folder
    from fronde.evidence.reader import Evidence

    with Evidence(folder(args)).reading() as connection:
        return ask(connection, args)


def decided(args: argparse.Namespace) -> list[dict[str, Any]]:
    """The lines of decisions.jsonl."""
    from fronde.cli.evidence import folder
    from fronde.evidence import decisions

    return decisions.read(folder(args))


# -- one function a question --------------------------------------------------------------------------------


def _search(db: Connection, args: argparse.Namespace) -> object:
    """Records in which all words occur: in the description, the vendor's name or the award's number."""
    from fronde.errors import Usage
    from fronde.evidence.answers import MEASURES
    from fronde.evidence.search import Filters, search

    if args.measure and args.measure not in MEASURES:
        raise Usage(f"no measure is called {args.measure[:40]!r}", hint=f"There are: {', '.join(MEASURES)}.")
    filters = Filters(
        buyer=_find(db, args.buyer, "buyer") if args.buyer else None,
        vendor=_find(db, args.vendor, "vendor") if args.vendor else None,
        first=args.first,
        last=args.last,
        measure=args.measure,
    )
    return search(db, " ".join(args.words), filters, order=args.by, limit=args.limit, page=args.page)


def _party(db: Connection, args: argparse.Namespace) -> object:
    """Its numbers and names, parents as records state them, sums by measure and year, direct buyers."""
    from fronde.evidence.questions import about

    return about(db, _find(db, args.party, ""))


def _buyer(db: Connection, args: argparse.Namespace) -> object:
    """Who sells to a buyer, with sums by measure and currency."""
    from fronde.evidence.questions import sellers

    return sellers(db, _find(db, args.buyer, "buyer"), limit=args.limit)


def _award(db: Connection, args: argparse.Namespace) -> object:
    """All modifications of an award and their sums; stock figures apart; its vehicle and what is under it."""
    from fronde.evidence.awards import award

    return award(db, args.number, args.agency)


def _vehicle(db: Connection, args: argparse.Namespace) -> object:
    """The awards under a vehicle (a framework, an indefinite-delivery contract), with sums."""
    from fronde.evidence.awards import vehicle

    return vehicle(db, args.number, limit=args.limit)


def _series(db: Connection, args: argparse.Namespace) -> object:
    """Amounts of a company by year. A year of which nothing was imported is a gap, not a zero."""
    from fronde.evidence.series import series

    buyer = _find(db, args.of, "buyer") if args.of else None
    return series(db, _find(db, args.company, "vendor"), buyer, with_children=args.with_children)


def _clients(db: Connection, args: argparse.Namespace) -> object:
    """Who among a company's clients works directly with a buyer: subawards, mentions, our own list.

    Our own list is read for the table alone: it is in no JSON and no CSV.
    """
    from fronde.evidence.paths import clients

    company, buyer = _find(db, args.company, "vendor"), _find(db, args.of, "buyer")
    return clients(db, company, buyer, own_list=not (args.json or args.csv))


def _path(db: Connection, args: argparse.Namespace) -> object:
    """Paths of one or two edges between two parties, each edge with its record."""
    from fronde.evidence.paths import paths

    return paths(db, _find(db, getattr(args, "from"), ""), _find(db, args.to, ""))


def _mentions(db: Connection, args: argparse.Namespace) -> object:
    """Awards of others whose records name a company's products, and what people said of each."""
    from fronde.evidence.mentions import mentions

    buyer = _find(db, args.of, "buyer") if args.of else None
    return mentions(db, _find(db, args.company, "vendor"), buyer)


def _suggest(db: Connection, args: argparse.Namespace) -> object:
    """Pairs of parties that may be one, by rule, with what people said of each rule so far."""
    from fronde.evidence.suggest import suggest

    return suggest(db, decided(args), limit=args.limit)


def _find(db: Connection, text: str, role: str) -> Any:
    from fronde.evidence.whom import find

    return find(db, text, role)


# -- options ------------------------------------------------------------------------------------------------


def day(text: str) -> datetime.date:
    """An option that is a day."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a date is written as 2018-06-15") from None


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 10**6 or len(text) > 7:
        raise argparse.ArgumentTypeError("from 1 to 1000000")
    return int(text)
