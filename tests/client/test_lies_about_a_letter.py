# SPDX-License-Identifier: Apache-2.0
"""A lying server for each lie about a letter: its text, its slot, its record.

The client refuses, says which, sends nothing more and keeps the evidence.  # trust: 12-13, 22-23
"""

import pytest

from fronde import canonical
from fronde.errors import Newer
from fronde.letter import Letter
from fronde.record import entry
from fronde.record.note import Signer
from fronde.record.tree import leaf_hash
from tests.simulator import Record, checkpoint

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
