# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.errors import Unreadable
from fronde.record import tiles
from fronde.record.tiles import BadBundle, BadPath, Edge, Tile, pack, parse_path, unpack
from fronde.record.tree import inclusion, leaf_hash
from tests.record.logs import fetcher, numbered, slow_files, slow_root, vectors

VECTORS = vectors("tlog")
SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000]
BIG = 65_536 + 256 + 3


@pytest.mark.parametrize("case", VECTORS["paths"], ids=lambda case: case["path"])
def test_a_tile_has_the_path_of_the_specification(case: dict[str, object]) -> None:
    tile = Tile(case["level"], case["index"], case["width"])  # type: ignore[arg-type]
    assert tile.path == case["path"]
    assert parse_path(str(case["path"])) == tile


@pytest.mark.parametrize("text", VECTORS["bad_paths"])
def test_any_other_spelling_of_a_path_is_refused(text: str) -> None:
    with pytest.raises(BadPath):
        parse_path(text)


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**18 - 1), st.integers(1, 256))
def test_every_path_that_is_written_is_read(level: int | None, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(tile.path) == tile
    written = tiles.bundle_path(index, width) if level is None else tiles.path(level, index, width)
    assert written == tile.path


@given(st.text(alphabet="tile/enrs0123456789x.p\n", max_size=40) | st.text(max_size=40))
def test_whatever_is_read_as_a_path_is_spelled_so(text: str) -> None:
    with contextlib.suppress(BadPath):
        assert parse_path(text).path == text


@pytest.mark.parametrize("case", VECTORS["layouts"][:-1], ids=lambda case: str(case["size"]))
def test_small_layouts_are_exact(case: dict[str, object]) -> None:
    assert tiles.layout(int(str(case["size"]))) == case["paths"]


def test_a_tree_of_70000_lies_in_files_as_the_specification_says() -> None:
    case = VECTORS["layouts"][-1]
    paths = tiles.layout(case["size"])
    assert paths[-4:] == case["last"]
    assert len(paths) == len(set(paths)) == case["count"]
    assert sum(path.startswith("tile/0/") and ".p/" not in path for path in paths) == case["full0"]


@pytest.mark.parametrize("size", SIZES)
def test_the_layout_is_that_of_the_slow_model(size: int) -> None:
    assert sorted(tiles.layout(size)) == sorted(slow_files(numbered(size)))


@given(st.integers(0, 200_000))
def test_a_layout_is_counted_without_building_it(size: int) -> None:
    assert tiles.count(size) == len(tiles.layout(size))


def test_the_count_of_an_impossible_size_is_quick() -> None:
    assert tiles.count(2**53 - 1) > 2**45


@pytest.mark.parametrize("size", SIZES)
def test_an_edge_writes_the_files_of_the_slow_model(size: int) -> None:
    edge = Edge()
    edge.append(numbered(size))
    assert dict(edge.changed()) == slow_files(numbered(size))
    assert (edge.size, edge.root()) == (size, slow_root([leaf_hash(e) for e in numbered(size)]))


@given(st.lists(st.integers(0, 300), max_size=6))
def test_an_edge_that_grows_in_batches_leaves_the_same_files(batches: list[int]) -> None:
    edge, disk, entries = Edge(), {}, numbered(sum(batches))
    at = 0
    for batch in batches:
        edge.append(entries[at : at + batch])
        at += batch
        disk.update(edge.changed())
        expected = slow_files(entries[:at])
        assert {path: disk[path] for path in expected} == expected
        assert edge.root() == slow_root([leaf_hash(e) for e in entries[:at]])


def test_full_tiles_are_handed_out_once_and_partials_every_time() -> None:
    edge = Edge()
    edge.append(numbered(257))
    full = ["tile/entries/000", "tile/0/000"]
    partial = ["tile/entries/001.p/1", "tile/0/001.p/1", "tile/1/000.p/1"]
    assert [path for path, _ in edge.changed()] == full + partial
    assert [path for path, _ in edge.changed()] == partial


def test_an_edge_keeps_only_the_last_bundle_once_files_are_handed_out() -> None:
    edge = Edge()
    for _ in range(5):
        edge.append(numbered(256))
        edge.completed()
    assert edge.completed() == []
    assert [(tile.path, len(data)) for tile, data in edge.partial()] == [("tile/1/000.p/5", 5 * 32)]


@pytest.mark.parametrize("size", [*SIZES, BIG])
def test_an_edge_is_found_again_in_its_partial_files(size: int) -> None:
    first = Edge()
    first.append(numbered(size))
    disk = dict(first.changed())
    read: list[str] = []

    def fetch(path: str) -> bytes:
        read.append(path)
        return disk[path]

    again = Edge.load(size, fetch)
    assert again.root() == first.root()
    assert sorted(read) == sorted(path for path in disk if ".p/" in path)
    first.append(numbered(300))
    again.append(numbered(300))
    assert again.changed() == first.changed()


def test_a_partial_tile_of_another_length_is_refused() -> None:
    edge = Edge()
    edge.append(numbered(3))
    disk = dict(edge.changed())
    disk["tile/0/000.p/3"] += b"\0"
    with pytest.raises(Unreadable, match="97 bytes, where 96 belong"):
        Edge.load(3, fetcher(disk))


def test_no_entry_is_longer_than_its_length_field() -> None:
    edge = Edge()
    edge.append([b"x" * 65_535])
    with pytest.raises(ValueError, match="65536"):
        edge.append([b"x" * 65_536])


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_a_bundle_gives_its_entries_back(entries: list[bytes]) -> None:
    assert unpack(pack(entries), len(entries)) == entries


@given(st.binary(max_size=60), st.integers(0, 10))
def test_whatever_is_read_as_a_bundle_is_written_so(data: bytes, count: int) -> None:
    with contextlib.suppress(BadBundle):
        assert pack(unpack(data, count)) == data


@pytest.mark.parametrize(
    ("data", "count", "why"),
    [
        (b"", 1, "fewer than 1"),
        (b"\0", 1, "fewer than 1"),
        (b"\0\2a", 1, "cut off"),
        (b"\0\1a\0\1b", 1, "more than 1"),
        (b"\0\1a", 0, "more than 0"),
    ],
)
def test_a_bundle_of_another_count_is_refused(data: bytes, count: int, why: str) -> None:
    with pytest.raises(BadBundle, match=why):
        unpack(data, count)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 513, 1000])
def test_a_proof_from_tiles_is_the_proof_from_all_hashes(size: int) -> None:
    hashes = [leaf_hash(entry) for entry in numbered(size)]
    files = slow_files(numbered(size))
    for index in {0, 1, 254, 255, 256, 257, 511, 512, size // 2, size - 1} & set(range(size)):
        assert tiles.inclusion_from(fetcher(files), index, size) == inclusion(hashes, index)


@pytest.mark.parametrize("index", [0, 65_535, 65_536, 65_791, 65_792, BIG - 1])
def test_a_proof_from_tiles_of_three_levels_reads_few_files(index: int) -> None:
    edge = Edge()
    edge.append(numbered(BIG))
    disk, read = dict(edge.changed()), []

    def fetch(path: str) -> bytes:
        read.append(path)
        return disk[path]

    path = tiles.inclusion_from(fetch, index, BIG)
    assert path == inclusion([leaf_hash(entry) for entry in numbered(BIG)], index)
    assert len(read) <= 6


@pytest.mark.parametrize("index", [-1, 5])
def test_there_is_no_proof_from_tiles_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        tiles.inclusion_from(fetcher(slow_files(numbered(5))), index, 5)
