# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools
import tracemalloc
from collections.abc import Callable

import pytest

from fronde.errors import FrondeError, Refused
from fronde.record import log
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import BadNote, Signer
from fronde.record.tiles import Edge, pack, parse_path
from fronde.record.tree import leaf_hash, root
from tests.record.logs import ORIGIN, SIGNER, fetcher, log_files, numbered

SIZES = [0, 1, 255, 256, 257, 700]


def read(files: dict[str, bytes], want_entries: bool = True) -> log.Log:
    return log.read(fetcher(files), ORIGIN, SIGNER.key, exactly_one=True, want_entries=want_entries)


@pytest.mark.parametrize("want_entries", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_a_log_is_read_whole(size: int, want_entries: bool) -> None:
    files, entries = log_files(numbered(size)), numbered(size)
    found = read(files, want_entries)
    assert found.checkpoint == Checkpoint(ORIGIN, size, root(map(leaf_hash, entries)))
    assert found.note == files["checkpoint"]
    assert list(found.hashes) == [leaf_hash(entry) for entry in entries]
    assert len(found.entries) == size
    assert list(found.entries) == list(found.entries) == entries


def test_every_file_of_the_log_is_read_once_and_no_other() -> None:
    files, seen = log_files(numbered(700)), []

    def fetch(path: str) -> bytes:
        seen.append(path)
        return files[path]

    log.read(fetch, ORIGIN, SIGNER.key)
    assert sorted(seen) == sorted(files)


def test_leaf_hashes_alone_are_read_without_the_bundles() -> None:
    files = {path: data for path, data in log_files(numbered(700)).items() if "entries" not in path}
    found = read(files, want_entries=False)
    assert len(found.hashes) == 700
    with pytest.raises(KeyError):
        found.entries[0]


def test_one_entry_is_read_out_of_its_bundle() -> None:
    found = read(log_files(numbered(300)), want_entries=False)
    assert (found.entries[0], found.entries[256], found.entries[-1]) == (
        b"entry 0",
        b"entry 256",
        b"entry 299",
    )
    with pytest.raises(IndexError):
        found.entries[300]


def test_a_fetch_that_remembers_is_asked_once() -> None:
    files, seen = log_files(numbered(300)), []

    @functools.cache
    def fetch(path: str) -> bytes:
        seen.append(path)
        return files[path]

    assert list(log.read(fetch, ORIGIN, SIGNER.key).entries) == numbered(300)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("path", [path for path in log_files(numbered(700)) if path != "checkpoint"])
@pytest.mark.parametrize(
    "change", [lambda d: d[:-1], lambda d: d + b"\0", lambda d: b"\1" + d[1:], lambda d: b""]
)
def test_a_file_with_anything_changed_is_refused_and_named(
    path: str, change: Callable[[bytes], bytes]
) -> None:
    files = log_files(numbered(700))
    files[path] = change(files[path])
    with pytest.raises(FrondeError) as caught:
        read(files)
    # other bytes in a bundle show first in the tile above it
    assert path in caught.value.message or path.replace("entries", "0") in caught.value.message


@pytest.mark.parametrize(
    "path", [path for path in log_files(numbered(700)) if "tile/0" in path or "tile/1" in path]
)
def test_a_hash_tile_with_anything_changed_is_refused_without_entries_too(path: str) -> None:
    files = log_files(numbered(700))
    files[path] = files[path][:-1] + b"\0"
    with pytest.raises(Refused):
        read(files, want_entries=False)
    files[path] = files[path][:-2]
    with pytest.raises(FrondeError, match=path.replace(".", r"\.")):
        read(files, want_entries=False)


def test_tiles_that_agree_with_each_other_but_not_with_the_root_are_refused() -> None:
    files = log_files([*numbered(299), b"another"]) | {"checkpoint": log_files(numbered(300))["checkpoint"]}
    for want_entries in (True, False):
        with pytest.raises(Refused) as caught:
            read(files, want_entries)
        assert caught.value.name == "bad-root"


def test_an_entry_that_changed_since_the_root_was_computed_is_refused() -> None:
    files = log_files(numbered(300))
    found = read(files)
    files["tile/entries/001.p/44"] = log_files([*numbered(299), b"another"])["tile/entries/001.p/44"]
    with pytest.raises(Refused, match=r"tile/entries/001\.p/44: entry 299"):
        list(found.entries)
    with pytest.raises(Refused, match="entry 299"):
        found.entries[256]
    assert found.entries[3] == b"entry 3"


def test_the_key_must_be_the_logs() -> None:
    files = log_files(numbered(3))
    with pytest.raises(BadNote):
        log.read(fetcher(files), ORIGIN, Signer(ORIGIN, bytes(32)).key)
    with pytest.raises(Refused) as caught:
        log.read(fetcher(files), "other.example/log", SIGNER.key)
    assert caught.value.name == "other-origin"


def test_a_log_that_is_too_long_is_refused_before_it_is_read() -> None:
    files = {"checkpoint": Checkpoint(ORIGIN, 10**15, bytes(32)).sign(SIGNER)}
    with pytest.raises(Refused) as caught:
        read(files)
    assert caught.value.name == "log-too-long"
    with pytest.raises(Refused, match="at most 2 are read"):
        log.read(fetcher(log_files(numbered(3))), ORIGIN, SIGNER.key, most=2)


def test_the_caps_of_files_hold_every_file() -> None:
    files = log_files([b"x" * 65_535] * 257)
    assert all(len(data) <= log.largest(path) for path, data in files.items())
    assert log.largest("tile/entries/000") == len(files["tile/entries/000"])
    assert log.largest("tile/0/000") == len(files["tile/0/000"])


def test_entries_are_read_and_forgotten() -> None:
    count = 20_000
    entries = [b"%06d" % i + b"x" * 994 for i in range(count)]
    edge = Edge()
    edge.append(entries)
    hash_tiles = {path: data for path, data in edge.changed() if "entries" not in path}
    note = Checkpoint(ORIGIN, count, edge.root()).sign(SIGNER)
    del edge

    def fetch(path: str) -> bytes:
        if "entries" not in path:
            return note if path == "checkpoint" else hash_tiles[path]
        at = parse_path(path).index * 256
        return pack(entries[at : at + 256])

    tracemalloc.start()
    found = log.read(fetch, ORIGIN, SIGNER.key)
    assert sum(1 for _ in found.entries) == count
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < count * 32 + 2_500_000


@pytest.mark.parametrize("size", [0, 1, 256, 299, 300])
def test_a_log_begins_with_what_was_seen(size: int) -> None:
    found = read(log_files(numbered(300)))
    log.begins_with(found.hashes, Checkpoint(ORIGIN, size, root(map(leaf_hash, numbered(size)))))


def test_a_log_that_shrank_or_forked_is_refused() -> None:
    found = read(log_files(numbered(300)))
    with pytest.raises(Refused) as caught:
        log.begins_with(found.hashes, Checkpoint(ORIGIN, 301, root(map(leaf_hash, numbered(301)))))
    assert caught.value.name == "log-shrunk"
    other = [*numbered(249), b"another"]
    with pytest.raises(Refused) as caught:
        log.begins_with(found.hashes, Checkpoint(ORIGIN, 250, root(map(leaf_hash, other))))
    assert caught.value.name == "log-forked"
