# SPDX-License-Identifier: Apache-2.0
"""An instance that issues, small: real keys (drawn once), a real database, three slots a season."""

from __future__ import annotations

import contextlib
import datetime
import functools
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections

from fronde.site.folder import INSTANCE, Folder, make, put, use
from fronde.site.letters.models import Workplace
from fronde.site.members import enrolment
from fronde.site.record import store
from fronde.site.signing import slots
from fronde.tokens.blindrsa import PublicKey

NOW = datetime.datetime(2026, 11, 3, 14, 37, 21, tzinfo=datetime.UTC)
HOST = "fronde.example"
SLUG = "meridian"
ORIGIN = f"https://{HOST}"
FEW = 3


@functools.cache
def keys():
    """Issuer keys for every test of this process: which one a slot gets makes no difference."""
    return slots._generate(8 * FEW)


@contextlib.contextmanager
def instance(
    path: Path, patch: pytest.MonkeyPatch, *, domains: tuple[str, ...] = ("meridian.example",)
) -> Iterator[Folder]:
    """A data folder with a database, members/ and one workplace, without slots."""
    put(path / "fronde.toml", f'host = "{HOST}"\norigins = "{ORIGIN}"\n'.encode())
    folder = use(path)
    make(folder.log_key(INSTANCE).parent, mode=0o700)
    put(folder.log_key(INSTANCE), secrets.token_bytes(32), mode=0o600)
    call_command("migrate", verbosity=0)
    enrolment.create()
    Workplace.objects.create(slug=SLUG, name="Meridian", domains=list(domains), shape="", headcount_source="")
    patch.setattr(slots, "SLOTS", FEW)
    drawn = list(keys())
    patch.setattr(slots, "_generate", lambda count: [drawn.pop() for _ in range(count)])
    try:
        yield folder
    finally:
        connections.close_all()


def blinded(workplace: str = SLUG) -> dict[bytes, bytes]:
    """A value for every slot on offer, as a member would send; random, so new each time."""
    offered = store.instance().offered(workplace)
    return {
        slot.key_id: secrets.randbelow(PublicKey.from_spki(slot.spki).n).to_bytes(256) for slot in offered
    }
