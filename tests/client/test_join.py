# SPDX-License-Identifier: Apache-2.0
import httpx
import pytest

from fronde import canonical
from fronde.canonical import b64u
from fronde.client.http import Busy, Unreachable
from fronde.client.join import BadCode, Enrolment, clean_code
from fronde.errors import Declined, Refused
from fronde.record import entry
from tests.client.server import CODE, MAILBOX, Person, Server, error, reply
from tests.simulator import Workplace

ENROL = "/w/works/enrol"


@pytest.fixture
def place():
    return Workplace(slots=3)


@pytest.fixture
def server(place):
    return Server(place)


@pytest.fixture
def ada(server, tmp_path):
    return Person(server, tmp_path)


def kept(person):
    return person.keep.instances["letters.example/log"]


def test_a_member_takes_a_token_for_every_slot_on_offer(place, server, ada):
    place.open()
    done = ada.join()
    assert (done.taken, done.held, done.seasons) == ((1, 2, 3), (), ("2026H2",))
    assert sorted(kept(ada).tokens["works"]) == [1, 2, 3]
    assert server.posts == ["/w/works/join", ENROL]


def test_slots_that_have_ended_are_not_asked_for(place, server, ada):
    place.instance.append(entry.slot_end("works", 1, "season"))
    assert ada.join().taken == (2, 3)


def test_the_mailbox_is_sent_once_and_kept_nowhere(server, ada):
    visit = ada.visit()
    enrolment = Enrolment(visit, "works")
    enrolment.ask(MAILBOX)
    enrolment.enrol(CODE)
    assert sum(MAILBOX.encode() in body for body in server.bodies) == 1
    assert MAILBOX.encode() not in ada.path.read_bytes()
    assert not any(MAILBOX.encode() in data for data in visit.files.values())


def test_the_seed_is_on_the_disk_before_the_request_leaves(server, ada):
    seen = []

    def lost(request):
        seen.append(kept(ada).seed)
        raise httpx.ReadError("cut")

    server.answers["POST", ENROL] = lost
    with pytest.raises(Unreachable):
        ada.join()
    assert len(seen) == 3
    assert len(seen[0]) == 16
    assert seen[0] == kept(ada).seed


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(server, ada):
    sent = []

    def lose_the_first(request):
        sent.append(request.content)
        if len(sent) == 1:
            server._enrol("works", canonical.decode(request.content))
            raise httpx.ReadError("cut")
        return reply(200, server._enrol("works", canonical.decode(request.content)))

    server.answers["POST", ENROL] = lose_the_first
    assert ada.join().taken == (1, 2, 3)
    assert sent[0] == sent[1]


def test_every_enrolment_is_the_same_request_whatever_is_kept(server, ada):
    for _ in range(2):
        assert ada.join().taken == (1, 2, 3)
    blinded = [canonical.decode(body)["blinded"] for body in server.bodies if b"blinded" in body]
    assert blinded[0] == blinded[1]


def test_words_on_another_device_bring_the_same_tokens(server, ada, tmp_path):
    ada.join()
    other = Person(server, tmp_path, name="other")
    visit = other.visit()
    visit.keep.restore(visit.instance().kept, kept(ada).seed)
    assert other.join().taken == (1, 2, 3)
    assert kept(other).tokens == kept(ada).tokens


def test_what_other_words_have_taken_is_said(place, server, ada, tmp_path):
    ada.join()
    place.season("2027H1", count=2)
    done = Person(server, tmp_path, name="other").join()
    assert (done.taken, done.held, done.seasons) == ((4, 5), (1, 2, 3), ("2027H1",))


def test_an_offer_that_changed_is_read_anew_and_asked_with_the_same_code(place, server, ada):
    enrolment = Enrolment(ada.visit(), "works")
    enrolment.ask(MAILBOX)
    place.season("2027H1", count=1)
    assert enrolment.enrol(CODE).taken == (1, 2, 3, 4)
    assert server.posts == ["/w/works/join", ENROL, ENROL]


def test_an_offer_that_changes_twice_ends_the_enrolment(server, ada):
    server.answers["POST", ENROL] = lambda request: error(409, "other-slots")
    with pytest.raises(Declined) as caught:
        ada.join()
    assert caught.value.status == 409
    assert server.posts.count(ENROL) == 2


def test_a_wrong_code_is_the_servers_to_judge(server, ada):
    with pytest.raises(Declined) as caught:
        ada.join("00000000")
    assert (caught.value.status, caught.value.name) == (403, "wrong-code")


def test_a_busy_server_is_given_the_time_that_it_asks_for(server, ada):
    answers = [error(429, "too-many", retry_after="9"), error(503, "stopped", retry_after="20")]

    def busy(request):
        return answers.pop(0) if answers else reply(200, server._join({}))

    server.answers["POST", "/w/works/join"] = busy
    assert ada.join().taken == (1, 2, 3)
    assert ada.waited == [9, 20]
    assert [event for event, _ in ada.said] == ["first", "wait", "wait"]


def test_a_server_that_asks_for_an_hour_is_not_waited_for(server, ada):
    server.answers["POST", "/w/works/join"] = lambda request: error(429, "too-many", retry_after="3600")
    with pytest.raises(Busy):
        ada.join()
    assert ada.waited == []


def test_a_refused_mailbox_is_told_in_the_servers_words(server, ada):
    server.answers["POST", "/w/works/join"] = lambda request: error(422, "domain")
    with pytest.raises(Declined) as caught:
        ada.join()
    assert caught.value.name == "domain"


def test_a_mailbox_of_control_characters_never_leaves(server, ada):
    with pytest.raises(Refused):
        Enrolment(ada.visit(), "works").ask("ada\x07@works.example")
    assert server.posts == []


def test_an_unknown_workplace_is_said_in_one_sentence(server, ada):
    with pytest.raises(Declined) as caught:
        Enrolment(ada.visit(), "elsewhere")
    assert caught.value.name == "no-workplace"


def test_a_workplace_without_slots_takes_nobody(place, server, ada):
    for number in (1, 2, 3):
        place.instance.append(entry.slot_end("works", number, "burned"))
    with pytest.raises(Refused) as caught:
        ada.join()
    assert caught.value.name == "no-slots"
    assert server.posts == []


def test_the_first_visit_says_whose_key_it_takes(ada):
    ada.visit().instance()
    ada.visit().instance()
    assert len(ada.said) == 1
    assert "letters.example/log" in ada.said[0][1]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("ABCD2345", "ABCD2345"),
        (" abcd-2345\n", "ABCD2345"),
        ("AB CD 23 45", "ABCD2345"),
        ("OIL01234", "01101234"),
        ("oil-o1i-l0", "01101110"),
    ],
)
def test_a_typed_code_is_cleaned(typed, code):
    assert clean_code(typed) == code


@pytest.mark.parametrize("typed", ["", "ABCD234", "ABCD23456", "ABCDU345", "ABCD234É", "\uff11" * 8])
def test_what_cannot_be_a_code_is_not_sent(typed):
    with pytest.raises(BadCode):
        clean_code(typed)


def test_the_code_of_the_request_is_the_cleaned_one_and_the_challenge_is_new(server, ada, tmp_path):
    ada.join()
    Person(server, tmp_path, name="other").join()
    joins = [canonical.decode(body) for body in server.bodies if b'"join"' in body]
    assert len({body["challenge"] for body in joins}) == 2
    assert all(len(canonical.unb64u(body["challenge"])) == 32 for body in joins)
    assert b64u(bytes(32)) not in {body["challenge"] for body in joins}
