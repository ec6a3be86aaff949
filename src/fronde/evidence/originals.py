# SPDX-License-Identifier: Apache-2.0
"""Files as received: kept under their SHA-256, opened with caps, turned into plain UTF-8 to be read.

An original is never changed. What a hostile one can do is bounded here: a zip that grows (ratio, size,
number, nested), a line without end, NUL bytes. Memory is one chunk, whatever the file.  # trust: 31-33
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from fronde.errors import Unreadable, Usage

from .contract import Head

CHUNK = 2**20
HEAD = 2**16
LINE = 2**21  # bytes of one line of a CSV or of JSON Lines
MEMBERS = 200  # files in a zip
RATIO = 200  # a zip may grow so many times; tables of t and f shrink to a fortieth
UNPACKED = 2**36  # 64 GiB in all
SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".atom", ".ftm")
SEPARATORS = ",;\t|"
CONTROLS = (b"\0", b"\x1f")  # in no text; 0x1F is what `stage` packs names with


class BadFile(Unreadable):
    """A file that cannot be read as a table: its packing, its encoding or its lines."""

    name = "file-unreadable"


class Bomb(Unreadable):
    """A zip that would fill the disk."""

    name = "zip-bomb"


@dataclass(frozen=True)
class Text:
    """One table within an original: itself, or a member of a zip. name: as people see it."""

    original: Path
    member: str
    name: str

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Its bytes, unpacked. Raises BadFile for a damaged zip."""
        try:
            if not self.member:
                with self.original.open("rb") as file:
                    yield file
            else:
                with zipfile.ZipFile(self.original) as packed, packed.open(self.member) as file:
                    yield cast(BinaryIO, file)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise BadFile(f"{self.name} cannot be unpacked: {error}", hint="Download it again.") from None


@dataclass(frozen=True)
class Plain:
    """A table as UTF-8 without BOM. path: may be the original itself. note: how it was decoded, or ""."""

    path: Path
    head: Head
    separator: str
    note: str
    long_line: int  # the first line of more than LINE bytes, 0: none


def keep(path: Path, originals: Path) -> tuple[str, bool]:
    """Copies a file to originals/<sha256>: (sha256 in hex, whether it is new). Whole or not at all."""
    try:
        source = path.open("rb")
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", hint="Check the name of the file.") from None
    part = originals / f".part-{os.getpid()}"
    with source, part.open("wb") as target:
        digest = hashlib.sha256()
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    final = originals / digest.hexdigest()
    if final.exists():
        part.unlink()
        return final.name, False
    part.chmod(0o400)
    part.rename(final)
    sync(originals)
    return final.name, True


