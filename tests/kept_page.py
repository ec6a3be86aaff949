# SPDX-License-Identifier: Apache-2.0
"""docs/kept.md as tests read it: which files and which columns it lists."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PATTERNS = {
    "ID": "[a-z2-7]{16}",
    "KEY": "[0-9a-f]{64}",
    "NAME": "[a-z0-9-]{1,40}",
    "tile/...": r"tile/([0-9]+|entries)/(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]+)?",
    "*": "[^/]+",
}


def first_cells(text: str) -> list[list[str]]:
    """What stands in backticks in the first cell of each row of each table."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", cell) for cell in rows]


def chapter(name: str) -> list[list[str]]:
    """The first cells of a chapter; none when there is no such chapter."""
    _, _, text = (DOCS / "kept.md").read_text().partition(f"## {name}\n")
    return first_cells(text.split("\n## ")[0])


def columns(file: str) -> set[str]:
    """table.column of a database, where `.column` belongs to the table before."""
    found = set()
    for row in chapter(f"Columns of {file}"):
        table = row[0].partition(".")[0]
        found |= {cell if not cell.startswith(".") else table + cell for cell in row}
    return found


def files() -> list[str]:
    """Every file as it is listed, with ID, KEY and `...` in it."""
    return [cell for row in chapter("Files") for cell in row]


def names(listed: str, file: str) -> bool:
    """Whether a listed file is this one."""
    rx = re.escape(listed)
    for word, meaning in PATTERNS.items():
        rx = rx.replace(re.escape(word), meaning)
    return re.fullmatch(rx, file) is not None
