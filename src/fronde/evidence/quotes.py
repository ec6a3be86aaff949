# SPDX-License-Identifier: Apache-2.0
"""Texts of records as they may be shown: no people's addresses and telephones, words asked for marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

CUT = "[…]"

_MAIL = re.compile(r"[\w.+%'-]{1,64}@[\w-]+(\.[\w-]+)+", re.ASCII)
# North American and international numbers as people write them; ten digits in a row are as often an id.
_PHONE = re.compile(
    r"(?<![\w-])(\+\d{1,3}[ .-]?)?(\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])"
    r"|(?<!\w)\+\d{1,3}([ .-]?\d{2,4}){3,5}(?!\w)"
)
# Right behind an address that was cut, ten digits are the telephone of the same person.
_BEHIND = re.compile(r"\[…\][\s,;/.-]*(\+?1)?\d{10}(?!\w)")
_WORD = re.compile(r"[^\W_]+")

Item = tuple[str, ...]  # words that stand one after the other; most have one


def without_contacts(text: str) -> str:
    """The text with e-mail addresses and telephone numbers cut to […]."""
    return _BEHIND.sub(CUT, _PHONE.sub(CUT, _MAIL.sub(CUT, text)))


def folded(text: str) -> str:
    """Small letters without accents, as words are kept in the index."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The words of a text in their order."""
    return _WORD.findall(folded(text))


def marked(text: str, items: Sequence[Item]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the items. The pieces joined are the text."""
    found = [(match.start(), match.end(), words(match.group())) for match in _WORD.finditer(text)]
    plain = [each[0] if len(each) == 1 else " ".join(each) for _, _, each in found]
    pieces: list[tuple[str, bool]] = []
    at = position = 0
    while position < len(found):
        length = max(
            (len(item) for item in items if tuple(plain[position : position + len(item)]) == item), default=0
        )
        if length:
            start, end = found[position][0], found[position + length - 1][1]
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
        position += length or 1
    return [(piece, hit) for piece, hit in [*pieces, (text[at:], False)] if piece]


def snippet(pieces: Sequence[tuple[str, bool]], width: int) -> list[tuple[str, bool]]:
    """What fits into a width, around the first mark; … where something is left out."""
    text = "".join(piece for piece, _ in pieces)
    if len(text) <= width:
        return list(pieces)
    before = 0
    for piece, hit in pieces:
        if hit:
            break
        before += len(piece)
    else:
        before = 0
    start = max(0, min(before - width // 3, len(text) - width + 1))
    end = start + width - (2 if start else 1)
    kept: list[tuple[str, bool]] = [("…", False)] if start else []
    at = 0
    for piece, hit in pieces:
        part = piece[max(0, start - at) : max(0, end - at)]
        at += len(piece)
        if part:
            kept.append((part, hit))
    return [*kept, ("…", False)] if end < len(text) else kept
