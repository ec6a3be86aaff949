# SPDX-License-Identifier: Apache-2.0
"""Formats of files: one module a family, each with a tuple FORMATS. A new one is named here, nowhere else."""

from __future__ import annotations

from fronde.errors import Unreadable
from fronde.evidence.contract import Format, Head

from . import customers, decp, followthemoney, fpds, ocds, usaspending

FORMATS: tuple[Format, ...] = (
    *usaspending.FORMATS,
    *fpds.FORMATS,
    *ocds.FORMATS,
    *decp.FORMATS,
    *followthemoney.FORMATS,
    *customers.FORMATS,
)


class Unknown(Unreadable):
    """A file that no format recognises."""

    name = "format-unknown"


def recognise(head: Head) -> Format:
    """The one format of a file. Raises Unknown, also when two formats claim it."""
    found = [each for each in FORMATS if each.recognise(head)]
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(each.name for each in found)
        raise Unknown(f"{head.name} could be {names}", hint="Report this file: one of the two is wrong.")
    raise _unknown(head)


def named(name: str) -> Format:
    """The format of a source that was imported before."""
    for each in FORMATS:
        if each.name == name:
            return each
    raise Unknown(f"this version knows no format {name[:40]!r}", hint="Update fronde, then try again.")


def _unknown(head: Head) -> Unknown:
    hint = "See the formats that Fronde reads in docs/evidence.md."
    if not head.fields and "\n" not in head.text and len(head.text) >= 2**14 and head.text[0] not in "{[<":
        return Unknown(f"{head.name}, line 1, is longer than any header that Fronde knows", hint=hint)
    if not head.fields:
        return Unknown(f"{head.name} has no form that Fronde knows", hint=hint)
    first = ", ".join(each[:30] for each in head.fields[:3])
    if any(each[:1].isdigit() for each in head.fields):
        return Unknown(
            f"{head.name}, line 1, is not a header: it has figures in it ({first}, ...)",
            hint="Take the file as the publisher gives it, with the names of its columns in the first line.",
        )
    return Unknown(f"{head.name}, line 1: no format has a header like this ({first}, ...)", hint=hint)
