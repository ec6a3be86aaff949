# SPDX-License-Identifier: Apache-2.0
"""A figure of an award is frozen with its rows, and says no more than the files do."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from fronde.canonical import b64u
from fronde.citation import BadCitation, Citation, words
from fronde.evidence import store
from fronde.evidence.cite import Asked, NotCitable, Reported, cite
from fronde.evidence.reader import Evidence
from tests.evidence.folders import SAMPLE, action, put, table

STORY = "HSCETE17J00341"
ABOUT = store.About("Treasury", "https://example.org/contracts", "2018-07-01", "public domain")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cite") / "evidence"
    store.import_files(place, [SAMPLE], ABOUT)
    euros = put(place, table(action("EXNOWHERE")), "nowhere.csv")
    store.import_files(place, [euros], store.About())
    return place


def cited(folder: Path, number: str = STORY, asked: Asked | None = None, **more: object) -> Citation:
    with Evidence(folder).reading() as connection:
        return cite(connection, number, asked or Asked(), **more)  # type: ignore[arg-type]


def test_the_award_of_the_story_is_frozen_with_its_two_rows(folder: Path) -> None:
    made = cited(folder)
    assert Citation.parse(made.data).digest == made.digest
    document = made.document
    assert document["figure"] == {
        "cents": 1_970_503_730,
        "measure": "obligated",
        "currency": "USD",
        "from": "2017-06-22",
        "to": "2018-06-15",
        "rows": 2,
    }
    assert document["filters"]["vehicle"] == "HSHQDC15A00017"
    assert [row["row"] for row in document["rows"]] == [1, 2]
    assert document["files"] == [
        {
            "sha256": b64u(hashlib.sha256(SAMPLE.read_bytes()).digest()),
            "name": SAMPLE.name,
            "publisher": "Treasury",
            "url": "https://example.org/contracts",
            "retrieved": "2018-07-01",
            "licence": "public domain",
        }
    ]


def test_the_nearest_record_of_a_reported_figure_says_so(folder: Path) -> None:
    made = cited(folder, reported=Reported(1_940_000_000, "USD", "the newspapers"))
    assert made.document["state"] == "nearest"
    assert words(made.document).endswith("2 rows, nearest record to a reported 19,400,000.00 USD")


def test_a_reported_figure_that_a_record_gives_has_no_nearest_one(folder: Path) -> None:
    with pytest.raises(BadCitation, match="is that of a record"):
        cited(folder, reported=Reported(1_970_503_730, "USD", "the newspapers"))


def test_days_narrow_the_rows_and_stand_in_the_citation(folder: Path) -> None:
    made = cited(folder, asked=Asked(first=date(2018, 1, 1), last=date(2018, 12, 31), question="In 2018?"))
    assert made.figure["cents"] == 1_024_083_446
    assert made.document["filters"]["from"] == "2018-01-01"
    assert made.document["question"] == "In 2018?"


def test_of_a_figure_that_is_never_added_the_last_is_cited(folder: Path) -> None:
    made = cited(folder, asked=Asked(measure="ceiling", currency="USD"))
    assert (made.figure["rows"], made.figure["cents"]) == (1, 3_944_128_008)


@pytest.mark.parametrize(
    "asked", [Asked(measure="award value"), Asked(currency="EUR"), Asked(first=date(2030, 1, 1))]
)
def test_where_there_is_no_row_what_there_is_is_told(folder: Path, asked: Asked) -> None:
    with pytest.raises(NotCitable) as caught:
        cited(folder, asked=asked)
    assert "obligated" in caught.value.hint


def test_a_file_of_which_nobody_said_where_it_is_from_is_not_cited(folder: Path) -> None:
    with pytest.raises(NotCitable, match=r"where nowhere\.csv was fetched") as caught:
        cited(folder, "EXNOWHERE")
    assert "--url and --retrieved" in caught.value.hint


def test_a_long_description_is_cut(tmp_path: Path) -> None:
    place = tmp_path / "evidence"
    store.import_files(place, [put(place, table(action(award_description="CHAIRS " * 400)))], ABOUT)
    (row,) = cited(place, "EX1").document["rows"]
    assert len(row["quote"]) <= 2000
    assert row["quote"].endswith(" […]")
