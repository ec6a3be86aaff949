# SPDX-License-Identifier: Apache-2.0
"""Handles and award keys inside an address: one spelling each, without an escape that a server would undo.

    name:DIGITAL RECEIVER TECHNOLOGY:   name:DIGITAL~20RECEIVER~20TECHNOLOGY:

A byte of UTF-8 that is no letter, digit, ":", "_" or "-" is "~" and two hex digits. So is a dot: what follows
a dot in an address is its form, .json or .csv.
"""

from __future__ import annotations

import re

SPELLED = r"(?:[A-Za-z0-9:_-]|~[0-9A-F]{2})+"

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_-")


def spell(text: str) -> str:
    """A handle or a key as it stands in an address."""
    return "".join(chr(byte) if byte in _PLAIN else f"~{byte:02X}" for byte in text.encode("utf-8"))


def unspell(spelled: str) -> str:
    """What an address names; "" for what `spell` would not have written."""
    data = re.sub(rb"~([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), spelled.encode())
    text = data.decode("utf-8", "replace")
    return text if spell(text) == spelled else ""
