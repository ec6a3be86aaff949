# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from fronde.cli import verify
from fronde.cli.main import main
from fronde.proof.report import UNTIED
from tests.bundles.cases import signed
from tests.bundles.good import witnessed_policy
from tests.simulator import Record, Workplace


@pytest.fixture(scope="module")
def record() -> Record:
    return signed(7)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def files(home: Path, record: Record) -> None:
    (home / "letter.zip").write_bytes(record.proof())
    (home / "policy").write_text(record.place.policy())
    (home / "checkpoint").write_bytes(record.place.checkpoint())


def test_a_verified_proof_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "letter.zip", "--policy", "policy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(" 1  OK    the archive                10 files, ")
    assert [line[:2] for line in lines[:12]] == [f"{n:>2}" for n in range(1, 13)]
    assert lines[13] == "VERIFIED"
    text = " ".join(line.strip() for line in lines)
    assert "7 colleagues stand under “Tell us what our work is used for” at Example Works" in text
    source = "key from --policy policy; only worth something if it did not come with this file"
    assert source in " ".join(text.split())
    assert "NOT PROVEN" in lines
    assert max(map(len, lines)) <= 80


def test_without_a_key_the_output_begins_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "letter.zip"]) == 3
    out = capsys.readouterr().out
    assert out.startswith(f"{UNTIED}\n  origin       letters.example/log\n  fingerprint  ")
    assert UNTIED == "NOT TIED TO ANYBODY: anyone could have made this file"
    assert "\nVERIFIED\n" not in out


def test_a_failure_tells_the_entry_the_reason_and_the_next_step(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older = signed(7)
    (home / "older.zip").write_bytes(older.proof())
    older.head()
    (home / "checkpoint").write_bytes(older.place.checkpoint())
    assert main(["verify", "older.zip", "--policy", "policy", "--compare", "checkpoint"]) == 1
    out = capsys.readouterr().out
    assert " 2  FAIL  the instance log           instance/checkpoint: this proof is older:\n" in out
    assert "          next: Ask for the present proof.\n          id:   older\n" in out
    assert " 3  --    the letter's log           not reached" in out
    assert "\nNOT VERIFIED\n  This proof is wrong: step 2 fails at instance/checkpoint." in out


def test_what_is_no_proof_cannot_be_read(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "photo.zip").write_bytes(b"GIF89a" + bytes(100))
    assert main(["verify", "photo.zip"]) == 2
    out = capsys.readouterr().out
    assert out.startswith("NOT TIED TO ANYBODY: anyone could have made this file\n\n 1  FAIL  the archive")
    assert "CANNOT BE READ" in out


def test_a_missing_file_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "nothing.zip"]) == 2
    assert capsys.readouterr().err == (
        "fronde: cannot read nothing.zip: No such file or directory\n  next: Check the name of the file.\n"
        "  id: no-such-proof\n"
    )


def test_a_folder_cannot_be_read(home: Path) -> None:
    assert main(["verify", str(home)]) == 2


def test_the_users_own_policy_is_used_when_it_is_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = home / ".config" / "fronde" / "policy"
    own.parent.mkdir(parents=True)
    own.write_text((home / "policy").read_text())
    assert main(["verify", "letter.zip"]) == 0
    assert "your own" in capsys.readouterr().out
    own.write_text(Workplace(slots=0, host="elsewhere.example").policy())
    assert main(["verify", "letter.zip"]) == 3
    assert capsys.readouterr().out.startswith("NOT TIED TO ANYBODY")
    own.write_text("nonsense")
    assert main(["verify", "letter.zip"]) == 64


def test_a_policy_that_is_given_must_list_the_log(home: Path) -> None:
    (home / "other").write_text(Workplace(slots=0, host="elsewhere.example").policy())
    assert main(["verify", "letter.zip", "--policy", "other"]) == 1


def test_a_quorum_that_is_not_met_fails(home: Path, record: Record) -> None:
    (home / "strict").write_text(witnessed_policy(record.place))
    assert main(["verify", "letter.zip", "--policy", "strict"]) == 1


def test_a_key_ties_the_proof(record: Record) -> None:
    assert main(["verify", "letter.zip", "--key", record.place.signer.vkey]) == 0


def test_the_machines_report_is_alone_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "letter.zip", "--json", "--compare", "checkpoint", "--processes", "2"]) == 3
    assert capsys.readouterr().out.startswith('{"citations":[],"counts":{')


@pytest.mark.parametrize(
    "options",
    [
        ["--key", "not a key"],
        ["--key", "w1.example+5d8a8c9a+BBbc"],
        ["--policy", "nowhere"],
        ["--policy", "letter.zip"],
        ["--compare", "nowhere"],
        ["--compare", "policy"],
        ["--policy", "large"],
    ],
)
def test_wrong_arguments_are_wrong_usage(options: list[str], home: Path) -> None:
    (home / "large").write_bytes(b"#" * 300_000)
    assert main(["verify", "letter.zip", *options]) == 64


def test_the_key_of_a_witness_is_not_that_of_a_log(record: Record) -> None:
    witness = witnessed_policy(record.place).splitlines()[1].split()[2]
    assert main(["verify", "letter.zip", "--key", witness]) == 64


@pytest.mark.parametrize(
    "options", [["--key", "a", "--policy", "b"], ["--processes", "0"], ["--processes", "x"]]
)
def test_options_that_do_not_go_are_wrong_usage(options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["verify", "letter.zip", *options])
    assert caught.value.code == 64


def test_a_terminal_of_ascii_gets_no_traceback(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "fr.zip").write_bytes(signed(5, title="À quoi sert notre travail \u202e ?").proof())
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["verify", "fr.zip", "--policy", "policy"]) == 0
    sys.stdout.flush()
    assert b"\\xc0 quoi" in raw.getvalue()
    assert b"\\u202e" not in raw.getvalue()


def test_large_proofs_use_every_core(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verify._processes(home / "letter.zip") == 1
    with (home / "large.zip").open("wb") as file:
        file.truncate(verify.LARGE)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(6)), raising=False)
    assert verify._processes(home / "large.zip") == 6
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert verify._processes(home / "large.zip") == verify.MOST_PROCESSES
