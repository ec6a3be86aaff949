# SPDX-License-Identifier: Apache-2.0
"""A table as CSV for a spreadsheet: what it would run as a formula is quoted, numbers stay numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from fronde.evidence.answers import Date, File, Place
from fronde.evidence.sections import Cell, Money, Section


def to_csv(section: Section) -> str:
    """A table for a spreadsheet: amounts plain, with a point; a text that a spreadsheet would run is quoted.

    The sources of a row follow in four columns; a sum of several files has them separated by "; ".
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    more = ("file", "sha256", "row", "url") if section.sources else ()
    writer.writerow([*_told_apart(section.columns), *more])
    for i, row in enumerate(section.rows):
        cells = [_plain(cell) for cell in row]
        writer.writerow([*cells, *(_places(section.sources[i]) if more else ())])
    return out.getvalue()


def _told_apart(columns: Sequence[str]) -> list[str]:
    """ "rows" behind "direct" is "direct rows" where several columns are called so."""
    return [f"{columns[i - 1]} {each}" if columns.count(each) > 1 else each for i, each in enumerate(columns)]


def neutral(text: str) -> str:
    """A text with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _plain(cell: Cell) -> str:
    if isinstance(cell, Money):
        return str(cell).replace(",", "")
    if cell is None:
        return ""
    return str(cell) if isinstance(cell, int | Date) else neutral(str(cell))


def _places(sources: Sequence[Place | File]) -> tuple[str, str, str, str]:
    names = "; ".join(each.file if isinstance(each, Place) else each.name for each in sources)
    digests = "; ".join(each.sha256 for each in sources)
    records = [each for each in sources if isinstance(each, Place)]
    row, url = (str(records[0].row), records[0].url) if len(records) == 1 else ("", "")
    return neutral(names), digests, row, neutral(url)
