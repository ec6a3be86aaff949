# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections

from fronde.cli.main import main
from fronde.errors import Stopped, Usage
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import Key, fingerprint
from fronde.site import checks, doctor
from fronde.site.folder import INSTANCE, Folder
from fronde.site.letters.models import LetterRow, Workplace
from fronde.site.record import logs, publish, recover, store
from fronde.site.signing import slots
from tests.site.village import FILE, HOST, SLUG, Village

FREE = ["FRONDE_DATA", "FRONDE_HOST", "FRONDE_BIND", "FRONDE_ORIGINS", "FRONDE_SMTP_URL", "FRONDE_MAIL_FROM"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """Nothing of the machine's own settings; what a command sets is gone afterwards."""
    for name in FREE:
        monkeypatch.delenv(name, raising=False)
    mask = os.umask(0o022)
    yield
    os.umask(mask)
    connections.close_all()


def run(capsys, *words: str) -> tuple[int, str, str]:
    """(exit code, what it printed, what it complained of)."""
    capsys.readouterr()
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def refused(capsys, *words: str) -> tuple[int, str]:
    """(exit code, id)."""
    code, _, err = run(capsys, *words)
    assert "next: " in err or "  id: " in err
    return code, re.findall(r"  id: (\S+)", err)[-1]


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
    assert (path / "keys" / "log").stat().st_mode & 0o777 == 0o600
    assert f'host = "{HOST}"' in (path / "fronde.toml").read_text()


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
        path.mkdir()

    def broken(folder):
        raise Stopped("The disk is full.")

    monkeypatch.setattr(setup, "_fill", broken)
    assert refused(capsys, "init", str(path)) == (1, "stopped")
    assert path.exists() == there
    assert not there or not list(path.iterdir())


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
    ],
)
def test_a_wrong_setting_has_an_id_and_a_next_step(village: Village, capsys, line, id):
    village.folder.config.write_text(line + "\n")
    for words in (["serve", str(village.folder.path)], ["slots", "burn", "--data", str(village.folder.path)]):
        code, _, err = run(capsys, *words)
        assert code == 64
        assert f"id: {id}\n" in err
        assert "next: " in err


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


# -- the doctor


def test_the_doctor_finds_nothing_wrong(village: Village, capsys):
    letter = village.open()
    code, out, err = run(capsys, "doctor", "--data", str(village.folder.path))
    assert (code, err) == (0, "")
    assert "WRONG" not in out
    assert f"letter {letter.id} (open, 0 signed): Cancel the contract" in out
    assert "4 slots on offer, 3 free" in out


def test_the_doctor_repairs_only_when_told(village: Village, capsys, monkeypatch):
    (village.folder.members / "pepper").unlink()
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n"))
    data = ("--data", str(village.folder.path))
    assert refused(capsys, "doctor", *data) == (1, "not-repaired")
    assert [slot.number for slot in store.instance().offered(SLUG)] == [1, 2, 3, 4]
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    code, out, _ = run(capsys, "doctor", *data)
    assert code == 0
    assert "Burned 4 slots" in out
    assert [slot.number for slot in store.instance().offered(SLUG)] == [5, 6, 7, 8]
    assert run(capsys, "doctor", *data)[0] == 0


def test_the_doctor_repairs_nothing_under_a_running_server(village: Village, capsys):
    (village.folder.members / "pepper").unlink()
    with village.folder.serving():
        assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "already-served")


def an_old_database_came_back(village: Village):
    """Two letters: one half signed when the backup was made, one opened later; and their members."""
    early = village.open()
    members = village.members(30)
    for member in members[:6]:
        village.sign(early, member, name="Grace Example")
    village.step()
    for member in members[6:12]:
        village.sign(early, member, name="Still Waiting")
    connections.close_all()
    backup = village.folder.database.read_bytes()
    village.step()
    village.withdraw(early, members[0])
    late = village.open()
    for member in members[12:18]:
        village.sign(early, member)
        village.sign(late, member, name="Lost Name")
    village.step()
    connections.close_all()
    for extra in village.folder.path.glob("fronde.sqlite3-*"):
        extra.unlink()
    village.folder.database.write_bytes(backup)
    return early, late, members


def test_a_database_that_lost_its_past_gets_it_back_from_the_public_folder(village: Village, capsys):
    early, late, members = an_old_database_came_back(village)
    data = ("--data", str(village.folder.path))
    shown = {log: (village.folder.record(log) / "checkpoint").read_bytes() for log in (early.id, late.id)}
    assert refused(capsys, "letter", "close", early.id, *data) == (1, "behind")
    code, out, err = run(capsys, "doctor", "--yes", *data)
    assert code == 0, err
    assert "Restored" in out
    assert "Burned 4 slots" in out
    for letter in (early, late):
        assert publish.read_note(letter.id, shown[letter.id]).size == store.size(letter.id)
        assert village.verify(letter).exit == 0
    # Names that waited in the backup are shown, the withdrawn one and those of the lost letter are gone.
    assert village.counts(early) == {
        "signatures": 18, "withdrawn": 1, "shown": 11, "not_shown": 0, "hidden": 6,
    }  # fmt: skip
    assert village.counts(late)["not_shown"] == 6
    # Life goes on: who signed is spent, who did not can still sign.
    assert village.post(early, "sign", members[1].sign(early)).status_code == 409
    for member in members[18:24]:
        village.sign(late, member)
    village.step()
    run(capsys, "letter", "close", late.id, *data)
    assert village.verify(late).exit == 0
    recover.start()
    store.ready()


