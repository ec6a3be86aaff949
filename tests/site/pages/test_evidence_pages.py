# SPDX-License-Identifier: Apache-2.0
"""The pages of what was imported: found, linked, marked, never more than is public; and their twins."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import duckdb
import pytest

from fronde.errors import Declined
from fronde.evidence import decisions, store
from fronde.site.evidence import addresses, reading, twins
from fronde.site.folder import Folder
from fronde.site.headers import HEADERS, policy
from tests.evidence.folders import action, table
from tests.site.pages import test_pages as every_page
from tests.site.pages.reader import instance, text, words
from tests.site.shown import HOST, visit

SELLER = "US-DUNS:002000001"
OTHER = "US-DUNS:002000002"
PAGES = [
    "/evidence",
    "/evidence?q=azure",
    "/evidence?q=nothinglikeit",
    f"/evidence/party/{SELLER}",
    f"/evidence/party/{SELLER}?of=US-AGENCY:7012",
    "/evidence/party/US-AGENCY:7012",
    "/evidence/award/EX1",
    "/evidence/sources",
]
ROWS = (
    action("EX1", "9464202.84", "2017-06-22", award_description="AZURE government <b>cloud</b>",
           parent_award_id="V1", parent_award_agency_id="7001"),
    action("EX1", "10240834.46", "2018-06-15", modification_number="P00001",
           parent_award_id="V1", parent_award_agency_id="7001",
           award_description="=AZURE renewal, call ada@example.gov"),
    action("EX2", "-5", "2016-03-01", recipient_duns="2000002", recipient_name="RESELL & SONS",
           award_description="HALCYON VAULT licences"),
    action("EX2", "700", "2016-04-01", modification_number="1", recipient_duns="2000002",
           recipient_name="RESELL & SONS", award_description="HALCYON VAULT licences"),
    action("EX3", "1", "2018-01-01", recipient_duns="2000002", recipient_name="RESELL & SONS"),
    action("EX3", "1", "2018-01-01", awarding_sub_agency_code="7014", awarding_sub_agency_name="CBP",
           recipient_duns="2000002", recipient_name="RESELL & SONS"),
    *(action(f"MANY{i}", "1", "2018-02-01", award_description="CHAIRS") for i in range(45)),
)  # fmt: skip

__all__ = ["instance"]


@pytest.fixture(scope="module")
def imported(instance: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contracts, a dictionary of products, and a list of our own customers, in the folder of the instance."""
    beside = tmp_path_factory.mktemp("files")
    contracts, ours = beside / "contracts.csv", beside / "ours.csv"
    contracts.write_text(table(*ROWS))
    ours.write_text("customer name\nRESELL & SONS\nSECRET CLIENT\n")
    folder = Folder.current().path / "evidence"
    store.import_files(folder, [contracts, ours], store.About(retrieved="2026-02-02"))
    product = {"type": "product", "company": SELLER, "words": "halcyon vault", "note": "", "by": "Ada"}
    decisions.append(folder, product)
    return folder


# -- every page, as every other page of the house -----------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_in_both_languages(imported, path, language):
    every_page.test_a_page_is_whole_in_both_languages(None, path, language)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_keeps_the_rules_of_the_house(imported, path):
    every_page.test_nothing_stands_inline_and_nothing_comes_from_elsewhere(None, path)
    every_page.test_a_page_has_no_id_twice_and_every_label_has_its_field(None, path)
    every_page.test_nobody_is_called_anonymous(None, path)


@pytest.mark.parametrize("path", [each for each in PAGES if "?" not in each])
def test_links_keep_the_language(imported, path):
    every_page.test_links_keep_the_language_that_the_address_names(None, path)


@pytest.mark.parametrize("path", PAGES)
def test_the_headers_are_those_of_the_house(imported, path):
    response = visit(path)
    assert response["Content-Security-Policy"] == policy(HOST)
    assert {name: response[name] for name in HEADERS} == HEADERS
    assert response["Cache-Control"] == "no-cache"
    assert not response.cookies


@pytest.mark.parametrize("path", PAGES)
def test_our_own_customers_are_on_no_page_and_in_no_twin(imported, path):
    address, _, query = path.partition("?")
    for form in ("", ".json", ".csv"):
        content = visit(f"{address}{form}?{query}").content.decode()
        assert "SECRET" not in content
        assert "ours.csv" not in content
        assert "list" not in re.findall(r"is on our (\w+)", content)


