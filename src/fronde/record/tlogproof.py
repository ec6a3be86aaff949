# SPDX-License-Identifier: Apache-2.0
"""One entry's proof in a file: c2sp.org/tlog-proof.  # spec: 7

    c2sp.org/tlog-proof@v1
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
    ...

    rome.example/log
    109482
    sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

    — rome.example/log hI2DJw...

An `extra` line after the first is read and ignored (nobody signed it), and never written.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fronde.errors import Unreadable

from . import checkpoint as checkpoints
from .checkpoint import Checkpoint
from .note import Key
from .tree import check_inclusion, inclusion, leaf_hash

FIRST = "c2sp.org/tlog-proof@v1"
LIMIT = 512 * 1024

_HEAD = re.compile(
    rf"{re.escape(FIRST)}\n(?:extra ([^\n]*)\n)?"
    r"index (0|[1-9][0-9]{0,15})\n((?:[A-Za-z0-9+/]{43}=\n){0,64})"
)


class BadProof(Unreadable):
    """Not a tlog-proof."""

    name = "bad-tlog-proof"


@dataclass(frozen=True)
class Proof:
    """A proof taken apart; nothing is verified yet. path: hashes from the leaf's sibling up."""

    index: int
    path: list[bytes]
    note: bytes


def write(index: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    """The proof of entry `index`, from all leaf hashes of the checkpoint in `note`."""
    return assemble(index, inclusion(hashes, index), note)


def assemble(index: int, path: Sequence[bytes], note: bytes) -> bytes:
    """The proof file of an inclusion proof that stands already (see tiles.inclusion_from)."""
    lines = "".join(f"{base64.b64encode(step).decode()}\n" for step in path)
    return f"{FIRST}\nindex {index}\n{lines}\n".encode() + note


def parse(data: bytes) -> Proof:
    """Takes a proof apart. Raises BadProof."""
    if len(data) > LIMIT:
        raise BadProof("a tlog-proof that is too long")
    head, gap, note = data.partition(b"\n\n")
    try:
        match = _HEAD.fullmatch(head.decode("ascii") + "\n")
    except UnicodeDecodeError:
        match = None
    if not match or not gap:
        raise BadProof("not a tlog-proof of version 1")
    if match[1] is not None:
        _base64(match[1])
    return Proof(int(match[2]), [_base64(line) for line in match[3].split("\n")[:-1]], note)


def check(data: bytes, entry: bytes, key: Key) -> Checkpoint:
    """The checkpoint, signed by `key`, in whose tree `entry` stands at the proof's index.

    Raises BadProof, BadNote, BadInclusion.
    """
    proof = parse(data)
    found = checkpoints.read(proof.note, key)
    check_inclusion(proof.index, found.size, leaf_hash(entry), proof.path, found.root)
    return found


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadProof("a line that is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise BadProof("a line that is not strict base64")
    return data
