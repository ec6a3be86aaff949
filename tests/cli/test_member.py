# SPDX-License-Identifier: Apache-2.0
import io
import os

import pytest

from fronde.cli.main import main
from fronde.client import words
from fronde.client.keep import Keep
from fronde.record.note import Signer
from tests.client.server import BASE, CODE, MAILBOX, Server, error, reply
from tests.simulator import Workplace

JOIN = f"{BASE}/w/works"


class Shell:
    """A terminal at which a member types."""

    def __init__(self, server, folder, monkeypatch, capsys):
        self.server, self.keep = server, folder / "keep.json"
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words, typed=""):
        """Exit code, standard output, standard error."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main([words[0], *words[1:], "--keep", str(self.keep)])
        said = self._capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture
def place():
    return Workplace(slots=2)


@pytest.fixture
def letter(place):
    return place.open()


@pytest.fixture
def url(letter):
    return f"{BASE}/letters/{letter.letter.id}"


@pytest.fixture
def shell(place, tmp_path, monkeypatch, capsys):
    server = Server(place)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("fronde.client.http.Http", lambda base: server.client())
    return Shell(server, tmp_path, monkeypatch, capsys)


@pytest.fixture
def member(shell):
    shell("join", JOIN, typed=f"{MAILBOX}\n{CODE}\n")
    return shell


def publish(place, letter):
    for each in place.people(6):
        letter.sign(each)
    letter.publish()


def test_joining_asks_for_mailbox_and_code_one_line_each(shell):
    code, out, err = shell("join", JOIN, typed=f" {MAILBOX} \n abcd-2345\n")
    assert code == 0
    assert "takes addresses at works.example, of the shape first.last" in out
    assert "You are in: 2 tokens, for the seasons 2026H2." in out
    assert err.index("mailbox") < err.index("The code")
    assert MAILBOX.encode() in shell.server.bodies[0]


def test_a_mistyped_or_wrong_code_is_asked_for_again(shell):
    code, _, err = shell("join", JOIN, typed=f"{MAILBOX}\nABC\n00000000\n{CODE}\n")
    assert (code, err.count("The code: ")) == (0, 3)
    assert "eight letters and digits" in err
    assert "No: wrong-code." in err


def test_input_that_ends_after_a_wrong_code_tells_the_refusal(shell):
    code, _, err = shell("join", JOIN, typed=f"{MAILBOX}\n00000000\n")
    assert (code, err.count("id: wrong-code")) == (1, 1)


def test_input_that_ends_before_an_answer_is_wrong_usage(shell):
    for typed in ("", f"{MAILBOX}\n"):
        assert shell("join", JOIN, typed=typed)[0] == 64


def test_a_refusal_of_the_server_ends_the_asking(shell):
    shell.server.answers["POST", "/w/works/enrol"] = lambda request: error(429, "too-many")
    code, _, err = shell("join", JOIN, typed=f"{MAILBOX}\n{CODE}\n{CODE}\n")
    assert (code, err.count("The code: ")) == (1, 1)


def test_what_other_words_took_is_said(member, tmp_path):
    member.keep = tmp_path / "other.json"
    _, out, _ = member("join", JOIN, typed=f"{MAILBOX}\n{CODE}\n")
    assert "You are in: 0 tokens, for the seasons none." in out
    assert "2 slots were taken before with other words" in out


def test_the_first_visit_shows_origin_and_fingerprint(shell, place):
    _, _, err = shell("join", JOIN)
    assert "First visit to letters.example/log" in err
    assert "a key that this server claims" in err


def test_a_key_that_was_given_is_said_to_be_yours(shell, place):
    _, _, err = shell("join", JOIN, "--key", place.signer.vkey)
    assert "the key that you gave" in err


@pytest.mark.parametrize("how", ["--key", "--policy"])
def test_another_key_than_the_one_given_is_refused(shell, tmp_path, how):
    other = Signer("letters.example/log", bytes(32)).vkey
    (tmp_path / "policy").write_text(f"log {other}\nquorum none\n")
    value = other if how == "--key" else str(tmp_path / "policy")
    code, _, err = shell("join", JOIN, how, value, typed=f"{MAILBOX}\n{CODE}\n")
    assert (code, "id: other-key" in err, shell.server.posts) == (1, True, [])


def test_the_users_own_policy_counts_where_it_knows_the_log(shell, tmp_path):
    folder = tmp_path / ".config" / "fronde"
    folder.mkdir(parents=True)
    other = Signer("paris.example/log", bytes(32)).vkey
    (folder / "policy").write_text(f"log {other}\nquorum none\n")
    assert shell("join", JOIN, typed=f"{MAILBOX}\n{CODE}\n")[0] == 0
    liar = Signer("letters.example/log", bytes(32)).vkey
    (folder / "policy").write_text(f"log {liar}\nquorum none\n")
    assert "id: other-key" in shell("join", JOIN)[2]


def test_a_policy_that_cannot_be_read_is_wrong_usage(shell, tmp_path):
    assert shell("join", JOIN, "--policy", str(tmp_path / "none"))[0] == 64


def test_a_policy_whose_witnesses_have_not_signed_is_refused(shell, place, tmp_path):
    from fronde.record.note import Key
    from fronde.tokens import ed25519

    witness = Key.of("witness.example/w", ed25519.public_key(bytes(32)), 4).vkey
    (tmp_path / "policy").write_text(f"log {place.signer.vkey}\nwitness w {witness}\nquorum w\n")
    code, _, err = shell("join", JOIN, "--policy", str(tmp_path / "policy"))
    assert (code, "id: no-quorum" in err, shell.server.posts) == (1, True, [])


def test_signing_shows_who_would_see_what_before_it_asks(member, url):
    code, out, err = member("sign", url, "--name", "Ada Smith", "--note", "compilers", typed="y\n")
    assert code == 0
    shown = ("Tell us what our work", "The board", "Publish the contracts", "as Ada Smith (compilers)")
    assert all(text in out for text in (*shown, "mail administrator", "a court", "Your signature was taken"))
    assert "fronde/receipt/1" in err


def test_signing_hidden_says_so(member, url):
    _, out, _ = member("sign", url, "--yes")
    assert "with your name hidden from readers" in out
    assert "one more verified colleague, no name" in out


@pytest.mark.parametrize(("typed", "code"), [("n\n", 1), ("\n", 1), ("", 64)])
def test_without_a_yes_nothing_is_sent(member, url, letter, typed, code):
    before = member.server.posts
    result, _, err = member("sign", url, typed=typed)
    assert result == code
    assert "nothing was sent" in err
    assert member.server.posts == before


def test_yes_asks_nothing(member, url):
    code, _, err = member("sign", url, "--yes")
    assert code == 0
    assert "[y/N]" not in err


def test_a_stranger_is_told_the_next_step(shell, url):
    code, _, err = shell("sign", url, "--yes")
    assert (code, "id: no-token" in err, "next: Join first" in err) == (1, True, True)


def test_withdrawing_is_final_and_says_so(member, url):
    member("sign", url, "--yes")
    code, out, _ = member("withdraw", url, typed="yes\n")
    assert code == 0
    assert "This is final" in out
    assert "Your withdrawal was taken" in out
    assert member("sign", url, "--yes")[0] == 1


def test_looking_tells_each_state(member, url, place, letter):
    assert "posted nothing" in member("look", url)[1]
    member("sign", url, "--yes")
    assert "your signature waits to be published, by 2026-11-30T09:00:00Z" in member("look", url)[1]
    publish(place, letter)
    code, out, _ = member("look", url)
    assert (code, "your signature is in the record, entry" in out) == (0, True)


def test_a_refused_signature_is_told_with_exit_1(member, url, letter):
    member("sign", url, "--yes")
    path = f"/letters/{letter.letter.id}/sign"
    member.server.answers["POST", path] = lambda request: error(410, "closed")
    code, out, _ = member("look", url)
    assert (code, "your signature was refused: No: closed." in out) == (1, True)


def test_words_are_shown_and_bring_the_member_to_another_device(member, url, tmp_path):
    code, out, err = member("words", JOIN)
    assert (code, len(out.split()), "not on a device of your employer" in err) == (0, 12, True)
    member.keep = tmp_path / "other.json"
    assert member("words", url, "--restore", typed=out)[0] == 0
    assert "You are in: 2 tokens" in member("join", JOIN, typed=f"{MAILBOX}\n{CODE}\n")[1]


def test_words_come_in_french_too(member):
    _, out, _ = member("words", JOIN, "--lang", "fr")
    seed = Keep(member.keep).at(BASE).seed
    assert out.split() == words.write(seed, "fr")


def test_there_are_no_words_before_joining(shell):
    assert "id: no-words" in shell("words", JOIN)[2]


def test_wrong_words_change_nothing(member):
    before = member.keep.read_bytes()
    assert member("words", JOIN, "--restore", typed="abandon " * 12)[0] == 1
    assert member("words", JOIN, "--restore", typed="zoo " * 11 + "wrong")[0] == 1
    assert member.keep.read_bytes() == before


def test_the_evidence_of_a_breach_lies_beside_the_members_file(member, url, letter, place):
    path = f"/letters/{letter.letter.id}/sign"
    member.server.answers["POST", path] = lambda request: reply(200, b"thanks\n")
    for number in (1, 2):
        code, _, err = member("sign", url, "--yes")
        folder = member.keep.parent / f"evidence-receipt-note-{number}"
        assert (code, f"The evidence is in {folder}" in err) == (1, True)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / f"letters-{letter.letter.id}-sign").read_bytes() == b"thanks\n"
        assert (folder / "what.txt").read_text().startswith("receipt-note: ")
        assert (folder / "log-checkpoint").read_bytes() == place.checkpoint()
    assert "sent-sign.json" in os.listdir(folder)


@pytest.mark.parametrize("command", ["join", "sign", "withdraw", "look"])
def test_another_address_is_wrong_usage(shell, command):
    code, _, err = shell(command, "https://letters.example/verify")
    assert (code, "Copy the address" in err) == (64, True)
