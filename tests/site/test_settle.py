# SPDX-License-Identifier: Apache-2.0
"""What a batch leaves behind waits in no order: pool and write-ahead log are written anew.  # trust: 2, 3"""

from __future__ import annotations

import secrets

from fronde.site.record import pool, store
from tests.orders import BOUND, PAGE, Place, concordance
from tests.site.village import Village

MANY = 240


def told(village: Village, came: list[bytes]) -> float:
    """How far the keys lie in the order in which they came, in database and log, whole or by page."""
    found: list[float] = []
    for name in ("fronde.sqlite3", "fronde.sqlite3-wal"):
        data = (village.folder.path / name).read_bytes()
        places = [(at, place) for place, key in enumerate(came) if (at := data.find(key)) >= 0]
        whole: list[Place] = [(0, at, place) for at, place in places]
        pages: list[Place] = [(at // PAGE, at, place) for at, place in places]
        filled: list[Place] = [(0, (at // PAGE, -at), place) for at, place in places]
        found += [abs(concordance(each)) for each in (whole, pages, filled)]
    return max(found)


def test_after_a_batch_nothing_tells_who_of_those_left_came_first(village: Village) -> None:
    letter = village.open()
    came = [secrets.token_bytes(32) for _ in range(MANY)]
    for key in came:
        store.write(lambda key=key: pool.add(letter.id, key, secrets.token_bytes(200), withdraw=False))
    assert told(village, came) > BOUND  # between two batches it stands there: docs/kept.md says so
    store.write(pool.settle)
    store.tidy()
    assert told(village, came) < BOUND
    assert [each.key for each in pool.waiting(letter.id, withdraw=False)] == sorted(came)


def test_a_minute_later_nothing_tells_who_of_those_waiting_came_first(village: Village) -> None:
    letter = village.open(least=MANY + 1)
    village.step()
    came = [secrets.token_bytes(32) for _ in range(MANY)]
    for key in came:
        store.write(lambda key=key: pool.add(letter.id, key, secrets.token_bytes(200), withdraw=False))
    village.wait(seconds=30)
    assert told(village, came) > BOUND  # not at every look: each rewrites all that waits
    village.wait(seconds=30)
    assert told(village, came) < BOUND
    written = files(village)
    village.wait(minutes=5)
    assert files(village) == written  # nothing came, nothing is written


def files(village: Village) -> list[tuple[int, int]]:
    paths = [village.folder.path / name for name in ("fronde.sqlite3", "fronde.sqlite3-wal")]
    return [(path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
