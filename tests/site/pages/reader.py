# SPDX-License-Identifier: Apache-2.0
"""A reader: one letter's pages as plain text; `now` and the numbers are the test's."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest

from fronde.site import clock
from fronde.site.letters import reading
from tests.site import issuing
from tests.site.shown import ID, NOW, SLUG, standing, visit

FEBRUARY = datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)
JULY = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
AUGUST = datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC)
PAGES = ["/", f"/letters/{ID}", f"/letters/{ID}/sign", f"/w/{SLUG}", f"/w/{SLUG}/join", "/verify"]


@pytest.fixture(scope="module")
def instance(tmp_path_factory) -> Iterator[None]:
    with (
        pytest.MonkeyPatch.context() as patch,
        issuing.instance(tmp_path_factory.mktemp("site") / "data", patch),
    ):
        yield


@pytest.fixture
def show(instance, monkeypatch) -> Callable[..., str]:
    """Shows one letter's page as plain text; `now` and the numbers are the test's."""

    def put(one: reading.Standing, now: datetime.datetime) -> None:
        monkeypatch.setattr(reading, "standing", lambda key: one if key == one.letter.id else None)
        monkeypatch.setattr(reading, "standings", lambda: [one])
        monkeypatch.setattr(reading, "letter", lambda key: one.letter if key == one.letter.id else None)
        monkeypatch.setattr(clock, "now", lambda: now)

    def shown(path: str = f"/letters/{ID}", language: str = "en", **given: Any) -> str:
        put(given.get("one", standing()), given.get("now", NOW))
        return text(visit(path, language=language))

    put(standing(), NOW)
    return shown


def text(response: Any) -> str:
    """The words of a page, one space between them."""
    body = re.sub(r"(?s)<head>.*?</head>", "", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def words(response: Any, tag: str) -> list[str]:
    """The text of every element of a kind."""
    found = re.findall(rf"(?s)<{tag}\b[^>]*>(.*?)</{tag}>", response.content.decode())
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]
