# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import hmac
import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fronde.errors import Stopped
from fronde.site.folder import INSTANCE
from fronde.site.members import enrolment
from fronde.site.record import store

pytestmark = pytest.mark.usefixtures("data")

A, B, C = (bytes([n]) * 256 for n in (1, 2, 3))


def nothing() -> None:
    """A guard that lets everything through."""


def take(who: str, asked: dict[int, bytes], workplace: str = "w") -> set[int]:
    return set(enrolment.take(workplace, who, asked, nothing))


def rows(data) -> list:
    with sqlite3.connect(data.members / "enrolment.sqlite3") as db:
        found = db.execute("SELECT * FROM enrolment").fetchall()
    db.close()
    return found


# -- one member, one token of each slot


def test_new_slots_are_to_be_signed():
    assert take("anne@x", {1: A, 2: B}) == {1, 2}
    assert (enrolment.issued("w", 1), enrolment.issued("w", 2), enrolment.issued("w", 3)) == (1, 1, 0)


def test_the_same_bytes_are_signed_again_and_counted_once():
    take("anne@x", {1: A, 2: B})
    assert take("anne@x", {1: A, 2: B}) == {1, 2}
    assert enrolment.issued("w", 1) == 1


def test_other_bytes_are_held():
    take("anne@x", {1: A, 2: B})
    assert take("anne@x", {1: C, 2: B}) == {2}
    assert take("anne@x", {1: A, 2: B}) == {1, 2}


def test_slots_that_are_new_since_are_signed_beside_held_ones():
    take("anne@x", {1: A})
    assert take("anne@x", {1: C, 2: C}) == {2}


def test_another_member_and_another_workplace_are_entered_of_their_own():
    take("anne@x", {1: A})
    assert take("bob@x", {1: B}) == {1}
    assert take("anne@x", {1: B}, workplace="v") == {1}
    assert (enrolment.issued("w", 1), enrolment.issued("v", 1)) == (2, 1)


def test_a_guard_that_raises_leaves_nothing():
    def no() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        enrolment.take("w", "anne@x", {1: A}, no)
    assert enrolment.issued("w", 1) == 0


def test_fifty_requests_at_once_enter_one_token():
    gate = threading.Barrier(10)

    def one(n: int) -> set[int]:
        gate.wait(10)
        return take("anne@x", {1: bytes([n]) * 256})

    with ThreadPoolExecutor(10) as pool:
        answers = [answer for _ in range(5) for answer in pool.map(one, range(10))]
    assert sorted(map(len, answers)) == [0] * 45 + [1] * 5
    assert enrolment.issued("w", 1) == 1


# -- what stays


def test_a_row_is_what_the_protocol_says(data):
    take("anne.meyer@meridian.example", {7: A})
    pepper = (data.members / "pepper").read_bytes()
    assert len(pepper) == 32
    member = hmac.new(pepper, b"fronde/member/1\0w\0anne.meyer@meridian.example", hashlib.sha256).digest()
    assert rows(data) == [("w", 7, member, hmac.new(pepper, A, hashlib.sha256).digest())]


def test_no_byte_of_a_mailbox_is_on_the_disk(data):
    take("anne.meyer@meridian.example", {1: A})
    for file in data.path.rglob("*"):
        assert file.is_dir() or b"anne" not in file.read_bytes()


def test_no_table_has_a_rowid_and_no_column_a_time(data):
    with sqlite3.connect(data.members / "enrolment.sqlite3") as db:
        for name, sql in db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall():
            assert sql.endswith("WITHOUT ROWID")
            with pytest.raises(sqlite3.OperationalError, match="no such column"):
                db.execute(f"SELECT rowid FROM {name}")  # noqa: S608  (our own table names)
        columns = [row[1] for row in db.execute("PRAGMA table_info(enrolment)")]
    db.close()
    assert columns == ["workplace", "number", "member", "request"]


def test_every_connection_is_durable_and_deletes_for_good():
    with enrolment._open() as db:
        pragmas = ("journal_mode", "synchronous", "secure_delete", "temp_store")
        assert [db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas] == ["wal", 2, 1, 2]


def test_only_the_operator_reads_members(data):
    take("anne@x", {1: A})
    assert data.members.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in data.members.iterdir() if file.is_file()} == {0o600}


def body(data) -> bytes:
    """The file without SQLite's counters of changes and versions (its format, 1.3)."""
    raw = bytearray((data.members / "enrolment.sqlite3").read_bytes())
    for place in (24, 40, 92):
        raw[place : place + 4] = bytes(4)
    return bytes(raw)


def test_after_a_rewrite_no_byte_tells_the_order(data):
    who = [f"member{n}@x" for n in range(150)]
    pepper = (data.members / "pepper").read_bytes()
    bodies = []
    for seed in (1, 2):
        enrolment.create()
        (data.members / "pepper").write_bytes(pepper)
        with enrolment._transaction() as db:
            enrolment._set_marks(db, pepper=enrolment._fits(pepper))
        random.Random(seed).shuffle(who)  # noqa: S311  (an order, not a secret)
        for one in who:
            take(one, {1: A, 2: B})
        bodies.append(body(data))
        enrolment.rewrite()
        bodies.append(body(data))
    assert bodies[0] != bodies[2]  # before it, the order does show
    assert bodies[1] == bodies[3]


def test_a_rewrite_empties_the_write_ahead_log(data):
    with enrolment._open():  # keeps the log from being removed with the last connection
        take("anne@x", {1: A})
        wal = data.members / "enrolment.sqlite3-wal"
        assert wal.stat().st_size > 0
        enrolment.rewrite()
        assert wal.stat().st_size == 0


