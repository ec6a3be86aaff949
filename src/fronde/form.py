# SPDX-License-Identifier: Apache-2.0
"""The form of documents: which fields, of which type, how long.  # spec: 1, 14

A check takes a value and the path to it and raises: `Newer` for what a later version may have added (another
`v`, `type`, mode, a reserved field, another length of a fixed array), `BadForm` for everything else.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from . import canonical
from .errors import Newer, Unreadable

Check = Callable[[Any, str], None]

SLUG = re.compile(r"[a-z0-9-]{1,40}")
HOST = re.compile(r"[a-z0-9.-]{1,200}(:(0|[1-9][0-9]{0,4}))?")


class BadForm(Unreadable):
    """A field that is missing, unknown, of another type or out of its limits."""

    name = "bad-form"


def document(kind: str, fields: Mapping[str, Check], **more: Any) -> Check:
    """A whole object: `v` 1, `type` kind, then `fields` (see `fields_of`)."""
    inner = fields_of({"v": anything, "type": anything, **fields}, **more)

    def check(value: Any, at: str) -> None:
        whole(value, at)
        if value["type"] != kind:
            raise Newer(f"type {value['type'][:40]!r} at {at or 'the top'}, where {kind!r} belongs")
        inner(value, at)

    return check


def whole(value: Any, at: str) -> None:
    """Any whole object of version 1 with a type."""
    if not isinstance(value, dict):
        raise BadForm(f"{at or 'the top'}: not an object")
    version, kind = value.get("v"), value.get("type")
    if not isinstance(version, int) or isinstance(version, bool) or not isinstance(kind, str):
        raise BadForm(f"{at or 'the top'}: v or type is missing or of another type")
    if version != 1:
        raise Newer(f"version {version}")


def fields_of(
    required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, reserved: Collection[str] = ()
) -> Check:
    """An object with exactly these fields; a `reserved` one means a newer fronde."""
    optional = optional or {}
    known = {**required, **optional}

    def check(value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise BadForm(f"{at or 'the top'}: not an object")
        for name in value:
            if name not in known:
                if name in reserved:
                    raise Newer(f"the field {at}{'.' if at else ''}{name}")
                raise BadForm(f"{at or 'the top'}: unknown field {name[:40]!r}")
        for name in required:
            if name not in value:
                raise BadForm(f"{at or 'the top'}: the field {name!r} is missing")
        for name, inner in value.items():
            known[name](inner, f"{at}.{name}" if at else name)

    return check


def anything(value: Any, at: str) -> None:
    """No rule beyond the profile's."""


def integer(low: int, high: int = canonical.LIMIT) -> Check:
    """An integer within [low, high]; true is not 1."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadForm(f"{at}: not an integer")
        if not low <= value <= high:
            raise BadForm(f"{at}: {value} is not within {low} and {high}")

    return check


def boolean(value: Any, at: str) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise BadForm(f"{at}: neither true nor false")


def text(most: int, *, lines: bool = False, empty: bool = False) -> Check:
    """A string of at most `most` code points; LF only with `lines`, the empty one only with `empty`."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, str):
            raise BadForm(f"{at}: not a string")
        if len(value) > most:
            raise BadForm(f"{at}: {len(value)} characters, at most {most}")
        if not value and not empty:
            raise BadForm(f"{at}: empty")
        if "\n" in value and not lines:
            raise BadForm(f"{at}: a line break")

    return check


def data(length: int) -> Check:
    """Strict base64url of `length` bytes."""
    strict = re.compile(canonical.b64u_pattern(length))

    def check(value: Any, at: str) -> None:
        if not isinstance(value, str):
            raise BadForm(f"{at}: not a string")
        if not strict.fullmatch(value):
            raise BadForm(f"{at}: not strict base64url of {length} bytes")

    return check


def pattern(rx: re.Pattern[str], what: str) -> Check:
    """A string that the whole of `rx` matches."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, str) or not rx.fullmatch(value):
            raise BadForm(f"{at}: not {what}")

    return check


slug = pattern(SLUG, "a slug of a-z, 0-9 and -, at most 40")


def host(value: Any, at: str) -> None:
    """A host name with :port or not."""
    if not isinstance(value, str) or not HOST.fullmatch(value):
        raise BadForm(f"{at}: not a host name of a-z, 0-9, . and -, with :port or not")


def one_of(known: Collection[str], *, newer: bool = False) -> Check:
    """One of these strings; with `newer`, any other string means a newer fronde."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, str):
            raise BadForm(f"{at}: not a string")
        if value not in known:
            if newer:
                raise Newer(f"{value[:40]!r} at {at}")
            raise BadForm(f"{at}: {value[:40]!r} is none of {', '.join(sorted(known))}")

    return check


def time(value: Any, at: str) -> None:
    """YYYY-MM-DDThh:mm:ssZ, a time that exists."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value, re.ASCII):
        raise BadForm(f"{at}: not a time YYYY-MM-DDThh:mm:ssZ")
    try:
        parse_time(value)
    except ValueError:
        raise BadForm(f"{at}: no such time") from None


def date(value: Any, at: str) -> None:
    """YYYY-MM-DD, a day that exists."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise BadForm(f"{at}: not a date YYYY-MM-DD")
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        raise BadForm(f"{at}: no such day") from None


def array(inner: Check, *, least: int = 0, most: int = 10_000, fixed: int | None = None) -> Check:
    """A list. `fixed`: a length that this version fixes; another one means a newer fronde."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, list):
            raise BadForm(f"{at}: not a list")
        if fixed is not None and len(value) != fixed:
            raise Newer(f"{len(value)} of {at}, where this version knows {fixed}")
        if not least <= len(value) <= most:
            raise BadForm(f"{at}: {len(value)} items, from {least} to {most}")
        for i, item in enumerate(value):
            inner(item, f"{at}[{i}]")

    return check


def mapping(key: Check, inner: Check, *, most: int = 1_000_000) -> Check:
    """An object whose keys are data: each passes `key`, each value `inner`."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise BadForm(f"{at}: not an object")
        if len(value) > most:
            raise BadForm(f"{at}: {len(value)} items, at most {most}")
        for name, item in value.items():
            where = f"{at}[{name[:50]}]"
            key(name, where)
            inner(item, where)

    return check


def parse_time(value: str) -> datetime.datetime:
    """The time of a `time` string, in UTC. Raises ValueError."""
    return datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


def format_time(moment: datetime.datetime) -> str:
    """The `time` string of an aware moment, cut to the second."""
    # Not strftime: it writes the year 999 with three digits.
    return moment.astimezone(datetime.UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
