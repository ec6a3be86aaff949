# SPDX-License-Identifier: Apache-2.0
"""A lying server for each lie: the client refuses, says which, sends nothing more and keeps the evidence.

# trust: 12-13, 22-23
"""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from fronde import canonical, signature
from fronde.canonical import b64u
from fronde.client.look import look
from fronde.client.sign import draft_signature, draft_withdrawal, send
from fronde.client.visit import Trust
from fronde.errors import Breach, Newer
from fronde.letter import Letter
from fronde.proof.policy import Policy
from fronde.record import entry
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import Signer
from fronde.record.tree import leaf_hash
from tests.client.server import BASE, Person, Server, reply
from tests.simulator import OPENS, Record, Workplace, checkpoint, issuers, log_files

SALT = bytes(32)
DURING = OPENS + datetime.timedelta(days=1)


class Play:
    """A workplace, its server, a letter, and Ada, who has joined and comes back."""

    def __init__(self, folder: Any) -> None:
        self.place = Workplace(slots=3)
        self.server = Server(self.place)
        self.record: Record = self.place.open()
        self.ada = Person(self.server, folder)
        self.ada.join()

    def sign(self) -> bytes:
        visit = self.ada.visit()
        return send(visit, draft_signature(visit, self.record.letter.id, name="Ada", note="", salt=SALT))

    def withdraw(self) -> bytes:
        visit = self.ada.visit()
        return send(visit, draft_withdrawal(visit, self.record.letter.id))

    def look(self, now: datetime.datetime = DURING) -> Any:
        return look(self.ada.visit(), self.record.letter.id, now)

    def others(self, count: int = 6) -> None:
        for each in self.place.people(count):
            self.record.sign(each)

    def path(self, rest: str) -> str:
        return f"/letters/{self.record.letter.id}{rest}"

    def rewrite(self, index: int, new: bytes) -> None:
        self.place.instance[index] = new

    def refused(self, name: str, act: Callable[[], Any], *, posts: int = 0) -> Breach:
        """`act` ends in this breach with so many more posts, and the next visit is not poisoned by it."""
        before = len(self.server.posts)
        with pytest.raises(Breach) as caught:
            act()
        assert caught.value.name == name
        assert caught.value.exit == 1
        assert caught.value.hint
        assert caught.value.evidence
        assert len(self.server.posts) - before == posts
        return caught.value


@pytest.fixture
def play(tmp_path):
    return Play(tmp_path)


def slot_new(number: int, key: int, workplace: str = "works") -> bytes:
    return entry.slot_new(workplace, "letters.example", "2026H2", number, issuers()[key].public.spki)


# --- lies in the instance log ---


def test_another_key_for_one_member(play):
    """Every slot's key, also Ada's, stands in the log that she saw: another one is another log."""
    play.rewrite(1, slot_new(2, 50))
    breach = play.refused("log-forked", play.sign)
    assert breach.evidence["kept/instance-checkpoint"] != breach.evidence["log/checkpoint"]


def test_another_log_for_somebody_who_knows_what_others_see(play, tmp_path):
    """At a first visit only somebody else's word helps: here, a policy that came by another way."""
    other = Workplace(seed=2, slots=3)
    trust = Trust(Policy.parse(other.policy()), strict=True)
    stranger = Person(play.server, tmp_path, trust, name="stranger")
    play.refused("other-key", stranger.join)


def test_one_key_twice(play):
    play.place.instance.append(slot_new(4, 0))
    play.refused("key-twice", play.sign)


def test_one_key_in_two_workplaces(play):
    play.place.instance.append(slot_new(1, 0, "elsewhere"))
    play.refused("key-twice", play.ada.join)


def test_one_number_twice(play):
    play.place.instance.append(slot_new(3, 50))
    play.refused("number-twice", play.sign)


def test_a_number_left_out(play):
    play.place.instance.append(slot_new(5, 50))
    play.refused("slot-number-gap", play.sign)


