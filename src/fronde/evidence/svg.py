# SPDX-License-Identifier: Apache-2.0
"""Small pieces of SVG: escaped text, how wide it is at most, lines that fit, short amounts.

Nothing here has a style: classes are those of the site's style sheet. Lengths are units of the viewBox.
"""

from __future__ import annotations

import re
import unicodedata
from xml.sax.saxutils import escape, quoteattr

SIZE = 14.5  # of the letters in the style sheet, on a telephone; on wider screens they are smaller
LINE = 17.0  # from one line of text to the next

# What XML 1.0 cannot hold at all.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """The text in one line, without what XML cannot hold."""
    return " ".join(_ILLEGAL.sub(" ", text).split())


def element(name: str, *children: str, **attributes: object) -> str:
    """One element. `class_` is written class, `text_anchor` text-anchor; an attribute None is left out."""
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(clean(_number(value)))}"
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(children)
    return f"<{name}{said}>{inner}</{name}>" if inner else f"<{name}{said}/>"


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def said(text: str) -> str:
    """Text as a child of an element."""
    return escape(clean(text))


def label(text: str, x: float, y: float, anchor: str = "start", quiet: bool = False, whole: str = "") -> str:
    """A line of text, y its base. anchor: start, middle, end. whole: what a pointer reads where it is cut."""
    tip = element("title", said(whole)) if whole and clean(whole) != clean(text) else ""
    return element("text", tip + said(text), x=x, y=y, text_anchor=anchor, class_="quiet" if quiet else None)


# -- how wide -----------------------------------------------------------------------------------------------

_NARROW = set("iIjlt.,:;'|!()[]/ \u00a0-")
_WIDE = set("MWmw@%&…")


def width(text: str) -> float:
    """At least as wide as the text is set in any usual sans serif."""
    return SIZE * sum(_wide(each) for each in text)


def _wide(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.4
    if character in _WIDE or unicodedata.east_asian_width(character) in "WFA":
        return 1.0
    return 0.62 if character.islower() or character.isdigit() else 0.76


def lines(text: str, room: float, most: int = 2) -> list[str]:
    """The text in at most so many lines of this width; what does not fit ends in …"""
    left = clean(text)
    found: list[str] = []
    while left and len(found) < most:
        line, left = _first(left, room, last=len(found) == most - 1)
        found.append(line)
    return found or ["…"]


def _first(text: str, room: float, last: bool) -> tuple[str, str]:
    """What fits into one line, and what is left; cut with … where it is the last line or one long word."""
    if width(text) <= room:
        return text, ""
    end = len(text)
    while end > 1 and width(text[:end] + "…") > room:
        end -= 1
    space = text.rfind(" ", 1, end + 1)
    if not last and space > 0:
        return text[:space], text[space + 1 :]
    return text[:end].rstrip() + "…", ""


# -- short amounts ------------------------------------------------------------------------------------------


def power(cents: int) -> int:
    """The power of ten in which amounts up to this one are short: 0, 3 (thousands), 6 or 9."""
    units = abs(cents) // 100
    return next((each for each in (9, 6, 3) if units >= 10**each), 0)


def short(cents: int, exponent: int, decimal: str = ".") -> str:
    """Cents in units of 10^exponent with two decimals, half up; with a real minus."""
    by = 10**exponent
    hundredths = (2 * abs(cents) + by) // (2 * by)
    sign = "\N{MINUS SIGN}" if cents < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}{decimal}{hundredths % 100:02d}"
