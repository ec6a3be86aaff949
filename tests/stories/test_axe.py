# SPDX-License-Identifier: Apache-2.0
"""Every page and every state of it, looked at by axe and on a small telephone.  # trust: 5"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.stories.states import STATES, script_of, visit

AXE = (Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js").read_text("utf-8")
RUN = """async () => (await axe.run({resultTypes: ['violations']})).violations.map(
  wrong => [wrong.id, wrong.nodes.map(node => node.html + ' ' + node.failureSummary)])"""
PAGES = (
    "/", "/letters/{open}", "/letters/{void}", "/letters/{arabic}", "/w/meridian", "/verify", "/nothing",
    "/letters/{open}/sign", "/w/meridian/join",
    "/evidence", "/evidence?q=meridian", "/evidence?q=m&page=0", "/evidence/sources",
    "/evidence/award/EX0001", "/evidence/party/US-AGENCY:7012",
    "/evidence/party/US-DUNS:003000001", "/evidence/party/US-DUNS:003000001?of=US-AGENCY:7014",
)  # fmt: skip


@pytest.fixture(scope="session")
def letters(village: Any) -> dict[str, str]:
    """open: with many signatures; void: closed with none; arabic: from right to left."""
    server = village.server
    void = server.open_letter()
    server.fronde("letter", "close", void)
    return {
        "open": village.letter,
        "void": void,
        "arabic": server.open_letter("أخبرونا من يستخدم ما نبنيه", "ar"),
    }


def opened(browser: Browser, scheme: Any, width: int) -> Page:
    return browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()


@pytest.mark.parametrize(
    ("language", "scheme"), [("en", "light"), ("en", "dark"), ("fr", "light"), ("fr", "dark")]
)
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(browser, campaign, letters, path, language, scheme):
    page = opened(browser, scheme, 1280)
    for state in visit(page, campaign.address, path.format(**letters), language):
        page.evaluate(f"'axe' in self || (() => {{ {AXE} }})()")
        assert page.evaluate(RUN) == [], state
    page.context.close()


MARKS = """() => ['in', 'when'].map((mark) =>
  [...document.querySelectorAll(`[data-${mark}]`)].flatMap((one) => one.dataset[mark].split(' ')))"""


@pytest.mark.parametrize("path", [path for path in PAGES if script_of(path)])
def test_every_state_of_a_page_is_looked_at(browser, campaign, letters, path):
    page = opened(browser, "light", 1280)
    page.goto(f"{campaign.address}{path.format(**letters)}")
    states, flags = map(set, page.evaluate(MARKS))
    shown = STATES[script_of(path)]
    assert states == set(shown)
    assert flags == {flag for variants in shown.values() for one in variants for flag in one.split()}
    page.context.close()


def test_axe_would_find_something(browser, campaign):
    page = opened(browser, "light", 1280)
    page.goto(campaign.address)
    page.evaluate("() => document.querySelector('h1').append(document.createElement('img'))")
    page.evaluate(AXE)
    assert [name for name, _nodes in page.evaluate(RUN)] == ["image-alt"]
    page.context.close()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_small_telephone(browser, campaign, letters, path, language):
    page = opened(browser, "light", 320)
    for state in visit(page, campaign.address, path.format(**letters), language):
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, state
    page.context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_without_scripts_and_sets_no_cookie(browser, campaign, letters, path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{campaign.address}{path.format(**letters)}")
    assert page.locator("h1").count() == 1
    if script_of(path):
        assert page.get_by_role("heading", name="This page needs its script").is_visible()
    assert context.cookies() == []
    context.close()


def test_the_style_sheets_and_the_policy_agree(page, campaign, letters):
    """At plain http on loopback too: `upgrade-insecure-requests` must not break the demonstration."""
    page.goto(f"{campaign.address}/letters/{letters['open']}")
    assert page.locator(".letter-head").evaluate("one => getComputedStyle(one).paddingTop") != "0px"
    assert page.evaluate("document.styleSheets.length") == 2
