# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.conf import settings

from fronde.errors import Stopped, Usage
from fronde.record.note import Key, fingerprint
from fronde.site import checks
from fronde.site.folder import INSTANCE, Folder
from fronde.site.letters.models import LetterRow, Workplace
from fronde.site.record import publish, store
from tests.site.commands import refused, run
from tests.site.village import FILE, HOST, SLUG, Village

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "draft.md"
    path.write_text(FILE.format(least=5, minutes=0, tokens=5, rules=""))
    return path


# -- init


def test_init_makes_a_folder_and_prints_key_and_next_steps(tmp_path, capsys):
    path = tmp_path / "data"
    code, out, _ = run(capsys, "init", str(path), "--host", HOST)
    assert code == 0
    vkey = re.search(r"key +(\S+)", out)[1]
    assert Key.parse(vkey).name == f"{HOST}/log"
    assert fingerprint(vkey) in out
    assert "fronde workplace add" in out
    assert (path / "policy").read_text() == f"log {vkey}\nquorum none\n"
    for private in ("", "members", "keys", "high-water", "outbox"):
        assert (path / private).stat().st_mode & 0o777 == 0o700
    for file in ("keys/log", "fronde.toml", "fronde.sqlite3", "members/pepper", "members/enrolment.sqlite3"):
        assert (path / file).stat().st_mode & 0o777 == 0o600
    assert f'host = "{HOST}"' in (path / "fronde.toml").read_text()


def test_init_closes_a_folder_that_was_open_to_others_and_all_that_is_made_in_it(tmp_path, capsys):
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(0o755)
    os.umask(0)
    assert run(capsys, "init", str(path), "--host", HOST)[0] == 0
    assert path.stat().st_mode & 0o777 == 0o700
    assert run(capsys, *add(), "--data", str(path))[0] == 0
    published = {"policy", *(str(each.relative_to(path)) for each in (path / "public").rglob("*"))}
    for each in path.rglob("*"):
        if str(each.relative_to(path)) not in published:
            assert each.stat().st_mode & 0o077 == 0, each


def test_the_host_comes_from_the_command_then_the_environment_then_this_machine(
    tmp_path, capsys, monkeypatch
):
    run(capsys, "init", str(tmp_path / "a"))
    monkeypatch.setenv("FRONDE_HOST", "env.example")
    run(capsys, "init", str(tmp_path / "b"))
    run(capsys, "init", str(tmp_path / "c"), "--host", "said.example")
    hosts = [(tmp_path / name / "policy").read_text().split("/log")[0] for name in "abc"]
    assert hosts == ["log 127.0.0.1:8000", "log env.example", "log said.example"]


def test_init_touches_no_folder_that_holds_something(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert refused(capsys, "init", str(tmp_path)) == (1, "not-empty")
    assert refused(capsys, "init", str(tmp_path / "file")) == (1, "not-empty")
    assert (tmp_path / "file").read_text() == "mine"


def test_init_refuses_a_host_that_is_none(tmp_path, capsys):
    assert refused(capsys, "init", str(tmp_path / "data"), "--host", "Not A Host") == (64, "host")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("there", [False, True])
def test_an_init_that_fails_leaves_nothing(tmp_path, capsys, monkeypatch, there):
    from fronde.site import setup

    path = tmp_path / "data"
    if there:
        path.mkdir(mode=0o750)
        inode = path.stat().st_ino

    def broken(folder):
        raise Stopped("The disk is full.")

    monkeypatch.setattr(setup, "_fill", broken)
    assert refused(capsys, "init", str(path)) == (1, "stopped")
    assert path.exists() == there
    assert not there or (not list(path.iterdir()) and path.stat().st_ino == inode)


# -- workplaces


def add(*more: str) -> list[str]:
    return ["workplace", "add", "acme", "--name", "Acme", "--domain", "acme.example", *more]


def test_a_workplace_has_two_seasons_that_are_published(village: Village, capsys):
    code, out, _ = run(
        capsys, *add("--domain", "ACME.test", "--shape", "first.last"), "--data", str(village.folder.path)
    )
    assert code == 0
    assert "4 slots" in out
    place = Workplace.objects.get(slug="acme")
    assert place.rule == {"domains": ["acme.example", "acme.test"], "shape": "first.last"}
    assert place.headcount is None
    assert len(store.instance().offered("acme")) == 4
    assert publish.shown(INSTANCE)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["workplace", "add", "Acme", "--name", "A", "--domain", "a.example"], (64, "slug")),
        (["workplace", "add", SLUG, "--name", "A", "--domain", "a.example"], (1, "workplace-exists")),
        (["workplace", "add", "acme", "--name", "", "--domain", "a.example"], (64, "workplace")),
        (["workplace", "add", "acme", "--name", "A", "--domain", "not a domain"], (64, "mail-domains")),
        (add("--shape", "whatever"), (64, "mail-shape")),
        (add("--headcount", "0", "--headcount-source", "x"), (64, "workplace")),
        (add("--headcount", "5"), (64, "workplace")),
        (add("--headcount-source", "x"), (64, "workplace")),
    ],
)
def test_a_wrong_workplace_is_refused_whole(village: Village, capsys, words, expected):
    assert refused(capsys, *words, "--data", str(village.folder.path)) == expected
    assert Workplace.objects.count() == 1


