# SPDX-License-Identifier: Apache-2.0
"""docs/kept.md and docs/settings.md say what there is: no more, no less."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fronde.site import settings
from fronde.site.letters import proof
from fronde.site.members.ways import email_code
from tests.site.village import Village, post

DOCS = Path(__file__).parents[2] / "docs"
PATTERNS = {
    "ID": "[a-z2-7]{16}",
    "KEY": "[0-9a-f]{64}",
    "tile/...": r"tile/([0-9]+|entries)/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]+)?",
    "*": "[^/]+",
}


def first_cells(text: str) -> list[list[str]]:
    """What stands in backticks in the first cell of each row of each table."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", cell) for cell in rows]


def chapter(name: str) -> list[list[str]]:
    text = (DOCS / "kept.md").read_text()
    return first_cells(text.split(f"## {name}\n")[1].split("\n## ")[0])


def columns(name: str) -> set[str]:
    """table.column of a chapter, where `.column` belongs to the table before."""
    found = set()
    for row in chapter(name):
        table = row[0].partition(".")[0]
        found |= {cell if not cell.startswith(".") else table + cell for cell in row}
    return found


def schema(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {f"{t}.{row[1]}" for t in tables for row in db.execute(f"PRAGMA table_info({t})")}


def pattern(path: str) -> re.Pattern[str]:
    rx = re.escape(path)
    for word, meaning in PATTERNS.items():
        rx = rx.replace(re.escape(word), meaning)
    return re.compile(rx)


@pytest.fixture
def lived(village: Village) -> Village:
    """People have joined, signed, taken a name back and read the proof; a mail lies in the outbox."""
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member, name="Grace Example")
    village.step()
    village.withdraw(letter, members[0])
    proof.letter_zip(letter.id)
    body = {"v": 1, "type": "join", "mailbox": "ada@meridian.example", "challenge": "A" * 43}
    assert post(village.client, "/w/meridian/join", body).status_code == 200
    email_code.room().post.stop()
    with village.folder.serving():
        pass
    return village


def test_every_file_of_the_data_folder_is_listed_and_nothing_else_is(lived: Village):
    files = {
        str(path.relative_to(lived.folder.path)) for path in lived.folder.path.rglob("*") if path.is_file()
    }
    listed = [cell for row in chapter("Files") for cell in row]
    unlisted = {file for file in files if not any(pattern(cell).fullmatch(file) for cell in listed)}
    assert not unlisted
    # The members' write-ahead log is there only while somebody enrols.
    passing = {"members/enrolment.sqlite3-wal", "members/enrolment.sqlite3-shm"}
    stale = {cell for cell in listed if not any(pattern(cell).fullmatch(file) for file in files)}
    assert stale <= passing


def test_every_column_is_listed_and_nothing_else_is(lived: Village):
    assert columns("Columns of fronde.sqlite3") == schema(lived.folder.database)
    rows = lived.folder.members / "enrolment.sqlite3"
    assert columns("Columns of members/enrolment.sqlite3") == schema(rows)


def test_every_setting_is_listed():
    text = (DOCS / "settings.md").read_text()
    named = {cell for row in first_cells(text) for cell in row if cell.startswith("FRONDE_")}
    assert named == {"FRONDE_DATA", *(f"FRONDE_{key.upper()}" for key in settings.KEYS)}
    assert all(f"`{key}`" in text for key in settings.KEYS)


def test_every_check_is_listed():
    folder = Path(settings.__file__).parent
    source = "".join((folder / name).read_text() for name in ("checks.py", "settings.py"))
    assert set(re.findall(r'"(fronde\.[EW]\d{3})"', source)) == {
        cell for row in first_cells((DOCS / "settings.md").read_text()) for cell in row if "fronde." in cell
    }
