# SPDX-License-Identifier: Apache-2.0
"""What `fronde doctor` sees, and what it repairs.  # spec: 3, 8

A database that lost its past (an old backup came back) gets it back from the public folder, if that still
holds what was signed last. Then, as whenever pepper, slot keys, enrolment rows or high-water marks are lost
or older than they were, every slot is burned and new seasons begin: tokens that are out stay good, nobody
gets a second one.

What nobody can make again (a key, entries that nothing here holds) only the operator can put back. Then it
says what and how, and repairs nothing at all: whatever were signed meanwhile could contradict what is out.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from django.core.management import call_command
from django.db import DatabaseError, connection

from fronde.errors import FrondeError, Refused, Stopped
from fronde.site import clock

from . import restore
from .folder import INSTANCE, Folder
from .letters import proof, reading
from .letters.models import LetterRow
from .members import enrolment
from .record import keys, logs, publish, recover, writer
from .setup import burn
from .signing import slots
from .signing.sequence import finish, publish_instance

Tell = Callable[[str], None]


NEARLY = 0.5  # of a proof's caps: from then on it is said
AT_STANDSTILL = (
    "If no backup has it, this letter stays as it was published last: it takes no signature and can never "
    "be closed, and its record cannot say why. Say it in public; `fronde proof {id} -o FILE` gives its proof."
)
UNRECEIPTED = (
    "If no backup has it, this letter takes no more signatures and withdrawals; what waits goes out, and "
    "`fronde letter close {id}` ends it with the signatures that it has."
)


class Need(Enum):
    """What has to be repaired, in this order."""

    RESTORE = auto()  # the database from the public folder
    MARK = auto()  # a high-water mark that is missing, unreadable or too low
    BURN = auto()  # the slots


class Look:
    """What was found, told line by line. needs: to be repaired; beyond: the first that cannot be, here.

    stopped: why a letter can be published no further, or takes no more signatures; the others go on.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._instance = 0  # entries of the instance log, with what can be restored
        self.needs: set[Need] = set()
        self.beyond: FrondeError | None = None
        self.stopped: dict[str, Stopped] = {}

    def all(self) -> None:
        """Everything, in the order in which it has to hold."""
        if not self._database():
            return
        for log in recover.known():
            self._log(log)
        self._members()
        self._strays()
        if not (self.needs or self.beyond):
            self._slots()
        self._letters()

    def _database(self) -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA quick_check(1)")
                said = str(cursor.fetchone()[0])
        except DatabaseError as error:
            said = str(error)
        if said != "ok":
            self._wrong(f"The database is damaged: {said}.")
            self._beyond(
                Stopped("The database is damaged.", hint="Put it back from a backup.", name="database-lost")
            )
            return False
        call_command("migrate", verbosity=0)  # an old backup has old tables
        return True

    def _log(self, log: str) -> None:
        if log == INSTANCE:
            self._instance = logs.size(log)
        try:
            recover.recover(log)
            if log != INSTANCE:
                self._receipts(log)
        except recover.OneLetter as why:
            self._one(log, why, AT_STANDSTILL.format(id=log) if why.name.startswith("key-") else "")
        except Stopped as why:
            self._wrong(why.message)
            self._stopped(log, why)
        else:
            self._tell(f"OK     log {log}: {logs.size(log)} entries, {logs.head(log).size} signed")
            if not publish.shown(log):
                self._tell(
                    "       The public folder does not show all of it yet: a running server sees to that."
                )

    def _receipts(self, letter_id: str) -> None:
        try:
            keys.check_receipts(letter_id)
        except Stopped as why:
            self._one(letter_id, why, UNRECEIPTED.format(id=letter_id))

    def _one(self, letter_id: str, why: Stopped, otherwise: str) -> None:
        over = LetterRow.objects.filter(id=letter_id, state=LetterRow.OVER).exists()
        if over and why.name.startswith("key-"):
            self._tell(f"       {why.message} The letter is over: nothing needs this key any more.")
            return
        self._wrong(why.message)
        self._tell(f"       Only the letter {letter_id} is stopped by this. {why.hint}")
        if otherwise:
            self._tell(f"       {otherwise}")
        self.stopped[letter_id] = why

    def _stopped(self, log: str, why: Stopped) -> None:
        if why.name in ("behind", "forked"):
            self._restorable(log)
        elif why.name.startswith("mark-"):
            self._markable(log)
        else:
            self._beyond(why)

    def _markable(self, log: str) -> None:
        found = recover.promises(log)
        if not found:
            self._beyond(restore.lost(log, "nothing here says what was signed"))
        elif recover.mark_trouble(log, found):
            most = max(each.size for each in found)
            self._tell(f"       Before you repair: nobody may have seen more than {most} entries of it.")
            self.needs |= {Need.MARK, Need.BURN}

    def _restorable(self, log: str) -> None:
        try:
            plan = restore.plan(log)
        except FrondeError as error:
            self._beyond(error)
            return
        if log == INSTANCE:
            self._instance = plan.head.size
        self._tell(f"       The public folder has the {len(plan.missing)} entries that it lacks.")
        self.needs |= {Need.RESTORE, Need.BURN}
        self._markable(log)

    def _members(self) -> None:
        try:
            enrolment.check_record(self._instance)
            if not (self.needs or self.beyond):
                slots.check()
                self._tell("OK     members/: pepper, slot keys and rows are there")
        except Stopped as why:
            self._wrong(why.message)
            if why.name in ("record-old", "members-unwritable"):
                self._beyond(why)
            else:
                self.needs.add(Need.BURN)

    def _strays(self) -> None:
        for letter_id in recover.strays():
            self._tell(f"       keys/letters/{letter_id}: keys of a letter that nothing else here knows")
            if self.needs or self.beyond:
                self._beyond(
                    Refused(
                        f"keys/ may be newer than all else here: nothing else knows the letter {letter_id}.",
                        hint="Put newer copies of public/ and fronde.sqlite3 in place; "
                        f"after a `fronde letter open` that was killed, move keys/letters/{letter_id} away.",
                        name="keys-newer",
                    )
                )

    def _slots(self) -> None:
        season = slots.Season.at(clock.now())
        for place in reading.workplaces():
            offered = logs.instance().offered(place.slug)
            free = sum(slot.bind_index is None for slot in offered)
            self._tell(
                f"       {place.slug}: {len(offered)} slots on offer, {free} free; season {season.name}"
            )

    def _letters(self) -> None:
        for row in LetterRow.objects.order_by("bind"):
            self._tell(
                f"       letter {row.id} ({row.state}, {row.signed} signed): {reading.frozen(row).title}"
            )
            full = proof.fullness(row.id)
            if full > NEARLY:
                self._tell(
                    f"       Its proof is {full:.0%} full. Beyond 100 % no file can hold it: close it before "
                    f"(`fronde letter close {row.id}`), and open another letter for those who come later."
                )

    def _wrong(self, message: str) -> None:
        self._tell(f"WRONG  {message}")

    def _beyond(self, why: FrondeError) -> None:
        self._tell(f"       This cannot be repaired here: {why.message} {why.hint}")
        self.beyond = self.beyond or why


