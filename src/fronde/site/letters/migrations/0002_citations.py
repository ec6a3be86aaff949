# SPDX-License-Identifier: Apache-2.0
"""What letters cite."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("letters", "0001_initial")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="CitationRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "letter", "name", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("letter", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=40)),
                ("data", models.BinaryField()),
            ],
            options={
                "db_table": "fronde_citation",
            },
        ),
    ]
