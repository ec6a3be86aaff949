# SPDX-License-Identifier: Apache-2.0
"""Amina reads the letter on her telephone, joins, signs with her name hidden, and takes it back."""

from __future__ import annotations

MAILBOX = "amina.lindqvist@meridian.example"
# What a person needs, in seconds: a look at the page and a tap, a letter typed, the mail found and opened.
TAP, LETTER, MAIL = 3.5, 0.3, 15
NINETY = 90


def test_amina_signs_with_her_name_hidden_and_withdraws(visitors, village):
    letter = village.letter
    amina = visitors()
    before = village.counts(letter)
    count = before["signatures"] - before["withdrawn"]

    # Given a letter that somebody showed her
    amina.opens(f"/letters/{letter}")
    amina.sees(f"{count} verified colleagues have signed")

    # When she wants to sign it, and has never joined
    amina.link("Sign this letter")
    amina.sees_heading("This browser cannot sign this letter")
    amina.link("Join, or bring your twelve words")
    amina.sees_heading("Your mailbox at work")
    amina.asks_for_a_code(MAILBOX)
    amina.types_the_code(amina.reads_the_mail(MAILBOX))
    amina.is_in()
    amina.sees("one for every letter that is open, and for those to come until")

    # Then she can, with her name hidden, after she has seen who would see what
    amina.link("Go to the letters")
    amina.link("Tell us who uses what we build")
    amina.link("Sign this letter")
    amina.sees_heading("How do you want to sign?")
    amina.button("Show me who would see what")
    amina.sees(f"The count goes from {count} to {count + 1}, together with others")
    amina.button("Continue")
    amina.sees(f"and {before['hidden'] + 1} colleagues whose names are hidden from readers")
    amina.button("Sign now")
    amina.has_signed()
    amina.sees("Your signature is stored")

    # Then all of it took a person less than ninety seconds
    assert (amina.taps, amina.letters) == (10, len(MAILBOX) + 8)
    assert amina.taps * TAP + amina.letters * LETTER + MAIL < NINETY

    # Then it does not stand in the record alone, but with the next group
    assert village.counts(letter) == before
    village.colleagues_sign(letter, 4)
    village.publishes(letter, signatures=before["signatures"] + 5)
    amina.page.reload()
    amina.sees("Your signature is published: this browser has found it in the public record.")
    amina.link("Back to the letter")
    amina.sees(f"{count + 5} verified colleagues have signed")

    # When she withdraws, with one button
    amina.page.go_back()
    amina.sees_heading("You have signed")
    taps = amina.taps
    amina.button("Withdraw my signature")
    amina.sees_heading("You have withdrawn")
    assert amina.taps == taps + 1

    # Then the count goes down with the next group
    village.colleagues_sign(letter, 5)
    village.publishes(letter, signatures=before["signatures"] + 10, withdrawn=before["withdrawn"] + 1)
    amina.page.reload()
    amina.sees("Your withdrawal is published")
    amina.link("Back to the letter")
    amina.sees(f"{count + 9} verified colleagues have signed")
    amina.sees("1 was withdrawn and is not counted")


def test_amina_sees_her_words_and_saves_her_receipt(visitors, village):
    letter = village.uncounted
    amina = visitors()

    # Given that she has joined and signed
    amina.joins("amina.words@meridian.example")
    words = amina.sees_twelve_words()
    assert len(set(words)) > 6
    amina.page.get_by_label("I have written the words down").check()
    amina.signs_hidden(letter)

    # Then a receipt can be saved, under a name that says nothing
    saved = amina.saves(lambda: amina.button("Save the receipt"))
    assert saved.name.startswith("notes-")
    assert b"receipt.txt" in saved.read_bytes()

    # Then the address of the letter can be passed on, and nothing else
    amina.sees(f"{village.server.address}/letters/{letter}")
    amina.page.get_by_role("img", name="QR code with the address of the letter").locator("path").wait_for()

    # When she comes back, the page knows
    amina.opens(f"/letters/{letter}/sign")
    amina.has_signed()
    amina.sees("You signed with your name hidden from readers.")
