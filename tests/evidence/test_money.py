# SPDX-License-Identifier: Apache-2.0
"""Money: exactly or not at all, the same in Python and in SQL."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence import money

GOOD = {
    "9464202.84": 946420284, "1,234.5": 123450, "-0.10": -10, "0": 0, ".5": 50, "7.": 700, "$12.00": 1200,
    "(12.00)": -1200, "-$1,000": -100000, "1.2300": 123, "90071992547409.91": 2**53 - 1,
    "0000000000000000001.10": 110,
}  # fmt: skip
BAD = {
    "1.234": money.DECIMALS, "0.001": money.DECIMALS, "1e5": money.NOT_AMOUNT, "12,34": money.NOT_AMOUNT,
    "-": money.NOT_AMOUNT, ".": money.NOT_AMOUNT, "nan": money.NOT_AMOUNT, "--1": money.NOT_AMOUNT,
    "1_000": money.NOT_AMOUNT, "\u0661": money.NOT_AMOUNT, "1 000": money.NOT_AMOUNT,
    "EUR 5": money.NOT_AMOUNT,
    "90071992547409.92": money.BEYOND, "9" * 30: money.BEYOND,
}  # fmt: skip


def python(text: str) -> int | str:
    try:
        return money.cents(text)
    except ValueError as error:
        return str(error)


@pytest.fixture(scope="module")
def db():
    with duckdb.connect() as connection:
        yield connection


def sql(db: duckdb.DuckDBPyConnection, text: str) -> int | str | None:
    query = f"""SELECT why, CASE WHEN why IS NULL THEN {money.sql_cents("x")} END
        FROM (SELECT x, {money.sql_why("x")} AS why FROM (SELECT $1::VARCHAR AS x))"""
    row = db.execute(query, [text]).fetchone()
    assert row
    return row[0] if row[0] is not None else row[1]


@pytest.mark.parametrize(("text", "expected"), [*GOOD.items(), *BAD.items()])
def test_a_text_is_so_many_cents_or_is_refused_in_both_languages(db, text, expected):
    assert python(text) == expected
    assert sql(db, text) == expected


@given(st.text("0123456789.,-$()eE +", max_size=22).map(str.strip).filter(bool))
def test_both_languages_agree_about_every_text(text):
    with duckdb.connect() as db:
        assert sql(db, text) == python(text)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_every_amount_comes_back_to_the_cent(cents):
    assert money.cents(str(Decimal(cents) / 100)) == cents
    assert money.cents(f"{Decimal(cents) / 100:,.2f}") == cents
