# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence.contract import Head
from fronde.evidence.sources import decp, decp_table
from tests.evidence.sources.fuzz import broken, never_breaks, problems, read, refused, rows, total
from tests.evidence.sources.marches import BUYER, ONE, TWO, TWO_AGAIN, contract, line, of_2019, table


def test_a_row_of_the_table_says_what_the_json_says():
    assert rows(decp.table, table(line())) == rows(decp.rows, of_2019(contract()))


def test_holders_in_several_rows_share_one_amount_that_is_never_added():
    data = table(line(), line(objet="Autre"), line(TWO, "Deux"))
    found = read(decp.table, data)
    assert [(n, row.get("maximum"), row.get("value")) for n, row in found] == [
        (1, "31367.57", None),
        (3, "31367.57", None),
        (2, None, "31367.57"),
    ]


def test_states_of_a_contract_in_several_rows_are_modifications():
    data = table(
        line(amount="34000", change="2", day="2024-08-01"),
        line(),
        line(amount="33000", change="1", day="2024-07-01"),
    )
    found = read(decp.table, data)
    assert [(n, row.get("mod", ""), row["date"]) for n, row in found] == [
        (2, "", "2024-05-15"),
        (3, "1", "2024-07-01"),
        (1, "2", "2024-08-01"),
    ]
    assert total([row for _, row in found], "value") == 3_136_757


def test_a_row_that_says_nothing_new_is_listed():
    data = table(line(TWO, "Deux"), line(TWO_AGAIN, "Deux agence"), line("", ""))
    assert [row["value"] for row in rows(decp.table, data)] == ["31367.57"]
    assert [number for number, _ in problems(decp.table, data)] == [2, 3]


def test_a_table_with_three_holders_in_a_row_and_semicolons_is_read():
    header = "id;acheteur.id;acheteur.nom;nature;objet;montant;dateNotification;titulaire_id_1;titulaire_id_2"
    one = f"1;{BUYER};Ville;Marché;Parc;100;2024-05-15;{ONE};{TWO}"
    two = f"2;{BUYER};Ville;Marché;Bois;50;2024-05-15;{ONE};"
    data = f"{header}\n{one}\n{two}\n"
    assert decp_table.recognise(Head("x.csv", data, tuple(header.split(";"))))
    assert [(row["award"], row.get("maximum"), row.get("value")) for row in rows(decp.table, data)] == [
        ("1", "100", None),
        ("1", "100", None),
        ("2", None, "50"),
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "line 1: it is not a header of DECP"),
        ("a,b\n1,2\n", "line 1: it is not a header of DECP"),
        ("\r\x00", "line 1: it is not a table"),
        (table("x" * (2 << 20)), "line 2: it is longer"),
        (table("," * 2000), "row 1: it has more than 1,000 columns"),
        (table('"' + "x" * 200_000), "it is not a table"),
    ],
)
def test_a_table_that_hurts_is_refused_with_its_place(data, said):
    assert said in refused(decp.table, data).message


def test_a_table_in_another_encoding_is_refused_with_its_line():
    assert (
        "line 2: it is not UTF-8"
        in refused(decp.table, table(line(name="Société")).encode("latin-1")).message
    )


@given(broken(table(line(), line(TWO, "Deux"), line(change="1")).encode()) | st.binary(max_size=100))
def test_no_bytes_break_the_reader_of_tables(data):
    never_breaks(decp.table, data)


def test_rows_without_a_number_are_contracts_of_their_own():
    data = table(line(), line(TWO, "Deux", amount="50")).replace("2024-017", "0000")
    assert [row["value"] for row in rows(decp.table, data)] == ["31367.57", "50"]


def test_an_empty_line_is_no_record():
    assert problems(decp.table, table(line(), "", "")) == []
