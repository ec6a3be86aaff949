# SPDX-License-Identifier: Apache-2.0
"""The commands of an operator: init, workplace, letter, serve, proof, doctor, slots.  # spec: 17

They work on a data folder (--data DIR or FRONDE_DATA), also while a server runs on it. Django and the site
are imported when a command runs, never before.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fronde import form
from fronde.citation import MOST_BYTES
from fronde.errors import Refused, Unreadable, Usage

if TYPE_CHECKING:
    from fronde.site.folder import Folder
    from fronde.site.letters.models import Workplace

LETTER = re.compile(r"[a-z2-7]{16}")


def register(commands: Any) -> None:
    """Adds the commands of an operator."""
    init = _command(commands, "init", run_init, "make a data folder")
    init.add_argument("dir", metavar="DIR", help="a new or an empty folder")
    init.add_argument(
        "--host", help="the name in every log and token; never changes (default 127.0.0.1:8000)"
    )
    _register_workplace(commands)
    letters = _group(commands, "letter", "open and close letters")
    opens = _command(letters, "open", run_open, "freeze a letter and open its record", data=True)
    opens.add_argument("file", metavar="FILE", help="TOML between +++ lines, then Markdown")
    opens.add_argument("--workplace", required=True, metavar="SLUG", help="whose members can sign")
    closes = _command(letters, "close", run_close, "publish what waits, then take no more", data=True)
    closes.add_argument("id", metavar="ID")
    serve = _command(commands, "serve", run_serve, "serve a data folder")
    serve.add_argument("dir", metavar="DIR", nargs="?", help="the data folder (default: FRONDE_DATA)")
    serve.add_argument("--bind", metavar="A:P", help="where to listen (default 127.0.0.1:8000)")
    proof = _command(commands, "proof", run_proof, "write the proof of a letter", data=True)
    proof.add_argument("id", metavar="ID")
    proof.add_argument("-o", dest="target", required=True, metavar="FILE", help="where to write letter.zip")
    doctor = _command(
        commands, "doctor", run_doctor, "look at everything, say what is wrong, repair it", data=True
    )
    doctor.add_argument("--yes", action="store_true", help="repair without asking")
    slots = _group(commands, "slots", "issuer keys of a workplace")
    _command(slots, "burn", run_burn, "end every slot, destroy its key, begin new seasons", data=True)


def _register_workplace(commands: Any) -> None:
    places = _group(commands, "workplace", "workplaces of this instance")
    add = _command(
        places, "add", run_workplace, "add a workplace and its first two seasons of slots", data=True
    )
    add.add_argument("slug", metavar="SLUG", help="its name in addresses: a-z, 0-9 and -")
    add.add_argument("--name", required=True, help="as people know it")
    add.add_argument("--domain", required=True, action="append", help="of its mailboxes; may be repeated")
    add.add_argument("--shape", help="of what stands before the @, such as first.last")
    add.add_argument("--headcount", type=int, metavar="N", help="how many people work there")
    add.add_argument("--headcount-source", metavar="TEXT", help="where that number stands")
    text = "change what letters say of a workplace that are opened from now on"
    change = _command(places, "change", run_change, text, data=True)
    change.add_argument("slug", metavar="SLUG", help="which one")
    change.add_argument("--name", help="as people know it")
    change.add_argument("--headcount", type=int, metavar="N", help="how many people work there")
    change.add_argument("--headcount-source", metavar="TEXT", help="where that number stands")


def _group(commands: Any, name: str, text: str) -> Any:
    group = commands.add_parser(name, help=text, description=text)
    return group.add_subparsers(dest=f"{name}_command", metavar="COMMAND", required=True)


def _command(commands: Any, name: str, run: Any, text: str, *, data: bool = False) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    made.set_defaults(run=run)
    if data:
        made.add_argument("--data", metavar="DIR", help="the data folder (default: FRONDE_DATA)")
    return made


def _say(text: str) -> None:
    print(text, flush=True)


def _folder(named: str | None) -> Folder:
    """The data folder, Django ready. Raises Usage when it is none."""
    from fronde.site import folder

    name = named or os.environ.get("FRONDE_DATA")
    if not name:
        raise Usage("No data folder is named.", hint="Say --data DIR or set FRONDE_DATA.", name="no-data")
    path = Path(name).resolve()
    if not (path / "policy").is_file():
        raise Usage(f"{name} is no data folder.", hint=f"Make one: fronde init {name}", name="no-folder")
    os.umask(0o077)
    found = folder.use(path)
    from fronde.site.setup import check_database

    check_database(found)
    return found


def _signing(named: str | None) -> Folder:
    """The data folder, its settings right, its record not behind. Raises Usage, Stopped."""
    folder = _folder(named)
    from django.core.management import call_command

    from fronde.site import setup
    from fronde.site.record import store

    _check_settings()
    call_command("migrate", verbosity=0)  # an update that was not served yet may have new tables
    setup.check()
    store.ready()
    return folder


def _check_settings() -> None:
    """Tells wrong settings, each with id and hint. Raises Usage when there is one."""
    from django.core.checks import run_checks

    found = run_checks(tags=["fronde"])
    for message in found:
        print(f"fronde: {message.msg}\n  next: {message.hint}\n  id: {message.id}", file=sys.stderr)
    if any(message.is_serious() for message in found):
        raise Usage("The settings are wrong.", hint="Mend what is listed above.", name="settings")


# -- setting up ---------------------------------------------------------------------------------------------


def run_init(args: argparse.Namespace) -> int:
    """`init DIR [--host H]`: folder, database, keys, policy."""
    from fronde.site.setup import make_instance

    path = Path(args.dir).resolve()
    host = args.host or os.environ.get("FRONDE_HOST") or "127.0.0.1:8000"
    if not form.HOST.fullmatch(host):
        raise Usage(
            f"{host!r} is not a host name.", hint="Use a-z, 0-9, . and -, with :port or not.", name="host"
        )
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Refused(
            f"{args.dir} is not empty.", hint="Name a folder that does not exist yet.", name="not-empty"
        )
    os.umask(0o077)
    new = not path.exists()
    try:
        vkey, fingerprint = make_instance(path, host)
    except BaseException:
        _unmake(path, whole=new)
        raise
    _say(
        f"Made {path} for {host}.\n"
        f"  key          {vkey}\n"
        f"  fingerprint  {fingerprint}\n"
        "Publish key and fingerprint in two places that are not this server.\n"
        "members/ and high-water/ belong into no backup.\n"
        "next:\n"
        f"  fronde workplace add SLUG --name NAME --domain DOMAIN --data {args.dir}\n"
        f"  fronde serve {args.dir}"
    )
    return 0


def _unmake(path: Path, *, whole: bool) -> None:
    """Takes back what a failed `init` made; a folder that was there before stays, empty."""
    for each in [path] if whole else list(path.iterdir()):
        shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink()


def run_workplace(args: argparse.Namespace) -> int:
    """`workplace add SLUG ...`."""
    folder = _signing(args.data)
    from fronde.site.setup import add_workplace

    if not form.SLUG.fullmatch(args.slug):
        raise Usage(f"{args.slug!r} is not a slug.", hint="Use a-z, 0-9 and -, at most 40.", name="slug")
    _say("Making the keys of two seasons ...")
    made = add_workplace(
        folder,
        slug=args.slug,
        name=args.name,
        domains=[domain.lower() for domain in args.domain],
        shape=args.shape,
        headcount=args.headcount,
        source=args.headcount_source or "",
    )
    _say(f"Added {args.slug} with {made} slots. Its members join at /w/{args.slug}/join.")
    return 0


def run_change(args: argparse.Namespace) -> int:
    """`workplace change SLUG ...`."""
    _signing(args.data)
    from fronde.site.setup import change_workplace

    _workplace(args.slug)
    change_workplace(args.slug, name=args.name, headcount=args.headcount, source=args.headcount_source or "")
    place = _workplace(args.slug)
    count = f"{place.headcount} ({place.headcount_source})" if place.headcount else "none"
    _say(
        f"{args.slug} is now: {place.name}; headcount {count}.\n"
        "Letters that are opened from now on say so. Those there are keep what they say, and take no more\n"
        "tokens and signatures than their own headcount."
    )
    return 0


# -- letters ------------------------------------------------------------------------------------------------


def run_open(args: argparse.Namespace) -> int:
    """`letter open FILE --workplace SLUG`."""
    _signing(args.data)
    from fronde import letterfile
    from fronde.site.signing.sequence import open_letter

    path = Path(args.file)
    try:
        text = _bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(f"{args.file} is not UTF-8.", name="not-utf-8") from None
    draft = letterfile.parse(text)
    cited = letterfile.cite(draft, lambda name: _bytes(path.parent / name, MOST_BYTES + 1))
    letter = open_letter(draft, _workplace(args.workplace), cited)
    _say(
        f"Opened {letter.id}: {letter.title}\n"
        f"  page    /letters/{letter.id}\n"
        f"  digest  {letter.digest.hex()}\n"
        f"  closes  {form.format_time(letter.closes)}"
    )
    return 0


def _bytes(path: Path, most: int = -1) -> bytes:
    """What a file holds, at most so many bytes of it. Raises Usage."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}.", name="no-file") from None


