# SPDX-License-Identifier: Apache-2.0
"""The data folder: where everything lies, and how a file is written so that a crash leaves old or new.

fronde.toml fronde.sqlite3 policy
members/                    pepper, slot keys, enrolment rows: 0700, in no backup
keys/log keys/letters/ID/   the keys that sign logs and receipts: 0700
public/log/ public/letters/ID/{record/,evidence/} public/letters/ID/{letter.json,heads.json,letter.zip}
high-water/                 the last checkpoint that was signed of each log: in no backup
outbox/                     mails, without SMTP
serve.lock publish.lock     empty; held while a server runs, while somebody publishes
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from fronde.errors import Refused, Usage

T = TypeVar("T")

INSTANCE = "instance"


@dataclass(frozen=True)
class Folder:
    """Typed paths of one data folder."""

    path: Path

    @classmethod
    def current(cls) -> Folder:
        """The folder of this process. Raises Usage when there is none."""
        from django.conf import settings

        if not settings.FRONDE_DATA:
            raise Usage("No data folder is named.", hint="Say --data DIR or set FRONDE_DATA.", name="no-data")
        return cls(settings.FRONDE_DATA)

    @property
    def config(self) -> Path:
        return self.path / "fronde.toml"

    @property
    def database(self) -> Path:
        return self.path / "fronde.sqlite3"

    @property
    def policy(self) -> Path:
        return self.path / "policy"

    @property
    def members(self) -> Path:
        return self.path / "members"

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def outbox(self) -> Path:
        return self.path / "outbox"

    def log_key(self, log: str) -> Path:
        """The seed that signs a log's checkpoints (32 bytes). log: "instance" or a letter's id."""
        return self.keys / "log" if log == INSTANCE else self.keys / "letters" / log / "log"

    def receipt_key(self, letter: str) -> Path:
        """The seed that signs a letter's receipts (32 bytes)."""
        return self.keys / "letters" / letter / "receipt"

    def letter(self, letter: str) -> Path:
        """What is published of a letter: record/, evidence/, letter.json, heads.json, letter.zip."""
        return self.path / "public" / "letters" / letter

    def record(self, log: str) -> Path:
        """Where a log's checkpoint and tiles are published."""
        return self.path / "public" / "log" if log == INSTANCE else self.letter(log) / "record"

    def high_water(self, log: str) -> Path:
        """The last checkpoint that was signed of a log."""
        return self.path / "high-water" / log

    def serving(self) -> contextlib.AbstractContextManager[None]:
        """Held by the one server of this folder. Raises Refused when there is one already."""
        return _lock(self.path / "serve.lock", wait=False)

    def publishing(self) -> contextlib.AbstractContextManager[None]:
        """Held by whoever assigns and publishes, in this process or another; waits. Not for nesting."""
        return _lock(self.path / "publish.lock", wait=True)


@contextlib.contextmanager
def _lock(path: Path, *, wait: bool) -> Iterator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Refused(
                f"Another server runs on {path.parent}.",
                hint="Stop it first: two servers on one folder would fork the record.",
                name="already-served",
            ) from None
        yield
    finally:
        os.close(fd)


def put(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replaces or makes a file, durably: temp file, fsync, rename, fsync of the directory."""
    put_all([(path, data)], mode=mode)


def put_all(files: Iterable[tuple[Path, bytes]], *, mode: int = 0o644) -> None:
    """As `put` for many files; each directory is synced once, at the end."""
    directories = set()
    for path, data in files:
        make(path.parent)
        _rename_into(path, data, mode)
        directories.add(path.parent)
    for directory in directories:
        sync(directory)


def _rename_into(path: Path, data: bytes, mode: int) -> None:
    fd, temp = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temp, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temp)
        raise


def sync(directory: Path) -> None:
    """Makes renames in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make(directory: Path, *, mode: int = 0o755) -> None:
    """Makes a directory and what is above it, durably."""
    if directory.is_dir():
        return
    make(directory.parent)
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=mode)
    sync(directory.parent)


class Remembered(Generic[T]):
    """A value in memory for each data folder, made at its first use."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values: dict[Path, T] = {}
        self._lock = threading.Lock()

    def __call__(self) -> T:
        path = Folder.current().path
        with self._lock:
            if path not in self._values:
                self._values[path] = self._make()
            return self._values[path]


def use(path: Path) -> Folder:
    """Makes `path` the data folder of this process, and Django ready: for commands and tests."""
    import django
    from django.apps import apps
    from django.conf import settings
    from django.db import connections

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fronde.site.settings")
    if not apps.ready:
        django.setup()
    from .settings import read

    connections.close_all()
    for name, value in read({**os.environ, "FRONDE_DATA": str(path)}).items():
        setattr(settings, name, value)
    folder = Folder.current()
    connections.settings["default"]["NAME"] = str(folder.database)
    return folder
