# SPDX-License-Identifier: Apache-2.0
"""What a start checks before anything is signed: the database against all that was ever promised.  # spec: 8

The roots are recomputed from every entry. A checkpoint that is published or marked and that the entries do
not give means that the database lost its past (an old backup came back): nothing is signed or issued any
more. Missing and damaged tiles are written anew.  # trust: 22
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fronde.errors import FrondeError, Stopped
from fronde.record.checkpoint import Checkpoint
from fronde.record.tiles import BadBundle, BadPath, Edge, Tile, layout, parse_path, unpack
from fronde.record.tree import HASH
from fronde.site.folder import INSTANCE, Folder

from . import logs
from .publish import REPAIR, mend_tiles, read_note
from .writer import stop


class Promise(NamedTuple):
    """A checkpoint that somebody may have seen, and where it stands."""

    where: str
    checkpoint: Checkpoint


def known() -> list[str]:
    """Every log that the database, the public folder or the marks know: the instance's first."""
    folder = Folder.current()
    letters = {path.name for path in (folder.path / "public" / "letters").glob("*") if path.is_dir()}
    marks = {path.name for path in (folder.path / "high-water").glob("[!.]*")}
    return sorted({*logs.logs(), *letters, *marks, INSTANCE}, key=lambda name: (name != INSTANCE, name))


def promises(log: str) -> list[Promise]:
    """What the head row, the mark and the published checkpoint say of a log.

    Raises Stopped when the mark is missing or unreadable: then nobody can say what was signed. A published
    checkpoint that cannot be read promises nothing: it is written again.
    """
    folder, head = Folder.current(), logs.head(log)
    found = [Promise("the database", read_note(log, head.note))] if head.size else []
    try:
        mark = folder.high_water(log).read_bytes()
    except FileNotFoundError:
        mark = b""
    if mark:
        try:
            found.append(Promise("the high-water mark", read_note(log, mark)))
        except Stopped:
            raise
        except FrondeError:
            raise Stopped(
                f"The high-water mark of {log} cannot be read.", hint=REPAIR, name="mark-unreadable"
            ) from None
    elif head.size:
        raise Stopped(
            f"The high-water mark of {log} is missing: this folder came out of a backup.",
            hint=REPAIR,
            name="mark-missing",
        )
    with contextlib.suppress(OSError, FrondeError):
        shown = (folder.record(log) / "checkpoint").read_bytes()
        found.append(Promise("the public folder", read_note(log, shown)))
    return found


def glance(log: str) -> list[Promise]:
    """Compares sizes only: what a command checks before it signs. Raises Stopped: behind, mark-..."""
    size, found = logs.size(log), promises(log)
    for where, promised in found:
        if promised.size > size:
            raise Stopped(
                f"The log {log} has {size} entries, but {where} knows {promised.size}: its past is lost.",
                hint=REPAIR,
                name="behind",
            )
    return found


def recover(log: str, *, mend: bool = True) -> None:
    """Recomputes a log, compares every promise, mends tiles. Raises Stopped: behind, forked, mark-..."""
    found = glance(log)
    edge, head = Edge(), logs.head(log).size
    for cut in sorted({head, *(promised.size for _, promised in found)}):
        _grow(log, edge, cut, mend=mend)
        for where, promised in found:
            if promised.size == cut and promised.root != edge.root():
                raise Stopped(
                    f"The first {cut} entries of {log} are not those that {where} knows.",
                    hint=REPAIR,
                    name="forked",
                )
        if cut == head and mend:
            mend_tiles(Folder.current().record(log), edge.partial())
            _sweep(log, head)


def _grow(log: str, edge: Edge, size: int, *, mend: bool) -> None:
    record = Folder.current().record(log)
    for data in logs.entries(log, edge.size, size):
        edge.append([data])
        if edge.size % logs.CHUNK == 0 or edge.size == size:
            completed = edge.completed()
            mend_tiles(record, completed if mend else [])


def _sweep(log: str, size: int) -> None:
    """Removes what a crash left half done: temp files, and tiles that no signed head has."""
    record = Folder.current().record(log)
    wanted = {"checkpoint", *layout(size)}
    for path in list(record.rglob("*")):
        name = str(path.relative_to(record))
        if path.is_file() and name not in wanted and not _older(record, name, size):
            path.unlink()


def _older(record: Path, name: str, size: int) -> bool:
    """Whether this is the partial tile of an earlier size, as whoever keeps that checkpoint may ask for it.

    It is if it is how the wider one begins that stands in its place now. Where a full one does, nobody needs
    it any more (tlog-tiles, Partial Tiles).
    """
    try:
        tile = parse_path(name)
    except BadPath:
        return False
    row = size >> 8 * (tile.level or 0)
    now = Tile(tile.level, row >> 8, row & 255)
    if tile.index != now.index or tile.width >= now.width:
        return False
    data = (record / name).read_bytes()
    return _whole(tile, data) and (record / now.path).read_bytes().startswith(data)


def _whole(tile: Tile, data: bytes) -> bool:
    if tile.level is not None:
        return len(data) == tile.width * HASH
    try:
        unpack(data, tile.width)
    except BadBundle:
        return False
    return True


def start() -> None:
    """Recovers every log; what cannot be is the reason why this process signs nothing."""
    _each(recover)


def check() -> None:
    """Glances at every log; what is behind is the reason why this process signs nothing."""
    _each(glance)


def _each(judge: Callable[[str], object]) -> None:
    try:
        for log in known():
            judge(log)
    except Stopped as why:
        stop(why)
