# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.db import connection, connections

from fronde.errors import Stopped
from fronde.record.tiles import layout
from fronde.site import setup
from fronde.site.folder import INSTANCE
from fronde.site.record import logs, pool, recover, store
from fronde.site.signing import sequence
from tests.site.logbook import add, ends, read
from tests.site.village import Village


def test_a_start_mends_every_file_and_sweeps_what_no_head_has(village: Village):
    letter = village.open()
    entry = store.entry(letter.id, 0)
    add(*[entry] * 599, log=letter.id)
    record = village.folder.record(letter.id)
    whole = {path: path.read_bytes() for path in record.rglob("*") if path.is_file()}
    wanted = {record / "checkpoint", *(record / path for path in layout(600))}
    for number, path in enumerate(sorted(wanted)):
        if path.name != "checkpoint":
            path.unlink() if number % 2 else path.write_bytes(b"x" + path.read_bytes()[1:])
    (record / ".tmp-abc").write_bytes(b"half")
    (record / "tile/0/000.p/601").write_bytes(b"ahead")
    setup.start()
    store.ready()
    assert {path: path.read_bytes() for path in record.rglob("*") if path.is_file()} == {
        path: whole[path] for path in wanted
    }


def test_a_long_log_is_mended_piece_by_piece(village: Village, monkeypatch):
    letter = village.open()
    add(*[store.entry(letter.id, 0)] * 599, log=letter.id)
    bundle = village.folder.record(letter.id) / "tile/entries/001"
    whole = bundle.read_bytes()
    bundle.unlink()
    monkeypatch.setattr(logs, "CHUNK", 256)
    recover.mend(letter.id)
    assert bundle.read_bytes() == whole


def test_of_a_log_without_entries_there_is_nothing_to_mend(village: Village):
    record = village.folder.record("a" * 16)
    stranger = record / "tile/0/000.p/1"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"not ours")
    recover.mend("a" * 16)
    assert stranger.read_bytes() == b"not ours"


def test_a_damaged_bundle_of_an_earlier_size_is_swept(village: Village):
    add(*ends(1))
    size = store.size(INSTANCE)
    old = village.folder.record(INSTANCE) / f"tile/entries/000.p/{size - 1}"
    setup.start()
    assert old.exists()
    old.write_bytes(old.read_bytes()[:-1])
    setup.start()
    assert not old.exists()


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def test_a_damaged_published_checkpoint_is_written_again(village: Village):
    letter = village.open()
    path = village.folder.record(letter.id) / "checkpoint"
    good = path.read_bytes()
    damaged(path)
    setup.start()
    store.ready()
    assert sequence.unfinished(letter.id)
    village.step()
    assert path.read_bytes() == good


def why() -> str:
    with pytest.raises(Stopped) as caught:
        store.ready()
    assert "doctor" in caught.value.hint or "Put keys/ back" in caught.value.hint
    return caught.value.name


def test_an_old_backup_signs_nothing(village: Village):
    connections.close_all()
    old = village.folder.database.read_bytes()
    letter = village.open()
    connections.close_all()
    village.folder.database.write_bytes(old)
    setup.check()
    assert why() == "behind"
    with pytest.raises(Stopped):
        village.open()
    with pytest.raises(Stopped):
        village.step()
    assert letter.id in recover.known()


def test_an_old_backup_of_everything_but_the_marks_signs_nothing(village: Village):
    connections.close_all()
    shutil.copytree(village.folder.path, village.folder.path.with_name("backup"))
    letter = village.open()
    connections.close_all()
    for name in ("fronde.sqlite3", "public"):
        path = village.folder.path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        source = village.folder.path.with_name("backup") / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, path)
    setup.start()
    assert why() == "behind"
    assert letter.id in recover.known()


def test_a_folder_without_marks_came_out_of_a_backup(village: Village):
    village.folder.high_water(INSTANCE).unlink()
    setup.start()
    assert why() == "mark-missing"


def test_a_mark_that_cannot_be_read_stops(village: Village):
    damaged(village.folder.high_water(INSTANCE))
    setup.start()
    assert why() == "mark-unreadable"


def test_other_entries_than_those_that_were_signed_stop(village: Village):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fronde_log_entry SET data = %s WHERE log = 'instance' AND idx = 2", [ends(1)[0]]
        )
    setup.check()
    store.ready()  # sizes alone do not show it
    setup.start()
    assert why() == "forked"


def test_other_entries_and_lost_tiles_stop_at_the_next_publishing(village: Village):
    shutil.rmtree(village.folder.record(INSTANCE) / "tile")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fronde_log_entry SET data = %s WHERE log = 'instance' AND idx = 2", [ends(1)[0]]
        )
    with pytest.raises(Stopped) as caught:
        add(*ends(2))
    assert caught.value.name == "forked"


def test_a_signed_head_beyond_the_entries_stops_publishing(village: Village):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM fronde_log_entry WHERE log = 'instance' AND idx = 3")
    with pytest.raises(Stopped) as caught:
        add()
    assert caught.value.name == "behind"


def test_an_instance_log_whose_key_is_missing_stops_everything(village: Village):
    village.folder.log_key(INSTANCE).unlink()
    logs._signers().clear()
    setup.start()
    assert why() == "key-missing"


@pytest.mark.parametrize("look", [setup.start, setup.check])
def test_a_letter_whose_key_is_missing_stops_alone(village: Village, look):
    letter, other = village.open(), village.open()
    village.folder.log_key(letter.id).unlink()
    logs._signers().clear()
    look()
    store.ready()
    store.ready(other.id)
    with pytest.raises(Stopped) as caught:
        store.ready(letter.id)
    assert caught.value.name == "key-missing"


@pytest.mark.parametrize("harm", ["mark", "entry", "head"])
def test_a_letter_without_key_of_which_more_is_wrong_stops_everything(village: Village, harm):
    letter = village.open()
    village.folder.log_key(letter.id).unlink()
    logs._signers().clear()
    if harm == "mark":
        village.folder.high_water(letter.id).unlink()
    else:
        table = {"entry": "fronde_log_entry", "head": "fronde_log_head"}[harm]
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE log = %s", [letter.id])  # noqa: S608
            if harm == "head":
                cursor.execute(f"INSERT INTO {table} VALUES (%s, 1, %s)", [letter.id, b"rubbish"])  # noqa: S608
    setup.start()
    assert why() == "key-missing"


def test_a_mark_whose_key_is_missing_stops(village: Village):
    village.folder.high_water("a" * 16).write_bytes(b"note")
    setup.start()
    with pytest.raises(Stopped) as caught:
        store.ready()
    assert caught.value.name == "key-missing"


def test_what_is_not_in_a_log_is_not_found(village: Village):
    with pytest.raises(IndexError):
        store.entry(INSTANCE, 99)
    with pytest.raises(LookupError):
        pool.was_named("a" * 16, bytes(32))


def test_lost_partial_tiles_of_a_large_log_are_made_anew_before_it_grows(village: Village):
    letter = village.open()
    entry = store.entry(letter.id, 0)
    add(*[entry] * 1299, log=letter.id)
    shutil.rmtree(village.folder.record(letter.id) / "tile")
    add(entry, log=letter.id)
    assert read(letter.id).checkpoint.size == 1301
