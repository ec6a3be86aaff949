# SPDX-License-Identifier: Apache-2.0
"""One way of writing dates a file, or the file is refused."""

from __future__ import annotations

import datetime

import duckdb
import pytest

from fronde.evidence import dates
from fronde.evidence.dates import ISO, MixedDates, choose


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2018-06-15", "2018-06-15T17:33:00", "2018-06-15 00:00:00+00"], ISO),
        (["25/07/2013", "05/06/2013"], "%d/%m/%Y"),
        (["6/15/18", "5/10/23"], "%m/%d/%y"),
        (["15.06.2018"], "%d.%m.%Y"),
        (["none", "n/a"], ""),
        ([], ""),
    ],
)
def test_the_format_of_a_column_comes_out_of_all_its_values(values, form):
    assert choose({"day": values}, "f.csv") == {"day": form}


@pytest.mark.parametrize(
    "values",
    [
        ["2018-06-15", "15/06/2018"],
        ["15/06/2018", "06/15/2018"],
        ["15/06/2018", "15/06/18"],
        ["15/06/2018", "15.06.2018"],
    ],
)
def test_two_ways_in_one_column_refuse_the_file_with_both_examples(values):
    with pytest.raises(MixedDates) as caught:
        choose({"day": values}, "f.csv")
    assert all(repr(value) in caught.value.message for value in values)


def test_day_and_month_have_one_order_in_all_columns():
    assert choose({"a": ["05/06/2018"], "b": ["25/06/18 17:00"]}, "f") == {"a": "%d/%m/%Y", "b": "%d/%m/%y"}
    with pytest.raises(MixedDates, match="has the day first"):
        choose({"a": ["06/25/2018"], "b": ["25/06/2018"]}, "f.csv")


def test_an_order_that_nothing_shows_is_not_guessed():
    with pytest.raises(MixedDates, match="could be read with the day or the month first"):
        choose({"a": ["05/06/2018", "07/08/2018"]}, "f.csv")


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2018-06-15T17:33:00", ISO, datetime.date(2018, 6, 15)),
        ("2018-02-30", ISO, None),
        ("20180615", ISO, None),
        ("25/07/13 23:04", "%d/%m/%y", datetime.date(2013, 7, 25)),
        ("31/06/2018", "%d/%m/%Y", None),
        ("soon", "%d/%m/%Y", None),
        ("9999-12-31", ISO, None),
        ("2018-06-15", "", None),
    ],
)
def test_a_text_is_a_day_of_the_chosen_form_or_nothing(text, form, day):
    with duckdb.connect() as db:
        query = f"SELECT {dates.sql_date('x', form)} FROM (SELECT $1::VARCHAR AS x)"
        assert db.execute(query, [text]).fetchone() == (day,)