# -- search -------------------------------------------------------------------------------------------------


def test_words_are_marked_and_everything_else_is_escaped(imported):
    html = visit("/evidence?q=azure").content.decode()
    assert "<mark>AZURE</mark> government &lt;b&gt;cloud&lt;/b&gt;" in html
    assert "ada@example.gov" not in html


def test_measure_and_day_stand_beside_every_figure(imported):
    html = visit("/evidence?q=azure").content.decode()
    figures = re.findall(r'<b class="amount">([^<]+)</b> <span class="small muted">([^,<]+), <time', html)
    assert figures == [("10,240,834.46 USD", "obligated"), ("9,464,202.84 USD", "obligated")]


def test_what_this_does_not_show_is_said(imported):
    assert "What this does not show" in text(visit("/evidence?q=azure"))


def test_a_search_has_pages_that_keep_what_was_asked(imported):
    first = visit("/evidence?q=chairs&measure=obligated&lang=fr").content.decode()
    assert 'rel="next"' in first
    link = re.search(r'href="([^"]+)" rel="next"', first)
    assert link
    assert link[1] == "/evidence?lang=fr&amp;q=chairs&amp;measure=obligated&amp;page=2"
    assert len(words(visit("/evidence?q=chairs&page=3"), "h3")) == 7 + 1
    assert text(visit("/evidence?q=chairs&page=2")).count("CHAIRS") == 20


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("buyer=US-AGENCY:7012", 2),
        (f"vendor={OTHER}", 0),
        ("from=2018", 1),
        ("to=2017", 1),
        ("measure=subaward", 0),
    ],
)
def test_a_search_is_narrowed(imported, query, count):
    assert json.loads(visit(f"/evidence.json?q=azure&{query}").content)["count"] == count


@pytest.mark.parametrize(
    ("query", "status", "name"),
    [
        ("q=%22%22", 400, "usage"),
        ("q=a&page=0", 400, "evidence-query"),
        ("q=a&page=x", 400, "evidence-query"),
        ("q=a&measure=all", 400, "evidence-query"),
        ("q=a&from=18", 400, "evidence-query"),
        ("q=" + "+".join(f"w{i}" for i in range(21)), 400, "usage"),
        ("q=" + "a" * 201, 400, "evidence-query"),
        ("q=a&buyer=nobody", 404, "evidence-not-found"),
    ],
)
def test_what_cannot_be_asked_gives_a_clear_page_and_a_clear_document(imported, query, status, name):
    response = visit(f"/evidence?{query}")
    assert response.status_code == status
    assert f"Id: {name}" in text(response)
    document = json.loads(visit(f"/evidence.json?{query}").content)
    assert document["type"] == "error"
    assert document["id"] == name


def test_what_people_type_is_never_sql(imported):
    assert visit("/evidence?q='); DROP TABLE fact; --").status_code == 200
    assert visit("/evidence?q=azure&buyer=' OR 1=1").status_code == 404
    assert visit("/evidence.json?q=azure").status_code == 200


def test_a_name_that_is_none_is_answered_with_near_ones(imported):
    html = visit("/evidence?q=a&vendor=RESEL").content.decode()
    assert f'href="/evidence/party/{OTHER}"' in html


# -- an award, a party, the sources -------------------------------------------------------------------------


def test_an_award_has_its_sum_with_measure_and_dates_and_all_its_rows(imported):
    page = text(visit("/evidence/award/EX1"))
    assert "19,705,037.30 USD obligated, 2 rows, 22 June 2017 to 15 June 2018" in page.replace("\u00a0", " ")
    assert "contracts.csv, row 1" in page
    assert "contracts.csv, row 2" in page


def test_awards_that_share_a_number_are_listed_to_choose_from(imported):
    response = visit("/evidence/award/EX3")
    assert response.status_code == 404
    assert len(re.findall(r'href="/evidence/award/[^"]*EX3[^"]*"', response.content.decode())) == 2


def test_a_party_has_charts_with_their_tables(imported):
    html = visit(f"/evidence/party/{SELLER}").content.decode()
    assert html.count('<figure class="chart"') == html.count("<details>") == 2
    assert html.count('role="img"') == 2
    assert 'class="candidate"' in html
    assert "RESELL &amp; SONS" in html
    assert "RESELL & SONS" not in html


