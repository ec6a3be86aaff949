# SPDX-License-Identifier: Apache-2.0
"""What an operator sets up: workplaces and letters. All of it is public, or will be; nothing has a time."""

from __future__ import annotations

from typing import Any

from django.db import models


class Workplace(models.Model):
    """Where members work, and by which rule a mailbox shows it.  # spec: 3"""

    slug = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=200)
    domains = models.JSONField()  # exact domains, lower case
    shape = models.CharField(max_length=40)  # of the local part, such as first.last; empty: any
    headcount = models.PositiveIntegerField(null=True)
    headcount_source = models.CharField(max_length=500)

    class Meta:
        db_table = "fronde_workplace"

    def __str__(self) -> str:
        return str(self.slug)

    @property
    def rule(self) -> dict[str, Any]:
        """{domains, shape?}: what `/w/SLUG.json` publishes."""
        return {"domains": list(self.domains), **({"shape": self.shape} if self.shape else {})}


class LetterRow(models.Model):
    """A frozen letter and where its life stands.

    bind, nonce: its slot.bind in the instance log and what opens it. signed, withdrawn: entries in its log.
    issued: the most tokens of its slot that were ever counted (a burn forgets the rows that are counted).
    """

    OPEN, CLOSED, VOID, OVER = "open", "closed", "void", "over"

    id = models.CharField(primary_key=True, max_length=16)
    workplace = models.CharField(max_length=40)
    slot = models.PositiveIntegerField()
    data = models.BinaryField()
    bind = models.PositiveIntegerField()
    nonce = models.BinaryField()
    signed = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    issued = models.PositiveIntegerField()
    state = models.CharField(max_length=6)

    class Meta:
        db_table = "fronde_letter"

    def __str__(self) -> str:
        return str(self.id)


class CitationRow(models.Model):
    """What a letter cites: the bytes whose digest its letter.json names. name: its id there."""

    pk = models.CompositePrimaryKey("letter", "name")
    letter = models.CharField(max_length=16)
    name = models.CharField(max_length=40)
    data = models.BinaryField()

    class Meta:
        db_table = "fronde_citation"

    def __str__(self) -> str:
        return f"{self.letter} {self.name}"