def test_the_folder_comes_from_the_command_or_the_environment(
    village: Village, capsys, monkeypatch, tmp_path
):
    monkeypatch.delenv("FRONDE_DATA", raising=False)
    assert refused(capsys, *add()) == (64, "no-data")
    assert refused(capsys, *add(), "--data", str(tmp_path / "nothing")) == (64, "no-folder")
    monkeypatch.setenv("FRONDE_DATA", str(village.folder.path))
    assert run(capsys, *add())[0] == 0


# -- letters


def test_a_letter_is_opened_closed_and_proved(village: Village, draft: Path, capsys, tmp_path):
    data = ("--data", str(village.folder.path))
    code, out, _ = run(capsys, "letter", "open", str(draft), "--workplace", SLUG, *data)
    assert code == 0
    letter_id = re.search(r"\b[a-z2-7]{16}\b", out)[0]
    letter = LetterRow.objects.get()
    assert letter.id == letter_id
    target = tmp_path / "letter.zip"
    code, out, _ = run(capsys, "proof", letter_id, "-o", str(target), *data)
    assert code == 0
    assert "fronde verify" in out
    policy = str(village.folder.policy)
    assert run(capsys, "verify", str(target), "--policy", policy)[0] == 0
    code, out, _ = run(capsys, "letter", "close", letter_id, *data)
    assert code == 0
    assert "nothing is published" in out
    run(capsys, "proof", letter_id, "-o", str(target), *data)
    assert run(capsys, "verify", str(target), "--policy", policy)[0] == 0
    assert refused(capsys, "letter", "close", letter_id, *data) == (1, "closed")


def test_a_close_tells_the_count(village: Village, capsys):
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member)
    village.withdraw(letter, members[0])
    _, out, _ = run(capsys, "letter", "close", letter.id, "--data", str(village.folder.path))
    assert "6 signatures, 1 withdrawn" in out


def test_what_is_not_there_is_named(village: Village, draft: Path, capsys, tmp_path):
    data = ("--data", str(village.folder.path))
    binary = tmp_path / "binary.md"
    binary.write_bytes(b"\xff\xff")
    opening = ("letter", "open")
    assert refused(capsys, *opening, str(tmp_path / "no.md"), "--workplace", SLUG, *data) == (64, "no-file")
    assert refused(capsys, *opening, str(binary), "--workplace", SLUG, *data) == (2, "not-utf-8")
    assert refused(capsys, *opening, str(draft), "--workplace", "nowhere", *data) == (1, "no-workplace")
    assert refused(capsys, "letter", "close", "a" * 16, *data) == (1, "no-letter")
    assert refused(capsys, "proof", "a" * 16, "-o", "x", *data) == (1, "no-letter")
    assert refused(capsys, "proof", "../../x", "-o", "x", *data) == (1, "no-letter")
    letter = village.open()
    assert refused(capsys, "proof", letter.id, "-o", str(tmp_path / "no" / "x"), *data) == (64, "no-file")


def test_a_draft_that_is_wrong_names_its_line(village: Village, draft: Path, capsys):
    draft.write_text(draft.read_text().replace('lang = "en"', 'lang = "en'))
    code, _, err = run(
        capsys, "letter", "open", str(draft), "--workplace", SLUG, "--data", str(village.folder.path)
    )
    assert code == 64
    assert "line 3" in err


