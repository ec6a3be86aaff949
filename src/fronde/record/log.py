# SPDX-License-Identifier: Apache-2.0
"""A whole log read and checked: checkpoint, every entry or every leaf hash, every hash tile.  # spec: 2, 13.2

`fetch` gives the bytes of a path of tlog-tiles ("checkpoint", "tile/0/000", ...), or raises; whoever writes
it caps the size of a file at `largest(path)`. Files are read one after the other and forgotten: what stays is
32 bytes an entry. Entries are read again when they are iterated, and must have the leaf hashes that gave the
root (a `fetch` that remembers, such as functools.cache(fetch), spares a second request).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fronde.errors import Refused, Unreadable

from . import checkpoint as checkpoints
from .checkpoint import Checkpoint
from .note import LIMIT, Key
from .tiles import ENTRY, FULL, BadBundle, Rows, Tile, unpack
from .tree import HASH, Hashes, leaf_hash, root

Fetch = Callable[[str], bytes]

MOST = 5_000_000


def largest(path: str) -> int:
    """The most bytes that the file of this path can have: a cap for whoever fetches."""
    if path == "checkpoint":
        return LIMIT
    return FULL * (2 + ENTRY) if path.startswith("tile/entries/") else FULL * HASH


class Entries:
    """The entries of a log, read when they are asked for; each has the leaf hash that gave the root."""

    def __init__(self, fetch: Fetch, hashes: Hashes) -> None:
        self._fetch = fetch
        self._hashes = hashes

    def __len__(self) -> int:
        return len(self._hashes)

    def __iter__(self) -> Iterator[bytes]:
        for index in range(-(-len(self) // FULL)):
            yield from self.bundle(index)

    def __getitem__(self, index: int) -> bytes:
        index = range(len(self))[index]
        return self.bundle(index // FULL)[index % FULL]

    def bundle(self, index: int) -> list[bytes]:
        """The entries of one bundle. Raises Refused for one of another hash, Unreadable for no bundle."""
        leaves = self._hashes[index * FULL : (index + 1) * FULL]
        tile = Tile(None, index, len(leaves))
        found = _unpack(self._fetch, tile)
        for at, (entry, leaf) in enumerate(zip(found, leaves, strict=True)):
            if leaf_hash(entry) != leaf:
                raise Refused(f"{tile.path}: entry {index * FULL + at} is not its leaf's", name="bad-leaf")
        return found


@dataclass(frozen=True)
class Log:
    """A log whose root was recomputed. note: the signed checkpoint; hashes: leaf hashes in order."""

    checkpoint: Checkpoint
    note: bytes
    hashes: Hashes
    entries: Entries


def read(
    fetch: Fetch,
    origin: str,
    key: Key,
    *,
    exactly_one: bool = False,
    want_entries: bool = True,
    most: int = MOST,
) -> Log:
    """Reads a log of at most `most` entries, signed by `key` under the name `origin`.

    The root is recomputed from every entry, or with `want_entries` False from the level-0 tiles alone; every
    other hash tile is compared. Raises Refused or Unreadable, naming the file; and what `fetch` raises.
    """
    if key.name != origin:
        raise Refused(f"the key is {key.name!r}'s, the log is {origin!r}", name="other-origin")
    note = fetch("checkpoint")
    found = checkpoints.read(note, key, exactly_one=exactly_one)
    return read_at(fetch, found, note, want_entries=want_entries, most=most)


def read_at(
    fetch: Fetch, found: Checkpoint, note: bytes, *, want_entries: bool = True, most: int = MOST
) -> Log:
    """Reads the log of a checkpoint whose signature the caller has judged; otherwise as `read`."""
    if found.size > most:
        raise Refused(f"a log of {found.size} entries, at most {most} are read", name="log-too-long")
    rows, hashes = Rows(), Hashes()
    for tile in _bottom(None if want_entries else 0, found.size):
        leaves = _leaves(fetch, tile)
        hashes.extend(leaves)
        rows.extend(leaves)
        _compare(fetch, rows.completed(), tile.level)
    _compare(fetch, rows.partial(), None if want_entries else 0)
    if rows.root() != found.root:
        raise Refused(f"checkpoint: the entries of {found.origin} give another root", name="bad-root")
    return Log(found, note, hashes, Entries(fetch, hashes))


def _bottom(level: int | None, size: int) -> Iterator[Tile]:
    for index in range(-(-size // FULL)):
        yield Tile(level, index, min(FULL, size - index * FULL))


def _leaves(fetch: Fetch, tile: Tile) -> Sequence[bytes]:
    if tile.level is None:
        return [leaf_hash(entry) for entry in _unpack(fetch, tile)]
    data = fetch(tile.path)
    if len(data) != tile.width * HASH:
        raise Unreadable(f"{tile.path}: {len(data)} bytes, where {tile.width * HASH} belong", name="bad-tile")
    return Hashes.of(data)


def _unpack(fetch: Fetch, tile: Tile) -> list[bytes]:
    data = fetch(tile.path)
    try:
        return unpack(data, tile.width)
    except BadBundle as error:
        raise BadBundle(f"{tile.path}: {error.message}") from None


def _compare(fetch: Fetch, tiles: list[tuple[Tile, bytes]], read: int | None) -> None:
    """Each computed hash tile has the bytes of its file; those of level `read` gave the hashes."""
    for tile, data in tiles:
        if tile.level != read and fetch(tile.path) != data:
            raise Refused(f"{tile.path}: not the hashes of the entries below it", name="bad-tile")


def begins_with(hashes: Hashes, seen: Checkpoint) -> None:
    """Raises Refused unless the log of these leaf hashes begins with a checkpoint seen earlier."""
    if seen.size > len(hashes):
        raise Refused(
            f"{seen.origin} had {seen.size} entries before, now it has {len(hashes)}", name="log-shrunk"
        )
    if root(hashes[: seen.size]) != seen.root:
        raise Refused(
            f"the first {seen.size} entries of {seen.origin} are not those seen before", name="log-forked"
        )
