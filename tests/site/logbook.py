# SPDX-License-Identifier: Apache-2.0
"""Entries for a log, added and read."""

from __future__ import annotations

from fronde.record import log as public_log
from fronde.record.entry import slot_end
from fronde.site.folder import INSTANCE, Folder
from fronde.site.record import logs, store
from tests.site.village import SLUG


def ends(*numbers: int) -> list[bytes]:
    return [slot_end(SLUG, number, "season") for number in numbers]


def read(log: str = INSTANCE) -> public_log.Log:
    """The public record, read as anybody reads it."""
    folder = Folder.current().record(log)
    fetch = lambda path: (folder / path).read_bytes()  # noqa: E731
    return public_log.read(fetch, logs.origin(log), logs.signer(log).key, exactly_one=True)


def add(*entries: bytes, log: str = INSTANCE) -> None:
    store.write(lambda: store.append(log, list(entries)))
    with Folder.current().publishing():
        store.publish(log)
