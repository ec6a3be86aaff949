# SPDX-License-Identifier: Apache-2.0
"""The letter's page and its JSON twin; the numbers are made up, everything else is real."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from fronde import canonical
from fronde.site.letters import reading
from tests.site.pages.reader import AUGUST, FEBRUARY, JULY, text, words
from tests.site.shown import ID, NOW, letter, standing, visit


def test_the_count_says_what_it_means(show):
    page = show(one=standing(withdrawn=3))
    response = visit(f"/letters/{ID}")
    assert '<p role="status"><strong class="number">342</strong>' in response.content.decode()
    assert "342 verified colleagues have signed" in page
    assert "8.2 % of a workforce of 4,180" in page
    assert "Annual report 2025, page 12" in page
    assert "within the last twelve months before this letter opened" in page
    assert "3 were withdrawn and are not counted" in page
    assert "870 at most when the letter opened" in page
    assert "What is not proven" in page


def test_french_numbers_are_french(show):
    response = visit(f"/letters/{ID}", language="fr")
    assert "8,2\u00a0% d\u2019un effectif de 4\u00a0180" in unescape(response.content.decode())
    assert "9 avril 2026, 14 h UTC" in text(response)


@pytest.mark.parametrize("count", [5, 24])
def test_a_small_number_is_not_shown(show, count):
    page = show(one=standing(named=4, hidden=count - 4))
    assert "Their number stands here from 25 on" in page
    assert "colleagues whose names are hidden from readers" in page
    assert not re.search(
        rf"\b{count}\b|\b{count - 4} colleague| % of", page.split("Who signed")[0].split("To Ines")[1]
    )


def test_twenty_five_are_shown(show):
    assert "25 verified colleagues have signed" in show(one=standing(named=20, hidden=5))


def test_none_is_never_zero(show):
    page = show(one=standing(named=0, hidden=0))
    assert "This letter is open for signatures" in page
    assert not re.search(r"\b0 ", page)
    assert "Who signed" not in page


@pytest.mark.parametrize(
    ("named", "hidden", "line"),
    [
        (20, 8, "and 8 colleagues whose names are hidden from readers, each verified"),
        (40, 1, "and 1 colleague whose name is hidden from readers, verified"),
        (0, 30, "30 colleagues whose names are hidden from readers, each verified"),
    ],
)
def test_hidden_names_are_a_row_of_their_own(show, named, hidden, line):
    rows = words(visit(f"/letters/{ID}"), "p") if show(one=standing(named=named, hidden=hidden)) else []
    assert line in rows


def test_names_that_do_not_stand_here_are_counted(show):
    assert "and 2 colleagues who signed by name and whose names do not stand here" in show(
        one=standing(not_shown=2)
    )


@pytest.mark.parametrize(
    ("now", "more", "line", "button"),
    [
        (NOW, {}, "have signed", True),
        (FEBRUARY, {"named": 0, "hidden": 0}, "can be signed from 1 March 2026, 09:00 UTC", False),
        (JULY, {}, "are published within the hour", False),
        (JULY, {"closed": True}, "342 verified colleagues signed", False),
        (JULY, {"closed": True, "named": 1, "hidden": 0}, "1 verified colleague signed", False),
        (JULY, {"closed": True, "void": True, "named": 0, "hidden": 0}, "without the five signatures", False),
        (JULY, {"closed": True, "named": 0, "hidden": 0, "withdrawn": 5}, "Everyone who had signed", False),
    ],
    ids=["open", "early", "closing", "closed", "closed with one", "void", "all withdrawn"],
)  # fmt: skip
def test_a_letter_says_where_it_stands(show, now, more, line, button):
    page = show(one=standing(**more), now=now)
    assert line in page
    assert ("Sign this letter" in page) is button


def test_after_the_close_one_can_withdraw_for_a_while(show):
    assert "can withdraw until 30 July 2026, 22:00 UTC" in show(one=standing(closed=True), now=JULY)
    assert "can withdraw" not in show(one=standing(closed=True), now=AUGUST)


def test_without_a_headcount_the_page_says_that_nothing_caps_the_number(show):
    page = show(one=standing(letter(headcount=None)))
    assert "not given, so nothing caps the number" in page
    assert "no headcount is given that would limit it" in page


def test_names_are_searched_and_paged_without_a_script(show):
    assert words(visit(f"/letters/{ID}?page=2"), "li")[-1] != ""
    assert "61 to 120 of 214 names" in text(visit(f"/letters/{ID}?page=2"))
    assert "1 name found." in text(visit(f"/letters/{ID}?q=pERSON+0007"))
    assert "0 names found." in text(visit(f"/letters/{ID}?q=nobody"))
    assert text(visit(f"/letters/{ID}?page=all")).count("Person ") == 214


def test_a_name_cannot_break_out_of_its_line(show):
    bad = "<script>alert(1)</script>"
    show(one=standing(names=((bad, bad),)))
    html = visit(f"/letters/{ID}?q=%3Cscript%3E%22").content.decode()
    html += visit(f"/letters/{ID}").content.decode()
    assert "<script" not in html
    assert "<bdi>&lt;script&gt;" in html


def test_no_text_of_a_letter_is_markup(show):
    bad = '"><img src=x onerror=alert(1)>'
    demand = {"id": "x", "ask": bad, "measure": bad}
    one = letter(title=bad, body=bad, to=[{"name": bad, "office": bad}], demands=[demand])
    show(one=standing(one))
    for path in ("/", f"/letters/{ID}", f"/letters/{ID}/sign"):
        html = visit(path).content.decode()
        assert "<img" not in html
        assert "&lt;img" in html


def test_a_letter_from_right_to_left_says_so(show):
    show(one=standing(letter(lang="ar", title="أخبرونا")))
    html = visit(f"/letters/{ID}").content.decode()
    assert '<h1 lang="ar" dir="rtl">' in html
    assert '<div class="body" lang="ar" dir="rtl">' in html


def test_a_demand_has_an_anchor_a_measure_and_a_day(show):
    html = visit(f"/letters/{ID}").content.decode()
    assert '<li id="demand-1">' in html
    assert 'href="#demand-1"' in html
    assert '<time datetime="2026-09-30">30\u00a0September 2026</time>' in html


def test_the_proof_can_be_had_and_its_key_compared(show):
    html = visit(f"/letters/{ID}").content.decode()
    origin, vkey, fingerprint = reading.instance_identity()
    assert f'href="/letters/{ID}/letter.zip" download' in html
    assert f"fronde verify letter.zip --key {vkey}</code>" in unescape(html)
    assert fingerprint in html
    assert f"<code>{origin}</code>" in html


def test_a_letter_page_weighs_at_most_sixty_kilobytes(show):
    html = visit(f"/letters/{ID}").content.decode()
    files = {link.partition("?")[0] for link in re.findall(r'href="(/static/[^"]+)"', html)}
    assert files == {"/static/fronde.css", "/static/letter.css", "/static/icon.svg"}
    sizes = [len(b"".join(visit(path).streaming_content)) for path in files]
    assert len(html.encode()) + sum(sizes) <= 60_000


def test_the_json_twin_has_the_numbers(show):
    response = visit(f"/letters/{ID}.json")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["Cache-Control"] == "public, max-age=5"
    twin = canonical.decode(response.content)
    one = letter()
    assert response["Content-Type"] == "application/json"
    assert twin == {
        "v": 1, "type": "letter.page", "id": ID, "letter": canonical.b64u(one.digest), "size": 343,
        "counts": {"signatures": 342, "withdrawn": 0, "shown": 214, "not_shown": 0, "hidden": 128},
        "issued": 870, "headcount": 4180, "opens": "2026-03-01T09:00:00Z", "closes": "2026-06-30T22:00:00Z",
        "withdraw_until": "2026-07-30T22:00:00Z", "closed": False, "as_of": "2026-04-09T14:00:00Z",
    }  # fmt: skip


def test_a_twin_without_a_headcount_has_none(show):
    show(one=standing(letter(headcount=None)))
    assert "headcount" not in json.loads(visit(f"/letters/{ID}.json").content)
