# SPDX-License-Identifier: Apache-2.0
"""ZIP files byte by byte, so that any can be wrong. Nothing here compresses: they are always the same."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

PLAIN = 0o100644 << 16


@dataclass
class File:
    """One member as its two headers state it. packed: its data in the archive, where that is not `data`."""

    name: bytes
    data: bytes
    packed: bytes | None = None
    method: int = 0
    flags: int = 0
    crc: int | None = None
    size: int | None = None
    attributes: int = PLAIN
    date: int = 0x0021
    extra: bytes = b""
    comment: bytes = b""
    local_name: bytes | None = None
    after: bytes = b""

    def shared(self, name: bytes) -> bytes:
        """The 26 bytes that both headers have."""
        packed = self.data if self.packed is None else self.packed
        crc = zlib.crc32(self.data) if self.crc is None else self.crc
        size = len(self.data) if self.size is None else self.size
        return struct.pack(
            "<5H3I2H",
            20,
            self.flags,
            self.method,
            0,
            self.date,
            crc,
            len(packed),
            size,
            len(name),
            len(self.extra),
        )

    def local(self) -> bytes:
        """The local header, the data, and what stands after it."""
        name = self.name if self.local_name is None else self.local_name
        packed = self.data if self.packed is None else self.packed
        return b"PK\3\4" + self.shared(name) + name + self.extra + packed + self.after

    def record(self, at: int) -> bytes:
        """The directory record."""
        tail = struct.pack("<3H2I", len(self.comment), 0, 0, self.attributes, at)
        return b"PK\1\2\x14\3" + self.shared(self.name) + tail + self.name + self.extra + self.comment


def archive(
    files: list[File], *, prefix: bytes = b"", gap: bytes = b"", suffix: bytes = b"", comment: bytes = b""
) -> bytes:
    """The archive of these files."""
    body, directory = prefix, b""
    for file in files:
        directory += file.record(len(body))
        body += file.local()
    body += gap
    count = len(files)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), len(comment))
    return body + directory + end + comment + suffix


def files_of(members: Mapping[str, bytes]) -> list[File]:
    """Honest files, in the order of the dict."""
    return [File(name.encode(), data) for name, data in members.items()]


def stored(members: Mapping[str, bytes], **changes: int) -> bytes:
    """An archive of members that are stored; `changes` to every file."""
    files = files_of(members)
    for file in files:
        for attribute, value in changes.items():
            setattr(file, attribute, value)
    return archive(files)


def deflated(data: bytes) -> bytes:
    """A deflate stream that does not shrink: one stored block of at most 65,535 bytes."""
    return b"\1" + struct.pack("<2H", len(data), len(data) ^ 0xFFFF) + data
