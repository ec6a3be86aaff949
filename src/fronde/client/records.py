# SPDX-License-Identifier: Apache-2.0
"""Published records checked from outside, with nothing but what everybody can fetch.  # spec: 7, 13

Instance log: signature, root from every entry, hash tiles, forms, the replay, the policy's quorum.
Letter's record: exactly one signature by the key of letter.json, root, tiles, forms; entry 0 and no other is
the letter.open of that letter; its bind is the slot.bind of the letter's slot; every head opens to a
beginning of it. Tokens and signatures of members are the business of `fronde verify letter.zip`.

Names of breaches, beside those of fronde.record and client.checks:
open-again     a second letter.open
no-log-line    the policy or key that was given does not know this log
strange-log    neither an instance log nor a letter's record
other-origin   another log than the one that belongs at this path, or than the one that was kept
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fronde.canonical import unb64u
from fronde.errors import Breach, Newer, Refused, Unreadable
from fronde.form import HOST
from fronde.letter import Letter
from fronde.proof.policy import Policy
from fronde.record import log as logs
from fronde.record import note
from fronde.record.checkpoint import Checkpoint
from fronde.record.entry import parse_heads, parse_instance, parse_letter
from fronde.record.heads import open_heads
from fronde.record.instance import Instance
from fronde.record.log import Log
from fronde.record.note import Key

from . import checks
from .places import LARGE, LETTER, Missing, Place

TRIES = 3

_ORIGIN = re.compile(rf"{HOST.pattern}/(log|{LETTER.pattern}/record)")

# What a log that grew between two of its files looks like: all is read anew then.
_GROWTH = ("heads-number", "head-beyond", "head-missing", "open-without-bind")


@dataclass(frozen=True)
class Trust:
    """Whom the reader trusts. strict: it was named for this purpose, so it must know the log."""

    policy: Policy | None = None
    source: str = ""
    strict: bool = False

    def key(self, origin: str) -> Key | None:
        """The key of the log of this origin, where the reader knows one."""
        keys = self.policy.log_keys(origin) if self.policy else []
        return keys[0] if keys else None


@dataclass(frozen=True)
class Record:
    """A log that was checked.

    key: None when there was none to check its signature with. tied: whether the reader's own key vouches for
    it, directly or through the instance log. counts: entries by type. replay: of an instance log.
    """

    log: Log
    key: Key | None
    tied: bool
    counts: Counter[str]
    checked: tuple[str, ...]
    replay: Instance | None = None

    @property
    def origin(self) -> str:
        return self.log.checkpoint.origin


class Reader:
    """Reads the logs of one place. With `remember`, `files` holds what the last record was read from."""

    def __init__(self, place: Place, trust: Trust, *, remember: bool) -> None:
        self._place = place
        self._trust = trust
        self._remember = remember
        self.files: dict[str, bytes] = {}

    def get(self, path: str, most: int) -> bytes:
        """The bytes of a file."""
        if path in self.files:
            return self.files[path]
        data = self._place.get(path, most)
        if self._remember:
            self.files[path] = data
        return data

    def checkpoint(self, prefix: str) -> Checkpoint:
        """What the log claims to be, nothing verified."""
        return _claim(self.get(join(prefix, "checkpoint"), note.LIMIT))

    def record(self, prefix: str) -> Record:
        """The log at this prefix, checked; with a letter's record also the instance log beside it.

        A log that grows drops its partial tiles: when a file is gone, all is read anew.
        """
        self.files.clear()
        origin = self.checkpoint(prefix).origin
        for _ in range(TRIES - 1):
            try:
                return self._record(prefix, origin)
            except Missing:
                pass
            except Breach as breach:
                if breach.name not in _GROWTH:
                    raise
            self.files.clear()
        return self._record(prefix, origin)

    def _record(self, prefix: str, origin: str) -> Record:
        if not _ORIGIN.fullmatch(origin):
            raise Breach("strange-log", f"{origin[:80]!r} is neither an instance log nor a letter's record")
        if not origin.endswith(f"/{prefix}" if prefix else ""):
            raise Breach("other-origin", f"{origin} stands where a log named {prefix} belongs")
        if origin.endswith(checks.ORIGIN):
            return self._instance(prefix, origin, strict=self._trust.strict)
        return self._letter(prefix, origin)

    # --- the instance log ---

    def _instance(self, prefix: str, origin: str, *, strict: bool) -> Record:
        own = self._trust.key(origin)
        if strict and own is None:
            raise self._unknown(origin)
        key = own or self._claimed_key(prefix, origin)
        log = self._log(prefix, key)
        replay, counts = Instance(origin.removesuffix(checks.ORIGIN)), Counter[str]()
        for entry in _parsed(log, parse_instance):
            replay.apply(entry)
            counts[entry["type"]] += 1
        checked = [*_read(key), "replay of slots, bindings, ends and heads"]
        if own and self._trust.policy and self._trust.policy.witnesses:
            count = self._trust.policy.check_quorum(log.note)
            checked.append(f"the quorum of your policy: {count} witnesses")
        return Record(log, key, own is not None, counts, tuple(checked), replay)

    def _claimed_key(self, prefix: str, origin: str) -> Key | None:
        """The key that the place itself claims; a copy of a log alone claims none."""
        if not prefix:
            return None
        try:
            keys = Policy.parse(self._place.policy()).log_keys(origin)
        except Missing:
            return None
        return keys[0] if keys else None

    def _unknown(self, origin: str) -> Refused:
        return Refused(
            f"{self._trust.source} does not know the log {origin}",
            hint="Give the key of this log, or a policy with a log line for it.",
            name="no-log-line",
        )

    # --- a letter's record ---

    def _letter(self, prefix: str, origin: str) -> Record:
        own = self._trust.key(origin)
        letter = self._frozen(prefix, origin)
        if letter and own and letter.log_key != own.vkey:
            raise Breach("other-key", f"letter.json and {self._trust.source} name different keys of {origin}")
        key = own or (Key.parse(letter.log_key) if letter else None)
        log = self._log(prefix, key, exactly_one=True)
        counts = _counted(log)
        checked = [*_read(key), "one letter.open, the first entry"]
        instance = self._beside(prefix, strict=self._trust.strict and own is None)
        if self._trust.strict and own is None and not (letter and instance):
            raise self._unknown(origin)
        if letter:
            opening = checks.opened(log.entries[0], letter)
            checked.append("letter.json, of the digest that the record names")
            if instance:
                self._tie(prefix, letter, opening, log, instance)
                checked.append("the binding to its slot, and every head in the instance log")
        tied = own is not None or bool(letter and instance and instance.tied)
        return Record(log, key, tied, counts, tuple(checked))

    def _tie(self, prefix: str, letter: Letter, opening: dict[str, Any], log: Log, instance: Record) -> None:
        """The record is the one that the instance log binds, and every version of it was its beginning."""
        if instance.key:
            checks.frozen_letter(letter.data, letter_id=letter.id, key=instance.key)
        slot, replay = opening["slots"][0], instance.replay or Instance(letter.host)
        replay.bound(
            slot["bind"],
            workplace=letter.workplace,
            number=letter.slot,
            digest=letter.digest,
            nonce=unb64u(slot["nonce"]),
        )
        claimed = parse_heads(self.get(join(_parent(prefix), "heads.json"), LARGE))
        open_heads(replay.heads(slot["bind"]), claimed, letter.origin, log.hashes)

    def _beside(self, prefix: str, *, strict: bool) -> Record | None:
        """The instance log of the same place, where there is one."""
        if not prefix:
            return None
        try:
            origin = self.checkpoint("log").origin
        except Missing:
            return None
        return self._instance("log", origin, strict=strict)

    def _frozen(self, prefix: str, origin: str) -> Letter | None:
        """The letter of this record, where the place has it."""
        if not prefix:
            return None
        try:
            data = self.get(join(_parent(prefix), "letter.json"), LARGE)
        except Missing:
            return None
        letter = Letter.parse(data)
        if letter.origin != origin:
            raise Breach("other-letter", f"letter.json is of {letter.origin}, the record is {origin}")
        return letter

    def _log(self, prefix: str, key: Key | None, *, exactly_one: bool = False) -> Log:
        def fetch(path: str) -> bytes:
            return self.get(join(prefix, path), logs.largest(path))

        if key is not None:
            return logs.read(fetch, key.name, key, exactly_one=exactly_one)
        signed = fetch("checkpoint")
        return logs.read_at(fetch, _claim(signed), signed)


def grown(record: Record, seen: bytes) -> int:
    """By how many entries the log grew since the note `seen`. Raises Refused for anything but growth.

    The note must verify under the key of today, where there is one: else the log has changed its key.
    """
    before = _claim(seen)
    if before.origin != record.origin:
        raise Breach("other-origin", f"the log is {record.origin}, what was kept is {before.origin}")
    if record.key:
        try:
            note.open_note(seen, record.key)
        except Refused:
            raise Breach("other-key", f"{record.origin} is signed by another key than before") from None
    logs.begins_with(record.log.hashes, before)
    return record.log.checkpoint.size - before.size


def join(prefix: str, path: str) -> str:
    """A path under a prefix, which may be empty."""
    return f"{prefix}/{path}" if prefix else path


def _parent(prefix: str) -> str:
    return prefix.rpartition("/")[0]


def _claim(signed: bytes) -> Checkpoint:
    return Checkpoint.parse(note.parse(signed).text)


def _read(key: Key | None) -> list[str]:
    return [*(["signature"] if key else []), "root from every entry", "hash tiles", "form of every entry"]


def _parsed(log: Log, parse: Callable[[bytes], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The entries of a log; one that is none is named."""
    for index, entry in enumerate(log.entries):
        try:
            yield parse(entry)
        except Newer as error:
            what = error.message.partition(": ")[2]
            raise Newer(f"{what}, entry {index} of {log.checkpoint.origin}") from None
        except Unreadable as error:
            raise Breach(error.name, f"entry {index} of {log.checkpoint.origin}: {error.message}") from None


def _counted(log: Log) -> Counter[str]:
    """The entries of a letter's log by type: letter.open is the first and only the first."""
    counts = Counter[str]()
    for index, entry in enumerate(_parsed(log, parse_letter)):
        if (entry["type"] == "letter.open") != (index == 0):
            name = "open-again" if index else "open-missing"
            raise Breach(name, f"entry {index} of {log.checkpoint.origin} is a {entry['type']}")
        counts[entry["type"]] += 1
    if not counts:
        raise Breach("open-missing", f"{log.checkpoint.origin} is empty")
    return counts
