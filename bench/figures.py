# SPDX-License-Identifier: Apache-2.0
"""How every benchmark tells what it found: the machine, the command, then a row of a table for each figure.

    | bench | figure | measured | limit in the same run | demand | met |

A limit is what the machine gave to something simpler in the same run; it says how much is left to gain, and
whether the machine was busy with something else.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

HEAD = "| bench | figure | measured | limit in the same run | demand | met |\n|---|---|---|---|---|---|"


class Figure(NamedTuple):
    """A figure and what is asked of it. met None: only written down."""

    what: str
    measured: str
    limit: str = ""
    demand: str = ""
    met: bool | None = None

    def row(self, bench: str) -> str:
        """The row of the table."""
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        return f"| {bench} | {self.what} | {self.measured} | {self.limit} | {self.demand} | {met} |"


def number(value: float) -> str:
    """Three digits are as many as a measurement has."""
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def at_most(what: str, value: float, most: float, unit: str, limit: str = "") -> Figure:
    """A figure that is asked to stay below something."""
    return Figure(what, f"{number(value)} {unit}", limit, f"<= {most:g} {unit}", value <= most)


def at_least(what: str, value: float, least: float, unit: str, limit: str = "") -> Figure:
    """A figure that is asked to reach something."""
    return Figure(what, f"{number(value)} {unit}", limit, f">= {least:,g} {unit}", value >= least)


def noted(what: str, value: float, unit: str, limit: str = "") -> Figure:
    """A figure that nothing is asked of."""
    return Figure(what, f"{number(value)} {unit}", limit)


def tell(figures: Iterable[Figure]) -> int:
    """Prints machine, command and each figure as it comes. 0 if none was missed, else 1."""
    name = Path(sys.argv[0]).stem
    print(machine(), flush=True)
    print(" ".join(["python -m", f"bench.{name}", *sys.argv[1:]]), end="\n\n", flush=True)
    print(HEAD, flush=True)
    missed = False
    for figure in figures:
        print(figure.row(name), flush=True)
        missed = missed or figure.met is False
    return 1 if missed else 0


def machine() -> str:
    """Processor, cores, Python, and how busy the machine was with other things when this began."""
    load = os.getloadavg()[0]
    python = platform.python_version()
    return (
        f"{processor()}, {len(os.sched_getaffinity(0))} cores, Python {python}, load {load:.1f} at the start"
    )


def processor() -> str:
    """The name of the processor."""
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor()


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def openssl_rsa() -> tuple[float, float]:
    """Milliseconds of one RSA-2048 (signature, verification) by `openssl speed`, on one core."""
    run = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "rsa2048"], capture_output=True, text=True, check=True
    )
    signs, verifies = run.stdout.split()[-2:]
    return 1e3 / float(signs), 1e3 / float(verifies)
