# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import shutil
import sys

import pytest
from django.db import connection, connections

from fronde.errors import Refused, Stopped
from fronde.record.checkpoint import Checkpoint
from fronde.site import doctor, setup
from fronde.site.folder import INSTANCE
from fronde.site.letters.models import LetterRow
from fronde.site.record import logs, publish, store
from fronde.site.signing import slots
from tests.site.commands import refused, run
from tests.site.village import SLUG, Village

pytestmark = pytest.mark.usefixtures("own_settings")


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
    setup.start()
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
    assert doctor.look(said.append).needs == {doctor.Need.BURN}
    with pytest.raises(Refused, match="still wrong"):
        doctor.repair(said.append)
