# SPDX-License-Identifier: Apache-2.0
"""What templates need: files with their integrity, links that keep the language, numbers and dates."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils import formats, translation
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from fronde.site import assets, language, pages

register = template.Library()

NBSP = "\u00a0"


@register.simple_tag
def style(name: str) -> SafeString:
    """A style sheet, with its integrity."""
    return format_html(
        '<link rel="stylesheet" href="{}" integrity="{}">', assets.address(name), assets.integrity(name)
    )


@register.simple_tag
def file(name: str) -> str:
    """The address of a static file, with its hash."""
    return assets.address(name)


@register.simple_tag
def script(name: str) -> SafeString:
    """A module script, with its integrity."""
    return format_html(
        '<script type="module" src="{}" integrity="{}"></script>',
        assets.address(name),
        assets.integrity(name),
    )


@register.simple_tag
def module(name: str) -> SafeString:
    """What a script puts into the page before it imports `name`: so that the import is checked as well."""
    return format_html(
        '<template id="module-{}"><link rel="modulepreload" href="{}" integrity="{}" '
        'crossorigin="anonymous"></template>',
        name.removesuffix(".js"),
        assets.address(name),
        assets.integrity(name),
    )


@register.simple_tag(takes_context=True)
def link(context: dict[str, Any], name: str, *args: Any, **query: Any) -> str:
    """The address of a page; keeps the language that this page's address named. Empty values are left out."""
    keep = {"lang": context.get("keep"), **query}
    said = urlencode({key: value for key, value in keep.items() if value})
    return reverse(name, args=args) + (f"?{said}" if said else "")


@register.simple_tag
def said(status: int) -> pages.Said:
    """The words for an error status, as on its page."""
    return pages.ERRORS[status]


@register.filter
def fill(name: str) -> SafeString:
    """A place where a script writes a value, to stand inside a translated sentence."""
    return format_html('<span class="n" data-fill="{}"></span>', name)


@register.filter
def fill_time(name: str) -> SafeString:
    """A place where a script writes a date."""
    return format_html('<time data-fill="{}"></time>', name)


@register.filter
def number(value: int) -> str:
    """4180 as 4,180 in English, with no-break spaces in French."""
    return f"{value:,}".replace(",", NBSP) if _french() else f"{value:,}"


@register.filter
def money(cents: int) -> str:
    """Cents as 19,705,037.30 in English, as 19 705 037,30 in French, with a real minus."""
    whole, part = divmod(abs(cents), 100)
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    return f"{sign}{number(whole)}{',' if _french() else '.'}{part:02d}"


@register.simple_tag
def percent(part: int, whole: int) -> str:
    """A share with one decimal: `8.2 %`, the space being one that does not break."""
    share = (Decimal(100 * part) / Decimal(whole)).quantize(Decimal("0.1"))
    said = f"{share}".replace(".", ",") if _french() else f"{share}"
    return f"{said}{NBSP}%"


@register.filter
def day(value: datetime.date | str) -> str:
    """A date as read: 30 June 2026, 30 juin 2026, 1er mars 2026. Takes YYYY-MM-DD too."""
    date = datetime.date.fromisoformat(value) if isinstance(value, str) else value
    first = "1er" if _french() and date.day == 1 else str(date.day)
    return f"{first}{NBSP}{formats.date_format(date, 'F')} {date.year}"


@register.filter
def moment(value: datetime.datetime) -> str:
    """A time as read, in UTC and saying so: 9 April 2026, 14:00 UTC; 9 avril 2026, 14 h UTC."""
    utc = value.astimezone(datetime.UTC)
    clock = f"{utc:%H:%M}"
    if _french():
        clock = f"{utc.hour}{NBSP}h" + (f"{NBSP}{utc.minute:02d}" if utc.minute else "")
    return f"{day(utc.date())}, {clock}{NBSP}UTC"


@register.filter
def direction(tag: str) -> str:
    """`ltr` or `rtl` for a language tag."""
    return language.direction(tag)


@register.filter
def fours(data: bytes) -> str:
    """Bytes as hex in groups of four, to be compared by eye."""
    said = data.hex()
    return " ".join(said[i : i + 4] for i in range(0, len(said), 4))


def _french() -> bool:
    return (translation.get_language() or "en").startswith("fr")
