# SPDX-License-Identifier: Apache-2.0
"""The signed head of a tree: c2sp.org/tlog-checkpoint, without extension lines.  # spec: 7

    rome.example/log
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — rome.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+Z...

The key's name is the origin. Sizes reach 2^53-1, as every integer here.
"""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from fronde.canonical import LIMIT

from . import note
from .note import BadNote, Key, Signer

# Sixteen digits hold 2^53-1; the base64 of 32 bytes has 43 characters and one =.
_BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")


class Checkpoint(NamedTuple):
    """A log's origin, its size and its root of 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The three lines, each with its line break: what is signed and what a `head` hides."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, signer: Signer) -> bytes:
        """The signed note. ValueError when the signer's name is not the origin."""
        if signer.name != self.origin:
            raise ValueError("the key's name is the origin of the log")
        return signer.sign(self.body)

    @classmethod
    def parse(cls, body: str) -> Checkpoint:
        """The checkpoint of exactly three lines. Raises BadNote."""
        match = _BODY.fullmatch(body)
        if not match:
            raise BadNote("not the three lines of a checkpoint")
        found = cls(match[1], int(match[2]), base64.b64decode(match[3], validate=True))
        if found.size > LIMIT or found.body != body:
            raise BadNote("not the three lines of a checkpoint")
        return found


def read(data: bytes, key: Key, *, exactly_one: bool = False) -> Checkpoint:
    """The checkpoint of a note that `key` signed, whose name is its origin. Raises BadNote."""
    found = Checkpoint.parse(note.open_note(data, key, exactly_one=exactly_one))
    if found.origin != key.name:
        raise BadNote(f"a checkpoint of {found.origin[:80]!r}, where {key.name!r} belongs")
    return found
