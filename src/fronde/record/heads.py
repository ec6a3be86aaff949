# SPDX-License-Identifier: Apache-2.0
"""The heads of one letter opened: every version of its log that was ever signed is a beginning of this one.

# spec: 13.4. The instance log shows H(nonce || checkpoint) for each version, heads.json opens them. Rules,
each with the name of its breach:

there is at least one head                                             head-missing
heads.json opens every head, and nothing else                          heads-number
sizes start at 1 or more and never fall                                head-shrunk
no size is beyond the log                                              head-beyond
each opens to the root of the first `size` entries of this log         head-other-version
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from fronde.errors import Breach

from .checkpoint import Checkpoint
from .entry import head_hash
from .tree import Tree


class HeadBreach(Breach):
    """A rule broken by the head at `position` among the letter's heads; 0 when no single one is to blame."""

    def __init__(self, name: str, message: str, *, position: int = 0) -> None:
        super().__init__(name, message, hint="Keep the evidence and show it to others.")
        self.position = position


def open_heads(
    found: Sequence[bytes], claimed: Sequence[tuple[bytes, int]], origin: str, hashes: Iterable[bytes]
) -> int:
    """Checks the heads of a letter and returns the size of the last one.

    found: hashes of its heads in the instance log; claimed: (nonce, size) of heads.json; origin and leaf
    hashes of the letter's log. Each leaf is hashed once. Raises HeadBreach.
    """
    if not found:
        raise HeadBreach("head-missing", "the instance log holds no head of this letter")
    if len(found) != len(claimed):
        raise HeadBreach("heads-number", f"{len(found)} heads in the instance log, {len(claimed)} are opened")
    tree, leaves = Tree(), iter(hashes)
    for position, (hidden, (nonce, size)) in enumerate(zip(found, claimed, strict=True)):
        if size < max(1, tree.size):
            raise HeadBreach(
                "head-shrunk", f"head {position} has size {size} after {tree.size}", position=position
            )
        tree.extend(islice(leaves, size - tree.size))
        if tree.size < size:
            raise HeadBreach(
                "head-beyond",
                f"head {position} has size {size}, this log ends at {tree.size}",
                position=position,
            )
        if head_hash(nonce, Checkpoint(origin, size, tree.root()).body) != hidden:
            raise HeadBreach(
                "head-other-version",
                f"head {position} is of another version of this record",
                position=position,
            )
    return tree.size
