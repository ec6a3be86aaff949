# SPDX-License-Identifier: Apache-2.0
"""Who runs this instance, where they say so: a name and a way to reach them.

Pages name them: whoever joins or signs trusts somebody, and should know whom. The mail with the code does
not: the employer's mail administrator reads it, and a union's name would tell what it is for.  # trust: 6-7
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest

LONGEST = 80  # characters of a name
CONTACT = re.compile(
    r"mailto:[^@\s<>\"?]+@[^@\s<>\"?]+|https://[^\s<>\"]+|http://[^\s<>\"/]+\.onion(/[^\s<>\"]*)?"
)


class Operator(NamedTuple):
    """name: as they wrote it. contact: what a link leads to, perhaps empty."""

    name: str
    contact: str

    @property
    def shown(self) -> str:
        """The contact as read: a mailbox, or an address without its scheme."""
        return re.sub(r"^(mailto:|https?://)", "", self.contact).rstrip("/")


def current() -> Operator | None:
    """Whoever runs this instance; None where they do not say."""
    name: str = settings.FRONDE_OPERATOR
    return Operator(name, settings.FRONDE_CONTACT) if name else None


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Reads no database: an error page says it too."""
    return {"operator": current()}
