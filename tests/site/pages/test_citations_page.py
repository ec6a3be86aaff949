# SPDX-License-Identifier: Apache-2.0
"""What a letter cites stands beside the paragraph that marks it; all of it are words of other people."""

from __future__ import annotations

import re
from html import unescape

from fronde.citation import MEASURES, Citation
from fronde.site.letters import citations
from tests.citations import NEAREST, RECORD, changed
from tests.site.pages.reader import text
from tests.site.test_markdown import Seen
from tests.site.village import Village, client

CITED = {"award": Citation.make(NEAREST), "frame": Citation.make(RECORD)}
EVIL = '"><script>alert(1)</script><b onclick=x>\u202e[x](https://evil.example)'


EVIL_ROWS = [row | dict.fromkeys(("award", "buyer", "vendor", "quote"), EVIL) for row in NEAREST["rows"]]


def page(village: Village, language: str = "en", **cited: Citation) -> str:
    letter = village.open(cited=cited or CITED)
    return client().get(f"/letters/{letter.id}?lang={language}").content.decode()


def notes(html: str) -> list[str]:
    """The words of each note."""
    found = re.findall(r'(?s)<div id="source-\d+">(.*?)</div>', html)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", each)).replace("\xa0", " ").split()) for each in found]


def test_a_note_says_figure_measure_dates_source_digest_and_what_it_does_not_show(village: Village):
    award, frame = notes(page(village))
    for words in (
        "1 What award says.",
        "19,705,037.30 USD obligated, 22 June 2017 \u2013 15 June 2018 , 2 rows",
        "Nearest record; no award id found. No record gives the reported figure: 19,400,000.00 USD",
        "“ a contract of 19.4 million dollars ”",
        "Award HSCETE17J00341 · seller DELL FEDERAL SYSTEMS L.P. · buyer U.S. IMMIGRATION AND CUSTOMS",
        "The public record",
        "USAspending.gov , the file ice_contracts.csv , retrieved 1 July 2018, public domain",
        "sha256 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f 1011 1213 1415 1617 1819 1a1b 1c1d 1e1f",
        "It does not show what was delivered or what it is used for, nor that no other record belongs to it.",
    ):
        assert words in award
    assert "2 What frame says. \u221212.50 EUR award value, 1 March 2024 , 1 row" in frame
    assert "Nearest" not in frame
    assert "The public record" not in frame


def test_a_note_in_french_has_french_figures_and_dates(village: Village):
    award, frame = notes(page(village, "fr"))
    assert "19 705 037,30 USD engagés, 22 juin 2017 \u2013 15 juin 2018 , 2 lignes" in award
    assert "aucun numéro de marché trouvé." in award
    assert "« a contract of 19.4 million dollars »" in award
    assert "\u221212,50 EUR valeur du marché, 1er mars 2024 , 1 ligne" in frame


def test_a_mark_is_a_link_to_its_note_and_back(village: Village):
    html = page(village)
    assert re.search(
        r'says\.<a class="ref" href="#source-1" id="ref-1" aria-label="Source 1">1</a></p>', html
    )
    assert 'href="#ref-1"' in html
    assert "[^" not in html
    assert 'href="/letters/' in html
    assert re.search(r'href="/letters/[a-z2-7]{16}/evidence/award\.json"', html)
    assert NEAREST["rows"][1]["url"] in html
    assert "It cites 2 public sources." in html


def test_nothing_in_a_citation_can_become_markup(village: Village):
    evil = Citation.make(
        changed(
            NEAREST,
            rows=[
                row | {"award": EVIL, "buyer": EVIL, "vendor": EVIL, "quote": EVIL} for row in NEAREST["rows"]
            ],
            filters={"measure": "obligated", "currency": "USD"},
            reported__says=EVIL,
            files__0__name=EVIL,
            files__0__publisher=EVIL,
            files__0__licence=EVIL,
            files__0__url="https://a.example/'onmouseover=alert(1)//",
        )
    )
    plain, html = page(village, frame=CITED["frame"]), page(village, award=evil)
    seen = Seen(html)
    assert "<script>alert" not in html
    assert seen.tags <= Seen(plain).tags | {"b"}
    assert not [name for _, name, _ in seen.attributes if name.startswith("on")]
    assert not [value for _, name, value in seen.attributes if name == "href" and "evil" in (value or "")]
    assert unescape(html).count("alert(1)") >= 6


def test_a_letter_without_citations_is_the_page_it_was(village: Village):
    letter = village.open()
    html = client().get(f"/letters/{letter.id}").content.decode()
    for word in ("notes", "cited", "ref", "It cites"):
        assert f'"{word}"' not in html
        assert "It cites" not in html


def test_many_sellers_do_not_fill_the_side(village: Village):
    rows = [NEAREST["rows"][0] | {"row": n, "vendor": f"Seller {n}", "cents": 1} for n in range(1, 6)]
    figure = NEAREST["figure"] | {"cents": 5, "rows": 5, "to": "2017-06-22"}
    (note,) = notes(page(village, many=Citation.make(changed(NEAREST, rows=rows, figure=figure))))
    assert "Seller 1" not in note
    assert "5 rows" in note


def test_every_measure_has_a_word():
    assert citations.MEASURES.keys() == set(MEASURES)


def test_the_page_to_sign_on_and_the_list_still_work(village: Village):
    letter = village.open(cited=CITED)
    assert client().get(f"/letters/{letter.id}/sign").status_code == 200
    assert "Cancel the contract" in text(client().get("/"))
