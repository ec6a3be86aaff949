# SPDX-License-Identifier: Apache-2.0
"""A data folder under the real clock, for a real server (process.py): made by the operator's commands.

Members enrol in this process, without the mail, while no server runs; what they post, they post over sockets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from fronde import letterfile
from fronde.cli.main import main
from fronde.letter import Letter
from fronde.site.folder import Folder, use
from fronde.site.letters import reading
from fronde.site.signing import sequence, slots
from tests.site.village import FILE, HOST, SLUG, Member

# A letter that has been open for long and will be: no time of a test stands in it.
RULES = "opens = 2026-01-01T00:00:00Z\ncloses = 2100-01-01T00:00:00Z"


@contextlib.contextmanager
def here(folder: Folder) -> Iterator[Folder]:
    """The site on this folder in this process, with all connections closed afterwards."""
    try:
        yield use(folder.path)
    finally:
        connections.close_all()


def found(path: Path, patch: pytest.MonkeyPatch) -> Folder:
    """A new instance with one workplace and one slot a season, by the operator's commands."""
    patch.setattr(slots, "SLOTS", 1)
    with here(Folder(path)):
        assert main(["init", str(path), "--host", HOST]) == 0
        added = ["workplace", "add", SLUG, "--name", "Meridian", "--domain", "meridian.example"]
        assert main([*added, "--data", str(path)]) == 0
    return Folder(path)


def open_letter(folder: Folder, *, least: int = 5, tokens: int = 5) -> Letter:
    """Opens a letter on this folder."""
    with here(folder):
        place = reading.workplace(SLUG)
        assert place is not None
        text = FILE.format(least=least, minutes=0, tokens=tokens, rules=RULES)
        return sequence.open_letter(letterfile.parse(text), place)


def enrol(folder: Folder, count: int) -> list[Member]:
    """So many members with their tokens."""
    with here(folder):
        return [Member() for _ in range(count)]
