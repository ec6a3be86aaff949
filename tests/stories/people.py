# SPDX-License-Identifier: Apache-2.0
"""Who walks through the stories: visitors with a browser, and colleagues on the command line.

What a browser must never do (a cookie, a request to anywhere else, a breach of the policy, a complaint in the
console) is watched in every story, and judged when the visitor leaves.  # trust: 4, 8-9
"""

from __future__ import annotations

import datetime
import json
import random
import re
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from fronde.cli import demo
from fronde.cli.demo import letter_file
from fronde.cli.demo_members import Device, Postman
from fronde.cli.demo_people import people
from fronde.client.http import Http
from tests.stories.server import SLUG, Server

COLLEAGUES = 50
PATIENCE = 20  # seconds
expect.set_options(timeout=1000 * PATIENCE)

REPORT = """document.addEventListener('securitypolicyviolation',
  (broken) => console.error(`policy: ${broken.violatedDirective} ${broken.blockedURI}`))"""
# What a device still holds of a site.
HELD = """async () => ({
  databases: (await indexedDB.databases()).map((one) => one.name),
  local: localStorage.length, session: sessionStorage.length,
  caches: await caches.keys(), cookie: document.cookie,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
NOTHING = {"databases": [], "local": 0, "session": 0, "caches": [], "cookie": "", "workers": 0}


class Village:
    """The workplace of the stories: its server, who carries its mail, and colleagues who have joined.

    letter: the demonstration's, with more than thirty signatures and none that waits.
    """

    def __init__(self, server: Server, postman: Postman, folder: Path) -> None:
        self.server = server
        self.postman = postman
        self._signed: dict[str, int] = {}  # how many of the colleagues, by letter
        everybody = people(random.Random(1))  # noqa: S311 - invented names
        self.colleagues = [Device(next(everybody), server.address, folder) for _ in range(COLLEAGUES)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda colleague: colleague.join(SLUG, postman), self.colleagues))
        shutil.copy(Path(demo.__file__).parent / demo.AWARD, server.data.parent)
        self.letter = server.open_text(letter_file(datetime.datetime.now(datetime.UTC)))
        self._begin(30)

    def _begin(self, number: int) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda colleague: colleague.sign(self.letter), self.colleagues[:number]))
        self._signed[self.letter] = number
        self.publishes(self.letter, signatures=range(number - 4, number + 1))
        more = (self.counts(self.letter)["signatures"] - number) % 5
        self.colleagues_sign(self.letter, more)
        self.publishes(self.letter, signatures=number + more)

    @cached_property
    def uncounted(self) -> str:
        """A letter for stories that sign, and do not look at what is published of it."""
        return self.server.open_letter()

    def colleagues_sign(self, letter: str, number: int) -> None:
        """So many who have not signed this letter yet."""
        so_far = self._signed.get(letter, 0)
        assert so_far + number <= len(self.colleagues)
        for colleague in self.colleagues[so_far : so_far + number]:
            colleague.sign(letter)
        self._signed[letter] = so_far + number

    def counts(self, letter: str) -> dict[str, int]:
        """What is published of a letter: signatures, withdrawn, shown, not_shown, hidden."""
        with Http(self.server.address, proxies=False) as client:
            counts: dict[str, int] = json.loads(client.get(f"/letters/{letter}.json"))["counts"]
        return counts

    def publishes(self, letter: str, **wanted: int | range) -> None:
        """The server publishes by itself; this waits until these counts stand."""
        until = time.monotonic() + PATIENCE
        between = {name: one if isinstance(one, range) else (one,) for name, one in wanted.items()}
        while not all(self.counts(letter)[name] in one for name, one in between.items()):
            assert time.monotonic() < until, self.counts(letter)
            time.sleep(0.05)


@dataclass
class Visitor:
    """Somebody's browser. taps and letters count what a person does with it."""

    village: Village
    page: Page
    complaints: list[str] = field(default_factory=list)
    taps: int = 0
    letters: int = 0

    @classmethod
    def arrive(cls, browser: Browser, village: Village, **options: Any) -> Visitor:
        """On a telephone, in English, unless `options` (of a browser context) say otherwise."""
        wanted: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "locale": "en"} | options
        context = browser.new_context(base_url=village.server.address, accept_downloads=True, **wanted)
        visitor = cls(village, context.new_page())
        context.add_init_script(REPORT)
        context.on("console", visitor._hear)
        context.on("weberror", lambda broken: visitor.complaints.append(str(broken.error)))
        context.on("request", visitor._follow)
        wire = context.new_cdp_session(visitor.page)
        wire.send("Network.enable")
        wire.on("Network.responseReceivedExtraInfo", lambda told: visitor._look_for("set-cookie", told))
        wire.on("Network.requestWillBeSentExtraInfo", lambda told: visitor._look_for("cookie", told))
        return visitor

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    def _follow(self, request: Request) -> None:
        if not request.url.startswith((self.village.server.address, "data:")):
            self.complaints.append(f"a request to {request.url}")

    def _look_for(self, header: str, told: dict[str, Any]) -> None:
        if header in {name.lower() for name in told["headers"]}:
            self.complaints.append(f"a header {header}")

    def accept(self, *parts: str) -> None:
        """What the console has said with one of these in it was meant to happen, and did."""
        for part in parts:
            assert any(part in complaint for complaint in self.complaints), (part, self.complaints)
            self.complaints = [one for one in self.complaints if part not in one]

    def leave(self) -> None:
        """The end of the story: no cookie, and nothing that the browser complained of."""
        cookies = self.page.context.cookies()
        self.page.context.close()
        assert cookies == []
        assert self.complaints == []

    # -- what a person does -------------------------------------------------------------------------------

    def tap(self, what: Locator) -> None:
        self.taps += 1
        what.click()

    def button(self, name: str) -> None:
        self.tap(self.page.get_by_role("button", name=name, exact=True))

    def link(self, name: str) -> None:
        self.tap(self.page.get_by_role("link", name=name, exact=True).first)

    def type(self, label: str, text: str) -> None:
        self.letters += len(text)
        self.page.get_by_label(label, exact=True).fill(text)

    # -- what a person sees -------------------------------------------------------------------------------

    def sees(self, text: str) -> None:
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def sees_heading(self, name: str) -> None:
        expect(self.page.get_by_role("heading", name=name, exact=True)).to_be_visible()

    def sees_problem(self, title: str | re.Pattern[str], step: str = "") -> None:
        """One sentence and one next step, at the top of the page."""
        box = self.page.get_by_role("alert")
        expect(box.get_by_role("heading")).to_have_text(title)
        expect(box.get_by_role("heading")).to_be_focused()
        expect(box).to_contain_text(step)
        expect(self.page.locator("main")).not_to_have_attribute("aria-busy", "true")

    def sees_nothing_wrong(self) -> None:
        expect(self.page.get_by_role("alert")).to_be_hidden()

    def state(self, name: str) -> None:
        """The page with a script is in this state and at rest."""
        expect(self.page.locator(f"#main[data-state='{name}']:not([aria-busy])")).to_be_attached()

    def holds_nothing(self) -> None:
        """Nothing of this site is left in the browser."""
        assert self.page.evaluate(HELD) == NOTHING
        assert self.page.context.cookies() == []

    def holds(self) -> dict[str, Any]:
        """What is left of this site in the browser."""
        held: dict[str, Any] = self.page.evaluate(HELD)
        return held

    def text(self) -> str:
        """All that is seen on the page."""
        return self.page.locator("main").inner_text()

    def rows(self, caption: str) -> list[str]:
        """The rows of a table, without their headings, as they are seen."""
        return self.page.get_by_role("table", name=caption).locator("tbody td").all_inner_texts()

    def names(self) -> dict[str, str]:
        """The names under the letter, with their notes."""
        lines = self.page.locator(".names li")
        names = lines.locator("> bdi").all_inner_texts()
        notes = lines.evaluate_all("all => all.map(one => one.querySelector('small')?.innerText ?? '')")
        return dict(zip(names, notes, strict=True))

    def saves(self, press: Callable[[], None]) -> Path:
        """The file that comes down when something is pressed."""
        with self.page.expect_download() as download:
            press()
        saved = Path(download.value.path()).with_name(download.value.suggested_filename)
        Path(download.value.path()).rename(saved)
        return saved