def test_a_slot_bound_twice(play):
    play.place.instance.append(entry.slot_bind("works", 1, bytes(32)))
    play.refused("bind-twice", play.sign)


def test_a_letter_under_a_slot_that_is_not_the_lowest(play):
    play.record = play.place.open(slot=3)
    play.refused("bind-not-lowest", play.sign)


def test_a_slot_bound_after_its_end(play):
    play.place.instance.append(entry.slot_end("works", 2, "season"))
    play.place.instance.append(entry.slot_bind("works", 2, bytes(32)))
    play.refused("bind-after-end", play.sign)


def test_a_shrunk_instance_log(play):
    play.place.instance.append(slot_new(4, 50))
    play.ada.visit().instance()
    play.place.instance.pop()
    play.refused("log-shrunk", play.sign)


def test_a_forked_instance_log(play):
    play.place.instance.append(slot_new(4, 50))
    play.ada.visit().instance()
    play.rewrite(-1, slot_new(4, 51))
    play.place.instance.append(slot_new(5, 52))
    play.refused("log-forked", play.sign)


def test_an_entry_of_no_form(play):
    play.place.instance.append(b'{"type":"slot.new","v":1}')
    play.refused("bad-entry", play.sign)


def test_an_entry_of_a_newer_fronde_is_no_lie(play):
    play.place.instance.append(b'{"type":"slot.lend","v":1}')
    with pytest.raises(Newer):
        play.sign()


def test_a_checkpoint_of_another_key(play):
    liar = Signer("letters.example/log", bytes(32))
    forged = log_files(liar, play.place.instance)["checkpoint"]
    play.server.changes["/log/checkpoint"] = lambda data: forged
    play.refused("bad-note", play.sign)


def test_a_root_of_other_entries(play):
    forged = Checkpoint("letters.example/log", len(play.place.instance), bytes(32)).sign(play.place.signer)
    play.server.changes["/log/checkpoint"] = lambda data: forged
    play.refused("bad-root", play.sign)


def test_an_entry_that_is_not_in_the_tree(play):
    path = f"/log/tile/entries/000.p/{len(play.place.instance)}"
    play.server.changes[path] = lambda data: data.replace(b"2026H2", b"2027H2")
    play.refused("bad-tile", play.sign)


def test_a_tile_that_is_missing(play):
    path = f"/log/tile/0/000.p/{len(play.place.instance)}"
    play.server.answers["GET", path] = lambda request: reply(404, b"")
    play.refused("bad-tile", play.sign)


# --- lies about who speaks ---


def test_another_instance_key_later(play):
    play.place.signer = Signer("letters.example/log", bytes(32))
    play.refused("other-key", play.sign)


def test_another_origin_at_the_same_address(play):
    other = Workplace(host="other.example", slots=3)
    play.server.place = other
    play.refused("other-key", play.sign)


@pytest.mark.parametrize("policy", [b"", b"quorum none\n", b"log x\nquorum none\n", b"\x00"])
def test_a_policy_that_names_no_log(play, policy):
    play.server.changes["/policy"] = lambda data: policy
    play.refused("policy", play.sign)


def test_a_policy_of_two_logs(play):
    second = Signer("second.example/log", bytes(32)).vkey
    play.server.changes["/policy"] = lambda data: f"log {second}\n".encode() + data
    play.refused("policy", play.sign)


# --- lies about the letter ---


def rewritten(play, **changes):
    """letter.json with changed fields, and a digest that is not in the record any more."""
    play.server.changes[play.path("/letter.json")] = lambda data: canonical.encode(
        canonical.decode(data) | changes
    )


def test_a_letter_of_another_text(play):
    rewritten(play, title="Everything is fine")
    play.refused("other-digest", play.sign)


def test_a_letter_of_another_address(play):
    other = play.place.open()
    play.server.changes[play.path("/letter.json")] = lambda data: other.letter.data
    play.refused("other-letter", play.sign)


