# SPDX-License-Identifier: Apache-2.0
"""What a start checks before anything is signed: the database against all that was ever promised.  # spec: 8

Roots are recomputed from every entry. A checkpoint that is published or marked and that the entries do not
give, or a public tile of entries that are not here, means that the database lost its past (an old backup came
back). A mark that is missing, or behind what was signed, means that `high-water/` did. Then nothing is signed
or issued any more, and no file is touched. Where all agrees, missing and damaged tiles are written anew.
# trust: 22
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from fronde.errors import FrondeError, Refused, Stopped
from fronde.record.checkpoint import Checkpoint
from fronde.record.tiles import BadBundle, BadPath, Edge, Tile, layout, parse_path, unpack
from fronde.record.tree import HASH, Tree, leaf_hash
from fronde.site.folder import INSTANCE, Folder

from . import keys, logs
from .publish import REPAIR, mend_tiles, read_note
from .writer import health, ready, stop

DATABASE, MARK, PUBLIC = "the database", "the high-water mark", "the public folder"


class OneLetter(Stopped):
    """A letter that can be published no further, while nothing that was promised of others is in doubt:

    its key is gone, or its public folder cannot be used, and nothing else is wrong.
    """


class Promise(NamedTuple):
    """A signed checkpoint that somebody may have seen, and where it stands."""

    where: str
    checkpoint: Checkpoint
    note: bytes

    @property
    def size(self) -> int:
        return self.checkpoint.size


def known() -> list[str]:
    """Every log that the database, the public folder or the marks know: the instance's first."""
    folder = Folder.current()
    paths = [*(folder.path / "public" / "letters").glob("*"), *(folder.path / "high-water").glob("*")]
    letters = {path.name for path in paths if keys.LETTER.fullmatch(path.name)}
    return sorted({*logs.logs(), *letters, INSTANCE}, key=lambda name: (name != INSTANCE, name))


def strays() -> list[str]:
    """Letters of which there is nothing but keys: `letter open` was killed, or all else is older."""
    return sorted({*keys.letters()} - {*known()})


def promises(log: str) -> list[Promise]:
    """What the head row, the mark and the published checkpoint say of a log.

    A mark or a published checkpoint that cannot be read promises nothing. Raises Stopped: key-missing where
    no key is left to read them with; head-unreadable for the row.
    """
    # Beside a running server: each of these is written after the next, so none is seen ahead of it.
    shown = _read(log, PUBLIC, Folder.current().record(log) / "checkpoint")
    head = logs.head(log)
    signed = [_signed(log, head.note)] if head.size else []
    return [*shown, *signed, *_read(log, MARK, Folder.current().high_water(log))]


def _read(log: str, where: str, path: Path) -> list[Promise]:
    try:
        note = path.read_bytes()
        return [Promise(where, read_note(log, note), note)]
    except (OSError, FrondeError):
        return []


def _signed(log: str, note: bytes) -> Promise:
    try:
        return Promise(DATABASE, read_note(log, note), note)
    except Refused:
        raise Stopped(
            f"The signed head of {log} in the database is damaged.",
            hint="Put fronde.sqlite3 back from a backup.",
            name="head-unreadable",
        ) from None


def mark_trouble(log: str, found: list[Promise]) -> Stopped | None:
    """What is wrong with the high-water mark: it is raised before any other trace of a signature is left."""
    mark = next((each.size for each in found if each.where == MARK), None)
    if mark is not None and mark >= max(each.size for each in found):
        return None
    if mark is not None:
        return _marked(log, "is behind what was signed: high-water/ came out of a backup", name="mark-old")
    if Folder.current().high_water(log).exists():
        return _marked(log, "cannot be read", name="mark-unreadable")
    if found:
        return _marked(log, "is missing: this folder came out of a backup", name="mark-missing")
    return None


def _marked(log: str, what: str, *, name: str) -> Stopped:
    return Stopped(f"The high-water mark of {log} {what}.", hint=REPAIR, name=name)


def glance(log: str) -> None:
    """Compares sizes only: what a command checks before it signs. Raises Stopped as `recover` does."""
    _judge(log, _not_behind)


def recover(log: str) -> None:
    """Recomputes a log and compares every promise. Raises Stopped: key-..., behind, forked, mark-...

    Of a letter that would be whole if its key were there, OneLetter.
    """
    _judge(log, _not_behind, _compare)


def _judge(log: str, *compare: Callable[[str, list[Promise]], None]) -> None:
    lost = _key_trouble(log) or _folder_trouble(log)
    try:
        found = promises(log)
        for each in compare:
            each(log, found)
        if trouble := mark_trouble(log, found):
            raise trouble
    except Stopped as why:
        raise lost or why from None
    if lost:
        raise lost if log == INSTANCE else OneLetter(lost.message, hint=lost.hint, name=lost.name)


def _key_trouble(log: str) -> Stopped | None:
    try:
        keys.check(log)
    except Stopped as why:
        return why
    return None


def _folder_trouble(log: str) -> Stopped | None:
    """What is in the way of publishing: a file where a folder belongs, a folder of another user."""
    for path in (_public(log), Folder.current().record(log)):
        if path.exists() and not (path.is_dir() and os.access(path, os.R_OK | os.W_OK | os.X_OK)):
            return Stopped(
                f"The folder {path.relative_to(Folder.current().path)} cannot be read and written.",
                hint="It and all in it belong to the user of the server; where something else stands there, "
                "move that away: what is published is written anew. Then start the server again.",
                name="folder",
            )
    return None


