# SPDX-License-Identifier: Apache-2.0
"""One way of writing dates a file, found from all of them, or the file is refused.

Value by value, 5/10/23 turns into the year 23 or into May without an error. So: one shape a column; where day
and month could change places, one order for the whole file, shown by a day beyond 12 in one of its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fronde.errors import Unreadable

# year first: 2018-06-15, 2018-06-15T17:33:00, 2018-06-15 17:33:00+00
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].{0,30})?")
# day or month first: 15/06/2018, 6/15/18, 15.06.2018, 15/06/18 17:33
_SLASH = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})([T ].{0,20})?")

ISO = "year-month-day"
NOT_DATE = "not a date"
NO_DAY = "no such day"


class MixedDates(Unreadable):
    """A file that writes dates in more than one way, or in one that can be read in two."""

    name = "dates-mixed"


@dataclass
class _Column:
    name: str
    iso: str = ""  # an example of each that was seen
    slash: str = ""
    separator: str = ""
    long_year: str = ""
    short_year: str = ""
    day_first: str = ""  # 15/06/2018
    month_first: str = ""  # 06/15/2018


def choose(columns: dict[str, Iterable[str]], where: str) -> dict[str, str]:
    """The format of each column: ISO, a strptime format of its first word, or "" when it has no date.

    columns: name as the file calls it -> its distinct values. Values that look like no date do not count:
    they are rejected one by one. Raises MixedDates with two examples.
    """
    seen = [_look(name, values, where) for name, values in columns.items()]
    day = next((each.day_first for each in seen if each.day_first), "")
    month = next((each.month_first for each in seen if each.month_first), "")
    if day and month:
        raise _mixed(where, f"{day!r} has the day first, {month!r} the month")
    for each in seen:
        if each.slash and not day and not month:
            raise MixedDates(
                f"{where}: {each.slash!r} in {each.name} could be read with the day or the month first",
                hint="Write the dates as YYYY-MM-DD, or take the file together with more of the year.",
            )
    return {each.name: _format(each, day_first=bool(day)) for each in seen}


def _look(name: str, values: Iterable[str], where: str) -> _Column:
    column = _Column(name)
    for value in values:
        if _ISO.fullmatch(value):
            column.iso = column.iso or value
        elif found := _SLASH.fullmatch(value):
            first, separator, second, year = found.group(1, 2, 3, 4)
            if column.separator not in ("", separator):
                raise _mixed(where, f"{name} has {column.slash!r} and {value!r}")
            column.separator, column.slash = separator, column.slash or value
            if len(year) == 4:
                column.long_year = column.long_year or value
            else:
                column.short_year = column.short_year or value
            if int(first) > 12 >= int(second):
                column.day_first = column.day_first or value
            elif int(second) > 12 >= int(first):
                column.month_first = column.month_first or value
    for one, other in ((column.iso, column.slash), (column.long_year, column.short_year)):
        if one and other:
            raise _mixed(where, f"{name} has {one!r} and {other!r}")
    return column


def _format(column: _Column, *, day_first: bool) -> str:
    if not column.slash:
        return ISO if column.iso else ""
    year = "%Y" if column.long_year else "%y"
    order = ("%d", "%m", year) if day_first else ("%m", "%d", year)
    return column.separator.join(order)


def _mixed(where: str, what: str) -> MixedDates:
    return MixedDates(
        f"{where} writes dates in two ways: {what}",
        hint="Take the file as the publisher gives it, or write all dates as YYYY-MM-DD.",
    )


# -- SQL: of a column that is trimmed and NULL where it is empty ---------------------------------------------


def sql_date(column: str, form: str) -> str:
    """DATE, or NULL where the text is not of the chosen form or is no day from 1900 to 2199."""
    if form == ISO:
        parsed = f"TRY_CAST(CASE WHEN {column}[5:5] = '-' THEN left({column}, 10) END AS DATE)"
    elif form:
        parsed = f"CAST(try_strptime(split_part({column}, ' ', 1), '{form}') AS DATE)"
    else:
        return "NULL::DATE"
    return f"CASE WHEN {parsed} BETWEEN DATE '1900-01-01' AND DATE '2199-12-31' THEN {parsed} END"
