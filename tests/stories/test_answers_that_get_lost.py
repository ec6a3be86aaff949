# SPDX-License-Identifier: Apache-2.0
"""The connection breaks at every point where something is sent: nothing is lost, nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Route

from tests.stories.people import Member
from tests.stories.server import SLUG

BROKEN = "net::ERR_"


@contextmanager
def lost(person: Member, path: str, *, arrives: bool) -> Iterator[list[bytes]]:
    """No answer comes to what is posted to `path`, whether it arrives or not. Gives what was posted."""
    posted: list[bytes] = []

    def break_it(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        posted.append(route.request.post_data_buffer or b"")
        if arrives:
            route.fetch()
        route.abort()

    person.page.route(f"**{path}", break_it)
    yield posted
    person.page.unroute(f"**{path}")


def posts(person: Member, path: str, act: Callable[[], None]) -> bytes:
    """What is posted to `path` when this is done."""
    with person.page.expect_request(lambda request: request.method == "POST" and path in request.url) as sent:
        act()
    return sent.value.post_data_buffer or b""


def test_the_answer_with_the_tokens_is_lost_and_asked_for_again(visitors):
    mailbox = "samir.hellgren@meridian.example"
    samir = visitors()
    samir.goes_to_join()

    # Given that not even the mailbox arrives at first
    with lost(samir, "/join", arrives=False):
        samir.village.postman.expect(mailbox)
        samir.type("Work mailbox", mailbox)
        samir.button("Send me a code")
        samir.sees_problem("No answer came", "Try again")
    assert samir.page.get_by_label("Work mailbox").input_value() == mailbox
    samir.button("Send me a code")
    samir.sees_heading("Type the code")

    # When the server gives the tokens, and the answer does not come
    code = samir.reads_the_mail(mailbox)
    with lost(samir, "/enrol", arrives=True) as posted:
        samir.types_the_code(code)
        samir.sees_problem("No answer came", "the same request gets the same answer")
    assert samir.page.get_by_label("Code", exact=True).input_value() == code

    # Then the same bytes bring them, with the same code
    assert posts(samir, "/enrol", lambda: samir.button("Continue")) == posted[0]
    samir.is_in()
    assert not samir.page.get_by_text("tokens were taken before with other words").is_visible()
    samir.accept(BROKEN)


def test_the_receipt_is_lost_and_the_same_signature_is_sent_again(visitors, village):
    letter = village.server.open_letter()
    renee = visitors()
    renee.joins("renee.hellgren@meridian.example")
    renee.goes_to_sign(letter)
    renee.page.get_by_label("With my name", exact=True).check()
    renee.type("Your name, as readers see it", "Renée Hellgren")
    renee.goes_on_to_the_last_page()

    # When the signature arrives, and its receipt does not
    with lost(renee, f"/{letter}/sign", arrives=True) as posted:
        renee.button("Sign now")
        renee.sees_heading("Nobody knows yet whether it arrived")
        renee.sees_problem("No answer came")

    # Then the same bytes are sent again: by the button, or by opening the page
    with lost(renee, f"/{letter}/sign", arrives=False) as again:
        renee.button("Send the same again")
        renee.sees_problem("No answer came")
    assert again == posted
    sent = posts(renee, f"/{letter}/sign", lambda: renee.opens(f"/letters/{letter}/sign"))
    assert sent == posted[0]
    renee.has_signed()
    renee.sees("You signed as Renée Hellgren.")
    renee.accept(BROKEN)

    # Then it counts once
    village.colleagues_sign(letter, 4)
    village.publishes(letter, signatures=5)

    # When the answer to a withdrawal is lost
    renee.page.reload()
    renee.has_signed()
    with lost(renee, f"/{letter}/withdraw", arrives=True):
        renee.button("Withdraw my signature")
        renee.sees_heading("Nobody knows yet whether it arrived")
    renee.button("Send the same again")
    renee.sees_heading("You have withdrawn")
    renee.accept(BROKEN)


def test_a_telephone_without_a_net_loses_nothing(visitors, village):
    letter = village.uncounted
    tariq = visitors()
    tariq.joins("tariq.hellgren@meridian.example")
    tariq.goes_to_sign(letter)
    tariq.goes_on_to_the_last_page()

    # When the net is gone
    tariq.page.context.set_offline(True)
    tariq.button("Sign now")
    tariq.sees_heading("Nobody knows yet whether it arrived")
    tariq.sees_problem("No answer came", "nothing is lost")

    # Then it is enough to press once more when it is back
    tariq.page.context.set_offline(False)
    tariq.button("Send the same again")
    tariq.has_signed()
    tariq.accept(BROKEN)


def test_a_page_whose_log_cannot_be_read_can_try_again(visitors, village):
    letter = village.uncounted
    wanjiru = visitors()
    wanjiru.joins("wanjiru.hellgren@meridian.example")
    wanjiru.page.route("**/log/**", lambda route: route.abort())
    wanjiru.opens(f"/letters/{letter}/sign")
    wanjiru.sees_problem("No answer came", "Try again")
    wanjiru.page.unroute("**/log/**")
    wanjiru.button("Try again")
    wanjiru.sees_heading("How do you want to sign?")
    wanjiru.sees_nothing_wrong()
    wanjiru.accept(BROKEN)


def test_a_server_that_is_too_busy_says_when_to_come_back(visitors, village):
    letter = village.uncounted
    paula = visitors()
    paula.joins("paula.hellgren@meridian.example")
    paula.goes_to_sign(letter)
    paula.goes_on_to_the_last_page()
    headers = {"Retry-After": "40", "Content-Type": "application/json"}
    body = b'{"hint":"Wait.","id":"too-many","message":"Too many.","type":"error","v":1}'
    paula.page.route(f"**/{letter}/sign", lambda route: route.fulfill(status=429, headers=headers, body=body))
    paula.button("Sign now")
    paula.sees_problem("Too many requests at once", "Try again in 40 seconds.")
    paula.page.unroute(f"**/{letter}/sign")
    paula.button("Sign now")
    paula.has_signed()
    paula.accept("status of 429")


def test_somebody_who_gives_up_on_the_mail_can_begin_anew(visitors):
    mailbox = "quentin.hellgren@meridian.example"
    quentin = visitors()
    quentin.goes_to_join()
    quentin.asks_for_a_code("quentin.helgren@meridian.example")  # mistyped: it goes to nobody
    quentin.button("No mail came")
    quentin.asks_for_a_code(mailbox)
    quentin.types_the_code(quentin.reads_the_mail(mailbox))
    quentin.is_in()
    quentin.opens(f"/w/{SLUG}/join")
    quentin.sees("This browser was in already.")
