# SPDX-License-Identifier: Apache-2.0
"""The life of a letter's log: opened, a batch at a time, closed, over; the thread that sees to it.  # spec: 8

Assigning is one transaction (batch.py). What follows may be killed at any point and is taken up again:

    seal        tiles, signature, high-water mark, head row
    announce    `head` in the instance log; after a close, in the same transaction, the slot's end
    reveal      evidence, letter.json, heads.json, checkpoint
    the instance log is published

The letter's checkpoint comes before the instance's: whoever reads a `head` finds what it stands for. So the
instance log is published only when every letter that has a new head in it is revealed; a letter that cannot
be stops all the others then, and only then. Whoever does any of this, server or command, holds
`Folder.publishing()`; a batch begins when the last is finished.
"""

from __future__ import annotations

import datetime
import logging
import random
import secrets
import threading
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from fronde.citation import Citation
from fronde.errors import FrondeError, Refused, Stopped
from fronde.letter import FLOOR, Letter
from fronde.letterfile import freeze
from fronde.record import entry as entries
from fronde.record.note import Signer
from fronde.site import clock
from fronde.site.folder import INSTANCE, Folder, make, put
from fronde.site.letters import citations, reading
from fronde.site.letters.models import LetterRow, Workplace
from fronde.site.members import enrolment
from fronde.site.record import keys, logs, pool, publish, store, writer
from fronde.site.record.logs import Head, OpenedHead

from . import batch, slots
from .alone import Alone

log = logging.getLogger("fronde")
DICE = random.SystemRandom()
EVERY = 0.25  # seconds between two looks
NEVER = datetime.datetime.min.replace(tzinfo=datetime.UTC)
AGAIN = datetime.timedelta(minutes=1)  # between two tries of what is due once a day
SETTLE = datetime.timedelta(minutes=1)


# -- opening ------------------------------------------------------------------------------------------------


def open_letter(
    draft: dict[str, Any], workplace: Workplace, cited: Mapping[str, Citation] | None = None
) -> Letter:
    """Freezes a draft, binds the lowest free slot of the workplace, opens the record and publishes both.

    cited: what the draft cites, as `letterfile.cite` found it. Raises Refused when no slot is free, Usage
    when the draft is wrong, Stopped.
    """
    store.ready()
    letter_id = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(16))
    folder = Folder.current()
    with folder.publishing():
        _make_keys(folder, letter_id)
        try:
            letter = store.write(lambda: _freeze(draft, workplace, letter_id, cited or {}))
            finish(letter_id)
        except BaseException:
            if not LetterRow.objects.filter(id=letter_id).exists():
                keys.remove(letter_id)
            raise
    return letter


def _make_keys(folder: Folder, letter_id: str) -> None:
    make(folder.log_key(letter_id).parent, mode=0o700)
    put(folder.log_key(letter_id), secrets.token_bytes(32), mode=0o600)
    put(folder.receipt_key(letter_id), secrets.token_bytes(32), mode=0o600)


def _freeze(
    draft: dict[str, Any], workplace: Workplace, letter_id: str, cited: Mapping[str, Citation]
) -> Letter:
    slot = store.instance().lowest_unbound(workplace.slug)
    if slot is None:
        raise Refused(
            f"No slot of {workplace.slug} is free.",
            hint="The next season brings new ones; `fronde doctor` says when.",
            name="no-slot",
        )
    letter = freeze(
        draft,
        id=letter_id,
        host=settings.FRONDE_HOST,
        workplace=_described(workplace),
        slot=slot.number,
        log_key=store.signer(letter_id).vkey,
        instance_key=store.signer(INSTANCE).vkey,
        now=clock.now(),
        citations=cited,
    )
    letter.check_rules()
    nonce = secrets.token_bytes(32)
    bound = entries.slot_bind(workplace.slug, slot.number, entries.bind_hash(nonce, letter.digest))
    bind = store.append(INSTANCE, [bound])
    issued = _issued(workplace.slug, slot.number)
    seed = Folder.current().receipt_key(letter_id).read_bytes()
    first = entries.letter_open(
        letter.digest,
        bind=bind,
        nonce=nonce,
        receipt_key=Signer(f"{settings.FRONDE_HOST}/receipts", seed).vkey,
        workplace=workplace.slug,
        issuer=settings.FRONDE_HOST,
        issued=batch.counted(issued, letter.headcount),
    )
    store.append(letter_id, [first])
    LetterRow.objects.create(
        id=letter_id,
        workplace=workplace.slug,
        slot=slot.number,
        data=letter.data,
        bind=bind,
        nonce=nonce,
        issued=issued,
        state=LetterRow.OPEN,
    )
    citations.keep(letter_id, cited)
    return letter


