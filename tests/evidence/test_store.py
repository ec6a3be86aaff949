# SPDX-License-Identifier: Apache-2.0
"""The folder: forget, rebuild, one importer, kills; and readers that nothing disturbs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from fronde.errors import Refused, Usage
from fronde.evidence import build, decisions, originals, store
from fronde.evidence.reader import Stale
from tests import kept_page
from tests.evidence.folders import SAMPLE, action, ask, put, table, take


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in (".lock", "citations"))


def tables(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with store.Evidence(folder).reading() as connection:
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        return {name: connection.execute(f"FROM {name}").fetchall() for name in names}


# -- forget, rebuild -----------------------------------------------------------------------------------------


def test_forgetting_a_file_removes_it_and_all_that_came_of_it(folder):
    first, second = take(folder, table(action("EX1")), table(action("EX2", recipient_name="OTHER")))
    assert store.forget(folder, second.sha256[:8]) == second.sha256
    assert [each.sha256 for each in store.accounts(folder)] == [first.sha256]
    assert ask(folder, "SELECT number FROM award") == [("EX1",)]
    for kind in ("originals", "staged"):
        assert all(second.sha256 not in path.name for path in (folder / kind).iterdir())
    assert take(folder, table(action("EX2", recipient_name="OTHER")))[0].kept == 1


def test_a_duplicate_of_a_forgotten_row_is_kept_again(folder):
    first, second = take(folder, table(action("EX1")), table(action("EX1"), action("EX2")))
    assert (second.kept, second.duplicate) == (1, 1)
    store.forget(folder, first.sha256)
    assert [(each.kept, each.duplicate) for each in store.accounts(folder)] == [(2, 0)]


def test_the_last_file_can_be_forgotten(folder):
    (account,) = take(folder, SAMPLE)
    store.forget(folder, account.sha256)
    assert store.accounts(folder) == []
    assert ask(folder, "SELECT count(*) FROM fact") == [(0,)]


@pytest.mark.parametrize("start", ["", "ff", "0000", "zz"])
def test_forgetting_asks_for_one_file(folder, start):
    take(folder, SAMPLE)
    with pytest.raises(Usage, match="imported files begin with"):
        store.forget(folder, start)


def test_a_rebuild_from_originals_and_decisions_gives_the_same_tables(folder):
    take(folder, SAMPLE)
    take(folder, put(folder, table(action("EX1"), action("EX2", amount="bad")), "second.csv"))
    before = tables(folder)
    for gone in ("evidence.duckdb", "staged/*", "scratch"):
        for path in folder.glob(gone):
            path.unlink() if path.is_file() else path.rmdir()
    assert store.rebuild(folder) == 2
    assert tables(folder) == before


def test_a_source_is_imported_with_what_people_say_of_it(folder):
    about = store.About("Somebody", "https://example.org/f", "2025-03-28", "CC0")
    (account,) = store.import_files(folder, [SAMPLE], about).accounts
    said = (account.publisher, account.url, account.retrieved, account.licence)
    assert said == ("Somebody", "https://example.org/f", "2025-03-28", "CC0")
    (line,) = decisions.read(folder)
    assert line["type"] == "source"
    assert (line["format"], line["member"]) == ("usaspending-transactions", "")


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_rebuild_refuses_an_original_that_is_not_what_was_imported(folder, damage):
    (account,) = take(folder, SAMPLE)
    path = folder / "originals" / account.sha256
    path.chmod(0o600)
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(Refused) as caught:
        store.rebuild(folder)
    assert caught.value.name == "original-lost"
    assert len(store.accounts(folder)) == 1


# -- one importer, and kills ---------------------------------------------------------------------------------


def test_a_second_importer_is_refused(folder):
    with store._alone(folder), pytest.raises(Refused) as caught:
        take(folder, SAMPLE)
    assert caught.value.name == "import-running"


KILLED = """
import os, signal, sys
from pathlib import Path
from fronde.evidence import build, decisions, originals, stage, store
module, name = sys.argv[3].split(".")
modules = {"build": build, "decisions": decisions, "originals": originals, "stage": stage, "store": store}
owner = modules[module]
real, calls = getattr(owner, name), [0]
def killed(*args, **more):
    if sys.argv[4] == "after":
        real(*args, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, killed)
if module == "stage":
    store.stage = killed
if module == "build" and name == "build":
    store.build = killed
