# SPDX-License-Identifier: Apache-2.0
"""The real files of USAspending, imported: counts, sums to the cent, and what never gets in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fronde.evidence import originals, sources, store
from tests.evidence import second
from tests.evidence.folders import ask, everything, take
from tests.evidence.sources import real

YEAR = "usaspending-ice-2013-2018/fy13.csv"
SUMMARIES = "usaspending-subawards/data_umn_Contracts_PrimeAwardSummaries_2025-03-28_H02M59S08_1.csv"
EMPTY = "usaspending-subawards/data_umn_Contracts_Subawards_2025-03-28_H02M59S12_1.csv"
API = [second.API.format(year) for year in (2021, 2022, 2023, 2024)]

# file -> format, rows (as its README counts them)
FILES = {
    second.AWARDS: ("usaspending-transactions", 5_672),
    YEAR: ("usaspending-transactions", 157),
    SUMMARIES: ("usaspending-summaries", 5),
    second.SUBAWARDS: ("usaspending-subawards", 482),
    EMPTY: ("usaspending-subawards", 0),
    **{
        name: ("usaspending-api", rows)
        for name, rows in zip(API, (10_398, 9_339, 9_366, 10_226), strict=True)
    },
}
MONEY = {
    second.AWARDS: ("federal_action_obligation", "obligated"),
    YEAR: ("federal_action_obligation", "obligated"),
    SUMMARIES: ("total_obligated_amount", "obligated in all"),
    second.SUBAWARDS: ("subaward_amount", "subaward"),
    **dict.fromkeys(API, ("Federal Action Obligation", "obligated")),
}
SAME = {
    second.AWARDS: (
        "award_id_piid", "awarding_sub_agency_code", "parent_award_id", "modification_number",
        "transaction_number", "federal_action_obligation", "action_date", "recipient_name",
    ),
    second.SUBAWARDS: (
        "prime_award_unique_key", "subaward_number", "subaward_amount", "subaward_action_date",
        "subawardee_name",
    ),
    **dict.fromkeys(API, (
        "Generated Award ID", "Modification", "Federal Action Obligation", "Action Date", "Recipient Name",
    )),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_recognised_and_every_row_is_accounted_for(folder, name):
    (account,) = take(folder, real.file(name))
    assert (account.format, account.read) == FILES[name]
    assert account.rejected == 0
    again = sum(Counter(map(_spelled(name), second.raw(real.file(name)))).values()) - len(
        set(map(_spelled(name), second.raw(real.file(name))))
    )
    assert account.duplicate == again


def _spelled(name: str):
    columns = SAME.get(name)
    return lambda row: tuple(row[each] for each in columns or row)


@pytest.mark.parametrize("name", MONEY)
def test_the_sum_of_a_real_file_is_what_csv_and_integers_say(folder, name):
    take(folder, real.file(name))
    column, measure = MONEY[name]
    kept = {_spelled(name)(row): row for row in second.raw(real.file(name))}.values()
    table = "subaward" if measure == "subaward" else f"fact WHERE measure = '{measure}'"
    assert ask(folder, f"SELECT CAST(sum(cents) AS BIGINT), count(*) FROM {table}") == [
        (sum(second.cents(row[column]) for row in kept), len(kept))
    ]


def test_the_award_of_the_story_sums_to_the_cent_over_two_modifications(folder):
    take(folder, real.file(second.AWARDS))
    found = ask(
        folder,
        'SELECT CAST(date AS VARCHAR), mod, cents, vehicle, "row" FROM fact JOIN award ON award.id = award'
        " WHERE number = 'HSCETE17J00341' ORDER BY date",
    )
    assert [each[:4] for each in found] == [
        ("2017-06-22", "0", 946_420_284, "HSHQDC15A00017"),
        ("2018-06-15", "P00001", 1_024_083_446, "HSHQDC15A00017"),
    ]
    assert sum(each[2] for each in found) == 1_970_503_730
    rows = second.raw(real.file(second.AWARDS))
    assert [rows[each[4] - 1]["award_id_piid"] for each in found] == ["HSCETE17J00341"] * 2


def test_linkedin_is_microsoft_only_through_its_parent(folder):
    take(folder, real.file(second.AWARDS))
    found = ask(
        folder,
        "SELECT vendor.handle, vendor.name, parent.handle FROM fact JOIN award ON award.id = award"
        " JOIN party AS vendor ON vendor.id = fact.vendor JOIN party AS parent ON parent.id = fact.parent"
        " WHERE number = '70CMSW18FACR00003'",
    )
    assert found == [("US-DUNS:129133893", "LINKEDIN CORPORATION", "US-DUNS:081466849")]


def test_one_year_as_first_exported_says_the_same_as_the_six_years(folder):
    first, whole = take(folder, real.file(YEAR), real.file(second.AWARDS))
    assert (first.kept, whole.duplicate) == (157, 157)  # with days first, and days in another order


def test_nobodys_contact_or_pay_is_in_any_table(folder):
    paths = [real.file(name) for name in (second.SUBAWARDS, second.AWARDS, SUMMARIES)]
    take(folder, *paths)
    private: set[str] = set()
    for path in paths:
        for row in second.raw(path):
            for column, value in row.items():
                if any(word in column for word in ("officer", "phone", "fax", "address_line", "zip")):
                    private.add(value.strip())
    # What is short or a bare number of few digits may stand in a table for another reason.
    private = {value for value in private if len(value) >= 8 and value not in ("NA  NA",)}
    assert len(private) > 500
    held = everything(folder)
    found = {value for value in private if value in held}
    assert found <= _elsewhere(paths, found)
    assert "@ICE.DHS.GOV" not in held


def _elsewhere(paths: list[Path], found: set[str]) -> set[str]:
    """Those that a record also says in a column that is taken, such as a number typed into a description."""
    taken = (
        "description",
        "piid",
        "award_id",
        "parent_award_id",
        "name",
        "duns",
        "subaward_number",
        "amount",
    )
    said = "\n".join(
        value
        for path in paths
        for row in second.raw(path)
        for column, value in row.items()
        if any(word in column for word in taken) and "officer" not in column
    )
    return {value for value in found if value in said}


def test_every_column_that_a_format_names_is_one_of_todays_or_of_an_old_file():
    import json

    listed = json.loads(real.file("usaspending_download_columns.json").read_text())
    today = {
        "usaspending-transactions": set(listed["transaction_search"]["d1"]),
        "usaspending-summaries": set(listed["award"]["d1"]),
        "usaspending-subawards": set(listed["subaward_search"]["d1"]),
    }
    for form in sources.FORMATS:
        if form.name in today:
            missing = [field for field, names in form.columns.items() if not today[form.name] & set(names)]
            assert missing == [], form.name
            head = originals.Head("x.csv", "", tuple(today[form.name]))
            assert sources.recognise(head) is form


def test_a_year_that_the_api_cut_off_is_told(folder):
    (account,) = take(folder, real.file(API[1]))
    assert account.warnings == ["3000 rows of ICE, a multiple of 100: perhaps truncated"]


def test_all_real_files_import_together_in_any_order(folder, tmp_path):
    paths = [real.file(name) for name in FILES]
    forwards, backwards = tmp_path / "a", tmp_path / "b"
    for where, order in ((forwards, paths), (backwards, paths[::-1])):
        take(where, *order)
    sums = (
        "SELECT measure, currency, count(*), CAST(sum(cents) AS BIGINT) FROM fact GROUP BY ALL ORDER BY ALL"
    )
    assert ask(forwards, sums) == ask(backwards, sums)
    handles = "SELECT handle FROM party ORDER BY 1"
    assert ask(forwards, handles) == ask(backwards, handles)
    accounts = store.accounts(forwards)
    assert sum(each.read for each in accounts) == sum(rows for _, rows in FILES.values())
