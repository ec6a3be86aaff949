# SPDX-License-Identifier: Apache-2.0
"""How a tree and its entries lie in files: c2sp.org/tlog-tiles.  # spec: 7

    tile/0/x001/x234/067          256 leaf hashes, 8,192 bytes
    tile/1/000.p/17               17 hashes, each of a full tile below
    tile/entries/x001/x234/067    256 entries, each after its length as a big-endian uint16

A tree of s leaves has at level l floor(s / 256^(l+1)) full tiles, and one partial tile of
floor(s / 256^l) mod 256 hashes unless that is 0.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from fronde.errors import Unreadable

from .tree import HASH, Hashes, inclusion, leaf_hash, root

FULL = 256
ENTRY = 65_535
LEVELS = 64
ENTRIES = "entries"

# Eighteen digits: more than any tree of up to 2^53 leaves has.
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class BadPath(Unreadable):
    """Not the one spelling of a tile's path."""

    name = "bad-path"


class BadBundle(Unreadable):
    """A bundle that is not exactly so many entries."""

    name = "bad-bundle"


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile (`level` 0 to 63) or an entry bundle (`level` None)."""

    level: int | None
    index: int
    width: int = FULL

    @property
    def path(self) -> str:
        return _path(ENTRIES if self.level is None else str(self.level), self.index, self.width)


def path(level: int, index: int, width: int = FULL) -> str:
    """The path of a hash tile."""
    return _path(str(level), index, width)


def bundle_path(index: int, width: int = FULL) -> str:
    """The path of an entry bundle."""
    return _path(ENTRIES, index, width)


def _path(kind: str, index: int, width: int) -> str:
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    suffix = "" if width == FULL else f".p/{width}"
    return f"tile/{kind}/{'/'.join(reversed(parts))}{suffix}"


def parse_path(text: str) -> Tile:
    """The tile that a path names. Raises BadPath for anything but the one spelling that `path` writes."""
    match = _PATH.fullmatch(text)
    if not match:
        raise BadPath("not a path of a tile or a bundle")
    kind, digits, width = match.groups()
    tile = Tile(
        level=None if kind == ENTRIES else int(kind),
        index=int(digits.replace("x", "").replace("/", "")),
        width=FULL if width is None else int(width),
    )
    if (tile.level or 0) >= LEVELS or (width and tile.width >= FULL) or tile.path != text:
        raise BadPath("not the one spelling of a tile's path")
    return tile


def tiles(size: int) -> Iterator[Tile]:
    """The tiles of a tree of `size` leaves: bundles first, then level by level, the partial one last."""
    yield from _row(None, size)
    level = 0
    while size:
        yield from _row(level, size)
        level, size = level + 1, size >> 8


def _row(level: int | None, count: int) -> Iterator[Tile]:
    yield from (Tile(level, index) for index in range(count >> 8))
    if count & 255:
        yield Tile(level, count >> 8, count & 255)


def count(size: int) -> int:
    """How many paths `layout(size)` has: ask before a checkpoint of unknown origin fills the memory."""
    total = -(-size >> 8)
    while size:
        total, size = total - (-size >> 8), size >> 8
    return total


def layout(size: int) -> list[str]:
    """The paths of a log of `size` entries: full tiles and bundles, the ONE partial of each."""
    return [tile.path for tile in tiles(size)]


def pack(entries: Iterable[bytes]) -> bytes:
    """A bundle of entries, each at most 65,535 bytes."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unpack(data: bytes, count: int) -> list[bytes]:
    """The entries of a bundle of `count`. Raises BadBundle when it holds more, fewer or half of one."""
    entries, at = [], 0
    for _ in range(count):
        if at + 2 > len(data):
            raise BadBundle(f"fewer than {count} entries in a bundle")
        end = at + 2 + (data[at] << 8 | data[at + 1])
        if end > len(data):
            raise BadBundle("an entry is cut off at the end of a bundle")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise BadBundle(f"more than {count} entries in a bundle")
    return entries


