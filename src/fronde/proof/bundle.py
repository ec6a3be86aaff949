# SPDX-License-Identifier: Apache-2.0
"""The container of a proof, `letter.zip`: read strictly, written always the same.  # spec: 13  # trust: 27

A ZIP file as most tools write and open it, but only one shape of it is accepted:

    | local header | name | data |  ...  | directory record | name |  ...  | end record, 22 bytes |
      member 0, from byte 0                record 0, the same order            the last 22 bytes

members without gap in the order of the directory; stored or deflated; flags 0 or 0x800; plain files; what
the two headers of a member both say is the same (dates and versions apart, which nobody looks at); no extra
field, comment, zip64 or data descriptor. Every member inflates to exactly its size and CRC-32, and its stream
ends where its data ends. So no two readers can see different files in one proof.

Nothing is ever extracted to a disk. Members are read one at a time and never grow beyond the size they state.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from fronde.errors import Newer, Unreadable
from fronde.record import tiles

MOST_FILES = 20_000
MOST_BYTES = 2 * 1024**3
MOST_OF_ONE = 256 * 1024**2
MOST_RATIO = 100
SPARED = 1024  # bytes beyond the ratio: a small file may be very regular

DOCUMENTS = ("README.txt", "heads.json", "letter.json", "openings.json")
LOGS = ("instance", "log")
EVIDENCE = "evidence/"
LATER = ("documents/",)

README = b"""This is the proof of an open letter. Anyone can check it, offline, without trusting its sender:

    pip install fronde
    fronde verify letter.zip --policy FILE

The policy, or the key of the instance, must not come with this file: take it from a place you trust.
Nothing in this README is checked, and nothing is decided by it.
"""

_LOCAL = struct.Struct("<4s5H3I2H")
_DIRECTORY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_STORED, _DEFLATED = 0, 8
_VERSION = 20
_DATE = 0x0021  # 1980-01-01
_PLAIN = 0o100644 << 16
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,100}")


class BadArchive(Unreadable):
    """A container that is not of the strict shape. entry: the member's name, or "" where there is none."""

    name = "bad-archive"

    def __init__(self, message: str, *, entry: str = "", name: str = "") -> None:
        super().__init__(message, hint="Download the proof again, from where it was published.", name=name)
        self.entry = entry


class Member(NamedTuple):
    """One file of a proof: where its data begins, and what its headers say about it."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int


class Archive:
    """An opened proof: its container is of the strict shape; its data is checked when it is read.

    `file` must be seekable. Raises BadArchive.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.members: dict[str, Member] = {}
        directory, count = _read_end(file)
        _check_local_headers(file, self._fill(directory, count), file_end=_end_of_members(file, directory))

    def _fill(self, directory: bytes, count: int) -> list[tuple[Member, bytes]]:
        records, total = [], 0
        for member, shared in _read_directory(directory, count):
            if member.name in self.members:
                raise BadArchive(f"two members are named {member.name}", entry=member.name, name="same-name")
            total += member.size
            if total > MOST_BYTES:
                raise BadArchive("the archive holds more than 2 GiB", name="too-large")
            self.members[member.name] = member
            records.append((member, shared))
        return records

    @property
    def names(self) -> list[str]:
        """The names of the members, in the order of the directory."""
        return list(self.members)

    def read(self, name: str) -> bytes:
        """The bytes of one member. Raises BadArchive when it is missing or damaged."""
        if name not in self.members:
            raise BadArchive(f"{name} is missing", entry=name, name="file-missing")
        return read_member(self.file, self.members[name])


def read_member(file: BinaryIO, member: Member) -> bytes:
    """The bytes of `member`, inflated no further than the size it states. Raises BadArchive."""
    file.seek(member.start)
    packed = file.read(member.packed)
    data = packed if member.method == _STORED else _inflate(packed, member)
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise BadArchive(f"{member.name} is damaged", entry=member.name, name="member-damaged")
    return data


