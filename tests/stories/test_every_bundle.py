# SPDX-License-Identifier: Apache-2.0
"""Every proof of tests/bundles, good or bad, dropped on the real page /verify.  # spec: 13"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.stories.server import fronde, serving

BUNDLES = Path(__file__).parent.parent / "bundles"
EXPECTED: dict[str, Any] = json.loads((BUNDLES / "expected.json").read_text())
EXITS = {"verified": 0, "refused": 1, "unreadable": 2, "untied": 3}
SEEN = """() => {
  const shown = (element) => !element.closest('[hidden]');
  const steps = [...document.querySelectorAll('#steps [data-step]')];
  const result = (step) => [...step.querySelectorAll('b[data-result]')].find(shown)?.dataset.result;
  const failed = steps.find((step) => result(step) === 'FAIL');
  const text = (name) => failed?.querySelector(`p [data-fill="${name}"]`)?.textContent ?? '';
  return {
    state: document.querySelector('#main').dataset.state,
    steps: steps.map(result).join(' '),
    step: failed ? Number(failed.dataset.step) : 0,
    slug: text('name'),
    entry: text('entry'),
  };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page /verify of an instance that is served; nothing else is in it."""
    data = tmp_path_factory.mktemp("verify") / "data"
    fronde("init", str(data))
    with serving(data) as server:
        context = browser.new_context()
        opened = context.new_page()
        opened.goto(f"{server.address}/verify")
        opened.wait_for_selector("#main[data-state=ask]")
        yield opened
        context.close()


def check(page: Page, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the page says about a proof of tests/bundles."""
    key = wanted.get("key", "")
    if "policy" in wanted:
        key = (BUNDLES / wanted["policy"]).read_text()
    page.set_input_files("#zip", BUNDLES / f"{name}.zip")
    page.set_input_files("#compare", BUNDLES / wanted["compare"] if "compare" in wanted else [])
    page.evaluate("(key) => { document.querySelector('#vkey').value = key }", key)
    page.evaluate("document.querySelector('[data-form=verify]').requestSubmit()")
    page.wait_for_selector(", ".join(f"#main[data-state={state}]:not([aria-busy])" for state in EXITS))
    seen: dict[str, Any] = page.evaluate(SEEN)
    page.evaluate("document.querySelector('[data-act=again]').click()")
    return seen


def test_the_page_ends_as_the_command_does_on_every_bundle_and_sends_nothing(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    differing = []
    for name, wanted in EXPECTED.items():
        seen = check(page, name, wanted)
        found = {"exit": EXITS[seen["state"]], **{k: seen[k] for k in ("step", "entry", "slug", "steps")}}
        if found != {k: wanted[k] for k in found}:
            differing.append((name, found))
    assert not differing
    assert not asked


def test_a_good_proof_shows_its_numbers_and_whose_key_it_rests_on(page: Page) -> None:
    name = next(name for name, wanted in EXPECTED.items() if wanted["exit"] == 0)
    policy = (BUNDLES / EXPECTED[name]["policy"]).read_text()
    page.set_input_files("#zip", BUNDLES / f"{name}.zip")
    page.fill("#vkey", policy)
    page.click("[data-form=verify] button.main")
    page.wait_for_selector("#main[data-state=verified]:not([aria-busy])")
    counts = EXPECTED[name]["counts"]
    verdict = page.inner_text(".verdict:not([hidden])")
    assert f"{counts['signatures'] - counts['withdrawn']} " in verdict
    assert policy.split()[1].split("+")[0] in page.inner_text("dl.facts")
    page.click("[data-act=again]")


def test_a_proof_that_cites_shows_each_figure_with_its_measure_and_what_it_is_nearest_to(page: Page) -> None:
    page.set_input_files("#zip", BUNDLES / "good-citations.zip")
    page.fill("#vkey", (BUNDLES / "keys" / "policy").read_text())
    page.click("[data-form=verify] button.main")
    page.wait_for_selector("#main[data-state=verified]:not([aria-busy])")
    figures = [" ".join(said.split()) for said in page.locator("#cited li").all_inner_texts()]
    assert figures == [
        "What award says. 19,705,037.30 USD obligated, 22 June 2017 \u2013 15 June 2018, 2 rows"
        " · nearest record: none gives the reported 19,400,000.00 USD",
        "What frame says. \u221212.50 EUR award value, 1 March 2024 \u2013 1 March 2024, one row",
    ]
    assert "That the rows of a citation stand in the public" in page.inner_text(".notice:not([hidden]) ul")
    page.click("[data-act=again]")
    check(page, "citation-wrong-sum", EXPECTED["citation-wrong-sum"])
    assert page.locator("#cited li").count() == 0


def test_without_a_file_or_with_nonsense_for_a_key_the_page_says_what_to_do(page: Page) -> None:
    page.set_input_files("#zip", [])
    page.fill("#vkey", "")
    page.click("[data-form=verify] button.main")
    page.wait_for_selector('#problem:not([hidden]) a[href="#zip"]')
    page.set_input_files("#zip", BUNDLES / f"{next(iter(EXPECTED))}.zip")
    page.fill("#vkey", "nonsense")
    page.click("[data-form=verify] button.main")
    page.wait_for_selector('#problem:not([hidden]) a[href="#vkey"]')
    assert page.get_attribute("#vkey", "aria-invalid") == "true"