class Rows:
    """The growing right edge of a tree in tiles: at each level the hashes that fill no tile yet.

    Keeps at most 255 hashes a level, and the full tiles until `completed` hands them out.
    """

    def __init__(self) -> None:
        self.size = 0
        self._rows: list[Hashes] = []
        self._full: list[tuple[Tile, bytes]] = []

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Adds leaf hashes."""
        rest = iter(leaves)
        while more := list(islice(rest, FULL - self.size % FULL)):
            self.size += len(more)
            self._add(0, more)

    def _add(self, level: int, values: Iterable[bytes]) -> None:
        """Adds to a row what at most fills it."""
        if level == len(self._rows):
            self._rows.append(Hashes())
        row = self._rows[level]
        row.extend(values)
        if len(row) == FULL:
            self._full.append((Tile(level, (self.size >> 8 * (level + 1)) - 1), row.data()))
            self._rows[level] = Hashes()
            self._add(level + 1, [root(row)])

    def completed(self) -> list[tuple[Tile, bytes]]:
        """The tiles that became full since the last call."""
        full, self._full = self._full, []
        return full

    def partial(self) -> list[tuple[Tile, bytes]]:
        """The partial tile of each level that has one."""
        return [
            (Tile(level, self.size >> 8 * (level + 1), len(row)), row.data())
            for level, row in enumerate(self._rows)
            if row
        ]

    def root(self) -> bytes:
        """The root now. What fills no tile yet is the last, smaller subtree of the level above."""
        rest: list[bytes] = []
        for row in self._rows:
            if row or rest:
                rest = [root([*row, *rest])]
        return root(rest)

    def load(self, size: int, read: Callable[[Tile], bytes]) -> None:
        """Takes the edge of a tree of `size` leaves from its partial tiles; the caller compares the root."""
        self.size = size
        for level in range((size.bit_length() + 7) // 8):
            width = size >> 8 * level & 255
            row = _hashes(Tile(level, size >> 8 * (level + 1), width), read) if width else Hashes()
            self._rows.append(row)


class Edge:
    """The growing edge of a log: what to write when entries come.

    Memory: the last bundle and 255 hashes a level, and what `changed` has not handed out yet.
    """

    def __init__(self) -> None:
        self._rows = Rows()
        self._bundle: list[bytes] = []
        self._full: list[tuple[Tile, bytes]] = []

    @property
    def size(self) -> int:
        return self._rows.size

    def root(self) -> bytes:
        """The root now: 32 bytes."""
        return self._rows.root()

    def append(self, entries: Iterable[bytes]) -> None:
        """Adds entries; ValueError when one is longer than 65,535 bytes."""
        for entry in entries:
            if len(entry) > ENTRY:
                raise ValueError(f"an entry of {len(entry)} bytes")
            self._bundle.append(entry)
            self._rows.extend([leaf_hash(entry)])
            if len(self._bundle) == FULL:
                self._full.append((Tile(None, self.size // FULL - 1), pack(self._bundle)))
                self._bundle = []

    def completed(self) -> list[tuple[Tile, bytes]]:
        """The bundles and tiles that became full since the last call."""
        full, self._full = self._full, []
        return full + self._rows.completed()

    def partial(self) -> list[tuple[Tile, bytes]]:
        """The partial bundle and the partial tiles now."""
        bundle = [(Tile(None, self.size // FULL, len(self._bundle)), pack(self._bundle))]
        return (bundle if self._bundle else []) + self._rows.partial()

    def changed(self) -> list[tuple[str, bytes]]:
        """The files to write: what became full since the last call, and the partials now."""
        return [(tile.path, data) for tile, data in self.completed() + self.partial()]

    @classmethod
    def load(cls, size: int, fetch: Callable[[str], bytes]) -> Edge:
        """The edge of a log of `size` entries from its partial files: reads one bundle and one tile a level.

        The caller compares `root()` with what it trusts. Raises Unreadable for files of another length.
        """
        edge = cls()
        edge._rows.load(size, lambda tile: fetch(tile.path))
        if width := size % FULL:
            edge._bundle = unpack(fetch(bundle_path(size // FULL, width)), width)
        return edge


def _hashes(tile: Tile, read: Callable[[Tile], bytes]) -> Hashes:
    data = read(tile)
    if len(data) != tile.width * HASH:
        raise Unreadable(f"{tile.path}: {len(data)} bytes, where {tile.width * HASH} belong", name="bad-tile")
    return Hashes.of(data)


def inclusion_from(fetch: Callable[[str], bytes], index: int, size: int) -> list[bytes]:
    """The inclusion proof of leaf `index` in a tree of `size`, from its tiles: two a level are read.

    IndexError when there is no such leaf. The files are trusted only as far as a reader checks the proof.
    """
    if not 0 <= index < size:
        raise IndexError(f"no leaf {index} in a tree of {size}")
    proof: list[bytes] = []
    rest: list[bytes] = []  # the root of what fills no tile below
    for level in range((size.bit_length() + 7) // 8):
        total, place = size >> 8 * level, index >> 8 * level
        edge: Sequence[bytes] = ()
        if total & 255:
            edge = _hashes(Tile(level, total >> 8, total & 255), lambda tile: fetch(tile.path))
        edge = [*edge, *rest]
        if place >> 8 == total >> 8:
            proof += inclusion(edge, place & 255)
        else:
            proof += inclusion(_hashes(Tile(level, place >> 8), lambda tile: fetch(tile.path)), place & 255)
        rest = [root(edge)] if edge else []
    return proof
