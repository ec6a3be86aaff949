# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.record import tree
from fronde.record.tree import BadInclusion, Hashes, Tree, check_inclusion, inclusion, leaf_hash, root
from tests.record.logs import slow_root, vectors

VECTORS = vectors("tree")
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in VECTORS["entries"]]
ROOTS = [bytes.fromhex(each) for each in VECTORS["roots"]]


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % i) for i in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_reference_tests(size: int) -> None:
    assert root(LEAVES[:size]) == ROOTS[size]


@pytest.mark.parametrize("proof", VECTORS["inclusion"], ids=lambda each: f"{each['index']}-of-{each['size']}")
def test_inclusion_proofs_are_those_of_the_reference_tests(proof: dict[str, object]) -> None:
    index, size = int(str(proof["index"])), int(str(proof["size"]))
    path = inclusion(LEAVES, index, size)
    assert [step.hex() for step in path] == proof["path"]
    check_inclusion(index, size, LEAVES[index], path, ROOTS[size])


@pytest.mark.parametrize("size", [*range(0, 20), 255, 256, 257, 600])
def test_a_root_from_the_bottom_is_the_root_of_the_rfc(size: int) -> None:
    assert root(leaves(size)) == root(Hashes(leaves(size))) == slow_root(leaves(size))


def test_a_growing_tree_has_every_root_on_its_way() -> None:
    grown = Tree()
    assert grown.root() == tree.EMPTY
    for size, leaf in enumerate(leaves(70), 1):
        grown.extend([leaf])
        assert (grown.size, grown.root()) == (size, slow_root(leaves(size)))


@given(st.lists(st.integers(0, 40), max_size=8))
def test_a_tree_grows_by_any_steps(steps: list[int]) -> None:
    grown, all_leaves = Tree(), leaves(sum(steps))
    for step in steps:
        grown.extend(all_leaves[grown.size : grown.size + step])
        assert grown.root() == root(all_leaves[: grown.size])
    assert grown.size == sum(steps)


def test_a_tree_grows_by_more_than_it_takes_at_once() -> None:
    grown, all_leaves = Tree(), leaves(2 * tree.AT_ONCE + 5)
    grown.extend(iter(all_leaves))
    assert (grown.size, grown.root()) == (len(all_leaves), root(all_leaves))


@given(st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_leaf_of_every_tree_has_a_proof(case: tuple[int, int]) -> None:
    size, index = case
    all_leaves = leaves(size)
    check_inclusion(index, size, all_leaves[index], inclusion(all_leaves, index), root(all_leaves))


@given(st.data())
def test_a_proof_with_anything_changed_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 40))
    index = data.draw(st.integers(0, size - 1))
    all_leaves = leaves(size)
    path, top = inclusion(all_leaves, index), root(all_leaves)
    change = data.draw(st.sampled_from(["leaf", "root", "index", "longer", "shorter", "step"]))
    if change == "leaf":
        case = (index, size, leaf_hash(b"x"), path, top)
    elif change == "root":
        case = (index, size, all_leaves[index], path, leaf_hash(b"x"))
    elif change == "index":
        other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index))
        case = (other, size, all_leaves[index], path, top)
    elif change == "longer":
        case = (index, size, all_leaves[index], [*path, leaf_hash(b"x")], top)
    elif change == "shorter":
        case = (index, size, all_leaves[index], path[:-1], top)
    else:
        at = data.draw(st.integers(0, len(path) - 1))
        case = (index, size, all_leaves[index], [*path[:at], leaf_hash(b"x"), *path[at + 1 :]], top)
    with pytest.raises(BadInclusion):
        check_inclusion(*case)


@pytest.mark.parametrize("index", [-1, 8, 9])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion(LEAVES, index)
    with pytest.raises(BadInclusion, match="there is no entry"):
        check_inclusion(index, 8, LEAVES[0], [], ROOTS[8])


def test_there_is_no_proof_in_a_tree_larger_than_its_leaves() -> None:
    with pytest.raises(IndexError):
        inclusion(LEAVES, 0, 9)


def test_hashes_behave_as_a_sequence_of_hashes() -> None:
    some = leaves(7)
    packed = Hashes(some[:3])
    packed.append(some[3])
    packed.extend(some[4:])
    assert len(packed) == 7
    assert list(packed) == some
    assert packed == some
    assert packed == Hashes.of(b"".join(some))
    assert packed != Hashes(some[:6])
    assert packed != "something else entirely"
    assert packed != 7
    assert (packed[0], packed[-1]) == (some[0], some[6])
    assert list(packed[2:5]) == some[2:5]
    assert list(packed[5:2]) == []
    assert packed.data() == b"".join(some)
    assert some[3] in packed
    assert repr(packed) == "Hashes(7)"


def test_hashes_are_cut_only_in_steps_of_one_and_end_where_they_end() -> None:
    packed = Hashes(leaves(4))
    with pytest.raises(ValueError, match="steps of one"):
        packed[::2]
    with pytest.raises(IndexError):
        packed[4]
    with pytest.raises(ValueError, match="whole hashes"):
        Hashes.of(sha256(b"").digest() + b"\0")
