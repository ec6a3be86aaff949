# SPDX-License-Identifier: Apache-2.0
"""A witness's line under a checkpoint: c2sp.org/tlog-cosignature, v1 (Ed25519).  # spec: 7

The line's bytes are a time (u64, seconds since 1970, at most 2^63-1) and a signature over

    cosignature/v1
    time 1679315147
    rome.example/log
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

The key's type is 4.
"""

from __future__ import annotations

import struct

from fronde.tokens import ed25519

from . import note
from .note import COSIGNATURE, BadNote, Key, Signature


def message(body: str, time: int) -> bytes:
    """What a witness signs: `body` is a checkpoint's text with its last line break."""
    return f"cosignature/v1\ntime {time}\n{body}".encode()


def sign(body: str, name: str, seed: bytes, time: int) -> str:
    """The signature line of a witness, with its line break."""
    key = Key.of(name, ed25519.public_key(seed), COSIGNATURE)
    return note.line(key, struct.pack(">Q", time) + ed25519.sign(seed, message(body, time)))


def verify(body: str, line: Signature, key: Key) -> int:
    """The time (seconds since 1970) at which `key` cosigned `body`. Raises BadNote."""
    if key.type != COSIGNATURE or (line.name, line.id) != (key.name, key.id):
        raise BadNote(f"not a cosignature of {key.name}")
    if len(line.data) != 72:
        raise BadNote(f"the cosignature of {key.name} is not of 72 bytes")
    (time,) = struct.unpack(">Q", line.data[:8])
    if time >= 1 << 63:
        raise BadNote(f"the cosignature of {key.name} is of no possible time")
    note.verify(key, line.data[8:], message(body, time))
    return int(time)


def find(parsed: note.Note, key: Key) -> int | None:
    """The time of `key`'s cosignature under a note; None when it has none. A wrong one raises BadNote."""
    own = [each for each in parsed.signatures if (each.name, each.id) == (key.name, key.id)]
    return max((verify(parsed.text, each, key) for each in own), default=None)
