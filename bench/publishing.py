# SPDX-License-Identifier: Apache-2.0
"""What it costs to publish a batch, and how that grows.

    python -m bench.publishing [--runs N] [--most N]

A batch goes all the way of protocol.md 8: out of the pool into the log, sorted, in one durable transaction;
tiles, signature, high-water mark, head; `head` in the instance log; both checkpoints; the write-ahead log
emptied. It is the sequencer's own step, with the writing thread, on logs of 10^3 to 10^6 entries. The log was
filled before with entries of the size and form of real ones, in batches of a thousand, with every hash, tile
and head that belongs to them; only their signatures are random bytes, which no step of publishing looks at.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.figures import Figure, at_least, noted, number, tell, timed
from bench.place import place
from fronde.canonical import b64u, encode
from fronde.letter import Letter
from fronde.record import entry as entries
from fronde.record.checkpoint import Checkpoint
from fronde.record.tree import Tree, leaf_hash
from fronde.site import clock
from fronde.site.folder import INSTANCE
from fronde.site.letters import reading
from fronde.site.letters.models import LetterRow
from fronde.site.record import logs, pool, store
from fronde.site.record.logs import OpenedHead
from fronde.site.record.pool import Published
from fronde.site.record.writer import Writer
from fronde.site.signing import sequence

BATCH = 1000
OTHERS = (100, 10_000)  # batches of another size, on a log of 10^5
MANY = 10_000_000  # tokens that are said to be out: more than there will be signatures


class Signed(NamedTuple):
    """A signature of the size and form of a real one; three of five have a name."""

    key: bytes
    entry: bytes
    opening: bytes | None


def signed(letter: Letter, count: int) -> Iterator[Signed]:
    """So many signatures."""
    digest = b64u(letter.digest)
    for which in range(count):
        key, rest = os.urandom(32), b64u(os.urandom(354 + 64 + 32))
        token, sig, hidden = rest[:472], rest[472:558], rest[558:]
        how = f'"as":"named","commitment":"{hidden[:42]}A"' if which % 5 < 3 else '"as":"hidden"'
        entry = (
            f'{{{how},"key":"{b64u(key)}","letter":"{digest}","sig":"{sig}",'
            f'"tokens":["{token}"],"type":"sign","v":1}}'
        )
        opening = {"salt": b64u(os.urandom(32)), "shown": {"name": f"Ada Byron the {which}th"}}
        yield Signed(key, entry.encode(), encode(opening) if which % 5 < 3 else None)


class Log:
    """A letter's log that is filled quickly, in batches of a thousand, until it is as long as is wanted."""

    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self.bind = LetterRow.objects.get(id=letter.id).bind
        LetterRow.objects.filter(id=letter.id).update(issued=MANY)

    def fill(self, size: int) -> None:
        """Brings the log to `size` entries, published."""
        store.write(lambda: self._append(size))
        sequence.finish(self.letter.id)
        store.tidy()

    def _append(self, size: int) -> None:
        tree, published = Tree(), []
        tree.extend(leaf_hash(data) for data in logs.entries(self.letter.id))
        while tree.size < size:
            batch = list(signed(self.letter, min(BATCH, size - tree.size)))
            store.append(self.letter.id, [one.entry for one in batch])
            placed = list(enumerate(batch, tree.size))
            pool.show(self.letter.id, [(at, one.opening) for at, one in placed if one.opening])
            published += [Published(one.key, one.opening is not None, at) for at, one in placed]
            tree.extend(leaf_hash(one.entry) for one in batch)
            self._head(tree)
        pool.move(self.letter.id, published, withdraw=False)
        row = LetterRow.objects.get(id=self.letter.id)
        row.signed += len(published)
        row.save()

    def _head(self, tree: Tree) -> None:
        nonce = os.urandom(32)
        body = Checkpoint(self.letter.origin, tree.size, tree.root()).body
        at = store.append(INSTANCE, [entries.head(self.bind, entries.head_hash(nonce, body))])
        logs.remember_heads(self.letter.id, [OpenedHead(at, nonce, tree.size)])

    def wait(self, count: int) -> None:
        """Lets so many signatures wait in the pool."""
        batch = list(signed(self.letter, count))

        def job() -> None:
            for one in batch:
                pool.add(self.letter.id, one.key, one.entry, withdraw=False, opening=one.opening)
            pool.settle()

        store.write(job)
        store.tidy()

    def publish(self, sequencer: sequence.Sequencer, count: int) -> float:
        """Seconds to publish a batch of so many."""
        self.wait(count)
        before = logs.size(self.letter.id)
        seconds = timed(lambda: sequencer.step(clock.now()))
        last = logs.last_head(self.letter.id)
        assert last is not None
        assert last.size == logs.size(self.letter.id) == before + count
        assert not sequence.unfinished(self.letter.id)
        return seconds


def written_once(letter: Letter) -> float:
    """Seconds to write a batch's entries once into a database and once into a file, both durable."""
    rows = list(enumerate(one.entry for one in signed(letter, BATCH)))
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(f"{folder}/rows", isolation_level=None)) as db,
    ):
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (i, data)")

        def write() -> None:
            db.execute("BEGIN")
            db.executemany("INSERT INTO t VALUES (?, ?)", rows)
            db.execute("COMMIT")
            with open(f"{folder}/file", "wb") as file:
                file.writelines(data for _, data in rows)
                file.flush()
                os.fsync(file.fileno())

        return min(timed(write) for _ in range(5))


def measure(runs: int, most: int) -> Iterator[Figure]:
    """Every figure of this file."""
    costs: list[float] = []
    sizes = [size for size in (1000, 10_000, 100_000, 1_000_000) if size <= most]
    with place() as here, Writer():
        log = Log(here.open(minutes=0))
        sequencer = sequence.Sequencer()
        sequencer.step(clock.now())  # once a day it does more
        for size in sizes:
            log.fill(size)
            costs.append(min(log.publish(sequencer, BATCH) for _ in range(runs)))
            limit = f"{number(BATCH / written_once(log.letter))}/s written once, durable"
            what = f"a batch of {BATCH:,} on {size:,} entries ({number(1e3 * costs[-1])} ms)"
            yield at_least(what, BATCH / costs[-1], 2000, "entries/s", limit)
            page = timed(lambda: reading.standing(log.letter.id))
            yield noted(f"after it, the page's numbers and names anew, {size:,} entries", 1e3 * page, "ms")
            for batch in OTHERS if size == 100_000 else ():
                cost = min(log.publish(sequencer, batch) for _ in range(runs))
                yield noted(f"a batch of {batch:,} on {size:,} entries", 1e3 * cost, "ms")
    what = f"a batch on {sizes[-1]:,} entries against one on {sizes[0]:,}"
    yield noted(what, costs[-1] / costs[0], "times")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="of which the fastest counts")
    parser.add_argument("--most", type=int, default=1_000_000, help="entries of the longest log")
    args = parser.parse_args()
    sys.exit(tell(measure(args.runs, args.most)))
