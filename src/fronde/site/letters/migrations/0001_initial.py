# SPDX-License-Identifier: Apache-2.0
"""Workplaces and letters: what an operator sets up."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar = []

    operations: ClassVar = [
        migrations.CreateModel(
            name="LetterRow",
            fields=[
                ("id", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("workplace", models.CharField(max_length=40)),
                ("slot", models.PositiveIntegerField()),
                ("data", models.BinaryField()),
                ("bind", models.PositiveIntegerField()),
                ("nonce", models.BinaryField()),
                ("signed", models.PositiveIntegerField(default=0)),
                ("withdrawn", models.PositiveIntegerField(default=0)),
                ("issued", models.PositiveIntegerField()),
                ("state", models.CharField(max_length=6)),
            ],
            options={
                "db_table": "fronde_letter",
            },
        ),
        migrations.CreateModel(
            name="Workplace",
            fields=[
                ("slug", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("domains", models.JSONField()),
                ("shape", models.CharField(max_length=40)),
                ("headcount", models.PositiveIntegerField(null=True)),
                ("headcount_source", models.CharField(max_length=500)),
            ],
            options={
                "db_table": "fronde_workplace",
            },
        ),
    ]