def _described(workplace: Workplace) -> dict[str, Any]:
    described: dict[str, Any] = {"id": workplace.slug, "name": workplace.name}
    if workplace.headcount is not None:
        described["headcount"] = {"n": workplace.headcount, "source": workplace.headcount_source}
    return described


def _issued(workplace: str, number: int) -> int:
    """Tokens of a slot that are out; 0 where the rows are lost: then what was counted before stands."""
    try:
        return enrolment.issued(workplace, number)
    except Stopped:
        return 0


# -- publishing ---------------------------------------------------------------------------------------------


def finish(letter_id: str) -> None:
    """Publishes a letter's log up to its last entry, and the instance log. The caller holds the lock."""
    head = publish.seal(letter_id)
    announce(letter_id, head)
    reveal(letter_id)
    publish_instance()


def publish_instance() -> None:
    """The instance log, after every letter whose head it will show first. The caller holds the lock."""
    for letter_id in logs.letters_with_heads(logs.head(INSTANCE).size):
        reveal(letter_id)
    publish.publish(INSTANCE)


def announce(letter_id: str, head: Head) -> None:
    """The `head` of this version in the instance log, once; the last of a close ends the slot."""
    last = logs.last_head(letter_id)
    if last is None or last.size != head.size:
        store.write(lambda: _announce(letter_id, head))


def _announce(letter_id: str, head: Head) -> None:
    row = LetterRow.objects.get(id=letter_id)
    nonce = secrets.token_bytes(32)
    hidden = entries.head_hash(nonce, publish.read_note(letter_id, head.note).body)
    index = store.append(INSTANCE, [entries.head(row.bind, hidden)])
    logs.remember_heads(letter_id, [OpenedHead(index, nonce, head.size)])
    if row.state != LetterRow.OPEN and store.instance().slots[row.workplace, row.slot].end is None:
        store.append(INSTANCE, [entries.slot_end(row.workplace, row.slot, "closed")])


def reveal(letter_id: str) -> None:
    """What the letter cites, letter.json and heads.json, then the checkpoint."""
    folder = Folder.current().letter(letter_id)
    row = LetterRow.objects.get(id=letter_id)
    opened = entries.heads_file((head.nonce, head.size) for head in logs.opened_heads(letter_id))
    files = [(citations.path(letter_id, name), data) for name, data in citations.data(letter_id).items()]
    if files:
        make(folder / "evidence")
    files += [(folder / "letter.json", bytes(row.data)), (folder / "heads.json", opened)]
    for path, data in files:
        if not path.exists() or path.read_bytes() != data:
            put(path, data)
    publish.show(letter_id)


def unfinished(letter_id: str) -> bool:
    """Whether a crash, or another process, left something unpublished."""
    last, size = logs.last_head(letter_id), logs.size(letter_id)
    return last is None or last.size != size or not publish.shown(letter_id) or not publish.shown(INSTANCE)


# -- closing ------------------------------------------------------------------------------------------------


def close_letter(letter_id: str) -> None:
    """The last batch, of any size, that ends with letter.close. Raises Refused, Stopped."""
    store.ready()
    letter = reading.letter(letter_id)
    if letter is None:
        raise Refused(
            f"There is no letter {letter_id}.", hint="`fronde doctor` lists the letters.", name="no-letter"
        )
    store.ready(letter_id)
    with Folder.current().publishing():
        if LetterRow.objects.get(id=letter_id).state != LetterRow.OPEN:
            raise Refused(f"The letter {letter_id} is closed already.", name="closed")
        finish(letter_id)
        _close(letter)


def _close(letter: Letter) -> None:
    def job() -> None:
        row = LetterRow.objects.get(id=letter.id)
        batch.close(row, letter, _issued(row.workplace, row.slot))

    store.write(job)
    finish(letter.id)
    store.tidy()
    _destroy_keys()


def _destroy_keys() -> None:
    """The ended slot's key and rows; where members/ is lost there is nothing left to destroy."""
    try:
        slots.sweep()
    except Stopped as error:
        log.error("Keys were not destroyed: %s", error.message)


def _end(letter: Letter) -> None:
    """After `withdraw_until`: what still waits, then a last head and nothing any more."""

    def job() -> bool:
        row = LetterRow.objects.get(id=letter.id)
        if batch.last_withdrawals(row):
            return False
        _announce(letter.id, logs.head(letter.id))
        pool.forget(letter.id)
        row.state = LetterRow.OVER
        row.save()
        return True

    over = False
    while not over:
        over = store.write(job)
        finish(letter.id)
    store.tidy()