def look(tell: Tell) -> Look:
    """Looks at everything; changes nothing but the version of the tables."""
    found = Look(tell)
    found.all()
    return found


def repair(tell: Tell) -> None:
    """Repairs, with no server running. Raises Refused or Stopped when something cannot be repaired."""
    folder = Folder.current()
    writer.health().why = None
    with folder.serving():
        with folder.publishing():
            found = look(lambda line: None)  # again: something may have happened since the operator read it
            if found.beyond:
                raise found.beyond
            _restore(tell)
            _mark(tell)
            logs.forget()
            whole = [log for log in recover.known() if _whole(log)]
            for log in whole:
                recover.mend(log)
            for letter_id in LetterRow.objects.order_by("bind").values_list("id", flat=True):
                if letter_id in whole:
                    finish(letter_id)
            publish_instance()
        if Need.BURN in found.needs:
            tell(f"Burned {burn(folder)} slots and began new seasons: members enrol again for later letters.")
    _again(tell)


def _whole(log: str) -> bool:
    """Whether a log can be published further; raises what concerns more than one letter."""
    try:
        recover.recover(log)
    except recover.OneLetter:
        return False
    return True


def _restore(tell: Tell) -> None:
    """The instance log first: the letters' heads are read out of it."""
    for log in recover.known():
        try:
            recover.recover(log)
        except Stopped as why:
            if why.name in ("behind", "forked"):
                tell(f"Restored {restore.restore(log)} entries of {log} from the public folder.")


def _mark(tell: Tell) -> None:
    """What was signed last is marked: never less than any trace of it that is left."""
    for log in recover.known():
        found = recover.promises(log)
        if recover.mark_trouble(log, found):
            best = max(found, key=lambda each: each.size)
            publish.raise_mark(log, best.note)
            tell(f"Set the high-water mark of {log} to {best.size}.")


def _again(tell: Tell) -> None:
    found = look(tell)
    if found.needs or found.beyond:
        raise Refused("Something is still wrong.", hint="See the lines above.", name="not-repaired")
