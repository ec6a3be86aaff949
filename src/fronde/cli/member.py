# SPDX-License-Identifier: Apache-2.0
"""The commands of a member: join, sign, withdraw, look, words.  # spec: 17

What is asked is asked on standard input, one line each, so that the same commands work piped. Questions go to
standard error, results to standard output.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fronde import form
from fronde.errors import Breach, Declined, Refused, Usage

if TYPE_CHECKING:
    from fronde.client.join import Enrolled, Enrolment
    from fronde.client.look import Line
    from fronde.client.sign import Draft
    from fronde.client.visit import Trust, Visit

LETTER = re.compile(r"[a-z2-7]{16}")
WORKPLACE_PAGE = "https://fronde.example/w/NAME"
LETTER_PAGE = "https://fronde.example/letters/ID"

SEES = """
Who would see what
  readers and colleagues  {readers}
  mail administrator      that you asked for a code when you joined; nothing of this letter
  the operator            that one more member signs; nothing that is stored says which
  a court                 who is enrolled, and what readers see; not which member wrote a signature
  whoever has this file, or its twelve words
                          every signature made with it

Not protected: a device or a network that is watched, a server operator who writes down times, your style.
"""
NAMED = "{what} as you typed it, also in the proof; copies stay when you withdraw"
HIDDEN = "one more verified colleague, no name"

WORDS = """Whoever finds these words can show every signature made with them.
Write them on paper, not on a device of your employer.
"""


def register(commands: Any) -> None:
    """Adds the commands of a member."""
    join = _command(commands, "join", run_join, "become a member: mailbox, then the code of the mail", "page")
    join.epilog = "Asks for the mailbox, then for the code, one line each on standard input."
    sign = _command(commands, "sign", run_sign, "sign a letter", "letter")
    sign.add_argument("--name", default="", help="show this name (without it, readers see none)")
    sign.add_argument("--note", default="", help="a few words beside the name, such as what you do")
    sign.add_argument("--yes", action="store_true", help="do not ask before sending")
    withdraw = _command(commands, "withdraw", run_withdraw, "take your signature back, for good", "letter")
    withdraw.add_argument("--yes", action="store_true", help="do not ask before sending")
    _command(commands, "look", run_look, "see whether your signature is in the record", "letter")
    words = _command(commands, "words", run_words, "show or restore your twelve words", "page")
    words.add_argument("--lang", choices=("en", "fr"), default="en", help="language of the words shown")
    words.add_argument("--restore", action="store_true", help="read twelve words on standard input")


def _command(commands: Any, name: str, run: Any, help: str, url: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
    command.add_argument("url", metavar="URL", help=f"address of the {url}")
    command.add_argument("--keep", metavar="FILE", help="the member's file (or FRONDE_KEEP)")
    group = command.add_mutually_exclusive_group()
    group.add_argument("--key", metavar="VKEY", help="the key of the instance log that you trust")
    group.add_argument("--policy", metavar="FILE", help="a tlog-policy with that key")
    command.set_defaults(run=run)
    return command


# --- commands ---


def run_join(args: argparse.Namespace) -> int:
    """`fronde join URL`."""
    from fronde.client import http
    from fronde.client.join import Enrolment

    address = http.page(args.url, "w", form.SLUG, WORKPLACE_PAGE)
    with _visit(args, address.base) as visit:
        enrolment = Enrolment(visit, address.name)
        place = enrolment.workplace
        shape = f", of the shape {place.shape}" if place.shape else ""
        print(f"{place.name} takes addresses at {' or '.join(place.domains)}{shape}.")
        enrolment.ask(_line("Your mailbox there: ", "a mailbox"))
        print("A mail is on its way if this mailbox may join. It holds a code of eight letters and digits.")
        _say_joined(_enrol(enrolment), args)
    return 0


def run_sign(args: argparse.Namespace) -> int:
    """`fronde sign URL`."""
    from fronde.client.sign import draft_signature, send

    with _letter(args) as (visit, letter_id):
        draft = draft_signature(
            visit, letter_id, name=args.name, note=args.note, salt=secrets.token_bytes(32)
        )
        _preview(draft)
        _confirm(args, "Sign this letter?")
        receipt = send(visit, draft)
        _say_sent(draft, receipt)
    return 0


def run_withdraw(args: argparse.Namespace) -> int:
    """`fronde withdraw URL`."""
    from fronde.client.sign import draft_withdrawal, send

    with _letter(args) as (visit, letter_id):
        draft = draft_withdrawal(visit, letter_id)
        print(
            f"You withdraw from: {draft.seen.letter.title}\nThis is final: you cannot sign this letter again."
        )
        _confirm(args, "Withdraw?")
        receipt = send(visit, draft)
        _say_sent(draft, receipt)
    return 0


def run_look(args: argparse.Namespace) -> int:
    """`fronde look URL`."""
    from fronde.client.look import look

    with _letter(args) as (visit, letter_id):
        looked = look(visit, letter_id, datetime.datetime.now(datetime.UTC))
        print(looked.seen.letter.title)
        print(f"  {looked.counted} entries of its record are tied to {looked.seen.instance.key.name}")
        for line in looked.lines:
            print(f"  {_told(line)}")
        if not looked.lines:
            print("  this file has posted nothing to this letter")
    return 1 if any(line.state == "refused" for line in looked.lines) else 0


def run_words(args: argparse.Namespace) -> int:
    """`fronde words URL [--restore]`."""
    from fronde.client import http, words
    from fronde.client.keep import Keep

    base = http.base_of(args.url)
    if args.restore:
        seed = words.read(_line("Your twelve words: ", "the twelve words"))
        with _visit(args, base) as visit:
            visit.keep.restore(visit.instance().kept, seed)
        print(
            "Your words are in this file now. Join again with the same mailbox: the tokens come back with it."
        )
        return 0
    kept = Keep.open(args.keep, os.environ).at(base)
    if kept is None or not kept.seed:
        raise Refused("this file holds no words for this address", hint="Join first.", name="no-words")
    print(WORDS, file=sys.stderr)
    print(" ".join(words.write(kept.seed, args.lang)))
    return 0


# --- asking ---


def _line(question: str, what: str) -> str:
    """One line of standard input. Raises Usage when it has ended."""
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise Usage(f"standard input ended where {what} was asked for", hint="Type it, or pipe it as a line.")
    return line.strip()


def _confirm(args: argparse.Namespace, question: str) -> None:
    if args.yes:
        return
    try:
        answer = _line(f"{question} [y/N] ", "an answer").lower()
    except Usage:
        raise Usage("nothing was sent: there was no answer", hint="Answer y, or give --yes.") from None
    if answer not in ("y", "yes"):
        raise Refused("nothing was sent", name="not-confirmed")


def _enrol(enrolment: Enrolment) -> Enrolled:
    """Asks for the code until it is the right one; the server counts the tries."""
    from fronde.client.join import BadCode, clean_code

    said: Refused | None = None
    while True:
        try:
            code = _line("The code: ", "the code")
        except Usage:
            raise said or Usage("standard input ended where the code was asked for") from None
        try:
            return enrolment.enrol(clean_code(code))
        except BadCode as error:
            said = error
        except Declined as error:
            if error.status != 403:
                raise
            said = error
        print(said.message, said.hint, sep="\n", file=sys.stderr)


# --- telling ---


def _say_joined(done: Enrolled, args: argparse.Namespace) -> None:
    print(f"You are in: {len(done.taken)} tokens, for the seasons {', '.join(done.seasons) or 'none'}.")
    if done.held:
        print(
            f"{len(done.held)} slots were taken before with other words (restore these to sign with them), "
            "or are those of letters for which as many people have joined as their headcount."
        )
    print(f"Twelve words bring all this to another device: fronde words {args.url}")


def _preview(draft: Draft) -> None:
    letter = draft.seen.letter
    print(f"You are about to sign: {letter.title}")
    for person in letter.document["to"]:
        print(f"  to {', '.join(part for part in (person['name'], person['office']) if part)}")
    for number, demand in enumerate(letter.document["demands"], start=1):
        print(f"  {number}. {demand['ask']}")
    if draft.shown:
        note = draft.shown.get("note", "")
        print(f"as {draft.shown['name']}" + (f" ({note})" if note else ""))
        readers = NAMED.format(what="name and note, each" if note else "your name")
    else:
        print("with your name hidden from readers")
        readers = HIDDEN
    print(SEES.format(readers=readers))


def _say_sent(draft: Draft, receipt: bytes) -> None:
    from fronde import signature

    by = form.format_time(signature.publish_by(draft.seen.letter, draft.kind))
    what = "Your signature" if draft.kind == "sign" else "Your withdrawal"
    print(f"{what} was taken. It will be in the record by {by}; with others, as soon as enough wait.")
    print("The receipt is kept; `fronde look` uses it.")
    print(receipt.decode(), file=sys.stderr)


def _told(line: Line) -> str:
    what = "signature" if line.kind == "sign" else "withdrawal"
    if line.state == "seen":
        return f"your {what} is in the record, entry {line.index}"
    if line.state == "waiting":
        by = form.format_time(line.publish_by) if line.publish_by else "later"
        return f"your {what} waits to be published, by {by}; it was posted again"
    if line.state == "void":
        return f"your {what} is void: the letter closed with fewer signatures than its floor"
    return f"your {what} was refused: {line.text}"


# --- a visit ---


@contextmanager
def _letter(args: argparse.Namespace) -> Iterator[tuple[Visit, str]]:
    from fronde.client import http

    address = http.page(args.url, "letters", LETTER, LETTER_PAGE)
    with _visit(args, address.base) as visit:
        yield visit, address.name


@contextmanager
def _visit(args: argparse.Namespace, base: str) -> Iterator[Visit]:
    """A visit to the instance at `base`; the evidence of a breach is written beside the member's file."""
    from fronde.client.http import Http
    from fronde.client.keep import Keep
    from fronde.client.visit import Visit

    keep = Keep.open(args.keep, os.environ)
    with Http(base) as client:
        try:
            yield Visit(client, keep, _trust(args), say=lambda event, text: print(text, file=sys.stderr))
        except Breach as breach:
            folder = keep_evidence(breach, keep.path)
            print(f"The evidence is in {folder}", file=sys.stderr)
            raise


def _trust(args: argparse.Namespace) -> Trust:
    from fronde.client.visit import Trust
    from fronde.proof.policy import Policy, default_path

    if args.key:
        return Trust(Policy.parse(f"log {args.key}\nquorum none\n"), strict=True)
    path = Path(args.policy) if args.policy else default_path()
    try:
        return Trust(Policy.parse(path.read_bytes()), strict=bool(args.policy))
    except OSError as error:
        if args.policy:
            raise Usage(f"{path} cannot be read ({error.strerror})") from None
        return Trust()


def keep_evidence(breach: Breach, keep: Path) -> Path:
    """Writes the files of a breach into a new folder beside the member's file, and returns the folder."""
    number = 1
    while True:
        folder = keep.parent / f"evidence-{breach.name}-{number}"
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            number += 1
            continue
        break
    for name, data in {**breach.evidence, "what.txt": f"{breach.name}: {breach.message}\n".encode()}.items():
        if data:
            (folder / re.sub(r"[^A-Za-z0-9._-]", "-", name)).write_bytes(data)
    return folder
