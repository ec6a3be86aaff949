# SPDX-License-Identifier: Apache-2.0
"""What the templates of the evidence need: cells and places of tables, the same search at another page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from fronde.evidence.answers import File, Place
from fronde.site.templatetags.fronde import day, link, money, number

register = template.Library()

FEW = 3  # files of a sum that are named one by one


@register.simple_tag(takes_context=True)
def again(context: dict[str, Any], asked: Any, page: int, form: str = "") -> str:
    """The address of the same search at another page, or as its CSV or JSON."""
    query = {**asked.query, **({"page": page} if page != 1 else {})}
    if form:
        return f"{reverse('evidence-twin', args=[form])}?{urlencode(query)}"
    return link(context, "evidence", **query)


@register.simple_tag(takes_context=True)
def cell(context: dict[str, Any], one: dict[str, Any]) -> SafeString:
    """What stands in a cell."""
    if one.get("gap"):
        return format_html('<span class="muted">{}</span>', gettext("no data"))
    if "money" in one:
        return format_html('<span class="nowrap">{} {}</span>', money(one["money"]), one["currency"])
    if "pieces" in one:
        return words(one["pieces"])
    if one.get("date"):
        return format_html('<time datetime="{}">{}</time>', one["date"].isoformat(), day(one["date"]))
    text = one.get("text")
    said = number(text) if isinstance(text, int) and one.get("n") else (text or "")
    if "href" in one and said:
        return format_html('<a href="{}"><bdi>{}</bdi></a>', link(context, *one["href"]), said)
    return format_html("<bdi>{}</bdi>", said) if said else SafeString("")


@register.simple_tag
def words(pieces: Iterable[tuple[str, bool]]) -> SafeString:
    """The record's own words, with those that were asked for marked."""
    marked = format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", text) if hit else text,) for text, hit in pieces)
    )
    return format_html("<q><bdi>{}</bdi></q>", marked) if marked else marked


@register.simple_tag(takes_context=True)
def places(context: dict[str, Any], held: Iterable[Place | File]) -> SafeString:
    """Where rows stand: the row of a file and its public record, or the files of a sum."""
    every = list(held)
    sources = link(context, "evidence-sources")
    if len(every) > FEW:
        said = ngettext("%(n)d file", "%(n)d files", len(every)) % {"n": len(every)}
        return format_html('<a href="{}">{}</a>', sources, said)
    return format_html_join("; ", "{}", ((_place(sources, each),) for each in every))


def _place(sources: str, one: Place | File) -> SafeString:
    at = f"{sources}#f-{one.sha256[:12]}"
    if isinstance(one, File):
        return format_html('<a href="{}">{}</a>', at, one.name)
    said = gettext("%(file)s, row %(n)s") % {"file": one.file, "n": number(one.row)}
    record = format_html('<a href="{}">{}</a>', at, said)
    if not one.url:
        return record
    public = gettext("public record")
    return format_html('<a href="{}" rel="noreferrer external">{}</a>, {}', one.url, public, record)
