# SPDX-License-Identifier: Apache-2.0
import base64
import datetime

import httpx
import pytest

from fronde import canonical, signature
from fronde.client.http import Unreachable
from fronde.client.look import look
from fronde.client.sign import draft_signature, draft_withdrawal, send
from fronde.errors import Declined, Refused
from fronde.record.entry import slot_end
from fronde.record.tree import leaf_hash
from fronde.signature import Act, Checker, check_opening
from fronde.tokens.blindrsa import PublicKey
from tests.client.server import Person, Server, error
from tests.simulator import OPENS, Workplace

SALT = bytes(range(32))
DURING = OPENS + datetime.timedelta(days=1)


@pytest.fixture
def place():
    return Workplace(slots=2)


@pytest.fixture
def record(place):
    return place.open()


@pytest.fixture
def server(place):
    return Server(place)


@pytest.fixture
def ada(server, tmp_path):
    person = Person(server, tmp_path)
    person.join()
    return person


def sign(person, record, name="", note=""):
    visit = person.visit()
    return send(visit, draft_signature(visit, record.letter.id, name=name, note=note, salt=SALT))


def withdraw(person, record):
    visit = person.visit()
    return send(visit, draft_withdrawal(visit, record.letter.id))


def others_sign(place, record, count=6):
    for each in place.people(count):
        record.sign(each)


def states(person, record, now=DURING):
    return [(line.kind, line.state) for line in look(person.visit(), record.letter.id, now).lines]


def kept(person, record):
    return person.keep.instances["letters.example/log"].letters[record.letter.id]


def last_body(server):
    return canonical.decode(server.bodies[-1])


@pytest.mark.parametrize("name", ["", "Ada Grønnegaard"])
def test_what_is_posted_passes_the_verifiers_checks(place, record, server, ada, name):
    receipt = sign(ada, record, name, "compilers" if name else "")
    body = last_body(server)
    slot = place.state().slots["works", 1]
    checker = Checker(record.letter, PublicKey.from_spki(slot.spki))
    act = Act.of(body["entry"])
    checker.check(act)
    if name:
        check_opening(act, body["opening"])
        assert body["opening"]["shown"] == {"name": name, "note": "compilers"}
    assert ("opening" in body) == bool(name)
    assert receipt == record.receipt(canonical.encode(body["entry"]))


def test_nothing_is_sent_before_the_send(record, server, ada):
    before = len(server.posts)
    draft_signature(ada.visit(), record.letter.id, name="", note="", salt=SALT)
    assert len(server.posts) == before


def test_a_name_is_composed_and_trimmed(record, server, ada):
    sign(ada, record, "  Rene\u0301e ")
    assert last_body(server)["opening"]["shown"] == {"name": "Ren\u00e9e"}


@pytest.mark.parametrize(
    ("name", "note"), [("A\u202eda", ""), ("x" * 81, ""), ("Ada", "n" * 281), ("", "note")]
)
def test_what_may_not_be_shown_is_refused_here(record, server, ada, name, note):
    with pytest.raises(Refused) as caught:
        sign(ada, record, name, note)
    assert caught.value.name == "shown"
    assert record.waiting == []


def test_the_post_is_kept_before_it_leaves_and_sent_again_unchanged(record, server, ada):
    path = f"/letters/{record.letter.id}/sign"
    seen = []

    def lost(request):
        seen.append((request.content, kept(ada, record).posts["sign"].body))
        raise httpx.ReadError("cut")

    server.answers["POST", path] = lost
    with pytest.raises(Unreachable):
        sign(ada, record, "Ada")
    del server.answers["POST", path]
    assert states(ada, record) == [("sign", "waiting")]
    assert {content for content, _ in seen} == {stored for _, stored in seen} == {server.bodies[-1]}


def test_signing_again_is_the_same_signature(record, server, ada):
    first = sign(ada, record, "Ada")
    assert sign(ada, record, "Ada") == first
    assert len(record.waiting) == 1


@pytest.mark.parametrize("name", ["", "Ada Lovelock"])
def test_a_signature_is_not_changed_by_signing_again(record, ada, name):
    sign(ada, record, "Ada")
    with pytest.raises(Refused) as caught:
        sign(ada, record, name)
    assert caught.value.name == "signed"


def test_a_letter_may_take_only_one_mode(place, server, ada):
    named = place.open(rules={"modes": ["named"]})
    with pytest.raises(Refused) as caught:
        sign(ada, named)
    assert (caught.value.name, caught.value.hint) == ("mode", "Give --name.")


def test_without_a_token_nobody_signs(place, record, server, ada, tmp_path):
    for person in (Person(server, tmp_path, name="stranger"), ada):
        if person is ada:
            ada.keep.instances["letters.example/log"].tokens.clear()
            keep = ada.keep
            keep.instances["letters.example/log"].tokens.clear()
            keep.save()
        with pytest.raises(Refused) as caught:
            sign(person, record)
        assert caught.value.name == "no-token"


def test_a_closed_slot_takes_no_signature(place, record, ada):
    place.instance.append(slot_end("works", 1, "closed"))
    with pytest.raises(Refused) as caught:
        sign(ada, record)
    assert caught.value.name == "closed"


def test_a_burned_slot_still_does(place, record, ada):
    place.instance.append(slot_end("works", 1, "burned"))
    assert sign(ada, record)


