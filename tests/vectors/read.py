# SPDX-License-Identifier: Apache-2.0
"""Reads the vector files. Every one names its source and section; bytes are hex."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def vectors(name: str) -> dict[str, Any]:
    """The document of NAME.json."""
    document: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text())
    assert document["source"]
    assert document["section"]
    return document
