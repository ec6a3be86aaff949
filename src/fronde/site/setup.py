# SPDX-License-Identifier: Apache-2.0
"""What operator commands do to a folder: an instance made, a workplace added, slots burned."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from fronde.errors import Refused, Stopped, Usage

from .folder import INSTANCE, Folder, make, put, use

MOST_PEOPLE = 10**9

CONFIG = """\
# Settings of this instance of Fronde; the environment (FRONDE_HOST, ...) goes before this file.
# docs/settings.md explains each.

# The name in every log, key and token. It never changes.
host = "{host}"

# The addresses at which people reach this instance; the default is what it listens at and https://HOST.
# origins = ["https://letters.example.org"]
# bind = "127.0.0.1:8000"

# Without SMTP, mails lie in outbox/.
# smtp_url = "smtps://USER:PASSWORD@mail.example.org"
# mail_from = "post@letters.example.org"

# Who you are, and a way to reach you: shown on every page.
# operator = "Union of Meridian's staff"
# contact = "mailto:fronde@union.example"
"""


def check_database(folder: Folder) -> None:
    """Raises Stopped when the database is missing or none: an empty one would begin another history."""
    try:
        # Opened as it is; `connect` alone would make a file that is not there.
        with contextlib.closing(sqlite3.connect(f"{folder.database.as_uri()}?mode=rw", uri=True)) as db:
            db.execute("SELECT count(*) FROM fronde_log_entry WHERE log = ''")
    except sqlite3.Error as error:
        raise Stopped(
            f"The database {folder.database.name} is missing or damaged: {error}.",
            hint="Put it back from a backup, however old, then run `fronde doctor`: "
            "what it lacks comes back from public/.",
            name="database-lost",
        ) from None


def start() -> None:
    """What a server does before it signs anything: everything compared, what a crash left mended.

    The caller holds `Folder.publishing()`. What is wrong is kept for `store.ready()`.
    """
    from .record import recover

    recover.start()
    _check_members()
    recover.mend_all()


def check() -> None:
    """What a command does before it signs anything: `start` in short, mending nothing."""
    from .record import recover

    recover.check()
    _check_members()


def _check_members() -> None:
    from .members import enrolment
    from .record import store, writer

    try:
        enrolment.check_record(store.size(INSTANCE))
    except Stopped as why:
        writer.stop(why)


def make_instance(path: Path, host: str) -> tuple[str, str]:
    """A data folder for `host` that one user alone can read: (vkey, fingerprint) of its log."""
    make(path, mode=0o700)
    path.chmod(0o700)
    put(path / "fronde.toml", CONFIG.format(host=host).encode(), mode=0o600)
    put(path / "keys" / "log", secrets.token_bytes(32), mode=0o600)
    folder = use(path)
    from django.conf import settings

    settings.FRONDE_HOST = host  # of --host, which goes before the environment
    _fill(folder)
    from .letters.reading import instance_identity

    _, vkey, fingerprint = instance_identity()
    return vkey, fingerprint


def _fill(folder: Folder) -> None:
    from django.core.management import call_command

    from .members import enrolment
    from .record import logs

    for private in (folder.keys, folder.members, folder.path / "high-water", folder.outbox):
        make(private, mode=0o700)
        private.chmod(0o700)
    make(folder.record(INSTANCE))
    # SQLite gives its write-ahead log the same mode: what waits is for no other account here.
    put(folder.database, b"", mode=0o600)
    call_command("migrate", verbosity=0)
    enrolment.create()
    put(folder.policy, f"log {logs.signer(INSTANCE).vkey}\nquorum none\n".encode())


def add_workplace(
    folder: Folder,
    *,
    slug: str,
    name: str,
    domains: Sequence[str],
    shape: str | None,
    headcount: int | None,
    source: str,
) -> int:
    """A workplace, its rule, its first two seasons, published: how many slots. Raises Refused, Usage."""
    from . import clock
    from .letters.models import Workplace
    from .members.mailbox import Rule
    from .signing import slots
    from .signing.sequence import publish_instance

    rule = Rule.make(list(domains), shape)
    _check_words(name, headcount, source)
    if Workplace.objects.filter(slug=slug).exists():
        raise Refused(
            f"There is a workplace {slug} already.", hint="Choose another slug.", name="workplace-exists"
        )
    Workplace.objects.create(
        slug=slug,
        name=name,
        domains=list(rule.domains),
        shape=rule.shape or "",
        headcount=headcount,
        headcount_source=source,
    )
    made = slots.ensure_seasons(clock.now())
    with folder.publishing():
        publish_instance()
    return made


def change_workplace(slug: str, *, name: str | None, headcount: int | None, source: str) -> None:
    """Another name, another headcount, for letters that are opened from now on: open ones are frozen.

    What is None stays. Domains and shape are not changed: they say who is a member, and who was.
    Raises Refused, Stopped, Usage.
    """
    from .letters.models import Workplace
    from .members import enrolment

    place = Workplace.objects.get(slug=slug)
    if name is None and headcount is None and not source:
        raise Usage("Nothing is to be changed.", hint="Say --name or --headcount.", name="workplace")
    _check_words(place.name if name is None else name, headcount, source)
    place.name = place.name if name is None else name
    if headcount is None:
        place.save()
        return
    with enrolment.counting(slug) as joined:
        if headcount < joined:
            raise Refused(
                f"{joined} members have joined {slug}: a headcount of {headcount} is less than that.",
                hint="Say a number that is not below it. Tokens of people who left end with their season; "
                "`fronde slots burn` ends all at once.",
                name="headcount-below",
            )
        place.headcount, place.headcount_source = headcount, source
        place.save()


def _check_words(name: str, headcount: int | None, source: str) -> None:
    """What stands in every letter must be of a letter's form: found here, not when the first one opens."""
    from fronde.form import BadForm, text

    try:
        text(200)(name, "--name")
        text(500, empty=headcount is None)(source, "--headcount-source")
    except BadForm as error:
        raise Usage(
            f"{error.message}.", hint="A number of people needs a source.", name="workplace"
        ) from None
    if headcount is None and source:
        raise Usage("A source without a headcount.", hint="Say --headcount N too.", name="workplace")
    if headcount is not None and not 1 <= headcount <= MOST_PEOPLE:
        raise Usage(f"A headcount of {headcount}.", hint="Say how many people work there.", name="workplace")


def burn(folder: Folder) -> int:
    """Ends every slot and begins new seasons, published: how many ended."""
    from . import clock
    from .signing import slots
    from .signing.sequence import publish_instance

    ended = slots.burn(clock.now())
    with folder.publishing():
        publish_instance()
    return ended
