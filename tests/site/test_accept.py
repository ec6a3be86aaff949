# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.http import Http404

from fronde import canonical
from fronde.record import note
from fronde.record.entry import parse_letter
from fronde.record.tree import leaf_hash
from fronde.signature import publish_by, receipt_text
from fronde.site.letters.models import Workplace
from fronde.site.record import pool, publish, writer
from fronde.site.signing import accept, sequence
from tests.site.village import Village, client, post


def said(answer) -> tuple[int, str]:
    body = canonical.decode(answer.content)
    assert set(body) == {"v", "type", "id", "message", "hint"}
    assert body["type"] == "error"
    return answer.status_code, body["id"]


def receipt_key(village: Village, letter) -> note.Key:
    return note.Key.parse(village.entries(letter)[0]["receipt_key"])


# -- receipts


def test_a_signature_is_answered_with_a_receipt_for_its_leaf(village: Village):
    letter = village.open()
    body = village.members(1)[0].sign(letter)
    answer = village.post(letter, "sign", body)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    text = note.open_note(answer.content, receipt_key(village, letter), exactly_one=True)
    leaf = leaf_hash(canonical.encode(body["entry"]))
    assert text == receipt_text(letter.origin, leaf, publish_by(letter, "sign"))


def test_the_same_content_gives_the_same_receipt_before_and_after_publication_close_and_withdrawal(village):
    letter = village.open()
    members = village.members(12)
    bodies = [member.sign(letter, name="Grace Example") for member in members[:6]]
    first = village.post(letter, "sign", bodies[0]).content
    for body in bodies[1:]:
        village.post(letter, "sign", body)
    assert village.post(letter, "sign", bodies[0]).content == first
    village.step()
    assert village.post(letter, "sign", bodies[0]).content == first
    back = village.withdraw(letter, members[0])
    assert village.post(letter, "sign", bodies[0]).content == first
    assert village.counts(letter)["shown"] == 5  # the repeat does not bring the name back
    sequence.close_letter(letter.id)
    village.now = letter.withdraw_until + datetime.timedelta(days=1)
    village.step()
    assert village.post(letter, "sign", bodies[0]).content == first
    assert village.withdraw(letter, members[0]) == back
    assert village.counts(letter)["shown"] == 5


def test_a_withdrawal_has_a_receipt_of_its_own(village: Village):
    letter = village.open()
    member = village.members(1)[0]
    village.sign(letter, member)
    body = member.withdraw(letter)
    answer = village.post(letter, "withdraw", body)
    text = note.open_note(answer.content, receipt_key(village, letter), exactly_one=True)
    leaf = leaf_hash(canonical.encode(body["entry"]))
    assert text == receipt_text(letter.origin, leaf, publish_by(letter, "withdraw"))


# -- the headcount


def test_no_more_sign_than_work_there_so_that_one_too_many_does_not_spoil_the_record(village: Village):
    members = village.members(9)  # as with a stolen key: more tokens than the letter has people
    Workplace.objects.update(headcount=7)
    letter = village.open()
    for member in members[:5]:
        village.sign(letter, member)
    village.step()
    village.withdraw(letter, members[0])  # gives no place back
    accept._taken().clear()  # the server was started again
    for member in members[5:7]:
        village.sign(letter, member)
    for member in members[7:]:
        assert said(village.post(letter, "sign", member.sign(letter))) == (410, "full")
    assert village.post(letter, "sign", members[6].sign(letter)).status_code == 200  # a repeat
    sequence.close_letter(letter.id)
    report = village.verify(letter)
    assert report.failure is None
    assert report.counts["signatures"] == 7


def test_without_a_headcount_nothing_caps_the_signatures(village: Village):
    Workplace.objects.update(headcount=None, headcount_source="")
    letter = village.open()
    for member in village.members(6):
        village.sign(letter, member)
    sequence.close_letter(letter.id)
    assert village.verify(letter).counts["signatures"] == 6


