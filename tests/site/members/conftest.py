# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from fronde.site.folder import Folder
from tests.site import issuing


@pytest.fixture
def data(tmp_path, monkeypatch) -> Iterator[Folder]:
    """An instance with one workplace and no slots."""
    with issuing.instance(tmp_path / "data", monkeypatch) as folder:
        yield folder


@pytest.fixture
def settings_of_site(monkeypatch) -> Callable[[str, object], None]:
    """Sets one of Django's settings for a test."""
    return lambda name, value: monkeypatch.setattr(settings, name, value)
