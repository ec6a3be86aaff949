# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import secrets

import pytest

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.site.members import enrolment
from fronde.site.record import store
from fronde.site.signing import slots
from tests.site import issuing
from tests.site.issuing import FEW, NOW, SLUG
from tests.site.members.desk import (
    another,
    code,
    enrol_body,
    join,
    post,
    refused,
)

pytestmark = pytest.mark.usefixtures("offered")


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
