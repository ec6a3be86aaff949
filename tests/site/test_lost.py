# SPDX-License-Identifier: Apache-2.0
"""Parts of a data folder that are lost, damaged or of another time, one by one: what is said, what is kept.

All combinations of old and lost parts are in test_states.py.  # trust: 22
"""

from __future__ import annotations

import shutil

import pytest
from django.db import connection, connections

from fronde import canonical
from fronde.errors import Stopped
from fronde.letter import Letter
from fronde.record.checkpoint import Checkpoint
from fronde.record.tree import leaf_hash, root
from fronde.site import doctor, setup
from fronde.site.folder import INSTANCE, Folder
from fronde.site.letters.models import LetterRow
from fronde.site.members import enrolment
from fronde.site.record import logs, publish, store
from fronde.site.signing import sequence, slots
from tests.site import whole
from tests.site.commands import refused, run
from tests.site.logbook import add
from tests.site.lost import files, stopped, unrepairable
from tests.site.village import Killed, Village, killing

pytestmark = pytest.mark.usefixtures("own_settings")


@pytest.mark.parametrize("left", ["letter.json", "record/tile/0/000.p/1"])
def test_a_letter_that_the_database_does_not_know_is_never_swept(village: Village, capsys, left):
    letter = village.open()
    folder = village.folder.letter(letter.id)
    kept = (folder / left).read_bytes()
    shutil.rmtree(folder)
    (folder / left).parent.mkdir(parents=True)
    (folder / left).write_bytes(kept)
    village.folder.high_water(letter.id).unlink()
    with connection.cursor() as cursor:
        for table in ("log_entry", "log_head"):
            cursor.execute(f"DELETE FROM fronde_{table} WHERE log = %s", [letter.id])  # noqa: S608
        cursor.execute("DELETE FROM fronde_letter")
    assert stopped().name == "behind"
    name, said = unrepairable(village, capsys)
    assert name == "not-restorable"
    assert "no checkpoint of it is left" in said
    assert (folder / left).read_bytes() == kept


def test_an_instance_log_that_an_empty_database_does_not_know_is_never_swept(village: Village, capsys):
    (village.folder.record(INSTANCE) / "checkpoint").unlink()
    village.folder.high_water(INSTANCE).unlink()
    with connection.cursor() as cursor:
        for table in ("log_entry", "log_head"):
            cursor.execute(f"DELETE FROM fronde_{table}")  # noqa: S608
    assert stopped(setup.check).name == "behind"
    assert unrepairable(village, capsys)[0] == "not-restorable"


def cut(log: str, size: int) -> None:
    """The database as it was when this log had so many entries, with the mark of then."""
    hashes = [leaf_hash(data) for data in logs.entries(log, 0, size)]
    note = Checkpoint(logs.origin(log), size, root(hashes)).sign(logs.signer(log))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM fronde_log_entry WHERE log = %s AND idx >= %s", [log, size])
        cursor.execute("UPDATE fronde_log_head SET size = %s, note = %s WHERE log = %s", [size, note, log])
    Folder.current().high_water(log).write_bytes(note)


@pytest.mark.parametrize(("grown", "told"), [(3, 3), (300, 256)])
def test_tiles_of_entries_that_the_database_lacks_are_never_swept(village: Village, capsys, grown, told):
    letter = village.open()
    add(*[store.entry(letter.id, 0)] * (grown - 1), log=letter.id)
    cut(letter.id, 2)
    (village.folder.record(letter.id) / "checkpoint").unlink()
    why = stopped()
    assert why.name == "behind"
    assert f"tiles of {told}" in why.message
    assert unrepairable(village, capsys)[0] == "not-restorable"


def test_tiles_of_another_history_are_never_overwritten(village: Village, capsys):
    letter = village.open()
    add(*[store.entry(letter.id, 0)] * 299, log=letter.id)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fronde_log_entry SET data = x'7b7d' WHERE log = %s AND idx = 100", [letter.id])
    assert stopped().name == "forked"
    (village.folder.record(letter.id) / "tile/0/000").write_bytes(bytes(8192))
    before = files(village.folder)
    assert stopped().name == "forked"
    assert files(village.folder) == before