def mend(log: str) -> None:
    """Writes missing and damaged tiles of a log that `recover` found right, sweeps what is none of it."""
    size = logs.head(log).size
    if logs.size(log):
        _mend(log, size)
        _sweep(log, size)


def _not_behind(log: str, found: list[Promise]) -> None:
    """Whether the database has all that there is any trace of."""
    size = logs.size(log)
    for each in found:
        if each.size > size:
            raise _behind(log, size, f"{each.where} knows {each.size}")
    if size == 0 and any(path.is_file() for path in _public(log).rglob("*")):
        raise _behind(log, size, f"{PUBLIC} has files of it")
    for path, tile in _tiles(Folder.current().record(log)):
        # Asked again: beside a running server the log may have grown meanwhile.
        if reach(tile) > size and reach(tile) > logs.size(log) and _whole(tile, path.read_bytes()):
            raise _behind(log, size, f"{PUBLIC} has tiles of {reach(tile)}")


def _public(log: str) -> Path:
    """All that is published of a log; of a letter more than its record."""
    folder = Folder.current()
    return folder.record(log) if log == INSTANCE else folder.letter(log)


def _behind(log: str, size: int, but: str) -> Stopped:
    return Stopped(
        f"The log {log} has {size} entries, but {but}: its past is lost.", hint=REPAIR, name="behind"
    )


def _compare(log: str, found: list[Promise]) -> None:
    """The entries against every promise."""
    tree = Tree()
    for each in sorted(found, key=lambda each: each.size):
        tree.extend(leaf_hash(data) for data in logs.entries(log, tree.size, each.size))
        if each.checkpoint.root != tree.root():
            raise Stopped(
                f"The first {each.size} entries of {log} are not those that {each.where} knows.",
                hint=REPAIR,
                name="forked",
            )


def _tiles(record: Path) -> Iterator[tuple[Path, Tile]]:
    for path in record.rglob("*"):
        with contextlib.suppress(BadPath):
            yield path, parse_path(str(path.relative_to(record)))


def reach(tile: Tile) -> int:
    """The least size of a log that has this tile."""
    return (tile.index * 256 + tile.width) << 8 * (tile.level or 0)


def _mend(log: str, size: int) -> None:
    edge, record = Edge(), Folder.current().record(log)
    for data in logs.entries(log, 0, size):
        edge.append([data])
        if edge.size % logs.CHUNK == 0:
            mend_tiles(record, edge.completed())
    mend_tiles(record, edge.completed() + edge.partial())


def _sweep(log: str, size: int) -> None:
    """Removes what a crash left half done, and what is no tile of this log.

    Tiles that no signed head has yet stay: the next one will have them, or be stopped by other bytes.
    """
    record = Folder.current().record(log)
    wanted = {"checkpoint", *layout(size)}
    for path in list(record.rglob("*")):
        name = str(path.relative_to(record))
        if path.is_file() and name not in wanted and not _of_another_size(record, name, size):
            path.unlink()


def _of_another_size(record: Path, name: str, size: int) -> bool:
    try:
        tile = parse_path(name)
    except BadPath:
        return False
    data = (record / name).read_bytes()
    return _whole(tile, data) and (reach(tile) > size or _older(record, tile, data, size))


def _older(record: Path, tile: Tile, data: bytes, size: int) -> bool:
    """Whether this is the partial tile of an earlier size, as whoever keeps that checkpoint may ask for it.

    It is if it is how the wider one begins that stands in its place now. Where a full one does, nobody needs
    it any more (tlog-tiles, Partial Tiles).
    """
    row = size >> 8 * (tile.level or 0)
    now = Tile(tile.level, row >> 8, row & 255)
    if tile.index != now.index or tile.width >= now.width:
        return False
    return (record / now.path).read_bytes().startswith(data)


def _whole(tile: Tile, data: bytes) -> bool:
    if tile.level is not None:
        return len(data) == tile.width * HASH
    try:
        unpack(data, tile.width)
    except BadBundle:
        return False
    return True


def start() -> None:
    """Recomputes every log; what is wrong is why this process signs nothing, or nothing of one letter."""
    _each(recover)


def mend_all() -> None:
    """Mends every log, and removes the keys of letters that were never opened.

    Nothing where anything is wrong: keys without a letter may also mean that all else is older than they.
    The caller holds `Folder.publishing()`, without which no key is made.
    """
    with contextlib.suppress(Stopped):
        ready()
        for log in known():
            with contextlib.suppress(OSError) if log in health().letters else contextlib.nullcontext():
                mend(log)
        for letter_id in strays():
            keys.remove(letter_id)


def check() -> None:
    """Glances at every log; what is behind is why this process signs nothing, or nothing of one letter."""
    _each(glance)


def _each(judge: Callable[[str], object]) -> None:
    health().letters.clear()
    try:
        for log in known():
            try:
                judge(log)
            except OneLetter as why:
                health().letters[log] = why
    except Stopped as why:
        stop(why)
