# SPDX-License-Identifier: Apache-2.0
"""The lying servers of the command line's client, met by the browser's: refused, named, with evidence.

# trust: 12-13, 22-23
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from fronde import canonical, form
from fronde.canonical import unb64u
from fronde.record import entry
from fronde.record.note import Signer
from tests.client.server import Server, error
from tests.simulator import Record, Workplace, issuers
from tests.stories.harness import Visitor

NOW = datetime.datetime.now(datetime.UTC)
RULES = {
    "opens": form.format_time(NOW - datetime.timedelta(days=1)),
    "closes": form.format_time(NOW + datetime.timedelta(days=30)),
    "withdraw_until": form.format_time(NOW + datetime.timedelta(days=60)),
}


class Play:
    """A workplace with a letter, its server, and Ada in her browser, who has joined."""

    def __init__(self, browser: Browser) -> None:
        self.place = Workplace(slots=3)
        self.server = Server(self.place)
        self.record: Record = self.place.open(rules=RULES)
        self.browser = browser
        self.ada = self.visitor()
        assert self.ada.join() == "in"

    def visitor(self) -> Visitor:
        """Another browser, empty."""
        return Visitor(self.browser.new_context(accept_downloads=True), self.server)

    @property
    def id(self) -> str:
        return self.record.letter.id

    def others(self, count: int = 6) -> None:
        for each in self.place.people(count):
            self.record.sign(each)


@pytest.fixture
def play(browser: Browser) -> Iterator[Play]:
    made = Play(browser)
    yield made
    assert made.ada.complaints == []
    made.ada.context.close()


def slot_new(number: int, key: int) -> bytes:
    return entry.slot_new("works", "letters.example", "2026H2", number, issuers()[key].public.spki)


def forged(play: Play) -> None:
    """Ada's slot gets another key than the one that she saw."""
    play.place.instance[1] = slot_new(2, 50)


def second_version(play: Play) -> None:
    """One signature is another in the record that is shown to Ada than in the one that the heads name."""
    play.others()
    play.record.publish()
    play.others(1)
    play.record.entries[2] = play.record.batch()[0]


def not_the_lowest(play: Play) -> None:
    play.record = play.place.open(slot=3, rules=RULES)


