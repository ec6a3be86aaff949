# SPDX-License-Identifier: Apache-2.0
"""`fronde evidence search, party, ...` on the command line: tables, JSON, CSV, errors, decisions."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from fronde.citation import Citation
from fronde.cli.main import main
from fronde.evidence import store
from fronde.evidence.sections import Money, Section
from fronde.evidence.spreadsheet import neutral, to_csv

HEADER = (
    "award_id_piid,awarding_sub_agency_code,awarding_sub_agency_name,modification_number,action_date,"
    "federal_action_obligation,recipient_name,recipient_duns,parent_award_id,award_description"
)
ROWS = [
    "A1,7012,CUSTOMS,0,2017-06-22,1000.00,DELL FEDERAL SYSTEMS L.P.,000000012,V1,AZURE GOVERNMENT CLOUD",
    "A1,7012,CUSTOMS,P00001,2018-06-15,-2.50,DELL FEDERAL SYSTEMS L.P.,12,V1,=AZURE GOVERNMENT \x1b[3mX",
    'A2,7012,CUSTOMS,0,2018-06-16,1234567.89,CLOUD CORPORATION,000000010,,"FURNITURE, call (202) 555-0143"',
    "A3,7012,CUSTOMS,0,2018-06-17,5.00,DELL FEDERAL SYSTEMS LP,000000013,V1,LICENCES",
]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ask")
    file, ours = place / "transactions.csv", place / "ours.csv"
    file.write_text("\n".join([HEADER, *ROWS]) + "\n")
    ours.write_text("customer,DUNS\nOur Secret Customer,\nDell (our name for it),000000012\n")
    store.import_files(place / "evidence", [file, ours], store.About())
    return place / "evidence"


@pytest.fixture
def folder(imported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(imported, tmp_path / "evidence"))


def run(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, str, str]:
    code = main(["evidence", *words, "--evidence", str(folder)])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def said(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> str:
    code, out, err = run(capsys, folder, *words)
    assert (code, err) == (0, "")
    return out


def test_a_table_has_measure_dates_source_and_what_it_does_not_show(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    out = said(capsys, folder, "search", "azure government")
    assert "azure government: 2 figures, page 1 of 1" in out
    assert "2017-06-22  obligated  1,000.00  USD" in out
    assert "2018-06-15  obligated     -2.50  USD" in out
    assert "*AZURE* *GOVERNMENT* CLOUD" in out
    assert "1:2" in out
    assert "1  transactions.csv  sha256 " in out
    assert "What this does not show" in out
    assert "\x1b" not in out


def test_quotes_inside_an_argument_ask_for_words_in_a_row(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert "*AZURE GOVERNMENT* CLOUD" in said(capsys, folder, "search", '"azure government"')
    assert "0 figures" in said(capsys, folder, "search", '"government azure"')


def test_narrowing_a_search(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    words = ["search", "azure", "--buyer", "customs", "--vendor", "000000012", "--from", "2018-01-01"]
    out = said(capsys, folder, *words, "--to", "2018-12-31", "--measure", "obligated", "--limit", "5")
    assert "azure: 1 figure," in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["party", "000000012"], "DELL FEDERAL SYSTEMS L.P. (US-DUNS:000000012)"),
        (["buyer", "7012"], "1,234,567.89"),
        (["award", "A1"], "997.50"),
        (["award", "A1", "--agency", "7012"], "P00001"),
        (["vehicle", "V1"], "1,002.50"),
        (["series", "000000012", "--of", "7012"], "FY2018"),
        (["series", "cloud", "--with-children"], "1,234,567.89"),
        (["path", "cloud", "7012"], "1 path from CLOUD"),
        (["mentions", "cloud"], "0 mentions"),
        (["suggest"], "same key"),
    ],
)
def test_every_question_answers_as_a_table_and_in_both_other_forms(
    capsys: pytest.CaptureFixture[str], folder: Path, words: list[str], expected: str
) -> None:
    assert expected in said(capsys, folder, *words)
    document = json.loads(said(capsys, folder, *words, "--json"))
    assert document["question"] == words[0]
    assert document["does_not_show"]
    table = list(csv.reader(io.StringIO(said(capsys, folder, *words, "--csv"))))
    assert len(set(table[0])) == len(table[0])
    assert {len(row) for row in table} == {len(table[0])}


def test_json_has_cents_and_the_source_of_each_row(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    answer = json.loads(said(capsys, folder, "award", "A1", "--json"))["answer"]
    first, second = answer["modifications"]
    assert (first["cents"], second["cents"]) == (100000, -250)
    assert set(first["source"]) == {"file", "sha256", "row", "url"}
    assert (first["source"]["file"], first["source"]["row"]) == ("transactions.csv", 1)
    assert answer["sums"][0]["cents"] == 99750


def test_csv_keeps_numbers_and_disarms_formulas(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(said(capsys, folder, "search", "azure", "--csv"))))
    assert [row["amount"] for row in rows] == ["-2.50", "1000.00"]
    assert rows[0]["description"].startswith("'=AZURE")
    assert (rows[0]["row"], rows[0]["file"]) == ("2", "transactions.csv")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(start: str) -> None:
    assert neutral(f"{start}1+1") == f"'{start}1+1"
    section = Section("t", ("a", "b"), ((f"{start}x", Money(-5)),))
    assert next(csv.reader(io.StringIO(to_csv(section).split("\r\n", 1)[1])))[1] == "-0.05"


def test_telephones_are_in_no_form(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    for form in ([], ["--json"], ["--csv"]):
        out = said(capsys, folder, "search", "furniture", *form)
        assert "555-0143" not in out
        assert "[…]" in out


def test_our_own_customers_are_shown_and_never_exported(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    words = ["clients", "cloud", "--of", "customs"]
    shown = said(capsys, folder, *words)
    assert "DELL FEDERAL SYSTEMS L.P. is on our list" in shown
    assert "ours.csv" not in shown
    for form in ("--json", "--csv"):
        out = said(capsys, folder, *words, form)
        assert "DELL" not in out
        assert "is on our list" not in out.replace("Clients on our own list", "")
        assert "Secret" not in out
    for question in (["party", "000000012"], ["search", "dell"], ["suggest"], ["buyer", "customs"]):
        assert "our name" not in said(capsys, folder, *question, "--json")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["party", "cluod"], 1, "no party"),
        (["party", "dell federal systems"], 1, "judge same US-DUNS:000000012 US-DUNS:000000013"),
        (["award", "A9"], 1, "Numbers like it: A1, A2, A3"),
        (["vehicle", "nothing"], 1, "no award stands under"),
        (["search", '""'], 64, "at least one word"),
        (["search", "x", "--measure", "euros"], 64, "no measure"),
    ],
)
def test_what_cannot_be_answered_says_why_and_what_next(
    capsys: pytest.CaptureFixture[str], folder: Path, words: list[str], code: int, says: str
) -> None:
    got, out, err = run(capsys, folder, *words)
    assert (got, out) == (code, "")
    assert says in err
    assert "next:" in err


@pytest.mark.parametrize("words", [["search", "x", "--from", "15/06/2018"], ["search", "x", "--limit", "0"]])
def test_wrong_options_are_wrong_usage(folder: Path, words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["evidence", *words, "--evidence", str(folder)])
    assert caught.value.code == 64


# -- decisions -----------------------------------------------------------------------------------------------


def test_two_people_confirm_a_mention_and_one_undoes_it(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert "line 3: product, by ada" in said(
        capsys, folder, "product", "cloud", "Azure  Government", "--by", "ada"
    )
    mention = ["mention", "A1", "azure government", "confirm", "--why", "read it", "--by"]
    said(capsys, folder, *mention, "ada")
    assert "candidate" in said(capsys, folder, "mentions", "cloud")
    said(capsys, folder, *mention, "bob")
    assert "confirmed" in said(capsys, folder, "mentions", "cloud")
    assert "CLOUD CORPORATION is resold by DELL" in said(capsys, folder, "path", "cloud", "7012")
    said(capsys, folder, "undo", "4", "--why", "read it again", "--by", "ada")
    assert "is resold by" not in said(capsys, folder, "path", "cloud", "7012")
    assert "by ada: read it  (undone)" in said(capsys, folder, "decisions")


def test_judging_two_parties_the_same_needs_no_rebuild(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    pair = ["US-DUNS:000000012", "US-DUNS:000000013"]
    said(capsys, folder, "judge", "same", *pair, "--why", "one address", "--by", "ada")
    assert "1,002.50" in said(capsys, folder, "party", "Dell Federal Systems")
    store.rebuild(folder)
    assert "1,002.50" in said(capsys, folder, "party", "000000013")
    assert json.loads(said(capsys, folder, "decisions", "--json"))[0]["why"] == "one address"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["mention", "A2", "azure", "confirm", "--why", "x", "--by", "ada"], "is no candidate"),
        (["mention", "A1", "azure", "confirm", "--why", " ", "--by", "ada"], "is no candidate"),
        (
            ["judge", "same", "000000012", "US-DUNS:000000012", "--why", "x", "--by", "ada"],
            "one party already",
        ),
        (["judge", "same", "000000012", "000000013", "--why", " ", "--by", "ada"], "needs a reason"),
        (["judge", "same", "000000012", "000000013", "--why", "x", "--by", " "], "needs a name"),
        (["product", "cloud", "!!", "--by", "ada"], "at least one word"),
        (["undo", "1", "--why", "x", "--by", "ada"], "about a file"),
        (["undo", "99", "--why", "x", "--by", "ada"], "there is no line 99"),
    ],
)
def test_a_decision_that_says_nothing_is_not_kept(
    capsys: pytest.CaptureFixture[str], folder: Path, words: list[str], says: str
) -> None:
    before = (folder / "decisions.jsonl").read_bytes()
    code, _, err = run(capsys, folder, *words)
    assert code != 0
    assert says in err
    assert (folder / "decisions.jsonl").read_bytes() == before


def test_nobody_has_said_anything_yet(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert said(capsys, folder, "decisions") == "nobody has said anything yet\n"


# -- citing


@pytest.fixture
def citable(tmp_path: Path) -> Path:
    file = tmp_path / "transactions.csv"
    file.write_text("\n".join([HEADER, *ROWS]) + "\n")
    about = store.About("Treasury", "https://example.org/file", "2018-07-01", "public domain")
    store.import_files(tmp_path / "evidence", [file], about)
    return tmp_path / "evidence"


def test_a_figure_is_frozen_for_a_letter(
    capsys: pytest.CaptureFixture[str], citable: Path, tmp_path: Path
) -> None:
    target = tmp_path / "contract.json"
    out = said(capsys, citable, "cite", "A1", "--to", "2017-12-31", "-o", str(target))
    assert f"{target}: 1,000.00 USD obligated, 1 row" in out
    assert 'file = "contract.json"' in out
    assert Citation.parse(target.read_bytes()).figure["cents"] == 100_000
    code, _, err = run(capsys, citable, "cite", "A1", "-o", str(target))
    assert (code, f"{target} is there already." in err) == (64, True)
    assert Citation.parse(target.read_bytes()).figure["cents"] == 100_000


def test_the_nearest_record_of_a_reported_figure_is_frozen(
    capsys: pytest.CaptureFixture[str], citable: Path, tmp_path: Path
) -> None:
    reported = ("--reported", "1,000,000.00 USD", "--says", "the newspapers")
    out = said(capsys, citable, "cite", "A2", *reported, "-o", str(tmp_path / "near.json"))
    assert "1 row, nearest record to a reported 1,000,000.00 USD" in out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--reported", "1,000.00 USD"], "without --says"),
        (["--reported", "1,000.00", "--says", "x"], "not an amount"),
        (["--reported", "1,000.001 USD", "--says", "x"], "more than two decimals"),
        (["--says", "x"], "--says goes with --reported"),
        (["-o", "/nowhere/x.json"], "cannot write"),
    ],
)
def test_what_cannot_be_frozen_is_said(
    capsys: pytest.CaptureFixture[str], citable: Path, tmp_path: Path, words: list[str], what: str
) -> None:
    output = [] if "-o" in words else ["-o", str(tmp_path / "new.json")]
    code, _, err = run(capsys, citable, "cite", "A1", *output, *words)
    assert (code, what in err) == (64, True)
    assert not (tmp_path / "new.json").exists()
