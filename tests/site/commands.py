# SPDX-License-Identifier: Apache-2.0
"""An operator at the command line, in this process."""

from __future__ import annotations

import re

from fronde.cli.main import main


def run(capsys, *words: str) -> tuple[int, str, str]:
    """(exit code, what it printed, what it complained of)."""
    capsys.readouterr()
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def refused(capsys, *words: str) -> tuple[int, str]:
    """(exit code, id)."""
    code, _, err = run(capsys, *words)
    assert "next: " in err or "  id: " in err
    return code, re.findall(r"  id: (\S+)", err)[-1]
