# SPDX-License-Identifier: Apache-2.0
"""What the readers of JSON, XML and grouped CSV have in common: errors with a place, bounded lines, a spool.

A file may be made to hurt: one line of a gigabyte, a million columns, an entry that is named a million times.
Every reader holds one entry, or the entries of one key, and refuses what is larger than any honest file.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import PurePath
from types import TracebackType
from typing import Any, BinaryIO

from .originals import BadFile

LINE = 1 << 20  # bytes of one line
GROUP = 20_000  # entries of one key: one contract, one procurement

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?=[T +Z]|$)")


class BadEntry(BadFile):
    """A file of records that cannot be read to its end. place: of what is wrong, such as "entry 37"."""

    def __init__(self, file: BinaryIO, place: str, what: str, *, hint: str = "") -> None:
        super().__init__("", hint=hint or "Fetch the file again from its publisher.")
        self.place = place
        self.what = what
        self.of(called(file))

    def of(self, name: str) -> BadEntry:
        """The same error of a file that people call by another name."""
        self.message = f"{name}, {self.place}: {self.what}" if self.place else f"{name}: {self.what}"
        self.args = (self.message,)
        return self


def called(file: BinaryIO) -> str:
    """The name of an open file for people, without its folder."""
    name = getattr(file, "name", "")
    return PurePath(name).name[:200] if isinstance(name, str) and name else "the file"


def day(text: str) -> str:
    """The day of an ISO date with a time or without one, as the file states it; any other text as it is."""
    found = _DAY.match(text.strip())
    return found[1] if found else text


def lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a UTF-8 file, each at most LINE bytes long. Raises BadEntry."""
    number = 0
    while line := file.readline(LINE + 1):
        number += 1
        if len(line) > LINE:
            raise BadEntry(file, f"line {number}", f"it is longer than {LINE:,} bytes")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise BadEntry(
                file,
                f"line {number}",
                "it is not UTF-8",
                hint="Save it as UTF-8, then import it again.",
            ) from None


class Spool:
    """Entries set aside on disk, found again by key, in the order in which the keys first came.

    A private database without a name: SQLite keeps little of it in memory, and it is gone when it is closed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("CREATE TABLE entry (key TEXT, number INTEGER, value TEXT)")
        self._rows.execute("BEGIN")
        self._indexed = False

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    def add(self, key: str, number: int, value: Any) -> None:
        """Set one entry aside. Everything is added before anything is asked for."""
        self._rows.execute("INSERT INTO entry VALUES (?, ?, ?)", (key, number, json.dumps(value)))

    def of(self, key: str) -> list[tuple[int, Any]]:
        """The entries of one key, in the order of the file. Raises BadEntry when they are too many."""
        self._index()
        found = self._rows.execute(
            "SELECT number, value FROM entry WHERE key = ? ORDER BY rowid LIMIT ?", (key, GROUP + 1)
        ).fetchall()
        if len(found) > GROUP:
            raise BadEntry(
                self._file, f"entry {found[0][0]}", f"more than {GROUP:,} entries have the key {key[:80]!r}"
            )
        return [(number, json.loads(value)) for number, value in found]

    def __iter__(self) -> Iterator[str]:
        """Each key once, in the order in which it first came."""
        self._index()
        for (key,) in self._rows.execute("SELECT key FROM entry GROUP BY key ORDER BY min(rowid)"):
            yield key

    def _index(self) -> None:
        if not self._indexed:
            self._rows.execute("CREATE INDEX by_key ON entry (key)")
            self._indexed = True
