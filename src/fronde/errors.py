# SPDX-License-Identifier: Apache-2.0
"""Every error a person can meet, grouped by whose fault it is.

FrondeError                 a message, a hint (the next step), a name (slug, stable, listed in docs/errors.md)
├── Usage                   the command was called wrongly                                  exit 64
├── Refused                 a rule says no, or a check failed                               exit 1
│   ├── Breach              a server broke the protocol; carries the evidence
│   └── Declined            a server said no; carries its status, id and hint
├── Unreadable              the bytes are not of the promised form                          exit 2
│   └── Newer               made by a newer Fronde: never skipped, always refused
└── Stopped                 this server may not sign or issue until it is repaired          exit 1

A check that fails raises one of these; it never returns False.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class FrondeError(Exception):
    """An error that a person can meet.

    message: one sentence. hint: one next step, may be empty. name: a stable slug.
    """

    name: str = "error"
    exit: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", name: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if name:
            self.name = name


class Usage(FrondeError):
    """The command, a setting or a file of the operator's is wrong."""

    name = "usage"
    exit = 64


class Refused(FrondeError):
    """A rule says no, or a check failed: a signature, a root, a token, an opening."""

    name = "refused"


class Breach(Refused):
    """A server broke the protocol. evidence: file name -> the bytes that show it."""

    def __init__(
        self, name: str, message: str, *, hint: str = "", evidence: Mapping[str, bytes] | None = None
    ) -> None:
        super().__init__(message, hint=hint, name=name)
        self.evidence = dict(evidence or {})


class Declined(Refused):
    """A server said no. status: of HTTP; name and hint are the server's, when its error was well-formed."""

    name = "declined"

    def __init__(self, message: str, *, status: int, hint: str = "", name: str = "") -> None:
        super().__init__(message, hint=hint, name=name)
        self.status = status


class Unreadable(FrondeError):
    """Bytes that are not of the promised form."""

    name = "unreadable"
    exit = 2


class Newer(Unreadable):
    """A version, type, mode, reserved field or length that this version does not know (protocol.md 1)."""

    name = "newer"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"made by a newer fronde: {what}", hint="Update fronde, then try again.", name="newer"
        )


class Stopped(FrondeError):
    """This server may not sign or issue until it is repaired (protocol.md 3, 8)."""

    name = "stopped"
