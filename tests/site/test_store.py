# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, connections

from fronde.errors import Refused, Stopped
from fronde.record.tiles import layout
from fronde.site.folder import INSTANCE, make, put
from fronde.site.record import logs, recover, store, writer
from tests.site.logbook import add, ends, read
from tests.site.village import SLUG, Village

TABLES = ("log_entry", "log_head", "head_nonce", "pool", "published", "opening")


def pragma(name: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]


# -- the database


def test_every_connection_keeps_what_it_acknowledged_and_overwrites_what_it_deleted(village: Village):
    expected = {
        "synchronous": 2,
        "secure_delete": 1,
        "journal_mode": "wal",
        "foreign_keys": 1,
        "temp_store": 2,
    }
    found = {name: pragma(name) for name in expected}
    assert found == expected
    with writer.Writer():
        assert store.write(lambda: {name: pragma(name) for name in expected}) == expected


def test_the_hot_tables_have_no_rowid(village: Village):
    with connection.cursor() as cursor:
        for table in TABLES:
            with pytest.raises(DatabaseError, match="rowid"):
                cursor.execute(f"SELECT rowid FROM fronde_{table}")  # noqa: S608


def test_no_column_holds_a_time(village: Village):
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name LIKE 'fronde_%'")
        schema = " ".join(sql or "" for (sql,) in cursor.fetchall()).lower()
    assert not [word for word in ("date", "time", "autoincrement", "_at ") if word in schema]


# -- writing


def test_a_job_is_all_or_nothing(village: Village):
    size = store.size(INSTANCE)

    def job() -> None:
        store.append(INSTANCE, ends(1))
        raise Refused("No.")

    with pytest.raises(Refused):
        store.write(job)
    assert store.size(INSTANCE) == size


def test_entries_are_only_added_inside_a_job(village: Village):
    with pytest.raises(RuntimeError):
        store.append(INSTANCE, ends(1))


def test_many_jobs_share_one_commit_and_one_that_fails_takes_only_its_own_back(village: Village):
    first = threading.Event()
    held, size = threading.Event(), store.size(INSTANCE)
    commits = []
    real = writer.together

    def counted(jobs):
        commits.append(len(jobs))
        real(jobs)

    def block() -> None:
        first.set()
        held.wait(30)

    def job(number: int):
        def work() -> int:
            index = store.append(INSTANCE, ends(number + 1))
            if number % 3 == 0:
                raise Refused("No.")
            return index

        try:
            return store.write(work)
        except Refused:
            return None
        finally:
            connections.close_all()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "together", counted)
        with writer.Writer() as running, ThreadPoolExecutor(13) as threads:
            threads.submit(store.write, block)
            assert first.wait(30)
            answers = [threads.submit(job, number) for number in range(12)]
            while running._jobs.qsize() < 12:
                pass
            held.set()
            found = [answer.result() for answer in answers]
    assert commits == [1, 12]
    assert sorted(index for index in found if index is not None) == list(range(size, size + 8))
    assert store.size(INSTANCE) == size + 8


def test_a_job_inside_a_job_is_part_of_it(village: Village):
    size = store.size(INSTANCE)

    def outer() -> None:
        store.write(lambda: store.append(INSTANCE, ends(1)))
        raise Refused("No.")

    with writer.Writer(), pytest.raises(Refused):
        store.write(outer)
    assert store.size(INSTANCE) == size


def test_a_disk_that_cannot_be_written_fails_every_job_of_the_transaction(village: Village):
    def full() -> None:
        raise DatabaseError("database or disk is full")

    with pytest.raises(Stopped) as alone:
        store.write(full)
    with writer.Writer(), pytest.raises(Stopped) as served:
        store.write(full)
    assert alone.value.name == served.value.name == "unwritable"
    assert "disk is full" not in served.value.message + served.value.hint
    store.ready()
    store.write(lambda: store.append(INSTANCE, ends(1)))


def test_after_its_end_the_writer_takes_nothing(village: Village):
    with writer.Writer() as running:
        pass
    with pytest.raises(Stopped) as caught:
        running.do(lambda: None)
    assert caught.value.name == "ending"


def test_the_instance_log_of_a_transaction_that_failed_is_forgotten(village: Village):
    def job() -> None:
        store.append(INSTANCE, ends(1))
        assert store.instance().slots[SLUG, 1].end == "season"
        raise Refused("No.")

    with pytest.raises(Refused):
        store.write(job)
    assert store.instance().slots[SLUG, 1].end is None
    handed_out = store.instance()
    store.write(lambda: store.append(INSTANCE, ends(1)))
    assert store.instance().slots[SLUG, 1].end == "season"
    assert handed_out.slots[SLUG, 1].end is None


