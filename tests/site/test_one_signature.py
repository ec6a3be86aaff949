# SPDX-License-Identifier: Apache-2.0
"""One member, one signature: whatever comes at once, over real sockets to a real server.  # trust: 24"""

from __future__ import annotations

import base64
import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from fronde import canonical
from fronde.letter import Letter
from fronde.record.entry import parse_letter
from fronde.record.tree import leaf_hash
from fronde.site.folder import Folder
from fronde.site.record import logs, pool
from tests.site import process, serving
from tests.site.process import Server
from tests.site.village import Member

pytestmark = pytest.mark.xdist_group("one signature")  # one server for all of them
AT_ONCE = 50
BATCH = 5
Answer = tuple[int, bytes]


@dataclass
class Site:
    """A server, a letter on it, and members who have not signed yet."""

    server: Server
    letter: Letter
    members: Iterator[Member]

    def at_once(self, kind: str, bodies: Sequence[dict[str, Any]]) -> list[Answer]:
        """Every body on a connection of its own; all begin at the same moment."""
        line = threading.Barrier(len(bodies))

        def one(body: dict[str, Any]) -> Answer:
            with contextlib.closing(self.server.connect()) as connection:
                connection.connect()
                line.wait()
                return process.post(connection, f"/letters/{self.letter.id}/{kind}", body)

        with ThreadPoolExecutor(len(bodies)) as threads:
            return list(threads.map(one, bodies))

    def published(self) -> list[dict[str, Any]]:
        """The letter's entries, when so many others have signed that all goes out and is shown."""
        self.at_once("sign", [next(self.members).sign(self.letter) for _ in range(BATCH)])
        with serving.here(Folder(self.server.folder)):
            process.until(lambda: not pool.count_waiting(self.letter.id, withdraw=False))
            entries = [parse_letter(data) for data in logs.entries(self.letter.id)]
        process.until(lambda: self.server.size(self.letter.id) >= len(entries))
        return entries


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        folder = serving.found(tmp_path_factory.mktemp("one") / "data", patch)
        members = serving.enrol(folder, AT_ONCE + 5 * BATCH)
        letter = serving.open_letter(folder)
        with Server(folder.path) as server:
            yield Site(server, letter, iter(members))


def keys(entries: Sequence[dict[str, Any]], kind: str) -> list[str]:
    return [entry["key"] for entry in entries if entry["type"] == kind]


def statuses(answers: Sequence[Answer]) -> dict[int, int]:
    return Counter(status for status, _ in answers)


def test_fifty_posts_of_one_token_make_one_leaf_and_fifty_equal_receipts(site: Site) -> None:
    body = next(site.members).sign(site.letter, "Ada Lovelace")
    answers = site.at_once("sign", [body] * AT_ONCE)
    assert statuses(answers) == {200: AT_ONCE}
    assert len({receipt for _, receipt in answers}) == 1
    assert keys(site.published(), "sign").count(body["entry"]["key"]) == 1
    leaf = base64.b64encode(leaf_hash(canonical.encode(body["entry"])))
    assert answers[0][1].split(b"\n")[2] == leaf
    # The same again once it is published: still no second leaf, still the same receipt.
    assert site.at_once("sign", [body] * AT_ONCE) == answers
    assert keys(site.published(), "sign").count(body["entry"]["key"]) == 1


def test_of_two_things_that_one_key_signs_at_once_one_stands_and_the_other_is_refused(site: Site) -> None:
    member, half = next(site.members), AT_ONCE // 2
    hidden, named = member.sign(site.letter), member.sign(site.letter, "Ada Lovelace")
    answers = site.at_once("sign", [hidden, named] * half)
    each = [statuses(answers[0::2]), statuses(answers[1::2])]
    assert each in ([{200: half}, {409: half}], [{409: half}, {200: half}])
    assert len({receipt for status, receipt in answers if status == 200}) == 1
    assert keys(site.published(), "sign").count(hidden["entry"]["key"]) == 1


def test_fifty_withdrawals_at_once_make_one_leaf(site: Site) -> None:
    member = next(site.members)
    taken_back = member.withdraw(site.letter)
    assert statuses(site.at_once("sign", [member.sign(site.letter)])) == {200: 1}
    answers = site.at_once("withdraw", [taken_back] * AT_ONCE)
    assert statuses(answers) == {200: AT_ONCE}
    assert len({receipt for _, receipt in answers}) == 1
    assert keys(site.published(), "withdraw").count(taken_back["entry"]["key"]) == 1


def test_many_members_at_once_all_get_receipts_of_their_own(site: Site) -> None:
    members = [next(site.members) for _ in range(AT_ONCE - 8)]
    answers = site.at_once("sign", [member.sign(site.letter) for member in members])
    assert statuses(answers) == {200: len(members)}
    assert len({receipt for _, receipt in answers}) == len(members)
