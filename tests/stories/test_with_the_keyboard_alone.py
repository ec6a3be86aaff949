# SPDX-License-Identifier: Apache-2.0
"""Sanna uses no mouse: each page begins at its heading, and she sees where she is."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.stories.people import Member

NAME = "Sanna Hellgren"
RING = "one => getComputedStyle(one).outlineStyle !== 'none' && one.matches(':focus-visible')"


def tabs_to(person: Member, role: str, name: str, most: int = 12) -> None:
    """Presses the key until this has the focus, visibly."""
    wanted = person.page.get_by_role(role, name=name, exact=True).filter(visible=True)
    for _ in range(most):
        person.page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            assert wanted.evaluate(RING)
            return
    raise AssertionError(f"{name} was not reached")


def begins_at(person: Member, heading: str) -> None:
    expect(person.page.get_by_role("heading", name=heading, exact=True)).to_be_focused()


def test_sanna_joins_and_signs_by_keyboard(visitors, village):
    sanna, mailbox = visitors(), "sanna.hellgren@meridian.example"
    keyboard = sanna.page.keyboard

    # Given the page where one joins: the first key leads past the masthead
    sanna.opens("/w/meridian/join")
    begins_at(sanna, "Your mailbox at work")
    tabs_to(sanna, "textbox", "Work mailbox")
    village.postman.expect(mailbox)
    keyboard.insert_text(mailbox)
    keyboard.press("Enter")
    begins_at(sanna, "Type the code")
    tabs_to(sanna, "textbox", "Code")
    keyboard.insert_text("WRONG")
    keyboard.press("Enter")
    begins_at(sanna, "The code is not complete")
    tabs_to(sanna, "link", "Type all eight characters of the code", most=1)
    keyboard.press("Enter")
    expect(sanna.page.get_by_label("Code", exact=True)).to_be_focused()
    keyboard.press("Control+a")
    keyboard.insert_text(sanna.reads_the_mail(mailbox))
    keyboard.press("Enter")
    begins_at(sanna, "You are in")

    # When she signs by name
    sanna.opens(f"/letters/{village.uncounted}/sign")
    begins_at(sanna, "How do you want to sign?")
    tabs_to(sanna, "radio", "With my name hidden from readers")
    keyboard.press("ArrowUp")
    tabs_to(sanna, "textbox", "Your name, as readers see it", most=1)
    keyboard.insert_text(NAME)
    keyboard.press("Enter")
    begins_at(sanna, "Who would see what")
    tabs_to(sanna, "button", "Continue", most=1)
    keyboard.press("Enter")
    begins_at(sanna, "Check before you sign")
    tabs_to(sanna, "button", "Sign now", most=2)
    keyboard.press("Enter")

    # Then it is done, and the page says so where she is
    begins_at(sanna, "You have signed")
    sanna.sees(f"You signed as {NAME}.")
    tabs_to(sanna, "button", "Withdraw my signature", most=3)
