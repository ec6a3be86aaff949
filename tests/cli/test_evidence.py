# SPDX-License-Identifier: Apache-2.0
"""`fronde evidence import, sources, forget, rebuild`: what a person reads."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import duckdb
import pytest

from fronde.cli import evidence
from fronde.cli.main import main
from fronde.evidence.stage import Meter
from tests.evidence.folders import SAMPLE, table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def test_an_import_ends_with_the_account_of_every_row_in_words(folder, capsys):
    assert (
        main(["evidence", "import", str(SAMPLE), "--evidence", str(folder), "--retrieved", "2025-03-28"]) == 0
    )
    out, err = capsys.readouterr()
    assert "rows       10 read = 6 kept + 3 rejected + 1 duplicate" in out
    assert "transactions.csv, row 8, federal_action_obligation: more than two decimals: '12.345'" in out
    assert "fetched 2025-03-28" in out
    assert "10 rows in" in out
    assert err == ""  # no terminal, no progress


def test_the_same_file_again_is_nothing_to_do(folder, capsys):
    main(["evidence", "import", str(SAMPLE), "--evidence", str(folder)])
    capsys.readouterr()
    assert main(["evidence", "import", str(SAMPLE), "--evidence", str(folder)]) == 0
    assert capsys.readouterr().out == "transactions.csv: imported before, nothing to do\n"


def test_what_was_imported_can_be_listed_forgotten_and_made_anew(folder, capsys, monkeypatch):
    monkeypatch.setenv("FRONDE_DATA", str(folder.parent))
    main(["evidence", "import", str(SAMPLE)])
    capsys.readouterr()
    assert main(["evidence", "sources", "--rejects"]) == 0
    assert "row 10, recipient_name: no name of a company" in capsys.readouterr().out
    main(["evidence", "sources", "--json"])
    (source,) = json.loads(capsys.readouterr().out)
    assert (source["read"], source["kept"]) == (10, 6)
    assert main(["evidence", "rebuild"]) == 0
    assert capsys.readouterr().out == "made anew from 1 tables\n"
    assert main(["evidence", "forget", source["sha256"][:10]]) == 0
    assert capsys.readouterr().out == f"forgotten: {source['sha256']}\n"
    main(["evidence", "sources"])
    assert capsys.readouterr().out == "nothing is imported\n"


def test_a_refusal_names_file_line_and_next_step(folder, tmp_path, capsys):
    path = tmp_path / "bare.csv"
    path.write_text(table().partition("\n")[2] + "EX1,2018-01-15,5\n")
    assert main(["evidence", "import", str(path), "--evidence", str(folder)]) == 2
    err = capsys.readouterr().err
    assert "bare.csv, line 1, is not a header" in err
    assert "next: " in err
    assert "id: format-unknown" in err


def test_many_rejects_are_cut_and_the_way_to_all_is_said(folder, tmp_path, capsys):
    path = tmp_path / "many.csv"
    path.write_text(SAMPLE.read_text() + SAMPLE.read_text().splitlines()[-1].join(["", "\n"]) * 30)
    main(["evidence", "import", str(path), "--evidence", str(folder)])
    out = capsys.readouterr().out
    assert "33 rows were not taken:" in out
    assert "and 13 more: fronde evidence sources --rejects" in out


@pytest.mark.parametrize(
    "more", [["--retrieved", "28.3.2025"], ["--retrieved", "2025-02-30"], ["--data", "a", "--evidence", "b"]]
)
def test_wrong_options_are_wrong_usage(more):
    with pytest.raises(SystemExit) as caught:
        main(["evidence", "import", "x.csv", *more])
    assert caught.value.code == 64


def test_without_a_folder_one_is_asked_for(monkeypatch, capsys):
    monkeypatch.delenv("FRONDE_DATA", raising=False)
    assert main(["evidence", "sources"]) == 64
    assert "Say --evidence DIR or --data DIR" in capsys.readouterr().err


def test_the_line_of_progress_has_share_speed_and_time_left():
    assert evidence.progress("reading f.csv", 0.25, 1_000_000, 10) == (
        "reading f.csv:  25%, 25,000 rows/s, 30 s left"
    )
    assert evidence.progress("copying f.csv", -1, 0, 3.4) == "copying f.csv ... 3 s"


def test_on_a_terminal_the_line_is_shown_and_taken_away(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(evidence, "EVERY", 0.0)
    with contextlib.ExitStack() as stack:
        stack.enter_context(evidence.tell("reading f.csv", None, 0))
    assert capsys.readouterr().err.endswith("\r\x1b[K")


def test_who_watches_sees_how_much_of_a_file_python_has_read(tmp_path):
    path = tmp_path / "f.json"
    path.write_bytes(b"x" * 100)
    with duckdb.connect() as connection, path.open("rb") as file:
        meter = Meter(connection)
        assert meter.share() < 0
        meter.opened(file, 100)
        file.read(25)
        assert meter.share() == 0.25
        file.close()
        assert meter.share() == -1
