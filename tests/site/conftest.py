# SPDX-License-Identifier: Apache-2.0
"""Django is ready before any test of the site is read. Which data folder it serves, a test says (`use`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import django
import pytest
from django.db import connections

if TYPE_CHECKING:
    from tests.site.village import Village

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fronde.site.settings")
django.setup()


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the template of every village lies."""
    return tmp_path_factory.mktemp("village")


@pytest.fixture
def village(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Village]:
    """An instance with a workplace of 400 and two seasons of two slots, at a fixed time."""
    # Imported here: Django is ready only now.
    from tests.site.village import settle

    yield settle(base, tmp_path / "data", monkeypatch)
    connections.close_all()


FREE = [
    "FRONDE_DATA", "FRONDE_HOST", "FRONDE_BIND", "FRONDE_ORIGINS", "FRONDE_SMTP_URL", "FRONDE_MAIL_FROM",
    "FRONDE_OPERATOR", "FRONDE_CONTACT",
]  # fmt: skip


@pytest.fixture
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the machine's own settings; what a command sets is gone afterwards."""
    for name in FREE:
        monkeypatch.delenv(name, raising=False)
    mask = os.umask(0o022)
    yield
    os.umask(mask)
    connections.close_all()
