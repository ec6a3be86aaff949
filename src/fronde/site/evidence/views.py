# SPDX-License-Identifier: Apache-2.0
"""`/evidence`: search, an award, a party, the sources; each with its JSON and CSV. Nothing is kept."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from fronde.errors import Declined, FrondeError, Usage
from fronde.evidence import awards, facets, quotes, whom
from fronde.evidence import search as searching
from fronde.evidence.answers import Connection, NotFound, Party, Several, rows
from fronde.evidence.reader import Stale
from fronde.evidence.shown import shown
from fronde.site.http import View, error_response
from fronde.site.letters.views import only_place

from . import accounts, tables, twins
from .addresses import spell, unspell
from .asked import LINE_LIMIT, PAGES, TWIN_LIMIT, Asked, Unclear, which
from .dossier import Dossier
from .reading import imported, reading
from .words import said

Inner = Callable[..., HttpResponse]


def page(inner: Inner) -> View:
    """A view of evidence; says so where nothing is imported, and tells errors as a page or for machines."""

    @functools.wraps(inner)
    def view(request: HttpRequest, form: str = "", **names: Any) -> HttpResponse:
        if not imported():
            return empty(request, form)
        try:
            return inner(request, form, **names)
        except Stale as error:
            return problem(request, form, error, 503)
        except (NotFound, Unclear) as error:
            return problem(request, form, error, 404)
        except Usage as error:
            return problem(request, form, error, 400)
        except Declined as error:
            return problem(request, form, error, error.status)

    return view


def empty(request: HttpRequest, form: str) -> HttpResponse:
    """Nothing is imported: how to import, on the page of the search; 404 elsewhere."""
    at_search = request.path_info.startswith("/evidence") and request.path_info.count("/") == 1
    if form:
        return error_response(404, "evidence-empty", "Nothing is imported.", "fronde evidence import FILE")
    shown_ = {"place": only_place(), "here": "evidence"}
    return render(request, "evidence/empty.html", shown_, status=200 if at_search else 404)


PROBLEMS = {
    "evidence-not-found": (_("Nothing of this name was imported"), _("Search for it by its words.")),
    "evidence-several": (_("Several have this name"), _("Choose the one that you mean in a search.")),
    "evidence-query": (_("This cannot be searched for"), _("Search again with fewer or other words.")),
    "evidence-slow": (_("This question takes too long"), _("Narrow it by a buyer, a seller or years.")),
    "evidence-stale": (
        _("What was imported cannot be read"),
        _("Whoever runs this server can make it anew."),
    ),
    "usage": (_("This cannot be searched for"), _("Search again with fewer or other words.")),
}


def problem(request: HttpRequest, form: str, error: FrondeError, status: int) -> HttpResponse:
    """An error of a question: one sentence, one next step, an id; parties with a like name to go on with."""
    if form:
        return error_response(status, error.name, error.message, error.hint)
    title, step = PROBLEMS.get(error.name, PROBLEMS["usage"])
    near = error.near if isinstance(error, Unclear) else []
    shown_ = {"title": title, "step": step, "id": error.name, "near": near, "place": only_place()}
    return render(request, "evidence/problem.html", {**shown_, "here": "evidence"}, status=status)


# -- search -------------------------------------------------------------------------------------------------


def search(request: HttpRequest, form: str = "") -> HttpResponse:
    """`/evidence?q=...`: figures of records; without words, where to begin."""
    asked = Asked.of(request.GET)
    with reading() as db:
        if not asked.q:
            if form:
                raise Usage("a search needs at least one word", hint="?q=WORDS", name="evidence-query")
            return _begin(request, db)
        filters = asked.filters(db)
        limit = TWIN_LIMIT if form else LINE_LIMIT
        found = searching.search(db, asked.q, filters, order=asked.by, limit=limit, page=asked.page)
        if form:
            return _search_twin(request, form, found)
        narrow = facets.facets(db, asked.q, filters)
    shown_ = {
        "asked": asked,
        "found": found,
        "hits": [_hit(each, found.items) for each in found.hits],
        "sums": tables.sums(found.sums),
        "facets": _facets(narrow, found.filters, asked),
        "pages": min(found.pages, PAGES),
        "first": LINE_LIMIT * (found.page - 1) + 1,
        "last": LINE_LIMIT * (found.page - 1) + len(found.hits),
    }
    return _render(request, "search", shown_)


def _begin(request: HttpRequest, db: Connection) -> HttpResponse:
    sides = [
        (_("Buyers with the most records"), facets.largest(db, "buyer")),
        (_("Sellers with the most records"), facets.largest(db, "vendor")),
    ]
    begin = [(title, [(tables.party(one), count) for one, count in found]) for title, found in sides]
    return _render(request, "search", {"asked": Asked(), "begin": begin, "total": accounts.total(db)})


def _search_twin(request: HttpRequest, form: str, found: searching.Found) -> HttpResponse:
    """A page of hits, paged by the search itself."""
    all_ = shown(found)
    sections = {"figures": all_.sections[0], "sums": all_.sections[1]}
    if form == "csv":
        return twins.as_csv(request, sections, cut=False)
    more = {"count": found.count, "pages": found.pages, "cut": False}
    return twins.as_json(request, "search", all_.title, sections, all_.not_shown, **more)


def _hit(hit: searching.Hit, items: tuple[quotes.Item, ...]) -> dict[str, Any]:
    return {
        "hit": hit,
        "award": tables.award(hit.award),
        "vendor": tables.party(hit.vendor),
        "buyer": tables.party(hit.buyer),
        "measure": said(hit.measure),
        "pieces": quotes.marked(hit.text, items),
        "places": (hit.source,),
    }


def _facets(found: facets.Facets, filters: searching.Filters, asked: Asked) -> list[dict[str, Any]]:
    """The fieldsets: name of the field, title, and (value, label, count) of each choice."""

    def parties(name: str, title: Any, counts: Any, chosen: Party | None) -> dict[str, Any]:
        choices = [(one.handle, one.name, count) for one, count in counts]
        return {"name": name, "title": title, "choices": choices, "chosen": chosen.handle if chosen else ""}

    measures = [(name, said(name), count) for name, count in found.measures]
    return [
        parties("buyer", _("Buyer"), found.buyers, filters.buyer),
        parties("vendor", _("Seller"), found.vendors, filters.vendor),
        {"name": "measure", "title": _("Measure"), "choices": measures, "chosen": asked.measure},
    ]


# -- an award, a party, the sources -------------------------------------------------------------------------


def award(request: HttpRequest, form: str, spelled: str) -> HttpResponse:
    """`/evidence/award/KEY`: all modifications of one award and their sums."""
    with reading() as db:
        one = _award(db, _named(spelled))
    all_ = shown(one)
    sections = dict(zip(AWARD, all_.sections, strict=True))
    if form == "csv":
        return twins.as_csv(request, sections)
    if form:
        return twins.as_json(request, "award", all_.title, sections, all_.not_shown, key=one.key)
    shown_ = {
        "award": one,
        "key": spell(one.key),
        "url": one.url if one.url.startswith(("https://", "http://")) else "",
        "buyer": tables.party(one.buyer),
        "vendor": tables.party(one.vendor),
        "sums": [(total, said(total.measure)) for total in one.sums],
        "tables": [each for each in _award_tables(one) if each.rows],
    }
    return _render(request, "award", shown_)


def _award(db: Connection, name: str) -> awards.Award:
    """Raises NotFound, or Unclear with the awards that share this number."""
    try:
        return awards.award(db, name)
    except Several as error:
        found = rows(db, _SHARED, number=name)
        parties = whom.named(db, [vendor for _, _, vendor in found])
        near = [
            {
                **tables.award(number, key),
                "note": f"{key} {parties[vendor].name if vendor in parties else ''}",
            }
            for number, key, vendor in found
        ]
        raise Unclear(error, near) from None


_SHARED = "SELECT number, key, vendor FROM award WHERE number = $number ORDER BY key LIMIT 50"

AWARD = ("modifications", "sums", "stock", "subawards", "calls", "award")


def _award_tables(one: awards.Award) -> list[tables.Table]:
    seller, number = _("Seller"), _("Modification")
    return [
        tables.figures("modifications", _("Modifications"), seller, number, one.modifications),
        tables.figures("stock", _("Figures that are never added"), seller, number, one.stock),
        tables.figures("subawards", _("Subawards under it"), _("To"), _("Subaward"), one.subawards),
        tables.calls("calls", _("Other awards under its vehicle"), one.calls),
    ]


def _named(spelled: str) -> str:
    """The handle or key of an address. Raises Http404 for another spelling of it."""
    if text := unspell(spelled):
        return text
    raise Http404


def party(request: HttpRequest, form: str, spelled: str) -> HttpResponse:
    """`/evidence/party/HANDLE`, perhaps `?of=BUYER`: a buyer or a seller, its sums, its charts."""
    with reading() as db:
        one = _party(db, _named(spelled))
        of = request.GET.get("of", "").strip()[:200]
        buyer = which(db, of, whom.BUYER) if of else None
        dossier = Dossier.of(db, one, buyer)
    if form == "csv":
        return twins.as_csv(request, dossier.sections())
    if form:
        more = {"handle": one.handle, "name": one.name}
        return twins.as_json(request, "party", one.name, dossier.sections(), dossier.not_shown(), **more)
    return _render(request, "party", {**dossier.shown(), "spelled": spell(one.handle), "of": of})


def _party(db: Connection, handle: str) -> Party:
    """The party of exactly this handle. Raises NotFound."""
    found = rows(db, "SELECT id FROM party WHERE handle = $handle", handle=handle)
    if not found:
        raise NotFound("no party has this handle", hint="Search for it by its words.")
    return next(iter(whom.named(db, [found[0][0]]).values()))


def sources(request: HttpRequest, form: str = "") -> HttpResponse:
    """`/evidence/sources`: every file, what became of its rows, the rows that were not taken."""
    with reading() as db:
        found = accounts.accounts(db)
        rejected = accounts.rejected(db)
    sections = accounts.sections(found, rejected)
    if form == "csv":
        return twins.as_csv(request, sections)
    if form:
        return twins.as_json(request, "sources", "Sources", sections, ())
    return _render(request, "sources", {"sources": found, "rejected": len(rejected)})


def _render(request: HttpRequest, name: str, shown_: dict[str, Any]) -> HttpResponse:
    return render(request, f"evidence/{name}.html", {"here": "evidence", "place": only_place(), **shown_})


__all__ = ["award", "page", "party", "searching", "sources"]
