# SPDX-License-Identifier: Apache-2.0
"""How many signatures, and how many readers, a server takes.

    python -m bench.accepting [--runs N] [--signatures N] [--connections N] [--pages N]

A real `fronde serve` on a fresh folder; valid signatures of as many members, posted over HTTP from this
process; every answer is a receipt that is checked, and in the end the server is stopped and the database
counted. Then the same while every sync takes 3 ms longer (slow_sync.c, compiled here, in front of the C
library), and while batches of what came in are published. Last, the letter's page, over and over.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.figures import Figure, at_least, at_most, noted, number, tell, timed
from bench.load import drive
from bench.place import Place, Server, free_port, place
from fronde import canonical
from fronde.letter import Letter
from fronde.record import note
from fronde.record.tree import leaf_hash
from fronde.signature import publish_by, receipt_text
from fronde.site.serve import THREADS
from fronde.site.signing import accept

Environ = Mapping[str, str]
BATCH = 500

# Rows with a sync each, as a server without group commit would write them: seconds of one.
COMMIT = """
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (data BLOB)")
times = []
for _ in range(50):
    start = time.perf_counter()
    db.execute("INSERT INTO t VALUES (randomblob(1000))")
    times.append(time.perf_counter() - start)
print(min(times))
"""
# The server in front of Django with nothing behind it: it answers what it was given.
BARE = """
import logging, sys, waitress
logging.disable()
body, port, threads = sys.stdin.buffer.read(), sys.argv[1], int(sys.argv[2])
headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
def application(environ, start_response):
    start_response("200 OK", headers)
    return [body]
server = waitress.create_server(
    application, listen="127.0.0.1:" + port, threads=threads, ident=None, asyncore_use_poll=True
)
print("listens", flush=True)
server.run()
"""


class Post(NamedTuple):
    """The body of a POST, and the text of the receipt that answers it."""

    body: bytes
    receipt: str


class Signing(NamedTuple):
    """What was measured: signatures a second; ms for 99 of 100; ms of processor for each."""

    rate: float
    tail: float
    cpu: float


def prepare(here: Place, letter: Letter, count: int) -> list[Post]:
    """So many members' signatures."""
    here.counted(letter, 2 * count)
    until = publish_by(letter, "sign")
    posts = []
    for entry, opening in here.signatures(letter, count):
        document = {"v": 1, "type": "post", "entry": canonical.decode(entry)}
        body = canonical.encode(document | ({"opening": opening} if opening else {}))
        posts.append(Post(body, receipt_text(letter.origin, leaf_hash(entry), until)))
    return posts


def judged(letter: Letter, posts: list[Post]) -> float:
    """Signatures a second on one core: read, judged and receipted, without HTTP and without a database."""
    desk = accept.desk(letter.id)

    def judge() -> None:
        for post in posts:
            body = canonical.decode(post.body)
            accept.POST(body, "")
            accept._receipt(desk, "sign", accept._checked(desk, body, "sign"))

    return len(posts) / timed(judge)


def one_commit(environ: Environ) -> float:
    """Milliseconds of a durable row of its own."""
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-c", COMMIT, f"{folder}/commits"]
        done = subprocess.run(run, env={**os.environ, **environ}, capture_output=True, text=True, check=True)
    return 1e3 * float(done.stdout)


def sign(
    here: Place, letter: Letter, posts: list[Post], runs: int, connections: int, environ: Environ
) -> Signing:
    """Posts these signatures to a server, in so many runs of which the best counts."""
    seed = here.folder.receipt_key(letter.id).read_bytes()
    key = note.Signer(f"{letter.host}/receipts", seed).key
    found = []
    with here.serve(environ) as server:
        for run in range(runs):
            part = posts[run::runs]
            requests = [server.request("POST", f"/letters/{letter.id}/sign", post.body) for post in part]
            before = server.cpu()
            load = drive(server.port, requests, connections)
            cpu = (server.cpu() - before) / len(part)
            found.append(Signing(load.rate, 1e3 * load.percentile(0.99), 1e3 * cpu))
            assert {note.open_note(body, key) for body in load.bodies} == {post.receipt for post in part}
    assert kept(here, letter) == len(posts)
    return Signing(
        max(one.rate for one in found), min(one.tail for one in found), min(one.cpu for one in found)
    )