def test_a_signature_that_came_to_nothing_takes_no_place(village: Village, monkeypatch):
    Workplace.objects.update(headcount=5)
    letter = village.open()
    members = village.members(5)
    with monkeypatch.context() as patch:
        patch.setattr(pool, "add", lambda *_, **__: 1 // 0)
        for member in members:
            assert village.post(letter, "sign", member.sign(letter)).status_code == 500
    for member in members:
        village.sign(letter, member)


# -- what is refused


def change(body, **fields):
    return {**body, "entry": {**body["entry"], **fields}}


def test_what_the_verifier_would_refuse_is_refused(village: Village):
    letter, other = village.open(), village.open()
    member, stranger = village.members(2)
    good = member.sign(letter)
    named = member.sign(letter, name="Grace Example")
    foreign = member.sign(other)
    opening = {**named["opening"], "shown": {"name": "Somebody Else"}}
    cases = {
        "other-letter": foreign,
        "bad-signature": change(good, sig=stranger.sign(letter)["entry"]["sig"]),
        "bad-token": change(good, tokens=stranger.sign(letter)["entry"]["tokens"]),
        "bad-opening": {**named, "opening": opening},
        "newer": change(good, type="deliver"),
        "bad-form": change(good, tokens=[]) | {"opening": named["opening"]},
    }
    found = {name: said(village.post(letter, "sign", body)) for name, body in cases.items()}
    assert {status for status, _ in found.values()} == {422}
    assert found["other-letter"][1] == "other-letter"
    assert found["bad-signature"][1] == "bad-signature"
    assert found["newer"][1] == "newer"
    assert pool.count_waiting(letter.id, withdraw=False) == 0


def test_a_blank_name_is_refused(village: Village, monkeypatch):
    letter = village.open()
    (member,) = village.members(1)
    monkeypatch.setattr("tests.site.village.shown_of", lambda name, note: {"name": name})
    assert said(village.post(letter, "sign", member.sign(letter, name="\u3164"))) == (422, "bad-form")


def test_an_opening_belongs_to_a_named_sign_and_to_nothing_else(village: Village):
    letter = village.open()
    member = village.members(1)[0]
    hidden, named = member.sign(letter), member.sign(letter, name="Grace Example")
    opening = named.pop("opening")
    assert said(village.post(letter, "sign", named)) == (422, "bad-form")
    assert said(village.post(letter, "sign", {**hidden, "opening": opening})) == (422, "bad-form")
    village.sign(letter, member)
    back = {**member.withdraw(letter), "opening": opening}
    assert said(village.post(letter, "withdraw", back)) == (422, "bad-form")


def test_each_address_takes_its_own_kind(village: Village):
    letter = village.open()
    member = village.members(1)[0]
    assert said(village.post(letter, "withdraw", member.sign(letter))) == (422, "bad-form")
    assert said(village.post(letter, "sign", member.withdraw(letter))) == (422, "bad-form")


def test_a_key_signs_once(village: Village):
    letter = village.open()
    member = village.members(1)[0]
    village.sign(letter, member)
    assert said(village.post(letter, "sign", member.sign(letter, name="Grace Example"))) == (409, "spent")
    assert pool.count_waiting(letter.id, withdraw=False) == 1


def test_only_who_signed_can_withdraw(village: Village):
    letter = village.open()
    assert said(village.post(letter, "withdraw", village.members(1)[0].withdraw(letter))) == (
        422,
        "not-signed",
    )


def test_a_letter_is_signed_from_opens_until_closes(village: Village):
    letter = village.open(rules='opens = "2026-12-01T00:00:00Z"')
    early, late = village.members(2)
    assert said(village.post(letter, "sign", early.sign(letter))) == (422, "not-open")
    village.now = letter.opens
    village.sign(letter, early)
    village.now = letter.closes - datetime.timedelta(seconds=1)
    village.sign(letter, late)
    village.now = letter.closes
    third = village.members(1)[0]
    assert said(village.post(letter, "sign", third.sign(letter))) == (410, "closed")


def test_after_letter_close_nobody_signs(village: Village):
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member)
    sequence.close_letter(letter.id)
    assert said(village.post(letter, "sign", members[7].sign(letter))) == (410, "closed")
    village.withdraw(letter, members[0])
    village.now = letter.withdraw_until + datetime.timedelta(seconds=1)
    assert said(village.post(letter, "withdraw", members[1].withdraw(letter))) == (410, "over")
    village.step()
    assert said(village.post(letter, "withdraw", members[1].withdraw(letter))) == (410, "over")


