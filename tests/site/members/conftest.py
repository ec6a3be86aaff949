# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client

from fronde.site import clock
from fronde.site.folder import Folder
from fronde.site.signing import slots
from tests.site import issuing
from tests.site.issuing import HOST, NOW


@pytest.fixture
def data(tmp_path, monkeypatch) -> Iterator[Folder]:
    """An instance with one workplace and no slots."""
    with issuing.instance(tmp_path / "data", monkeypatch) as folder:
        yield folder


@pytest.fixture
def settings_of_site(monkeypatch) -> Callable[[str, object], None]:
    """Sets one of Django's settings for a test."""
    return lambda name, value: monkeypatch.setattr(settings, name, value)


@pytest.fixture
def offered(data, monkeypatch):
    """Two seasons of slots, and a clock that stands still."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    slots.ensure_seasons(NOW)


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST=HOST, HTTP_ORIGIN=issuing.ORIGIN, HTTP_SEC_FETCH_SITE="same-origin")