def kept(here: Place, letter: Letter) -> int:
    """Signatures of a letter in the database, waiting and published."""
    with contextlib.closing(sqlite3.connect(here.folder.database)) as db:
        counts = [
            f"SELECT count(*) FROM {table} WHERE letter = ?"  # noqa: S608 (names only)
            for table in ("fronde_pool", "fronde_published")
        ]
        return sum(db.execute(count, [letter.id]).fetchone()[0] for count in counts)


def signatures(here: Place, args: argparse.Namespace, shim: Environ | None) -> Iterator[Figure]:
    """The three conditions."""
    conditions: list[tuple[str, dict[str, int], Environ | None]] = [
        ("signatures", {}, {}),
        ("signatures, 3 ms more a sync", {}, shim),
        (f"signatures, batches of {BATCH} published meanwhile", {"min": BATCH, "minutes": 0}, {}),
    ]
    for what, batch, environ in conditions:
        if environ is None:
            yield Figure(what, "not measured: no C compiler here")
            continue
        letter = here.open(**batch)
        posts = prepare(here, letter, args.runs * args.signatures)
        limit = f"judged alone {number(judged(letter, posts[:500]))}/s on one core; "
        limit += f"one durable row {number(one_commit(environ))} ms"
        found = sign(here, letter, posts, args.runs, args.connections, environ)
        yield at_least(what, found.rate, 300, "/s", limit)
        yield at_most(f"{what}: p99, {args.connections} connections", found.tail, 500, "ms")
        yield noted(f"{what}: server time", found.cpu, "ms")


def pages(here: Place, args: argparse.Namespace) -> Iterator[Figure]:
    """The letter's page, and what the server gives with nothing behind it."""
    letter = here.open()
    with here.serve() as server:
        one = drive(server.port, [page_request(server, letter)], 1).bodies[0]
        with bare(one) as plain:
            rates, limits = [], []
            for _ in range(args.runs):
                rates.append(read(server, letter, args))
                limits.append(read(plain, letter, args))
    limit = f"{number(max(limits))}/s with nothing behind the HTTP server"
    yield at_least(f"letter page ({len(one) / 1000:.1f} kB), cached", max(rates), 1500, "/s", limit)


def page_request(server: Server, letter: Letter) -> bytes:
    """What a browser asks for."""
    return server.request("GET", f"/letters/{letter.id}", Accept_Language="en", Accept="text/html")


def read(server: Server, letter: Letter, args: argparse.Namespace) -> float:
    """Pages a second."""
    return drive(server.port, [page_request(server, letter)] * args.pages, 8).rate


@contextlib.contextmanager
def bare(body: bytes) -> Iterator[Server]:
    """The HTTP server with nothing behind it."""
    port = free_port()
    run = [sys.executable, "-c", BARE, str(port), str(THREADS)]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018 (types)
        process.stdin.write(body)
        process.stdin.close()
        assert process.stdout.readline() == b"listens\n"
        try:
            yield Server(process.pid, port)
        finally:
            process.terminate()


@contextlib.contextmanager
def slow_sync() -> Iterator[Environ | None]:
    """What makes every sync of a process 3 ms longer; None where no C compiler is found."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/slow_sync.so"
        source = Path(__file__).with_name("slow_sync.c")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, str(source), "-ldl"], check=True)
        environ = {"LD_PRELOAD": library}
        assert one_commit(environ) > 3, "the syncs of SQLite were not slowed down"
        yield environ


def measure(args: argparse.Namespace) -> Iterator[Figure]:
    """Every figure of this file."""
    with place() as here, slow_sync() as shim:
        yield from signatures(here, args, shim)
        yield from pages(here, args)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="of which the best counts")
    parser.add_argument("--signatures", type=int, default=1200, help="of one run")
    parser.add_argument("--connections", type=int, default=32, help="that post at the same time")
    parser.add_argument("--pages", type=int, default=6000, help="of one run")
    sys.exit(tell(measure(parser.parse_args())))
