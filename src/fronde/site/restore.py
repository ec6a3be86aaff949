# SPDX-License-Identifier: Apache-2.0
"""Getting a log that the database has lost back from the public folder: after an old backup came back.

Only what a later checkpoint under our own key vouches for is taken, and only as a continuation of what the
database holds: nothing is ever signed twice for one position. What waited and was not published is gone; its
signers' clients post it again (spec: 9). Names of restored signatures are gone too, unless they wait here.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, NamedTuple

from fronde.canonical import unb64u
from fronde.citation import Citation
from fronde.errors import Breach, FrondeError, Refused
from fronde.letter import Letter
from fronde.record import log as public_log
from fronde.record.entry import parse_heads, parse_instance, parse_letter
from fronde.record.heads import open_heads
from fronde.record.tree import leaf_hash, root

from .folder import INSTANCE, Folder
from .letters import citations
from .letters.models import LetterRow
from .record import logs, pool, recover, writer
from .record.logs import Head, OpenedHead
from .record.pool import Published


class Plan(NamedTuple):
    """What a log lacks: it has `size` entries, and these come behind, up to the checkpoint of `head`."""

    log: str
    size: int
    head: Head
    missing: list[bytes]


def plan(log: str) -> Plan:
    """What the public folder can give back; changes nothing. Raises Refused, Stopped."""
    found = _read(log)
    size = logs.size(log)
    for promise in recover.promises(log):
        if root(found.hashes[: promise.size]) != promise.checkpoint.root:
            raise lost(log, f"{promise.where} knows another record")
    ours = (leaf_hash(data) for data in logs.entries(log))
    if size > len(found.hashes) or any(
        mine != theirs for mine, theirs in zip(ours, found.hashes, strict=False)
    ):
        raise lost(log, "the database holds other entries")
    if log != INSTANCE:
        _papers(log, found.entries[0])
    missing = list(islice(iter(found.entries), size, None))
    return Plan(log, size, Head(found.checkpoint.size, found.note), missing)


def restore(log: str) -> int:
    """Brings the entries that the database lacks back from the public folder: how many.

    Of a letter after the instance log, in which its heads stand. The caller raises the mark. Raises Refused,
    Stopped.
    """
    what = plan(log)

    def job() -> None:
        old = logs.head(log)
        logs.append(log, what.missing)
        logs.swap_head(log, old, what.head)
        if log != INSTANCE:
            _letter(log, what.size, what.missing)

    writer.write(job)
    return len(what.missing)


def _read(log: str) -> public_log.Log:
    """The public tiles up to the largest checkpoint that is known of this log."""
    record = Folder.current().record(log)
    promises = recover.promises(log)
    if not promises:
        raise lost(log, "no checkpoint of it is left")
    best = max(promises, key=lambda each: each.size)
    try:
        return public_log.read_at(lambda path: (record / path).read_bytes(), best.checkpoint, best.note)
    except (OSError, FrondeError) as error:
        raise lost(log, f"the public folder does not hold it ({error})") from None


def lost(log: str, why: str) -> Refused:
    """What cannot be repaired, and why: to be raised."""
    return Refused(
        f"The log {log} cannot be repaired: {why}.",
        hint="Put newer copies of public/ and fronde.sqlite3 in place; never sign on from older ones.",
        name="not-restorable",
    )


def _letter(letter_id: str, first: int, missing: list[bytes]) -> None:
    """Job: what the tables know of a letter, brought up to its log."""
    parsed = [parse_letter(data) for data in missing]
    row = LetterRow.objects.filter(id=letter_id).first()
    if row is None:
        letter = _frozen(letter_id)
        row = _row(letter, parsed[0])
        citations.keep(letter_id, _cited(letter))
    waiting = {each.key: each.opening for each in pool.waiting(letter_id, withdraw=False)}
    for index, entry in enumerate(parsed, first):
        if entry["type"] in ("sign", "withdraw"):
            _move(row, index, entry, waiting)
        elif entry["type"] == "letter.close":
            row.state = LetterRow.VOID if entry["void"] else LetterRow.CLOSED
            row.issued = max(row.issued, row.signed)
    row.save()
    _heads(row)


def _papers(letter_id: str, first: bytes) -> None:
    """Raises Refused unless what stands beside the letter's record is there too."""
    letter = _frozen(letter_id)
    if letter.digest != unb64u(parse_letter(first)["letter"]):
        raise lost(letter_id, "its letter.json is another")
    if not LetterRow.objects.filter(id=letter_id).exists():
        _cited(letter)
    _opened(letter_id)


def _frozen(letter_id: str) -> Letter:
    """The letter: its row's, or letter.json where it was opened after the backup."""
    row = LetterRow.objects.filter(id=letter_id).first()
    try:
        return Letter.parse(
            bytes(row.data) if row else (Folder.current().letter(letter_id) / "letter.json").read_bytes()
        )
    except (OSError, FrondeError):
        raise lost(letter_id, "its letter.json is missing") from None


def _cited(letter: Letter) -> dict[str, Citation]:
    """What a letter cites, out of the public folder."""
    found = {}
    for each in letter.citations:
        try:
            citation = Citation.parse(citations.path(letter.id, each["id"]).read_bytes())
        except (OSError, FrondeError):
            raise lost(letter.id, f"its evidence/{each['id']}.json is missing") from None
        if citation.digest != unb64u(each["digest"]):
            raise lost(letter.id, f"its evidence/{each['id']}.json is another")
        found[each["id"]] = citation
    return found


def _row(letter: Letter, opened: dict[str, Any]) -> LetterRow:
    return LetterRow(
        id=letter.id,
        workplace=letter.workplace,
        slot=letter.slot,
        data=letter.data,
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


def _opened(letter_id: str) -> list[tuple[bytes, int]]:
    try:
        return parse_heads((Folder.current().letter(letter_id) / "heads.json").read_bytes())
    except (OSError, FrondeError):
        raise lost(letter_id, "its heads.json is missing") from None


def _heads(row: LetterRow) -> None:
    """What opens the heads, from heads.json; where they stand, from the instance log.

    A head that cannot be opened any more would spoil every proof of this letter.
    """
    entries = map(parse_instance, logs.entries(INSTANCE))
    found = [
        (index, unb64u(entry["hash"]))
        for index, entry in enumerate(entries)
        if entry["type"] == "head" and entry["bind"] == row.bind
    ]
    # A crash, or a copy made meanwhile, leaves heads.json ahead of the instance log: then it is said again.
    opened = _opened(row.id)[: len(found)]
    if found:
        try:
            hashes = map(leaf_hash, logs.entries(row.id))
            open_heads([hidden for _, hidden in found], opened, logs.origin(row.id), hashes)
        except Breach as error:
            raise lost(row.id, f"its heads.json does not fit the log of the instance ({error})") from None
    logs.remember_heads(
        row.id, [OpenedHead(i, nonce, size) for (i, _), (nonce, size) in zip(found, opened, strict=True)]
    )