def test_the_write_ahead_log_is_emptied(village: Village):
    store.write(lambda: store.append(INSTANCE, ends(1)))
    wal = village.folder.database.with_name("fronde.sqlite3-wal")
    assert wal.stat().st_size
    store.tidy()
    assert not wal.stat().st_size


# -- publishing


def test_what_is_published_is_the_exact_layout_and_gives_the_signed_root(village: Village):
    for number in (1, 2, 3):
        add(*ends(number))
    found = read()
    assert found.checkpoint.size == store.size(INSTANCE)
    assert list(found.entries) == list(store.entries(INSTANCE))
    record = village.folder.record(INSTANCE)
    assert all((record / path).is_file() for path in layout(found.checkpoint.size))


def test_a_large_log_grows_by_whole_tiles(village: Village):
    letter = village.open()
    entry = store.entry(letter.id, 0)
    for count in (255, 1, 300, 1500):
        add(*[entry] * count, log=letter.id)
        assert read(letter.id).checkpoint.size == store.size(letter.id)
    assert store.size(letter.id) == 2057
    recover.recover(letter.id)


def test_publishing_twice_changes_nothing(village: Village):
    add(*ends(1))
    record = village.folder.record(INSTANCE)
    before = {path: path.stat().st_mtime_ns for path in record.rglob("*") if path.is_file()}
    add()
    assert {path: path.stat().st_mtime_ns for path in record.rglob("*") if path.is_file()} == before


def test_no_tile_is_written_over_other_bytes(village: Village):
    size = store.size(INSTANCE)
    path = village.folder.record(INSTANCE) / f"tile/0/000.p/{size + 1}"
    put(path, bytes(32 * (size + 1)))
    with pytest.raises(Stopped) as caught:
        add(*ends(1))
    assert caught.value.name == "other-bytes"
    assert path.read_bytes() == bytes(32 * (size + 1))
    with pytest.raises(Stopped):
        store.ready()


def test_of_two_who_sign_at_once_one_stops(village: Village, monkeypatch):
    monkeypatch.setattr(logs, "swap_head", lambda log, old, new: False)
    with pytest.raises(Stopped) as caught:
        add(*ends(1))
    assert caught.value.name == "two-writers"


def test_a_head_row_is_swapped_only_if_it_is_the_one_that_was_read(village: Village):
    head = logs.head(INSTANCE)
    assert not store.write(lambda: logs.swap_head(INSTANCE, logs.Head(0, b""), logs.Head(9, b"x")))
    assert not store.write(lambda: logs.swap_head(INSTANCE, head._replace(note=b"y"), logs.Head(9, b"x")))
    assert logs.head(INSTANCE) == head


@pytest.mark.parametrize("harm", ["lost", "damaged", "root"])
def test_lost_or_damaged_tiles_are_made_anew_from_the_database(village: Village, harm):
    size = store.size(INSTANCE)
    tile = village.folder.record(INSTANCE) / f"tile/0/000.p/{size}"
    if harm == "lost":
        tile.unlink()
    else:
        tile.write_bytes(b"short" if harm == "damaged" else bytes(32 * size))
    add(*ends(1))
    assert read().checkpoint.size == size + 1
    assert tile.stat().st_size == 32 * size


# -- the folder


def test_two_servers_on_one_folder_are_refused(village: Village):
    with village.folder.serving():
        with pytest.raises(Refused) as caught, village.folder.serving():
            pass
        assert caught.value.name == "already-served"
    with village.folder.serving():
        pass


def test_a_file_is_whole_or_as_it_was(village: Village, monkeypatch):
    path = village.folder.path / "some" / "file"
    put(path, b"old", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600

    def broken(fd: int) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="no space"):
            put(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in path.parent.iterdir()] == ["file"]
    make(path.parent)


def test_file_and_directory_are_synced_before_a_name_counts(village: Village, monkeypatch):
    done = []
    monkeypatch.setattr(os, "fsync", lambda fd: done.append(os.path.isdir(f"/proc/self/fd/{fd}")))
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (done.append("rename"), real(old, new)))
    put(village.folder.path / "file", b"x")
    assert done == [False, "rename", True]
