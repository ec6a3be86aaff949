# SPDX-License-Identifier: Apache-2.0
"""What an answer is shown as: titled tables whose cells still know that they are money, dates or quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fronde.citation import amount
from fronde.evidence.answers import File, Place

Cell = Any  # str | int | Date | Money | Quote | None


@dataclass(frozen=True)
class Money:
    """Cents, printed with separators and two decimals."""

    cents: int

    def __str__(self) -> str:
        return amount(self.cents)


@dataclass(frozen=True)
class Quote:
    """A text of a record with the words that were asked for."""

    text: str
    items: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Section:
    """One table. sources: for each row its places or files; () where rows have none."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sources: tuple[tuple[Place | File, ...], ...] = ()


@dataclass(frozen=True)
class Shown:
    """An answer in tables; the first one is what a CSV has. not_shown: what this does not show."""

    title: str
    sections: tuple[Section, ...]
    not_shown: tuple[str, ...]


def section(
    title: str,
    columns: Sequence[str],
    each: Iterable[Any],
    row: Callable[[Any], Sequence[Cell]],
    sources: Callable[[Any], Sequence[Place | File]],
) -> Section:
    every = tuple(each)
    return Section(
        title, tuple(columns), tuple(tuple(row(x)) for x in every), tuple(tuple(sources(x)) for x in every)
    )
