# SPDX-License-Identifier: Apache-2.0
"""Signatures and withdrawals: those that wait, those in the log, and the names shown beside it.  # spec: 8

A key that waits or is in the log is spent. Rows hold no member, no order and no time. `settle` rewrites what
waits in the order of keys, so that the file does not tell either in which order it came (trust: 10-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from fronde.site.folder import Remembered

from . import logs


class Waiting(NamedTuple):
    """An entry that waits. opening: canonical bytes, for a named sign that was not withdrawn."""

    key: bytes
    entry: bytes
    opening: bytes | None


class Published(NamedTuple):
    """An entry of the log, by its key."""

    key: bytes
    named: bool
    place: int


class _Unsettled:
    """erased: a name whose bytes still lie in the write-ahead log. came: an order in which things came.

    At a start nobody knows what the process before has left.
    """

    erased = False
    came = True


unsettled = Remembered(_Unsettled)


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)


# -- keys ---------------------------------------------------------------------------------------------------


def find(letter: str, key: bytes, *, withdraw: bool) -> bytes | None:
    """The entry of this key that waits or is in the log; None when the key is not spent."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry FROM fronde_pool WHERE letter = %s AND key = %s AND withdraw = %s",
            [letter, key, withdraw],
        )
        row = cursor.fetchone()
        if row:
            return bytes(row[0])
        cursor.execute(
            "SELECT idx FROM fronde_published WHERE letter = %s AND key = %s AND withdraw = %s",
            [letter, key, withdraw],
        )
        row = cursor.fetchone()
    return logs.entry(letter, row[0]) if row else None


def add(letter: str, key: bytes, entry: bytes, *, withdraw: bool, opening: bytes | None = None) -> None:
    """Lets an entry wait. Only inside `write`, after `find`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO fronde_pool (letter, key, withdraw, entry, opening) VALUES (%s, %s, %s, %s, %s)",
            [letter, key, withdraw, entry, opening],
        )
    unsettled().came = True


def erase(letter: str, key: bytes) -> None:
    """Erases the name of a key, wherever it stands. Only inside `write`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fronde_pool SET opening = NULL WHERE letter = %s AND key = %s AND withdraw = 0",
            [letter, key],
        )
        cursor.execute(
            "DELETE FROM fronde_opening WHERE letter = %s AND idx IN "
            "(SELECT idx FROM fronde_published WHERE letter = %s AND key = %s AND withdraw = 0)",
            [letter, letter, key],
        )
    unsettled().erased = True


# -- batches ------------------------------------------------------------------------------------------------


def waiting(letter: str, *, withdraw: bool) -> list[Waiting]:
    """What waits, in the order of keys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, entry, opening FROM fronde_pool WHERE letter = %s AND withdraw = %s ORDER BY key",
            [letter, withdraw],
        )
        return [Waiting(bytes(k), bytes(e), _bytes(o)) for k, e, o in cursor.fetchall()]


def count_waiting(letter: str, *, withdraw: bool) -> int:
    """How many entries wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM fronde_pool WHERE letter = %s AND withdraw = %s", [letter, withdraw]
        )
        return int(cursor.fetchone()[0])


def count(letter: str, *, withdraw: bool, below: int = 2**53) -> tuple[int, int]:
    """(named, hidden) entries of the log below an index; a withdrawal counts by the mode of its sign."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(named), 0) FROM fronde_published "
            "WHERE letter = %s AND withdraw = %s AND idx < %s",
            [letter, withdraw, below],
        )
        both, named = cursor.fetchone()
    return named, both - named


def ready_to_withdraw(letter: str) -> list[tuple[Waiting, bool]]:
    """Withdrawals that wait and whose sign is in the log, in the order of keys; and whether it was named."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pool.key, pool.entry, sign.named FROM fronde_pool pool JOIN fronde_published sign "
            "ON sign.letter = pool.letter AND sign.key = pool.key AND sign.withdraw = 0 "
            "WHERE pool.letter = %s AND pool.withdraw = 1 ORDER BY pool.key",
            [letter],
        )
        return [(Waiting(bytes(k), bytes(e), None), bool(named)) for k, e, named in cursor.fetchall()]


def others(letter: str, below: int) -> list[int]:
    """Where in a letter's log, below an index, something else stands than a sign or a withdraw.

    Only letter.open and letter.close do; every other entry has its row among the published.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT idx FROM fronde_log_entry WHERE log = %s AND idx < %s AND idx NOT IN "
            "(SELECT idx FROM fronde_published WHERE letter = %s) ORDER BY idx",
            [letter, below, letter],
        )
        return [index for (index,) in cursor.fetchall()]


def was_named(letter: str, key: bytes) -> bool:
    """Whether the sign of this key in the log is a named one. Raises LookupError when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT named FROM fronde_published WHERE letter = %s AND key = %s AND withdraw = 0",
            [letter, key],
        )
        row = cursor.fetchone()
    if row is None:
        raise LookupError("no sign of this key")
    return bool(row[0])


def move(letter: str, rows: Iterable[Published], *, withdraw: bool) -> None:
    """From waiting to published. Only inside `write`."""
    rows = sorted(rows)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO fronde_published (letter, key, withdraw, named, idx) VALUES (%s, %s, %s, %s, %s)",
            [(letter, row.key, withdraw, row.named, row.place) for row in rows],
        )
        cursor.executemany(
            "DELETE FROM fronde_pool WHERE letter = %s AND key = %s AND withdraw = %s",
            [(letter, row.key, withdraw) for row in rows],
        )


def show(letter: str, openings: Iterable[tuple[int, bytes]]) -> None:
    """Shows the names of entries: (index, opening). Only inside `write`."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO fronde_opening (letter, idx, data) VALUES (%s, %s, %s)",
            [(letter, index, data) for index, data in sorted(openings)],
        )


def openings(letter: str, below: int) -> list[tuple[int, bytes]]:
    """The names shown, by index below a size: (index, canonical opening)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT idx, data FROM fronde_opening WHERE letter = %s AND idx < %s ORDER BY idx",
            [letter, below],
        )
        return [(index, bytes(data)) for index, data in cursor.fetchall()]


def names(letter: str) -> tuple[int, int]:
    """(how many, their bytes) of the openings that are shown or wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(length(data)), 0) FROM "
            "(SELECT data FROM fronde_opening WHERE letter = %s UNION ALL "
            "SELECT opening FROM fronde_pool WHERE letter = %s AND opening IS NOT NULL)",
            [letter, letter],
        )
        count, size = cursor.fetchone()
    return count, size


def forget_names(letter: str) -> None:
    """Erases the names that wait: of a letter that publishes none. Only inside `write`."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fronde_pool SET opening = NULL WHERE letter = %s", [letter])


def forget(letter: str) -> None:
    """Erases all that waits of a letter that is over. Only inside `write`."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM fronde_pool WHERE letter = %s", [letter])


def settle() -> None:
    """Rewrites all that waits in the order of keys. Only inside `write`.

    Deleting all gives the pages back and overwrites them (secure_delete); then each page fills in order.
    """
    columns = "letter, key, withdraw, entry, opening"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM fronde_pool ORDER BY letter, key, withdraw")  # noqa: S608 (names only)
        rows = cursor.fetchall()
        cursor.execute("DELETE FROM fronde_pool")
        cursor.executemany(
            f"INSERT INTO fronde_pool ({columns}) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608 (names only)
            rows,
        )