def _inflate(packed: bytes, member: Member) -> bytes:
    stream = zlib.decompressobj(-15)
    try:
        # One byte more than stated is enough to see that there would be more.
        data = stream.decompress(packed, member.size + 1)
    except zlib.error:
        raise BadArchive(
            f"{member.name} does not inflate", entry=member.name, name="member-damaged"
        ) from None
    if len(data) > member.size or not stream.eof or stream.unused_data or stream.unconsumed_tail:
        raise BadArchive(
            f"{member.name} does not end where its headers say", entry=member.name, name="member-damaged"
        )
    return data


def _read_end(file: BinaryIO) -> tuple[bytes, int]:
    """The bytes of the directory and how many records it has, from the end record."""
    length = file.seek(0, os.SEEK_END)
    if length < _END.size:
        raise BadArchive("this is not a ZIP file", name="not-a-zip")
    file.seek(length - _END.size)
    magic, disk, start_disk, here, count, size, start, comment = _END.unpack(file.read(_END.size))
    if magic != b"PK\x05\x06" or comment:
        raise BadArchive("the file does not end with the end record of a ZIP file", name="not-a-zip")
    if disk or start_disk or here != count or start + size != length - _END.size:
        raise BadArchive("the end record does not fit the file", name="end-record")
    if count > MOST_FILES:
        raise BadArchive(f"the archive holds more than {MOST_FILES:,} files", name="too-large")
    if size > count * (_DIRECTORY.size + 100):
        raise BadArchive("the directory is longer than its names can be", name="end-record")
    file.seek(start)
    return file.read(size), count


def _end_of_members(file: BinaryIO, directory: bytes) -> int:
    return file.seek(0, os.SEEK_END) - _END.size - len(directory)


def _read_directory(directory: bytes, count: int) -> Iterator[tuple[Member, bytes]]:
    """Each member with the bytes that its local header must repeat (dates cut out)."""
    at = data_at = 0
    for _ in range(count):
        if at + _DIRECTORY.size > len(directory):
            raise BadArchive("the directory is cut short", name="directory")
        fields = _DIRECTORY.unpack_from(directory, at)
        name_length = fields[10]
        raw = directory[at + _DIRECTORY.size : at + _DIRECTORY.size + name_length]
        name = raw.decode("latin-1")
        if len(raw) != name_length or not _NAME.fullmatch(name):
            raise BadArchive("a member's name is not one of a proof", name="unknown-file")
        if fields[16] != data_at:
            raise BadArchive(f"there is a gap or an overlap before {name}", entry=name, name="not-contiguous")
        member = _member(name, fields, data_at + _LOCAL.size + name_length)
        yield member, directory[at + 8 : at + 12] + directory[at + 16 : at + 30] + raw
        at += _DIRECTORY.size + name_length
        data_at = member.start + member.packed
    if at != len(directory):
        raise BadArchive("the directory is longer than its records", name="directory")


def _member(name: str, fields: tuple[Any, ...], start: int) -> Member:
    magic, _, _, flags, method, _, _, crc, packed, size, _, extra, comment, disk, _, attributes, _ = fields

    def refuse(what: str, slug: str) -> BadArchive:
        return BadArchive(f"{name} {what}", entry=name, name=slug)

    if magic != b"PK\x01\x02" or extra or comment or disk:
        raise refuse("has a directory record with an extra field, a comment or a wrong mark", "directory")
    if flags not in (0, 0x800):
        raise refuse(f"has the flags {flags:#x}: encrypted, or its sizes come later", "member-flags")
    if method not in (_STORED, _DEFLATED) or (method == _STORED and packed != size):
        raise refuse("is neither stored nor deflated", "member-method")
    if attributes & 0x18 or (attributes >> 28) not in (0, 0o10):
        raise refuse("is not a plain file", "not-a-plain-file")
    if size > MOST_OF_ONE or size > MOST_RATIO * packed + SPARED:
        raise refuse("is larger than 256 MiB, or 100 times its packed size", "too-large")
    return Member(name, method, crc, packed, size, start)


def _check_local_headers(file: BinaryIO, records: list[tuple[Member, bytes]], *, file_end: int) -> None:
    end = 0
    for member, shared in records:
        file.seek(end)
        header = file.read(member.start - end)
        if (
            len(header) != member.start - end
            or header[:4] != b"PK\x03\x04"
            or header[28:30] != b"\0\0"
            or header[6:10] + header[14:28] + header[30:] != shared
        ):
            raise BadArchive(
                f"the two headers of {member.name} differ", entry=member.name, name="headers-differ"
            )
        end = member.start + member.packed
    if end != file_end:
        raise BadArchive("there are bytes between the last member and the directory", name="not-contiguous")


