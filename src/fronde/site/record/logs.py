# SPDX-License-Identifier: Apache-2.0
"""The logs in the database, which is the truth: entries by position, the last signed head, opened heads.

log: "instance" or the id of a letter. Nothing here signs or writes a file.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from fronde.errors import Stopped
from fronde.record.instance import Instance
from fronde.record.note import Signer
from fronde.site.folder import INSTANCE, Folder, Remembered

CHUNK = 1024
SEED = 32  # bytes of a private key


class Head(NamedTuple):
    """The last signed head of a log; size 0 and an empty note before the first."""

    size: int
    note: bytes


class OpenedHead(NamedTuple):
    """A `head` of a letter: its index in the instance log, what opens it, the size it stands for."""

    place: int
    nonce: bytes
    size: int


def origin(log: str) -> str:
    """The origin of a log, which is its key's name."""
    return (
        f"{settings.FRONDE_HOST}/log" if log == INSTANCE else f"{settings.FRONDE_HOST}/letters/{log}/record"
    )


def logs() -> list[str]:
    """Every log that has an entry: the instance's, then the letters'."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT log FROM fronde_log_entry")
        names = [name for (name,) in cursor.fetchall()]
    return sorted(names, key=lambda name: (name != INSTANCE, name))


def size(log: str) -> int:
    """How many entries a log has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(idx) + 1 FROM fronde_log_entry WHERE log = %s", [log])
        return int(cursor.fetchone()[0] or 0)


def append(log: str, entries: Sequence[bytes]) -> int:
    """Adds entries and returns the index of the first. Only inside `write`."""
    if not connection.in_atomic_block:
        raise RuntimeError("append belongs into a job of write")
    first = size(log)
    rows = [(log, first + place, data) for place, data in enumerate(entries)]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO fronde_log_entry (log, idx, data) VALUES (%s, %s, %s)", rows)
    return first


def entries(log: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The entries [start, end), read in pieces."""
    end = size(log) if end is None else end
    while start < end:
        stop = min(end, start + CHUNK)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT data FROM fronde_log_entry WHERE log = %s AND idx >= %s AND idx < %s ORDER BY idx",
                [log, start, stop],
            )
            rows = cursor.fetchall()
        yield from (bytes(data) for (data,) in rows)
        start = stop


def entry(log: str, index: int) -> bytes:
    """One entry. Raises IndexError."""
    found = list(entries(log, index, index + 1))
    if not found:
        raise IndexError(f"no entry {index} in {log}")
    return found[0]


def head(log: str) -> Head:
    """The last signed head."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT size, note FROM fronde_log_head WHERE log = %s", [log])
        row = cursor.fetchone()
    return Head(row[0], bytes(row[1])) if row else Head(0, b"")


def swap_head(log: str, old: Head, new: Head) -> bool:
    """Compare-and-swap of the head row: whether `old` still stood there. Only inside `write`."""
    with connection.cursor() as cursor:
        if old.size == 0:
            cursor.execute("INSERT OR IGNORE INTO fronde_log_head VALUES (%s, %s, %s)", [log, *new])
        else:
            cursor.execute(
                "UPDATE fronde_log_head SET size = %s, note = %s WHERE log = %s AND size = %s AND note = %s",
                [*new, log, *old],
            )
        return bool(cursor.rowcount == 1)


def opened_heads(letter: str) -> list[OpenedHead]:
    """Every `head` of a letter, in the order of the instance log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT idx, nonce, size FROM fronde_head_nonce WHERE letter = %s ORDER BY idx", [letter]
        )
        return [OpenedHead(place, bytes(nonce), size) for place, nonce, size in cursor.fetchall()]


def last_head(letter: str) -> OpenedHead | None:
    """The last `head` of a letter."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT idx, nonce, size FROM fronde_head_nonce WHERE letter = %s ORDER BY idx DESC LIMIT 1",
            [letter],
        )
        row = cursor.fetchone()
    return OpenedHead(row[0], bytes(row[1]), row[2]) if row else None


def letters_with_heads(start: int) -> list[str]:
    """The letters that have a `head` in the instance log from this index on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT letter FROM fronde_head_nonce WHERE idx >= %s", [start])
        return sorted(letter for (letter,) in cursor.fetchall())


def remember_heads(letter: str, heads: Iterable[OpenedHead]) -> None:
    """Keeps what opens these heads. Only inside `write`."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT OR IGNORE INTO fronde_head_nonce (letter, idx, nonce, size) VALUES (%s, %s, %s, %s)",
            [(letter, *each) for each in heads],
        )


# -- the instance log replayed ------------------------------------------------------------------------------


class _Replayed:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.instance = Instance(settings.FRONDE_HOST)


_replayed = Remembered(_Replayed)


def instance() -> Instance:
    """The instance log replayed, up to the last entry. Not to be changed by the caller.

    Inside a transaction it holds what this transaction has appended; that is not kept for others.
    """
    kept = _replayed()
    with kept.lock:
        now = size(INSTANCE)
        if kept.instance.size == now:
            return kept.instance
        grown = kept.instance.size < now
        # A copy: other threads may be reading the one that was handed out before.
        fresh = copy.deepcopy(kept.instance) if grown else Instance(settings.FRONDE_HOST)
        for data in entries(INSTANCE, fresh.size, now):
            fresh.read(data)
        if not connection.in_atomic_block:
            kept.instance = fresh
        return fresh


_signers: Remembered[dict[str, Signer]] = Remembered(dict)


def signer(log: str) -> Signer:
    """The key that signs a log's checkpoints. Raises Stopped when its file is missing or no key."""
    signers = _signers()
    if log not in signers:
        signers[log] = Signer(origin(log), seed(log, Folder.current().log_key(log)))
    return signers[log]


def seed(log: str, path: Path) -> bytes:
    """A key of a log: its 32 bytes. Raises Stopped."""
    try:
        found = path.read_bytes()
    except OSError:
        found = b""
    if len(found) != SEED:
        raise Stopped(
            f"The key {path.parent.name}/{path.name} of the log {log} is missing or damaged.",
            hint="Put keys/ back from a backup, one that was made after the letter was opened: "
            "nobody can make this key again.",
            name="key-missing",
        )
    return found


def forget() -> None:
    """Forgets what is remembered of the logs: after a repair, which may have replaced them."""
    kept = _replayed()
    with kept.lock:
        kept.instance = Instance(settings.FRONDE_HOST)
