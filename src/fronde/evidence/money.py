# SPDX-License-Identifier: Apache-2.0
"""Money as text to integer cents: exactly, or not at all. The same rules in Python and in SQL.

"9464202.84" "1,234.5" "-0.10" ".5" "$12.00" are amounts; "(12.00)" is -12.00, as accountants write it. Two
decimals at most, further ones only as zeros: another digit is refused, never rounded. No exponents: a
spreadsheet that wrote 1.23E+08 has lost the cents.
"""

from __future__ import annotations

import re

from fronde.canonical import LIMIT

# One expression for both engines: no look-around, no possessive quantifiers.
PATTERN = r"-?\$?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)?(\.[0-9]*)?"
DIGITS = 15  # before the decimals: what LIMIT can hold
NOT_AMOUNT = "not an amount"
DECIMALS = "more than two decimals"
BEYOND = "an amount beyond 90 million million"

_PATTERN = re.compile(PATTERN)


def cents(text: str) -> int:
    """Integer cents. Raises ValueError with NOT_AMOUNT, DECIMALS or BEYOND."""
    plain = _accountants(text.strip())
    if not _PATTERN.fullmatch(plain) or not re.search("[0-9]", plain):
        raise ValueError(NOT_AMOUNT)
    whole, _, decimals = plain.lstrip("-").replace(",", "").replace("$", "").partition(".")
    if decimals[2:].strip("0"):
        raise ValueError(DECIMALS)
    if len(whole.lstrip("0")) > DIGITS:
        raise ValueError(BEYOND)
    value = int(whole or "0") * 100 + int(decimals[:2].ljust(2, "0"))
    if value > LIMIT:
        raise ValueError(BEYOND)
    return -value if plain.startswith("-") else value


def _accountants(text: str) -> str:
    return "-" + text[1:-1] if text.startswith("(") and text.endswith(")") else text


# -- the same in SQL: of a column that is trimmed and NULL where it is empty ---------------------------------


def _plain(column: str) -> str:
    signed = f"CASE WHEN {column} LIKE '(%)' THEN '-' || {column}[2:-2] ELSE {column} END"
    return f"replace(replace({signed}, ',', ''), '$', '')"


def sql_cents(column: str) -> str:
    """BIGINT cents of text that passed `sql_why`: within LIMIT, only zeros behind two decimals."""
    return f"CAST(TRY_CAST({_plain(column)} AS DECIMAL({DIGITS + 2}, 2)) * 100 AS BIGINT)"


def sql_why(column: str) -> str:
    """Why a text is no amount (VARCHAR), NULL when it is one or is missing."""
    plain = _plain(column)
    shape = f"CASE WHEN {column} LIKE '(%)' THEN '-' || {column}[2:-2] ELSE {column} END"
    return (
        f"CASE WHEN {column} IS NULL OR"
        f" regexp_full_match({column}, '-?[0-9]{{1,{DIGITS - 2}}}(\\.[0-9]{{1,2}})?') THEN NULL"
        f" WHEN NOT regexp_full_match({shape}, '{PATTERN}') OR NOT regexp_matches({column}, '[0-9]')"
        f" THEN '{NOT_AMOUNT}'"
        f" WHEN regexp_matches({plain}, '\\.[0-9]{{2}}[0-9]*[1-9]') THEN '{DECIMALS}'"
        f" WHEN regexp_matches({plain}, '^-?0*[1-9][0-9]{{{DIGITS}}}')"
        f" OR abs(TRY_CAST({plain} AS DECIMAL(38, 6)) * 100) > {LIMIT} THEN '{BEYOND}' END"
    )