def check_names(names: Iterable[str], sizes: dict[str, int]) -> None:
    """The set of names is exactly that of a proof with logs of these `sizes` (entries, by folder).

    What lies under evidence/ is left to `check_evidence`: only the letter tells it. Raises Newer for folders
    of later versions, BadArchive naming the first file that is missing or too many.
    """
    have = {name for name in names if not name.startswith(EVIDENCE)}
    for name in sorted(have):
        if name.startswith(LATER):
            raise Newer(f"the proof holds {name}")
    for folder, size in sizes.items():
        # An invented size must not make us list a million names.
        if tiles.count(size) > len(have):
            raise BadArchive(
                f"{folder}/ lacks files for {size:,} entries",
                entry=f"{folder}/checkpoint",
                name="file-missing",
            )
    wanted = set(expected_names(sizes))
    for name in sorted(have ^ wanted):
        missing = name in wanted
        raise BadArchive(
            f"{name} {'is missing' if missing else 'does not belong in a proof'}",
            entry=name,
            name="file-missing" if missing else "unknown-file",
        )


def check_evidence(names: Iterable[str], cited: Iterable[str]) -> None:
    """What lies under evidence/ is exactly the citations `cited` (ids).

    Raises Newer for what no citation names, BadArchive naming the first that is missing.
    """
    have = {name for name in names if name.startswith(EVIDENCE)}
    wanted = {evidence_name(each) for each in cited}
    for name in sorted(have - wanted):
        raise Newer(f"the proof holds {name}")
    for name in sorted(wanted - have):
        raise BadArchive(f"{name} is missing", entry=name, name="file-missing")


def evidence_name(citation: str) -> str:
    """The name of a citation (its id) in a proof."""
    return f"{EVIDENCE}{citation}.json"


def expected_names(sizes: dict[str, int]) -> Iterator[str]:
    """The exact set of names for logs of these sizes but for evidence/: {"log": ..., "instance": entries}."""
    yield from DOCUMENTS
    for folder, size in sizes.items():
        yield f"{folder}/checkpoint"
        for path in tiles.layout(size):
            yield f"{folder}/{path}"


def write(target: BinaryIO | Path, members: Iterable[tuple[str, bytes | Callable[[], bytes]]]) -> None:
    """Writes a proof: names sorted, dated 1980-01-01, the same bytes for the same members.

    A member's bytes may be a function that gives them: it is called when its turn comes, so that a large log
    is never in memory whole. A path is replaced in one step. Raises ValueError for two members of one name.
    """
    if isinstance(target, Path):
        part = target.with_name(target.name + ".part")
        try:
            with part.open("wb") as file:
                write(file, members)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return
    directory: list[bytes] = []
    at, last = 0, ""
    for name, source in sorted(members, key=lambda member: member[0]):
        if name == last:
            raise ValueError(f"two members are named {name}")
        record, local = _pack(name, source if isinstance(source, bytes) else source(), at)
        target.write(local)
        directory.append(record)
        at, last = at + len(local), name
    listing = b"".join(directory)
    count = len(directory)
    target.write(listing + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(listing), at, 0))


def _pack(name: str, data: bytes, at: int) -> tuple[bytes, bytes]:
    """The directory record of a member, and its local header with name and data."""
    raw = name.encode("ascii")
    stream = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed, method = stream.compress(data) + stream.flush(), _DEFLATED
    # A member that shrinks beyond the cap would be refused as a bomb: it is stored.
    if len(packed) >= len(data) or len(data) > MOST_RATIO * len(packed) + SPARED:
        packed, method = data, _STORED
    shared = (_VERSION, 0, method, 0, _DATE, zlib.crc32(data), len(packed), len(data), len(raw), 0)
    local = _LOCAL.pack(b"PK\x03\x04", *shared) + raw + packed
    record = _DIRECTORY.pack(b"PK\x01\x02", 3 << 8 | _VERSION, *shared, 0, 0, 0, _PLAIN, at) + raw
    return record, local
