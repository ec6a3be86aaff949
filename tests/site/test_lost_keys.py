# SPDX-License-Identifier: Apache-2.0
"""Keys that are lost, damaged or of another time.  # trust: 22"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.db import connection, connections

from fronde.site import doctor, setup
from fronde.site.folder import INSTANCE
from fronde.site.letters.models import LetterRow
from fronde.site.record import keys, recover, store
from fronde.site.signing import sequence
from tests.site.commands import run
from tests.site.lost import unrepairable
from tests.site.village import Killed, Village, killing

pytestmark = pytest.mark.usefixtures("own_settings")


def test_a_letter_that_is_newer_than_the_keys_is_left_alone(village: Village, capsys):
    backup = village.folder.path.with_name("backup")
    connections.close_all()
    shutil.copytree(village.folder.keys, backup)
    letter = village.open()
    shutil.rmtree(village.folder.keys)
    shutil.copytree(backup, village.folder.keys)
    name, said = unrepairable(village, capsys, letter.id)
    assert name == "key-missing"
    assert letter.id in said
    assert "Put keys/ back from a backup, one that was made after the letter was opened" in said


def test_a_letter_of_which_the_database_knows_nothing_either_is_left_alone(village: Village, capsys):
    connections.close_all()
    copy = village.folder.path.with_name("backup")
    shutil.copytree(village.folder.path, copy)
    letter = village.open()
    connections.close_all()
    for part in ("fronde.sqlite3", "keys"):
        path = village.folder.path / part
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        (shutil.copytree if (copy / part).is_dir() else shutil.copy)(copy / part, path)
    name, said = unrepairable(village, capsys)
    assert name == "key-missing"
    assert f"letters/{letter.id}" in said or letter.id in said
    assert (village.folder.record(letter.id) / "checkpoint").exists()


HARMS = {"missing": "key-missing", "short": "key-missing", "another": "key-other"}


def spoil(path: Path, harm: str) -> None:
    path.unlink() if harm == "missing" else path.write_bytes(bytes(31 if harm == "short" else 32))


@pytest.mark.parametrize("of", ["instance", "letter"])
@pytest.mark.parametrize(("harm", "expected"), HARMS.items())
def test_keys_that_are_not_those_that_are_published_sign_nothing(
    village: Village, capsys, of, harm, expected
):
    letter = village.open()
    spoil(village.folder.log_key(INSTANCE if of == "instance" else letter.id), harm)
    name, said = unrepairable(village, capsys, letter.id if of == "letter" else "")
    assert name == expected
    assert "Put keys/" in said


@pytest.mark.parametrize(("harm", "expected"), HARMS.items())
def test_receipts_are_given_under_no_other_key_than_the_one_that_is_published(
    village: Village, capsys, harm, expected
):
    letter = village.open()
    spoil(village.folder.receipt_key(letter.id), harm)
    setup.start()
    store.ready(letter.id)
    answer = village.post(letter, "sign", village.members(1)[0].sign(letter))
    assert answer.status_code == 503
    assert f'"id":"{expected}"'.encode() in answer.content
    assert village.types(letter) == ["letter.open"]
    code, out, err = run(capsys, "doctor", "--data", str(village.folder.path))
    assert (code, err.split("  id: ")[1].strip()) == (1, expected)
    assert "Put keys/" in out


def test_another_key_of_a_letter_that_only_the_public_folder_knows_signs_nothing(village: Village, capsys):
    connections.close_all()
    old = village.folder.database.read_bytes()
    letter = village.open()
    connections.close_all()
    village.folder.database.write_bytes(old)
    village.folder.log_key(letter.id).write_bytes(bytes(32))
    assert unrepairable(village, capsys)[0] == "key-other"


def test_without_policy_and_letter_no_key_is_another(village: Village):
    letter = village.open()
    village.folder.policy.write_text("nothing")
    LetterRow.objects.filter(id=letter.id).update(data=b"{}")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fronde_log_entry SET data = %s WHERE log = %s", [b"{}", letter.id])
    keys.check(INSTANCE)
    keys.check(letter.id)
    keys.check_receipts(letter.id)


def test_a_letter_open_that_was_killed_leaves_keys_only_until_the_next_start(village: Village, monkeypatch):
    there = village.open()
    killing(monkeypatch, sequence, "_freeze", after=False)
    # A kill runs nothing that would take the keys back.
    with monkeypatch.context() as patch:
        patch.setattr(sequence.keys, "remove", lambda letter_id: None)
        with pytest.raises(Killed):
            village.open()
    (stray,) = recover.strays()
    said: list[str] = []
    assert not doctor.look(said.append).needs
    assert any(f"keys/letters/{stray}" in line for line in said)
    setup.start()
    store.ready()
    assert recover.strays() == []
    assert [path.name for path in (village.folder.keys / "letters").iterdir()] == [there.id]


@pytest.mark.parametrize("trace", ["row", "public", "mark"])
def test_keys_of_which_there_is_any_trace_are_never_removed(village: Village, trace):
    letter = village.open()
    if trace != "row":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM fronde_log_entry WHERE log = %s", [letter.id])
            cursor.execute("DELETE FROM fronde_letter")
    if trace != "public":
        shutil.rmtree(village.folder.letter(letter.id))
    if trace != "mark":
        village.folder.high_water(letter.id).unlink()
    setup.start()
    assert village.folder.log_key(letter.id).exists()
