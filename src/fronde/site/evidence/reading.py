# SPDX-License-Identifier: Apache-2.0
"""How pages ask what was imported: through the sandboxed reader, for a few seconds at most.  # trust: 31-33

The pages know the folder DATA/evidence alone. Our own customer list is asked of by none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings
from django.http import HttpRequest

from fronde.errors import Declined
from fronde.evidence.reader import DATABASE, Evidence
from fronde.evidence.sources import customers
from fronde.site.folder import Folder, Remembered

SECONDS = 5.0  # for all questions of one page

OURS = tuple(each.name for each in customers.FORMATS)  # sources that no page tells of

_evidence = Remembered(lambda: Evidence(folder()))


def folder() -> Path:
    """Where the evidence of this instance lies."""
    return Folder.current().path / "evidence"


def imported() -> bool:
    """Whether there is anything to ask."""
    data: Path | None = settings.FRONDE_DATA
    return data is not None and (data / "evidence" / DATABASE).is_file()


@contextmanager
def reading(seconds: float = SECONDS) -> Iterator[duckdb.DuckDBPyConnection]:
    """This thread's connection; a question that takes longer is broken off. Raises Declined 503 then."""
    with _evidence().reading() as connection:
        watch = threading.Timer(seconds, connection.interrupt)
        watch.daemon = True
        watch.start()
        try:
            yield connection
        except (duckdb.InterruptException, duckdb.OutOfMemoryException):
            raise Declined(
                f"This question takes longer than {seconds:g} seconds, or more memory than a page may have.",
                status=503,
                hint="Narrow it, or ask on the command line: fronde evidence search.",
                name="evidence-slow",
            ) from None
        finally:
            watch.cancel()


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: whether the masthead has a link to the evidence."""
    return {"evidence": imported()}
