# SPDX-License-Identifier: Apache-2.0
"""The second computation: answers out of raw files by csv and integers alone, not DuckDB, not our tables."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

Raw = dict[str, str]

AWARDS = "usaspending-ice-2013-2018/ice_contracts_fy13_fy18_258cols.csv"
SUBAWARDS = "usaspending-subawards/data_all_after_2020_Contracts_Subawards_2025-03-28_H03M23S17_1.csv"
API = "usaspending-ice-cbp-2021-2024/CBP_ICE_FY{}_Contract_Obligations.csv"


def raw(path: Path) -> list[Raw]:
    """The rows of a CSV as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def cents(text: str) -> int:
    """Integer cents: "9464202.84" and "-5.5" and "7"."""
    whole, _, part = text.strip().lstrip("-").partition(".")
    assert part[2:].strip("0") == ""
    value = int(whole or "0") * 100 + int(part[:2].ljust(2, "0"))
    return -value if text.strip().startswith("-") else value


def fiscal(date: str) -> int:
    """The fiscal year of a date as YYYY-MM-DD: October is of the next year."""
    return int(date[:4]) + (int(date[5:7]) >= 10)


def words(text: str) -> list[str]:
    """Letters and digits, small, without accents."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c)))


def by_vendor_and_year(rows: list[Raw]) -> dict[str, dict[int, tuple[int, int]]]:
    """DUNS of nine digits -> fiscal year -> (cents, rows)."""
    found: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in rows:
        duns, year = row["recipient_duns"].strip().zfill(9), fiscal(row["action_date"])
        sum_, count = found[duns].get(year, (0, 0))
        found[duns][year] = sum_ + cents(row["federal_action_obligation"]), count + 1
    return found


def by_award(rows: list[Raw]) -> dict[tuple[str, ...], list[Raw]]:
    """(number, agency, vehicle, its agency) -> the rows of the award."""
    columns = ("award_id_piid", "awarding_sub_agency_code", "parent_award_id", "parent_award_agency_id")
    found: dict[tuple[str, ...], list[Raw]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column].strip() for column in columns)].append(row)
    return found


def has(text: list[str], run: list[str]) -> bool:
    """Whether words stand in a text one after the other."""
    return any(text[i : i + len(run)] == run for i in range(len(text) - len(run) + 1))


def hits(rows: list[Raw], query: list[str]) -> Iterator[tuple[int, Raw]]:
    """(number, row) with every run of words in the description, in a name of the vendor or in a number."""
    names: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        name = words(row["recipient_name"].replace("&", " and "))
        names[row["recipient_duns"].strip().zfill(9)].add(" ".join(name))
    for number, row in enumerate(rows, 1):
        text = words(row["award_description"])
        vendor = names[row["recipient_duns"].strip().zfill(9)]
        numbers = {row["award_id_piid"].lower(), row["parent_award_id"].lower()}
        if all(
            has(text, run.split()) or any(has(name.split(), run.split()) for name in vendor) or run in numbers
            for run in query
        ):
            yield number, row