def test_a_buyer_has_its_sellers(imported):
    page = text(visit("/evidence/party/US-AGENCY:7012"))
    assert "Who sells to it" in page
    assert "HALCYON" in page


def test_the_sources_say_what_became_of_every_row(imported):
    page = text(visit("/evidence/sources"))
    assert "51 read = 51 kept + 0 not taken + 0 duplicate" in page
    html = visit("/evidence?q=azure").content.decode()
    anchor = re.search(r"/evidence/sources#(f-[0-9a-f]{12})", html)
    assert anchor
    assert f'id="{anchor[1]}"' in visit("/evidence/sources").content.decode()


@pytest.mark.parametrize(
    "path", ["/evidence/party/name:NOBODY:", "/evidence/award/NONE", "/evidence/party/~zz"]
)
def test_what_was_not_imported_is_not_found(imported, path):
    assert visit(path).status_code == 404


@pytest.mark.parametrize("name", ["name:DIGITAL RECEIVER:", "x.json", "a/b~c", "é", "..", "'%s"])
def test_a_name_has_one_spelling_in_an_address(name):
    spelled = addresses.spell(name)
    assert re.fullmatch(addresses.SPELLED, spelled)
    assert addresses.unspell(spelled) == name
    assert addresses.unspell(spelled + "~41") == ""


# -- twins --------------------------------------------------------------------------------------------------


def test_a_csv_runs_no_formula(imported):
    lines = list(csv.DictReader(io.StringIO(visit("/evidence.csv?q=renewal").content.decode())))
    assert lines[0]["description"].startswith("'=AZURE renewal")
    assert lines[0]["amount"] == "10240834.46"
    assert lines[0]["file"] == "contracts.csv"


def test_json_has_whole_cents_and_a_source_for_every_row(imported):
    document = json.loads(visit("/evidence/award/EX1.json").content)
    rows = document["tables"]["modifications"]["rows"]
    assert [row["amount"] for row in rows] == [946_420_284, 1_024_083_446]
    assert [row["sources"][0]["row"] for row in rows] == [1, 2]
    assert document["does_not_show"]


@pytest.mark.parametrize("key", ["years", "buyers", "series", "flows", "vendors", "names"])
def test_every_table_of_a_party_is_a_csv(imported, key):
    response = visit(f"/evidence/party/{SELLER}.csv?table={key}")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert len(response.content.splitlines()) > 1 - (key == "vendors")


def test_an_unknown_table_is_not_found_and_a_page_that_is_none_is_told(imported):
    assert visit(f"/evidence/party/{SELLER}.csv?table=secret").status_code == 404
    assert visit(f"/evidence/party/{SELLER}.csv?page=x").status_code == 400


def test_twins_are_paged(imported, monkeypatch):
    monkeypatch.setattr(twins, "LINES", 1)
    document = json.loads(visit("/evidence/award/EX1.json?page=2").content)
    assert document["tables"]["modifications"]["lines"] == 2
    assert [row["mod"] for row in document["tables"]["modifications"]["rows"]] == ["P00001"]


# -- when it goes wrong -------------------------------------------------------------------------------------


def test_a_question_that_takes_too_long_is_broken_off(imported):
    slow = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
    with pytest.raises(Declined, match="longer"), reading.reading(0.05) as db:
        db.execute(slow).fetchall()
    with reading.reading() as db:
        assert db.execute("SELECT 1").fetchall() == [(1,)]


def test_the_pages_cannot_write_or_read_files(imported):
    with reading.reading() as db:
        for sql in ("DELETE FROM evidence.fact", "COPY (SELECT 1) TO '/tmp/x.csv'", "FROM '/etc/passwd'"):
            with pytest.raises(duckdb.Error):
                db.execute(sql)


def test_the_masthead_links_to_the_evidence_only_where_there_is_some(imported, monkeypatch):
    assert 'href="/evidence"' in visit("/verify").content.decode()
    monkeypatch.setattr(reading, "imported", lambda: False)
    assert 'href="/evidence"' not in visit("/verify").content.decode()


def test_without_anything_imported_the_page_says_how_to_import(imported, monkeypatch):
    monkeypatch.setattr("fronde.site.evidence.views.imported", lambda: False)
    response = visit("/evidence")
    assert response.status_code == 200
    assert "fronde evidence import FILE" in text(response)
    assert visit("/evidence/sources").status_code == 404
    assert json.loads(visit("/evidence.json?q=a").content)["id"] == "evidence-empty"
