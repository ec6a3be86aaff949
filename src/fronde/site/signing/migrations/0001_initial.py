# SPDX-License-Identifier: Apache-2.0
"""Signatures that wait, keys that are spent, names that are shown. WITHOUT ROWID, no time.  # trust: 2

fronde_pool       what waits for the next batch; opening: the name, until its batch
fronde_published  what is in the log, by key: a key that stands here or in the pool is spent
fronde_opening    the names shown, by leaf hash; gone when their signer withdraws
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

POOL = """
CREATE TABLE fronde_pool (
    letter TEXT NOT NULL, key BLOB NOT NULL, withdraw INTEGER NOT NULL, entry BLOB NOT NULL, opening BLOB,
    PRIMARY KEY (letter, key, withdraw)
) WITHOUT ROWID
"""
PUBLISHED = """
CREATE TABLE fronde_published (
    letter TEXT NOT NULL, key BLOB NOT NULL, withdraw INTEGER NOT NULL, named INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    PRIMARY KEY (letter, key, withdraw)
) WITHOUT ROWID
"""
OPENING = """
CREATE TABLE fronde_opening (
    letter TEXT NOT NULL, leaf BLOB NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (letter, leaf)
) WITHOUT ROWID
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.RunSQL(POOL, "DROP TABLE fronde_pool"),
        migrations.RunSQL(PUBLISHED, "DROP TABLE fronde_published"),
        migrations.RunSQL(OPENING, "DROP TABLE fronde_opening"),
    ]
