# SPDX-License-Identifier: Apache-2.0
"""`fronde` with a clock that a story sets forward: nobody waits ten minutes for a code to grow old.

python -m tests.stories.clocked FILE COMMAND ...    FILE holds how many seconds later it is for this process
"""

from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path

from fronde.cli import main as fronde
from fronde.site import clock


def main(file: Path, command: list[str]) -> int:
    """Runs a command at the time that `file` says, looked up each time that somebody asks."""
    monotonic, now = time.monotonic, clock.now

    def ahead() -> float:
        return float(file.read_text())

    time.monotonic = lambda: monotonic() + ahead()
    clock.now = lambda: now() + datetime.timedelta(seconds=ahead())
    return fronde.main(command)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
