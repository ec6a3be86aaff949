# SPDX-License-Identifier: Apache-2.0
"""docs/kept.md and docs/settings.md say what there is: no more, no less."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fronde.citation import Citation
from fronde.site import settings
from fronde.site.letters import proof
from fronde.site.members.ways import email_code
from tests import kept_page
from tests.citations import NEAREST
from tests.site.village import Village, post


def schema(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {f"{t}.{row[1]}" for t in tables for row in db.execute(f"PRAGMA table_info({t})")}


@pytest.fixture
def lived(village: Village) -> Village:
    """People have joined, signed, taken a name back and read the proof; a mail lies in the outbox."""
    letter = village.open(cited={"award": Citation.make(NEAREST)})
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
    listed = kept_page.files()
    unlisted = {file for file in files if not any(kept_page.names(cell, file) for cell in listed)}
    assert not unlisted
    # The members' write-ahead log is there only while somebody enrols.
    passing = {"members/enrolment.sqlite3-wal", "members/enrolment.sqlite3-shm"}
    stale = {cell for cell in listed if not any(kept_page.names(cell, file) for file in files)}
    assert stale <= passing


def test_every_column_is_listed_and_nothing_else_is(lived: Village):
    assert kept_page.columns("fronde.sqlite3") == schema(lived.folder.database)
    rows = lived.folder.members / "enrolment.sqlite3"
    assert kept_page.columns("members/enrolment.sqlite3") == schema(rows)


def test_every_setting_is_listed():
    text = (kept_page.DOCS / "settings.md").read_text()
    named = {cell for row in kept_page.first_cells(text) for cell in row if cell.startswith("FRONDE_")}
    assert named == {"FRONDE_DATA", *(f"FRONDE_{key.upper()}" for key in settings.KEYS)}
    assert all(f"`{key}`" in text for key in settings.KEYS)


def test_every_check_is_listed():
    folder = Path(settings.__file__).parent
    source = "".join((folder / name).read_text() for name in ("checks.py", "settings.py"))
    cells = kept_page.first_cells((kept_page.DOCS / "settings.md").read_text())
    listed = {cell for row in cells for cell in row if "fronde." in cell}
    assert set(re.findall(r'"(fronde\.[EW]\d{3})"', source)) == listed
