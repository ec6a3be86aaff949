# SPDX-License-Identifier: Apache-2.0
"""Logs in memory for the tests of the record: files by path, and a slow model of tlog-tiles."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from fronde.record.checkpoint import Checkpoint
from fronde.record.note import Signer
from fronde.record.tiles import bundle_path, pack, path
from fronde.record.tree import leaf_hash

ORIGIN = "fronde.example/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
VECTORS = Path(__file__).parent.parent / "vectors"


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def slow_root(hashes: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1, word by word: split at the largest power of two below n."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\1" + slow_root(hashes[:split]) + slow_root(hashes[split:])).digest()


def slow_files(entries: Sequence[bytes]) -> dict[str, bytes]:
    """Every tile and bundle by the definition: MTH(D[(n*256 + i) * 256**l : (n*256 + i + 1) * 256**l])."""
    hashes = [leaf_hash(entry) for entry in entries]
    files = {}
    for n in range(0, len(entries), 256):
        part = entries[n : n + 256]
        files[bundle_path(n // 256, len(part))] = pack(part)
    level, span = 0, 1
    while span <= len(entries):
        whole = [slow_root(hashes[at : at + span]) for at in range(0, len(hashes) - span + 1, span)]
        for n in range(0, len(whole), 256):
            part = whole[n : n + 256]
            files[path(level, n // 256, len(part))] = b"".join(part)
        level, span = level + 1, span * 256
    return files


def log_files(entries: Sequence[bytes], signer: Signer = SIGNER) -> dict[str, bytes]:
    """The files of a log, checkpoint included, by the slow model."""
    root = slow_root([leaf_hash(entry) for entry in entries])
    return slow_files(entries) | {"checkpoint": Checkpoint(signer.name, len(entries), root).sign(signer)}


def fetcher(files: dict[str, bytes]) -> Callable[[str], bytes]:
    return files.__getitem__


def numbered(count: int) -> list[bytes]:
    return [b"entry %d" % i for i in range(count)]
