# SPDX-License-Identifier: Apache-2.0
"""Looking after what was posted: is it in the record, and does the server keep its receipts?  # spec: 9

A leaf counts as seen only below the size of the letter's last head, with every head opened: a record that is
shown to the signer alone opens none of them.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fronde import signature
from fronde.canonical import unb64u
from fronde.errors import Breach, Declined, Newer, Unreadable
from fronde.record.entry import parse_heads, parse_letter
from fronde.record.heads import open_heads
from fronde.record.tree import leaf_hash

from . import http
from .keep import Post
from .sign import FINAL, Draft, entry_of, send, slot_key
from .visit import TRIES, LetterSeen, Visit

# What a head more, or a head less, in one of two files read one after the other looks like.
_GROWTH = ("heads-number", "head-beyond", "head-missing")


@dataclass(frozen=True)
class Line:
    """What became of a post. state: seen, waiting, void, refused (text: why); index: of its entry."""

    kind: str
    state: str
    index: int = -1
    text: str = ""
    publish_by: datetime.datetime | None = None


@dataclass(frozen=True)
class Looked:
    """One look at a letter: `counted` entries of its record are tied to the instance log."""

    seen: LetterSeen
    counted: int
    lines: tuple[Line, ...]


def look(visit: Visit, letter_id: str, now: datetime.datetime) -> Looked:
    """Finds what was posted, posts again what is not yet seen. Raises Breach where a receipt was broken."""
    seen, counted = letter_and_heads(visit, letter_id)
    kept = seen.kept
    lines = [Line(kind, "seen", index) for kind, index in kept.seen.items()]
    for kind, post in list(kept.posts.items()):
        lines.append(_follow(visit, seen, counted, kind, post, now))
    if not lines and seen.instance.kept.seed:
        lines = list(_by_key(seen, counted))
    return Looked(seen, counted, tuple(lines))


def letter_and_heads(visit: Visit, letter_id: str) -> tuple[LetterSeen, int]:
    """A letter whose heads were all opened, and the size of the last one."""
    for _ in range(TRIES - 1):
        seen = visit.letter(letter_id)
        try:
            return seen, _counted(visit, seen)
        except Breach as breach:
            if breach.name not in _GROWTH:
                raise
    seen = visit.letter(letter_id)
    return seen, _counted(visit, seen)


def _counted(visit: Visit, seen: LetterSeen) -> int:
    data = visit.get(f"/letters/{seen.letter.id}/heads.json", http.LARGE)
    with visit.judged():
        try:
            claimed = parse_heads(data)
        except Newer:
            raise
        except Unreadable as error:
            raise Breach("bad-heads", f"heads.json: {error.message}") from None
        found = seen.instance.replay.heads(seen.bind)
        return open_heads(found, claimed, seen.letter.origin, seen.log.hashes)


def _follow(
    visit: Visit, seen: LetterSeen, counted: int, kind: str, post: Post, now: datetime.datetime
) -> Line:
    leaf = leaf_hash(entry_of(post.body))
    by = signature.publish_by(seen.letter, kind)
    index = next((i for i, found in enumerate(seen.log.hashes[:counted]) if found == leaf), None)
    if index is not None:
        seen.kept.seen[kind] = index
        del seen.kept.posts[kind]
        visit.keep.save()
        return Line(kind, "seen", index)
    if now > by and post.receipt:
        _check_promise(visit, seen, counted, kind, post)
        return Line(kind, "void")
    try:
        send(visit, Draft(seen, kind, post.body))
    except Declined as error:
        if error.status not in FINAL:
            raise
        return Line(kind, "refused", text=error.message)
    return Line(kind, "waiting", publish_by=by)


def _check_promise(visit: Visit, seen: LetterSeen, counted: int, kind: str, post: Post) -> None:
    """The hour of the receipt is over and the leaf is not there: only a void letter may do that."""
    with visit.judged():
        close = next((e for e in _entries(seen, counted) if e["type"] == "letter.close"), None)
        if close is not None and close["void"]:
            return
        evidence = {"entry.json": entry_of(post.body), "receipt.txt": post.receipt}
        if close is None and kind == "sign":
            raise Breach(
                "close-late", "the letter is not closed, an hour after it had to be", evidence=evidence
            )
        what = "signature" if kind == "sign" else "withdrawal"
        raise Breach(
            "left-out", f"the record does not hold your {what}, which has a receipt", evidence=evidence
        )


def _by_key(seen: LetterSeen, counted: int) -> Iterator[Line]:
    """What another device with the same words has signed: found by key, in the whole record."""
    key = slot_key(seen)
    for index, entry in enumerate(_entries(seen, counted)):
        if entry["type"] in ("sign", "withdraw") and unb64u(entry["key"]) == key:
            yield Line(entry["type"], "seen", index)


def _entries(seen: LetterSeen, counted: int) -> Iterator[dict[str, Any]]:
    for index, entry in enumerate(seen.log.entries):
        if index < counted:
            yield parse_letter(entry)
