# SPDX-License-Identifier: Apache-2.0
"""The real files that some tests read. They are not in the project; a test says what it misses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("FRONDE_PUBLIC_FILES", Path(__file__).parents[4] / "shared" / "data"))


def file(name: str) -> Path:
    """A real file, or the test is skipped."""
    path = DATA / name
    if not path.exists():
        pytest.skip(
            f"no real file {name}: it is not part of the project (FRONDE_PUBLIC_FILES names its folder)"
        )
    return path
