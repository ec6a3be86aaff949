# SPDX-License-Identifier: Apache-2.0
"""The logs. WITHOUT ROWID, no time anywhere: what is stored is what is published.  # trust: 2"""

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


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.RunSQL(ENTRY, "DROP TABLE fronde_log_entry"),
        migrations.RunSQL(HEAD, "DROP TABLE fronde_log_head"),
        migrations.RunSQL(NONCE, "DROP TABLE fronde_head_nonce"),
    ]
