# SPDX-License-Identifier: Apache-2.0
"""Steps 1 to 3 of a verification: the archive, its documents and its two logs are read.  # spec: 13"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from fronde import canonical, form
from fronde.canonical import unb64u
from fronde.errors import FrondeError, Refused
from fronde.letter import Letter
from fronde.record import checkpoint, log, note
from fronde.record.checkpoint import Checkpoint
from fronde.record.entry import parse_heads
from fronde.record.log import Log
from fronde.record.note import Key
from fronde.record.tiles import FULL, Tile
from fronde.signature import OPENING

from .bundle import LOGS, Archive, BadArchive, check_evidence, check_names
from .report import Failure, Fault, at, fail
from .workers import Bundle, Folder, Workers, check_members, scan_bundle

OPENINGS = form.document("openings", {"openings": form.mapping(form.data(32), OPENING)})

_SIZE = re.compile(rb"[^\n]*\n(0|[1-9][0-9]{0,15})\n")
_FOLDER: dict[Folder, str] = {"instance": "instance", "letter": "log"}


class Proof:
    """An archive that has passed step 1.

    letter; heads: nonce and size each; openings: by leaf hash; packed: bytes of all members in the archive.
    """

    def __init__(self, file: BinaryIO, workers: Workers) -> None:
        self._workers = workers
        try:
            self._archive = Archive(file)
            sizes = {folder: self._stated_size(f"{folder}/checkpoint") for folder in LOGS}
            check_names(self._archive.names, sizes)
        except BadArchive as error:
            raise Failure(Fault.of(error.entry, error)) from error
        self.members = list(self._archive.members.values())
        damaged = self._check_members()
        try:
            self._read_documents()
        finally:
            # They are read meanwhile; a damaged member comes first, whatever is wrong with a document.
            for fault in damaged:
                if fault:
                    raise Failure(fault)

    def _read_documents(self) -> None:
        with at("letter.json"):
            self.letter = Letter.parse(self._archive.read("letter.json"))
        with at("heads.json"):
            self.heads: list[tuple[bytes, int]] = parse_heads(self._archive.read("heads.json"))
        with at("openings.json"):
            self.openings = _openings(self._archive.read("openings.json"))

        try:
            check_evidence(self._archive.names, (each["id"] for each in self.letter.citations))
        except BadArchive as error:
            raise Failure(Fault.of(error.entry, error)) from error

    def read(self, name: str) -> bytes:
        """The bytes of a member that is known to be there and undamaged."""
        return self._archive.read(name)

    def _stated_size(self, name: str) -> int:
        match = _SIZE.match(self._archive.read(name))
        if not match:
            raise BadArchive(f"{name} states no size", entry=name, name="no-size")
        return int(match[1])

    def _check_members(self) -> Iterator[Fault | None]:
        size = -(-len(self.members) // self._workers.ahead)
        pieces = (self.members[start : start + size] for start in range(0, len(self.members), size))
        return self._workers.map(check_members, pieces)

    def read_log(self, which: Folder, origin: str, vkey: str, *, exactly_one: bool = False) -> Log:
        """A whole log: its checkpoint, its hash tiles, then every entry. Raises Failure."""
        last = "letter.json"  # a key under another name than the origin is letter.json's fault

        def fetch(path: str) -> bytes:
            nonlocal last
            last = f"{_FOLDER[which]}/{path}"
            data = self._archive.read(last)
            if path == "checkpoint":
                _check_lines(data)
            return data

        try:
            # The root from the leaf hashes first; then every entry is held against its leaf hash.
            found = log.read(fetch, origin, Key.parse(vkey), exactly_one=exactly_one, want_entries=False)
        except FrondeError as error:
            whole = error.name in ("bad-root", "log-too-long")
            raise Failure(Fault.of(f"{_FOLDER[which]}/checkpoint" if whole else last, error)) from error
        for fault in self._workers.map(scan_bundle, self.bundles(which, found)):
            if fault:
                raise Failure(fault)
        return found

    def bundles(self, which: Folder, found: Log) -> Iterator[Bundle]:
        """The pieces of a log that are worked on one at a time."""
        size = len(found.hashes)
        for first in range(0, size, FULL):
            width = min(FULL, size - first)
            member = self._archive.members[f"{_FOLDER[which]}/{Tile(None, first // FULL, width).path}"]
            yield Bundle(member, which, first, found.hashes[first : first + width].data())

    def compare(self, which: Folder, found: Log, earlier: bytes) -> str:
        """Holds a log against a checkpoint seen earlier: "" when that is of the other log. Raises Failure."""
        place = f"{_FOLDER[which]}/checkpoint"
        with at(place):
            origin = Checkpoint.parse(note.parse(earlier).text).origin
            if origin not in (self.letter.origin, self.letter.instance_origin):
                raise fail(place, "compare-elsewhere", f"the checkpoint to compare is of {origin[:80]}")
            if origin != found.checkpoint.origin:
                return ""
            vkey = self.letter.instance_key if which == "instance" else self.letter.log_key
            seen = checkpoint.read(earlier, Key.parse(vkey))
            if seen.size > len(found.hashes):
                raise fail(
                    place,
                    "older",
                    f"this proof is older: it has {len(found.hashes):,} entries, {seen.size:,} were seen",
                    "Ask for the present proof.",
                )
            log.begins_with(found.hashes, seen)
        return f", beginning with the {seen.size:,} seen earlier"


def _check_lines(checkpoint: bytes) -> None:
    """No key signs a checkpoint twice: so nothing can be added to it but the lines of strangers."""
    lines = [(line.name, line.id) for line in note.parse(checkpoint).signatures]
    if len(set(lines)) != len(lines):
        raise Refused("a key has signed this checkpoint twice", name="signed-twice")


def _openings(data: bytes) -> dict[bytes, dict[str, Any]]:
    document = canonical.decode(data)
    OPENINGS(document, "")
    return {unb64u(leaf): opening for leaf, opening in document["openings"].items()}
