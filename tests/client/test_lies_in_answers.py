# SPDX-License-Identifier: Apache-2.0
"""A lying server for each lie in an answer: tokens, receipts, promises that are broken.

The client refuses, says which, sends nothing more and keeps the evidence.  # trust: 12-13, 22-23
"""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from fronde import canonical, signature
from fronde.canonical import b64u
from fronde.record.note import Signer
from fronde.record.tree import leaf_hash

# --- lies in an answer to an enrolment ---


def lie_in(play, change: Callable[[dict[str, Any]], Any]) -> None:
    def lie(data: bytes) -> bytes:
        document = canonical.decode(data)
        change(document)
        return canonical.encode(document)

    play.server.changes["/w/works/enrol"] = lie


def first(document: dict[str, Any]) -> str:
    return min(document["signatures"])


def test_held_and_signatures_overlap(play):
    lie_in(play, lambda d: d["held"].append(first(d)))
    play.refused("enrol-set", play.ada.join, posts=2)


def test_a_slot_that_is_not_answered(play):
    lie_in(play, lambda d: d["signatures"].pop(first(d)))
    play.refused("enrol-set", play.ada.join, posts=2)


def test_a_slot_that_was_not_asked(play):
    lie_in(play, lambda d: d["held"].append(b64u(bytes(32))))
    play.refused("enrol-set", play.ada.join, posts=2)


def test_a_slot_that_is_held_twice(play):
    lie_in(play, lambda d: d["held"].extend([first(d)] * 2) or d["signatures"].pop(first(d)))
    play.refused("enrol-set", play.ada.join, posts=2)


@pytest.mark.parametrize("length", [0, 255, 257])
def test_a_blind_signature_of_another_length(play, length):
    lie_in(play, lambda d: d["signatures"].update({first(d): b64u(bytes(length))}))
    play.refused("enrol-signature" if length else "enrol-unreadable", play.ada.join, posts=2)


def test_a_signature_that_does_not_finalize(play):
    lie_in(play, lambda d: d["signatures"].update({first(d): b64u(bytes(255) + b"\2")}))
    breach = play.refused("enrol-signature", play.ada.join, posts=2)
    assert breach.evidence["sent/enrol.json"] == play.server.bodies[-1]


def test_a_signature_under_the_key_of_another_slot(play):
    def swap(document: dict[str, Any]) -> None:
        one, two = sorted(document["signatures"])[:2]
        signatures = document["signatures"]
        signatures[one], signatures[two] = signatures[two], signatures[one]

    lie_in(play, swap)
    play.refused("enrol-signature", play.ada.join, posts=2)


def test_no_token_of_a_lying_answer_is_kept(play):
    before = play.ada.path.read_bytes()
    lie_in(play, lambda d: d["signatures"].update({first(d): b64u(bytes(255) + b"\2")}))
    play.refused("enrol-signature", play.ada.join, posts=2)
    assert play.ada.path.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"{}", b'{"v":1,"type":"enrolled"}', b"<html>"])
def test_an_enrolment_answered_by_nonsense(play, data):
    play.server.changes["/w/works/enrol"] = lambda honest: data
    play.refused("enrol-unreadable", play.ada.join, posts=2)


# --- lies in a receipt ---


def test_a_receipt_by_another_key(play):
    liar = Signer("letters.example/receipts", bytes(32))
    play.place.receipts, honest = liar, play.place.receipts
    breach = play.refused("receipt-note", play.sign, posts=1)
    assert breach.evidence["sent/sign.json"] == play.server.bodies[-1]
    play.place.receipts = honest
    assert play.sign()


def test_a_receipt_with_a_second_signature(play):
    line = Signer("witness.example", bytes(32)).sign("x\n").split(b"\n\n")[1]
    play.server.changes[play.path("/sign")] = lambda data: data + line
    play.refused("receipt-note", play.sign, posts=1)


def test_no_receipt_at_all(play):
    play.server.changes[play.path("/sign")] = lambda data: b"thank you\n"
    play.refused("receipt-note", play.sign, posts=1)


def text_of(play, kind: str = "sign", leaf: bytes = b"", origin: str = "") -> str:
    body = canonical.decode(play.server.bodies[-1])
    leaf = leaf or leaf_hash(canonical.encode(body["entry"]))
    by = signature.publish_by(play.record.letter, kind)
    return signature.receipt_text(origin or play.record.letter.origin, leaf, by)


@pytest.mark.parametrize(
    "wrong",
    [
        {"leaf": bytes(32)},
        {"origin": "letters.example/letters/other/record"},
        {"kind": "withdraw"},  # a later hour
    ],
)
def test_a_receipt_for_something_else(play, wrong):
    def lie(data: bytes) -> bytes:
        return play.place.receipts.sign(text_of(play, **wrong))

    play.server.changes[play.path("/sign")] = lie
    play.refused("receipt-text", play.sign, posts=1)


def test_a_receipt_of_a_withdrawal_for_something_else(play):
    play.server.changes[play.path("/withdraw")] = lambda data: play.place.receipts.sign("well received\n")
    play.refused("receipt-text", play.withdraw, posts=1)


# --- promises that are broken ---


def after(play, kind: str = "sign") -> datetime.datetime:
    return signature.publish_by(play.record.letter, kind) + datetime.timedelta(seconds=1)


def test_a_signature_with_a_receipt_left_out_of_a_closed_record(play):
    receipt = play.sign()
    play.record.waiting.clear()
    play.others()
    play.record.close()
    breach = play.refused("left-out", lambda: play.look(after(play)))
    assert breach.evidence["receipt.txt"] == receipt
    assert breach.evidence["entry.json"] in play.server.bodies[-1]


def test_a_signature_is_not_missed_before_its_hour(play):
    play.sign()
    play.record.waiting.clear()
    play.others()
    play.record.close()
    by = signature.publish_by(play.record.letter, "sign")
    assert [line.state for line in play.look(by).lines] == ["waiting"]


def test_a_letter_that_is_not_closed_in_time(play):
    play.sign()
    play.refused("close-late", lambda: play.look(after(play)))


def test_a_withdrawal_with_a_receipt_left_out(play):
    play.sign()
    play.others()
    play.record.publish()
    play.withdraw()
    play.record.waiting.clear()
    play.record.close()
    play.refused("left-out", lambda: play.look(after(play, "withdraw")))
