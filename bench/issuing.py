# SPDX-License-Identifier: Apache-2.0
"""What it costs to issue tokens.

    python -m bench.issuing [--runs N] [--people N]

A token: the issuer's private operation alone, on one core and on all. An enrolment: somebody posts a mailbox,
then the code out of the mail, and gets one token for each of the 48 slots of two seasons and for two slots of
an earlier season that letters are bound to; over HTTP, against a real server. "Server time" is what its
threads used of the processor from the first request to the last answer.
"""

from __future__ import annotations

import argparse
import datetime
import http.client
import os
import re
import secrets
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import gmpy2

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.figures import Figure, at_most, noted, openssl_rsa, tell, timed
from bench.place import HOST, WORKPLACE, Place, Server, place
from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.site import clock
from fronde.site.folder import INSTANCE
from fronde.site.record import store
from fronde.site.signing import slots
from fronde.site.signing.issuer_key import IssuerKey
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.secrets import SlotSecrets

TOKENS = 50  # of one burst
BURSTS = 5  # of one run: short ones, so that one of them is disturbed by nothing
BOUND = 2


def token(runs: int) -> Iterator[Figure]:
    """Milliseconds of one private operation."""
    key = IssuerKey.generate()
    cores = len(os.sched_getaffinity(0))
    limits, alone, together = [], [], []
    with ThreadPoolExecutor(cores) as pool:
        for _ in range(runs):
            limits.append(openssl_rsa()[0])
            for _ in range(BURSTS):
                alone.append(timed(lambda: _sign(key)) / TOKENS)
                together.append(timed(lambda: list(pool.map(_sign, [key] * cores))) / TOKENS)
    limit, one, each = min(limits), 1e3 * min(alone), 1e3 * min(together)
    said = f"openssl speed: {limit:.2f} ms"
    yield at_most("a token", one, 1.1, "ms", f"{said}; {one / limit:.1f} times that")
    yield at_most(
        f"a token and core, {cores} at once", each, 1.1, "ms", f"{said}; {each / limit:.1f} times that"
    )


def _sign(key: IssuerKey) -> None:
    values = [secrets.randbelow(key.public.n).to_bytes(256) for _ in range(TOKENS)]
    with gmpy2.context(allow_release_gil=True):
        for value in values:
            key.sign(value)


def enrolment(people: int) -> Iterator[Figure]:
    """Milliseconds of a whole enrolment."""
    now = clock.now()
    before = now - datetime.timedelta(days=365)
    with mock.patch.object(clock, "now", return_value=before), place() as here:
        for _ in range(BOUND):
            here.open()
        slots.end_season(now)
        slots.ensure_seasons(now)
        with here.folder.publishing():
            store.publish(INSTANCE)
        offered = [
            (slot.number, PublicKey.from_spki(slot.spki)) for slot in store.instance().offered(WORKPLACE)
        ]
        assert len(offered) == 2 * slots.SLOTS + BOUND
        with here.serve() as server:
            found = [_enrol(here, server, offered) for _ in range(people)]
    each = len(offered)
    what = f"an enrolment, {each} slots"
    yield at_most(f"{what}: server time", 1e3 * min(cpu for cpu, _ in found), 80, "ms")
    yield noted(f"{what}: somebody waits, both requests", 1e3 * min(wait for _, wait in found), "ms")


def _enrol(here: Place, server: Server, offered: list[tuple[int, PublicKey]]) -> tuple[float, float]:
    """Seconds of the server's processor, and until both answers were there, for one more member."""
    seed, challenge = secrets.token_bytes(16), b64u(secrets.token_bytes(32))
    mine = {key.key_id: SlotSecrets(seed, HOST, WORKPLACE, n, key) for n, key in offered}
    blinded = {b64u(key_id): b64u(each.blinded) for key_id, each in mine.items()}
    mailbox = f"{seed.hex()}@works.example"
    line = http.client.HTTPConnection("127.0.0.1", server.port)
    line.connect()
    before = server.cpu()
    asked = timed(lambda: _post(line, "join", {"mailbox": mailbox, "challenge": challenge}))
    code = _code(here, mailbox)
    answers: list[dict[str, dict[str, str]]] = []
    body = {"challenge": challenge, "code": code, "blinded": blinded}
    waited = timed(lambda: answers.append(_post(line, "enrol", body)))
    used = server.cpu() - before
    line.close()
    signatures = answers[0]["signatures"]
    assert len({mine[unb64u(key_id)].token(unb64u(s)) for key_id, s in signatures.items()}) == len(offered)
    return used, asked + waited


def _post(
    line: http.client.HTTPConnection, path: str, fields: dict[str, object]
) -> dict[str, dict[str, str]]:
    body = canonical.encode({"v": 1, "type": path, **fields})
    line.request("POST", f"/w/{WORKPLACE}/{path}", body, {"Content-Type": "application/json"})
    answer = line.getresponse()
    data = answer.read()
    assert answer.status == 200, data
    return canonical.decode(data)


def _code(here: Place, mailbox: str) -> str:
    """The code in the mail to somebody, once it lies in the outbox."""
    while True:
        for path in here.folder.outbox.glob("*.eml"):
            text = path.read_text("utf-8")
            if mailbox in text:
                found = re.search(r"^([0-9A-HJKMNP-TV-Z]{8})$", text, re.MULTILINE)
                assert found, text
                return found[1]


def measure(runs: int, people: int) -> Iterator[Figure]:
    """Every figure of this file."""
    yield from token(runs)
    yield from enrolment(people)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="of which the fastest counts")
    parser.add_argument("--people", type=int, default=20, help="who enrol, of whom the fastest counts")
    args = parser.parse_args()
    sys.exit(tell(measure(args.runs, args.people)))
