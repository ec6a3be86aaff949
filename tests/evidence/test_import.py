# SPDX-License-Identifier: Apache-2.0
"""What becomes of each row: kept, rejected with why, duplicate; and into which tables it goes."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fronde.errors import Unreadable
from fronde.evidence import build, store
from fronde.evidence.dates import MixedDates
from fronde.evidence.originals import BadFile
from fronde.evidence.sources import Unknown
from tests.evidence.folders import HEADER, SAMPLE, action, ask, everything, put, table, take


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


FACTS = 'SELECT number, mod, cents, measure, date, year, "row" FROM fact JOIN award ON award.id = fact.award'


# -- the sample ----------------------------------------------------------------------------------------------


def test_every_row_of_the_sample_is_accounted_for(folder):
    (account,) = take(folder, SAMPLE)
    assert account.format == "usaspending-transactions"
    assert (account.read, account.kept, account.duplicate, account.rejected) == (10, 6, 1, 3)
    assert [(each.row, each.column, each.why, each.raw) for each in store.rejects(folder)] == [
        (8, "federal_action_obligation", "more than two decimals", "12.345"),
        (9, "action_date", "not a date, or no such day", "2018-02-30"),
        (10, "recipient_name", "no name of a company", ""),
    ]


def test_the_real_award_sums_to_the_cent_over_two_modifications(folder):
    take(folder, SAMPLE)
    day = datetime.date
    assert ask(folder, f"{FACTS} WHERE number = 'HSCETE17J00341' ORDER BY date") == [
        ("HSCETE17J00341", "0", 946420284, "obligated", day(2017, 6, 22), 2017, 1),
        ("HSCETE17J00341", "P00001", 1024083446, "obligated", day(2018, 6, 15), 2018, 2),
    ]
    assert ask(folder, "SELECT measure, cents, date FROM amount JOIN award ON award.id = award"
        " WHERE number = 'HSCETE17J00341' ORDER BY measure") == [
        ("ceiling", 3944128008, day(2018, 6, 15)),
        ("current", 1970503730, day(2018, 6, 15)),
    ]  # fmt: skip


def test_zero_and_negative_modifications_stay_and_a_fiscal_year_begins_in_october(folder):
    take(folder, SAMPLE)
    sql = "SELECT mod, cents, year FROM fact JOIN award ON award.id = award"
    found = ask(folder, f"{sql} WHERE number = 'EX0001' ORDER BY mod")
    assert found == [("0", 125000000, 2019), ("P00001", 0, 2019), ("P00002", -25000050, 2020)]


def test_spellings_with_one_number_are_one_party_and_its_parent_is_as_stated(folder):
    take(folder, SAMPLE)
    assert ask(folder, "SELECT party.handle, party.name, above.handle, first, last FROM ownership"
        " JOIN party ON party.id = child JOIN party AS above ON above.id = parent"
        " WHERE party.name LIKE 'HAL%'") == [
        ("US-DUNS:002000001", "HALCYON CLOUD RESELLERS INC", "US-DUNS:002000009",
         datetime.date(2018, 10, 1), datetime.date(2020, 9, 30)),
    ]  # fmt: skip


def test_contacts_addresses_and_pay_get_into_no_table(folder):
    take(folder, SAMPLE)
    held = everything(folder)
    assert "MERIDIAN OFFICE 365 LICENSES" in held
    for private in ("SOMEWHERE", "5550100199", "555) 010", "ROBIN", "robin.example", "987654"):
        assert private not in held, private
    assert "CONTACT: […]" in held


def test_words_lead_to_descriptions(folder):
    take(folder, SAMPLE)
    found = ask(folder, "SELECT text FROM term JOIN posting ON term.id = term JOIN descr ON descr.id = descr"
        " WHERE word = 'meridian' ORDER BY text")  # fmt: skip
    assert found == [("MERIDIAN OFFICE 365 LICENSES",), ('SUPPORT OF "MERIDIAN" SERVERS, YEAR 1',)]


# -- duplicates ----------------------------------------------------------------------------------------------


def test_a_file_imports_once(folder):
    assert len(take(folder, SAMPLE)) == 1
    done = store.import_files(folder, [SAMPLE], store.About())
    assert (done.accounts, done.known) == ((), ("transactions.csv",))


def test_a_row_of_another_file_is_a_duplicate_also_in_another_format(folder):
    key = "CONT_AWD_EX1_7012_-NONE-_-NONE-"
    api = (
        "Agency,Award ID,Recipient Name,Federal Action Obligation,Action Date,Modification,"
        "Transaction Description,Generated Award ID\n"
        f'ICE,EX1,"HALCYON, INC.",10.0,2018-01-15,0,CHAIRS,{key}\n'
    )
    first, second = take(folder, table(action(recipient_name="HALCYON INC")), api)
    assert (first.kept, first.duplicate) == (1, 0)
    assert (second.kept, second.duplicate) == (0, 1)


@pytest.mark.parametrize("change", ["piid", "amount", "day", "modification_number", "recipient_name"])
def test_rows_that_differ_are_no_duplicates(folder, change):
    other = {
        "piid": "EX2", "amount": "11", "day": "2018-01-16", "modification_number": "1",
        "recipient_name": "OTHER",
    }[change]  # fmt: skip
    (account,) = take(folder, table(action(), action(**{change: other})))
    assert account.kept == 2


def summaries(total: str, modified: str) -> str:
    return (
        "award_id_piid,awarding_sub_agency_code,awarding_sub_agency_name,award_base_action_date,"
        "recipient_name,total_obligated_amount,total_outlayed_amount,last_modified_date\n"
        f"EX1,7012,ICE OFFICE,2018-01-15,HALCYON,{total},5,{modified}\n"
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_summaries_of_an_award_the_later_one_is_true(folder, order):
    files = [summaries("100", "2019-01-01"), summaries("170.5", "2020-01-01")]
    accounts = take(folder, *(files[i] for i in order))
    assert ask(folder, "SELECT measure, cents FROM fact ORDER BY 1") == [
        ("obligated in all", 17050),
        ("outlayed in all", 500),
    ]
    assert sorted((each.kept, each.duplicate) for each in accounts) == [(0, 1), (1, 0)]
    assert "2 measures in one file" in accounts[0].warnings[0]


# -- rejects, warnings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "column", "why"),
    [
        ({"amount": ""}, "federal_action_obligation", "no amount"),
        ({"amount": "ten"}, "federal_action_obligation", "not an amount"),
        ({"day": ""}, "action_date", "no date"),
        ({"day": "soon"}, "action_date", "not a date, or no such day"),
        ({"piid": ""}, "award_id_piid", "no number of the award"),
        ({"recipient_name": "", "recipient_duns": ""}, "recipient_name", "no name of a company"),
        ({"award_description": "x" * 100_001}, "award_description", "too long"),
        (
            {"awarding_sub_agency_code": "", "awarding_sub_agency_name": ""},
            "awarding_sub_agency_name",
            "no buyer",
        ),
    ],
)
def test_a_row_that_lacks_something_is_listed_with_its_column(folder, change, column, why):
    (account,) = take(folder, table(action("EX0"), action(**change), action("EX2")))
    assert (account.read, account.kept, account.rejected) == (3, 2, 1)
    (reject,) = store.rejects(folder)
    assert (reject.row, reject.column, reject.why) == (2, column, why)
    assert len(reject.raw) <= 200


def test_malformed_records_are_found_one_by_one_and_nothing_of_them_is_kept(folder):
    good = table(action("EX1"), action("EX2"))
    bad = (
        good + "EX3,only,four,values\n" + 'EX4,"a "quote" amid",x\n' + table(action("EX5")).partition("\n")[2]
    )
    (account,) = take(folder, bad)
    assert (account.read, account.kept, account.rejected) == (5, 3, 2)
    assert [(each.row, each.why, each.raw) for each in store.rejects(folder)] == [
        (3, "4 values where 14 belong", ""),
        (4, "quotation marks that do not match", ""),
    ]
    assert ask(folder, 'SELECT "row" FROM fact ORDER BY 1') == [(1,), (2,), (5,)]


def test_a_quotation_that_never_ends_is_refused_with_its_line(folder):
    rows = "".join(f'EX{i},"open {"x" * 1000}\n' if i == 1 else "y" * 1000 + "\n" for i in range(1, 2500))
    with pytest.raises(BadFile, match=r"line \d+: a value of more than 2 MB"):
        take(folder, ",".join(HEADER) + "\n" + rows)


def test_blank_lines_line_ends_and_line_breaks_in_a_value_shift_no_row_number(folder):
    text = table(action("EX1", award_description="two\nlines"), action("EX2"), action("EX3", amount="x"))
    lines = text.replace("EX2", "\nEX2", 1).replace("CHAIRS\n", "CHAIRS\r\n", 1)
    take(folder, lines)
    assert ask(folder, 'SELECT number, "row" FROM fact JOIN award ON award.id = award ORDER BY 2') == [
        ("EX1", 1),
        ("EX2", 2),
    ]
    assert [each.row for each in store.rejects(folder)] == [3]


def test_a_multiple_of_a_hundred_and_a_gap_of_years_are_said(folder):
    rows = [action(f"EX{i}", day="2015-01-05" if i % 2 else "2018-01-05") for i in range(200)]
    (account,) = take(folder, table(*rows))
    assert account.warnings == [
        "200 rows, a multiple of 100: perhaps truncated by whoever exported it",
        "no rows for 2016, 2017",
    ]
    (account,) = take(folder, table(*rows[:-1], action("EXA"), action("EXB")))
    assert account.warnings == ["no rows for 2016, 2017"]


def test_a_lesser_date_that_is_none_is_left_out_and_said(folder):
    header = (*HEADER, "period_of_performance_current_end_date")
    rows = action(period_of_performance_current_end_date="2019-02-30")
    (account,) = take(folder, table(rows, header=header))
    assert account.warnings == [
        "period_of_performance_current_end_date: 1 different values are no days and were left out"
    ]
    assert ask(folder, "SELECT ends FROM award") == [(None,)]


# -- whole files that are refused ----------------------------------------------------------------------------


def test_a_file_without_header_is_refused_clearly(folder):
    with pytest.raises(Unknown) as caught:
        take(folder, table(action(), action("EX2")).partition("\n")[2])
    assert caught.value.message.startswith("file0.csv, line 1, is not a header")
    assert "names of its columns" in caught.value.hint


@pytest.mark.parametrize("content", ["", "a,b\nc,d\n", "hello\n", '{"a": 1}', "<html></html>"])
def test_a_file_of_no_known_form_is_refused(folder, content):
    with pytest.raises(Unreadable):
        take(folder, content)


def test_two_ways_of_writing_dates_refuse_the_file(folder):
    with pytest.raises(MixedDates, match=r"'15/01/2018'.*'2018-01-15'|'2018-01-15'.*'15/01/2018'"):
        take(folder, table(action(), action("EX2", day="15/01/2018")))


def test_of_several_files_all_are_taken_or_none(folder):
    with pytest.raises(Unknown):
        take(folder, table(action()), "a,b\nc,d\n")
    assert list((folder / "originals").iterdir()) == []
    assert not (folder / "evidence.duckdb").exists()
    assert len(take(folder, table(action()))) == 1


def test_a_lost_row_fails_the_import_and_changes_nothing(folder, monkeypatch):
    take(folder, table(action()))
    real = build._lines

    def lossy(connection):
        real(connection)
        connection.execute("DELETE FROM line WHERE award = 1")

    monkeypatch.setattr(build, "_lines", lossy)
    with pytest.raises(build.Lost):
        take(folder, put(folder, table(action("EX2")), "second.csv"))
    monkeypatch.undo()
    assert [each.name for each in store.accounts(folder)] == ["file0.csv"]
    assert ask(folder, "SELECT count(*) FROM fact") == [(1,)]


# -- every row, whatever it says -----------------------------------------------------------------------------

VALUE = st.one_of(
    st.sampled_from(
        ["", "0", "-1.5", "12", "2018-01-05", "EX1", '"', "a\nb", " x ", "'; DROP TABLE fact; --"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1f"), max_size=12),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.dictionaries(st.sampled_from(HEADER), VALUE), min_size=1, max_size=8))
def test_read_is_kept_and_rejected_and_duplicate_for_any_table(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("any") / "evidence"
    whole = [{**action(), **row} for row in rows]
    try:
        (account,) = take(folder, table(*whole, quoting=csv.QUOTE_ALL))
    except MixedDates:
        return
    assert account.read == len(rows)
    assert account.read == account.kept + account.rejected + account.duplicate
