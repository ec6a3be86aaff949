# SPDX-License-Identifier: Apache-2.0
"""Getting a log that the database has lost back from the public folder: after an old backup came back.

Only what a later checkpoint under our own key vouches for is taken, and only as a continuation of what the
database holds: nothing is ever signed twice for one position. What waited and was not published is gone; its
signers' clients post it again (spec: 9). Names of restored signatures are gone too, unless they wait here.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from fronde.canonical import unb64u
from fronde.errors import FrondeError, Refused
from fronde.letter import Letter
from fronde.record import log as public_log
from fronde.record.entry import parse_heads, parse_instance, parse_letter
from fronde.record.tree import leaf_hash, root

from .folder import INSTANCE, Folder
from .letters.models import LetterRow
from .record import logs, pool, recover, writer
from .record.logs import Head, OpenedHead
from .record.pool import Published


def restore(log: str) -> int:
    """Brings the entries that the database lacks back from the public folder: how many. Raises Refused."""
    found = _read(log)
    size = logs.size(log)
    for promise in recover.promises(log):
        at = promise.checkpoint
        if at.size > found.checkpoint.size or root(found.hashes[: at.size]) != at.root:
            raise _lost(log, f"{promise.where} knows another record")
    if any(leaf_hash(data) != found.hashes[index] for index, data in enumerate(logs.entries(log))):
        raise _lost(log, "the database holds other entries")
    missing = list(islice(iter(found.entries), size, None))

    def job() -> None:
        old = logs.head(log)
        logs.append(log, missing)
        logs.swap_head(log, old, Head(found.checkpoint.size, found.note))
        if log != INSTANCE:
            _letter(log, size, missing)

    writer.write(job)
    return len(missing)


def _read(log: str) -> public_log.Log:
    record = Folder.current().record(log)
    try:
        return public_log.read(
            lambda path: (record / path).read_bytes(), logs.origin(log), logs.signer(log).key
        )
    except (OSError, FrondeError) as error:
        raise _lost(log, f"the public folder does not hold it ({error})") from None


def _lost(log: str, why: str) -> Refused:
    return Refused(
        f"The log {log} cannot be repaired: {why}.",
        hint="Put a newer copy of public/ and fronde.sqlite3 in place; never sign on from an older one.",
        name="not-restorable",
    )


def _letter(letter_id: str, first: int, missing: list[bytes]) -> None:
    """Job: what the tables know of a letter, brought up to its log."""
    parsed = [parse_letter(data) for data in missing]
    row = LetterRow.objects.filter(id=letter_id).first() or _row(letter_id, parsed[0])
    waiting = {each.key: each.opening for each in pool.waiting(letter_id, withdraw=False)}
    for index, entry in enumerate(parsed, first):
        if entry["type"] in ("sign", "withdraw"):
            _move(row, index, entry, waiting)
        elif entry["type"] == "letter.close":
            row.state = LetterRow.VOID if entry["void"] else LetterRow.CLOSED
            row.issued = max(row.issued, row.signed)
    row.save()
    _heads(row)


def _row(letter_id: str, opened: dict[str, Any]) -> LetterRow:
    """The row of a letter that was opened after the backup."""
    try:
        data = (Folder.current().letter(letter_id) / "letter.json").read_bytes()
        letter = Letter.parse(data)
    except (OSError, FrondeError):
        raise _lost(letter_id, "its letter.json is missing") from None
    if letter.digest != unb64u(opened["letter"]):
        raise _lost(letter_id, "its letter.json is another")
    return LetterRow(
        id=letter_id,
        workplace=letter.workplace,
        slot=letter.slot,
        data=data,
        bind=opened["slots"][0]["bind"],
        nonce=unb64u(opened["slots"][0]["nonce"]),
        issued=opened["issued"][0]["n"],
        state=LetterRow.OPEN,
    )


def _move(row: LetterRow, index: int, entry: dict[str, Any], waiting: dict[bytes, bytes | None]) -> None:
    key, withdraw = unb64u(entry["key"]), entry["type"] == "withdraw"
    named = pool.was_named(row.id, key) if withdraw else entry["as"] == "named"
    pool.move(row.id, [Published(key, named, index)], withdraw=withdraw)
    if withdraw:
        pool.erase(row.id, key)
        row.withdrawn += 1
        return
    row.signed += 1
    opening = waiting.get(key)
    if opening is not None:
        pool.show(row.id, [(index, opening)])


def _heads(row: LetterRow) -> None:
    """What opens the heads, from heads.json; where they stand, from the instance log."""
    try:
        opened = parse_heads((Folder.current().letter(row.id) / "heads.json").read_bytes())
    except (OSError, FrondeError):
        raise _lost(row.id, "its heads.json is missing") from None
    entries = map(parse_instance, logs.entries(INSTANCE))
    places = [i for i, entry in enumerate(entries) if entry["type"] == "head" and entry["bind"] == row.bind]
    heads = [OpenedHead(i, nonce, size) for i, (nonce, size) in zip(places, opened, strict=False)]
    logs.remember_heads(row.id, heads)
