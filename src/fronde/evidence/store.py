# SPDX-License-Identifier: Apache-2.0
"""The evidence folder: import, forget, rebuild; and how it is read.

    originals/<sha256>      as received, read-only                    }  the truth
    decisions.jsonl         what people said, append-only             }
    staged/<...>.parquet    one a table: typed rows                   }  made from it, may be deleted
    evidence.duckdb         what questions are asked of               }
    scratch/                of the one import that runs; cleared by the next

An import works beside the present file. What is true at each moment: until the line of decisions.jsonl is
written, nothing has happened; between that and the rename the old file answers, and the next import or
`rebuild` brings the new one; after the rename the new one answers. A kill leaves the old file or the new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fronde.errors import Refused, Usage

from . import decisions, originals, sources, tables
from .build import Staged, build
from .contract import Format
from .decisions import Line
from .reader import DATABASE, Evidence, open_folder
from .stage import Meter, stage

__all__ = [
    "About",
    "Account",
    "Evidence",
    "Imported",
    "accounts",
    "forget",
    "import_files",
    "open_folder",
    "rebuild",
]

MEMORY = "2GB"  # of DuckDB; what does not fit goes to scratch/

# Says what happens now: words, what knows how much is done, an estimate of rows or 0.
Tell = Callable[[str, Meter | None, int], AbstractContextManager[None]]


def quiet(_words: str, _meter: Meter | None, _rows: int) -> AbstractContextManager[None]:
    """A Tell that says nothing."""
    return nullcontext()


@dataclass(frozen=True)
class About:
    """What people say of the files they import; "" takes what the format knows. retrieved: YYYY-MM-DD."""

    publisher: str = ""
    url: str = ""
    retrieved: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Account:
    """One source, as `sources` lists it: read = kept + duplicate + rejected."""

    sha256: str
    member: str
    name: str
    format: str
    publisher: str
    url: str
    retrieved: str
    licence: str
    read: int
    kept: int
    duplicate: int
    rejected: int
    warnings: list[str]


@dataclass(frozen=True)
class Reject:
    """A row that was not taken. column: as the file calls it, "" for the whole row."""

    sha256: str
    name: str
    row: int
    column: str
    why: str
    raw: str


@dataclass(frozen=True)
class Imported:
    """What an import did. known: files that were here already, by name."""

    accounts: tuple[Account, ...]
    known: tuple[str, ...]


def import_files(folder: Path, files: Sequence[Path], about: About, tell: Tell = quiet) -> Imported:
    """Imports files, all or none. Raises FrondeError; then nothing has changed."""
    with _alone(folder):
        lines = decisions.read(folder)
        present = {line["sha256"] for line in decisions.sources(lines)}
        fresh: list[Line] = []
        known = []
        kept: list[Path] = []
        try:
            for file in files:
                with tell(f"copying {file.name}", None, 0):
                    sha256, new = originals.keep(file, folder / "originals")
                if new:
                    kept.append(folder / "originals" / sha256)
                if sha256 in present:
                    known.append(file.name)
                    continue
                present.add(sha256)
                fresh += _stage_original(folder, sha256, file.name, about, tell)
            if fresh:
                _rebuild(
                    folder,
                    [*decisions.sources(lines), *fresh],
                    tell,
                    lambda: decisions.append(folder, *fresh),
                )
        except BaseException:
            if not _imported(folder, fresh):
                for path in kept:
                    path.unlink(missing_ok=True)
            raise
    names = {(line["sha256"], line["member"]) for line in fresh}
    return Imported(
        tuple(each for each in accounts(folder) if (each.sha256, each.member) in names), tuple(known)
    )


def forget(folder: Path, start: str, tell: Tell = quiet) -> str:
    """Forgets the original whose SHA-256 begins with `start`, and all that came of it; returns it whole."""
    with _alone(folder):
        known = decisions.sources(decisions.read(folder))
        found: set[str] = {line["sha256"] for line in known if line["sha256"].startswith(start.lower())}
        if len(found) != 1 or len(start) < 4:
            raise Usage(
                f"{len(found) or 'no'} imported files begin with {start[:64]!r}",
                hint="`fronde evidence sources` lists them; give more of its SHA-256.",
            )
        (sha256,) = found
        left = [line for line in known if line["sha256"] != sha256]
        _rebuild(folder, left, tell, lambda: decisions.append(folder, {"type": "forget", "sha256": sha256}))
        (folder / "originals" / sha256).unlink(missing_ok=True)
        for path in (folder / "staged").glob(f"*-{sha256}-*"):
            path.unlink()
    return sha256


def rebuild(folder: Path, tell: Tell = quiet, *, anew: bool = True) -> int:
    """Makes evidence.duckdb from originals and decisions; returns the number of sources.

    anew: stages all again, else only what is missing.
    """
    with _alone(folder):
        if anew:
            shutil.rmtree(folder / "staged", ignore_errors=True)
            (folder / "staged").mkdir()
        known = decisions.sources(decisions.read(folder))
        _rebuild(folder, known, tell, lambda: None)
    return len(known)


def accounts(folder: Path) -> list[Account]:
    """The sources of the present file, in the order of import."""
    with Evidence(folder).reading() as connection:
        rows = connection.execute(
            "SELECT sha256, member, name, format, publisher, url, coalesce(CAST(retrieved AS VARCHAR), ''),"
            " licence, read, kept, duplicate, rejected, warnings FROM source ORDER BY id"
        ).fetchall()
    return [Account(*row) for row in rows]


def rejects(folder: Path) -> list[Reject]:
    """The rows that were not taken, in the order of files and rows."""
    with Evidence(folder).reading() as connection:
        rows = connection.execute(
            'SELECT sha256, name, "row", "column", why, coalesce(raw, \'\') FROM reject'
            ' JOIN source ON source.id = reject.source ORDER BY source.id, "row", "column"'
        ).fetchall()
    return [Reject(*row) for row in rows]


# -- one import at a time ------------------------------------------------------------------------------------


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the folder: makes it, refuses a second importer, clears what a killed one left."""
    try:
        for name in ("originals", "staged", "scratch", "citations"):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Usage(
            f"cannot write in {folder}: {error.strerror}", hint="Check --evidence or --data."
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Refused(
                f"another import works in {folder}", hint="Wait until it has ended.", name="import-running"
            ) from None
        _sweep(folder)
        yield
    except OSError as error:
        raise Refused(
            f"{folder} cannot be written: {error.strerror or error}",
            hint="Look at its free space.",
            name="import-full",
        ) from None
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    shutil.rmtree(folder / "scratch", ignore_errors=True)
    (folder / "scratch").mkdir(mode=0o700)
    for path in (
        *folder.glob(f"{DATABASE}.new*"),
        *folder.glob("originals/.part-*"),
        *folder.glob("staged/*.part"),
    ):
        path.unlink()


def _imported(folder: Path, fresh: Sequence[Line]) -> bool:
    known = {line["sha256"] for line in decisions.sources(decisions.read(folder))}
    return any(line["sha256"] in known for line in fresh)


# -- staging and building ------------------------------------------------------------------------------------


def _staged_path(folder: Path, sha256: str, member: str) -> Path:
    inside = hashlib.sha256(member.encode()).hexdigest()[:16] if member else "whole"
    return folder / "staged" / f"v{tables.VERSION}-{sha256}-{inside}.parquet"


def _stage_original(folder: Path, sha256: str, name: str, about: About, tell: Tell) -> list[Line]:
    """Stages each table of an original; returns its lines for decisions.jsonl, not yet written."""
    lines = []
    for text in originals.texts(folder / "originals" / sha256, name):
        form = _stage_text(folder, sha256, text, "", tell)
        lines.append(
            {
                "type": "source", "sha256": sha256, "member": text.member, "name": text.name[:500],
                "format": form.name, "publisher": about.publisher or form.publisher, "url": about.url,
                "retrieved": about.retrieved, "licence": about.licence or form.licence,
            }
        )  # fmt: skip
    return lines


def _stage_text(folder: Path, sha256: str, text: originals.Text, format_name: str, tell: Tell) -> Format:
    """Stages one table, unless it is staged. format_name: what it was recognised as before, or ""."""
    scratch, target = folder / "scratch", _staged_path(folder, sha256, text.member)
    with tell(f"looking at {text.name}", None, 0):
        plain = originals.plain(text, scratch)
    form = sources.named(format_name) if format_name else sources.recognise(plain.head)
    part = target.with_suffix(".part")
    with _connect(folder, scratch / "stage.duckdb") as connection:
        size, sample = plain.path.stat().st_size, max(plain.head.text.count("\n"), 1)
        rows = sample if size <= originals.HEAD else size * sample // originals.HEAD
        meter = Meter(connection)
        with tell(f"reading {text.name}", meter, rows):
            stage(plain, form, part, connection, meter)
    _settle(part, target)
    for path in scratch.iterdir():
        path.unlink() if path.is_file() else shutil.rmtree(path)
    return form


def _rebuild(folder: Path, known: Sequence[Line], tell: Tell, decided: Callable[[], object]) -> None:
    """Stages what is missing, builds the database aside, calls `decided`, renames the database in."""
    staged = []
    for line in known:
        path = _staged_path(folder, line["sha256"], line["member"])
        if not path.exists():
            original = folder / "originals" / line["sha256"]
            _stage_text(folder, line["sha256"], _found(original, line), line["format"], tell)
        about = {key: value for key, value in line.items() if key != "type"}
        staged.append(Staged(**about, path=path))
    new = folder / f"{DATABASE}.new"
    with _connect(folder, new) as connection, tell("putting everything together", None, 0):
        build(connection, staged)
        connection.execute("CHECKPOINT")
    decided()
    _settle(new, folder / DATABASE)


def _found(original: Path, line: Line) -> originals.Text:
    """The table of a source within its original, whose bytes are still those that were imported."""
    try:
        with original.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        digest = ""
    if digest != line["sha256"]:
        raise Refused(
            f"{line['name']}: its original is {'changed' if digest else 'missing'}",
            hint=f"Put the file with SHA-256 {line['sha256']} back into originals/, or forget it.",
            name="original-lost",
        )
    return originals.Text(original, line["member"], line["name"])


def _settle(part: Path, final: Path) -> None:
    """Renames a whole file in, so that it outlives a power cut."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(final)
    originals.sync(final.parent)


@contextmanager
def _connect(folder: Path, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of our own to write, with bounded memory, that loads no extension and asks no network."""
    scratch = folder / "scratch"
    connection = duckdb.connect(
        path,
        config={
            "memory_limit": MEMORY, "temp_directory": str(scratch / "spill"),
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        },
    )  # fmt: skip
    try:
        # Without it nobody counts how much is done.
        connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
        yield connection
    except duckdb.OutOfMemoryException as error:
        raise Refused(
            f"memory or disk is full: {str(error)[:200]}", hint="Free some space.", name="import-full"
        ) from None
    except duckdb.IOException as error:
        raise Refused(
            f"the disk failed: {str(error)[:200]}", hint="Look at its free space.", name="import-full"
        ) from None
    finally:
        connection.close()
