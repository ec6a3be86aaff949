# SPDX-License-Identifier: Apache-2.0
"""What people said: decisions.jsonl, append-only, one canonical JSON object a line, no times.

A line is there once its line feed is on disk. What stands behind the last line feed was being written when
the machine stopped: nobody was told that it is kept, it is not read and the next line is written over it.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import Any

from fronde import canonical, form
from fronde.errors import Unreadable

NAME = "decisions.jsonl"

Line = dict[str, Any]

_text = form.text(2_000, empty=True)
_handle = form.text(500)
_common = {"type": form.anything, "why": _text, "by": form.text(200, empty=True)}
_pair = form.fields_of({**_common, "a": _handle, "b": _handle})
_sha256 = form.pattern(re.compile("[0-9a-f]{64}"), "a SHA-256 in hex")


def _retrieved(value: Any, at: str) -> None:
    """A day, or "" where nobody said it."""
    if value != "":
        form.date(value, at)


FORMS: dict[str, form.Check] = {
    "source": form.fields_of(
        {
            "type": form.anything, "sha256": _sha256, "member": _text, "name": _handle, "format": _handle,
            "publisher": _text, "url": _text, "retrieved": _retrieved, "licence": _text,
        }
    ),
    "forget": form.fields_of({"type": form.anything, "sha256": _sha256}),
    "same": _pair,
    "not-same": _pair,
    "unsure": _pair,
    "product": form.fields_of(
        {"type": form.anything, "company": _handle, "words": _handle, "note": _text, "by": _text}
    ),
    "mention": form.fields_of(
        {**_common, "award": _handle, "product": _handle, "verdict": form.one_of(("confirm", "deny"))}
    ),
    "undo": form.fields_of({**_common, "line": form.integer(1)}),
}  # fmt: skip


class BadDecision(Unreadable):
    """A line of decisions.jsonl that is not of its form."""

    name = "decision-bad"


def read(folder: Path) -> list[Line]:
    """All lines, the first is number 1. Raises BadDecision."""
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    return [_parse(line, number) for number, line in enumerate(whole.splitlines(), 1)]


def append(folder: Path, *lines: Line) -> int:
    """Adds lines; returns the number of the first. Raises BadDecision, then nothing was written."""
    data = b"".join(_encode(line) for line in lines)
    handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        there = file.read()
        end = there.rfind(b"\n") + 1
        file.seek(end)
        file.truncate()
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return there.count(b"\n") + 1


def sources(lines: list[Line]) -> list[Line]:
    """The sources that are imported: not those that were forgotten since."""
    kept: dict[tuple[str, str], Line] = {}
    for line in lines:
        if line["type"] == "source":
            kept[line["sha256"], line["member"]] = line
        elif line["type"] == "forget":
            kept = {key: each for key, each in kept.items() if key[0] != line["sha256"]}
    return list(kept.values())


def _encode(line: Line) -> bytes:
    data = canonical.encode(line)
    if b"\n" in data:
        raise BadDecision("a line break in a decision")
    _parse(data, 0)
    return data + b"\n"


def _parse(data: bytes, number: int) -> Line:
    try:
        value = canonical.decode(data)
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in FORMS:
            raise form.BadForm(f"no decision of type {str(kind)[:40]!r}")
        FORMS[kind](value, "")
    except Unreadable as error:
        raise BadDecision(
            f"{NAME}, line {number}: {error.message}", hint="Restore this file from a backup."
        ) from None
    assert isinstance(value, dict)  # noqa: S101 - for mypy: it passed a check of fields
    return value
