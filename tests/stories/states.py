# SPDX-License-Identifier: Apache-2.0
"""The pages of an instance and their states, for what looks at all of them."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

# Every state of the pages with a script, each with the flags set in it, as often as it looks different.
STATES = {
    "join": {
        "none": [""], "unable": [""], "start": ["", "restored"], "restore": [""], "code": [""],
        "in": ["fresh words cookie", "again held", "none"], "forget": [""], "gone": [""],
        "stopped": ["retry"],
    },
    "sign": {
        "none": [""], "unable": [""], "check-log": ["failed"], "no-token": ["stranger", "later"],
        "early": [""], "closed": [""], "mode": ["named", "hidden"],
        "exposure": ["named note counted", "hidden uncounted"],
        "check": ["named note counted", "hidden counted", "hidden uncounted"],
        "done": ["waiting named receipt can-withdraw", "seen hidden"],
        "withdrawn": ["waiting receipt", "seen"], "spent": [""], "unsure": [""], "stopped": ["retry"],
    },
    "verify": {
        "none": [""], "ask": [""], "run": [""], "verified": ["headcount issued cited", "no-headcount"],
        "untied": ["headcount"], "refused": [""], "unreadable": ["newer"],
    },
}  # fmt: skip

# What the script does to the marks of a page; the script itself is kept away, so that a state stands still.
SHOW = """([state, flags]) => {
  const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
  const has = (marks, wanted) => marks.split(' ').some(mark => wanted.includes(mark));
  for (const one of document.querySelectorAll('[data-in]')) one.hidden = !has(one.dataset.in, [state]);
  for (const one of document.querySelectorAll('[data-when]')) one.hidden = !has(one.dataset.when, flags);
  for (const one of document.querySelectorAll('[data-fill]')) one.textContent ||= '1,234';
  const words = document.getElementById('words');
  if (words && flags.includes('words')) {
    words.hidden = false;
    const item = (word) => Object.assign(document.createElement('li'), {textContent: word});
    words.replaceChildren(...WORDS.split(' ').map(item));
  }
  const result = { refused: 'FAIL', unreadable: 'FAIL', run: 'RUN' }[state] ?? 'OK';
  for (const one of document.querySelectorAll('[data-result]')) one.hidden = one.dataset.result !== result;
  for (const one of document.querySelectorAll('p[data-result=FAIL]'))
    one.replaceChildren(document.getElementById('fail').content.cloneNode(true));
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
    page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}")
    script = script_of(path)
    if not script:
        yield ""
        return
    for state, variants in STATES[script].items():
        for flags in variants:
            page.evaluate(SHOW, [state, flags.split()])
            yield "-".join([state, *flags.split()])
    page.evaluate(SHOW, ["", []])
    page.evaluate(PROBLEMS)
    yield "problems"
