# SPDX-License-Identifier: Apache-2.0
"""What letters cite. WITHOUT ROWID, as every table that grows."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

CITATION = """
CREATE TABLE fronde_citation (
    letter TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (letter, name)
) WITHOUT ROWID
"""
KEY = models.CompositePrimaryKey(
    "letter", "name", blank=True, editable=False, primary_key=True, serialize=False
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("letters", "0001_initial")]

    operations: ClassVar = [
        migrations.RunSQL(
            CITATION,
            "DROP TABLE fronde_citation",
            state_operations=[
                migrations.CreateModel(
                    name="CitationRow",
                    fields=[
                        ("pk", KEY),
                        ("letter", models.CharField(max_length=16)),
                        ("name", models.CharField(max_length=40)),
                        ("data", models.BinaryField()),
                    ],
                    options={"db_table": "fronde_citation"},
                )
            ],
        )
    ]
