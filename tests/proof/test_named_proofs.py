# SPDX-License-Identifier: Apache-2.0
"""Every proof under tests/bundles ends as expected.json says, and is what its maker makes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fronde import canonical
from fronde.cli.main import main
from fronde.proof.bundle import Archive, BadArchive
from tests.bundles import make
from tests.bundles.cases import CASES

EXPECTED: dict[str, Any] = json.loads(make.EXPECTED.read_text())


def content(proof: bytes) -> dict[str, bytes] | bytes:
    """The members, as two builds of zlib deflate differently; the bytes themselves of what is no archive."""
    try:
        archive = Archive(io.BytesIO(proof))
        return {name: archive.read(name) for name in archive.names}
    except BadArchive:
        return proof


def command(name: str) -> list[str]:
    found = EXPECTED[name]
    options = [f"{make.FOLDER / name}.zip"]
    if "key" in found:
        options += ["--key", found["key"]]
    for kind in ("policy", "compare"):
        if kind in found:
            options += [f"--{kind}", str(make.FOLDER / found[kind])]
    return options


@pytest.fixture(autouse=True)
def nobody_has_a_policy_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_folder_the_makers_and_the_list_agree() -> None:
    assert sorted(EXPECTED) == sorted(CASES)
    assert sorted(path.stem for path in make.FOLDER.glob("*.zip")) == sorted(CASES)
    named = {found[kind] for found in EXPECTED.values() for kind in ("policy", "compare") if kind in found}
    assert {f"keys/{path.name}" for path in make.FOLDER.glob("keys/*")} == named


def test_every_step_with_a_rule_is_failed_by_some_bundle_and_none_is_passed_by_all() -> None:
    failed = {found["step"] for found in EXPECTED.values()}
    assert failed == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_bundle_is_what_its_maker_makes(name: str) -> None:
    made = CASES[name].made()
    failure = make.report_of(made).failure
    assert (failure.fault.slug if failure and failure.fault else "") == EXPECTED[name]["slug"]
    assert content(made.proof) == content((make.FOLDER / f"{name}.zip").read_bytes())
    assert make.expectation(CASES[name], made) == EXPECTED[name]
    for _, (path, data) in make.files_beside(name, made):
        assert (make.FOLDER / path).read_bytes() == data


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_bundle_ends_as_expected(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = EXPECTED[name]
    assert main(["verify", *command(name), "--json"]) == found["exit"]
    report = canonical.decode(capsys.readouterr().out.rstrip("\n").encode())
    assert report["exit"] == found["exit"]
    assert " ".join(step["result"] for step in report["steps"]) == found["steps"]
    failed = [(step["n"], step.get("entry", "")) for step in report["steps"] if step["result"] == "FAIL"]
    assert failed == ([(found["step"], found["entry"])] if found["step"] else [])
    assert report["counts"] == found.get("counts", {})


@pytest.mark.parametrize("name", ["good-closed", "good-untied", "text-changed", "archive-bomb", "record-box"])
def test_the_installed_command_ends_the_same_way(name: str) -> None:
    found = EXPECTED[name]
    run = subprocess.run(
        [sys.executable, "-m", "fronde.cli.main", "verify", *command(name)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == found["exit"]
    assert run.stderr == ""
    assert max(len(line) for line in run.stdout.splitlines()) <= 80
    assert run.stdout.startswith("NOT TIED TO ANYBODY: anyone could have made this file\n") == (
        name == "good-untied"
    )
