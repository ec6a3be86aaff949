# SPDX-License-Identifier: Apache-2.0
"""Small groups: whatever one to eight signers do, nothing published tells of fewer than five.  # spec: 8

Not in all, not by comparing what was published before and after (trust: 14), not by counting who is left.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fronde.letter import Letter
from fronde.record.entry import parse_letter
from fronde.site.folder import use
from fronde.site.letters.models import LetterRow
from fronde.site.members import enrolment
from fronde.site.record import logs
from fronde.site.signing import sequence
from tests.site import whole
from tests.site.village import SLUG, Member, Village, settle

pytestmark = pytest.mark.xdist_group("floor")  # one street for all of them
FLOOR, MOST = 5, 8


@dataclass
class Street:
    """A folder with a letter, and eight people who hold tokens."""

    folder: Path
    letter: Letter
    people: list[Member]
    patch: pytest.MonkeyPatch


@pytest.fixture(scope="module")
def street(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)  # nothing is killed here, and a disk is slow
        village = settle(base, tmp_path_factory.mktemp("street") / "data", patch)
        village.step()
        letter = village.open()
        yield Street(village.folder.path, letter, village.members(MOST), patch)
        connections.close_all()


@dataclass
class Reader:
    """Somebody who reads all that is published, after every step, and keeps it."""

    village: Village
    letter: Letter
    sizes: list[int] = field(default_factory=list)

    def look(self) -> None:
        """What is published now, compared with what was before."""
        twin = json.loads(self.village.client.get(f"/letters/{self.letter.id}.json").content)
        size = whole.shown(self.village.folder, self.letter.id).size
        types = Counter(entry["type"] for entry in self.entries(0, size))
        assert twin["size"] == size
        assert twin["counts"]["signatures"] == types["sign"]
        assert twin["counts"]["withdrawn"] == types["withdraw"]
        assert types["sign"] == 0 or types["sign"] >= FLOOR
        if not types["letter.close"]:
            issued = enrolment.issued(SLUG, self.letter.slot)
            assert types["sign"] == 0 or issued - types["sign"] >= FLOOR
        if not self.sizes or size != self.sizes[-1]:
            self.sizes.append(size)
            whole.check_proof(self.village.folder, self.letter, types["sign"])

    def entries(self, start: int, end: int) -> list[dict[str, Any]]:
        return [parse_letter(data) for data in logs.entries(self.letter.id, start, end)]

    def compare(self) -> None:
        """No two versions that were shown differ by one to four people, but at the close and at the end."""
        assert {head.size for head in logs.opened_heads(self.letter.id)} == set(self.sizes)
        over = LetterRow.objects.get(id=self.letter.id).state == LetterRow.OVER
        for before, after in pairwise(self.sizes):
            types = Counter(entry["type"] for entry in self.entries(before, after))
            if types["letter.close"] or (over and after == self.sizes[-1]):
                continue
            assert types["sign"] == 0 or types["sign"] >= FLOOR
            assert types["sign"] >= FLOOR or types["withdraw"] >= FLOOR


people = st.integers(1, MOST).map(lambda count: {*range(count)})
acts = st.one_of(
    st.tuples(st.sampled_from(["sign", "withdraw"]), st.sets(st.integers(0, MOST - 1), min_size=1)),
    st.tuples(st.just("enrol"), st.integers(1, 4)),
    st.just(("day",)),
)
END = [("close",), ("withdraw", {0}), ("end",)]
# Three take back what is published, then two more; three who sign late; four tokens too few, then enough.
TAKEN_BACK = [("withdraw", {0, 1, 2}), ("day",), ("withdraw", {3, 4})]
LATE = [("sign", {5, 6, 7}), ("day",), ("enrol", 4), ("day",)]


@settings(max_examples=20)
@given(
    signers=people,
    spare=st.sampled_from([0, 2, 5, 9]),
    campaign=st.lists(acts, max_size=8),
    closing=st.booleans(),
)
@example(signers={*range(MOST)}, spare=5, campaign=TAKEN_BACK, closing=True)
@example(signers={*range(5)}, spare=2, campaign=[*LATE, *TAKEN_BACK], closing=True)
@example(signers={*range(4)}, spare=9, campaign=[("day",), ("withdraw", {0})], closing=True)
def test_nothing_published_tells_of_fewer_than_five(street, signers, spare, campaign, closing) -> None:
    with tempfile.TemporaryDirectory() as copies:
        folder = Path(copies) / "data"
        shutil.copytree(street.folder, folder)
        village = Village(use(folder), street.patch)
        reader = Reader(village, street.letter)
        village.members(spare)
        reader.look()
        for act in [("sign", signers), *campaign, *END * closing]:
            perform(village, street, *act)
            village.step()
            reader.look()
        reader.compare()
        connections.close_all()


def perform(village: Village, street: Street, act: str, *args: Any) -> None:
    """One act. That a second signature of a key, or a withdrawal of nothing, is refused is of other tests."""
    if act in ("sign", "withdraw"):
        for person in sorted(args[0]):
            member, name = street.people[person], "Grace Example" * (person % 2)
            body = member.sign(street.letter, name) if act == "sign" else member.withdraw(street.letter)
            village.post(street.letter, act, body)
    elif act == "enrol":
        village.members(args[0])
    elif act == "close":
        sequence.close_letter(street.letter.id)
    else:
        village.wait(days=1 if act == "day" else 130)
