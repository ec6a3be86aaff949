# SPDX-License-Identifier: Apache-2.0
"""When what waits goes out, and how: one transaction a batch.  # spec: 8

What "waits" are signatures. A batch: signs, then withdrawals (none before its sign), each sorted by leaf
hash. Nothing here looks at who is enrolled: `issued` is a number that is handed in.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from typing import NamedTuple

from fronde import canonical
from fronde.letter import FLOOR, Letter
from fronde.record import entry as entries
from fronde.record.tree import leaf_hash
from fronde.site.letters.models import LetterRow
from fronde.site.record import pool, store
from fronde.site.record.pool import Published, Waiting

DAY = datetime.timedelta(days=1)


class Rule(NamedTuple):
    """A letter's `rules.batch`, and how its pool stands."""

    least: int
    minutes: int
    tokens: int
    waiting: int
    signed: int
    issued: int
    since: datetime.timedelta


def due(rule: Rule) -> int:
    """How many signatures go out now: 0, or at least the floor.

    Until close at least `floor` issued tokens stay without a published sign: with fewer, everybody who had
    one and is known not to have signed could be counted out.
    """
    if rule.signed == 0 and rule.issued < rule.tokens:
        return 0
    enough = rule.waiting >= rule.least and rule.since >= datetime.timedelta(minutes=rule.minutes)
    late = rule.waiting >= FLOOR and rule.since >= DAY
    may = min(rule.waiting, rule.issued - rule.signed - FLOOR)
    return may if (enough or late) and may >= FLOOR else 0


def counted(issued: int, headcount: int | None) -> int:
    """Tokens as the log tells them: rounded up to ten, or the headcount if that is less."""
    tens = -(-issued // 10) * 10
    return tens if headcount is None else min(tens, headcount)


def rule(row: LetterRow, letter: Letter, issued: int, since: datetime.timedelta) -> Rule:
    """The rule of a letter as it stands."""
    batch = letter.batch
    return Rule(
        least=batch["min"],
        minutes=batch["minutes"],
        tokens=batch["tokens"],
        waiting=pool.count_waiting(row.id, withdraw=False),
        signed=row.signed,
        issued=max(issued, row.issued),
        since=since,
    )


def next_batch(
    row: LetterRow, letter: Letter, issued: int, since: datetime.timedelta, dice: random.Random
) -> bool:
    """Sends a batch out if one is due: whether one went. Only inside `write`."""
    number = due(rule(row, letter, issued, since)) if row.state == LetterRow.OPEN else 0
    back = pool.ready_to_withdraw(row.id)
    if not number and len(back) < FLOOR:
        return False
    signs = pool.waiting(row.id, withdraw=False)
    # First come, first out would tell the order in which they came.
    signs = signs if number == len(signs) else dice.sample(signs, number)
    _assign(row, signs, back)
    row.issued = max(row.issued, issued)
    row.save()
    return True


def close(row: LetterRow, letter: Letter, issued: int) -> None:
    """All that waits, then letter.close; with fewer than the floor, nothing but letter.close: void.

    Only inside `write`.
    """
    signs = pool.waiting(row.id, withdraw=False)
    back = pool.ready_to_withdraw(row.id)
    void = row.signed + len(signs) < FLOOR
    if void:
        signs, back = [], []
        pool.forget_names(row.id)
    elif signs or back:
        _assign(row, signs, back)
    row.issued = max(row.issued, issued, row.signed)
    row.state = LetterRow.VOID if void else LetterRow.CLOSED
    row.save()
    last = entries.letter_close(
        signatures=row.signed,
        withdrawn=row.withdrawn,
        void=void,
        workplace=row.workplace,
        issuer=letter.host,
        issued=counted(row.issued, letter.headcount),
    )
    store.append(row.id, [last])


def last_withdrawals(row: LetterRow) -> bool:
    """After `withdraw_until`, what still waits: whether there was any. Only inside `write`."""
    back = pool.ready_to_withdraw(row.id)
    if back:
        _assign(row, [], back)
        row.save()
    return bool(back)


def _assign(row: LetterRow, signs: Sequence[Waiting], back: Sequence[tuple[Waiting, bool]]) -> None:
    """Gives signs and withdrawals their places in the log; withdrawals of these signs come along."""
    named = {sign.key: canonical.decode(sign.entry)["as"] == "named" for sign in signs}
    if signs:
        along = [each for each in pool.waiting(row.id, withdraw=True) if each.key in named]
        back = [*back, *((each, named[each.key]) for each in along)]
    signs = sorted(signs, key=_leaf)
    back = sorted(back, key=lambda each: _leaf(each[0]))
    first = store.append(row.id, [each.entry for each in signs] + [each.entry for each, _ in back])
    places = list(enumerate(signs, first))
    pool.show(row.id, [(index, each.opening) for index, each in places if each.opening is not None])
    pool.move(row.id, [Published(each.key, named[each.key], index) for index, each in places], withdraw=False)
    rows = [Published(each.key, was, index) for index, (each, was) in enumerate(back, first + len(signs))]
    pool.move(row.id, rows, withdraw=True)
    pool.settle()
    row.signed += len(signs)
    row.withdrawn += len(back)


def _leaf(waiting: Waiting) -> bytes:
    return leaf_hash(waiting.entry)
