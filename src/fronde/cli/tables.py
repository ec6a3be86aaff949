# SPDX-License-Identifier: Apache-2.0
"""An answer on a terminal: aligned tables, the files beneath, what it does not show."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence

from fronde.evidence import quotes
from fronde.evidence.answers import File, Place
from fronde.evidence.sections import Cell, Money, Quote, Section, Shown

GAP = "—"
WIDEST = 44  # of a column of text, where there are several
LEAST = 30  # of a description, on the narrowest terminal
WIDE = 200  # where the output is no terminal

# What would move the cursor, change colours or turn the direction of a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def print_shown(shown: Shown) -> None:
    """Prints all tables that have rows."""
    width = shutil.get_terminal_size((WIDE, 24)).columns if sys.stdout.isatty() else WIDE
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    files = _Files()
    print(_plain(shown.title))
    for section in shown.sections:
        if section.rows or section is shown.sections[0]:
            print()
            _print(section, files, width, bold)
    files.print()
    print("\nWhat this does not show")
    for line in shown.not_shown:
        print(f"  {_plain(line)}")


class _Files:
    """The files of an answer, numbered as they are met: [1] beside a row, its name beneath."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}

    def say(self, sources: Sequence[Place | File]) -> str:
        """As in "1:532" (a record), "1" (a sum) or "1-4, 7"."""
        if len(sources) == 1 and isinstance(sources[0], Place):
            return f"{self._number(sources[0].file, sources[0].sha256)}:{sources[0].row}"
        numbers = sorted({self._number(f.name, f.sha256) for f in sources if isinstance(f, File)})
        return ", ".join(_runs(numbers))

    def _number(self, name: str, sha256: str) -> int:
        return self.numbers.setdefault((name, sha256), len(self.numbers) + 1)

    def print(self) -> None:
        """The list; the number behind a colon is the record's in the file."""
        if self.numbers:
            print("\nFiles (file:record)")
        for (name, sha256), number in self.numbers.items():
            print(f"  {number}  {_plain(name)}  sha256 {sha256}")


def _runs(numbers: Sequence[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]


def _print(section: Section, files: _Files, width: int, bold: bool) -> None:
    print(_plain(section.title))
    if not section.rows:
        print("  nothing")
        return
    columns = [*section.columns, *(["source"] if any(section.sources) else [])]
    last = (
        [[files.say(each)] for each in section.sources] if any(section.sources) else [[]] * len(section.rows)
    )
    cells = [[_text(cell) for cell in row] + more for row, more in zip(section.rows, last, strict=True)]
    right = [all(_is_number(row[i]) for row in section.rows) for i in range(len(section.columns))] + [False]
    widths = [
        min(max(len(column), *(len(row[i]) for row in cells)), WIDEST if len(columns) > 2 else width)
        for i, column in enumerate(columns)
    ]
    quoted = _quoted(section)
    if quoted is not None:
        others = sum(widths) - widths[quoted] + 2 * len(widths)
        longest = max(_length(row[quoted], bold) for row in section.rows)
        widths[quoted] = max(len(columns[quoted]), min(longest, max(LEAST, width - others - 1)))
    print("  " + _line(columns, widths, right))
    for row, texts in zip(section.rows, cells, strict=True):
        shown = [_fit(text, width) for text, width in zip(texts, widths, strict=True)]
        line = _line(shown, widths, right)
        if quoted is not None and isinstance(row[quoted], Quote):
            line = _line([*shown[:quoted], "\0" * widths[quoted], *shown[quoted + 1 :]], widths, right)
            line = line.replace("\0" * widths[quoted], _marked(row[quoted], widths[quoted], bold))
        print("  " + line.rstrip())


def _quoted(section: Section) -> int | None:
    found = [i for i, cell in enumerate(section.rows[0]) if isinstance(cell, Quote)]
    return found[0] if found else None


def _length(cell: Cell, bold: bool) -> int:
    """Of a description with its stars."""
    stars = sum(hit for _, hit in quotes.marked(cell.text, cell.items)) if isinstance(cell, Quote) else 0
    return len(_text(cell)) + (0 if bold else 2 * stars)


def _marked(quote: Quote, width: int, bold: bool) -> str:
    """The part of a text that fits, the words asked for in bold, or between stars; padded to the width."""
    start, end = ("\x1b[1m", "\x1b[0m") if bold else ("*", "*")
    pieces = [(_plain(piece), hit) for piece, hit in quotes.marked(quote.text, quote.items)]
    stars = 0 if bold else 2 * sum(hit for _, hit in quotes.snippet(pieces, width))
    kept = quotes.snippet(pieces, max(10, width - stars))
    length = sum(len(piece) for piece, _ in kept) + (0 if bold else 2 * sum(hit for _, hit in kept))
    return "".join(f"{start}{piece}{end}" if hit else piece for piece, hit in kept) + " " * (width - length)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    return "  ".join(
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=False)
    )


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _is_number(cell: Cell) -> bool:
    return cell is None or isinstance(cell, int | Money)


def _text(cell: Cell) -> str:
    if cell is None:
        return GAP
    return f"{cell:,}" if isinstance(cell, int) else _plain(str(cell))


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text)
