# SPDX-License-Identifier: Apache-2.0
"""What readers see, through the whole site; the numbers are made up, everything else is real."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import translation

from fronde import canonical
from fronde.errors import Declined, Stopped
from fronde.site import clock, pages
from fronde.site.letters import reading
from tests.site import issuing
from tests.site.shown import HOST, ID, NOW, SLUG, letter, standing, visit

FEBRUARY = datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)
JULY = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
AUGUST = datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC)
PAGES = ["/", f"/letters/{ID}", f"/letters/{ID}/sign", f"/w/{SLUG}", f"/w/{SLUG}/join", "/verify"]


@pytest.fixture(scope="module")
def instance(tmp_path_factory) -> Iterator[None]:
    with (
        pytest.MonkeyPatch.context() as patch,
        issuing.instance(tmp_path_factory.mktemp("site") / "data", patch),
    ):
        yield


@pytest.fixture
def show(instance, monkeypatch) -> Callable[..., str]:
    """Shows one letter's page as plain text; `now` and the numbers are the test's."""

    def put(one: reading.Standing, now: datetime.datetime) -> None:
        monkeypatch.setattr(reading, "standing", lambda key: one if key == one.letter.id else None)
        monkeypatch.setattr(reading, "standings", lambda: [one])
        monkeypatch.setattr(reading, "letter", lambda key: one.letter if key == one.letter.id else None)
        monkeypatch.setattr(clock, "now", lambda: now)

    def shown(path: str = f"/letters/{ID}", language: str = "en", **given: Any) -> str:
        put(given.get("one", standing()), given.get("now", NOW))
        return text(visit(path, language=language))

    put(standing(), NOW)
    return shown


def text(response: Any) -> str:
    """The words of a page, one space between them."""
    body = re.sub(r"(?s)<head>.*?</head>", "", response.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def words(response: Any, tag: str) -> list[str]:
    """The text of every element of a kind."""
    found = re.findall(rf"(?s)<{tag}\b[^>]*>(.*?)</{tag}>", response.content.decode())
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found]


# -- every page ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_in_both_languages(show, path, language):
    response = visit(path, language=language)
    html = response.content.decode()
    assert response.status_code == 200
    assert html.startswith(f'<!doctype html>\n<html lang="{language}">')
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    assert not response.cookies
    assert len(words(response, "h1")) == 1
    assert "{%" not in html
    assert "{{" not in html


@pytest.mark.parametrize("path", PAGES)
def test_nothing_stands_inline_and_nothing_comes_from_elsewhere(show, path):
    html = visit(path).content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:|data:", html)
    for tag in re.findall(r"<script[^>]*>|<link[^>]*>", html):
        where = re.search(r'(?:src|href)="([^"]*)"', tag)
        assert where
        assert re.fullmatch(r"/static/[a-z]+\.[a-z]+\?v=[0-9a-f]{16}", where[1])
        assert 'rel="icon"' in tag or re.search(r'integrity="sha384-[A-Za-z0-9+/]{64}"', tag)
    assert re.findall(r"<script[^>]*>(.*?)</script>", html) in ([], [""])


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_called_anonymous(show, path):
    for language in ("en", "fr"):
        assert not re.search("anonym", text(visit(path, language=language)), re.I)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_id_twice_and_every_label_has_its_field(show, path):
    html = visit(path).content.decode()
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    for target in re.findall(r'\b(?:for|aria-labelledby|aria-describedby)="([^"]+)"', html):
        assert set(target.split()) <= set(ids)
    for target in re.findall(r'href="#([^"]+)"', html):
        assert target in ids


@pytest.mark.parametrize("path", PAGES)
def test_links_keep_the_language_that_the_address_names(show, path):
    html = visit(f"{path}?lang=fr", language="en").content.decode()
    assert '<html lang="fr">' in html
    own = [
        link for link in re.findall(r'<a [^>]*?href="(/[^"]*)"', html) if not re.search(r"\.|/policy", link)
    ]
    assert own
    assert all("lang=fr" in link for link in own if "/record/" not in link)
    assert 'href="?lang=en"' in html


@pytest.mark.parametrize("path", [f"/letters/{ID}/sign", f"/w/{SLUG}/join"])
def test_a_members_page_is_never_kept(show, path):
    assert visit(path)["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "command"), [(f"/letters/{ID}/sign", "sign"), (f"/w/{SLUG}/join", "join")])
def test_without_a_script_a_members_page_names_the_command(show, path, command):
    html = visit(path).content.decode()
    target = f"/letters/{ID}" if command == "sign" else f"/w/{SLUG}"
    assert f"fronde {command} https://{HOST}{target}</code>" in html
    for section in re.findall(r'<section class="step" data-in="([^"]+)"[^>]*?( hidden)?>', html):
        assert ("none" in section[0].split()) != bool(section[1])


def test_the_sign_page_has_only_the_modes_of_the_letter(show):
    show(one=standing(letter(rules={"modes": ["hidden"]})), path=f"/letters/{ID}/sign")
    html = visit(f"/letters/{ID}/sign").content.decode()
    assert 'value="hidden" checked' in html
    assert 'value="named"' not in html


# -- the letter ---------------------------------------------------------------------------------------------


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


# -- home and workplace -------------------------------------------------------------------------------------


def test_the_front_page_lists_letters_and_says_what_is_promised(show):
    page = show(path="/")
    assert "Open letters by the people who work at Meridian" in page
    assert "342 signatures Tell us who uses what we build" in page
    assert "What is not promised" in page
    assert "nothing stored joins the two" in page


@pytest.mark.parametrize(
    ("more", "now", "line"),
    [
        ({}, NOW, "Open until 30 June 2026, 22:00 UTC."),
        ({"named": 5, "hidden": 0}, NOW, "The number is shown from 25 signatures on."),
        ({}, FEBRUARY, "Opens on 1 March 2026, 09:00 UTC."),
        ({"closed": True}, JULY, "Closed."),
        ({"closed": True, "void": True, "named": 0, "hidden": 0}, JULY, "Closed without the five signatures"),
    ],
)
def test_a_list_says_where_each_letter_stands(show, more, now, line):
    assert line in show(path="/", one=standing(**more), now=now)
    assert line in show(path=f"/w/{SLUG}", one=standing(**more), now=now)


def test_without_letters_the_pages_propose_to_join_on_a_quiet_day(show, monkeypatch):
    monkeypatch.setattr(reading, "standings", list)
    for path in ("/", f"/w/{SLUG}"):
        assert "No letter is open yet." in text(visit(path))


def test_an_instance_without_a_workplace_says_how_to_add_one(show, monkeypatch):
    monkeypatch.setattr(reading, "workplaces", list)
    page = text(visit("/"))
    assert "fronde workplace add" in page
    assert "Join with your work mailbox" not in page


# -- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/nothing", "/letters/aaaaaaaaaaaaaaaa", "/w/other", "/w/other/join", "/verify/"]
)
def test_an_error_is_one_sentence_one_next_step_and_an_id(show, path):
    response = visit(path)
    page = text(response)
    assert response.status_code == 404
    assert response["Cache-Control"] == "no-store"
    assert "There is no such page" in page
    assert "Id: not-found" in page


def test_an_address_that_only_takes_posts_says_so_to_a_reader(show):
    response = visit(f"/w/{SLUG}/enrol")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "Id: method" in text(response)


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (RuntimeError("secret"), 500, "internal"),
        (Stopped("The disk is full."), 503, "stopped"),
        (Declined("Too many.", status=429, name="too-many"), 429, "too-many"),
        (Declined("Odd.", status=418, name="odd"), 418, "odd"),
    ],
)
def test_a_page_that_breaks_is_a_page_and_tells_nothing(show, monkeypatch, error, status, name):
    def broken() -> Any:
        raise error

    monkeypatch.setattr(reading, "standings", broken)
    response = visit("/")
    assert response.status_code == status
    assert f"Id: {name}" in text(response)
    assert "secret" not in text(response)


@pytest.mark.parametrize("status", sorted(pages.ERRORS))
def test_every_error_is_said_in_both_languages(instance, status):
    request = RequestFactory().get("/")
    said = []
    for language in ("en", "fr"):
        with translation.override(language):
            said.append(text(pages.error_page(request, status)))
    assert said[0] != said[1]
    assert pages.ERRORS[status].name in said[0]


def test_what_django_finds_suspicious_is_an_error_page(instance):
    assert pages.bad_request(RequestFactory().get("/")).status_code == 400
    assert pages.forbidden(RequestFactory().get("/")).status_code == 403
