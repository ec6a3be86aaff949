# SPDX-License-Identifier: Apache-2.0
"""What readers see, through the whole site; the numbers are made up, everything else is real."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.utils import translation

from fronde.errors import Declined, Stopped
from fronde.site import pages
from fronde.site.letters import reading
from tests import slugs
from tests.site.pages.reader import FEBRUARY, JULY, PAGES, text, words
from tests.site.shown import HOST, ID, NOW, SLUG, letter, standing, visit

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


def templates(path: str) -> set[str]:
    return set(re.findall(r'<template id="problem-([a-z0-9-]+)"', visit(path).content.decode()))


def test_every_refusal_of_a_member_s_request_has_words_on_the_page_that_sends_it(show):
    site = slugs.ROOT / "src" / "fronde" / "site"
    refused = {"join": {"code", "offer"}, "sign": slugs.of(site / "signing" / "accept.py")}
    for name in ("mailbox", "codes", "enrolment"):
        refused["join"] |= slugs.of(site / "members" / f"{name}.py")
    stopped = {"members-lost", "members-old", "members-unwritable", "record-old"}  # status 503
    called_wrongly = {"mail-domains", "mail-shape", "mailbox"}  # by an operator; and a class's own name
    states = {"closed", "spent"}  # of the page that one signs on
    assert refused["join"] - stopped - called_wrongly <= templates(f"/w/{SLUG}/join")
    assert refused["sign"] - states <= templates(f"/letters/{ID}/sign")


@pytest.mark.parametrize("path", [f"/w/{SLUG}/join", f"/letters/{ID}/sign"])
def test_what_has_no_words_of_its_own_has_those_of_its_status_or_of_its_kind(show, path):
    assert {"403", "429", "500", "503", "breach", "other"} <= templates(path)


def sentences(path: str, language: str) -> set[str]:
    """What stands between two tags and has three words or more; no code, and nothing that somebody wrote."""
    html = visit(path, language=language).content.decode()
    html = re.sub(r"(?s)<(code|pre|bdi)\b.*?</\1>|<(?!html)(\w+) [^>]*?\blang=.*?</\2>", "", html)
    attributes = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', html)
    found = {" ".join(part.split()) for part in [*re.split(r"<[^>]*>", html), *attributes]}
    return {part for part in found if len(re.findall("[A-Za-z]{2,}", part)) >= 3}


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_no_sentence_of_a_page_is_the_same_in_both_languages(show, path):
    both = sentences(path, "en") & sentences(path, "fr")
    assert both == set()


# -- who runs it


def run_by(monkeypatch, name: str, contact: str = "") -> None:
    monkeypatch.setattr(settings, "FRONDE_OPERATOR", name)
    monkeypatch.setattr(settings, "FRONDE_CONTACT", contact)


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_every_page_says_who_runs_the_server_if_they_say_so(show, monkeypatch, path):
    run_by(monkeypatch, "Meridian Staff Union", "mailto:fronde@union.example")
    html = visit(path).content.decode()
    link = '<a href="mailto:fronde@union.example"><bdi>fronde@union.example</bdi></a>'
    assert f"This server is run by <bdi>Meridian Staff Union</bdi>, {link}" in html
    assert (
        "Ce serveur est tenu par <bdi>Meridian Staff Union</bdi>"
        in visit(path, language="fr").content.decode()
    )


@pytest.mark.parametrize("path", [*PAGES, "/nothing"])
def test_without_a_name_nothing_is_said(show, monkeypatch, path):
    assert "is run by" not in visit(path).content.decode()
    assert "None" not in text(visit(path)).replace("None yet", "").replace("None that", "")


def test_a_signer_reads_whose_eyes_are_meant(show, monkeypatch):
    sign = f"/letters/{ID}/sign"
    assert "Whoever runs this server" in words(visit(sign), "th")
    run_by(monkeypatch, "The Union", "https://union.example/fronde/")
    assert "The Union , who runs this server" in words(visit(sign), "th")
    assert "The Union , qui tient ce serveur" in words(visit(sign, language="fr"), "th")
    assert "The Union , union.example/fronde" in words(visit("/"), "dd")


def test_a_name_is_a_text_and_no_mark_of_the_page(show, monkeypatch):
    run_by(monkeypatch, "<b>R&D</b>", "https://union.example/?a=1&b='2'")
    for path in (*PAGES, "/nothing"):
        html = visit(path).content.decode()
        assert "<bdi>&lt;b&gt;R&amp;D&lt;/b&gt;</bdi>" in html
        assert 'href="https://union.example/?a=1&amp;b=&#x27;2&#x27;"' in html
        assert "<b>R&D" not in html


def test_what_django_finds_suspicious_is_an_error_page(instance):
    assert pages.bad_request(RequestFactory().get("/")).status_code == 400
    assert pages.forbidden(RequestFactory().get("/")).status_code == 403