def test_of_a_void_letter_nothing_can_be_withdrawn(village: Village):
    letter = village.open()
    member = village.members(1)[0]
    first = village.sign(letter, member)
    sequence.close_letter(letter.id)
    assert said(village.post(letter, "withdraw", member.withdraw(letter))) == (410, "void")
    assert village.sign(letter, member) == first


def test_a_stopped_server_takes_nothing_in(village: Village):
    letter = village.open()
    body = village.members(1)[0].sign(letter)
    publish.stopped("behind", "The past is lost.")
    assert said(village.post(letter, "sign", body)) == (503, "behind")


def test_an_unknown_letter_is_404_before_anything_else(village: Village):
    http = client()
    for path in ("/letters/aaaaaaaaaaaaaaaa/sign", "/letters/aaaaaaaaaaaaaaaa/withdraw"):
        assert said(post(http, path, b"rubbish")) == (404, "not-found")
        assert said(http.put(path)) == (404, "not-found")
        assert http.get(path).status_code == 404


@pytest.mark.parametrize("part", ["entry", "opening"])
def test_what_is_posted_is_an_object(village: Village, part):
    letter = village.open()
    body = {**village.members(1)[0].sign(letter), part: [1]}
    assert said(village.post(letter, "sign", body)) == (400, "bad-form")


def test_a_letter_that_is_gone_has_no_desk(village: Village):
    with pytest.raises(Http404):
        accept.desk("a" * 16)


def test_nothing_that_is_waiting_has_a_member_a_time_or_an_address(village: Village):
    letter = village.open()
    body = village.members(1)[0].sign(letter)
    village.post(letter, "sign", body)
    (waiting,) = pool.waiting(letter.id, withdraw=False)
    assert waiting.entry == canonical.encode(body["entry"])
    assert waiting.opening is None
    assert parse_letter(waiting.entry)["key"] == body["entry"]["key"]


# -- many at once


def together(count: int, job) -> list:
    """Runs `job(number)` in `count` threads that all begin at the same moment."""
    start = threading.Barrier(count)

    def run(number: int):
        start.wait()
        try:
            return job(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_fifty_posts_of_one_token_make_one_leaf_and_fifty_equal_receipts(village: Village):
    letter = village.open()
    body = village.members(1)[0].sign(letter)
    with writer.Writer():
        answers = together(50, lambda _: post(client(), f"/letters/{letter.id}/sign", body))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert pool.count_waiting(letter.id, withdraw=False) == 1


def test_fifty_different_posts_of_one_token_make_one_leaf_and_one_receipt(village: Village):
    letter = village.open()
    member = village.members(1)[0]
    bodies = [member.sign(letter, name=f"Name {number}") for number in range(20)]
    with writer.Writer():
        answers = together(20, lambda number: post(client(), f"/letters/{letter.id}/sign", bodies[number]))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 19]
    assert pool.count_waiting(letter.id, withdraw=False) == 1


@pytest.mark.parametrize("kind", ["closing", "batches"])
def test_who_signs_while_the_sequencer_works_is_in_the_record_or_has_no_receipt(village: Village, kind):
    letter = village.open()
    members = village.members(24)
    bodies = [member.sign(letter) for member in members]

    def act(number: int):
        if number == 12:
            if kind == "closing":
                sequence.close_letter(letter.id)
            else:
                village.step()
            return None
        return post(client(), f"/letters/{letter.id}/sign", bodies[number])

    with writer.Writer():
        answers = together(24, act)
        if kind == "batches":
            sequence.close_letter(letter.id)
    acknowledged = {
        bodies[number]["entry"]["key"]
        for number, answer in enumerate(answers)
        if answer is not None and answer.status_code == 200
    }
    published = [entry["key"] for entry in village.entries(letter) if entry["type"] == "sign"]
    if village.entries(letter)[-1]["void"]:
        assert len(acknowledged) < 5
    else:
        assert sorted(published) == sorted(acknowledged)
    assert village.verify(letter).exit == 0
