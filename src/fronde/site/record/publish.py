# SPDX-License-Identifier: Apache-2.0
"""From the database to the public files, so that a crash at any point leaves something true.  # spec: 8

Entries are committed already. Then: tiles (never over other bytes) -> sign -> high-water mark -> head row,
compared and swapped -> (a letter: its `head` in the instance log, see signing/sequence.py) -> checkpoint.
Each step may be repeated: the database is the truth, tiles are made from it, the checkpoint is a promise.

The mark is raised before the row is swapped: so a signed head without a mark means that this folder came out
of a backup; and a mark raised in vain stands for entries that are committed all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from fronde.errors import FrondeError, Stopped
from fronde.record import checkpoint
from fronde.record.checkpoint import Checkpoint
from fronde.record.tiles import Edge, Tile
from fronde.site import clock
from fronde.site.folder import Folder, put, put_all

from . import keys, logs
from .logs import Head
from .writer import ready, stop, write

REPAIR = "Run `fronde doctor`: it says what is lost and what can be repaired."


def publish(log: str) -> None:
    """Signs and shows a log up to its last entry. The caller holds `Folder.publishing()`."""
    seal(log)
    show(log)


def seal(log: str) -> Head:
    """Tiles and a signed head up to the last entry; returns that head. Nothing is shown yet."""
    old, size = logs.head(log), logs.size(log)
    if old.size == size:
        return old
    if old.size > size:
        raise stopped("behind", f"The log {log} has {size} entries and a signed head of {old.size}.")
    ready(log)  # a letter may be stopped alone: under a key that is not its own nothing is signed
    note = sign(log, extend(log, old, size))
    raise_mark(log, note)
    swap(log, old, Head(size, note))
    return Head(size, note)


def extend(log: str, old: Head, size: int) -> Edge:
    """The log's edge at `size`, its tiles on disk."""
    record = Folder.current().record(log)
    edge = load(log, old)
    for data in logs.entries(log, old.size, size):
        edge.append([data])
        if edge.size % logs.CHUNK == 0:
            write_tiles(record, edge.completed())
    write_tiles(record, edge.completed() + edge.partial())
    return edge


def load(log: str, head: Head) -> Edge:
    """The edge at a signed head, from its partial tiles; from the database where they are lost or damaged."""
    record = Folder.current().record(log)
    root = read_note(log, head.note).root if head.size else Edge().root()
    try:
        edge = Edge.load(head.size, lambda path: (record / path).read_bytes())
        if edge.root() == root:
            return edge
    except (OSError, FrondeError):
        pass
    edge = Edge()
    for data in logs.entries(log, 0, head.size):
        edge.append([data])
        if edge.size % logs.CHUNK == 0:
            mend_tiles(record, edge.completed())
    mend_tiles(record, edge.completed() + edge.partial())
    if edge.root() != root:
        raise stopped("forked", f"The entries of {log} do not give its signed root.")
    return edge


def write_tiles(record: Path, tiles: Iterable[tuple[Tile, bytes]]) -> None:
    """Writes tiles that nobody has seen yet; over other bytes never: that would be another history."""
    fresh = []
    for tile, data in tiles:
        path = record / tile.path
        if not path.exists():
            fresh.append((path, data))
        elif path.read_bytes() != data:
            raise stopped("other-bytes", f"Other bytes stand where {tile.path} of {record.name} belongs.")
    put_all(fresh)


def mend_tiles(record: Path, tiles: Iterable[tuple[Tile, bytes]]) -> None:
    """Writes tiles that are missing or damaged. The caller knows that the database gives the signed root."""
    wrong = [(record / tile.path, data) for tile, data in tiles if not _holds(record / tile.path, data)]
    put_all(wrong)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def sign(log: str, edge: Edge) -> bytes:
    """The signed checkpoint of an edge."""
    return Checkpoint(logs.origin(log), edge.size, edge.root()).sign(logs.signer(log))


def raise_mark(log: str, note: bytes) -> None:
    """The high-water mark: what was signed is remembered outside the database and outside backups."""
    put(Folder.current().high_water(log), note, mode=0o600)


def swap(log: str, old: Head, new: Head) -> None:
    """The head row, if nobody has moved it meanwhile."""
    if not write(lambda: logs.swap_head(log, old, new)):
        raise stopped("two-writers", f"Somebody else has signed a head of {log} at the same time.")


def show(log: str) -> None:
    """Publishes the signed head. The file's date is the clock's: a moment that every reader could see."""
    head, path = logs.head(log), Folder.current().record(log) / "checkpoint"
    if head.size and not _holds(path, head.note):
        put(path, head.note)
        moment = clock.now().timestamp()
        os.utime(path, (moment, moment))


def shown(log: str) -> bool:
    """Whether the published checkpoint is that of the last entry."""
    head = logs.head(log)
    return head.size == logs.size(log) and _holds(Folder.current().record(log) / "checkpoint", head.note)


def read_note(log: str, note: bytes) -> Checkpoint:
    """The checkpoint of a note under the log's own key. Raises BadNote, Stopped."""
    return checkpoint.read(note, keys.public(log))


def stopped(name: str, message: str) -> Stopped:
    """Stops this process and gives the error to raise."""
    why = Stopped(message, hint=REPAIR, name=name)
    stop(why)
    return why
