# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fronde.cli import record as command
from fronde.record import entry
from fronde.record.note import Signer
from tests.cli.published import SITE, alone, fresh, run, serve, site, vkey
from tests.simulator import Record


@pytest.fixture
def record() -> Record:
    return fresh()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return alone(tmp_path, monkeypatch)


def test_a_watch_keeps_the_checkpoint_and_tells_of_growth(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    server = serve(monkeypatch, site(record))
    assert run("watch", SITE, "--once", "--key", vkey(record)) == 0
    kept = here / "letters.example_log.checkpoint"
    assert kept.read_bytes() == server.files["/log/checkpoint"]
    assert run("watch", SITE, "--once", "--key", vkey(record)) == 0
    record.head()
    server.files = site(record)
    assert run("watch", SITE, "--once", "--key", vkey(record)) == 0
    assert kept.read_bytes() == server.files["/log/checkpoint"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(", ")[2] for line in lines] == ["first seen", "unchanged", "1 more"]


def test_a_letters_record_is_watched_too(record: Record, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    serve(monkeypatch, site(record))
    address = f"{SITE}/letters/{record.letter.id}/record"
    assert run("watch", address, "--once", "--keep", "seen") == 3
    assert (here / "seen").read_bytes() == record.log()["checkpoint"]


def shrink(record: Record) -> None:
    record.place.instance.pop()


def fork(record: Record) -> None:
    record.place.instance[-1:] = [entry.head(record.bind, bytes(32)), entry.head(record.bind, bytes(32))]


def change_key(record: Record) -> None:
    record.place.signer = Signer("letters.example/log", bytes(32))


def break_a_rule(record: Record) -> None:
    record.place.instance.append(entry.head(0, bytes(32)))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (shrink, "log-shrunk"),
        (fork, "log-forked"),
        (change_key, "other-key"),
        (break_a_rule, "head-without-bind"),
    ],
)
def test_a_watch_complains_about_anything_but_growth_and_keeps_the_evidence(
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    here: Path,
    change: Callable[[Record], None],
    name: str,
) -> None:
    server = serve(monkeypatch, site(record))
    assert run("watch", f"{SITE}/log", "--once", "--keep", "seen") == 3
    before = (here / "seen").read_bytes()
    change(record)
    server.files = site(record)
    assert run("watch", f"{SITE}/log", "--once", "--keep", "seen") == 1
    assert (here / "seen").read_bytes() == before
    assert f"id: {name}" in capsys.readouterr().err
    with zipfile.ZipFile(here / f"evidence-{name}-1.zip") as evidence:
        assert evidence.read("seen/checkpoint") == before
        assert evidence.read("read/log/checkpoint") == server.files["/log/checkpoint"]
        assert name in evidence.read("what.txt").decode()
        assert any(each.startswith("read/log/tile/entries/") for each in evidence.namelist())
    assert run("watch", f"{SITE}/log", "--once", "--keep", "seen") == 1
    assert (here / f"evidence-{name}-2.zip").exists()


def test_a_kept_checkpoint_of_another_log_is_refused(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, site(record))
    assert run("watch", f"{SITE}/log", "--once", "--keep", "seen") == 3
    assert run("watch", f"{SITE}/letters/{record.letter.id}", "--once", "--keep", "seen") == 1


def test_a_log_without_a_key_is_watched_for_growth(record: Record, tmp_path: Path, here: Path) -> None:
    def put() -> None:
        for path, content in record.log().items():
            file = tmp_path / "copy" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    put()
    assert run("watch", tmp_path / "copy", "--once") == 3
    record.entries.pop()
    put()
    assert run("watch", tmp_path / "copy", "--once") == 1
    assert (here / "evidence-log-shrunk-1.zip").exists()


def test_a_watch_goes_on_when_the_server_is_away_and_ends_at_a_breach(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server, pauses = serve(monkeypatch, site(record)), []

    def fail(path: str) -> None:
        raise httpx.ConnectError("refused")

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            server.before = fail
        elif len(pauses) == 2:
            server.before = lambda path: None
            shrink(record)
            server.files = site(record)

    monkeypatch.setattr(command.time, "sleep", pause)
    assert run("watch", SITE, "--every", "7", "--key", vkey(record)) == 1
    assert pauses == [7, 7]
    out, err = capsys.readouterr()
    assert "first seen" in out
    assert "no answer from https://letters.example" in err
    assert "id: log-shrunk" in err


def test_a_watch_looked_at_once_says_that_the_server_is_away(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    def fail(path: str) -> None:
        raise httpx.ConnectError("refused")

    serve(monkeypatch, site(record)).before = fail
    assert run("watch", SITE, "--once") == 1
    assert "id: unreachable" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_a_newer_log_is_no_evidence(record: Record, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    record.place.instance.append(b'{"type":"amend","v":1}')
    serve(monkeypatch, site(record))
    assert run("watch", SITE, "--once") == 2
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("seconds", ["0", "x", "86401"])
def test_a_pause_is_a_number_of_seconds(seconds: str) -> None:
    with pytest.raises(SystemExit) as caught:
        run("watch", ".", "--every", seconds)
    assert caught.value.code == 64
