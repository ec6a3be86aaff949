# SPDX-License-Identifier: Apache-2.0
"""The package's static files: their hash for Subresource Integrity, their address with the hash in it.

The files of an installed package do not change while it runs: each is read once.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path

from django.conf import settings

FOLDER = Path(__file__).with_name("static")


@functools.cache
def integrity(name: str) -> str:
    """The `integrity` attribute of a static file: sha384, base64. Raises FileNotFoundError."""
    data = (FOLDER / ("" + name)).read_bytes()  # a template's SafeString would be no part of a path
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode("ascii")


def version(name: str) -> str | None:
    """The short hash in a static file's address: 64 bits, hex; None for a file that does not exist."""
    try:
        return base64.b64decode(integrity(name).removeprefix("sha384-"))[:8].hex()
    except (OSError, ValueError):
        return None


def address(name: str) -> str:
    """Where a page finds the file. Raises FileNotFoundError."""
    integrity(name)
    return f"{settings.STATIC_URL}{name}?v={version(name)}"
