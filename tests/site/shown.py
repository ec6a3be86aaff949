# SPDX-License-Identifier: Apache-2.0
"""Letters for the pages to show: real frozen letters with made-up numbers, and a browser without scripts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.test import Client

from fronde.letter import Letter
from fronde.site.letters.reading import Name, Standing
from tests.simulator import Workplace

NOW = datetime.datetime(2026, 4, 9, 14, 20, tzinfo=datetime.UTC)
HOST = "fronde.example"
SLUG = "meridian"
ID = "abcdefgh234567ab"
DEMAND = {
    "id": "customers",
    "ask": "Tell the staff which public bodies buy what we build.",
    "measure": "A list, once a year.",
    "due": "2026-09-30",
}
RULES = {
    "opens": "2026-03-01T09:00:00Z",
    "closes": "2026-06-30T22:00:00Z",
    "withdraw_until": "2026-07-30T22:00:00Z",
}


def letter(**changes: Any) -> Letter:
    """A frozen letter, open in April 2026; `changes` to its document, `rules` merged."""
    maker = Workplace(host=HOST, slug=SLUG, name="Meridian", headcount=changes.pop("headcount", 4180))
    texts = {"title": "Tell us who uses what we build", "body": "Dear Ines,\n\nwe would like *to know*."}
    rules = RULES | changes.pop("rules", {})
    made = {"id": ID, "to": [{"name": "Ines Vandermeer", "office": "chief executive"}], "demands": [DEMAND]}
    return Letter.make(maker.document(1, log_key=maker.signer.vkey, rules=rules, **made | texts | changes))


def people(count: int) -> tuple[Name, ...]:
    """Names in alphabetical order, a note under each second."""
    return tuple((f"Person {n:04d}", "network" if n % 2 else None) for n in range(count))


def standing(
    one: Letter | None = None,
    *,
    named: int = 214,
    hidden: int = 128,
    withdrawn: int = 0,
    not_shown: int = 0,
    **more: Any,
) -> Standing:
    """What is published of a letter: `named` names shown, and so on."""
    one = one or letter()
    counts = {
        "signatures": named + hidden + not_shown + withdrawn,
        "withdrawn": withdrawn,
        "shown": named,
        "not_shown": not_shown,
        "hidden": hidden,
    }
    made = Standing(
        letter=one,
        size=1 + counts["signatures"] + withdrawn,
        counts=counts,
        issued=870,
        headcount=one.headcount,
        closed=False,
        void=False,
        names=people(named),
        as_of=NOW.replace(minute=0),
    )
    return replace(made, **more)


def visit(path: str, *, language: str = "en", headers: Mapping[str, str] | None = None) -> Any:
    """What a reader gets, through the whole site."""
    assert [f"https://{HOST}"] == settings.FRONDE_ORIGINS
    return Client(raise_request_exception=False).get(
        path, headers={"Host": HOST, "Accept-Language": language, **(headers or {})}
    )
