# SPDX-License-Identifier: Apache-2.0
"""JSON files of any length, read entry by entry: one document, a list, or one document a line.

Only one entry is in memory at a time. What could fill it is refused with its place: depth, one endless text,
one endless number, too much in one entry, the same key twice (two readers would believe two things).
Numbers keep their digits (`Decimal`), they never become floats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

import ijson

from fronde.evidence.entries import BadEntry

CHUNK = 1 << 16
DEPTH = 64
TEXT = 1 << 20  # characters of one text
DIGITS = 400  # of one number
EXPONENT = 60  # 10^60 of anything is no money
NODES = 2_000_000  # values in one entry
CHARS = 1 << 25  # of all texts and keys in one entry

Path = tuple[str, ...]

_RUN = re.compile(rb"[0-9]{%d}" % (DIGITS + 1))
_QUOTE = re.compile(rb'[^\\](?:\\\\)*"')
_WRONG = (ijson.JSONError, UnicodeError, ValueError, ArithmeticError, SystemError)


class _Guard:
    """A file whose tokens are short: checked before the parser sees them, it would hold one of any length."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.count = 0  # bytes read
        self._tail = b""
        self._without_quote = 0

    def read(self, size: int) -> bytes:
        chunk = self.file.read(size)
        seen = self._tail + chunk
        if _RUN.search(seen):
            raise self._bad(f"it has a number of more than {DIGITS} digits")
        self._without_quote = 0 if _QUOTE.search(seen) else self._without_quote + len(chunk)
        if self._without_quote > 4 * TEXT:
            raise self._bad(f"it has a text of more than {TEXT:,} characters")
        self._tail = seen[-DIGITS:]
        self.count += len(chunk)
        return chunk

    def _bad(self, what: str) -> BadEntry:
        return BadEntry(self.file, f"after byte {self.count:,}", what)


class _Entry:
    """What is being built, and how much of it there is."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.number = 1
        self.whole = True  # nothing of this document was handed out
        self.stack: list[Any] = []
        self.path: list[str] = []
        self.clear()

    def clear(self) -> None:
        self.nodes = self.chars = 0

    def bad(self, what: str) -> BadEntry:
        return BadEntry(self.file, f"entry {self.number}", what)

    def count(self, event: str, value: Any) -> None:
        """One more value or key. Raises BadEntry when it is too much."""
        self.nodes += 1
        if self.nodes > NODES:
            raise self.bad(f"it has more than {NODES:,} values")
        if isinstance(value, str):
            self.chars += len(value)
            if len(value) > TEXT or self.chars > CHARS:
                raise self.bad(f"it has a text of more than {TEXT:,} characters, or too many texts")
        elif isinstance(value, Decimal) and abs(value.adjusted()) > EXPONENT:
            raise self.bad(f"it has a number beyond 10^{EXPONENT}")

    def open(self, container: Any, step: str) -> None:
        if len(self.stack) >= DEPTH:
            raise self.bad(f"it is nested more than {DEPTH} levels deep")
        self.stack.append(container)
        self.path.append(step)

    def key(self, key: str) -> None:
        key = key.strip()  # publishers write "nom "
        if key in self.stack[-1]:
            raise self.bad(f"the key {key[:80]!r} stands in one object twice")
        self.path[-1] = key

    def close(self) -> Any:
        self.path.pop()
        return self.stack.pop()

    def put(self, value: Any) -> None:
        """Attach a finished value to what it is in."""
        inside = self.stack[-1]
        if isinstance(inside, dict):
            inside[self.path[-1]] = value
        else:
            inside.append(value)

    def taken(self) -> None:
        """A finished value was handed out: only its key is remembered."""
        if isinstance(self.stack[-1], dict):
            self.stack[-1][self.path[-1]] = None
        self.number += 1
        self.whole = False
        self.clear()

    def ended(self) -> None:
        """A document is over; one of which nothing was handed out is an entry itself."""
        self.number += self.whole
        self.whole = True
        self.clear()


def entries(file: BinaryIO, places: frozenset[Path]) -> Iterator[tuple[Path, Any]]:
    """Each value that stands at one of `places`, and what is left of each document at ().

    A place names the keys on the way, "*" for the values of a list. Raises BadEntry.
    """
    deepest = max(map(len, places), default=0)
    entry = _Entry(file)
    for event, value in _events(file, entry):
        entry.count(event, value)
        if event in ("start_map", "start_array"):
            entry.open(*(({}, "") if event == "start_map" else ([], "*")))
            continue
        if event == "map_key":
            entry.key(value)
            continue
        if event in ("end_map", "end_array"):
            value = entry.close()
        path = tuple(entry.path) if len(entry.path) <= deepest else ("",)
        if not entry.stack:
            yield (), value
            entry.ended()
        elif path in places:
            yield path, value
            entry.taken()
        else:
            entry.put(value)


def _events(file: BinaryIO, entry: _Entry) -> Iterator[tuple[str, Any]]:
    guard = _Guard(file)
    try:
        yield from ijson.basic_parse(guard, multiple_values=True, buf_size=CHUNK)
    except BadEntry:
        raise
    except _WRONG as error:
        what = "it is empty" if not guard.count else f"it is not JSON ({_first(error)})"
        raise BadEntry(file, f"entry {entry.number}, before byte {guard.count:,}", what) from None


def _first(error: BaseException) -> str:
    return str(error).strip("b'").split("\\n")[0].splitlines()[0][:80] if str(error) else "unknown"


def text(value: Any) -> str:
    """A text or a number as text, the digits as in the file; "" for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def at(value: Any, *steps: str) -> Any:
    """What stands inside objects at these keys, or None."""
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; an object alone counts as a list of one."""
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