class Member(Visitor):
    """Somebody who works there."""

    def opens(self, path: str) -> None:
        self.page.goto(path)

    def goes_to_join(self) -> None:
        self.opens(f"/w/{SLUG}/join")
        self.state("start")

    def asks_for_a_code(self, mailbox: str) -> None:
        assert mailbox not in {colleague.person.mailbox for colleague in self.village.colleagues}
        self.village.postman.expect(mailbox)
        self.type("Work mailbox", mailbox)
        self.button("Send me a code")
        self.sees_heading("Type the code")

    def reads_the_mail(self, mailbox: str) -> str:
        """The code in it."""
        return self.village.postman.code(mailbox)

    def types_the_code(self, code: str) -> None:
        self.type("Code", code)
        self.button("Continue")

    def joins(self, mailbox: str) -> None:
        """The whole way in, from the page where one joins."""
        self.goes_to_join()
        self.asks_for_a_code(mailbox)
        self.types_the_code(self.reads_the_mail(mailbox))
        self.is_in()

    def is_in(self) -> None:
        self.state("in")
        self.sees("This browser can sign.")

    def sees_twelve_words(self) -> list[str]:
        self.button("Show my twelve words")
        words = self.page.get_by_role("list", name="Your twelve words").get_by_role("listitem")
        expect(words).to_have_count(12)
        return words.all_inner_texts()

    def goes_to_sign(self, letter: str) -> None:
        self.opens(f"/letters/{letter}/sign")
        self.sees_heading("How do you want to sign?")

    def goes_on_to_the_last_page(self) -> None:
        self.button("Show me who would see what")
        self.sees_heading("Who would see what")
        self.button("Continue")
        self.sees_heading("Check before you sign")

    def signs_hidden(self, letter: str) -> None:
        self.goes_to_sign(letter)
        self.goes_on_to_the_last_page()
        self.button("Sign now")
        self.has_signed()

    def has_signed(self) -> None:
        self.sees_heading("You have signed")
        self.state("done")
