# SPDX-License-Identifier: Apache-2.0
"""The instance log replayed: slots, what they are bound to, heads.  # spec: 2, 13.4

Entries are applied from index 0, of all workplaces, by position and never by date. The first breach,
anybody's, ends it. Rules, each with the name of its breach (the browser's client uses the same names):

slot.new    the issuer is the host, else "newer"
            its number was not given before in its workplace           number-twice
            and is the last of its workplace + 1, the first 1          slot-number-gap
            its spki stands in no earlier entry                        key-twice
            and is an issuer key of RFC 9578 (RSA-2048, 65537)         bad-slot-key
slot.bind   the slot exists                                            bind-without-slot
            is not bound                                               bind-twice
            has no slot.end                                            bind-after-end
            and no lower one of its workplace is free                  bind-not-lowest
slot.end    the slot exists                                            end-without-slot
            has no slot.end                                            end-twice
            "season" only if it is not bound                           end-season-bound
            "closed" only if it is bound                               end-closed-unbound
head        `bind` is the index of an earlier slot.bind                head-without-bind
release     no rule

The rules of an entry are tried in this order. Read strictly where the protocol leaves it open: an spki that
no client could blind for is a breach of the log, not only of its slot; numbers are counted per workplace, as
there is one issuer; heads may follow their slot's end (withdrawals do), also a burned one's; seasons are only
names.

How a letter is tied to its slot (`Instance.bound`):
            `bind` is the index of a slot.bind                         open-without-bind
            of the workplace and slot that the letter names            open-other-slot
            whose hash opens to the letter's digest                    bind-other-letter
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NoReturn

from fronde import errors
from fronde.canonical import unb64u
from fronde.errors import Newer, Refused
from fronde.tokens import blindrsa

from .entry import bind_hash, parse_instance


class Breach(errors.Breach):
    """A rule of the log broken by the entry at `index`."""

    def __init__(
        self, name: str, message: str, *, index: int, evidence: Mapping[str, bytes] | None = None
    ) -> None:
        super().__init__(name, message, hint="Keep the evidence and show it to others.", evidence=evidence)
        self.index = index


@dataclass(slots=True)
class Slot:
    """A numbered issuer key of a workplace: where it began, what it is bound to, how it ended.

    end_index: where it ended; -1 while it has not.
    """

    workplace: str
    number: int
    season: str
    spki: bytes
    key_id: bytes
    new_index: int
    bind_index: int | None = None
    bind_hash: bytes | None = None
    end: str | None = None
    end_index: int = -1
    heads: list[bytes] = field(default_factory=list)


class Instance:
    """The instance log of `host` as far as it was applied."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.size = 0
        self.slots: dict[tuple[str, int], Slot] = {}
        self._binds: dict[int, Slot] = {}
        self._keys: set[bytes] = set()
        self._last: dict[str, int] = {}
        # per workplace the slots with neither slot.bind nor slot.end, in the order of their numbers
        self._free: dict[str, dict[int, Slot]] = {}

    @classmethod
    def replay(cls, host: str, entries: Iterable[bytes]) -> Instance:
        """The log of these entries' bytes. Raises Breach, or Unreadable that names the entry's index."""
        instance = cls(host)
        for data in entries:
            instance.read(data)
        return instance

    def read(self, data: bytes) -> None:
        """Parses and applies the next entry."""
        try:
            entry = parse_instance(data)
        except Newer:
            raise
        except errors.Unreadable as error:
            raise type(error)(f"entry {self.size} of the instance log: {error.message}") from None
        self.apply(entry)

    def apply(self, entry: Mapping[str, Any]) -> None:
        """Applies the next entry, parsed. Raises Breach (or Newer); then nothing of it was applied."""
        kind = entry["type"]
        if kind == "slot.new":
            self._new(entry)
        elif kind == "slot.bind":
            self._bind(entry)
        elif kind == "slot.end":
            self._end(entry)
        elif kind == "head":
            self._head(entry)
        self.size += 1

    def _refuse(self, name: str, message: str) -> NoReturn:
        raise Breach(name, f"entry {self.size} of the instance log: {message}", index=self.size)

    def _new(self, entry: Mapping[str, Any]) -> None:
        workplace, number = entry["workplace"], entry["number"]
        if entry["issuer"] != self.host:
            raise Newer(f"an issuer other than {self.host}, at entry {self.size} of the instance log")
        last = self._last.get(workplace, 0)
        if number <= last:
            self._refuse("number-twice", f"number {number} of {workplace} was given before")
        if number != last + 1:
            self._refuse("slot-number-gap", f"number {number} of {workplace} follows {last}")
        spki = unb64u(entry["spki"])
        if spki in self._keys:
            self._refuse("key-twice", f"the key of {workplace} {number} stood in an earlier entry")
        try:
            blindrsa.PublicKey.from_spki(spki)
        except Refused as error:
            self._refuse("bad-slot-key", f"the key of {workplace} {number}: {error.message}")
        slot = Slot(workplace, number, entry["season"], spki, sha256(spki).digest(), self.size)
        self._keys.add(spki)
        self._last[workplace] = number
        self.slots[workplace, number] = slot
        self._free.setdefault(workplace, {})[number] = slot

    def _bind(self, entry: Mapping[str, Any]) -> None:
        workplace, number = entry["workplace"], entry["number"]
        slot = self.slots.get((workplace, number))
        if slot is None:
            self._refuse("bind-without-slot", f"there is no slot {number} of {workplace} to bind")
        if slot.bind_index is not None:
            self._refuse("bind-twice", f"slot {number} of {workplace} was bound at entry {slot.bind_index}")
        if slot.end is not None:
            self._refuse("bind-after-end", f"slot {number} of {workplace} has ended")
        if slot is not self.lowest_unbound(workplace):
            self._refuse("bind-not-lowest", f"slot {number} of {workplace} is not the lowest that is free")
        slot.bind_index, slot.bind_hash = self.size, unb64u(entry["hash"])
        self._binds[self.size] = slot
        del self._free[workplace][number]

    def _end(self, entry: Mapping[str, Any]) -> None:
        workplace, number, why = entry["workplace"], entry["number"], entry["why"]
        slot = self.slots.get((workplace, number))
        if slot is None:
            self._refuse("end-without-slot", f"there is no slot {number} of {workplace} to end")
        if slot.end is not None:
            self._refuse("end-twice", f"slot {number} of {workplace} has ended before")
        bound = slot.bind_index is not None
        if why == "season" and bound:
            self._refuse("end-season-bound", f"slot {number} of {workplace} is bound and ends with a season")
        if why == "closed" and not bound:
            self._refuse("end-closed-unbound", f"slot {number} of {workplace} is closed and was never bound")
        slot.end, slot.end_index = why, self.size
        self._free[workplace].pop(number, None)

    def _head(self, entry: Mapping[str, Any]) -> None:
        slot = self._binds.get(entry["bind"])
        if slot is None:
            self._refuse("head-without-bind", f"entry {entry['bind']} is no earlier slot.bind")
        slot.heads.append(unb64u(entry["hash"]))

    def workplaces(self) -> list[str]:
        """The workplaces that ever had a slot, sorted."""
        return sorted(self._last)

    def offered(self, workplace: str) -> list[Slot]:
        """Every slot with a slot.new and no slot.end, bound or not, in the order of numbers."""
        return [slot for (name, _), slot in self.slots.items() if name == workplace and slot.end is None]

    def lowest_unbound(self, workplace: str) -> Slot | None:
        """The slot that the next purpose takes; None when no slot is free."""
        return next(iter(self._free.get(workplace, {}).values()), None)

    def last_number(self, workplace: str) -> int:
        """The highest number ever given; 0 when none was."""
        return self._last.get(workplace, 0)

    def slot_of(self, bind: int) -> Slot | None:
        """The slot that the slot.bind at this index binds; None when there is none."""
        return self._binds.get(bind)

    def heads(self, bind: int) -> list[bytes]:
        """The hashes (32 bytes) of every head of this bind, in the order of the log."""
        slot = self._binds.get(bind)
        return [] if slot is None else list(slot.heads)

    def bound(self, bind: int, *, workplace: str, number: int, digest: bytes, nonce: bytes) -> Slot:
        """The slot of a letter: `bind` and `nonce` (32 bytes) of its letter.open, the rest of the letter.

        Raises Breach when that slot.bind is not the letter's.
        """
        slot = self._binds.get(bind)
        if slot is None:
            raise Breach("open-without-bind", f"entry {bind} of the instance log is no slot.bind", index=bind)
        if (slot.workplace, slot.number) != (workplace, number):
            raise Breach(
                "open-other-slot",
                f"entry {bind} binds slot {slot.number} of {slot.workplace}, not {number} of {workplace}",
                index=bind,
            )
        if slot.bind_hash != bind_hash(nonce, digest):
            raise Breach("bind-other-letter", f"entry {bind} binds the slot to something else", index=bind)
        return slot
