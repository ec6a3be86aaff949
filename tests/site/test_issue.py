# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from fronde.errors import Stopped, Unreadable
from fronde.record import entry
from fronde.site.folder import INSTANCE, Folder
from fronde.site.letters.models import Workplace
from fronde.site.members import enrolment
from fronde.site.record import store
from fronde.site.signing import issue, slots
from fronde.site.signing.issue import OtherSlots
from fronde.site.signing.issuer_key import IssuerKey
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.privacypass import check_token
from fronde.tokens.secrets import SlotSecrets
from tests.site import issuing
from tests.site.issuing import FEW, HOST, NOW, SLUG


@pytest.fixture
def data(tmp_path, monkeypatch) -> Iterator[Folder]:
    with issuing.instance(tmp_path / "data", monkeypatch) as folder:
        slots.ensure_seasons(NOW)
        yield folder


def offered():
    return store.instance().offered(SLUG)


def end(number: int) -> None:
    store.write(lambda: store.append(INSTANCE, [entry.slot_end(SLUG, number, "season")]))
    slots.sweep()


@pytest.mark.usefixtures("data")
def test_a_member_gets_a_token_that_verifies_for_every_slot():
    seed = secrets.token_bytes(16)
    mine = {
        slot.key_id: SlotSecrets(seed, HOST, SLUG, slot.number, PublicKey.from_spki(slot.spki))
        for slot in offered()
    }
    signatures, held = issue.issue(SLUG, "anne@x", {key_id: one.blinded for key_id, one in mine.items()})
    assert held == []
    assert len(signatures) == 2 * FEW
    for key_id, one in mine.items():
        check_token(one.token(signatures[key_id]), one.input, one.key)


@pytest.mark.usefixtures("data")
def test_the_same_bytes_get_the_same_answer():
    asked = issuing.blinded()
    assert issue.issue(SLUG, "anne@x", asked) == issue.issue(SLUG, "anne@x", asked)


@pytest.mark.usefixtures("data")
def test_other_bytes_are_held():
    asked, others = issuing.blinded(), issuing.blinded()
    issue.issue(SLUG, "anne@x", asked)
    signatures, held = issue.issue(SLUG, "anne@x", others)
    assert signatures == {}
    assert held == sorted(others)


@pytest.mark.usefixtures("data")
def test_new_slots_are_signed_beside_held_ones(monkeypatch):
    issue.issue(SLUG, "anne@x", issuing.blinded())
    monkeypatch.setattr(slots, "SLOTS", FEW + 1)
    slots.ensure_seasons(NOW)
    signatures, held = issue.issue(SLUG, "anne@x", issuing.blinded())
    assert (len(signatures), len(held)) == (2, 2 * FEW)
    assert signatures.keys() | set(held) == {slot.key_id for slot in offered()}


@pytest.mark.usefixtures("data")
def test_bound_slots_are_on_offer_too():
    store.write(lambda: store.append(INSTANCE, [entry.slot_bind(SLUG, 1, bytes(32))]))
    signatures, _ = issue.issue(SLUG, "anne@x", issuing.blinded())
    assert len(signatures) == 2 * FEW


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("function", [issue.check, lambda slug, asked: issue.issue(slug, "anne@x", asked)])
def test_another_set_than_the_slots_on_offer_is_refused(function):
    asked = issuing.blinded()
    one = next(iter(asked))
    less = {key_id: value for key_id, value in asked.items() if key_id != one}
    for wrong in (less, asked | {bytes(32): bytes(256)}, less | {bytes(32): bytes(256)}, {}):
        with pytest.raises(OtherSlots) as refused:
            function(SLUG, wrong)
        assert (refused.value.status, refused.value.name) == (409, "offer")
    assert enrolment.issued(SLUG, 1) == 0


@pytest.mark.usefixtures("data")
def test_the_slots_on_offer_pass_the_check():
    issue.check(SLUG, issuing.blinded())
    issue.ready(SLUG)


