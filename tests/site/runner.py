# SPDX-License-Identifier: Apache-2.0
"""`fronde` as a process of its own, with few slots a season and, for tests that must fail, a planted leak.

    python tests/site/runner.py [--slots N] [--pragmas FILE] [--plant LEAK] -- serve DIR ...

--pragmas: the settings of the connection that the writing thread of this server uses, into a file.
--plant: what a careless change could bring in (tests/test_kept.py): rowid, time, unsorted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from fronde.cli.main import main

SPENT = """
CREATE TABLE fronde_spent (key BLOB PRIMARY KEY{column}){without};
CREATE TRIGGER spend AFTER INSERT ON fronde_pool BEGIN
    INSERT OR IGNORE INTO fronde_spent VALUES (NEW.key{value});
END
"""


def few_slots(count: int) -> None:
    """Seasons of so many slots: the rules are the same, the keys are drawn faster."""
    from fronde.site.signing import slots

    slots.SLOTS = count


def rowid() -> None:
    """A table of spent keys with a rowid: it numbers them as they come."""
    _schema(SPENT.format(column="", value="", without=""))


def time() -> None:
    """A table of spent keys that says when."""
    _schema(SPENT.format(column=", seen INTEGER", value=", unixepoch()", without=" WITHOUT ROWID"))


def unsorted() -> None:
    """A batch in the order in which its signatures came."""
    from fronde.site.record import pool
    from fronde.site.signing import batch

    came: dict[bytes, int] = {}
    add, leaf = pool.add, batch._leaf

    def adding(letter: str, key: bytes, *args: object, **named: object) -> None:
        came.setdefault(key, len(came))
        add(letter, key, *args, **named)

    pool.add = adding
    batch._leaf = lambda waiting: came[waiting.key].to_bytes(4) + leaf(waiting)


PLANTS: dict[str, Callable[[], None]] = {"rowid": rowid, "time": time, "unsorted": unsorted}


def _schema(statements: str) -> None:
    """Into the database of DIR: a migration that should not have been written."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(Path(os.environ["FRONDE_DATA"]) / "fronde.sqlite3")) as db:
        db.executescript(statements)


def tell_pragmas(file: Path) -> None:
    """What the writing thread's connection says of itself, once it serves."""
    from django.db import connection

    from fronde.site.record.writer import Writer

    def read() -> dict[str, object]:
        names = ("synchronous", "journal_mode", "secure_delete", "temp_store")
        with connection.cursor() as cursor:
            return {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    enter = Writer.__enter__

    def entering(self: Writer) -> Writer:
        writer = enter(self)
        file.write_text(json.dumps(writer.do(read)))
        return writer

    Writer.__enter__ = entering


def run() -> int:
    """Patches what the arguments say, then runs the command as `fronde` does."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int)
    parser.add_argument("--pragmas", type=Path)
    parser.add_argument("--plant", choices=PLANTS)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fronde.site.settings")
    django.setup()
    if args.slots:
        few_slots(args.slots)
    if args.pragmas:
        tell_pragmas(args.pragmas)
    if args.plant:
        PLANTS[args.plant]()
    return main(args.command)


if __name__ == "__main__":
    sys.exit(run())
