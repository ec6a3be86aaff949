# SPDX-License-Identifier: Apache-2.0
"""Merkle trees of RFC 6962, section 2.1, with SHA-256.  # spec: 7

A tree hash can be computed from the bottom: pair neighbours, carry an odd last one up, until one is left.
That is the same as the RFC's split at the largest power of two, and needs no recursion.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import overload

from fronde.errors import Refused

HASH = 32
AT_ONCE = 4096  # leaves
EMPTY = hashlib.sha256(b"").digest()


class BadInclusion(Refused):
    """An inclusion proof that does not lead from the leaf to the root."""

    name = "bad-inclusion"


class Hashes(Sequence[bytes]):
    """A sequence of 32-byte hashes that takes 32 bytes each."""

    __slots__ = ("_data",)

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self._data = bytearray(b"".join(hashes))

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Hashes:
        """Hashes laid end to end, as in a tile; a length that is no multiple of 32 is a ValueError."""
        if len(data) % HASH:
            raise ValueError("not whole hashes")
        made = cls()
        made._data = bytearray(data)
        return made

    def append(self, value: bytes) -> None:
        """Adds one hash."""
        self._data += value

    def extend(self, values: Iterable[bytes]) -> None:
        """Adds hashes."""
        self._data += b"".join(values)

    def data(self) -> bytes:
        """All hashes, end to end."""
        return bytes(self._data)

    def __len__(self) -> int:
        return len(self._data) // HASH

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Hashes: ...
    def __getitem__(self, index: int | slice) -> bytes | Hashes:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError("hashes are cut in steps of one")
            return Hashes.of(memoryview(self._data)[HASH * start : HASH * max(start, stop)])
        at = range(len(self))[index] * HASH
        return bytes(self._data[at : at + HASH])

    def __iter__(self) -> Iterator[bytes]:
        data = bytes(self._data)
        return (data[at : at + HASH] for at in range(0, len(data), HASH))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Hashes):
            return self._data == other._data
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"Hashes({len(self)})"


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry: 32 bytes."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees: 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(hashes: Iterable[bytes]) -> bytes:
    """The tree hash over these leaf hashes (or roots of equal subtrees, the last perhaps smaller)."""
    level = hashes.data() if isinstance(hashes, Hashes) else b"".join(hashes)
    while len(level) > HASH:
        level = _parents(level)
    return level or EMPTY


def _parents(level: bytes) -> bytes:
    sha, pair = hashlib.sha256, 2 * HASH
    whole = len(level) - len(level) % pair
    nodes = [sha(b"\1" + level[at : at + pair]).digest() for at in range(0, whole, pair)]
    return b"".join(nodes) + level[whole:]


class Tree:
    """A tree that keeps one hash per bit of its size: enough to grow and to know its root."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes | None] = []  # by level

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Adds leaf hashes."""
        rest = iter(leaves)
        while row := list(islice(rest, AT_ONCE)):
            self.size += len(row)
            self._add(row)

    def _add(self, row: list[bytes]) -> None:
        level = 0
        while row:
            if level == len(self._peaks):
                self._peaks.append(None)
            if peak := self._peaks[level]:
                row.insert(0, peak)
            self._peaks[level] = row.pop() if len(row) & 1 else None
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
            level += 1

    def root(self) -> bytes:
        """The root now: 32 bytes."""
        value = None
        for peak in filter(None, self._peaks):
            value = node_hash(peak, value) if value else peak
        return value or EMPTY


def inclusion(hashes: Sequence[bytes], index: int, size: int | None = None) -> list[bytes]:
    """The inclusion proof of leaf `index` in the tree of the first `size` leaves: from the leaf's sibling up.

    RFC 6962, section 2.1.1. IndexError when there is no such leaf.
    """
    size = len(hashes) if size is None else size
    if not 0 <= index < size <= len(hashes):
        raise IndexError(f"no leaf {index} in a tree of {size}")
    level, proof = Hashes(hashes[:size]).data(), []
    while len(level) > HASH:
        sibling = (index ^ 1) * HASH
        if sibling < len(level):
            proof.append(level[sibling : sibling + HASH])
        level, index = _parents(level), index >> 1
    return proof


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises BadInclusion unless `proof` leads from leaf hash `leaf` at `index` to `root` of `size` leaves.

    RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise BadInclusion(f"there is no entry {index} in a tree of {size}")
    node, last, value = index, size - 1, leaf
    for step in proof:
        if not last:
            raise BadInclusion("the inclusion proof is too long")
        if node & 1 or node == last:
            value = node_hash(step, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, step)
        node, last = node >> 1, last >> 1
    if last:
        raise BadInclusion("the inclusion proof is too short")
    if value != root:
        raise BadInclusion("the inclusion proof leads to another root")