def test_tiles_that_no_head_has_yet_stay_and_are_used(village: Village):
    letter = village.open()
    entry = store.entry(letter.id, 0)
    store.write(lambda: store.append(letter.id, [entry]))
    publish.extend(letter.id, logs.head(letter.id), 2)
    ahead = village.folder.record(letter.id) / "tile/0/000.p/2"
    setup.start()
    store.ready()
    assert ahead.exists()
    add(log=letter.id)
    assert logs.head(letter.id).size == 2


def test_a_letter_that_is_over_gets_its_public_files_back(village: Village):
    letter = village.open()
    for member in village.members(6):
        village.sign(letter, member)
    village.step()
    village.wait(days=200)
    village.step()
    assert LetterRow.objects.get().state == LetterRow.OVER
    before = files(village.folder)
    shutil.rmtree(village.folder.path / "public")
    setup.start()
    sequence.Sequencer().step(village.now)
    after = files(village.folder)
    whole.check_logs(village.folder, [])
    older = {name for name in before if "/tile/" in name}
    assert {name: after[name] for name in before.keys() - older} == {
        name: before[name] for name in before.keys() - older
    }


# -- high-water/


def test_a_mark_behind_what_was_signed_stops_until_the_slots_are_burned(village: Village, capsys):
    mark = village.folder.high_water(INSTANCE)
    old = mark.read_bytes()
    village.open()
    new = mark.read_bytes()
    mark.write_bytes(old)
    assert stopped().name == "mark-old"
    assert stopped(setup.check).name == "mark-old"
    code, out, err = run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    assert code == 0, err
    assert "nobody may have seen more than" in out
    assert "Burned 4 slots" in out
    size = publish.read_note(INSTANCE, new).size
    assert publish.read_note(INSTANCE, mark.read_bytes()).size > size


def test_a_mark_that_cannot_be_read_and_all_else_lost_is_not_guessed(village: Village, capsys):
    letter = village.open()
    shutil.rmtree(village.folder.letter(letter.id))
    village.folder.high_water(letter.id).write_bytes(b"rubbish")
    with connection.cursor() as cursor:
        for table in ("log_entry", "log_head"):
            cursor.execute(f"DELETE FROM fronde_{table} WHERE log = %s", [letter.id])  # noqa: S608
        cursor.execute("DELETE FROM fronde_letter")
    name, said = unrepairable(village, capsys)
    assert name == "not-restorable"
    assert "nothing here says what was signed" in said


# -- members/


def test_a_record_older_than_what_members_saw_signs_nothing_and_burns_nothing(village: Village, capsys):
    village.open()
    village.members(1)
    seen = store.size(INSTANCE)
    cut(INSTANCE, seen - 1)
    shutil.rmtree(village.folder.record(INSTANCE))
    village.folder.record(INSTANCE).mkdir()
    assert stopped().name == "record-old"
    assert stopped(setup.check).name == "record-old"
    name, said = unrepairable(village, capsys)
    assert name == "record-old"
    assert "move members/ away" in said


def test_a_disk_that_cannot_be_written_burns_nothing(village: Village, capsys, monkeypatch):
    trouble = Stopped("The rows of members cannot be written.", hint="Look.", name="members-unwritable")
    monkeypatch.setattr(slots, "check", lambda: (_ for _ in ()).throw(trouble))
    assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "members-unwritable")
    assert [slot.number for slot in store.instance().offered("meridian")] == [1, 2, 3, 4]


# -- the database