@pytest.mark.usefixtures("data")
def test_a_value_that_is_not_below_the_modulus_is_unreadable_before_anything_else():
    slot = offered()[0]
    modulus = PublicKey.from_spki(slot.spki).n
    for value in (modulus, 2**2048 - 1):
        with pytest.raises(Unreadable) as refused:
            issue.check(SLUG, {slot.key_id: value.to_bytes(256)})
        assert refused.value.name == "not-below-n"
    with pytest.raises(OtherSlots):
        issue.check(SLUG, {slot.key_id: (modulus - 1).to_bytes(256)})


@pytest.mark.usefixtures("data")
def test_a_workplace_without_slots_has_nothing_on_offer():
    assert issue.issue("nowhere", "anne@x", {}) == ({}, [])


@pytest.mark.usefixtures("data")
def test_a_slot_that_ends_just_before_the_entry_refuses_the_request(monkeypatch):
    asked = issuing.blinded()
    take = enrolment.take

    def late(*arguments, **more):
        end(1)
        return take(*arguments, **more)

    monkeypatch.setattr(enrolment, "take", late)
    with pytest.raises(OtherSlots):
        issue.issue(SLUG, "anne@x", asked)
    assert [enrolment.issued(SLUG, n) for n in (1, 2)] == [0, 0]


@pytest.mark.usefixtures("data")
def test_a_slot_that_ends_just_after_the_entry_refuses_the_request(monkeypatch):
    asked = issuing.blinded()
    take = enrolment.take

    def early(*arguments, **more):
        numbers = take(*arguments, **more)
        end(1)
        return numbers

    monkeypatch.setattr(enrolment, "take", early)
    with pytest.raises(OtherSlots):
        issue.issue(SLUG, "anne@x", asked)
    assert enrolment.issued(SLUG, 1) == 0


@pytest.mark.usefixtures("data")
def test_a_key_that_is_lost_stops_issuing():
    slots.path_of(offered()[0]).unlink()
    for act in (lambda: issue.ready(SLUG), lambda: issue.issue(SLUG, "anne@x", issuing.blinded())):
        with pytest.raises(Stopped) as why:
            act()
        assert why.value.name == "issuer-key"


@pytest.mark.usefixtures("data")
def test_keys_are_read_once_and_forgotten_when_their_slot_ends(monkeypatch):
    loaded = []
    load = IssuerKey.load
    monkeypatch.setattr(IssuerKey, "load", lambda path: loaded.append(path.name) or load(path))
    issue.issue(SLUG, "anne@x", issuing.blinded())
    issue.issue(SLUG, "bob@x", issuing.blinded())
    assert len(loaded) == 2 * FEW
    gone = offered()[0].key_id
    end(1)
    issue.issue(SLUG, "eve@x", issuing.blinded())
    assert len(loaded) == 2 * FEW
    assert gone not in issue._loaded().keys[SLUG]


@pytest.mark.usefixtures("data")
def test_twenty_devices_of_one_member_at_once_get_one_token_a_slot():
    gate = threading.Barrier(20)
    requests = [issuing.blinded() for _ in range(20)]

    def one(asked):
        gate.wait(10)
        try:
            return issue.issue(SLUG, "anne@x", asked)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(one, requests))
    assert sorted(len(signatures) for signatures, _ in answers) == [0] * 19 + [2 * FEW]
    assert enrolment.issued(SLUG, 1) == 1


@pytest.mark.usefixtures("data")
def test_no_more_tokens_than_the_headcount_are_given_and_members_still_get_their_answers():
    Workplace.objects.filter(slug=SLUG).update(headcount=2, headcount_source="annual report")
    asked = {name: issuing.blinded() for name in ("anne@x", "ben@x")}
    answers = {name: issue.issue(SLUG, name, mine) for name, mine in asked.items()}
    with pytest.raises(enrolment.Full):
        issue.issue(SLUG, "cleo@x", issuing.blinded())
    assert {name: issue.issue(SLUG, name, mine) for name, mine in asked.items()} == answers
    assert [enrolment.issued(SLUG, slot.number) for slot in offered()] == [2] * (2 * FEW)
