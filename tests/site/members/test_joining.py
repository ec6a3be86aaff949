# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import sys

import pytest

from fronde import canonical
from fronde.site.letters.models import Workplace
from fronde.site.members import enrolment
from fronde.site.members.post import Smtp
from fronde.site.members.ways import email_code
from tests.site import issuing
from tests.site.issuing import HOST, NOW, SLUG
from tests.site.members.desk import (
    ANNE,
    code,
    code_of_last,
    enrol_body,
    join,
    lines,
    mails,
    post,
    refused,
)

pytestmark = pytest.mark.usefixtures("offered")


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


def test_the_mail_does_not_say_who_runs_the_server(browser, data, settings_of_site):
    join(browser)
    settings_of_site("FRONDE_OPERATOR", "The Union")
    settings_of_site("FRONDE_CONTACT", "https://union.example")
    join(browser, mailbox="bea.otieno@meridian.example")
    for mail in mails(data):
        assert "union" not in mail.as_string().lower()


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


def test_the_outbox_tells_no_time_but_the_day(browser, data):
    join(browser)
    (mail,) = mails(data)
    assert mail["Date"].datetime == NOW.replace(hour=0, minute=0, second=0)
    for file in data.outbox.iterdir():
        assert datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.UTC).year == 2000
