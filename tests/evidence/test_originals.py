# SPDX-License-Identifier: Apache-2.0
"""Files as received: encodings by rule, zips with caps, and what is refused, with memory bounded."""

from __future__ import annotations

import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from fronde.errors import Unreadable, Usage
from fronde.evidence import originals
from fronde.evidence.originals import BadFile, Bomb, Text
from tests.evidence.folders import HEADER, action, ask, put, table, take

NAME = "SOCIÉTÉ GÉNÉRALE"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def plain(scratch: Path, content: bytes) -> originals.Plain:
    path = scratch.parent / "f.csv"
    path.write_bytes(content)
    return originals.plain(Text(path, "", "f.csv"), scratch)


# -- encodings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", ["read as UTF-16"]),
        ("cp1252", ["read as Windows-1252"]),
        ("latin-1", ["read as Windows-1252"]),
    ],
)
def test_an_encoding_is_found_by_rule_and_said(folder, encoding, note):
    (account,) = take(folder, table(action(recipient_name=NAME)).encode(encoding))
    assert account.kept == 1
    assert account.warnings == note
    assert ask(folder, "SELECT name FROM party WHERE handle LIKE 'US-DUNS%'") == [(NAME,)]


@pytest.mark.parametrize("content", ["a,b\n1,\x81\x8d\n".encode("latin-1"), b"\xff\xfea\x00\x00\xd8,\x00"])
def test_bytes_of_no_encoding_are_refused(scratch, content):
    with pytest.raises(BadFile) as caught:
        plain(scratch, content)
    assert caught.value.hint == "Save it as UTF-8, then import it again."


def test_a_nul_byte_is_refused_with_its_line(scratch):
    with pytest.raises(BadFile, match=r"f\.csv, line 3: a NUL byte"):
        plain(scratch, b"a,b\n1,2\n3,\x00\n")


def test_utf_16_without_its_mark_is_told(scratch):
    with pytest.raises(BadFile) as caught:
        plain(scratch, "a,b\n1,2\n".encode("utf-16-le"))
    assert "UTF-16 without its mark" in caught.value.hint


def test_a_character_that_lies_across_two_chunks_is_one_character(scratch, monkeypatch):
    monkeypatch.setattr(originals, "CHUNK", 7)
    assert plain(scratch, f"name\n{NAME * 5}\n".encode()).path == scratch.parent / "f.csv"


# -- lines ---------------------------------------------------------------------------------------------------


def test_a_line_without_end_is_refused_in_bounded_memory(folder):
    path = put(folder, table(action()))
    with path.open("ab") as file:
        for _ in range(64):
            file.write(b"z" * 2**20)
    tracemalloc.start()
    try:
        with pytest.raises(BadFile, match=r"file\.csv, line 3, is longer than 2 MB"):
            take(folder, path)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("count", [20_000, 1_000_000])
def test_a_million_columns_are_refused(folder, count):
    with pytest.raises(Unreadable, match="line 1, is longer than any header"):
        take(folder, ",".join(f"c{i}" for i in range(count)) + "\n")


def test_the_first_long_line_is_found_at_every_chunk_edge(scratch, monkeypatch):
    monkeypatch.setattr(originals, "CHUNK", 16)
    monkeypatch.setattr(originals, "LINE", 32)
    for before in range(40):
        content = b"a\n" + b"b" * before + b"\n" + b"c" * 40 + b"\nd\n"
        expected = 2 if before > 32 else 3
        assert plain(scratch, content).long_line == expected, before


def test_the_separator_is_the_one_that_gives_most_fields():
    assert originals.header("a;b,c;d\n1;2;3\n") == (";", ("a", "b,c", "d"))
    assert originals.header('"a "\tb\n') == ("\t", ("a", "b"))
    assert originals.header('{"a": 1,\n') == (",", ())
    assert originals.header("") == (",", ())


# -- keeping -------------------------------------------------------------------------------------------------


def test_an_original_is_kept_as_received_read_only_under_its_sha256(folder):
    content = table(action()).encode("utf-16")
    (account,) = take(folder, content)
    path = folder / "originals" / account.sha256
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_file_that_is_not_there_is_said(folder):
    with pytest.raises(Usage, match="cannot read"):
        take(folder, folder.parent / "none.csv")


# -- zips ----------------------------------------------------------------------------------------------------


def packed(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def test_each_table_of_a_zip_is_a_source(folder, tmp_path):
    one, other = table(action("EX1")), table(action("EX2"), action("EX3"))
    accounts = take(folder, packed(tmp_path / "data.zip", {"one.csv": one, "sub/other.csv": other}))
    assert [(each.name, each.kept) for each in accounts] == [
        ("data.zip/one.csv", 1),
        ("data.zip/sub/other.csv", 2),
    ]
    assert len({each.sha256 for each in accounts}) == 1


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"a.csv": "x", "readme.exe": "x"}, "which is no table"),
        ({"inner.zip": "x"}, "which is no table"),
        ({"[Content_Types].xml": "x"}, "is a spreadsheet"),
        ({}, "is an empty zip"),
    ],
)
def test_a_zip_of_anything_else_is_refused(folder, tmp_path, files, what):
    with pytest.raises(BadFile, match=what):
        take(folder, packed(tmp_path / "data.zip", files))


def test_a_zip_that_grows_without_bounds_is_stopped(folder, tmp_path):
    path = packed(tmp_path / "bomb.zip", {"a.csv": table(action()).encode() + b"\n" * (64 * 2**20)})
    assert path.stat().st_size < 100_000
    with pytest.raises(Bomb, match="more than 200 times"):
        take(folder, path)
    assert list((folder / "originals").iterdir()) == []
    assert not (folder / "evidence.duckdb").exists()


def test_what_a_zip_says_of_its_sizes_is_not_believed(folder, tmp_path):
    path = packed(tmp_path / "lie.zip", {"a.csv": b"\n" * (64 * 2**20)})
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(data)
    with pytest.raises(Unreadable):
        take(folder, path)


def test_too_many_files_are_refused(folder, tmp_path):
    with pytest.raises(Bomb, match="holds 201 files"):
        take(folder, packed(tmp_path / "many.zip", {f"{i}.csv": "x" for i in range(201)}))


@pytest.mark.parametrize("cut", [10, 100])
def test_a_cut_zip_is_refused(folder, tmp_path, cut):
    path = packed(tmp_path / "cut.zip", {"a.csv": table(*(action(f"EX{i}") for i in range(200)))})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(BadFile, match="damaged zip"):
        take(folder, path)


def test_a_damaged_member_is_refused(folder, tmp_path):
    path = packed(tmp_path / "bad.zip", {"a.csv": table(*(action(f"EX{i}") for i in range(200)))})
    data = bytearray(path.read_bytes())
    data[100:120] = b"\x00" * 20
    path.write_bytes(data)
    with pytest.raises(BadFile, match="cannot be unpacked"):
        take(folder, path)


def test_gzip_is_told_apart(folder):
    with pytest.raises(BadFile, match="packed with gzip"):
        take(folder, b"\x1f\x8b\x08\x00rest")


def test_a_header_alone_is_a_table_without_rows(folder):
    (account,) = take(folder, ",".join(HEADER) + "\n")
    assert (account.read, account.warnings) == (0, ["no rows at all"])
