# SPDX-License-Identifier: Apache-2.0
"""Step 10: what a report says of what a letter cites."""

from __future__ import annotations

import io

import pytest

from fronde import canonical
from fronde.cli.main import main
from fronde.proof.policy import Policy
from fronde.proof.report import CITED, Report
from fronde.proof.verify import Trust, verify
from tests.bundles import make
from tests.bundles.cases import CASES, signed
from tests.bundles.citations import both, citing
from tests.bundles.make import report_of
from tests.citations import NEAREST, RECORD
from tests.simulator import Record


def report(record: Record) -> Report:
    return verify(io.BytesIO(record.proof()), Trust(policy=Policy.parse(record.place.policy())))


def test_one_figure_is_said_in_words() -> None:
    step = report(citing(award=canonical.encode(NEAREST))).steps[9]
    assert (step.result, step.detail) == (
        "OK",
        "1 citation recomputed: 19,705,037.30 USD obligated, 2 rows, nearest record to a reported"
        " 19,400,000.00 USD",
    )


def test_three_figures_are_said_and_the_rest_is_counted() -> None:
    data = canonical.encode(RECORD)
    step = report(citing(**{f"c{n}": data for n in range(5)})).steps[9]
    figure = "-12.50 EUR award value, 1 row"
    assert step.detail == f"5 citations recomputed: {figure}; {figure}; {figure}; and 2 more"


def test_a_letter_without_citations_has_none_to_check() -> None:
    found = report(signed())
    assert (found.steps[9].result, found.steps[9].detail) == ("NONE", "nothing yet")
    assert found.citations == []
    assert CITED not in found.not_proven


def test_a_report_lists_what_was_recomputed_and_what_is_not_proven_of_it() -> None:
    found = report(both())
    assert found.citations == [
        {
            "id": "award",
            "says": "What award says.",
            "state": "nearest",
            "figure": NEAREST["figure"],
            "reported": NEAREST["reported"],
        },
        {"id": "frame", "says": "What frame says.", "state": "record", "figure": RECORD["figure"]},
    ]
    assert CITED in found.not_proven
    assert canonical.decode(found.to_json())["citations"] == found.citations


def test_a_citation_that_fails_leaves_the_count_and_lists_nothing() -> None:
    found = report_of(CASES["citation-wrong-sum"].made())
    assert found.failure
    assert found.failure.fault
    assert found.failure.fault.hint == "Freeze the citation again from its source."
    assert found.failure.detail == "its rows sum to 19,705,037.30, not to 19,400,000.01"
    assert found.counts["signatures"] == 6
    assert found.citations == []


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    bundle = str(make.FOLDER / "good-citations.zip")
    assert main(["verify", bundle, "--policy", str(make.FOLDER / "keys" / "policy")]) == 0
    said = capsys.readouterr().out
    assert "10  OK    citations                  2 citations recomputed: 19,705,037.30 USD" in said
    assert "CITED\n  - award: What award says.\n    19,705,037.30 USD obligated, 2 rows, nearest" in said
    assert "-12.50 EUR award value, 1 row; 2024-03-01 to 2024-03-01\n" in said
