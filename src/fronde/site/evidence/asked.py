# SPDX-License-Identifier: Apache-2.0
"""What a reader asked a search for, out of the address: judged, and written back into links."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from django.http import QueryDict

from fronde.errors import Refused, Usage
from fronde.evidence.answers import MEASURES, Connection, Date, NotFound, Party, Several
from fronde.evidence.search import AMOUNT, NEWEST, Filters
from fronde.evidence.whom import BUYER, VENDOR, find, near

from . import tables

WORDS = 200  # characters of a query
PAGES = 500  # of one search; the rest is narrowed, or in the CSV

LINE_LIMIT = 20
TWIN_LIMIT = 1000


class Unclear(Refused):
    """Nothing, or several, have what was asked for. near: cells of a table, each a link to go on with."""

    def __init__(self, error: NotFound | Several, near: list[tables.Cell]) -> None:
        super().__init__(error.message, hint=error.hint, name=error.name)
        self.near = near


def which(connection: Connection, text: str, role: str = "") -> Party:
    """The one party that a name, a number or a handle means. Raises Unclear, with parties of like names."""
    try:
        return find(connection, text, role)
    except (NotFound, Several) as error:
        like = [{**tables.party(one), "note": one.handle} for one in near(connection, text)]
        raise Unclear(error, like) from None


@dataclass(frozen=True)
class Asked:
    """The words and what narrows them, as text; "" where nothing is said."""

    q: str = ""
    buyer: str = ""
    vendor: str = ""
    measure: str = ""
    first: str = ""
    last: str = ""
    by: str = NEWEST
    page: int = 1

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        """Raises Usage for a measure, a year or a page that cannot be."""
        said = {name: query.get(name, "").strip() for name in ("q", "buyer", "vendor", "measure", "by")}
        page = query.get("page", "1")
        if said["measure"] not in ("", *MEASURES) or said["by"] not in ("", NEWEST, AMOUNT):
            raise Usage("no such measure or order", name="evidence-query")
        if not re.fullmatch("[1-9][0-9]{0,2}", page) or int(page) > PAGES:
            raise Usage(f"pages are numbered from 1 to {PAGES}", name="evidence-query")
        if max(len(said["q"]), len(said["buyer"]), len(said["vendor"])) > WORDS:
            raise Usage(f"at most {WORDS} characters", name="evidence-query")
        years = {name: _year(query.get(key, "")) for name, key in (("first", "from"), ("last", "to"))}
        return cls(**{**said, "by": said["by"] or NEWEST}, **years, page=int(page))

    def filters(self, connection: Connection) -> Filters:
        """Raises Unclear for a buyer or a vendor that is not one party."""
        return Filters(
            buyer=which(connection, self.buyer, BUYER) if self.buyer else None,
            vendor=which(connection, self.vendor, VENDOR) if self.vendor else None,
            first=_day(self.first, 1, 1),
            last=_day(self.last, 12, 31),
            measure=self.measure,
        )

    @property
    def query(self) -> dict[str, str]:
        """For links; without the page."""
        by = "" if self.by == NEWEST else self.by
        said = {"q": self.q, "buyer": self.buyer, "vendor": self.vendor, "measure": self.measure}
        every = {**said, "from": self.first, "to": self.last, "by": by}
        return {key: value for key, value in every.items() if value}


def _year(text: str) -> str:
    if text and not re.fullmatch("(19|20)[0-9]{2}", text):
        raise Usage("a year is written with four digits, as 2018", name="evidence-query")
    return text


def _day(year: str, month: int, day: int) -> Date | None:
    return datetime.date(int(year), month, day) if year else None