def test_a_refusal_for_good_is_forgotten_so_that_another_try_is_possible(record, server, ada):
    path = f"/letters/{record.letter.id}/sign"
    server.answers["POST", path] = lambda request: error(422, "name-refused")
    with pytest.raises(Declined):
        sign(ada, record, "Ada")
    del server.answers["POST", path]
    assert sign(ada, record)


def test_a_letter_that_is_not_there(server, ada):
    with pytest.raises(Declined) as caught:
        draft_signature(ada.visit(), "a" * 16, name="", note="", salt=SALT)
    assert caught.value.name == "no-letter"


@pytest.mark.parametrize("path", ["/letters/{}/letter.json", "/log/checkpoint", "/w/works.json"])
def test_a_server_that_has_stopped_is_told_and_not_called_a_liar(record, server, ada, path):
    path = path.format(record.letter.id)
    server.answers["GET", path] = lambda request: error(503, "stopped")
    with pytest.raises(Declined) as caught:
        ada.join() if path.startswith("/w/") else sign(ada, record)
    assert caught.value.name == "stopped"


def test_a_signature_is_seen_when_it_stands_below_a_head(place, record, ada):
    sign(ada, record, "Ada")
    assert states(ada, record) == [("sign", "waiting")]
    others_sign(place, record)
    record.publish()
    assert states(ada, record) == [("sign", "seen")]
    assert kept(ada, record).posts == {}
    leaf = record.entries[kept(ada, record).seen["sign"]]
    assert canonical.decode(leaf)["type"] == "sign"


def test_a_record_above_the_last_head_does_not_count(place, record, ada):
    sign(ada, record)
    others_sign(place, record)
    record.entries.extend(record.batch())
    assert states(ada, record) == [("sign", "waiting")]


def test_what_is_seen_is_not_posted_again(place, record, server, ada):
    sign(ada, record)
    others_sign(place, record)
    record.publish()
    states(ada, record)
    before = len(server.posts)
    assert states(ada, record) == [("sign", "seen")]
    assert len(server.posts) == before
    with pytest.raises(Refused) as caught:
        sign(ada, record)
    assert caught.value.name == "signed"


def test_a_signature_is_withdrawn_for_good(place, record, server, ada):
    sign(ada, record)
    withdraw(ada, record)
    assert last_body(server)["entry"]["type"] == "withdraw"
    assert "opening" not in last_body(server)
    with pytest.raises(Refused) as caught:
        sign(ada, record)
    assert caught.value.name == "withdrawn"
    others_sign(place, record)
    record.publish()
    assert sorted(states(ada, record)) == [("sign", "seen"), ("withdraw", "seen")]
    for again in (sign, withdraw):
        with pytest.raises(Refused) as caught:
            again(ada, record)
        assert caught.value.name == "withdrawn"


def test_words_alone_are_enough_to_find_and_withdraw(place, record, server, ada, tmp_path):
    sign(ada, record, "Ada")
    others_sign(place, record)
    record.publish()
    other = Person(server, tmp_path, name="other")
    visit = other.visit()
    visit.keep.restore(visit.instance().kept, ada.keep.instances["letters.example/log"].seed)
    assert states(other, record) == [("sign", "seen")]
    assert withdraw(other, record)


def test_a_stranger_has_nothing_to_look_for(record, server, tmp_path):
    assert states(Person(server, tmp_path, name="stranger"), record) == []


def test_a_refusal_is_told_by_look(record, server, ada):
    sign(ada, record)
    path = f"/letters/{record.letter.id}/sign"
    server.answers["POST", path] = lambda request: error(410, "closed")
    looked = look(ada.visit(), record.letter.id, DURING)
    assert [(line.state, line.text) for line in looked.lines] == [("refused", "No: closed.")]


def test_look_passes_on_that_the_server_has_stopped(record, server, ada):
    sign(ada, record)
    server.answers["POST", f"/letters/{record.letter.id}/sign"] = lambda request: error(503, "stopped")
    with pytest.raises(Declined) as caught:
        look(ada.visit(), record.letter.id, DURING)
    assert caught.value.status == 503


def test_a_void_letter_keeps_no_receipt(place, record, ada):
    sign(ada, record)
    record.waiting.clear()
    record.close()
    after = signature.publish_by(record.letter, "sign") + datetime.timedelta(seconds=1)
    assert states(ada, record, after) == [("sign", "void")]


def test_growth_between_two_files_is_read_anew(place, record, server, ada):
    """The instance log and heads.json are read one after the other; the log grows in between, once."""
    sign(ada, record)
    others_sign(place, record)
    path = f"/letters/{record.letter.id}/letter.json"
    grown = []

    def grow(data):
        if not grown:
            grown.append(record.publish())
        return data

    server.changes[path] = grow
    assert states(ada, record) == [("sign", "seen")]


def test_a_partial_tile_that_is_gone_is_read_anew(place, record, server, ada):
    """A log that has grown may drop the partial bundle of the size that was just announced."""
    old, grown = dict(place.files()), []

    def stale(request):
        from tests.client.server import reply

        if not grown:
            grown.append(record.sign(place.people(1)[0]))
            record.publish()
            return reply(200, old["/log/checkpoint"])
        return reply(200, place.files()["/log/checkpoint"])

    server.answers["GET", "/log/checkpoint"] = stale
    assert ada.visit().instance().log.checkpoint.size == len(place.instance)


def test_the_leaf_of_a_receipt_is_that_of_the_entry(record, server, ada):
    receipt = sign(ada, record)
    leaf = leaf_hash(canonical.encode(last_body(server)["entry"]))
    assert base64.b64encode(leaf) in receipt