def _workplace(slug: str) -> Workplace:
    from fronde.site.letters import reading

    found = reading.workplace(slug)
    if found is None:
        known = ", ".join(place.slug for place in reading.workplaces()) or "none yet"
        raise Refused(f"There is no workplace {slug!r}.", hint=f"There are: {known}.", name="no-workplace")
    return found


def run_close(args: argparse.Namespace) -> int:
    """`letter close ID`."""
    _signing(args.data)
    from fronde.site.letters import reading
    from fronde.site.signing.sequence import close_letter

    close_letter(args.id)
    standing = reading.standing(args.id)
    if standing is None or standing.void:
        _say(f"Closed {args.id}. Fewer than five had signed: nothing is published.")
    else:
        counts = standing.counts
        _say(f"Closed {args.id}: {counts['signatures']} signatures, {counts['withdrawn']} withdrawn.")
    return 0


def run_proof(args: argparse.Namespace) -> int:
    """`proof ID -o FILE`."""
    folder = _signing(args.data)
    from fronde.site.letters import proof, reading
    from fronde.site.record import writer
    from fronde.site.signing.sequence import finish

    if not LETTER.fullmatch(args.id) or reading.letter(args.id) is None:
        raise Refused(
            f"There is no letter {args.id}.", hint="`fronde doctor` lists the letters.", name="no-letter"
        )
    if args.id not in writer.health().letters:  # else the proof up to its last head
        with folder.publishing():
            finish(args.id)
    try:
        proof.write(args.id, Path(args.target).resolve())
    except OSError as error:
        raise Usage(f"{args.target} cannot be written: {error.strerror}.", name="no-file") from None
    except LookupError:
        raise Refused(
            f"Nothing of {args.id} is published yet.",
            hint="`fronde doctor` says what is in the way.",
            name="no-head",
        ) from None
    _say(f"Wrote {args.target}.\nnext:\n  fronde verify {args.target} --policy {folder.policy}")
    return 0


