# SPDX-License-Identifier: Apache-2.0
"""Seasons of slots: made, ended, burned, and their keys destroyed.  # spec: 2, 3

Two seasons of 24 slots always exist, this half year's and the next. A slot's key is a file of its own,
`members/slots/KEY_ID` in hexadecimal: there before the `slot.new` that names it is committed, gone after the
`slot.end`. A crash between leaves a key that no live slot names, or rows of a slot that has ended: `sweep`
destroys both, and runs after every change. What is appended here to the instance log the caller publishes.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fronde.errors import Stopped
from fronde.record import entry
from fronde.record.instance import Instance, Slot
from fronde.site import folder
from fronde.site.folder import INSTANCE, Folder
from fronde.site.letters.models import LetterRow, Workplace
from fronde.site.members import enrolment
from fronde.site.record import store

from . import issuer_key
from .issuer_key import IssuerKey

SLOTS = 24  # in a season


@dataclass(frozen=True, order=True)
class Season:
    """Half a year: half 1 begins on 1 January, half 2 on 1 July, at 0:00 UTC."""

    year: int
    half: int

    @classmethod
    def at(cls, moment: datetime.datetime) -> Season:
        """The season of an aware moment."""
        moment = moment.astimezone(datetime.UTC)
        return cls(moment.year, 1 if moment.month < 7 else 2)

    @classmethod
    def named(cls, name: str) -> Season:
        """The season of a name such as 2026H2."""
        year, _, half = name.partition("H")
        return cls(int(year), int(half))

    @property
    def name(self) -> str:
        return f"{self.year:04}H{self.half}"

    @property
    def next(self) -> Season:
        return Season(self.year, 2) if self.half == 1 else Season(self.year + 1, 1)

    @property
    def ends(self) -> datetime.datetime:
        """The first moment after it."""
        following = self.next
        return datetime.datetime(following.year, 6 * following.half - 5, 1, tzinfo=datetime.UTC)


def ensure_seasons(now: datetime.datetime) -> int:
    """Makes what is missing of this season and the next, for every workplace. Returns how many slots are new.

    Keys are drawn before the transaction (25 ms of processor time each), then saved and named inside it.
    """
    made = 0
    for slug in Workplace.objects.order_by("slug").values_list("slug", flat=True):
        while missing := _missing(store.instance(), slug, now):
            keys = _generate(len(missing))
            made += store.write(partial(_begin, slug, keys, now))
    return made


def end_season(now: datetime.datetime) -> int:
    """Ends the unbound slots of every season that is over, and destroys them. Returns how many."""

    def job() -> int:
        return _append_ends(_outlived(store.instance(), now), "season")

    if not _outlived(store.instance(), now):
        return 0
    ended = store.write(job)
    sweep()
    return ended


def burn(now: datetime.datetime) -> int:
    """Ends every slot, bound or not, and destroys keys, rows and pepper; then makes new seasons.

    Open letters go on with the tokens that are out. The repair when members/ was lost, rolled back or stolen.
    Nobody enrols meanwhile, so the count that a letter keeps of its slot is whole. Returns how many ended.
    """

    def job() -> int:
        live = _live(store.instance())
        for slot in live:
            if slot.bind_index is not None:
                _keep_count(slot, issued)
        return _append_ends(live, "burned")

    with enrolment.frozen() as issued:
        ended = store.write(job)
    enrolment.create()
    sweep()
    ensure_seasons(now)
    return ended


def sweep() -> None:
    """Destroys every key and row of slots that have ended. Safe to repeat, and at any time."""

    def job() -> set[tuple[str, int]]:
        # Inside a job: another process may be saving keys that its next commit will name.
        live = _live(store.instance())
        known = {path_of(slot).name for slot in live}
        folder.make(_key_folder(), mode=0o700)
        for path in _key_folder().iterdir():
            if path.name not in known:
                issuer_key.destroy(path)
        return {(slot.workplace, slot.number) for slot in live}

    enrolment.forget_all_but(store.write(job))


def check(slots: Iterable[Slot] | None = None) -> None:
    """Raises Stopped when the key of a live slot (or of these) is missing, and as `enrolment.check` does."""
    enrolment.check()
    for slot in _live(store.instance()) if slots is None else slots:
        if not path_of(slot).is_file():
            raise Stopped(
                f"The key of slot {slot.number} of {slot.workplace} is missing.",
                hint=enrolment.HINT,
                name="issuer-key",
            )


def path_of(slot: Slot) -> Path:
    """Where the private key of a slot lies."""
    return _key_folder() / slot.key_id.hex()


def _begin(slug: str, keys: Sequence[IssuerKey], now: datetime.datetime) -> int:
    """Job: keys into files, then `slot.new` for each, as many as are still missing."""
    instance = store.instance()
    seasons = _missing(instance, slug, now)
    first = instance.last_number(slug) + 1
    entries = []
    folder.make(_key_folder(), mode=0o700)
    for number, (season, key) in enumerate(zip(seasons, keys, strict=False), first):
        key.save(_key_folder() / key.public.key_id.hex())
        entries.append(entry.slot_new(slug, instance.host, season.name, number, key.public.spki))
    store.append(INSTANCE, entries)
    return len(entries)


def _missing(instance: Instance, slug: str, now: datetime.datetime) -> list[Season]:
    """The season of each slot that is to be made: burned ones are made again, others live once."""
    this = Season.at(now)
    there = Counter(
        slot.season for slot in instance.slots.values() if slot.workplace == slug and slot.end != "burned"
    )
    return [season for season in (this, this.next) for _ in range(SLOTS - there[season.name])]


def _generate(count: int) -> list[IssuerKey]:
    """New keys; OpenSSL lets other threads run meanwhile, so two threads use two cores."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda _: IssuerKey.generate(), range(count)))


def _live(instance: Instance) -> list[Slot]:
    return [slot for slot in instance.slots.values() if slot.end is None]


def _outlived(instance: Instance, now: datetime.datetime) -> list[Slot]:
    return [
        slot for slot in _live(instance) if slot.bind_index is None and Season.named(slot.season).ends <= now
    ]


def _append_ends(slots: Iterable[Slot], why: str) -> int:
    entries = [entry.slot_end(slot.workplace, slot.number, why) for slot in slots]
    store.append(INSTANCE, entries)
    return len(entries)


def _keep_count(slot: Slot, issued: Callable[[str, int], int]) -> None:
    for letter in LetterRow.objects.filter(workplace=slot.workplace, slot=slot.number):
        letter.issued = max(letter.issued, issued(slot.workplace, slot.number))
        letter.save(update_fields=["issued"])


def _key_folder() -> Path:
    return Folder.current().members / "slots"
