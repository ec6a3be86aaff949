# SPDX-License-Identifier: Apache-2.0
"""The pages that readers see: home, a letter, its JSON twin, and the page that one signs on.

Everything comes out of what is published (`reading`): nothing here could show more than the record holds.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import Truncator
from django.utils.translation import gettext

from fronde import canonical
from fronde.canonical import b64u
from fronde.form import format_time
from fronde.letter import Letter
from fronde.site import clock
from fronde.site.headers import no_store
from fronde.site.record.views import public

from . import citations, markdown, names, reading
from .reading import Standing

SHOWN_FROM = 25  # a smaller number says more about who is missing than about the letter
ROWS = 9  # blocks beside which a note may reach
ASK = 420  # characters of the demands that stand at the head as one paragraph


def address(request: HttpRequest, path: str) -> str:
    """The whole address of `path`, under the origin of this instance that was visited."""
    visited = request.get_host().lower()  # one of them, or http.Hosts had answered
    origins: list[str] = settings.FRONDE_ORIGINS
    return next(one for one in origins if urlsplit(one).netloc.lower() == visited) + path


def state(standing: Standing, now: datetime.datetime) -> str:
    """early, open, closing (closed, but the last batch is not out yet), closed, void."""
    if standing.closed:
        return "void" if standing.void else "closed"
    if now < standing.letter.opens:
        return "early"
    return "open" if now < standing.letter.closes else "closing"


def figures(standing: Standing, now: datetime.datetime) -> dict[str, Any]:
    """What a letter's number is, and whether it is shown."""
    counts = standing.counts
    net = counts["signatures"] - counts["withdrawn"]
    now_is = state(standing, now)
    return {"state": now_is, "net": net, "counted": net >= SHOWN_FROM or (now_is == "closed" and net > 0)}


def entry(standing: Standing, now: datetime.datetime) -> dict[str, Any]:
    """A letter as a line of a list."""
    letter = standing.letter
    return {
        "id": letter.id,
        "title": letter.title,
        "lang": letter.lang,
        "to": letter.document["to"],
        "opens": letter.opens,
        "closes": letter.closes,
        **figures(standing, now),
    }


def place(slug: str) -> dict[str, Any] | None:
    """A workplace as pages speak of it; `at`: its mailboxes, as in "@meridian.example or @meridian.test"."""
    found = reading.workplace(slug)
    if found is None:
        return None
    return {
        "slug": found.slug,
        "name": found.name,
        "shape": gettext(found.shape) if found.shape else "",
        "at": ", ".join(f"@{domain}" for domain in found.domains),
        "headcount": found.headcount,
        "headcount_source": found.headcount_source,
    }


def only_place() -> dict[str, Any] | None:
    """The workplace, where the instance has one."""
    places = reading.workplaces()
    return place(places[0].slug) if len(places) == 1 else None


def identity() -> dict[str, str]:
    """Origin, key and fingerprint of the instance log."""
    origin, vkey, fingerprint = reading.instance_identity()
    return {"origin": origin, "vkey": vkey, "fingerprint": fingerprint}


def home(request: HttpRequest) -> HttpResponse:
    """`/`: the letters, and what this is."""
    now = clock.now()
    shown = {
        "here": "letters",
        "letters": [entry(one, now) for one in reading.standings()],
        "places": reading.workplaces(),
        "place": only_place(),
        **identity(),
    }
    return render(request, "home.html", shown)


def letter(request: HttpRequest, letter_id: str) -> HttpResponse:
    """`/letters/ID`."""
    standing = find(letter_id)
    now = clock.now()
    counts = standing.counts
    document = standing.letter.document
    shown = {
        "here": "letters",
        "place": place(standing.letter.workplace),
        "letter": _document(standing) | {"body": body(standing.letter), "ask": _ask(document)},
        "withdrawn": counts["withdrawn"],
        "hidden": counts["hidden"],
        "not_shown": counts["not_shown"],
        "issued": standing.issued,
        "headcount": document["workplaces"][0].get("headcount"),
        "names": names.pick(standing.names, request.GET.get("q", ""), request.GET.get("page", "1")),
        "as_of": standing.as_of,
        "withdrawable": now < standing.letter.withdraw_until,
        "both_modes": len(standing.letter.modes) > 1,
        "hidden_only": list(standing.letter.modes) == ["hidden"],
        "address": address(request, f"/letters/{letter_id}"),
        **figures(standing, now),
        **identity(),
    }
    return render(request, "letters/letter.html", shown)


def body(one: Letter) -> list[dict[str, Any]]:
    """The blocks of a letter's text, each with the notes that stand beside it, and beside how many blocks."""
    found: list[dict[str, Any]] = []
    for block in markdown.blocks(one.document["body"], {each["id"] for each in one.citations}):
        notes = [citations.note(one, *source) for source in block.sources]
        found.append({"html": block.html, "notes": notes, "rows": 1})
        before = next((each for each in reversed(found[:-1]) if each["notes"]), None)
        if not notes and before:
            before["rows"] = min(before["rows"] + 1, ROWS)
    return found


def twin(request: HttpRequest, letter_id: str) -> HttpResponse:
    """`/letters/ID.json`: the page's numbers for a machine.  # spec: 15"""
    standing = find(letter_id)
    one = standing.letter
    document = {
        "v": 1,
        "type": "letter.page",
        "id": one.id,
        "letter": b64u(one.digest),
        "size": standing.size,
        "counts": dict(standing.counts),
        "issued": standing.issued,
        "opens": format_time(one.opens),
        "closes": format_time(one.closes),
        "withdraw_until": format_time(one.withdraw_until),
        "closed": standing.closed,
        "as_of": format_time(standing.as_of),
    }
    if standing.headcount is not None:
        document["headcount"] = standing.headcount
    return public(canonical.encode(document), "application/json", "public, max-age=5")


def sign(request: HttpRequest, letter_id: str) -> HttpResponse:
    """`/letters/ID/sign` (GET): the page that one signs on; its script does the rest."""
    standing = find(letter_id)
    shown = {
        "place": place(standing.letter.workplace),
        "letter": _document(standing),
        "address": address(request, f"/letters/{letter_id}"),
    }
    return no_store(render(request, "letters/sign.html", shown))


def verify(request: HttpRequest) -> HttpResponse:
    """`/verify`: a proof is checked in the browser; nothing of it comes here."""
    return render(request, "verify.html", {"here": "verify", "place": only_place()})


def find(letter_id: str) -> Standing:
    """The letter as published. Raises Http404 when there is none."""
    standing = reading.standing(letter_id)
    if standing is None:
        raise Http404
    return standing


def _document(standing: Standing) -> dict[str, Any]:
    one = standing.letter
    return {
        "id": one.id,
        "title": one.title,
        "lang": one.lang,
        "to": one.document["to"],
        "demands": one.document["demands"],
        "digest": one.digest,
        "citations": len(one.citations),
        "workplace": one.workplace,
        "modes": one.modes,
        "opens": one.opens,
        "closes": one.closes,
        "withdraw_until": one.withdraw_until,
    }


def _ask(document: Mapping[str, Any]) -> str:
    """The demands as one paragraph: what the letter asks, before one has read it."""
    asks = (" ".join(demand["ask"].split()) for demand in document["demands"])
    return Truncator(" ".join(asks)).chars(ASK)