# -- running ------------------------------------------------------------------------------------------------


def run_serve(args: argparse.Namespace) -> int:
    """`serve DIR [--bind A:P]`."""
    if args.bind:
        os.environ["FRONDE_BIND"] = args.bind
    _folder(args.dir)
    _check_settings()
    from fronde.site.serve import serve

    serve(_say)
    return 0


def run_doctor(args: argparse.Namespace) -> int:
    """`doctor`: 0 when all is well or was repaired, else 1."""
    _folder(args.data)
    from fronde.site import doctor

    _check_settings()
    found = doctor.look(_say)
    if found.beyond:
        raise found.beyond
    if found.needs:
        if not (args.yes or _agreed()):
            raise Refused("Nothing was repaired.", hint="Say --yes, or answer yes.", name="not-repaired")
        doctor.repair(_say)
    for why in found.stopped.values():
        raise why
    return 0


def _agreed() -> bool:
    print("Repair this now? [yes/no] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def run_burn(args: argparse.Namespace) -> int:
    """`slots burn`."""
    folder = _signing(args.data)
    from fronde.site.setup import burn

    _say("Making the keys of two seasons ...")
    ended = burn(folder)
    _say(f"Ended {ended} slots and destroyed their keys. Open letters go on with the tokens that are out;")
    _say("members who want to sign later letters enrol again.")
    return 0
