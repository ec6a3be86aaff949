# SPDX-License-Identifier: Apache-2.0
"""A real server, a real browser, the people: what a story needs, made once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from fronde.cli.demo_members import Postman
from tests.evidence.folders import SAMPLE
from tests.stories.people import Member, Village
from tests.stories.server import SLUG, Server, chromium, fronde, serving

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is a story, and all of them share one worker: one server, one browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.story)
            item.add_marker(pytest.mark.xdist_group("stories"))


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """An instance that is served: a workplace, fifty who joined, a letter with many signatures, evidence."""
    data = tmp_path_factory.mktemp("village") / "data"
    fronde("init", str(data), "--host", "fronde.example")
    fronde(
        "workplace", "add", SLUG, "--name", "Meridian Systems", "--domain", "meridian.example",
        "--shape", "first.last", "--headcount", "4180", "--headcount-source", "annual report, page 31",
        data=data,
    )  # fmt: skip
    fronde("evidence", "import", str(SAMPLE), "--retrieved", "2026-02-02", data=data)
    fronde("evidence", "product", "US-DUNS:003000001", "meridian", "--by", "Amina", data=data)
    with serving(data) as server:
        postman = Postman(data / "outbox", lambda mailbox, code: None)
        yield Village(server, postman, tmp_path_factory.mktemp("colleagues"))
        postman.stop()


@pytest.fixture(scope="session")
def campaign(village: Village) -> Server:
    """The server of the village."""
    return village.server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all stories; each story opens contexts of its own, which share nothing."""
    with chromium() as started:
        yield started


@pytest.fixture
def visitors(browser: Browser, village: Village) -> Iterator[Callable[..., Member]]:
    """Lets people into a story; each is asked at its end what their browser complained of."""
    here: list[Member] = []

    def arrive(**options: Any) -> Member:
        here.append(Member.arrive(browser, village, **options))
        return here[-1]

    yield arrive
    for each in here:
        each.leave()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new visitor on a telephone; the story fails when the console complains."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []
