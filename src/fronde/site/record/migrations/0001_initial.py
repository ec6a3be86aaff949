# SPDX-License-Identifier: Apache-2.0
"""The logs, and signatures on their way into them. WITHOUT ROWID, no time anywhere.  # trust: 10-11

fronde_log_entry   every entry of every log; fronde_log_head: the last signed head of each
fronde_head_nonce  what opens the heads of a letter
fronde_pool        what waits for the next batch; opening: the name, until its batch
fronde_published   what is in a letter's log, by key: a key that stands here or in the pool is spent
fronde_opening     the names shown, by index in the log; gone when their signer withdraws
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

ENTRY = """
CREATE TABLE fronde_log_entry (
    log TEXT NOT NULL, idx INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (log, idx)
) WITHOUT ROWID
"""
HEAD = """
CREATE TABLE fronde_log_head (
    log TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, note BLOB NOT NULL
) WITHOUT ROWID
"""
NONCE = """
CREATE TABLE fronde_head_nonce (
    letter TEXT NOT NULL, idx INTEGER NOT NULL, nonce BLOB NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (letter, idx)
) WITHOUT ROWID
"""
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
    letter TEXT NOT NULL, idx INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (letter, idx)
) WITHOUT ROWID
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.RunSQL(ENTRY, "DROP TABLE fronde_log_entry"),
        migrations.RunSQL(HEAD, "DROP TABLE fronde_log_head"),
        migrations.RunSQL(NONCE, "DROP TABLE fronde_head_nonce"),
        migrations.RunSQL(POOL, "DROP TABLE fronde_pool"),
        migrations.RunSQL(PUBLISHED, "DROP TABLE fronde_published"),
        migrations.RunSQL(OPENING, "DROP TABLE fronde_opening"),
    ]