def test_a_letter_of_another_host(play):
    rewritten(play, host="other.example")
    play.refused("other-host", play.sign)


def test_a_letter_of_another_instance_log(play):
    document = dict(play.record.letter.document)
    vkey = Signer("letters.example/log", bytes(32)).vkey
    rewritten(play, logs={**document["logs"], "instance": vkey})
    play.refused("other-instance", play.sign)


def test_a_letter_of_another_issuer(play):
    place = dict(play.record.letter.document["workplaces"][0])
    issuer = {"name": "letters.example", "vkey": Signer("letters.example/log", bytes(32)).vkey}
    rewritten(play, workplaces=[{**place, "issuers": [issuer]}])
    play.refused("other-instance", play.sign)


def test_a_letter_below_the_floor(play):
    rules = dict(play.record.letter.document["rules"])
    rewritten(play, rules={**rules, "floor": 1})
    play.refused("bad-rules", play.sign)


@pytest.mark.parametrize("data", [b"", b"<html>", b"{}", b'{"v":1,"type":"letter"}'])
def test_a_letter_that_is_none(play, data):
    play.server.changes[play.path("/letter.json")] = lambda honest: data
    play.refused("bad-letter", play.sign)


# --- lies about the letter's record ---


def test_a_record_signed_by_another_key(play):
    play.record.signer = Signer(play.record.letter.origin, bytes(32))
    play.refused("bad-note", play.sign)


def test_a_log_key_of_another_name(play):
    log_key = Signer("letters.example/letters/other/record", bytes(32)).vkey
    rewritten(play, logs={**play.record.letter.document["logs"], "letter": log_key})
    play.refused("other-origin", play.sign)


def test_a_record_checkpoint_with_a_second_signature(play):
    line = Signer("witness.example", bytes(32)).sign("x\n").split(b"\n\n")[1]
    play.server.changes[play.path("/record/checkpoint")] = lambda data: data + line
    play.refused("bad-note", play.sign)


def test_a_record_of_other_leaves(play):
    play.server.changes[play.path("/record/tile/0/000.p/1")] = lambda data: bytes(32)
    play.refused("bad-root", play.sign)


def test_an_opening_that_is_not_its_leaf(play):
    other = entry.head(0, bytes(32))
    play.server.changes[play.path("/record/tile/entries/000.p/1")] = lambda data: (
        len(other).to_bytes(2) + other
    )
    play.refused("bad-leaf", play.sign)


def test_an_empty_record(play):
    play.record.entries.clear()
    play.refused("open-missing", play.sign)


def test_a_record_that_does_not_begin_with_its_opening(play):
    play.others(1)
    play.record.entries[:] = play.record.batch()
    play.refused("open-missing", play.sign)


def test_an_opening_of_no_form(play):
    play.record.entries[0] = b'{"type":"letter.open","v":1}'
    play.refused("open-missing", play.sign)


def test_an_opening_of_a_newer_fronde_is_no_lie(play):
    play.record.entries[0] = b'{"type":"letter.reopen","v":1}'
    with pytest.raises(Newer):
        play.sign()


def test_heads_of_a_newer_fronde_are_no_lie(play):
    play.sign()
    play.server.changes[play.path("/heads.json")] = lambda data: data.replace(b'"v":1', b'"v":2')
    with pytest.raises(Newer):
        play.look()


def test_a_receipt_key_of_another_host(play):
    play.record.entries[0] = play.record.opening(receipt_key=Signer("other.example/receipts", bytes(32)).vkey)
    play.refused("open-missing", play.sign)


def test_a_bind_that_is_none(play):
    play.record.entries[0] = play.record.opening(bind=0)
    play.refused("open-without-bind", play.sign)


def test_a_bind_of_another_slot(play):
    other = play.place.open()
    play.record.entries[0] = play.record.opening(bind=other.bind)
    play.refused("open-other-slot", play.sign)


