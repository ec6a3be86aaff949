# SPDX-License-Identifier: Apache-2.0
"""Tomás changes his telephone: words or a file bring everything back, and the old one forgets.  # spec: 4"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.stories.people import NOTHING, Member

WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def brings_back_the_words(person: Member, words: str) -> None:
    """On the page where one joins."""
    person.button("I have twelve words or a file")
    person.sees_heading("Your twelve words, or your file")
    person.type("Twelve words", words)
    person.button("Bring them back")


def test_twelve_words_bring_everything_back(visitors, village):
    mailbox, letter = "tomas.etxarri@meridian.example", village.server.open_letter()
    before = visitors()
    before.joins(mailbox)
    words = before.sees_twelve_words()
    before.signs_hidden(letter)

    # Given another telephone, and the words on paper, typed in capitals over two lines
    tomas = visitors()
    tomas.goes_to_join()
    brings_back_the_words(tomas, " \n ".join([" ".join(words[:6]).upper(), " ".join(words[6:])]))
    tomas.state("start")
    tomas.sees("Your words are in this browser now.")
    tomas.asks_for_a_code(mailbox)
    tomas.types_the_code(tomas.reads_the_mail(mailbox))

    # Then he holds the same tokens, none of which were taken by somebody else
    tomas.is_in()
    assert not tomas.page.get_by_text("tokens were taken before with other words").is_visible()
    assert tomas.sees_twelve_words() == words

    # When he signs the same letter once more, without knowing
    tomas.goes_to_sign(letter)
    tomas.goes_on_to_the_last_page()
    tomas.button("Sign now")
    tomas.has_signed()  # the same content: the same receipt, and one signature

    # Then it was counted once
    village.colleagues_sign(letter, 4)
    village.publishes(letter, signatures=5)
    for each in (before, tomas):
        each.opens(f"/letters/{letter}/sign")
        each.sees("Your signature is published")


def test_somebody_who_signed_otherwise_before_is_shown_the_signature_of_then(visitors, village):
    mailbox, letter = "petra.almgren@meridian.example", village.server.open_letter()
    before = visitors()
    before.joins(mailbox)
    words = " ".join(before.sees_twelve_words())
    before.signs_hidden(letter)

    # Given that she signs by name on another device, with the same words
    petra = visitors()
    petra.goes_to_join()
    brings_back_the_words(petra, words)
    petra.state("start")
    petra.joins(mailbox)
    petra.goes_to_sign(letter)
    petra.page.get_by_label("With my name", exact=True).check()
    petra.type("Your name, as readers see it", "Petra Almgren")
    petra.goes_on_to_the_last_page()
    petra.button("Sign now")

    # Then she is told, and cannot find it before it is published
    petra.sees_heading("You have signed this letter already")
    petra.accept("the server responded with a status of 409")
    petra.button("Find it in the record")
    petra.sees_problem("Nothing of yours stands in the record", "look again tomorrow")

    # Then, when it is, she finds it and can withdraw it from here
    village.colleagues_sign(letter, 4)
    village.publishes(letter, signatures=5)
    petra.opens(f"/letters/{letter}/sign")
    petra.sees_heading("How do you want to sign?")
    petra.button("I have signed it already, on another device")
    petra.sees_heading("You have signed")
    petra.sees("Your signature is published")
    petra.button("Withdraw my signature")
    petra.sees_heading("You have withdrawn")


def test_a_file_brings_everything_back_here_and_on_the_command_line(visitors, village, tmp_path):
    letter = village.uncounted
    before = visitors()
    before.joins("keiko.hasenfratz@meridian.example")
    before.signs_hidden(letter)
    before.opens("/w/meridian/join")
    before.sees("This browser was in already.")

    # Given the file that was saved on the old device, and the code that a camera would read
    saved = before.saves(lambda: before.button("Save them as a file"))
    assert saved.name.startswith("keep-")
    before.button("Show them as a QR code")
    drawn = before.page.get_by_role("img", name="QR code that holds your twelve words")
    drawn.locator("path").wait_for()

    # When it is chosen on another one
    keiko = visitors()
    keiko.goes_to_join()
    keiko.button("I have twelve words or a file")
    keiko.page.get_by_label("Or the file that you saved").set_input_files(saved)
    keiko.button("Bring them back")

    # Then the tokens are there without a mail, and the letter is known to be signed
    keiko.state("in")
    keiko.sees("This browser was in already.")
    keiko.opens(f"/letters/{letter}/sign")
    keiko.has_signed()

    # Then the command line reads the same file
    said = look(f"{village.server.address}/letters/{letter}", saved)
    assert "sign" in said


def look(address: str, keep: object) -> str:
    """What `fronde look` says of a letter."""
    command = [sys.executable, "-m", "fronde.cli.main", "look", address, "--keep", str(keep)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "typed",
    ["", "one two three", "abandon " * 12, "abandon " * 11 + "abundant", "abandon " * 11 + "about again"],
    ids=["nothing", "three", "no checksum", "another word", "thirteen"],
)
def test_words_that_are_not_hers_are_said_to_be_wrong(visitors, typed):
    lea = visitors()
    lea.goes_to_join()
    brings_back_the_words(lea, typed)
    if typed:
        lea.sees_problem("These are not twelve words of the list", "Compare them with your paper")
        assert (
            lea.page.get_by_label("Twelve words", exact=True).input_value() == typed
        )  # nothing has to be typed again
    else:
        lea.sees_problem(
            "This file was not saved by this page", "Choose the file whose name begins with keep-"
        )


def test_other_words_do_not_push_out_the_ones_that_have_signed(visitors):
    sanna = visitors()
    sanna.joins("sanna.gjedrem@meridian.example")
    sanna.button("Ask for the tokens of this half year")
    brings_back_the_words(sanna, WORDS)
    sanna.sees_problem("This browser holds other words", "Forget this device first")


def test_somebody_who_joins_again_without_the_words_is_told_where_the_tokens_are(visitors, village):
    mailbox, letter = "bronagh.hellgren@meridian.example", village.uncounted
    before = visitors()
    before.joins(mailbox)
    words = " ".join(before.sees_twelve_words())

    # Given another device, and no paper at hand
    bronagh = visitors()
    bronagh.goes_to_join()
    bronagh.asks_for_a_code(mailbox)
    bronagh.types_the_code(bronagh.reads_the_mail(mailbox))
    bronagh.state("in")
    bronagh.sees("But this browser holds no token")
    bronagh.opens(f"/letters/{letter}/sign")
    bronagh.sees_heading("This browser cannot sign this letter")
    bronagh.sees("or the token went to other words of yours")

    # When she finds the paper
    bronagh.opens("/w/meridian/join")
    bronagh.state("start")
    brings_back_the_words(bronagh, words)
    bronagh.asks_for_a_code(mailbox)
    bronagh.types_the_code(bronagh.reads_the_mail(mailbox))
    bronagh.is_in()
    bronagh.signs_hidden(letter)


def test_a_device_that_forgets_keeps_nothing(visitors, village):
    letter = village.uncounted
    yusuf = visitors()
    yusuf.joins("yusuf.oduyale@meridian.example")
    yusuf.signs_hidden(letter)
    assert yusuf.holds() != NOTHING

    # Given that he changes his mind once
    yusuf.link("Your words, and forgetting this device")
    yusuf.state("in")
    yusuf.sees_twelve_words()
    yusuf.button("Forget this device")
    yusuf.sees("This cannot be taken back")
    yusuf.button("Keep it")
    yusuf.sees_heading("You are in")

    # When he does it
    yusuf.button("Forget this device")
    yusuf.button("Forget everything")

    # Then nothing is left, not even the words on the screen
    yusuf.sees_heading("Everything is removed")
    yusuf.holds_nothing()
    assert yusuf.page.locator("#words li").count() == 0
    yusuf.opens(f"/letters/{letter}/sign")
    yusuf.sees_heading("This browser cannot sign this letter")