LIES: dict[str, tuple[str, Callable[[Play], object]]] = {
    "another key for one member": ("log-forked", forged),
    "one key twice": ("key-twice", lambda play: play.place.instance.append(slot_new(4, 0))),
    "one number twice": ("number-twice", lambda play: play.place.instance.append(slot_new(3, 50))),
    "a slot bound twice": (
        "bind-twice",
        lambda play: play.place.instance.append(entry.slot_bind("works", 1, bytes(32))),
    ),
    "a letter under a slot that is not the lowest": ("bind-not-lowest", not_the_lowest),
    "a shrunk instance log": ("log-shrunk", lambda play: play.place.instance.pop()),
    "a second version of the record": ("head-other-version", second_version),
    "another key of the log": (
        "bad-note",
        lambda play: setattr(play.place, "signer", Signer("letters.example/log", bytes(32))),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_named_stops_the_browser_and_leaves_evidence(play: Play, lie: str) -> None:
    name, tell = LIES[lie]
    before = len(play.server.posts)
    tell(play)
    assert play.ada.sign(play.id) == "stopped"
    assert play.ada.problem == name
    assert len(play.server.posts) == before
    saved = play.ada.save("evidence")
    document = canonical.decode(saved)
    assert document["name"] == name
    assert document["files"]
    # It stays so: also for a page that knows nothing of the letter.
    assert play.ada.goto("/w/works/join") == "stopped"
    assert play.ada.problem == name


def test_an_answer_of_another_key_stops_for_good_and_no_token_is_kept(browser: Browser) -> None:
    play = Play(browser)
    honest = play.server.place.issue

    def crossed(blinded: dict[bytes, bytes]) -> dict[bytes, bytes]:
        keys = list(blinded)
        return {
            key: honest({other: blinded[key]})[other]
            for key, other in zip(keys, keys[1:] + keys[:1], strict=True)
        }

    play.server.place.issue = crossed  # type: ignore[method-assign, assignment]
    other = play.visitor()
    play.server._first.clear()
    assert other.join() == "stopped"
    assert other.problem == "enrol-signature"
    files = canonical.decode(other.save("evidence"))["files"]
    request = json.loads(unb64u(files["enrol-request.json"]))
    assert request["code"] == ""  # the evidence opens nothing
    assert other.page.locator("[data-act=again]:visible").count() == 0
    assert other.goto(f"/letters/{play.id}/sign") == "stopped"
    other.context.close()
    play.ada.context.close()


def test_a_whole_life_sign_see_withdraw(play: Play) -> None:
    assert play.ada.sign(play.id, "Ada Smith") == "done"
    assert play.ada.page.is_visible("text=waiting")
    receipt = canonical.decode(play.ada.save("receipt"))
    assert unb64u(receipt["files"]["entry.json"]) == play.record.waiting[0]
    play.others()
    play.record.publish()
    assert play.ada.goto(f"/letters/{play.id}/sign") == "done"
    assert play.ada.page.is_visible("text=seen")
    play.ada.press("withdraw")
    assert play.ada.done("withdrawn") == "withdrawn"
    play.record.publish()
    assert play.ada.goto(f"/letters/{play.id}/sign") == "withdrawn"
    assert play.ada.page.is_visible("[data-in=withdrawn] [data-when=seen]")


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(play: Play) -> None:
    path = f"/letters/{play.id}/sign"
    honest = play.server._take

    def lost(request: httpx.Request) -> httpx.Response:
        honest(play.record, canonical.decode(request.content))
        return httpx.Response(200, content=b"")

    play.server.answers["POST", path] = lost
    assert play.ada.sign(play.id) == "stopped"  # an empty receipt is no receipt
    assert play.ada.problem == "receipt-note"
    del play.server.answers["POST", path]
    play.ada.press("again")
    assert play.ada.done("done") == "done"
    sent = [body for body in play.server.bodies if b'"type":"post"' in body]
    assert len(set(sent)) == 1
    assert len(play.record.waiting) == 1


def test_words_bring_the_tokens_to_another_device_and_forgetting_leaves_nothing(play: Play) -> None:
    play.ada.goto("/w/works/join")
    play.ada.press("show-words")
    play.ada.page.wait_for_selector("#words li")
    words = " ".join(play.ada.page.locator("#words li").all_text_contents())
    other = play.visitor()
    other.goto("/w/works/join")
    other.press("restore")
    other.submit("words", **{"words-in": words.upper()})
    other.done("start")
    assert other.join() == "in"
    assert other.page.text_content("[data-fill=slots]") == "3"
    assert other.page.text_content("[data-fill=held]") == "0"
    other.press("forget")
    other.press("forget-yes")
    other.done("gone")
    assert other.page.evaluate("indexedDB.databases()") == []
    assert other.context.cookies() == []
    other.context.close()


def test_a_refusal_is_said_in_the_words_of_the_server_and_of_nobody_else(play: Play) -> None:
    play.server.answers["POST", "/w/works/join"] = lambda request: error(422, "bad-mailbox")
    play.ada.goto("/w/works/join")
    play.ada.press("renew")
    play.ada.submit("mailbox", mailbox="team@works.example")
    play.ada.page.wait_for_selector("#problem:not([hidden])")
    assert play.ada.problem == "bad-mailbox"
    play.server.answers["POST", "/w/works/join"] = lambda request: httpx.Response(422, content=b"<h1>No</h1>")
    play.ada.submit("mailbox", mailbox="team@works.example")
    play.ada.done()
    assert play.ada.problem == "declined"


def test_a_browser_without_storage_or_webcrypto_is_told_so(browser: Browser) -> None:
    server = Server(Workplace(slots=1))
    for script, slug in (
        ("Object.defineProperty(self, 'indexedDB', {value: undefined})", "storage"),
        ("Object.defineProperty(crypto, 'subtle', {value: undefined})", "crypto"),
    ):
        context = browser.new_context()
        context.add_init_script(script)
        visitor = Visitor(context, server)
        assert visitor.goto("/w/works/join") == "unable"
        assert visitor.problem == slug
        assert server.posts == []
        context.close()


def test_a_browser_whose_webcrypto_lacks_ed25519_loads_the_fallback_and_signs(browser: Browser) -> None:
    play = Play(browser)
    context = browser.new_context()
    context.add_init_script(
        """for (const name of ['importKey', 'sign', 'verify']) {
          const honest = SubtleCrypto.prototype[name];
          SubtleCrypto.prototype[name] = function (...given) {
            if (given.includes('Ed25519')) return Promise.reject(new DOMException('no', 'NotSupportedError'));
            return honest.apply(this, given);
          };
        }"""
    )
    old = Visitor(context, play.server)
    play.server._first.clear()
    assert old.join() == "in"
    assert old.sign(play.id) == "done"
    assert old.complaints == []
    context.close()
    play.ada.context.close()