@pytest.mark.parametrize(
    "harm",
    ["instance/log", "letters/{late}/letter.json", "letters/{late}/heads.json", "letters/{late}/record"],
)
def test_what_the_public_folder_lacks_cannot_be_restored(village: Village, capsys, harm):
    _, late, _ = an_old_database_came_back(village)
    path = village.folder.path / "public" / harm.format(late=late.id).removeprefix("instance/")
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "not-restorable")


def test_another_letter_than_the_one_in_the_record_cannot_be_restored(village: Village, capsys):
    early, late, _ = an_old_database_came_back(village)
    folder = village.folder
    (folder.letter(late.id) / "letter.json").write_bytes(
        (folder.letter(early.id) / "letter.json").read_bytes()
    )
    assert refused(capsys, "doctor", "--yes", "--data", str(folder.path)) == (1, "not-restorable")


def test_a_mark_of_another_history_cannot_be_restored(village: Village, capsys):
    an_old_database_came_back(village)
    size = logs.size(INSTANCE)
    other = Checkpoint(logs.origin(INSTANCE), size + 1, bytes(32)).sign(logs.signer(INSTANCE))
    village.folder.high_water(INSTANCE).write_bytes(other)
    assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "not-restorable")


def test_a_closed_letter_is_restored_closed(village: Village, capsys):
    letter = village.open()
    members = village.members(12)
    for member in members[:6]:
        village.sign(letter, member)
    connections.close_all()
    backup = village.folder.database.read_bytes()
    run(capsys, "letter", "close", letter.id, "--data", str(village.folder.path))
    connections.close_all()
    for extra in village.folder.path.glob("fronde.sqlite3-*"):
        extra.unlink()
    village.folder.database.write_bytes(backup)
    assert run(capsys, "doctor", "--yes", "--data", str(village.folder.path))[0] == 0
    assert LetterRow.objects.get().state == LetterRow.CLOSED
    assert village.post(letter, "sign", members[7].sign(letter)).status_code == 410
    assert village.verify(letter).closed


def test_a_database_of_another_history_cannot_be_restored(village: Village, capsys):
    an_old_database_came_back(village)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fronde_log_entry SET data = %s WHERE log = 'instance' AND idx = 1", [b"{}"])
    assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "not-restorable")


@pytest.mark.parametrize("harm", ["missing", "unreadable"])
def test_a_mark_is_set_again_when_the_operator_says_so(village: Village, capsys, harm):
    mark = village.folder.high_water(INSTANCE)
    mark.unlink() if harm == "missing" else mark.write_bytes(b"rubbish")
    code, out, _ = run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    assert code == 0
    assert "nobody may have seen more than 4 entries" in out
    assert publish.read_note(INSTANCE, mark.read_bytes()).size == logs.size(INSTANCE)


def test_a_doctor_who_could_not_repair_says_so(village: Village, monkeypatch):
    monkeypatch.setattr(slots, "check", lambda: (_ for _ in ()).throw(Stopped("Lost.")))
    said: list[str] = []
    needs = doctor.look(said.append)
    assert needs == {doctor.Need.BURN}
    with pytest.raises(Exception, match="still wrong"):
        doctor.repair(needs, said.append)


# -- serving


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "fronde.cli.main", *words]


def get(url: str) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
            answer.read()
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_serves_refuses_a_second_one_and_ends_cleanly(village: Village, number):
    connections.close_all()
    port = free_port()
    path = str(village.folder.path)
    server = subprocess.Popen(
        command("serve", path, "--bind", f"127.0.0.1:{port}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline().decode()
        assert f"http://127.0.0.1:{port}" in line
        status, headers = get(f"http://127.0.0.1:{port}/log/checkpoint")
        assert status == 200
        assert "Server" not in headers
        assert get(f"http://127.0.0.1:{port}//log/checkpoint")[0] == 404
        assert get(f"http://localhost:{port}/policy")[0] == 200
        second = subprocess.run(
            command("serve", path, "--bind", f"127.0.0.1:{free_port()}"), capture_output=True, check=False
        )
        assert second.returncode == 1
        assert b"already-served" in second.stderr
        # A command works beside the server, and the server publishes what it brought.
        burned = subprocess.run(command("slots", "burn", "--data", path), capture_output=True, check=False)
        assert burned.returncode == 0, burned.stderr
        server.send_signal(number)
        rest = server.stdout.read()
        assert server.wait(30) == 0
        assert rest == b""
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_an_address_that_is_taken_is_told(village: Village):
    connections.close_all()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        tried = subprocess.run(
            command("serve", str(village.folder.path), "--bind", bind), capture_output=True, check=False
        )
    assert tried.returncode == 64
    assert b"id: bind" in tried.stderr


def test_a_server_whose_past_is_lost_reads_and_takes_nothing_in(village: Village):
    village.folder.high_water(INSTANCE).unlink()
    connections.close_all()
    port = free_port()
    server = subprocess.Popen(
        command("serve", str(village.folder.path), "--bind", f"127.0.0.1:{port}"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert b"Nothing is signed or issued" in server.stdout.readline()
        assert b"Fronde serves" in server.stdout.readline()
        assert get(f"http://127.0.0.1:{port}/log/checkpoint")[0] == 200
        body = b'{"challenge":"' + b"A" * 43 + b'","mailbox":"ada@meridian.example","type":"join","v":1}'
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/w/{SLUG}/join", body, {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=30)  # noqa: S310
        caught.value.close()
        assert caught.value.code == 503
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()