@pytest.mark.parametrize("command", [("doctor", "--yes"), ("slots", "burn"), ("serve",)])
@pytest.mark.parametrize("harm", ["missing", "empty", "rubbish"])
def test_a_database_that_is_lost_is_never_made_anew(village: Village, capsys, command, harm):
    connections.close_all()
    village.folder.database.unlink()
    if harm != "missing":
        village.folder.database.write_bytes(b"" if harm == "empty" else b"rubbish" * 1000)
    before = files(village.folder)
    data = [str(village.folder.path)] if command == ("serve",) else ["--data", str(village.folder.path)]
    assert refused(capsys, *command, *data) == (1, "database-lost")
    assert village.folder.database.exists() == (harm != "missing")
    assert files(village.folder) == before


def test_a_damaged_database_is_not_repaired(village: Village, capsys):
    connections.close_all()
    data = bytearray(village.folder.database.read_bytes())
    page = int.from_bytes(data[16:18])
    data[-page:] = bytes(page)
    for start in range(2 * page, len(data), 3 * page):
        data[start : start + 64] = b"\xff" * 64
    village.folder.database.write_bytes(data)
    before = files(village.folder)
    assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "database-lost")
    assert files(village.folder) == before


def test_a_damaged_head_in_the_database_signs_nothing(village: Village, capsys):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fronde_log_head SET note = x'00' WHERE log = 'instance'")
    assert unrepairable(village, capsys)[0] == "head-unreadable"


def lost_letter(village: Village) -> Letter:
    """A letter that only the public folder and the marks know: an old database came back."""
    connections.close_all()
    old = village.folder.database.read_bytes()
    letter = village.open()
    for member in village.members(12)[:6]:
        village.sign(letter, member)
    village.step()
    connections.close_all()
    village.folder.database.write_bytes(old)
    return letter


def test_what_is_marked_is_restored_also_when_its_checkpoint_is_gone(village: Village, capsys):
    letter = lost_letter(village)
    for log in (INSTANCE, letter.id):
        (village.folder.record(log) / "checkpoint").unlink()
    code, out, err = run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    assert code == 0, err
    assert f"Restored 7 entries of {letter.id}" in out
    assert village.verify(letter).exit == 0


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("module", "step"),
    [(doctor.restore, "restore"), (publish, "raise_mark"), (doctor, "finish"), (slots, "sweep")],
)
def test_a_doctor_who_was_killed_is_called_again(village: Village, capsys, monkeypatch, module, step, after):
    letter = lost_letter(village)
    for mark in (village.folder.path / "high-water").glob("[!.]*"):
        mark.unlink()
    killing(monkeypatch, module, step, after=after)
    with pytest.raises(Killed):
        run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    connections.close_all()
    logs.forget()
    code, _, err = run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    assert code == 0, err
    setup.start()
    store.ready()
    sequence.Sequencer().step(village.now)
    sequence.Sequencer().step(village.now)
    whole.check_logs(village.folder, [])
    assert village.verify(letter).exit == 0


@pytest.mark.parametrize("harm", ["too few", "another nonce"])
def test_heads_that_could_not_be_opened_any_more_are_not_restored(village: Village, capsys, harm):
    letter = lost_letter(village)
    path = village.folder.letter(letter.id) / "heads.json"
    heads = canonical.decode(path.read_bytes())
    if harm == "too few":
        heads["heads"].pop()
    else:
        heads["heads"][0]["nonce"] = canonical.b64u(bytes(32))
    path.write_bytes(canonical.encode(heads))
    assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "not-restorable")
    assert not LetterRow.objects.exists()


def test_a_checkpoint_under_our_own_key_of_another_history_is_not_restored(village: Village, capsys):
    lost_letter(village)
    size = logs.size(INSTANCE)
    path = village.folder.record(INSTANCE) / "checkpoint"
    other = Checkpoint(logs.origin(INSTANCE), size, bytes(32)).sign(logs.signer(INSTANCE))
    village.folder.high_water(INSTANCE).write_bytes(path.read_bytes())
    path.write_bytes(other)
    assert unrepairable(village, capsys)[0] == "not-restorable"


def test_lost_members_have_seen_no_record(village: Village):
    village.members(1)
    with pytest.raises(Stopped):
        enrolment.check_record(0)
    shutil.rmtree(village.folder.members)
    enrolment.check_record(0)
