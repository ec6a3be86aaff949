# SPDX-License-Identifier: Apache-2.0
"""The pages of an instance and their states, for what looks at all of them."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

# Every state of the pages with a script, each with the flags that show most of it.
STATES = {
    "join": {
        "none": "", "unable": "", "start": "restored", "restore": "", "code": "",
        "in": "fresh again held words", "forget": "", "gone": "", "stopped": "",
    },
    "sign": {
        "none": "", "unable": "", "check-log": "", "no-token": "stranger later", "early": "", "closed": "",
        "mode": "named", "exposure": "named note counted", "check": "hidden uncounted",
        "done": "waiting named receipt can-withdraw", "withdrawn": "seen receipt", "spent": "", "unsure": "",
        "stopped": "retry",
    },
    "verify": {
        "none": "", "ask": "", "run": "", "verified": "headcount issued", "untied": "", "refused": "",
        "unreadable": "newer",
    },
}  # fmt: skip

# What the script does to the marks of a page; the script itself is kept away, so that a state stands still.
SHOW = """([state, flags]) => {
  const has = (marks, wanted) => marks.split(' ').some(mark => wanted.includes(mark));
  for (const one of document.querySelectorAll('[data-in]')) one.hidden = !has(one.dataset.in, [state]);
  for (const one of document.querySelectorAll('[data-when]')) one.hidden = !has(one.dataset.when, flags);
  for (const one of document.querySelectorAll('[data-fill]')) one.textContent ||= '1,234';
  for (const one of document.querySelectorAll('[data-result]')) one.hidden = one.dataset.result !== 'OK';
}"""

# Every template of a problem, one under another.
PROBLEMS = """() => {
  const place = document.getElementById('problem');
  place.hidden = false;
  const all = [...document.querySelectorAll('template[id^=problem-]')];
  place.replaceChildren(...all.map(one => one.content.cloneNode(true)));
  for (const one of place.querySelectorAll('[data-when]')) one.hidden = false;
  for (const one of place.querySelectorAll('[data-fill]')) one.textContent ||= '1,234';
}"""


def script_of(path: str) -> str:
    """`join`, `sign`, `verify` for a page with a script, else the empty string."""
    last = path.rsplit("/", 1)[-1]
    return last if last in STATES else ""


def visit(page: Page, address: str, path: str, language: str) -> Iterator[str]:
    """Opens a page, and shows each of its states in turn; yields their names ("" for a page without)."""
    page.route("**/static/*.js*", lambda route: route.abort())
    page.goto(f"{address}{path}?lang={language}")
    script = script_of(path)
    if not script:
        yield ""
        return
    for state, flags in STATES[script].items():
        page.evaluate(SHOW, [state, flags.split()])
        yield state
    page.evaluate(SHOW, ["", []])
    page.evaluate(PROBLEMS)
    yield "problems"
