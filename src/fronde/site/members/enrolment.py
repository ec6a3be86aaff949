# SPDX-License-Identifier: Apache-2.0
"""Who has taken a token of which slot: `members/enrolment.sqlite3`.  # spec: 3  # trust: 10-11, 18-19

A row is (workplace, number, member_tag, HMAC(pepper, blinded)): enough to see that a member has taken a slot,
and whether the same bytes come again; without the pepper nothing can be tried against it. It has no rowid, no
time, no sequence. It lives until its slot ends.

`members/` (this file, the pepper, the slots' keys) lies in no backup: lost together, never rolled back apart.
Rolled back alone, it would give a second token to whoever enrolled since. So how many rows were ever written
stands in two places, here and in `high-water/`, and here stands the size that the instance log had. Whatever
does not agree stops issuing (`Stopped`) until `fronde doctor` has burned the slots.

Every piece of work opens the file anew: what is deleted or swapped while a server runs is noticed at once;
SQLite's own lock orders threads and processes.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import NamedTuple

from fronde.errors import Declined, Stopped
from fronde.site import folder
from fronde.site.folder import Folder
from fronde.site.record import store

PRAGMAS = (
    "PRAGMA journal_mode=WAL",  # stays with the file; the others hold for one connection
    "PRAGMA synchronous=FULL",  # a token that is out has a row, also after a power cut
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",  # the rewriting's second copy never touches a disk
)
SCHEMA = (
    "CREATE TABLE enrolment (workplace TEXT NOT NULL, number INTEGER NOT NULL, member BLOB NOT NULL,"
    " request BLOB NOT NULL, PRIMARY KEY (workplace, number, member)) WITHOUT ROWID",
    "CREATE TABLE mark (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
)
DIGITS = 20  # of the number in high-water/.issued: written in place, so never half there
TIMEOUT = 30.0  # seconds that one waits for another's transaction
HINT = "Run `fronde doctor`: it burns the slots that can no longer be trusted and starts a new season."

LOST = "members-lost"
WAITS = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")  # the disk's troubles, not a loss

Guard = Callable[[], None]


class Full(Declined):
    """As many members as the headcount have joined."""

    def __init__(self) -> None:
        super().__init__(
            "As many people have joined as work here, by the published headcount.",
            status=422,
            hint="Tell whoever runs this server: the headcount may be out of date.",
            name="headcount",
        )


class Most(NamedTuple):
    """How many tokens of a slot may be out. members: the headcount; letters: number -> a frozen letter's own.

    The two differ when the headcount was changed after the letter was opened.
    """

    members: int | None = None
    letters: Mapping[int, int] = {}


def take(
    workplace: str,
    identity: str,
    blinded: Mapping[int, bytes],
    guard: Guard,
    *,
    most: Callable[[], Most] = Most,
) -> Set[int]:
    """Enters a member for these slots (number -> blinded value), durably. Returns the numbers to be signed:

    the new ones, and those for which the same bytes came before. The others are held: with other bytes, or
    because as many tokens are out as the letter of that slot says people work there: one more, and what its
    record says of tokens would be wrong. One transaction, all or nothing. guard and most are asked inside it;
    guard raises when the slots are no longer on offer. Raises Full, Stopped.
    """
    with _transaction() as db:
        pepper = _check(db)
        guard()
        member = _tag(pepper, workplace, identity)
        asked = {number: hmac.digest(pepper, value, "sha256") for number, value in blinded.items()}
        rows = {number: row for number in asked if (row := _row(db, workplace, number, member))}
        members, letters = most()
        shut = {
            number
            for number in asked.keys() - rows.keys()
            if number in letters and _count(db, workplace, number) >= letters[number]
        }
        fresh = sorted(asked.keys() - rows.keys() - shut)
        if members is not None and any(_count(db, workplace, number) >= members for number in fresh):
            raise Full
        new = [(workplace, number, member, asked[number]) for number in fresh]
        if new:
            db.executemany("INSERT INTO enrolment VALUES (?, ?, ?, ?)", new)
            _set_marks(db, rows=int(_mark(db, "rows")) + len(new), log=store.size(folder.INSTANCE))
    if new:
        _remember_outside()
    return {number for number in asked if rows.get(number, asked[number]) == asked[number]} - shut


def issued(workplace: str, number: int) -> int:
    """How many members hold a token of this slot; 0 once its rows are destroyed. Raises Stopped."""
    with _open() as db:
        return _count(db, workplace, number)


def check() -> None:
    """Raises Stopped when pepper or rows are missing, older than they were, or newer than the log."""
    with _open() as db:
        _check(db)


def check_record(size: int) -> None:
    """Raises Stopped when a member has enrolled while the instance log had more than `size` entries.

    Then that log has lost its past: whatever were signed now would fork it. Lost rows have seen nothing.
    """
    seen = 0
    with contextlib.suppress(Stopped), _open() as db:
        seen = int(_mark(db, "log"))
    _not_beyond(seen, size)


def forget_all_but(live: Set[tuple[str, int]]) -> None:
    """Destroys the rows of all but these slots, and what the disk still shows of them."""
    with _transaction() as db:
        gone = [key for key in _slots(db) if key not in live]
        db.executemany("DELETE FROM enrolment WHERE workplace = ? AND number = ?", gone)
    if gone:
        rewrite()


def rewrite() -> None:
    """Writes all rows anew in the order of their keys and empties the write-ahead log.

    Once a day: until then the order in which that day's members came can be read off its pages.  # trust: 11
    """
    with _open() as db:
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


@contextlib.contextmanager
def counting(workplace: str) -> Iterator[int]:
    """Nobody enrols meanwhile; gives the most tokens of a slot that are out. Raises Stopped."""
    with _transaction() as db:
        _check(db)
        yield max(
            (_count(db, place, number) for place, number in _slots(db) if place == workplace), default=0
        )


@contextlib.contextmanager
def frozen() -> Iterator[Callable[[str, int], int]]:
    """Nobody enrols meanwhile; gives `issued`, which counts nothing where the rows are lost. For a burn."""
    with contextlib.ExitStack() as stack:
        try:
            db = stack.enter_context(_transaction())
        except Stopped:
            yield lambda workplace, number: 0
            return
        yield lambda workplace, number: _count(db, workplace, number)


def create() -> None:
    """Makes members/ with a new pepper and no rows: at `fronde init` and after a burn."""
    members = Folder.current().members
    folder.make(members, mode=0o700)
    try:
        _empty()
    except Stopped as error:
        if error.name != LOST:
            raise
        for name in ("enrolment.sqlite3", "enrolment.sqlite3-wal", "enrolment.sqlite3-shm"):
            (members / name).unlink(missing_ok=True)
        folder.put(members / "enrolment.sqlite3", b"", mode=0o600)
        _empty()
    rewrite()


def _empty() -> None:
    """No rows, a new pepper. A crash in between leaves a pepper that does not fit: found by `_check`."""
    pepper = secrets.token_bytes(32)
    with _transaction() as db:
        for table in ("enrolment", "mark"):
            db.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in SCHEMA:
            db.execute(statement)
        _set_marks(db, pepper=_fits(pepper), rows=0, log=store.size(folder.INSTANCE))
    folder.put(Folder.current().members / "pepper", pepper, mode=0o600)
    folder.put(_outside(), _digits(0), mode=0o600)


# -- the file -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _open() -> Iterator[sqlite3.Connection]:
    """A connection outside any transaction. Raises Stopped when the file is missing or not ours."""
    uri = f"{(Folder.current().members / 'enrolment.sqlite3').as_uri()}?mode=rw"  # never made by the way
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=TIMEOUT, isolation_level=None)) as db:
            for pragma in PRAGMAS:
                db.execute(pragma).fetchone()
            yield db
    except sqlite3.Error as error:
        raise _unusable(error) from None


@contextlib.contextmanager
def _transaction() -> Iterator[sqlite3.Connection]:
    """All or nothing, alone, durable at the end."""
    with _open() as db:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.rollback()
            raise
        db.execute("COMMIT")


def _row(db: sqlite3.Connection, workplace: str, number: int, member: bytes) -> bytes | None:
    row = db.execute(
        "SELECT request FROM enrolment WHERE workplace = ? AND number = ? AND member = ?",
        (workplace, number, member),
    ).fetchone()
    return bytes(row[0]) if row else None


def _count(db: sqlite3.Connection, workplace: str, number: int) -> int:
    counted = db.execute(
        "SELECT count(*) FROM enrolment WHERE workplace = ? AND number = ?", (workplace, number)
    ).fetchone()
    return int(counted[0])


def _slots(db: sqlite3.Connection) -> list[tuple[str, int]]:
    return list(db.execute("SELECT DISTINCT workplace, number FROM enrolment"))


def _unusable(error: sqlite3.Error) -> Stopped:
    if getattr(error, "sqlite_errorname", "").startswith(WAITS):
        return Stopped(
            f"The rows of members cannot be written: {error}.",
            hint="Look at the disk: is it full, broken or read-only?",
            name="members-unwritable",
        )
    return Stopped(f"The rows of members are lost: {error}.", hint=HINT, name=LOST)


# -- the marks ----------------------------------------------------------------------------------------------


def _check(db: sqlite3.Connection) -> bytes:
    """The pepper, when everything agrees. Raises Stopped."""
    members = Folder.current().members
    try:
        pepper = (members / "pepper").read_bytes()
        outside = int(_outside().read_bytes())
    except (OSError, ValueError):
        raise Stopped("The pepper or its high-water mark is missing.", hint=HINT, name=LOST) from None
    if _mark(db, "pepper") != _fits(pepper):
        raise Stopped("The pepper is another than that of the rows.", hint=HINT, name=LOST)
    if int(_mark(db, "rows")) < outside:
        raise Stopped("members/ is older than it was: rows are missing.", hint=HINT, name="members-old")
    _not_beyond(int(_mark(db, "log")), store.size(folder.INSTANCE))
    return pepper


def _not_beyond(seen: int, size: int) -> None:
    if seen > size:
        raise Stopped(
            f"The instance log has {size} entries, but members/ has seen {seen}: it is an old one.",
            hint="Put newer copies of public/ and fronde.sqlite3 in place, then run `fronde doctor`. "
            "If you are sure that nobody has seen a longer log, move members/ away first.",
            name="record-old",
        )


def _mark(db: sqlite3.Connection, name: str) -> bytes:
    row = db.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise Stopped("The rows of members are damaged.", hint=HINT, name=LOST)
    return bytes(row[0])


def _set_marks(db: sqlite3.Connection, **marks: int | bytes) -> None:
    """pepper: what it must fit; rows: how many were ever written; log: the size of the instance log then."""
    values = [(name, _digits(value) if isinstance(value, int) else value) for name, value in marks.items()]
    db.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?)", values)


def _remember_outside() -> None:
    """Notes how many rows are durable: after them, and alone, so that the mark is never ahead of them."""
    with _transaction() as db, _outside().open("r+b", buffering=0) as file:
        file.write(_digits(int(_mark(db, "rows"))))
        os.utime(file.fileno(), (0, 0))  # no time of an enrolment


def _outside() -> Path:
    return Folder.current().high_water(".issued")


def _digits(number: int) -> bytes:
    return b"%0*d" % (DIGITS, number)


# -- the pepper ---------------------------------------------------------------------------------------------


def _tag(pepper: bytes, workplace: str, identity: str) -> bytes:
    return hmac.digest(
        pepper, b"\0".join((b"fronde/member/1", workplace.encode(), identity.encode())), "sha256"
    )


def _fits(pepper: bytes) -> bytes:
    return hmac.digest(pepper, b"fronde/pepper/1", "sha256")