def test_burned_slots_end_and_new_seasons_begin(village: Village, capsys):
    code, out, _ = run(capsys, "slots", "burn", "--data", str(village.folder.path))
    assert code == 0
    assert "Ended 4 slots" in out
    assert [slot.number for slot in store.instance().offered(SLUG)] == [5, 6, 7, 8]
    assert publish.shown(INSTANCE)


# -- settings


@pytest.mark.parametrize(
    ("line", "id"),
    [
        ("host = ", "fronde.E002"),
        ('hots = "x"', "fronde.E003"),
        ('host = "Not A Host"', "fronde.E004"),
        ('host = "other.example"', "fronde.E005"),
        (f'host = "{HOST}"\nsmtp_url = "ftp://x"\nmail_from = "a@b.example"', "fronde.E006"),
        (f'host = "{HOST}"\nsmtp_url = "smtp://mail.example"', "fronde.E007"),
        (f'host = "{HOST}"\norigins = ["letters.example"]', "fronde.E008"),
        (f'host = "{HOST}"\norigins = "https://a.example/x"', "fronde.E008"),
        (f'host = "{HOST}"\nbind = "somewhere"', "fronde.E009"),
        (f'host = "{HOST}"\noperator = "{"x" * 81}"', "fronde.E011"),
        (f'host = "{HOST}"\noperator = "The \\u202e union"', "fronde.E011"),
        (f'host = "{HOST}"\noperator = " "', "fronde.E011"),
        (f'host = "{HOST}"\ncontact = "mailto:a@b.example"', "fronde.E011"),
        (f'host = "{HOST}"\noperator = "The union"\ncontact = "javascript:alert(1)"', "fronde.E012"),
        (f'host = "{HOST}"\noperator = "The union"\ncontact = "http://union.example"', "fronde.E012"),
        (
            f'host = "{HOST}"\noperator = "Us"\ncontact = "mailto:a@b.example?cc=c@d.example"',
            "fronde.E012",
        ),
    ],
)
def test_a_wrong_setting_has_an_id_and_a_next_step(village: Village, capsys, line, id):
    village.folder.config.write_text(line + "\n")
    for words in (["serve", str(village.folder.path)], ["slots", "burn", "--data", str(village.folder.path)]):
        code, _, err = run(capsys, *words)
        assert code == 64
        assert f"id: {id}\n" in err
        assert "next: " in err


@pytest.mark.parametrize(
    "contact",
    [
        "",
        "mailto:a@b.example",
        "https://union.example/contact",
        "http://exampleexample.onion/",
        "https://é.fr",
    ],
)
def test_an_operator_may_say_who_they_are_and_how_to_reach_them(village: Village, capsys, contact):
    village.folder.config.write_text(f'host = "{HOST}"\noperator = "L’Union"\ncontact = "{contact}"\n')
    assert run(capsys, "doctor", "--data", str(village.folder.path))[0] == 0
    assert ("L’Union", contact) == (settings.FRONDE_OPERATOR, settings.FRONDE_CONTACT)


def test_without_a_data_folder_the_checks_say_only_that(village: Village, monkeypatch):
    monkeypatch.setattr(settings, "FRONDE_DATA", None)
    assert [message.id for message in checks.check_settings(None)] == ["fronde.W001"]
    with pytest.raises(Usage):
        Folder.current()


def test_a_folder_without_a_policy_is_none(village: Village):
    village.folder.policy.unlink()
    assert [message.id for message in checks.check_settings(None)] == ["fronde.E001"]


def test_keys_that_others_can_read_are_a_wrong_setting(village: Village, capsys):
    village.folder.keys.chmod(0o755)
    _, _, err = run(capsys, "doctor", "--data", str(village.folder.path))
    assert "fronde.E010" in err


def test_the_environment_goes_before_the_file(village: Village, capsys, monkeypatch):
    monkeypatch.setenv("FRONDE_ORIGINS", "https://a.example, http://b.example:81/")
    monkeypatch.setenv("FRONDE_MAIL_FROM", "post@a.example")
    assert run(capsys, "doctor", "--data", str(village.folder.path))[0] == 0
    assert settings.FRONDE_ORIGINS == ["https://a.example", "http://b.example:81"]
    assert settings.FRONDE_MAIL_FROM == "post@a.example"