# -- the thread ---------------------------------------------------------------------------------------------


class Sequencer:
    """Does what is due, four times a second, while `fronde serve` runs. Use as a context manager."""

    def __init__(self, dice: random.Random = DICE, every: float = EVERY) -> None:
        self._dice = dice
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fronde-sequencer")
        self._kept: datetime.date | None = None
        self._tried = NEVER  # when it last failed
        self._settled = datetime.datetime.fromtimestamp(0, datetime.UTC)
        self._said = ""
        self._alone = Alone(in_common)

    def __enter__(self) -> Sequencer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.step(clock.now())
                self._said = ""
            except Exception as error:
                self._complain(error)
            self._stop.wait(self._every)
        writer.disconnect()

    def _complain(self, error: Exception) -> None:
        """Once for each trouble; a full disk is tried again at the next look."""
        said = f"{error.name}: {error.message}" if isinstance(error, FrondeError) else type(error).__name__
        if said != self._said:
            log.error("Publishing has stopped: %s", said, exc_info=not isinstance(error, FrondeError))
        self._said = said

    def step(self, now: datetime.datetime) -> None:
        """Everything that is due at `now`; what is left half done is finished next time.

        A letter that fails by itself is noted, and the others go on. Raises what stops them all.
        """
        store.ready()
        for row in LetterRow.objects.exclude(state=LetterRow.OVER).order_by("bind"):
            with self._alone(row.id):
                self._letter(row, now)
                self._alone.goes_on(row.id)
        in_common()
        self._settle(now)
        if self._kept != now.date() and abs(now - self._tried) >= AGAIN:
            self._tried = now
            keep_house(now, self._alone)
            self._tried, self._kept = NEVER, now.date()

    def _settle(self, now: datetime.datetime) -> None:
        """A name taken back is overwritten at once; the order in which signatures came, once a minute.

        Newcomers enrol and sign in one go: beside the order of that day's members it would name them.
        # trust: 2
        """
        left = pool.unsettled()
        if left.erased or (left.came and abs(now - self._settled) >= SETTLE):
            left.erased = left.came = False
            self._settled = now
            store.write(pool.settle)
            left.erased |= not store.tidy()

    def _letter(self, row: LetterRow, now: datetime.datetime) -> None:
        store.ready(row.id)
        letter = reading.frozen(row)
        ending = now > letter.withdraw_until
        closing = row.state == LetterRow.OPEN and now >= letter.closes
        if not (unfinished(row.id) or ending or closing or self._due(row, letter, now)):
            return
        with Folder.current().publishing():
            finish(row.id)
            row.refresh_from_db()
            if row.state == LetterRow.OPEN and closing:
                _close(letter)
            elif ending:
                _end(letter)
            else:
                self._batch(letter, now)

    def _due(self, row: LetterRow, letter: Letter, now: datetime.datetime) -> bool:
        if len(pool.ready_to_withdraw(row.id)) >= FLOOR:
            return True
        if row.state != LetterRow.OPEN or pool.count_waiting(row.id, withdraw=False) < FLOOR:
            return False
        issued = _issued(row.workplace, row.slot)
        return batch.due(batch.rule(row, letter, issued, since(row.id, now))) > 0

    def _batch(self, letter: Letter, now: datetime.datetime) -> None:
        def job() -> bool:
            row = LetterRow.objects.get(id=letter.id)
            issued = _issued(row.workplace, row.slot)
            return batch.next_batch(row, letter, issued, since(row.id, now), self._dice)

        if store.write(job):
            finish(letter.id)
            store.tidy()


def in_common() -> None:
    """What all letters need: a server that may sign, an instance log that can be read and is published."""
    store.ready()
    store.instance()
    if not publish.shown(INSTANCE):
        with Folder.current().publishing():
            publish_instance()


def keep_house(now: datetime.datetime, alone: Alone) -> None:
    """Once a day, and at a start: what public/ has lost, new seasons, ended slots, the order of rows."""
    for letter_id in LetterRow.objects.order_by("bind").values_list("id", flat=True):
        with alone(letter_id), Folder.current().publishing():
            finish(letter_id)
    slots.end_season(now)
    slots.ensure_seasons(now)
    slots.sweep()
    enrolment.rewrite()
    store.tidy()


def since(letter_id: str, now: datetime.datetime) -> datetime.timedelta:
    """How long ago the letter's checkpoint was published; a clock that was set back makes nobody wait."""
    moment = (Folder.current().record(letter_id) / "checkpoint").stat().st_mtime
    return abs(now - datetime.datetime.fromtimestamp(moment, datetime.UTC))
