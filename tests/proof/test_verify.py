# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import os
import signal
from pathlib import Path

import pytest

from fronde import canonical
from fronde.errors import Unreadable
from fronde.proof.policy import Policy
from fronde.proof.report import NAMES, NOT_PROVEN, UNWATCHED, Report
from fronde.proof.verify import Trust, verify
from fronde.proof.workers import Workers, _in_process
from fronde.record.note import Key
from tests.bundles.cases import CASES, signed
from tests.bundles.make import report_of
from tests.simulator import Record, Workplace, zipped


@pytest.fixture(scope="module")
def record() -> Record:
    return signed(7)


def trust(record: Record, **changes: object) -> Trust:
    return Trust(policy=Policy.parse(record.place.policy()), source="--policy p", **changes)  # type: ignore[arg-type]


def run(record: Record, given: Trust | None = None) -> Report:
    return verify(io.BytesIO(record.proof()), given or trust(record))


def test_the_twelve_steps_are_reported_as_they_finish(record: Record) -> None:
    seen: list[int] = []
    report = verify(
        io.BytesIO(record.proof()), trust(record), progress=lambda report: seen.append(len(report.steps))
    )
    assert seen == list(range(1, 13))
    assert [step.name for step in report.steps] == list(NAMES)
    assert report.exit == 0


def test_a_key_of_the_readers_own_ties_the_proof(record: Record) -> None:
    report = run(record, Trust(key=Key.parse(record.place.signer.vkey), source="--key"))
    assert (report.exit, report.tied, report.untied) == (0, True, False)


def test_the_users_own_policy_ties_what_it_lists(record: Record) -> None:
    own = Trust(policy=Policy.parse(record.place.policy()), given=False, source="your own")
    assert run(record, own).exit == 0


def test_the_users_own_policy_leaves_untied_what_it_does_not_list(record: Record) -> None:
    other = Policy.parse(Workplace(slots=0, host="elsewhere.example").policy())
    report = run(record, Trust(policy=other, given=False, source="your own"))
    assert (report.exit, report.tied, report.untied, report.source) == (3, False, True, "")


def test_the_users_own_policy_refuses_another_key_of_a_log_that_it_lists(record: Record) -> None:
    stranger = signed(5, place=Workplace(seed=2, slots=1))
    own = Trust(policy=Policy.parse(record.place.policy()), given=False, source="your own")
    report = run(stranger, own)
    assert report.exit == 1
    assert report.failure is not None
    assert report.failure.n == 2


def test_the_machines_report_is_canonical_and_complete(record: Record) -> None:
    report = canonical.decode(run(record).to_json())
    assert report["counts"] == record.counts()
    assert (report["origin"], report["size"], report["tied"]) == ("letters.example/log", 8, True)
    assert [step["n"] for step in report["steps"]] == list(range(1, 13))
    assert report["not_proven"] == [*NOT_PROVEN, UNWATCHED]


def test_a_comparison_of_the_instance_log_is_a_watch(record: Record) -> None:
    assert run(record, trust(record, compare=record.place.checkpoint())).not_proven == NOT_PROVEN


def test_a_comparison_of_the_letters_log_is_no_watch_of_the_instance_log(record: Record) -> None:
    report = run(record, trust(record, compare=record.log()["checkpoint"]))
    assert (report.exit, report.not_proven) == (0, (*NOT_PROVEN, UNWATCHED))


@pytest.mark.parametrize("compare", [b"", b"no note", "é".encode("latin-1")])
def test_a_comparison_that_is_no_checkpoint_fails(record: Record, compare: bytes) -> None:
    report = run(record, trust(record, compare=compare))
    assert report.failure is not None
    assert report.failure.n == 2


def test_the_verdict_says_who_stands_and_who_vouches(record: Record) -> None:
    assert "7 colleagues stand under" in run(record).verdict()
    assert "nobody outside this file vouches" in run(record, Trust()).verdict()


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        ("good-open", "The letter is open: this is its record up to here."),
        ("good-closed", "The letter is closed."),
        ("good-void", "closed with fewer signatures than the floor, so none counts. The letter is closed."),
        ("text-changed", "This proof is wrong: step 5 fails at letter.json. Do not rely on its count."),
        (
            "archive-not-a-zip",
            "This is not a proof that can be read: step 1 fails. Nothing in it was checked.",
        ),
        ("record-box", "made by a newer fronde: step 3 meets something unknown at letter/7."),
    ],
)
def test_every_end_has_its_verdict(bundle: str, words: str) -> None:
    assert words in report_of(CASES[bundle].made()).verdict()


def test_one_that_stands_is_one_colleague() -> None:
    record = signed(5)
    report = run(record)
    report.counts |= {"signatures": 5, "withdrawn": 4}
    assert "1 colleague stands under" in report.verdict()


def test_a_detail_holds_nothing_that_moves_a_terminal() -> None:
    record = signed(5, title="A title")
    members = record.members()
    members["letter.json"] = members["letter.json"].replace(b'"lang"', '"l\u202eang\x1b"'.encode())
    report = verify(io.BytesIO(zipped(members)), trust(record))
    assert report.failure is not None
    assert report.failure.detail.isprintable()


def test_two_processes_say_what_one_says(record: Record, tmp_path: Path) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(record.proof())
    assert verify(path, trust(record), processes=2).to_json() == run(record).to_json()


def test_two_processes_fail_where_one_fails(record: Record, tmp_path: Path) -> None:
    members = record.members()
    members["letter.json"] = members["letter.json"].replace(b"We build", b"We built")
    path = tmp_path / "letter.zip"
    path.write_bytes(zipped(members))
    assert verify(path, trust(record), processes=2).to_json() == verify(path, trust(record)).to_json()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_damaged_member_comes_before_a_wrong_document(processes: int, tmp_path: Path) -> None:
    path = tmp_path / "letter.zip"
    path.write_bytes(CASES["archive-damaged-tile-and-no-letter"].made().proof)
    report = verify(path, Trust(), processes=processes)
    assert report.failure
    assert report.failure.fault
    assert report.failure.fault.entry == "log/tile/0/000.p/6"


def _end(file: object, piece: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return piece


def _echo(file: object, piece: int) -> int:
    return piece


def test_a_process_that_is_ended_from_outside_is_told(tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.touch()
    with path.open("rb") as file, Workers(file, path, 2) as workers, pytest.raises(Unreadable) as caught:
        list(workers.map(_end, range(3)))
    assert caught.value.name == "process-ended"


def test_a_process_opens_the_file_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_bytes(b"abc")
    found = _in_process(str(path), lambda file, piece: file.read(1) * piece, [2, 3])
    assert found == [b"aa", b"bbb"]


def test_the_order_of_pieces_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.touch()
    with path.open("rb") as file, Workers(file, path, 2) as workers:
        assert list(workers.map(_echo, range(50))) == list(range(50))
