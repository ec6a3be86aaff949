# SPDX-License-Identifier: Apache-2.0
"""A seized server: the bytes and dates of its data folder; and what really happened, to compare (`Truth`)."""

from __future__ import annotations

import sqlite3
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Enrolled:
    """A member as the server met them: all that could name them, and the bytes that came and went.

    row: what the pepper makes of them: member_tag and HMACs.
    """

    mailbox: str
    code: str
    agent: str
    sent: tuple[bytes, ...]
    row: tuple[bytes, ...]


@dataclass(frozen=True)
class Signed:
    """A signature. member: their place in the order of enrolment; batch: None while it waits."""

    member: int
    key: bytes
    leaf: bytes
    token: bytes
    name: str
    agent: str
    withdrawn: bool
    batch: int | None


@dataclass(frozen=True)
class Truth:
    """What happened: who enrolled and who signed, in the order in which they came.

    since, until: unix times between which it happened; settled: dates before it are of the files' copying.
    """

    since: float
    until: float
    settled: float
    enrolled: Sequence[Enrolled]
    signed: Sequence[Signed]

    @property
    def published(self) -> list[tuple[int, Signed]]:
        """(place in the order of signing, signature)."""
        return [(place, each) for place, each in enumerate(self.signed) if each.batch is not None]


class Table(NamedTuple):
    """A table as it was declared, with its rows."""

    file: str
    name: str
    sql: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Seizure:
    """files: bytes by path; dates: of files and folders, (mtime, ctime) by path."""

    files: Mapping[str, bytes]
    dates: Mapping[str, tuple[float, float]]
    tables: Sequence[Table]


def seize(folder: Path) -> Seizure:
    """Takes a folder as it lies on the disk, with write-ahead logs and all."""
    paths = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))}
    dates = {name: (path.stat().st_mtime, path.stat().st_ctime) for name, path in paths.items()}
    files = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
    return Seizure(files, dates, [table for name in files for table in _tables(files, name)])


def _tables(files: Mapping[str, bytes], name: str) -> Iterator[Table]:
    """The tables of a database, on a copy: reading one would change it."""
    if not files[name].startswith(b"SQLite format 3\0"):
        return
    with tempfile.TemporaryDirectory() as copies:
        copy = Path(copies) / "db"
        copy.write_bytes(files[name])
        copy.with_name("db-wal").write_bytes(files.get(f"{name}-wal", b""))
        with closing(sqlite3.connect(copy)) as db:
            for table, sql in db.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
            ).fetchall():
                rows = db.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name out of the schema
                yield Table(name, table, sql, [each[0] for each in rows.description], rows.fetchall())


def b64u(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def forms(data: bytes) -> tuple[bytes, ...]:
    """Bytes as they are, and as they are written."""
    return data, b64u(data), data.hex().encode()
