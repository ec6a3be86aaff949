# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import email
import email.policy
import hashlib
import re
import secrets
import sys
from email.message import EmailMessage

import pytest
from django.test import Client

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.site import clock
from fronde.site.folder import Folder
from fronde.site.letters.models import Workplace
from fronde.site.members import enrolment
from fronde.site.members.post import Smtp
from fronde.site.members.ways import email_code
from fronde.site.record import store
from fronde.site.signing import slots
from tests.site import issuing
from tests.site.issuing import FEW, HOST, NOW, SLUG

ANNE = "anne.meyer@meridian.example"


@pytest.fixture(autouse=True)
def offered(data, monkeypatch):
    """Two seasons of slots, and a clock that stands still."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    slots.ensure_seasons(NOW)


@pytest.fixture
def browser() -> Client:
    return Client(HTTP_HOST=HOST, HTTP_ORIGIN=issuing.ORIGIN, HTTP_SEC_FETCH_SITE="same-origin")


def post(browser: Client, address: str, body: object, **more):
    data = body if isinstance(body, bytes) else canonical.encode(body)
    return browser.post(f"/w/{SLUG}/{address}", data, content_type="application/json", **more)


def join(browser: Client, mailbox: str = ANNE, challenge: bytes = b"c" * 32, **more):
    body = {"v": 1, "type": "join", "mailbox": mailbox, "challenge": b64u(challenge)}
    return post(browser, "join", body, **more)


def enrol_body(code: str, blinded: dict[bytes, bytes], challenge: bytes = b"c" * 32) -> dict:
    listed = {b64u(key_id): b64u(value) for key_id, value in blinded.items()}
    return {"v": 1, "type": "enrol", "challenge": b64u(challenge), "code": code, "blinded": listed}


def mails(data: Folder) -> list[EmailMessage]:
    email_code.room().post.stop()
    files = data.outbox.glob("*.eml") if data.outbox.exists() else []
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def code(data: Folder, to: str = ANNE) -> str:
    """The code of the one mail to this mailbox; the mail is read and gone."""
    (mail,) = [mail for mail in mails(data) if mail["To"] == to]
    for file in data.outbox.glob("*.eml"):
        file.unlink()
    return code_in(mail)


def code_in(mail: EmailMessage) -> str:
    (found,) = [line for line in lines(mail) if re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", line)]
    return found


def lines(mail: EmailMessage) -> list[str]:
    return mail.get_content().splitlines()


def another(typed: str) -> str:
    return ("1" if typed[0] == "0" else "0") + typed[1:]


def refused(response, status: int) -> str:
    """The id of a well-formed error of this status."""
    assert response.status_code == status, response.content
    error = canonical.decode(response.content)
    assert error.keys() == {"v", "type", "id", "message", "hint"}
    assert response["Cache-Control"] == "no-store"
    return error["id"]


# -- the workplace's twin


def test_the_rule_of_a_workplace_is_public(browser):
    response = browser.get(f"/w/{SLUG}.json")
    assert canonical.decode(response.content) == {
        "v": 1,
        "type": "workplace",
        "id": SLUG,
        "name": "Meridian",
        "rule": {"domains": ["meridian.example"]},
    }
    assert response["Content-Type"] == "application/json"


def test_a_shape_is_part_of_the_rule(browser):
    Workplace.objects.update(shape="first.last")
    rule = canonical.decode(browser.get(f"/w/{SLUG}.json").content)["rule"]
    assert rule == {"domains": ["meridian.example"], "shape": "first.last"}


@pytest.mark.parametrize("address", ["nowhere.json", "nowhere/enrol", "nowhere/join", "Meridian/join"])
def test_a_workplace_that_is_not_there_is_404_before_the_method(browser, address):
    assert browser.get(f"/w/{address}").status_code == 404
    assert browser.post(f"/w/{address}", b"{}", content_type="application/json").status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete", "options", "patch"])
def test_only_post_enrols(browser, method):
    response = getattr(browser, method)(f"/w/{SLUG}/enrol")
    assert response.status_code == 405
    assert response["Allow"] == "POST"


# -- joining


def test_a_mailbox_of_the_workplace_gets_a_mail(browser, data):
    response = join(browser)
    assert (response.status_code, response.content) == (200, b'{"type":"joined","v":1}')
    (mail,) = mails(data)
    assert (mail["To"], mail["From"]) == (ANNE, f"Post room <post@{HOST}>")
    assert HOST in lines(mail)


def test_the_mail_goes_to_the_canonical_form(browser, data):
    join(browser, " Anne.Meyer+letters@MERIDIAN.example")
    assert [mail["To"] for mail in mails(data)] == [ANNE]


def test_the_mail_comes_from_the_configured_sender(browser, data, settings_of_site):
    settings_of_site("FRONDE_MAIL_FROM", "room@mail.example")
    join(browser)
    assert [mail["From"] for mail in mails(data)] == ["Post room <room@mail.example>"]


def test_the_mail_goes_by_smtp_where_a_server_is_named(settings_of_site):
    settings_of_site("FRONDE_SMTP_URL", "smtps://mail.example")
    assert email_code.Room().post._carrier == Smtp("mail.example", 465, "tls")


@pytest.mark.parametrize(
    ("mailbox", "name"),
    [
        ("", "mailbox-form"),
        ("anne", "mailbox-form"),
        ("anne.meyer@elsewhere.example", "mailbox-domain"),
        ("hr@meridian.example", "mailbox-role"),
        ("ann\u0435.meyer@meridian.example", "mailbox-form"),
    ],
)
def test_a_mailbox_that_breaks_the_rule_is_refused_and_gets_no_mail(browser, data, mailbox, name):
    assert refused(join(browser, mailbox), 422) == name
    assert mails(data) == []


def test_the_shape_of_the_workplace_holds(browser):
    Workplace.objects.update(shape="first.last")
    assert refused(join(browser, "ameyer@meridian.example"), 422) == "mailbox-shape"
    assert join(browser).status_code == 200


def test_a_refusal_speaks_the_visitors_language(browser):
    said = canonical.decode(join(browser, "anne@elsewhere.example", HTTP_ACCEPT_LANGUAGE="en").content)
    assert said["hint"] == "It must end in @meridian.example."


def test_a_browser_that_joins_again_and_again_waits(browser, data):
    for _ in range(5):
        assert join(browser).status_code == 200
    response = join(browser)
    assert refused(response, 429) == "too-many"
    assert int(response["Retry-After"]) == 120
    assert len(mails(data)) == 5


def test_everybody_together_waits_when_too_many_join(browser, monkeypatch):
    monkeypatch.setattr(email_code.room(), "everybody", email_code.Limiter(rate=1, burst=1))
    assert join(browser, challenge=b"1" * 32).status_code == 200
    assert refused(join(browser, "bob.roy@meridian.example", b"2" * 32), 429) == "too-many"


def test_a_mailbox_gets_six_mails_and_nobody_is_told(browser, data):
    answers = {join(browser, challenge=bytes([n]) * 32).content for n in range(9)}
    assert answers == {b'{"type":"joined","v":1}'}
    assert len(mails(data)) == 6
    join(browser, "bob.roy@meridian.example", b"x" * 32)
    assert len(mails(data)) == 7


def test_when_no_more_mails_are_sent_the_last_code_stays_good(browser, data, monkeypatch):
    monkeypatch.setattr(email_code.room(), "mailbox", email_code.Limiter(rate=0.001, burst=1))
    join(browser)
    join(browser)
    typed = code(data)
    assert post(browser, "enrol", enrol_body(typed, issuing.blinded())).status_code == 200


def test_too_many_waiting_mails_are_told_to_everybody(browser, monkeypatch):
    monkeypatch.setattr(email_code.room().post, "put", lambda mail: False)
    response = join(browser)
    assert refused(response, 429) == "too-many"
    assert int(response["Retry-After"]) == 30


def test_nobody_is_asked_for_a_code_that_would_be_of_no_use(browser, data):
    (data.members / "pepper").unlink()
    assert refused(join(browser), 503) == "members-lost"
    assert mails(data) == []


def test_joining_looks_and_reads_the_same_for_a_member_and_for_anybody(browser, data):
    join(browser)
    assert post(browser, "enrol", enrol_body(code(data), issuing.blinded())).status_code == 200
    assert enrolment.issued(SLUG, 1) == 1
    join(browser, "warm.up@meridian.example", b"0" * 32)

    def trace(mailbox: str, challenge: bytes):
        lines: list[tuple[str, int]] = []

        def note(frame, event, argument):
            if "/fronde/" not in frame.f_code.co_filename:
                return None
            if event == "line":
                lines.append((frame.f_code.co_filename, frame.f_lineno))
            return note

        before = sys.gettrace()
        sys.settrace(note)
        try:
            response = join(browser, mailbox, challenge)
        finally:
            sys.settrace(before)
        return response.status_code, response.content, dict(response.headers), lines

    member = trace(ANNE, b"m" * 32)
    stranger = trace("bert.meyer@meridian.example", b"s" * 32)
    assert len(member[3]) > 50
    assert member == stranger  # status, bytes, headers, and every line of ours that ran


# -- enrolling


def test_a_code_is_worth_a_signature_for_every_slot(browser, data):
    join(browser)
    asked = issuing.blinded()
    response = post(browser, "enrol", enrol_body(code(data), asked))
    assert response.status_code == 200
    answer = canonical.decode(response.content)
    assert answer.keys() == {"v", "type", "signatures", "held"}
    assert (answer["v"], answer["type"], answer["held"]) == (1, "enrolled", [])
    assert {unb64u(key_id) for key_id in answer["signatures"]} == asked.keys()
    for slot in store.instance().offered(SLUG):
        key = slots.IssuerKey.load(slots.path_of(slot)).public
        signature = int.from_bytes(unb64u(answer["signatures"][b64u(slot.key_id)], 256))
        assert pow(signature, 65537, key.n) == int.from_bytes(asked[slot.key_id])


def test_a_lost_answer_is_given_again(browser, data):
    join(browser)
    body = enrol_body(code(data), issuing.blinded())
    assert post(browser, "enrol", body).content == post(browser, "enrol", body).content
    assert enrolment.issued(SLUG, 1) == 1


def test_a_spent_code_is_not_good_for_other_bytes(browser, data):
    join(browser)
    typed = code(data)
    post(browser, "enrol", enrol_body(typed, issuing.blinded()))
    assert refused(post(browser, "enrol", enrol_body(typed, issuing.blinded())), 403) == "code"


def test_a_second_device_with_other_words_holds_everything(browser, data):
    join(browser)
    post(browser, "enrol", enrol_body(code(data), issuing.blinded()))
    join(browser, challenge=b"d" * 32)
    other = issuing.blinded()
    response = post(browser, "enrol", enrol_body(code(data), other, b"d" * 32))
    answer = canonical.decode(response.content)
    assert answer["signatures"] == {}
    assert answer["held"] == sorted(b64u(key_id) for key_id in other)


def test_five_wrong_codes_spoil_the_right_one(browser, data):
    join(browser)
    typed, asked = code(data), issuing.blinded()
    for _ in range(5):
        assert refused(post(browser, "enrol", enrol_body(another(typed), asked)), 403) == "code"
    assert refused(post(browser, "enrol", enrol_body(typed, asked)), 403) == "code"
    assert enrolment.issued(SLUG, 1) == 0


def test_wrong_and_spent_and_unknown_codes_read_the_same(browser, data):
    join(browser)
    typed, asked = code(data), issuing.blinded()
    wrong = post(browser, "enrol", enrol_body(another(typed), asked)).content
    unknown = post(browser, "enrol", enrol_body(typed, asked, b"u" * 32)).content
    post(browser, "enrol", enrol_body(typed, asked))
    spent = post(browser, "enrol", enrol_body(typed, issuing.blinded())).content
    assert wrong == unknown == spent


def test_the_slots_are_judged_before_the_code_is_tried(browser, data):
    join(browser)
    typed, asked = code(data), issuing.blinded()
    less = dict(list(asked.items())[1:])
    for _ in range(10):
        assert refused(post(browser, "enrol", enrol_body(another(typed), less)), 409) == "offer"
    assert post(browser, "enrol", enrol_body(typed, asked)).status_code == 200


def test_a_code_stays_good_when_the_slots_changed_meanwhile(browser, data, monkeypatch):
    join(browser)
    typed, old = code(data), issuing.blinded()
    monkeypatch.setattr(slots, "SLOTS", FEW + 1)
    slots.ensure_seasons(NOW)
    assert refused(post(browser, "enrol", enrol_body(typed, old)), 409) == "offer"
    assert post(browser, "enrol", enrol_body(typed, issuing.blinded())).status_code == 200


def test_values_are_judged_before_the_slots_and_the_code(browser, data):
    join(browser)
    typed, asked = code(data), issuing.blinded()
    key_id = next(iter(asked))
    for _ in range(10):
        response = post(browser, "enrol", enrol_body(another(typed), {key_id: b"\xff" * 256}))
        assert refused(response, 400) == "not-below-n"
        response = post(browser, "enrol", enrol_body(another(typed), {key_id: bytes(255)}))
        assert refused(response, 400) == "bad-form"
    assert post(browser, "enrol", enrol_body(typed, asked)).status_code == 200


@pytest.mark.parametrize(
    "typed", ["", "1234567", "123456789", "abcdefgh", "ABCD EFG", "ABCD-EFG", "ILOUILOU"]
)
def test_what_cannot_be_a_code_is_not_tried(browser, typed):
    assert refused(post(browser, "enrol", enrol_body(typed, issuing.blinded())), 400) == "bad-form"


def test_issuing_that_has_stopped_spends_no_code(browser, data):
    join(browser)
    typed, asked = code(data), issuing.blinded()
    pepper = (data.members / "pepper").read_bytes()
    (data.members / "pepper").unlink()
    assert refused(post(browser, "enrol", enrol_body(typed, asked)), 503) == "members-lost"
    (data.members / "pepper").write_bytes(pepper)
    assert post(browser, "enrol", enrol_body(typed, asked)).status_code == 200


def test_an_answer_that_is_asked_for_ten_times_waits(browser, data):
    join(browser)
    body = enrol_body(code(data), issuing.blinded())
    for _ in range(10):
        assert post(browser, "enrol", body).status_code == 200
    response = post(browser, "enrol", body)
    assert refused(response, 429) == "too-many"
    assert int(response["Retry-After"]) == 30


def test_more_slots_than_can_be_on_offer_are_refused(browser):
    many = {hashlib.sha256(bytes([n])).digest(): bytes(256) for n in range(161)}
    assert refused(post(browser, "enrol", enrol_body("ABCDEFGH", many)), 400) == "bad-form"


def test_a_hundred_and_sixty_slots_fit_into_a_body():
    many = {secrets.token_bytes(32): secrets.token_bytes(256) for _ in range(160)}
    assert len(canonical.encode(enrol_body("ABCDEFGH", many))) <= 65_536


# -- what holds for both


@pytest.mark.parametrize("address", ["join", "enrol"])
@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
    ],
)
def test_a_page_of_another_site_is_refused_before_anything_is_read(browser, address, headers):
    assert refused(post(browser, address, b"not json", **headers), 403) == "origin"


@pytest.mark.parametrize("address", ["join", "enrol"])
@pytest.mark.parametrize(
    "body",
    [b"{}", b"null", b'{"type":"join","v":2}', b'{"type":"sign","v":1}', b'{"type":"join", "v":1}'],
)
def test_a_body_of_another_form_is_refused(browser, address, body):
    refused(post(browser, address, body), 400)


def test_no_cookie_is_set_and_none_is_read(browser, data):
    first = join(browser)
    browser.cookies["session"] = "x"
    second = join(browser)
    answer = post(browser, "enrol", enrol_body(code_of_last(data), issuing.blinded()))
    for response in (first, second, answer):
        assert response.status_code == 200
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")


def code_of_last(data: Folder) -> str:
    """Of two codes for one challenge the older is wrong, so the newer is the one in memory."""
    typed = [code_in(mail) for mail in mails(data)]
    (pending,) = email_code.room().codes._book.values()
    assert pending.code in typed
    return pending.code


def test_the_outbox_tells_no_time_but_the_day(browser, data):
    join(browser)
    (mail,) = mails(data)
    assert mail["Date"].datetime == NOW.replace(hour=0, minute=0, second=0)
    for file in data.outbox.iterdir():
        assert datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.UTC).year == 2000
