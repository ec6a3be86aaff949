# SPDX-License-Identifier: Apache-2.0
"""What the rest of the site uses of the record: one door.

write(job)      runs job in the one writing thread, in one transaction with others; durable when it returns
append          adds entries to a log, inside a job
size, entries   what a log holds
instance()      the instance log replayed
publish(log)    signs and shows a log; the caller holds `Folder.publishing()`
ready()         raises Stopped when this server may neither sign nor issue
ready(letter)   the same, or when it may sign nothing of this letter
"""

from __future__ import annotations

from .logs import append, entries, entry, head, instance, origin, signer, size
from .publish import publish, seal, show
from .writer import ready, tidy, write

__all__ = [
    "append", "entries", "entry", "head", "instance", "origin", "publish", "ready", "seal", "show", "signer",
    "size", "tidy", "write",
]  # fmt: skip
