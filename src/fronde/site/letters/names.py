# SPDX-License-Identifier: Apache-2.0
"""The names under a letter: searched and cut into pages, without a script."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

A_PAGE = 60

Name = tuple[str, str | None]


@dataclass(frozen=True)
class Names:
    """One page of names. first and last count from 1; pages is at least 1; numbers has None for a gap."""

    shown: Sequence[Name]
    query: str
    found: int
    total: int
    first: int
    last: int
    page: int
    pages: int
    numbers: Sequence[int | None]

    @property
    def previous(self) -> int | None:
        return self.page - 1 if self.page > 1 else None

    @property
    def next(self) -> int | None:
        return self.page + 1 if self.page < self.pages else None


def plain(text: str) -> str:
    """The text without case and accents: what names are sorted by, and as people type when they search."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def _has(one: Name, words: Sequence[str]) -> bool:
    text = plain(f"{one[0]} {one[1] or ''}")
    return all(word in text for word in words)


def pick(names: Sequence[Name], query: str = "", page: str = "1") -> Names:
    """Those of the names that contain every word of `query`, in their order: page "1", "2", ... or "all"."""
    words = plain(query[:80]).split()
    found = [one for one in names if _has(one, words)] if words else names
    size = max(len(found), 1) if page == "all" else A_PAGE
    pages = max(1, -(-len(found) // size))
    number = min(int(page), pages) if page.isascii() and page.isdigit() and 0 < len(page) < 7 else 1
    number = max(number, 1)
    start = (number - 1) * size
    shown = found[start : start + size]
    return Names(
        shown=shown,
        query=query[:80],
        found=len(found),
        total=len(names),
        first=start + 1 if shown else 0,
        last=start + len(shown),
        page=number,
        pages=pages,
        numbers=_numbers(number, pages),
    )


def _numbers(page: int, pages: int) -> list[int | None]:
    """The first, the last and what is near, with None for each gap of two or more."""
    near = sorted({1, pages, *(n for n in range(page - 1, page + 2) if 1 <= n <= pages)})
    numbers: list[int | None] = []
    for before, n in zip([0, *near], near, strict=False):
        if n > before + 1:
            numbers.append(None if n > before + 2 else before + 1)
        numbers.append(n)
    return numbers
