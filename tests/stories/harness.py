# SPDX-License-Identifier: Apache-2.0
"""A browser whose every request is answered in this process, by a server in memory that may lie.

The pages are as bare as the scripts allow: the marks that they look for, no text. The scripts are the built
ones, under the policy of every HTML page (# trust: 4): what needs eval or inline code fails here too.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import BrowserContext, Page, Route

from tests.client.server import BASE, CODE, MAILBOX, Server

STATIC = Path(__file__).parents[2] / "src/fronde/site/static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test</title>
<script type="module" src="/static/{name}.js"></script></head><body>
<main id="main" {data}><div id="problem" role="alert" hidden></div>
{content}
<template id="problem-breach"><p><code data-fill="name"></code>
<button data-act="evidence">Save</button></p></template>
<template id="problem-other"><p><code data-fill="name"></code></p></template>
{modules}</main></body></html>"""

MODULE = """<template id="module-{0}">
<link rel="modulepreload" href="/static/{0}.js" crossorigin="anonymous"></template>"""
MODULES = "".join(MODULE.format(name) for name in ("noble", "words", "qr"))

JOIN = """
<section data-in="start" hidden><form data-form="mailbox"><input id="mailbox"><button>Go</button></form>
<button data-act="restore">Restore</button></section>
<section data-in="restore" hidden><form data-form="words"><textarea id="words-in"></textarea>
<input type="file" id="file-in"><button>Go</button></form></section>
<section data-in="code" hidden><form data-form="code"><input id="code-in"><button>Go</button></form></section>
<section data-in="in" hidden><b data-fill="slots"></b><b data-fill="held"></b><ol id="words" hidden></ol>
<button data-act="show-words">Words</button><button data-act="save-file">File</button>
<button data-act="renew">Renew</button><button data-act="forget">Forget</button></section>
<section data-in="forget" hidden><button data-act="forget-yes">Yes</button></section>
<section data-in="stopped" hidden><button data-act="again" data-when="retry" hidden>Again</button></section>
"""

SIGN = """
<section data-in="mode" hidden><form data-form="mode"><input type="radio" name="as" value="named">
<input type="radio" name="as" value="hidden" checked><input id="name"><input id="note">
<button>Go</button></form>
<button data-act="find">Find</button></section>
<section data-in="exposure" hidden><b data-fill="issued"></b><button data-act="to-check">Go</button></section>
<section data-in="check" hidden><form data-form="sign"><button>Sign</button></form></section>
<section data-in="done" hidden><b data-when="seen" hidden>seen</b><b data-when="waiting" hidden>waiting</b>
<button data-act="receipt" data-stem="notes" data-when="receipt" hidden>Receipt</button>
<button data-act="withdraw">Withdraw</button></section>
<section data-in="withdrawn" hidden><b data-when="seen" hidden>seen</b></section>
<section data-in="unsure" hidden><button data-act="resend">Again</button></section>
<section data-in="stopped" hidden><button data-act="again" data-when="retry" hidden>Again</button></section>
"""


def html(name: str, data: str, content: str) -> str:
    """One of the bare pages."""
    return FRAME.format(name=name, data=data, content=content, modules=MODULES)


class Visitor:
    """Somebody's browser with what it keeps; `server` answers it."""

    def __init__(self, context: BrowserContext, server: Server) -> None:
        self.context = context
        self.server = server
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self._hear(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._hear(str(error)))
        context.route("**/*", self._answer)

    def _hear(self, text: str) -> None:
        if "Failed to load resource" not in text:  # the answers of a server that says no
            self.complaints.append(text)

    def _answer(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path
        if path.startswith("/static/"):
            route.fulfill(body=(STATIC / path[8:]).read_bytes(), content_type="text/javascript")
        elif request.method == "GET" and path.endswith(("/join", "/sign")):
            route.fulfill(
                body=self._page(path), content_type="text/html", headers={"Content-Security-Policy": POLICY}
            )
        else:
            sent = httpx.Request(request.method, request.url, content=request.post_data_buffer or b"")
            answer = self.server(sent)
            route.fulfill(status=answer.status_code, body=answer.read(), headers=dict(answer.headers))

    def _page(self, path: str) -> str:
        slug = self.server.place.slug
        if path.endswith("/join"):
            return html("join", f'data-workplace="{slug}"', JOIN)
        return html("sign", f'data-letter="{path.split("/")[2]}" data-workplace="{slug}"', SIGN)

    def goto(self, path: str) -> str:
        """Opens a page and waits until it is done; its state."""
        self.page.goto(BASE + path)
        return self.done()

    def done(self, *states: str) -> str:
        """Waits until nothing is under way (and one of these states is there); the state."""
        wanted = [f'[data-state="{state}"]' for state in states] or ["[data-state]"]
        self.page.wait_for_selector(
            ", ".join(f"#main{state}:not([aria-busy])" for state in wanted), state="attached"
        )
        return self.page.get_attribute("#main", "data-state") or ""

    def submit(self, form: str, **fields: str) -> None:
        """Fills fields by id and sends a form."""
        for name, value in fields.items():
            self.page.fill(f"#{name}", value)
        self.page.click(f"[data-form={form}] button")

    def press(self, act: str) -> None:
        self.page.locator(f"[data-act={act}]:visible").first.click()

    @property
    def problem(self) -> str:
        """The slug of what went wrong; empty when nothing is said."""
        box = self.page.locator("#problem:not([hidden]) code")
        return box.text_content() or "" if box.count() else ""

    def join(self, code: str = CODE) -> str:
        """A whole enrolment; the state at its end."""
        self.goto(f"/w/{self.server.place.slug}/join")
        if self.page.get_attribute("#main", "data-state") == "in":
            self.press("renew")
        self.submit("mailbox", mailbox=MAILBOX)
        self.done("code")
        self.page.fill("#code-in", code)
        self.page.click("[data-form=code] button")
        self.page.wait_for_selector(
            '#main[data-state="in"]:not([aria-busy]), #main[data-state="stopped"]:not([aria-busy]),'
            " #problem:not([hidden])",
            state="attached",
        )
        return self.done()

    def sign(self, letter_id: str, name: str = "") -> str:
        """Goes through the pages of signing; the state at its end."""
        state = self.goto(f"/letters/{letter_id}/sign")
        if state != "mode":
            return state
        if name:
            self.page.check('input[value="named"]')
            self.page.fill("#name", name)
        self.page.click("[data-form=mode] button")
        self.done("exposure")
        self.press("to-check")
        self.done("check")
        self.page.click("[data-form=sign] button")
        return self.done("done", "spent", "unsure", "stopped", "closed")

    def save(self, act: str) -> bytes:
        """What the person saves with a button."""
        with self.page.expect_download() as download:
            self.press(act)
        return Path(download.value.path()).read_bytes()
