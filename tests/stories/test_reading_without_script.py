# SPDX-License-Identifier: Apache-2.0
"""Beatriz reads everything without JavaScript, and is shown the command line where it takes a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.stories.server import SLUG

TITLE = "Tell us who uses what we build"
PROVEN = "The count, and what it proves"


@pytest.fixture
def beatriz(visitors):
    return visitors(java_script_enabled=False)


def test_beatriz_reads_a_letter_from_the_front_page_on(beatriz, village):
    # Given the front page, she finds the letter and what is promised
    beatriz.opens("/")
    beatriz.sees_heading("Open letters by the people who work at Meridian Systems")
    beatriz.sees_heading("What is not promised")
    beatriz.link(TITLE)

    # Then she reads it in the order in which it is meant
    beatriz.sees_heading(TITLE)
    parts = beatriz.page.locator("article :is(h1, h2)").all_inner_texts()
    assert parts == [TITLE, "What we ask", "The letter", PROVEN, "Who signed", "Check it yourself"]
    beatriz.sees("Stop selling Meridian Archive to agencies that detain families")
    beatriz.sees("Dear Ines, dear members of the board")
    beatriz.sees("That a name is its signer’s: a name is what its signer typed.")

    # Then what the letter cites stands beside its paragraph: the figure, its source, what it does not show
    note = beatriz.page.get_by_label("Sources of this paragraph")
    beatriz.page.get_by_role("link", name="Source 1").click()
    assert beatriz.page.url.endswith("#source-1")
    expect(note).to_contain_text("19,705,037.30\u00a0USD obligated, 22\u00a0June 2017")
    expect(note).to_contain_text("Nearest record; no award id found.")
    expect(note.get_by_role("link", name="The public record")).to_have_attribute(
        "href", re.compile(r"^https://www\.usaspending\.gov/award/")
    )
    expect(note).to_contain_text("It does not show what was delivered or what it is used for")

    # Then the names can be searched and demands have addresses of their own
    name = next(iter(beatriz.names()))
    beatriz.page.get_by_role("searchbox").fill(name.split()[-1].upper())
    beatriz.button("Search")
    assert name in beatriz.names()
    beatriz.sees("found.")
    beatriz.page.get_by_role("searchbox").fill("nobody of this name")
    beatriz.button("Search")
    beatriz.sees("0 names found.")
    beatriz.link("Show all")
    beatriz.page.get_by_role("link", name="Demand 2").click()
    assert beatriz.page.url.endswith("#demand-2")


def test_pages_that_need_their_script_say_so_and_show_the_command(beatriz, village):
    address = village.server.address
    for path, command in {
        f"/letters/{village.letter}/sign": f"fronde sign {address}/letters/{village.letter}",
        f"/w/{SLUG}/join": f"fronde join {address}/w/{SLUG}",
        "/verify": "pip install fronde\nfronde verify letter.zip --key KEY",
    }.items():
        beatriz.opens(path)
        beatriz.sees_heading("This page needs its script")
        expect(beatriz.page.locator("pre").filter(visible=True)).to_have_text(command)
        # Then no button or field stands there that would do nothing
        assert beatriz.page.locator("button, input, textarea").filter(visible=True).count() == 0


def test_the_letter_is_in_french_for_who_reads_french(beatriz, village, visitors):
    beatriz.opens(f"/letters/{village.letter}")
    beatriz.link("Français")
    beatriz.sees_heading("Ce que nous demandons")
    beatriz.link("Vérifier")
    beatriz.sees_heading("Comptez les signatures vous-même")  # the choice goes along
    luc = visitors(locale="fr-CA", java_script_enabled=False)
    luc.opens("/")
    luc.sees("Lettres ouvertes de celles et ceux qui travaillent chez Meridian Systems")


def test_the_letter_is_a_letter_on_paper(visitors, village):
    printed = visitors()
    printed.opens(f"/letters/{village.letter}?page=all")
    printed.page.emulate_media(media="print")
    seen = printed.page.locator("main").inner_text()
    assert "The letter and its proof: " in seen
    assert "Dear Ines" in seen
    for screen in ("Sign this letter", "Search", "Skip to the content", "Next"):
        assert screen not in seen
    assert len(printed.names()) == village.counts(village.letter)["shown"]


def test_an_address_that_is_wrong_says_what_to_do(beatriz):
    beatriz.opens("/letters/aaaaaaaaaaaaaaaa")
    beatriz.sees_heading("There is no such page")
    beatriz.sees("Compare it letter by letter with where you found it")
    beatriz.link("To the front page")
    beatriz.sees_heading("Letters")
    beatriz.accept("status of 404")
