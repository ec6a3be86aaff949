# SPDX-License-Identifier: Apache-2.0
"""How evidence.duckdb is read: read-only, sandboxed, and again when the file has changed.

One instance a file, one connection a thread. DuckDB keeps instances by path, and would go on answering from a
file that was renamed away; so an instance is in memory and attaches the file. A reader in flight keeps the
instance it has, whatever is renamed meanwhile; the next one gets the new file.  # trust: 31-33
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from fronde.errors import Refused, Usage

from . import decisions, judged, tables
from .typed import text

DATABASE = "evidence.duckdb"

# Nothing of this can be taken back once the configuration is locked.
SANDBOX = """
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET temp_directory = '';
SET memory_limit = '1GB';
SET enable_external_access = false;
SET lock_configuration = true;
"""

Stamp = tuple[tuple[int, int, int], ...]


class Stale(Refused):
    """evidence.duckdb is damaged or was made by another version: it can be made again at any time."""

    name = "evidence-stale"


class Evidence:
    """The readers of one evidence folder. Safe for threads; `reading` gives each its own connection."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._shared: tuple[Stamp, duckdb.DuckDBPyConnection] | None = None
        self._mine = threading.local()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection of this thread, to the file as it is now. Not for keeping: use it within the block.

        Raises Usage when nothing was imported, Stale when the file cannot be used.
        """
        deep = getattr(self._mine, "deep", 0)
        if not deep:
            self._refresh()
        self._mine.deep = deep + 1
        try:
            yield self._mine.connection
        finally:
            self._mine.deep = deep

    def _refresh(self) -> None:
        stamp = self._stamp()
        if getattr(self._mine, "stamp", None) == stamp:
            return
        with self._lock:
            if self._shared is None or self._shared[0][0] != stamp[0]:
                self._shared = (stamp, _instance(self._folder / DATABASE))
            connection = self._shared[1].cursor()
        connection.execute("USE evidence")
        judged.apply(connection, decisions.read(self._folder))
        self._mine.connection, self._mine.stamp = connection, stamp

    def _stamp(self) -> Stamp:
        """Tells the present files from others: an import renames a new one in, decisions grow."""
        try:
            status = (self._folder / DATABASE).stat()
        except OSError:
            raise Usage(
                f"nothing was imported into {self._folder}",
                hint="fronde evidence import FILE, or fronde evidence rebuild",
                name="evidence-empty",
            ) from None
        stamps = [status]
        if (said := self._folder / decisions.NAME).exists():
            stamps.append(said.stat())
        return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in stamps)


def open_folder(folder: Path) -> duckdb.DuckDBPyConnection:
    """One connection for one command; see `Evidence.reading`."""
    with Evidence(folder).reading() as connection:
        return connection


def _instance(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"ATTACH {text(str(path))} AS evidence (READ_ONLY)")
        connection.execute(SANDBOX)
        row = connection.execute("SELECT value FROM evidence.meta WHERE name = 'version'").fetchone()
    except duckdb.Error as error:
        connection.close()
        raise Stale(f"{path} cannot be read: {str(error)[:200]}", hint="fronde evidence rebuild") from None
    if row is None or row[0] != str(tables.VERSION):
        connection.close()
        raise Stale(f"{path} was made by another version of Fronde", hint="fronde evidence rebuild")
    return connection
