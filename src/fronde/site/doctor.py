# SPDX-License-Identifier: Apache-2.0
"""What `fronde doctor` sees, and what it repairs.  # spec: 3, 8

A database that lost its past (an old backup came back) gets it back from the public folder, if that still
holds what was signed last. Then, as whenever pepper, slot keys or enrolment rows are lost or older than they
were, every slot is burned and new seasons begin: tokens that are out stay good, nobody gets a second one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from fronde.errors import Refused, Stopped
from fronde.site import clock

from .folder import INSTANCE, Folder
from .letters import reading
from .letters.models import LetterRow
from .record import logs, publish, recover, writer
from .restore import restore
from .setup import burn
from .signing import slots
from .signing.sequence import finish

Tell = Callable[[str], None]


class Need(Enum):
    """What has to be repaired, in this order."""

    RESTORE = auto()  # the database from the public folder
    MARK = auto()  # a high-water mark that is missing or unreadable
    BURN = auto()  # the slots


def look(tell: Tell) -> set[Need]:
    """Looks at everything, tells it line by line, and returns what has to be repaired."""
    needs: set[Need] = set()
    for log in recover.known():
        needs |= _log(log, tell)
    if not needs:
        needs |= _members(tell)
        _slots(tell)
    _letters(tell)
    return needs


def _log(log: str, tell: Tell) -> set[Need]:
    try:
        recover.recover(log, mend=False)
    except Stopped as why:
        tell(f"WRONG  {why.message}")
        if why.name in ("behind", "forked"):
            return {Need.RESTORE, Need.BURN}
        tell(f"       Before you repair: nobody may have seen more than {logs.head(log).size} entries of it.")
        return {Need.MARK, Need.BURN}
    tell(f"OK     log {log}: {logs.size(log)} entries, {logs.head(log).size} signed")
    return set()


def _members(tell: Tell) -> set[Need]:
    try:
        slots.check()
    except Stopped as why:
        tell(f"WRONG  {why.message}")
        return {Need.BURN}
    tell("OK     members/: pepper, slot keys and rows are there")
    return set()


def _slots(tell: Tell) -> None:
    season = slots.Season.at(clock.now())
    for place in reading.workplaces():
        offered = logs.instance().offered(place.slug)
        free = sum(slot.bind_index is None for slot in offered)
        tell(f"       {place.slug}: {len(offered)} slots on offer, {free} free; season {season.name}")


def _letters(tell: Tell) -> None:
    for row in LetterRow.objects.order_by("bind"):
        tell(f"       letter {row.id} ({row.state}, {row.signed} signed): {reading.frozen(row).title}")


def repair(needs: set[Need], tell: Tell) -> None:
    """Repairs, with no server running. Raises Refused or Stopped when something cannot be repaired."""
    folder = Folder.current()
    writer.health().why = None
    with folder.serving():
        with folder.publishing():
            if Need.RESTORE in needs:
                _restore(tell)
            if Need.MARK in needs:
                _mark(tell)
            logs.forget()
            for log in recover.known():
                recover.recover(log)
            for row in LetterRow.objects.exclude(state=LetterRow.OVER):
                finish(row.id)
            publish.publish(INSTANCE)
        if Need.BURN in needs:
            tell(f"Burned {burn(folder)} slots and began new seasons: members enrol again for later letters.")
    _again(tell)


def _restore(tell: Tell) -> None:
    """The instance log first: the letters' heads are read out of it."""
    for log in recover.known():
        try:
            recover.recover(log, mend=False)
        except Stopped as why:
            if why.name in ("behind", "forked"):
                tell(f"Restored {restore(log)} entries of {log} from the public folder.")


def _mark(tell: Tell) -> None:
    for log in recover.known():
        head = logs.head(log)
        try:
            recover.promises(log)
        except Stopped:
            publish.raise_mark(log, head.note)
            tell(f"Set the high-water mark of {log} to {head.size}.")


def _again(tell: Tell) -> None:
    if look(tell):
        raise Refused("Something is still wrong.", hint="See the lines above.", name="not-repaired")
