# SPDX-License-Identifier: Apache-2.0
import re
from pathlib import Path

import pytest

from fronde.evidence import sources
from fronde.evidence.contract import FIELDS, Head
from tests.evidence.sources import marches, procurement, test_followthemoney, test_fpds

DOC = Path(__file__).parents[3] / "docs" / "evidence.md"

SAMPLES = {
    "fpds": test_fpds.SAMPLE,
    "ocds": procurement.package(procurement.release(procurement.award())),
    "decp": marches.of_2022(marches.contract()),
    "decp-table": marches.table(marches.line()),
    "followthemoney": test_followthemoney.file(test_followthemoney.BUYER, test_followthemoney.AWARD),
    "customers": "Customer,Country\nHalcyon Supply,US\n",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_one_format_claims_a_file_and_no_other(name):
    sample = SAMPLES[name]
    fields = tuple(sample.splitlines()[0].split(",")) if "," in sample.splitlines()[0] else ()
    assert sources.recognise(Head("x", sample, fields)).name == name


def test_the_documentation_lists_every_format_and_no_other():
    listed = re.findall(r"^\| `([a-z-]+)` \|", DOC.read_text(), re.M)
    assert listed == [form.name for form in sources.FORMATS]


def test_every_format_has_words_for_people_and_one_way_to_be_read():
    for form in sources.FORMATS:
        assert form.title
        assert form.publisher
        assert form.licence
        assert bool(form.columns) != bool(form.rows)
        assert set(form.columns) | set(form.constants) <= set(FIELDS)


def test_the_name_of_a_format_finds_it_again():
    for form in sources.FORMATS:
        assert sources.named(form.name) is form