store.import_files(Path(sys.argv[1]), [Path(sys.argv[2])], store.About())
"""

# Every step of an import, and whether the line of decisions.jsonl is there after a kill.
STEPS = [
    ("originals.keep", "after", False),
    ("originals.plain", "before", False),
    ("stage.stage", "before", False),
    ("stage.stage", "after", False),
    ("build._facts", "after", False),
    ("build.build", "after", False),
    ("decisions.append", "before", False),
    ("decisions.append", "after", True),
]


@pytest.mark.parametrize(("step", "when", "decided"), STEPS)
def test_a_kill_at_any_step_leaves_the_old_file_whole_and_the_next_import_works(folder, step, when, decided):
    take(folder, table(action("EX1")))
    before = (folder / "evidence.duckdb").read_bytes()
    second = put(folder, table(action("EX2")), "second.csv")
    run = subprocess.run(
        [sys.executable, "-c", KILLED, folder, second, step, when], check=False, capture_output=True
    )
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()
    assert (folder / "evidence.duckdb").read_bytes() == before
    assert ask(folder, "SELECT number FROM award") == [("EX1",)]
    assert len(decisions.read(folder)) == 1 + decided
    third = put(folder, table(action("EX3")), "third.csv")
    store.import_files(folder, [third, second], store.About())
    assert ask(folder, "SELECT number FROM award ORDER BY 1") == [("EX1",), ("EX2",), ("EX3",)]
    assert len(decisions.sources(decisions.read(folder))) == 3
    assert files(folder) == ["decisions.jsonl", "evidence.duckdb", "originals", "scratch", "staged"]
    assert list((folder / "scratch").iterdir()) == []


def test_an_interrupt_leaves_everything_as_it_was(folder, monkeypatch):
    take(folder, table(action("EX1")))
    names = {path.name for path in (folder / "originals").iterdir()}

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "_facts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        take(folder, put(folder, table(action("EX2")), "second.csv"))
    assert {path.name for path in (folder / "originals").iterdir()} == names
    assert len(decisions.read(folder)) == 1
    assert ask(folder, "SELECT number FROM award") == [("EX1",)]


# -- readers -------------------------------------------------------------------------------------------------


def test_a_reader_in_flight_is_not_disturbed_and_the_next_one_sees_the_new_file(folder):
    take(folder, table(*(action(f"EX{i}") for i in range(5_000))))
    evidence = store.Evidence(folder)
    with evidence.reading() as connection:
        connection.execute("SELECT number FROM award ORDER BY id")
        first = connection.fetchmany(10)
        take(folder, put(folder, table(action("NEW")), "second.csv"))
        rest = connection.fetchall()
        assert len(first) + len(rest) == 5_000
        with evidence.reading() as again:  # within the block it is the file that the block began with
            assert again.execute("SELECT count(*) FROM award").fetchone() == (5_000,)
    with evidence.reading() as connection:
        assert connection.execute("SELECT count(*) FROM award").fetchone() == (5_001,)


def test_threads_read_while_a_rebuild_renames_and_each_answer_is_of_one_file(folder):
    take(folder, table(action("EX1", amount="1"), action("EX2", amount="2")))
    evidence, over, wrong, answers = store.Evidence(folder), threading.Event(), [], set()

    def read() -> None:
        try:
            while not over.is_set():
                with evidence.reading() as connection:
                    count = connection.execute("SELECT count(*) FROM award").fetchone()[0]
                    total = connection.execute("SELECT sum(cents)::BIGINT FROM fact").fetchone()[0]
                answers.add((count, total))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(3, 6):
        take(folder, put(folder, table(action(f"EX{i}", amount=str(i))), f"f{i}.csv"))
    over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert answers <= {(2, 300), (3, 600), (4, 1000), (5, 1500)}
    assert (2, 300) in answers


def test_a_decision_is_seen_without_a_rebuild(folder):
    take(folder, table(action("EX1"), action("EX2", recipient_name="OTHER", recipient_duns="3000001")))
    evidence = store.Evidence(folder)
    with evidence.reading() as connection:
        assert connection.execute("SELECT count(*) FROM same_as").fetchone() == (0,)
    line = {"type": "same", "a": "US-DUNS:002000001", "b": "US-DUNS:003000001", "why": "x", "by": "y"}
    assert decisions.append(folder, line) == 2
    with evidence.reading() as connection:
        assert connection.execute("SELECT count(*) FROM same_as").fetchone() == (1,)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY fact TO 'out.csv'",
        "ATTACH 'other.duckdb'",
        "CREATE TABLE evidence.t (i INTEGER)",
        "DELETE FROM fact",
        "SET enable_external_access = true",
        "SET memory_limit = '99GB'",
        "INSTALL httpfs",
        "LOAD '/tmp/x.duckdb_extension'",
    ],
)
def test_a_reader_reaches_nothing_but_the_file(folder, sql, monkeypatch):
    monkeypatch.chdir(folder.parent)
    take(folder, SAMPLE)
    with store.Evidence(folder).reading() as connection, pytest.raises(duckdb.Error):
        connection.execute(sql)
    assert not Path("out.csv").exists()


def test_before_the_first_import_there_is_nothing_to_ask(folder):
    with pytest.raises(Usage) as caught:
        ask(folder, "SELECT 1")
    assert caught.value.name == "evidence-empty"


@pytest.mark.parametrize("damage", ["bytes", "version"])
def test_a_file_that_cannot_be_used_asks_for_a_rebuild(folder, damage):
    take(folder, SAMPLE)
    path = folder / "evidence.duckdb"
    if damage == "bytes":
        path.write_bytes(b"\0" * 5_000)
    else:
        with duckdb.connect(path) as connection:
            connection.execute("UPDATE meta SET value = '999' WHERE name = 'version'")
    with pytest.raises(Stale) as caught:
        ask(folder, "SELECT 1")
    assert caught.value.hint == "fronde evidence rebuild"
    store.rebuild(folder)
    assert ask(folder, "SELECT count(*) FROM source") == [(1,)]


# -- our own customers ---------------------------------------------------------------------------------------


def test_customers_stand_in_no_table_but_their_own(folder):
    take(
        folder,
        table(action("EX1")),
        put(folder, "name,duns\nHalcyon,2000001\nSecret Client GmbH,\n", "ours.csv"),
    )
    assert ask(
        folder, "SELECT customer.name, handle FROM customer LEFT JOIN party ON party.id = party ORDER BY 1"
    ) == [
        ("Halcyon", "US-DUNS:002000001"),
        ("Secret Client GmbH", None),
    ]
    held = {name: repr(rows) for name, rows in tables(folder).items() if name != "customer"}
    assert [name for name, rows in held.items() if "ecret" in rows] == []


# -- decisions -----------------------------------------------------------------------------------------------


def test_a_line_that_was_being_written_at_a_power_cut_is_not_read_and_is_written_over(folder):
    folder.mkdir()
    line = {"type": "unsure", "a": "x", "b": "y", "why": "", "by": ""}
    assert decisions.append(folder, line, line) == 1
    path = folder / decisions.NAME
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"type":"sa')
    assert decisions.read(folder) == [line, line]
    assert decisions.append(folder, line) == 3
    assert path.read_bytes() == whole + whole[: len(whole) // 2]


@pytest.mark.parametrize(
    "line",
    [
        {"type": "other"},
        {"type": "same", "a": "x", "b": "y", "why": ""},
        {"type": "undo", "line": 0, "why": "", "by": ""},
        {"type": "source", "sha256": "x"},
        {"type": "mention", "award": "a", "product": "p", "verdict": "maybe", "why": "", "by": ""},
        {"type": "product", "company": "c", "words": "two\nlines", "note": "", "by": ""},
    ],
)
def test_a_decision_of_another_form_is_neither_written_nor_read(folder, line):
    folder.mkdir()
    with pytest.raises(decisions.BadDecision):
        decisions.append(folder, line)
    assert decisions.read(folder) == []
    (folder / decisions.NAME).write_bytes(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    with pytest.raises(decisions.BadDecision, match="line 1"):
        decisions.read(folder)


def test_only_who_runs_fronde_can_read_the_folder(folder):
    take(folder, SAMPLE)
    modes = {
        path.name: os.stat(path).st_mode & 0o077 for path in (folder / "originals", folder / decisions.NAME)
    }
    assert set(modes.values()) == {0}
    assert originals.CHUNK < 2**24


def test_every_file_of_the_folder_is_listed_in_what_is_kept(folder, tmp_path):
    take(folder, SAMPLE, put(folder, "name\nA client\n", "ours.csv"))
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    listed = [cell for row in kept_page.chapter("Files of evidence/") for cell in row]
    assert [name for name in there if not any(kept_page.names(cell, name) for cell in listed)] == []
    stale = {cell for cell in listed if not any(kept_page.names(cell, name) for name in there)}
    assert stale == {"citations/KEY.json"}  # frozen by `fronde evidence`'s questions, not by an import


def test_a_full_disk_is_said_and_nothing_has_changed(folder, monkeypatch):
    take(folder, table(action("EX1")))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(originals, "sync", full)
    with pytest.raises(Refused, match="No space left on device") as caught:
        take(folder, put(folder, table(action("EX2")), "second.csv"))
    assert caught.value.name == "import-full"
    monkeypatch.undo()
    assert ask(folder, "SELECT number FROM award") == [("EX1",)]
    assert len(decisions.read(folder)) == 1


def test_what_the_latest_file_leaves_open_of_an_award_is_taken_from_an_earlier_one(folder: Path) -> None:
    first = action("EX9", parent_award_id="EXV9", parent_award_agency_id="7001")
    later = (
        "Agency,Award ID,Recipient Name,Federal Action Obligation,Action Date,Modification,"
        "Product/Service Description,NAICS Description,Transaction Description,Generated Award ID\n"
        "ICE,EX9,HALCYON,-1.0,2019-01-15,P1,CHAIRS,CHAIRS,FEWER CHAIRS,CONT_AWD_EX9_7012_EXV9_7001\n"
    )
    take(folder, table(first), later)
    assert ask(folder, "SELECT number, vehicle, first::VARCHAR, last::VARCHAR FROM award") == [
        ("EX9", "EXV9", "2018-01-15", "2019-01-15")
    ]
