# SPDX-License-Identifier: Apache-2.0
"""A lying server for each lie about the instance: its log, its key, its connection.

The client refuses, says which, sends nothing more and keeps the evidence.  # trust: 12-13, 22-23
"""

import pytest

from fronde.client.visit import Trust
from fronde.errors import Newer
from fronde.proof.policy import Policy
from fronde.record import entry
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import Signer
from tests.client.play import slot_new
from tests.client.server import BASE, Person, reply
from tests.simulator import Workplace, log_files

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
