# SPDX-License-Identifier: Apache-2.0
"""What ties a signature to a member in a seized folder.

Whoever seizes the disk also knows what the test knows: who enrolled, in which order, with which bytes, and
who signed in which order. Each check returns findings, one sentence each; a campaign has to have none
(tests/test_kept.py, which also plants leaks that must be found).
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from tests import kept_page, orders
from tests.seizure import Seizure, Truth, forms

# What an operator or the public sees anyway, and Django's own; every other table is WITHOUT ROWID.
ROWIDS = {
    "fronde_workplace": "made by the operator",
    "fronde_letter": "made by the operator, in the order of the instance log",
    "django_migrations": "made at init and at updates",
    "sqlite_sequence": "numbers django_migrations",
}
TIMES = {"django_migrations.applied": "when the instance was made and updated"}
# Files whose date may lie within a campaign: what it tells is one moment, the last, or that of a publication.
DATED = (
    "fronde.sqlite3", "fronde.sqlite3-wal", "fronde.sqlite3-shm",
    "members/enrolment.sqlite3", "members/enrolment.sqlite3-wal", "members/enrolment.sqlite3-shm",
    "members", "outbox", "public", "high-water", "serve.lock", "publish.lock",
)  # fmt: skip


# -- what there is ------------------------------------------------------------------------------------------


def unlisted(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Files and columns that docs/kept.md does not list."""
    listed = kept_page.files()
    for name in seized.files:
        if not any(kept_page.names(each, name) for each in listed):
            yield f"{name} is not in docs/kept.md"
    for table in seized.tables:
        for column in table.columns:
            if f"{table.name}.{column}" not in kept_page.columns(table.file):
                yield f"the column {table.name}.{column} is not in docs/kept.md"


def rowids(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Tables that number their rows as they come."""
    for table in seized.tables:
        if table.name not in ROWIDS and "WITHOUT ROWID" not in table.sql.upper():
            yield f"the table {table.name} has a rowid"


# -- times --------------------------------------------------------------------------------------------------

_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
_DIGITS = re.compile(rb"(?<![0-9])(?:[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(?![0-9])")
_ISO = re.compile(rb"20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?")


def times(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Values that are a moment of the campaign; bytes that read as one, in any file."""
    for table in seized.tables:
        for index, column in enumerate(table.columns):
            where = f"{table.name}.{column}"
            if where not in TIMES and any(_moment(row[index], truth) for row in table.rows):
                yield f"the column {where} holds a time of the campaign"
    known = {str(value)[:19].encode() for value in _known(seized)}
    for name, data in seized.files.items():
        written = {*_DIGITS.findall(data), *_ISO.findall(data)} - known
        if any(_moment(each.decode(), truth) for each in written):
            yield f"{name} holds a time of the campaign, written out"
        yield from (f"{name} holds times of the campaign as {form}" for form in _binary(data, truth))


def _known(seized: Seizure) -> Iterator[object]:
    for table in seized.tables:
        for index, column in enumerate(table.columns):
            if f"{table.name}.{column}" in TIMES:
                yield from (row[index] for row in table.rows)


def _moment(value: object, truth: Truth) -> bool:
    if isinstance(value, str) and _ISO.match(value.encode()):
        at = datetime.fromisoformat(value[:19]).replace(tzinfo=UTC).timestamp()
        cut = 1 if len(value) >= 19 else 60  # a second or a minute begins before what happens in it
        return truth.since - cut < at <= truth.until
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, int | float):
        return False
    return any(truth.since <= value / unit <= truth.until for unit in _UNITS)


def _binary(data: bytes, truth: Truth) -> Iterator[str]:
    """Integers and floats of SQLite and of a careless struct.pack.

    Four bytes read as a second of the campaign by chance: once in a hundred megabytes, for forty seconds. So
    three hits are wanted.
    """
    for length, unit in ((4, 1), (6, 1_000), (8, 1_000), (8, 1_000_000), (8, 1_000_000_000)):
        low, high = (int(moment * unit) for moment in (truth.since, truth.until))
        for order in ("big", "little"):
            if _count(data, low.to_bytes(length, order), high.to_bytes(length, order), order) >= 3:
                yield f"{length}-byte integers ({order})"
    for order, letter in (("big", ">"), ("little", "<")):
        ends = struct.pack(f"{letter}d", truth.since), struct.pack(f"{letter}d", truth.until)
        if _count(data, *ends, order) >= 3:
            yield f"floats ({order})"


def _count(data: bytes, low: bytes, high: bytes, order: str) -> int:
    """How many places of the data hold bytes between two numbers of the same width."""
    width = len(low)
    if order == "little":
        low, high, data = low[::-1], high[::-1], data[::-1]
    same = next((n for n in range(width) if low[n] != high[n]), width)
    found, at = 0, data.find(low[:same])
    while at >= 0:
        found += low <= data[at : at + width] <= high
        at = data.find(low[:same], at + 1)
    return found


# -- values -------------------------------------------------------------------------------------------------


def joins(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Bytes of an enrolment outside members/, bytes of a signature inside."""
    rows = {form for each in truth.enrolled for part in each.row for form in forms(part)}
    parts = {part for each in truth.signed for part in (each.key, each.leaf, each.token)}
    signatures = {form for part in parts for form in forms(part)}
    for name, data in seized.files.items():
        inside = name.startswith("members/")
        if any(needle in data for needle in (signatures if inside else rows)):
            yield f"{name} holds bytes of a {'signature' if inside else 'row of members'}"


def identities(seized: Seizure, truth: Truth) -> Iterator[str]:
    """What names a member or a request: mailboxes, codes, what was sent, names that were taken back."""
    for what, needles in {
        "a mailbox": {form for each in truth.enrolled for form in _mailbox(each.mailbox)},
        "a code": {each.code.encode() for each in truth.enrolled},
        "what a member sent": {form for each in truth.enrolled for sent in each.sent for form in forms(sent)},
        "a header": {each.agent.encode() for each in (*truth.enrolled, *truth.signed)},
        "a name that was taken back": {each.name.encode() for each in truth.signed if each.withdrawn} - {b""},
    }.items():
        for name, data in seized.files.items():
            if any(needle in data for needle in needles):
                yield f"{name} holds {what}"


def _mailbox(mailbox: str) -> Iterator[bytes]:
    local = mailbox.partition("@")[0]
    yield from (local.encode(), local.upper().encode())
    yield from (form for text in (mailbox, local) for form in forms(hashed(text)))


def hashed(text: str) -> bytes:
    """What somebody who does not know of peppers would keep."""
    return hashlib.sha256(text.encode()).digest()


# -- dates --------------------------------------------------------------------------------------------------


def dates(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Files and folders, besides those whose date is of all or of the last, that were touched meanwhile."""
    for name, stamps in seized.dates.items():
        told = name not in DATED and not name.startswith(("public/", "high-water/"))
        if told and any(truth.settled <= stamp <= truth.until for stamp in stamps):
            yield f"the date of {name} is a moment of the campaign"


Check = Callable[[Seizure, Truth], Iterable[str]]
CHECKS: dict[str, Check] = {
    "unlisted": unlisted,
    "rowids": rowids,
    "times": times,
    "joins": joins,
    "identities": identities,
    "dates": dates,
    "order of files": orders.files,
    "order of tables": orders.columns,
    "order of enrolments": orders.enrolments,
}


def findings(seized: Seizure, truth: Truth) -> dict[str, list[str]]:
    """What each check finds, by its name; a check that finds nothing is left out."""
    found = {name: list(check(seized, truth)) for name, check in CHECKS.items()}
    return {name: sentences for name, sentences in found.items() if sentences}
