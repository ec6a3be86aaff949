# SPDX-License-Identifier: Apache-2.0
"""Random mutants of good proofs: never a traceback, and none passes that changes a member.  # trust: 27

Two things can be taken from a proof without a trace, and no random edit does it: lines of witnesses that the
reader does not list, and whole openings (a name that is not shown).
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import pytest

from fronde.proof.bundle import Archive
from fronde.proof.verify import verify
from tests.bundles.cases import CASES, Made
from tests.bundles.make import trust_of
from tests.bundles.zips import File, archive

PARENTS = ("good-closed", "good-withdrawn", "good-stored", "good-head-chain", "good-burned", "good-citations")


def members(proof: bytes) -> dict[str, bytes]:
    found = Archive(io.BytesIO(proof))
    return {name: found.read(name) for name in found.names}


def flip_a_bit(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def change_a_byte(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(1) + data[at + 1 :]


def cut(rng: random.Random, data: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[end:]


def insert(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at:]


def repeat(rng: random.Random, data: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:]


def swap(rng: random.Random, data: bytes) -> bytes:
    a, b, c = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


EDITS: list[Callable[[random.Random, bytes], bytes]] = [flip_a_bit, change_a_byte, cut, insert, repeat, swap]


def inside_a_member(rng: random.Random, proof: bytes, other: bytes) -> bytes:
    """One member changed, packed again without a fault."""
    found = members(proof)
    name = rng.choice(list(found))
    found[name] = rng.choice(EDITS)(rng, found[name] or b"\0")
    return archive([File(each.encode(), data) for each, data in found.items()])


def of_two_proofs(rng: random.Random, proof: bytes, other: bytes) -> bytes:
    """Some members of another good proof."""
    found, foreign = members(proof), members(other)
    for name in rng.sample(list(foreign), rng.randrange(1, 4)):
        found[name] = foreign[name]
    return archive([File(each.encode(), data) for each, data in found.items()])


def without_or_twice(rng: random.Random, proof: bytes, other: bytes) -> bytes:
    """Members left out, doubled or in another order."""
    files = [File(name.encode(), data) for name, data in members(proof).items()]
    rng.shuffle(files)
    return archive(files[rng.randrange(3) :] + files[: rng.randrange(2)])


def any_bytes(rng: random.Random, proof: bytes, other: bytes) -> bytes:
    """The archive's own bytes changed, once or a few times."""
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        proof = rng.choice(EDITS)(rng, proof or b"\0")
    return proof


KINDS = [any_bytes, any_bytes, inside_a_member, inside_a_member, of_two_proofs, without_or_twice]


def judge(made: Made, mutant: bytes) -> int:
    """The exit code; a mutant that passes has the members of its parent."""
    report = verify(io.BytesIO(mutant), trust_of(made))
    report.to_json()
    report.verdict()
    if report.exit in (0, 3):
        ours, theirs = members(made.proof), members(mutant)
        assert {**ours, "README.txt": b""} == {**theirs, "README.txt": b""}
    return report.exit


def play(count: int, seed: int) -> set[int]:
    rng = random.Random(seed)  # noqa: S311 - a failing mutant can be made again
    parents = [CASES[name].made() for name in PARENTS]
    ends = set()
    for _ in range(count):
        made, other = rng.sample(parents, 2)
        ends.add(judge(made, rng.choice(KINDS)(rng, made.proof, other.proof)))
    return ends


def test_some_hundred_mutants() -> None:
    assert play(600, seed=1) == {0, 1, 2}


@pytest.mark.slow
def test_ten_thousand_mutants() -> None:
    assert play(10_000, seed=2) == {0, 1, 2}
