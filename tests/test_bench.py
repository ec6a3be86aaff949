# SPDX-License-Identifier: Apache-2.0
"""The benchmarks say what they measure and still run. How fast anything is, no test asks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import NAMES
from bench.figures import at_least, at_most, noted, tell

ROOT = Path(__file__).resolve().parent.parent
SMALL = {
    "issuing": ["--runs", "1", "--people", "1"],
    "accepting": ["--runs", "1", "--signatures", "40", "--connections", "8", "--pages", "50"],
    "publishing": ["--runs", "1", "--most", "10000"],
    "verify": ["--runs", "1", "--n", "20", "--large", "40"],
}


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_figure_says_what_is_asked_of_it_and_whether_it_is_met():
    rows = [
        at_most("a token", 1.0, 1.1, "ms", "0.25 ms").row("issuing"),
        at_least("pages", 1499, 1500, "/s").row("accepting"),
        noted("growth", 12.34, "times").row("publishing"),
    ]
    assert rows == [
        "| issuing | a token | 1.00 ms | 0.25 ms | <= 1.1 ms | yes |",
        "| accepting | pages | 1,499 /s |  | >= 1,500 /s | **no** |",
        "| publishing | growth | 12.3 times |  |  |  |",
    ]


def test_a_missed_figure_is_an_exit_code(capsys: pytest.CaptureFixture[str]):
    assert tell([noted("one", 1, "ms"), at_most("two", 1, 2, "ms")]) == 0
    assert tell([at_most("one", 3, 2, "ms"), at_most("two", 1, 2, "ms")]) == 1
    said = capsys.readouterr().out
    assert "cores, Python" in said
    assert said.count("| figure |") == 2


def test_pages_weigh_what_they_may():
    code, said = run("bench/pages.py")
    assert code == 0, said
    assert said.count("| yes |") == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_every_benchmark_runs_to_its_end(name: str):
    code, said = run("-m", f"bench.{name}", *SMALL[name])
    assert code in (0, 1)
    assert said.count(f"| {name} |") >= 4


def test_what_is_not_a_benchmark_is_wrong_usage():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "speed"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert all(name in done.stderr for name in ("speed", "verify"))
    assert set(SMALL) | {"pages", "browser"} == set(NAMES)
