# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools
from pathlib import Path

import httpx
import pytest

from fronde.client import http
from fronde.record import entry, tlogproof
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import Key, Signer, fingerprint
from tests.cli.published import SITE, alone, data_folder, fresh, run, serve, site, vkey
from tests.simulator import Record, Workplace, checkpoint, log_files


@pytest.fixture
def record() -> Record:
    return fresh()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return alone(tmp_path, monkeypatch)


# --- check ---


def test_an_instance_is_checked_whole_by_its_address(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(monkeypatch, site(record))
    assert run("check", SITE, "--key", vkey(record)) == 0
    out = capsys.readouterr().out
    assert out.startswith("letters.example/log\n")
    assert out.count("read from") == 2
    assert f"\n\n{record.letter.origin}\n" in out
    assert f"fingerprint  {fingerprint(vkey(record))}" in out
    assert f"read from    {SITE}/log\n" in out
    assert "24 slot.new" in out
    assert "1 letter.open, 7 sign" in out
    assert "replay of slots" in out
    assert "every head in the instance log" in out
    assert "vouched for by --key" in out


def test_a_data_folder_is_checked_whole(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = data_folder(record, tmp_path / "data")
    assert run("check", root, "--policy", root / "policy") == 0
    assert run("check", root / "public", "--policy", root / "policy") == 0
    out = capsys.readouterr().out
    assert out.count(f"{record.letter.origin}\n") == 2
    assert "vouched for by --policy" in out


def test_without_a_key_of_the_readers_own_nobody_vouches(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = data_folder(record, tmp_path / "data")
    assert run("check", root) == 3
    assert capsys.readouterr().out.count("NOT TIED TO ANYBODY: only this place itself names it") == 2


def test_the_readers_own_policy_vouches(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "home" / ".config" / "fronde" / "policy"
    own.parent.mkdir(parents=True)
    own.write_text(record.place.policy())
    assert run("check", data_folder(record, tmp_path / "data")) == 0
    assert "vouched for by your own" in capsys.readouterr().out


def test_a_default_policy_of_others_leaves_it_untied_a_given_one_refuses(
    record: Record, tmp_path: Path
) -> None:
    own = tmp_path / "home" / ".config" / "fronde" / "policy"
    own.parent.mkdir(parents=True)
    own.write_text(f"log {Signer('other.example/log', bytes(32)).vkey}\nquorum none\n")
    root = data_folder(record, tmp_path / "data")
    assert run("check", root) == 3
    assert run("check", root, "--policy", own) == 1


@pytest.mark.parametrize(
    "name", ["log", "letters/{}/record", "letters/{}/record/checkpoint", "letters/{}", "log/"]
)
def test_one_log_is_checked_by_its_address(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    serve(monkeypatch, site(record))
    assert run("check", f"{SITE}/{name.format(record.letter.id)}", "--key", vkey(record)) == 0
    assert capsys.readouterr().out.count("read from") == 1


@pytest.mark.parametrize("name", ["log", "letters/{}/record", "letters/{}"])
def test_one_log_is_checked_by_its_folder(record: Record, tmp_path: Path, name: str) -> None:
    public = data_folder(record, tmp_path / "data") / "public"
    assert run("check", public / name.format(record.letter.id), "--key", vkey(record)) == 0


def test_a_copy_below_another_path_is_checked(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = {f"/mirror{path}": data for path, data in site(record).items()}
    serve(monkeypatch, copied)
    assert run("check", f"{SITE}/mirror/letters/{record.letter.id}/record", "--key", vkey(record)) == 0
    assert run("check", f"{SITE}/mirror/log") == 3


def test_a_copy_of_a_log_under_any_address_is_checked(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, {f"/copy{path}": data for path, data in _under_root(record).items()})
    assert run("check", f"{SITE}/copy", "--key", vkey(record)) == 0
    assert run("check", f"{SITE}/copy/checkpoint") == 3


def _under_root(record: Record) -> dict[str, bytes]:
    return {f"/{path}": data for path, data in log_files(record.place.signer, record.place.instance).items()}


def test_a_copy_of_a_log_alone_needs_its_own_key(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for files, name in [(record.log(), "a"), (log_files(record.place.signer, record.place.instance), "b")]:
        for path, content in files.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    assert run("check", tmp_path / "a") == 3
    assert run("check", tmp_path / "b") == 3
    assert capsys.readouterr().out.count("the signature was not checked") == 2
    assert run("check", tmp_path / "b", "--key", vkey(record)) == 0
    assert run("check", tmp_path / "a", "--key", record.signer.vkey) == 0
    assert run("check", tmp_path / "a", "--key", vkey(record)) == 1


def test_a_record_without_its_letter_is_checked_as_far_as_it_goes(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = data_folder(record, tmp_path / "data", letter=False)
    assert run("check", root / "public" / "letters" / record.letter.id) == 3
    out = capsys.readouterr().out
    assert "the signature was not checked" in out
    assert "heads" not in out
    assert run("check", root, "--key", vkey(record)) == 1
    assert "does not know the log" in capsys.readouterr().err


def test_a_record_without_an_instance_beside_it_is_tied_by_its_own_key_only(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path: data for path, data in site(record).items() if not path.startswith("/log/")}
    serve(monkeypatch, files)
    address = f"{SITE}/letters/{record.letter.id}"
    assert run("check", address) == 3
    assert run("check", address, "--key", record.signer.vkey) == 0
    assert run("check", address, "--key", vkey(record)) == 1


def test_a_site_that_claims_no_key_is_read_unsigned(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = site(record)
    del files["/policy"]
    serve(monkeypatch, files)
    assert run("check", SITE) == 3
    assert "the signature was not checked" in capsys.readouterr().out
    files["/policy"] = f"log {Signer('other.example/log', bytes(32)).vkey}\nquorum none\n".encode()
    assert run("check", f"{SITE}/log") == 3


def lie(record: Record, kind: str) -> dict[str, bytes]:
    """The files of a server that tells one lie."""
    place, files = record.place, site(record)
    base = f"/letters/{record.letter.id}"
    if kind == "bad-root":
        wrong = Checkpoint("letters.example/log", len(place.instance), bytes(32))
        return files | {"/log/checkpoint": wrong.sign(place.signer)}
    if kind == "bad-tile":
        return files | {path: bytes(len(data)) for path, data in files.items() if "/log/tile/0/" in path}
    if kind == "key-twice":
        first = entry.parse_instance(place.instance[0])
        number = place.state().last_number(first["workplace"]) + 1
        place.instance[len(place.instance) - 1 :] = [
            place.instance[0].replace(b'"number":1,', b'"number":%d,' % number)
        ]
    elif kind == "open-again":
        record.add([record.entries[0]])
    elif kind == "open-missing":
        record.entries = record.entries[1:]
    elif kind == "other-digest":
        record.entries[0] = record.opening(digest=bytes(32))
    elif kind == "open-without-bind":
        record.entries[0] = record.opening(bind=0)
    elif kind == "head-other-version":
        record.entries[-1] = record.entries[1]
    elif kind == "heads-number":
        record.heads.pop()
    elif kind == "other-origin":
        return files | {f"{base}/record/checkpoint": record.place.checkpoint()}
    elif kind == "other-letter":
        other = Workplace(seed=9).open()
        return files | {f"{base}/letter.json": other.letter.data}
    return site(record)


@pytest.mark.parametrize(
    "kind",
    [
        "bad-root",
        "bad-tile",
        "key-twice",
        "open-again",
        "open-missing",
        "other-digest",
        "open-without-bind",
        "head-other-version",
        "heads-number",
        "other-letter",
        "other-origin",
    ],
)
def test_a_lie_is_refused_and_named(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    serve(monkeypatch, lie(record, kind))
    assert run("check", SITE, "--key", vkey(record)) == 1
    assert f"id: {kind}\n" in capsys.readouterr().err


def test_an_entry_of_a_newer_version_cannot_be_read(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record.place.instance.append(b'{"type":"amend","v":1}')
    serve(monkeypatch, site(record))
    assert run("check", f"{SITE}/log", "--key", vkey(record)) == 2
    assert f"entry {len(record.place.instance) - 1} of letters.example/log" in capsys.readouterr().err


def test_an_entry_that_is_none_is_named(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record.place.instance.append(b"{}")
    serve(monkeypatch, site(record))
    assert run("check", f"{SITE}/log", "--key", vkey(record)) == 1
    assert f"entry {len(record.place.instance) - 1} of letters.example/log" in capsys.readouterr().err


def test_a_strange_log_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signer = Signer("strange.example/tree", bytes(32))
    tmp_path.joinpath("checkpoint").write_bytes(Checkpoint(signer.name, 0, bytes(32)).sign(signer))
    assert run("check", tmp_path) == 1
    assert "id: strange-log" in capsys.readouterr().err


def test_an_empty_record_is_refused(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = checkpoint(record.letter.origin, []).sign(record.signer)
    tmp_path.joinpath("checkpoint").write_bytes(empty)
    assert run("check", tmp_path) == 1
    assert "id: open-missing" in capsys.readouterr().err


def test_another_key_of_a_record_than_the_policys_is_refused(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(monkeypatch, site(record))
    other = Signer(record.letter.origin, bytes(32)).vkey
    assert run("check", f"{SITE}/letters/{record.letter.id}", "--key", other) == 1
    assert "id: other-key" in capsys.readouterr().err


def test_a_log_that_grows_while_it_is_read_is_read_anew(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(monkeypatch, site(record))

    def grow(path: str) -> None:
        if path == "/log/tile/entries/000.p/" + str(len(record.place.instance)):
            server.before = lambda path: None
            record.head()
            server.files = site(record)

    server.before = grow
    assert run("check", f"{SITE}/letters/{record.letter.id}", "--key", vkey(record)) == 0


def test_a_file_that_stays_away_is_missing(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = site(record)
    del files[next(path for path in files if path.startswith("/log/tile/entries"))]
    serve(monkeypatch, files)
    assert run("check", f"{SITE}/log", "--key", vkey(record)) == 1
    assert "there is no https://letters.example/log/tile/entries/000" in capsys.readouterr().err


def test_a_server_that_declines_says_so(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = httpx.MockTransport(lambda request: httpx.Response(500, stream=httpx.ByteStream(b"")))
    monkeypatch.setattr(http, "Http", functools.partial(http.Http, transport=failing))
    assert run("check", f"{SITE}/log") == 1
    assert "500" in capsys.readouterr().err


def test_the_quorum_of_a_policy_counts(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from fronde.record import cosignature
    from fronde.record.note import COSIGNATURE
    from fronde.tokens import ed25519

    root = data_folder(record, tmp_path / "data")
    witness = Key.of("witness.example", ed25519.public_key(bytes(32)), COSIGNATURE)
    policy = tmp_path / "policy"
    policy.write_text(f"log {vkey(record)}\nwitness w {witness.vkey}\nquorum w\n")
    assert run("check", root / "public" / "log", "--policy", policy) == 1
    assert "id: no-quorum" in capsys.readouterr().err
    file = root / "public" / "log" / "checkpoint"
    body = file.read_text().partition("\n\n")[0] + "\n"
    file.write_text(file.read_text() + cosignature.sign(body, witness.name, bytes(32), 1))
    assert run("check", root / "public" / "log", "--policy", policy) == 0
    assert "1 witnesses" in capsys.readouterr().out


# --- proofs ---


def test_the_proof_of_an_entry_is_written(record: Record, tmp_path: Path, here: Path) -> None:
    public = data_folder(record, tmp_path / "data") / "public"
    assert run("check", public / "log", "--key", vkey(record), "--proof", 3) == 0
    proof = (here / "3.tlog-proof").read_bytes()
    found = tlogproof.check(proof, record.place.instance[3], record.place.signer.key)
    assert found.size == len(record.place.instance)
    assert run("check", public / "letters" / record.letter.id, "--proof", 0, "-o", "first.tlog-proof") == 3
    tlogproof.check((here / "first.tlog-proof").read_bytes(), record.entries[0], record.signer.key)


def test_a_proof_from_a_log_without_a_key_is_written_unchecked(
    record: Record, tmp_path: Path, here: Path
) -> None:
    for path, content in record.log().items():
        file = tmp_path / "copy" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert run("check", tmp_path / "copy", "--proof", 1) == 3
    tlogproof.check((here / "1.tlog-proof").read_bytes(), record.entries[1], record.signer.key)


@pytest.mark.parametrize(
    "words",
    [
        ["check", "PUBLIC", "--proof", "0"],
        ["check", "PUBLIC/log", "--proof", "100000"],
        ["check", "PUBLIC/log", "-o", "x"],
        ["check", "PUBLIC/log", "--proof", "0", "-o", "no/such/folder"],
        ["check", "PUBLIC/log", "--policy", "none"],
        ["check", "PUBLIC/log", "--key", "none"],
        ["check", "nowhere"],
        ["check", "http://letters.example/log"],
        ["check", "https://letters.example/../log"],
        ["check", "https://letters.example/é"],
        ["check", "ftp://letters.example"],
        ["watch", "PUBLIC/log", "--once", "--keep", "no/such/folder"],
    ],
)
def test_a_wrong_command_is_told_so(record: Record, tmp_path: Path, words: list[str]) -> None:
    public = data_folder(record, tmp_path / "data") / "public"
    assert run(*(word.replace("PUBLIC", str(public)) for word in words)) == 64


@pytest.mark.parametrize("option", [["--proof", "-1"], ["--proof", "x"], ["--proof", "٣"]])
def test_an_index_is_a_number(option: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("check", ".", *option)
    assert caught.value.code == 64


def test_a_file_in_a_folder_that_cannot_be_read_is_told(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = data_folder(record, tmp_path / "data") / "public" / "log"
    next(log.glob("tile/0/000.p/*")).write_bytes(b"x" * 10_000)
    assert run("check", log) == 2
    assert "longer than 8192 bytes" in capsys.readouterr().err
    tile = next(log.glob("tile/0/000.p/*"))
    tile.unlink()
    tile.mkdir()
    assert run("check", log) == 2
    assert "cannot read" in capsys.readouterr().err
    (log / "checkpoint").unlink()
    (log / "checkpoint").mkdir()
    assert run("check", log) == 64
