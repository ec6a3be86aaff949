# SPDX-License-Identifier: Apache-2.0
"""What pages and twins say of letters and workplaces: from what is published, and nothing else.

A letter's numbers change with its checkpoint, and with a name that was taken back; between two such moments
they are computed once.
"""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.http import Http404

from fronde.letter import Letter
from fronde.record.entry import parse_letter
from fronde.record.note import fingerprint
from fronde.site.folder import INSTANCE, Folder, Remembered
from fronde.site.record import logs, pool

from .models import LetterRow, Workplace
from .names import Name, plain


@dataclass(frozen=True)
class Standing:
    """A letter and its published numbers.

    size: of its log. counts: signatures and withdrawn (entries), shown, not_shown, hidden (what is left).
    issued: tokens of its slot, as the log last said. names: (name, note) in alphabetical order. as_of: the
    hour of the last publication.
    """

    letter: Letter
    size: int
    counts: dict[str, int]
    issued: int
    headcount: int | None
    closed: bool
    void: bool
    names: tuple[Name, ...]
    as_of: datetime.datetime


@dataclass
class _Memory:
    letters: dict[str, Letter] = field(default_factory=dict)
    standings: dict[str, tuple[object, Standing]] = field(default_factory=dict)
    taken_back: dict[str, int] = field(default_factory=dict)
    computing: threading.Lock = field(default_factory=threading.Lock)


_memory = Remembered(_Memory)


def frozen(row: LetterRow) -> Letter:
    """The frozen letter of a row; parsed once."""
    letters = _memory().letters
    if row.id not in letters:
        letters[row.id] = Letter.parse(bytes(row.data))
    return letters[row.id]


def letter(letter_id: str) -> Letter | None:
    """The frozen letter of an id; None when there is none."""
    known = _memory().letters.get(letter_id)
    if known is not None:
        return known
    row = LetterRow.objects.filter(id=letter_id).first()
    return frozen(row) if row else None


def exists(letter_id: str) -> None:
    """Raises Http404 when there is no such letter."""
    if letter(letter_id) is None:
        raise Http404


def letter_ids() -> list[str]:
    """Every letter, the newest first (by its place in the instance log)."""
    return list(LetterRow.objects.order_by("-bind").values_list("id", flat=True))


def taken_back(letter_id: str) -> None:
    """A name was erased: what was computed before is out of date."""
    counts = _memory().taken_back
    counts[letter_id] = counts.get(letter_id, 0) + 1


def names_taken_back(letter_id: str) -> int:
    """How many names of a letter were taken back since this process began."""
    return _memory().taken_back.get(letter_id, 0)


def version(letter_id: str) -> object:
    """Changes whenever the letter's numbers or names may; None before its first checkpoint is shown."""
    try:
        stat = (Folder.current().record(letter_id) / "checkpoint").stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, names_taken_back(letter_id)


def standing(letter_id: str) -> Standing | None:
    """The published numbers of a letter; None when there is no such letter, or nothing of it is shown yet."""
    known = _known(letter_id)
    if known is None and version(letter_id) is not None:
        # After a batch all readers come at once: one computes, the others wait for it.
        with _memory().computing:
            known = _known(letter_id) or _anew(letter_id)
    return known


def _known(letter_id: str) -> Standing | None:
    kept = _memory().standings.get(letter_id)
    return kept[1] if kept and kept[0] == version(letter_id) else None


def _anew(letter_id: str) -> Standing | None:
    # The version is read before the numbers: what changes meanwhile has another.
    now, found = version(letter_id), letter(letter_id)
    if now is None or found is None:
        return None
    _, computed = _memory().standings[letter_id] = (now, _compute(found))
    return computed


def standings() -> list[Standing]:
    """Every letter that is shown, the newest first."""
    found = (standing(letter_id) for letter_id in letter_ids())
    return [each for each in found if each is not None]


def _compute(found: Letter) -> Standing:
    path = Folder.current().record(found.id) / "checkpoint"
    size = int(path.read_bytes().split(b"\n")[1])
    named, hidden = pool.count(found.id, withdraw=False, below=size)
    named_back, hidden_back = pool.count(found.id, withdraw=True, below=size)
    names = _names(pool.openings(found.id, size))
    last = _last_statement(found.id, size)
    return Standing(
        letter=found,
        size=size,
        counts={
            "signatures": named + hidden,
            "withdrawn": named_back + hidden_back,
            "shown": len(names),
            "not_shown": named - named_back - len(names),
            "hidden": hidden - hidden_back,
        },
        issued=last["issued"][0]["n"],
        headcount=found.headcount,
        closed=last["type"] == "letter.close",
        void=last.get("void", False),
        names=names,
        as_of=_hour(path),
    )


def _last_statement(letter_id: str, size: int) -> dict[str, Any]:
    """letter.close, or letter.open while there is none: after a close only withdrawals follow."""
    closes = pool.others(letter_id, size)
    return parse_letter(logs.entry(letter_id, closes[-1]))


def _names(openings: list[tuple[int, bytes]]) -> tuple[Name, ...]:
    return tuple(sorted(_shown(openings), key=lambda name: (plain(name[0]), name[0], name[1] or "")))


def _shown(openings: list[tuple[int, bytes]]) -> Iterator[Name]:
    for _, data in openings:
        # Judged when it came: judging it once more would take four times as long.
        shown = json.loads(data)["shown"]
        yield shown["name"], shown.get("note")


def _hour(path: Path) -> datetime.datetime:
    moment = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    return moment.replace(minute=0, second=0, microsecond=0)


def workplaces() -> list[Workplace]:
    """Every workplace, by name."""
    return list(Workplace.objects.order_by("name", "slug"))


def workplace(slug: str) -> Workplace | None:
    """The workplace of a slug."""
    return Workplace.objects.filter(slug=slug).first()


def instance_identity() -> tuple[str, str, str]:
    """(origin, vkey, fingerprint) of the instance log."""
    vkey = logs.signer(INSTANCE).vkey
    return logs.origin(INSTANCE), vkey, fingerprint(vkey)