def test_ended_slots_are_gone_from_every_byte(data):
    take("anne@x", {1: A, 2: B})
    gone = next(row for row in rows(data) if row[1] == 1)[3]
    stays = next(row for row in rows(data) if row[1] == 2)[3]
    enrolment.forget_all_but({("w", 2)})
    raw = b"".join(file.read_bytes() for file in data.members.glob("enrolment.sqlite3*"))
    assert gone not in raw
    assert stays in raw
    assert (enrolment.issued("w", 1), enrolment.issued("w", 2)) == (0, 1)


def test_forgetting_nothing_rewrites_nothing(data):
    take("anne@x", {1: A})
    before = (data.members / "enrolment.sqlite3").read_bytes()
    enrolment.forget_all_but({("w", 1)})
    assert (data.members / "enrolment.sqlite3").read_bytes() == before


# -- lost, or rolled back


def stopped() -> str:
    with pytest.raises(Stopped) as why:
        enrolment.check()
    with pytest.raises(Stopped) as too:
        take("bob@x", {1: B})
    assert why.value.name == too.value.name
    if why.value.name != "members-unwritable":
        assert "fronde doctor" in why.value.hint
    return why.value.name


def test_all_is_well_after_an_enrolment():
    take("anne@x", {1: A})
    enrolment.check()


@pytest.mark.parametrize("name", ["pepper", "enrolment.sqlite3"])
def test_a_missing_file_stops_issuing(data, name):
    take("anne@x", {1: A})
    (data.members / name).unlink()
    assert stopped() == "members-lost"
    assert not (data.members / name).exists()


def test_another_pepper_stops_issuing(data):
    (data.members / "pepper").write_bytes(bytes(32))
    assert stopped() == "members-lost"


@pytest.mark.parametrize("damage", [b"", b"\0" * 8192, b"not a database" * 100])
def test_a_damaged_file_stops_issuing(data, damage):
    (data.members / "enrolment.sqlite3").write_bytes(damage)
    assert stopped() == "members-lost"


def test_a_missing_mark_stops_issuing():
    with enrolment._transaction() as db:
        db.execute("DELETE FROM mark WHERE name = 'rows'")
    assert stopped() == "members-lost"


@pytest.mark.parametrize("damage", [None, b"", b"many"])
def test_a_lost_mark_outside_stops_issuing(data, damage):
    outside = data.high_water(".issued")
    outside.unlink()
    if damage is not None:
        outside.write_bytes(damage)
    assert stopped() == "members-lost"


def test_rows_that_were_rolled_back_stop_issuing(data):
    take("anne@x", {1: A})
    file = data.members / "enrolment.sqlite3"
    old = file.read_bytes()
    take("bob@x", {1: B})
    file.write_bytes(old)
    assert stopped() == "members-old"


def test_the_mark_outside_tells_no_time(data):
    take("anne@x", {1: A})
    take("bob@x", {1: A})
    outside = data.high_water(".issued")
    assert int(outside.read_bytes()) == 2
    assert outside.stat().st_mtime == 0


def test_an_instance_log_that_lost_its_past_stops_issuing(monkeypatch):
    store.write(lambda: store.append(INSTANCE, [b"one", b"two"]))
    take("anne@x", {1: A})
    monkeypatch.setattr(store, "size", lambda log: 1)
    assert stopped() == "record-old"


def test_a_file_that_cannot_be_written_is_not_called_lost(monkeypatch):
    monkeypatch.setattr(enrolment, "PRAGMAS", (*enrolment.PRAGMAS, "PRAGMA query_only=ON"))
    with pytest.raises(Stopped) as why:
        take("anne@x", {1: A})
    assert why.value.name == "members-unwritable"
    assert "disk" in why.value.hint


# -- made anew


def test_made_anew_it_has_another_pepper_and_no_rows(data):
    take("anne@x", {1: A})
    pepper = (data.members / "pepper").read_bytes()
    enrolment.create()
    assert (data.members / "pepper").read_bytes() != pepper
    assert rows(data) == []
    enrolment.check()


@pytest.mark.parametrize("damage", [None, b"", b"not a database" * 100])
def test_made_anew_it_takes_the_place_of_a_lost_one(data, damage):
    take("anne@x", {1: A})
    file = data.members / "enrolment.sqlite3"
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    enrolment.create()
    enrolment.check()
    assert take("anne@x", {1: B}) == {1}


def test_a_full_disk_loses_nothing_that_is_there(data, monkeypatch):
    take("anne@x", {1: A})
    monkeypatch.setattr(enrolment, "PRAGMAS", (*enrolment.PRAGMAS, "PRAGMA query_only=ON"))
    with pytest.raises(Stopped) as why:
        enrolment.create()
    assert why.value.name == "members-unwritable"
    monkeypatch.undo()
    assert len(rows(data)) == 1


def test_nobody_enrols_while_it_is_frozen(monkeypatch):
    take("anne@x", {1: A})
    monkeypatch.setattr(enrolment, "TIMEOUT", 0.0)
    with enrolment.frozen() as issued:
        assert issued("w", 1) == 1
        with pytest.raises(Stopped) as why:
            take("bob@x", {1: B})
        assert why.value.name == "members-unwritable"
    assert take("bob@x", {1: B}) == {1}


def test_lost_rows_count_nothing_while_they_are_frozen(data):
    take("anne@x", {1: A})
    (data.members / "enrolment.sqlite3").unlink()
    with enrolment.frozen() as issued:
        assert issued("w", 1) == 0
