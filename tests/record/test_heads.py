# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.errors import Breach
from fronde.record.checkpoint import Checkpoint
from fronde.record.entry import head_hash
from fronde.record.heads import open_heads
from fronde.record.tree import leaf_hash, root
from tests.record.logs import numbered

ORIGIN = "fronde.example/letters/abcdefgh234567ab/record"
LEAVES = [leaf_hash(entry) for entry in numbered(30)]


def nonce(position: int) -> bytes:
    return position.to_bytes(32, "big")


def hidden(sizes: list[int], leaves: list[bytes] = LEAVES) -> list[bytes]:
    return [
        head_hash(nonce(i), Checkpoint(ORIGIN, size, root(leaves[:size])).body)
        for i, size in enumerate(sizes)
    ]


def claimed(sizes: list[int]) -> list[tuple[bytes, int]]:
    return [(nonce(i), size) for i, size in enumerate(sizes)]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8).map(sorted))
def test_heads_open_to_the_beginnings_of_the_log(sizes: list[int]) -> None:
    assert open_heads(hidden(sizes), claimed(sizes), ORIGIN, LEAVES) == sizes[-1]


OTHER = [*LEAVES[:7], leaf_hash(b"forked"), *LEAVES[8:]]

BREACHES = [
    ("head-missing", [], []),
    ("heads-number", hidden([5, 9]), claimed([5])),
    ("heads-number", hidden([5]), claimed([5, 9])),
    ("head-shrunk", hidden([0]), claimed([0])),
    ("head-shrunk", hidden([9, 5]), claimed([9, 5])),
    ("head-beyond", hidden([5, 31]), claimed([5, 31])),
    ("head-other-version", hidden([5, 9], OTHER), claimed([5, 9])),
    ("head-other-version", hidden([5, 9]), claimed([5, 10])),
    ("head-other-version", hidden([5, 9])[::-1], claimed([5, 9])),
    ("head-other-version", hidden([5]), [(nonce(1), 5)]),
]


@pytest.mark.parametrize(("name", "found", "opened"), BREACHES)
def test_heads_that_do_not_open_are_refused(
    name: str, found: list[bytes], opened: list[tuple[bytes, int]]
) -> None:
    with pytest.raises(Breach) as caught:
        open_heads(found, opened, ORIGIN, LEAVES)
    assert caught.value.name == name


def test_heads_of_another_origin_do_not_open() -> None:
    with pytest.raises(Breach, match="another version"):
        open_heads(hidden([5]), claimed([5]), ORIGIN + "2", LEAVES)