def test_one_slot_for_two_letters(play):
    """A slot is bound once: a second letter under it cannot open the binding."""
    signer = Signer(f"letters.example/letters/{'b' * 16}/record", bytes(32))
    letter = Letter.make(play.place.document(1, id="b" * 16, log_key=signer.vkey))
    first = play.record
    play.record = Record(play.place, letter, signer, first.nonce, first.bind, 20)
    play.record.entries.append(play.record.opening())
    play.place.records[letter.id] = play.record
    play.refused("bind-other-letter", play.sign)


def test_a_shrunk_record(play):
    play.others()
    play.record.publish()
    play.sign()
    del play.record.entries[3:]
    play.refused("log-shrunk", play.look)


def test_a_forked_record(play):
    play.others()
    play.record.publish()
    play.sign()
    del play.record.entries[1:]
    play.others()
    play.record.publish()
    play.refused("log-forked", play.look)


def shown_to_ada_alone(play, honest: list[bytes]) -> None:
    """Everybody else's record is `honest`: the heads are of that one."""
    nonce, origin = play.place.random(32), play.record.letter.origin
    hidden = entry.head_hash(nonce, checkpoint(origin, honest).body)
    play.place.instance.append(entry.head(play.record.bind, hidden))
    play.record.heads.append((nonce, len(play.record.entries)))


def test_a_second_version_of_a_letters_record(play):
    """Ada is shown a record with her signature; the heads in the log are of one without it."""
    play.sign()
    play.others(4)
    play.record.entries.extend(play.record.batch())
    mine = leaf_hash(canonical.encode(canonical.decode(play.server.bodies[-1])["entry"]))
    shown_to_ada_alone(play, [each for each in play.record.entries if leaf_hash(each) != mine])
    play.refused("head-other-version", play.look)


def test_a_head_that_is_not_opened(play):
    play.sign()
    play.place.instance.append(entry.head(play.record.bind, bytes(32)))
    play.refused("heads-number", play.look)


def test_a_head_of_no_size(play):
    play.sign()
    play.record.heads[0] = (play.record.heads[0][0], 0)
    play.refused("head-shrunk", play.look)


def test_a_head_beyond_the_record(play):
    play.sign()
    play.record.heads[0] = (play.record.heads[0][0], 9)
    play.refused("head-beyond", play.look)


def test_heads_that_are_no_file(play):
    play.sign()
    play.server.changes[play.path("/heads.json")] = lambda data: b"[]"
    play.refused("bad-heads", play.look)


def test_a_kept_token_of_another_slot(play):
    """Somebody has changed the member's file: that token would be refused, after it was shown."""
    keep = play.ada.keep
    tokens = keep.instances["letters.example/log"].tokens["works"]
    tokens[1] = tokens[2]
    keep.save()
    play.refused("other-slot-key", play.sign)


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


# --- lies of the connection ---


@pytest.mark.parametrize("path", ["/policy", "/log/checkpoint"])
def test_a_cookie_anywhere(play, path):
    play.server.answers["GET", path] = lambda request: reply(200, b"", set_cookie="id=ada")
    breach = play.refused("cookie", play.sign)
    assert b"id=ada" in breach.evidence["headers.txt"]


def test_a_cookie_with_the_receipt(play):
    play.server.answers["POST", play.path("/sign")] = lambda request: reply(200, b"", set_cookie="id=ada")
    play.refused("cookie", play.sign, posts=1)


def test_a_redirect_to_another_server(play):
    play.server.answers["POST", "/w/works/join"] = lambda request: reply(
        307, b"", location="https://employer.example/"
    )
    play.refused("redirect", play.ada.join, posts=1)
    assert all(path.startswith("/") for _, path in play.server.requests)


def test_an_answer_without_end(play):
    play.server.changes["/policy"] = lambda data: data + b"#" * 300_000
    play.refused("too-large", play.sign)


def test_the_address_is_kept_with_the_key(play):
    assert play.ada.keep.instances["letters.example/log"].addresses == [BASE]
