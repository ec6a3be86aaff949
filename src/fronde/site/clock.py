# SPDX-License-Identifier: Apache-2.0
"""The one clock of the site. Whoever needs the time says `clock.now()`, so that tests can set it."""

from __future__ import annotations

import datetime


def now() -> datetime.datetime:
    """This moment, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)