def sync(folder: Path) -> None:
    """Makes a rename within a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def texts(original: Path, name: str) -> list[Text]:
    """The tables of an original, by name. Raises BadFile or Bomb."""
    with original.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        raise BadFile(f"{name} is packed with gzip", hint="Unpack it (gunzip), then import what it holds.")
    if magic not in (b"PK\x03\x04", b"PK\x05\x06"):
        return [Text(original, "", name)]
    try:
        with zipfile.ZipFile(original) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadFile(f"{name} is a damaged zip: {error}", hint="Download it again.") from None
    _check_members(members, name)
    return [Text(original, each.filename, f"{name}/{each.filename}") for each in members]


def _check_members(members: list[zipfile.ZipInfo], name: str) -> None:
    if any(each.filename == "[Content_Types].xml" for each in members):
        raise BadFile(f"{name} is a spreadsheet or document", hint="Save its table as CSV in UTF-8.")
    if not members:
        raise BadFile(f"{name} is an empty zip", hint="Download it again.")
    if len(members) > MEMBERS:
        raise Bomb(
            f"{name} holds {len(members)} files, at most {MEMBERS}", hint="Import its tables one by one."
        )
    for each in members:
        if not each.filename.lower().endswith(SUFFIXES) or not each.filename.isprintable():
            raise BadFile(
                f"{name} holds {each.filename[:80]!r}, which is no table",
                hint="Take the tables out of the zip and import them.",
            )
        if each.flag_bits & 1:
            raise BadFile(f"{name} needs a password", hint="Unpack it, then import what it holds.")
    if len({each.filename for each in members}) < len(members):
        raise BadFile(f"{name} holds two files of one name", hint="Take them out and import them.")
    if sum(each.file_size for each in members) > UNPACKED:
        raise Bomb(f"{name} unpacks to more than 64 GiB", hint="Import its tables one by one.")


def plain(text: Text, scratch: Path) -> Plain:
    """The table as plain UTF-8. Encoding, by rule: a BOM is believed (UTF-8, UTF-16); what is valid UTF-8 is
    UTF-8; else Windows-1252, of which Latin-1 is a part; else BadFile.
    """
    path, note = text.original, ""
    if text.member:
        path = scratch / "unpacked"
        _unpack(text, path)
    look = _look(path)
    if look.encoding != "utf-8":
        decoded = scratch / "decoded"
        _decode(path, decoded, look.encoding, text.name)
        if look.encoding != "utf-8-sig":
            note = f"read as {'Windows-1252' if look.encoding == 'cp1252' else 'UTF-16'}"
        path, look = decoded, _look(decoded)
    if look.nul:
        raise BadFile(
            f"{text.name}, line {look.nul}: a NUL byte or another control character, which no table has",
            hint="Download it again, or save it as UTF-8: it may be UTF-16 without its mark, or no text.",
        )
    with path.open("rb") as file:
        first = file.read(HEAD).decode("utf-8", "ignore")
    separator, fields = header(first)
    return Plain(path, Head(text.name.rpartition("/")[2], first, fields), separator, note, look.long_line)


def header(first: str) -> tuple[str, tuple[str, ...]]:
    """(separator, fields) of the first line: the separator that gives most fields; none in JSON and XML."""
    line, end, _ = first.partition("\n")
    if not line.strip() or line.lstrip()[0] in "{[<" or (not end and len(first) >= HEAD // 4):
        return ",", ()
    tries = {each: next(csv.reader([line], delimiter=each), []) for each in SEPARATORS}
    best = max(SEPARATORS, key=lambda each: len(tries[each]))
    return best, tuple(field.strip() for field in tries[best])


def _unpack(text: Text, target: Path) -> None:
    """Unpacks with what a zip says of itself not believed: it stops at the ratio."""
    with zipfile.ZipFile(text.original) as packed:
        most = min(UNPACKED, max(packed.getinfo(text.member).compress_size * RATIO, CHUNK))
    size = 0
    with text.open() as source, target.open("wb") as file:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise Bomb(
                    f"{text.name} grows to more than {RATIO} times its packed size",
                    hint="Do not trust this file. If you know it, unpack it and import what it holds.",
                )
            file.write(chunk)


@dataclass
class _Look:
    encoding: str = "utf-8"
    nul: int = 0
    long_line: int = 0


def _look(path: Path) -> _Look:
    """One pass over the bytes: encoding, the first NUL, the first line that is too long."""
    look, utf8 = _Look(), codecs.getincrementaldecoder("utf-8")()
    valid, lines, run = True, 1, 0
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        while chunk := file.read(CHUNK):
            if valid:
                valid = _feed(utf8, chunk)
            for byte in CONTROLS:
                if not look.nul and (at := chunk.find(byte)) >= 0:
                    look.nul = lines + chunk.count(b"\n", 0, at)
            # A line that lies within a chunk is shorter than LINE: only what runs over can be too long.
            end = chunk.find(b"\n")
            run += len(chunk) if end < 0 else end
            if run > LINE and not look.long_line:
                look.long_line = lines
            if end >= 0:
                run = len(chunk) - chunk.rfind(b"\n") - 1
            lines += chunk.count(b"\n")
    valid = valid and _feed(utf8, b"", final=True)
    look.encoding = _encoding(start, valid)
    return look


def _feed(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(start: bytes, valid: bool) -> str:
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if valid:
        return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    return "cp1252"


def _decode(path: Path, target: Path, encoding: str, name: str) -> None:
    hint = "Save it as UTF-8, then import it again."
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as source, target.open("wb") as file:
            while chunk := source.read(CHUNK):
                file.write(decoder.decode(chunk).encode("utf-8"))
            file.write(decoder.decode(b"", True).encode("utf-8"))
    except UnicodeError:
        what = (
            "neither UTF-8 nor Windows-1252" if encoding == "cp1252" else f"not the {encoding} that it says"
        )
        raise BadFile(f"{name} is {what}", hint=hint) from None
