# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.errors import Newer
from fronde.proof import bundle
from fronde.proof.bundle import Archive, BadArchive, check_evidence, check_names, expected_names, write

MEMBERS = {"README.txt": b"read me " * 40, "letter.json": b"{}", "log/tile/0/000.p/1": bytes(range(32))}


def packed(members: dict[str, bytes] | None = None) -> bytes:
    file = io.BytesIO()
    write(file, (MEMBERS if members is None else members).items())
    return file.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    archive = Archive(io.BytesIO(data))
    return {name: archive.read(name) for name in archive.names}


def by_zipfile(**changes: object) -> bytes:
    """An archive of Python's own writer, with one attribute of its first member changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in MEMBERS.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            if name == "README.txt":
                for attribute, value in changes.items():
                    setattr(info, attribute, value)
            archive.writestr(info, data)
    return file.getvalue()


def patched(at: int, value: bytes, data: bytes | None = None) -> bytes:
    data = packed() if data is None else data
    at %= len(data)
    return data[:at] + value + data[at + len(value) :]


def refused(data: bytes) -> BadArchive:
    with pytest.raises(BadArchive) as caught:
        unpacked(data)
    return caught.value


def directory_at(data: bytes) -> int:
    return int(struct.unpack("<I", data[-6:-2])[0])


def test_what_is_written_is_read() -> None:
    assert unpacked(packed()) == MEMBERS


def test_the_members_are_sorted_and_the_bytes_are_always_the_same() -> None:
    other_order = dict(reversed(MEMBERS.items()))
    assert packed(other_order) == packed()
    assert Archive(io.BytesIO(packed(other_order))).names == sorted(MEMBERS)


def test_other_tools_open_it_and_see_1980() -> None:
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        assert archive.testzip() is None
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_archives_of_other_tools_are_read() -> None:
    assert unpacked(by_zipfile()) == MEMBERS
    assert unpacked(by_zipfile(compress_type=zipfile.ZIP_STORED)) == MEMBERS
    assert unpacked(by_zipfile(date_time=(2026, 7, 1, 12, 0, 0))) == MEMBERS


def test_a_path_is_replaced_in_one_step(tmp_path: Path) -> None:
    target = tmp_path / "letter.zip"
    target.write_bytes(b"older")
    write(target, MEMBERS.items())
    assert target.read_bytes() == packed()
    assert list(tmp_path.iterdir()) == [target]


def test_members_may_come_lazily() -> None:
    file = io.BytesIO()
    write(file, ((name, lambda data=data: data) for name, data in MEMBERS.items()))
    assert file.getvalue() == packed()


def test_two_members_of_one_name_are_not_written() -> None:
    with pytest.raises(ValueError, match="two members"):
        write(io.BytesIO(), [("a", b""), ("a", b"")])


def test_what_shrinks_beyond_the_cap_is_stored() -> None:
    zeros = {"openings.json": bytes(1_000_000)}
    assert unpacked(packed(zeros)) == zeros
    assert len(packed(zeros)) > 1_000_000


def test_an_empty_member_is_fine() -> None:
    assert unpacked(packed({"README.txt": b""})) == {"README.txt": b""}


@pytest.mark.parametrize(
    "data", [b"", b"PK\x05\x06", b"no zip at all, but longer than an end record", packed()[:-1]]
)
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    assert refused(data).name == "not-a-zip"


def test_bytes_before_between_or_after_are_refused() -> None:
    data, at = packed(), directory_at(packed())
    refused(data + b"\0")
    refused(b"\0" + data)
    # The directory moved on by one, and the end record says so.
    moved = data[:at] + b"\0" + data[at:-6] + struct.pack("<I", at + 1) + data[-2:]
    assert refused(moved).name == "not-contiguous"


def test_a_comment_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("letter.json", b"{}")
        archive.comment = b"PK\x05\x06" + bytes(18)
    refused(file.getvalue())


@pytest.mark.parametrize(
    ("field", "value"),
    [(4, b"\1\0"), (6, b"\1\0"), (8, b"\2\0"), (10, b"\4\0"), (12, b"\0\1\0\0"), (16, b"\0\0\0\0")],
)
def test_an_end_record_that_does_not_fit_is_refused(field: int, value: bytes) -> None:
    assert refused(patched(field - 22, value)).name == "end-record"


def test_a_directory_of_fewer_or_more_records_is_refused() -> None:
    for count in (b"\2\0\2\0", b"\4\0\4\0"):
        assert refused(patched(8 - 22, count)).name == "directory"


def test_a_directory_longer_than_its_names_can_be_is_refused() -> None:
    assert refused(patched(8 - 22, b"\1\0\1\0")).name in {"end-record", "directory"}


@pytest.mark.parametrize(
    ("field", "value", "slug"),
    [
        (0, b"PK\1\3", "directory"),
        (8, b"\1\0", "member-flags"),
        (8, b"\x08\0", "member-flags"),
        (10, b"\x09\0", "member-method"),
        (10, b"\0\0", "member-method"),
        (24, struct.pack("<I", 300 * 1024**2), "too-large"),
        (24, struct.pack("<I", 100_000), "too-large"),
        (28, b"\xff\xff", "unknown-file"),
        (30, b"\1\0", "directory"),
        (32, b"\1\0", "directory"),
        (34, b"\1\0", "directory"),
        (38, b"\x10\0\0\0", "not-a-plain-file"),
        (38, struct.pack("<I", 0o120777 << 16), "not-a-plain-file"),
        (38, struct.pack("<I", 0o040755 << 16), "not-a-plain-file"),
        (42, struct.pack("<I", 1), "not-contiguous"),
        (46, b"\xff", "unknown-file"),
    ],
)
def test_a_directory_record_that_is_not_strict_is_refused(field: int, value: bytes, slug: str) -> None:
    data = packed()
    assert refused(patched(directory_at(data) + field, value, data)).name == slug


@pytest.mark.parametrize("at", [0, 6, 8, 14, 18, 22, 26, 28, 30])
def test_a_local_header_that_differs_from_the_directory_is_refused(at: int) -> None:
    data = packed()
    error = refused(patched(at, bytes([data[at] ^ 1]), data))
    assert (error.name, error.entry) == ("headers-differ", "README.txt")


@pytest.mark.parametrize("at", [4, 5, 10, 11, 12, 13])
def test_dates_and_versions_are_not_looked_at(at: int) -> None:
    assert unpacked(patched(at, b"\x55")) == MEMBERS


@pytest.mark.parametrize(
    "changes",
    [{"extra": b"\1\0\0\0"}, {"comment": b"hello"}, {"create_system": 3, "external_attr": 0o120777 << 16}],
)
def test_extra_fields_comments_and_links_are_refused(changes: dict[str, object]) -> None:
    refused(by_zipfile(**changes))


def test_a_data_descriptor_is_refused() -> None:
    class Pipe(io.BytesIO):
        def tell(self) -> int:
            raise OSError("a pipe has no place")

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr("letter.json", b"{}")
    assert refused(pipe.getvalue()).name in {"member-flags", "not-contiguous"}


def test_zip64_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("letter.json", "w", force_zip64=True) as member:
        member.write(b"{}")
    refused(file.getvalue())


def test_two_members_of_one_name_are_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("letter.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("letter.json", b"[]")
    error = refused(file.getvalue())
    assert (error.name, error.entry) == ("same-name", "letter.json")


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_FILES", 2)
    assert refused(packed()).name == "too-large"


def test_too_much_in_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_BYTES", 300)
    assert refused(packed()).name == "too-large"


def raw_member(stream: bytes, size: int, crc: int) -> bytes:
    """An archive whose one member is deflated as `stream` and states `size` and `crc`."""
    shared = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, crc, len(stream), size, 11, 0)
    local = b"PK\3\4" + shared + b"letter.json" + stream
    record = b"PK\1\2" + struct.pack("<H", 20) + shared + struct.pack("<3H2I", 0, 0, 0, 0, 0) + b"letter.json"
    return local + record + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(record), len(local), 0)


def deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush()


def test_a_member_without_a_unix_mode_is_fine() -> None:
    assert unpacked(raw_member(deflate(b"{}"), 2, zlib.crc32(b"{}"))) == {"letter.json": b"{}"}


@pytest.mark.parametrize(
    ("stream", "size", "crc"),
    [
        (deflate(b"{}"), 2, 0),
        (deflate(b"{}"), 3, zlib.crc32(b"{}")),
        (deflate(b"{} "), 2, zlib.crc32(b"{}")),
        (deflate(b"{}") + b"x", 2, zlib.crc32(b"{}")),
        (deflate(b"{}")[:-1], 2, zlib.crc32(b"{}")),
        (b"\xff\xff\xff", 2, zlib.crc32(b"{}")),
        (deflate(b""), 1, 0),
        (deflate(b" "), 0, 0),
    ],
)
def test_a_member_that_does_not_inflate_to_what_it_states_is_refused(
    stream: bytes, size: int, crc: int
) -> None:
    error = refused(raw_member(stream, size, crc))
    assert (error.name, error.entry) == ("member-damaged", "letter.json")


def test_a_bomb_is_never_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = raw_member(deflate(bytes(50_000_000)), 1000, 0)
    asked: list[int] = []
    real = zlib.decompressobj

    class Spy:
        def __init__(self, bits: int) -> None:
            self.inner = real(bits)

        def decompress(self, data: bytes, most: int) -> bytes:
            asked.append(most)
            return self.inner.decompress(data, most)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    monkeypatch.setattr(zlib, "decompressobj", Spy)
    refused(bomb)
    assert asked == [1001]


def test_a_member_that_is_missing_is_named() -> None:
    with pytest.raises(BadArchive) as caught:
        Archive(io.BytesIO(packed())).read("heads.json")
    assert caught.value.entry == "heads.json"


SIZES = {"log": 300, "instance": 1}


def test_the_set_of_names_is_exact() -> None:
    names = list(expected_names(SIZES))
    assert "log/tile/entries/001.p/44" in names
    check_names(names, SIZES)
    for name in names:
        with pytest.raises(BadArchive) as caught:
            check_names([other for other in names if other != name], SIZES)
        assert (caught.value.name, caught.value.entry) == ("file-missing", name)


@pytest.mark.parametrize(
    "name", ["log/tile/0/000.p/7", "../letter.json", "log/tile/0/001.p/43", "letter.json/"]
)
def test_one_file_more_is_refused(name: str) -> None:
    with pytest.raises(BadArchive) as caught:
        check_names([*expected_names(SIZES), name], SIZES)
    assert (caught.value.name, caught.value.entry) == ("unknown-file", name)


@pytest.mark.parametrize("name", ["documents/response.txt", "documents/evidence/1.json"])
def test_folders_of_later_versions_are_newer(name: str) -> None:
    with pytest.raises(Newer):
        check_names([*expected_names(SIZES), name], SIZES)


def test_an_invented_size_is_refused_without_listing_its_names() -> None:
    with pytest.raises(BadArchive) as caught:
        check_names(expected_names(SIZES), {"log": 2**53 - 1, "instance": 1})
    assert caught.value.entry == "log/checkpoint"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(BadArchive):
        unpacked(data + b"x")


@given(st.integers(0, len(packed()) - 1), st.integers(1, 255))
def test_one_changed_byte_changes_no_member(at: int, flip: int) -> None:
    data = packed()
    try:
        members = unpacked(patched(at, bytes([data[at] ^ flip]), data))
    except BadArchive:
        return
    assert members == MEMBERS


def test_what_lies_under_evidence_is_what_the_letter_cites() -> None:
    names = [*expected_names(SIZES), "evidence/a.json", "evidence/b.json"]
    check_names(names, SIZES)
    check_evidence(names, ["b", "a"])
    check_evidence(expected_names(SIZES), [])


def test_evidence_that_nobody_cites_is_newer_and_comes_first() -> None:
    with pytest.raises(Newer, match=r"evidence/c\.json"):
        check_evidence(["evidence/c.json"], ["a"])
    with pytest.raises(Newer, match=r"evidence/a\.csv"):
        check_evidence(["evidence/a.csv", "evidence/a.json"], ["a"])


def test_the_first_citation_that_is_missing_is_named() -> None:
    with pytest.raises(BadArchive) as caught:
        check_evidence(["evidence/b.json"], ["c", "b", "a"])
    assert (caught.value.entry, caught.value.name) == ("evidence/a.json", "file-missing")
