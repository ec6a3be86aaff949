# SPDX-License-Identifier: Apache-2.0
"""Making `letter.zip`: the proof of a letter, up to its last head.  # spec: 13

Everything in it is published already: files out of public/, and the names that are shown. It is made when it
is asked for, and kept until the next head, or until a name is taken back: then it is gone at once.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from fronde import canonical
from fronde.proof import bundle
from fronde.record import entry as entries
from fronde.record import tiles
from fronde.record.tree import HASH
from fronde.site.folder import INSTANCE, Folder, Remembered, sync
from fronde.site.record import logs, pool

from . import citations, reading

_busy: Remembered[threading.Lock] = Remembered(threading.Lock)
_made: Remembered[dict[str, object]] = Remembered(dict)

Source = bytes | Callable[[], bytes]


def letter_zip(letter_id: str) -> Path:
    """The proof as a file, made anew when it is out of date. Raises LookupError when there is no head yet."""
    path = Folder.current().letter(letter_id) / "letter.zip"
    with _busy():
        while True:
            version = reading.version(letter_id)
            if _made().get(letter_id) == version and path.exists():
                return path
            write(letter_id, path)
            # A name that was taken back while the file was written is in it: once more.
            if reading.version(letter_id) == version:
                _made()[letter_id] = version


def write(letter_id: str, target: Path) -> None:
    """Writes the proof to a file, durably. Raises LookupError when no head of the letter is published."""
    bundle.write(target, members(letter_id))
    sync(target.parent)


def members(letter_id: str) -> Iterator[tuple[str, Source]]:
    """What is in it: (name, bytes or a function that gives them)."""
    letter = reading.letter(letter_id)
    with Folder.current().publishing():
        instance, own = logs.head(INSTANCE), logs.head(letter_id)
        heads = [each for each in logs.opened_heads(letter_id) if each.place < instance.size]
        shown = pool.openings(letter_id, own.size)
    if letter is None or not heads or heads[-1].size != own.size:
        raise LookupError(f"{letter_id} is not published up to its last head")
    yield "letter.json", letter.data
    yield "heads.json", entries.heads_file((each.nonce, each.size) for each in heads)
    yield "openings.json", openings_file(letter_id, own.size, shown)
    yield "README.txt", bundle.README
    for name, data in citations.data(letter_id).items():
        yield bundle.evidence_name(name), data
    for name, log, head in (("log", letter_id, own), ("instance", INSTANCE, instance)):
        yield f"{name}/checkpoint", head.note
        record = Folder.current().record(log)
        for path in tiles.layout(head.size):
            yield f"{name}/{path}", (record / path).read_bytes


def openings_file(letter_id: str, size: int, shown: list[tuple[int, bytes]]) -> bytes:
    """openings.json: {v, type, openings: {leaf: opening}}."""
    record = Folder.current().record(letter_id)

    @functools.lru_cache(maxsize=1)
    def hashes(tile: int) -> bytes:
        width = min(tiles.FULL, size - tile * tiles.FULL)
        return (record / tiles.path(0, tile, width)).read_bytes()

    def leaf(index: int) -> str:
        at = index % tiles.FULL * HASH
        return canonical.b64u(hashes(index // tiles.FULL)[at : at + HASH])

    openings = {leaf(index): canonical.decode(data) for index, data in shown}
    return canonical.encode({"v": 1, "type": "openings", "openings": openings})
