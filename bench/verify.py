# SPDX-License-Identifier: Apache-2.0
"""How fast proofs are verified.

    python -m bench.verify [--n 10000] [--large 100000] [--runs 3]

The limit is what native code needs on one core: `openssl speed` RSA-2048 verify, measured in the same run,
and 26 us for Ed25519. Figures: the two signature checks alone >= 45 % of it; the whole command >= 33 %; two
processes >= 1.8 times that; a proof of 100,000 signatures in <= 15 s and <= 300 MB, at most 120 MB more than
for 10,000.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.figures import Figure, at_least, at_most, openssl_rsa, tell, timed
from fronde.canonical import unb64u
from fronde.letter import Letter
from fronde.proof.bundle import Archive
from fronde.record.tiles import FULL, bundle_path, unpack
from fronde.signature import SIGN, Act
from fronde.tokens import ed25519, privacypass
from fronde.tokens.blindrsa import PublicKey

ED25519_US = 26.0


def made(folder: Path, n: int) -> Path:
    """A proof of n signatures."""
    out = folder / f"{n}.zip"
    make = [sys.executable, str(Path(__file__).with_name("make_proof.py")), str(n), str(out)]
    subprocess.run(make, stdout=subprocess.DEVNULL, check=True)
    return out


def speed(small: Path, n: int, large: Path, many: int, runs: int) -> Iterator[Figure]:
    """Time a signature, beside the limit; the limit and each figure are the best of several runs in turn."""
    check = signature_checks(small)
    rsa, alone, one, two = [], [], [], []
    for _ in range(runs):
        rsa.append(openssl_rsa()[1] * 1e3)
        alone.append(timed(check) / n * 1e6)
        one.append(timed(lambda: verify(large, 1)) / many * 1e6)
        two.append(timed(lambda: verify(large, 2)) / many * 1e6)
    limit = min(rsa) + ED25519_US
    said = f"{limit:.1f} us: RSA-2048 {min(rsa):.1f} (openssl speed), Ed25519 {ED25519_US:.0f}"
    yield share("the two signature checks alone", min(alone), limit, 45, said)
    yield share("the whole command, one process", min(one), limit, 33, said)
    what = f"two processes ({min(two):.1f} us) against one"
    yield at_least(what, min(one) / min(two), 1.8, "times")


def share(what: str, us: float, limit: float, least: float, said: str) -> Figure:
    """A time as part of what native code makes of it."""
    return at_least(f"{what} ({us:.1f} us a signature)", 100 * limit / us, least, "% of the limit", said)


def signature_checks(proof: Path) -> Callable[[], None]:
    """The token and Ed25519 checks of every sign of a proof, and nothing else."""
    with proof.open("rb") as file:
        archive = Archive(file)
        letter = Letter.parse(archive.read("letter.json"))
        entries = bundles(archive, "log")
        slots = [json.loads(each) for each in bundles(archive, "instance")]
    issuer = PublicKey.from_spki(unb64u(slots[letter.slot - 1]["spki"]))
    work = []
    for data in entries:
        if match := SIGN.fullmatch(data):
            act = Act.cut(match)
            work.append((act.key, act.token[:98], act.token, act.sig, act.statement))

    def check() -> None:
        for key, given, token, sig, statement in work:
            privacypass.check_token(token, given, issuer)
            ed25519.verify(key, sig, statement)

    return check


def bundles(archive: Archive, folder: str) -> list[bytes]:
    """The entries of a log."""
    size = int(archive.read(f"{folder}/checkpoint").split(b"\n")[1])
    found = []
    for first in range(0, size, FULL):
        width = min(FULL, size - first)
        found += unpack(archive.read(f"{folder}/{bundle_path(first // FULL, width)}"), width)
    return found


def command(proof: Path, processes: int | None) -> list[str]:
    """`fronde verify` with the policy that was made with the proof."""
    options = ["--processes", str(processes)] if processes else []
    return [
        *(sys.executable, "-m", "fronde.cli.main", "verify", str(proof)),
        *("--policy", f"{proof}.policy", "--json", *options),
    ]


def verify(proof: Path, processes: int) -> None:
    """Runs the command; a proof that is not verified is no measurement."""
    subprocess.run(command(proof, processes), stdout=subprocess.DEVNULL, check=True)


def size(small: Path, large: Path, n: int) -> Iterator[Figure]:
    """Memory, and the time of the large proof with every core."""
    for processes, name in ((1, "one process"), (None, "as people call it")):
        _, before = watched(small, processes)
        seconds, peak = watched(large, processes)
        what = f"{n:,} signatures, {name}"
        yield at_most(f"{what}: time", seconds, 15, "s")
        yield at_most(f"{what}: memory", peak / 1e6, 300, "MB")
        yield at_most(f"{what}: memory, more than for the small proof", (peak - before) / 1e6, 120, "MB")


def watched(proof: Path, processes: int | None) -> tuple[float, int]:
    """Seconds, and the peak of the bytes that all its processes hold, shared pages counted once."""
    start, peak = time.perf_counter(), 0
    with subprocess.Popen(command(proof, processes), stdout=subprocess.DEVNULL) as run:
        done = threading.Event()
        waiter = threading.Thread(target=lambda: (run.wait(), done.set()))
        waiter.start()
        while not done.wait(0.02):
            peak = max(peak, sum(held(pid) for pid in family(run.pid)))
        waiter.join()
        assert run.returncode == 0
    return time.perf_counter() - start, peak


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in family(int(child)))]


def held(pid: int) -> int:
    """The proportional set size of a process, in bytes."""
    try:
        match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(match[1]) * 1024 if match else 0


def measure(n: int, large: int, runs: int) -> Iterator[Figure]:
    """Every figure of this file."""
    with tempfile.TemporaryDirectory() as folder:
        one, other = made(Path(folder), n), made(Path(folder), large)
        yield from speed(one, n, other, large, runs)
        yield from size(one, other, large)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=10_000, help="signatures of the small proof")
    parser.add_argument("--large", type=int, default=100_000, help="signatures of the large proof")
    parser.add_argument("--runs", type=int, default=3, help="of which the fastest counts")
    args = parser.parse_args()
    sys.exit(tell(measure(args.n, args.large, args.runs)))
