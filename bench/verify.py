# SPDX-License-Identifier: Apache-2.0
"""How fast proofs are verified: python bench/verify.py [--n 10000] [--large 100000] [--runs 5]

The limit is what native code needs on one core: `openssl speed` RSA-2048 verify, measured in the same run,
and 26 us for Ed25519. Figures: the two signature checks alone >= 45 % of it; the whole command >= 33 %; two
processes >= 1.8 times that; a proof of 100,000 signatures in <= 15 s and <= 300 MB, at most 120 MB more than
for 10,000.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from fronde.canonical import unb64u
from fronde.letter import Letter
from fronde.proof.bundle import Archive
from fronde.record.tiles import FULL, bundle_path, unpack
from fronde.signature import statement_of
from fronde.tokens import ed25519, privacypass
from fronde.tokens.blindrsa import PublicKey

HERE = Path(__file__).parent
ED25519_US = 26.0


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measures the verification of proofs.")
    parser.add_argument("--n", type=int, default=10_000, help="signatures of the small proof")
    parser.add_argument("--large", type=int, default=100_000, help="signatures of the large proof")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    print(f"$ python {' '.join(sys.argv)}")
    print(f"{cpu()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        small, large = made(Path(folder), args.n), made(Path(folder), args.large)
        speed(small, args.n, large, args.large, args.runs)
        size(small, large, args.large)


def cpu() -> str:
    """The name of the processor."""
    match = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return match[1] if match else platform.processor()


def made(folder: Path, n: int) -> Path:
    """A proof of n signatures."""
    out = folder / f"{n}.zip"
    subprocess.run([sys.executable, str(HERE / "make_proof.py"), str(n), str(out)], check=True)
    return out


def speed(small: Path, n: int, large: Path, many: int, runs: int) -> None:
    """Time a signature, beside the limit; the limit and each figure are the best of several runs in turn."""
    check = signature_checks(small)
    rsa, alone, one, two = [], [], [], []
    for _ in range(runs):
        rsa.append(openssl_verify())
        alone.append(timed(check) / n * 1e6)
        one.append(timed(lambda: verify(large, 1)) / many * 1e6)
        two.append(timed(lambda: verify(large, 2)) / many * 1e6)
    limit = min(rsa) + ED25519_US
    print(f"\nlimit: RSA-2048 {min(rsa):.1f} us + Ed25519 {ED25519_US:.0f} us = {limit:.1f} us a signature")
    line("the two checks alone", min(alone), limit, 0.45)
    line("the whole command", min(one), limit, 0.33)
    ratio = min(one) / min(two)
    print(f"{'two processes':<24}{min(two):8.1f} us {ratio:9.2f} x      asked: 1.8 x   {met(ratio >= 1.8)}")


def line(name: str, us: float, limit: float, asked: float) -> None:
    """One figure."""
    share = limit / us
    print(f"{name:<24}{us:8.1f} us {share:9.0%} of it  asked: {asked:.0%}     {met(share >= asked)}")


def met(is_met: bool) -> str:
    """A word."""
    return "met" if is_met else "MISSED"


def openssl_verify() -> float:
    """Microseconds of one RSA-2048 verification by `openssl speed` on one core."""
    run = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "rsa2048"], capture_output=True, text=True, check=True
    )
    return 1e6 / float(run.stdout.split()[-1])


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
        entry = json.loads(data)
        if entry["type"] == "sign":
            key, token = unb64u(entry["key"]), unb64u(entry["tokens"][0])
            work.append((key, token[:98], token, unb64u(entry["sig"]), statement_of(data, "sign")))

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


def timed(work: Callable[[], None]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


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


def size(small: Path, large: Path, n: int) -> None:
    """Memory, and the time of the large proof with every core."""
    for processes in (1, None):
        _, before = watched(small, processes)
        seconds, peak = watched(large, processes)
        name = "one process" if processes else "as called by people"
        print(f"\n{n:,} signatures, {name}:")
        print(f"{'time':<24}{seconds:8.1f} s        asked: 15 s      {met(seconds <= 15)}")
        print(f"{'memory':<24}{peak / 1e6:8.0f} MB       asked: 300 MB   {met(peak <= 300e6)}")
        more = peak - before
        print(
            f"{'more than the small one':<24}{more / 1e6:8.0f} MB       asked: 120 MB   {met(more <= 120e6)}"
        )


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


if __name__ == "__main__":
    main()
