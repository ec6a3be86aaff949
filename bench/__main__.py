# SPDX-License-Identifier: Apache-2.0
"""Every benchmark in turn, as one Markdown table: python -m bench [NAME...]

Each is a process of its own. Exit code 1 when a figure was missed or a benchmark broke off.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from bench.figures import HEAD, Figure, machine

# The order is that of the issue; sizes are those of its demands.
NAMES = ("verify", "issuing", "accepting", "publishing", "pages", "browser")


def run(name: str) -> bool:
    """Prints the rows of one benchmark as they come; whether it ended with none missed."""
    command = [sys.executable, "-m", f"bench.{name}"]
    root = Path(__file__).parent.parent
    missed = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(f"| {name} |"):
                print(line, end="", flush=True)
                missed = missed or "**no**" in line
    if process.returncode and not missed:
        print(Figure("it broke off", f"exit code {process.returncode}", met=False).row(name), flush=True)
    return process.returncode == 0


def main() -> int:
    """All of them, or those that are named."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    print(machine(), end="\n\n", flush=True)
    print(HEAD, flush=True)
    ended = [run(name) for name in names]
    return 0 if all(ended) else 1


if __name__ == "__main__":
    sys.exit(main())
