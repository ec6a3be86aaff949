# SPDX-License-Identifier: Apache-2.0
"""One letter's trouble is not another's: what stops a letter alone is noted, and the others go on.  # spec: 8

What stops all of them is raised as before: this server has stopped, the database cannot be written, or the
instance log, into which the heads of all letters go, cannot be published. Whether it can is tried at once,
whatever went wrong: so nothing needs to know which errors are a letter's own.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator

from django.db import DatabaseError

from fronde.errors import FrondeError, Stopped
from fronde.site.folder import Folder

log = logging.getLogger("fronde")
OF_ALL = ("unwritable", "ending")  # what `store.write` raises, whatever the job


class Alone:
    """Lets each letter fail by itself. in_common: raises what is wrong for all of them."""

    def __init__(self, in_common: Callable[[], object]) -> None:
        self._in_common = in_common
        self.why: dict[str, str] = {}

    @contextlib.contextmanager
    def __call__(self, letter_id: str) -> Iterator[None]:
        """Work for one letter. The caller does not hold `Folder.publishing()`."""
        try:
            yield
        except Exception as error:
            if isinstance(error, DatabaseError) or (isinstance(error, Stopped) and error.name in OF_ALL):
                raise
            self._in_common()
            self._note(letter_id, told(error))

    def goes_on(self, letter_id: str) -> None:
        """All that was due for this letter is done."""
        if self.why.pop(letter_id, ""):
            log.warning("The letter %s goes on.", letter_id)

    def _note(self, letter_id: str, why: str) -> None:
        """Said once for each trouble; the letter is tried again at every look."""
        if self.why.get(letter_id) != why:
            log.error("The letter %s is stopped, the others go on: %s", letter_id, why)
        self.why[letter_id] = why


def told(error: Exception) -> str:
    """An error in a line, without what an entry or a request holds."""
    if isinstance(error, FrondeError):
        return f"{error.name}: {error.message} {error.hint}".strip()
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {_inside(str(error.filename or ''))}".removesuffix(": ")
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.name}"


def _inside(name: str) -> str:
    """A file of the data folder, as docs/kept.md calls it."""
    return name.removeprefix(f"{Folder.current().path}/")
