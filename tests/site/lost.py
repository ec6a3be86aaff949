# SPDX-License-Identifier: Apache-2.0
"""A data folder of which a part is lost: what a start and a doctor say of it, and that nothing is changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fronde.errors import Stopped
from fronde.site import setup
from fronde.site.folder import Folder
from fronde.site.record import logs, store, writer
from tests.site.commands import run
from tests.site.village import Village

Files = dict[str, bytes]


def files(folder: Folder) -> Files:
    """Everything but the database and what SQLite keeps beside it."""
    paths = [path for path in folder.path.rglob("*") if path.is_file() and "sqlite3" not in path.name]
    return {str(path.relative_to(folder.path)): path.read_bytes() for path in paths}


def stopped(look: Callable[[], object] = setup.start, letter: str = "") -> Stopped:
    """Why a start, or a command, signs nothing, or nothing of this letter alone."""
    writer.health().why = None
    logs._signers().clear()
    look()
    if letter:
        store.ready()
    with pytest.raises(Stopped) as caught:
        store.ready(letter)
    return caught.value


def unrepairable(village: Village, capsys, letter: str = "") -> tuple[str, str]:
    """(id, all that was said) of a doctor who may repair; nothing is changed by it, nor by a start before.

    letter: the one that is stopped, alone.
    """
    before, sizes = files(village.folder), {log: logs.head(log) for log in logs.logs()}
    stopped(letter=letter)
    stopped(setup.check, letter)
    logs._signers().clear()
    code, out, err = run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    assert code == 1
    after = files(village.folder)
    after.pop("serve.lock", None)
    assert after == {name: data for name, data in before.items() if name != "serve.lock"}
    assert {log: logs.head(log) for log in logs.logs()} == sizes
    return err.split("  id: ")[1].strip(), out + err
