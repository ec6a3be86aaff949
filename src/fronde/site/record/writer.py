# SPDX-License-Identifier: Apache-2.0
"""One thread writes; it commits together what many requests brought.  # spec: 8

A request hands over a job and waits. The writer takes all that wait, runs each in a savepoint of its own
inside one transaction, commits once (one sync for all), and only then answers: an answer means that the row
is durable. A job that raises takes only its own writes back. Without a running writer (operator commands) a
job runs in the calling thread, in a transaction of its own: the database's lock keeps the two apart.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from django.db import DatabaseError, connection, transaction

from fronde.errors import Stopped
from fronde.site.folder import Remembered

T = TypeVar("T")
Job = Callable[[], Any]

TOGETHER = 256
log = logging.getLogger("fronde")


class Health:
    """Whether this process may sign. why: what stopped it; letters: what stopped one of them alone."""

    def __init__(self) -> None:
        self.why: Stopped | None = None
        self.letters: dict[str, Stopped] = {}


health = Remembered(Health)


def stop(why: Stopped) -> None:
    """From now on nothing is written or signed, until the folder is repaired and the server started again."""
    health().why = why


def ready(letter: str = "") -> None:
    """Raises Stopped when this server may neither sign nor issue, or may sign nothing of this letter."""
    why = health().why or health().letters.get(letter)
    if why is not None:
        raise Stopped(why.message, hint=why.hint, name=why.name)


class Writer:
    """The writing thread of a server. Use as a context manager."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="fronde-writer")

    def __enter__(self) -> Writer:
        self._thread.start()
        _running().writer = self
        return self

    def __exit__(self, *_: object) -> None:
        with self._door:
            self._open = False
            self._jobs.put(None)
        self._thread.join()
        _running().writer = None

    def here(self) -> bool:
        """Whether the caller is the writing thread."""
        return threading.current_thread() is self._thread

    def do(self, job: Callable[[], T]) -> T:
        """Runs a job in the writing thread and waits until it is durable. Raises Stopped after the end."""
        future: Future[T] = Future()
        with self._door:
            if not self._open:
                raise Stopped("This server is shutting down.", hint="Try again in a minute.", name="ending")
            self._jobs.put((job, future))
        return future.result()

    def _run(self) -> None:
        going = True
        while going:
            batch = [self._jobs.get()]
            while len(batch) < TOGETHER and not self._jobs.empty():
                batch.append(self._jobs.get())
            going = None not in batch
            if jobs := [each for each in batch if each is not None]:
                together(jobs)
        disconnect()


def together(jobs: list[tuple[Job, Future[Any]]]) -> None:
    """One transaction for all, a savepoint for each; every future is answered after the commit."""
    answers: list[Callable[[], None]] = []
    try:
        with transaction.atomic():
            for job, future in jobs:
                answers.append(_one(job, future))
    except DatabaseError as error:
        failed = _unwritable(error)
        answers = [_bind(future.set_exception, failed) for _, future in jobs]
    for answer in answers:
        answer()


def _one(job: Job, future: Future[Any]) -> Callable[[], None]:
    try:
        with transaction.atomic():
            result = job()
    except DatabaseError:
        # The disk is full or broken: SQLite may have ended the whole transaction already.
        raise
    except Exception as error:
        return _bind(future.set_exception, error)
    return _bind(future.set_result, result)


def _bind(tell: Callable[[Any], None], value: Any) -> Callable[[], None]:
    return lambda: tell(value)


def _unwritable(error: DatabaseError) -> Stopped:
    log.error("The database cannot be written: %s", error)
    return Stopped(
        "This server cannot write at the moment.",
        hint="Nothing was kept of this request. Try again later.",
        name="unwritable",
    )


class _Running:
    writer: Writer | None = None


_running = Remembered(_Running)


def write(job: Callable[[], T]) -> T:
    """Runs `job` inside a transaction; when this returns, what it wrote is durable.

    Raises what the job raises (nothing of it was written then), and Stopped when this server may not write.
    """
    ready()
    writer = _running().writer
    if writer is not None and not writer.here():
        return writer.do(job)
    try:
        with transaction.atomic():
            return job()
    except DatabaseError as error:
        raise _unwritable(error) from error


def tidy() -> bool:
    """Empties the write-ahead log: until then deleted rows could be read in it.  # trust: 10-11

    False when somebody was reading all the time: try again later.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, _, _ = cursor.fetchone()
    return not busy


def disconnect() -> None:
    """Ends this thread's connection: at the end of a thread."""
    connection.close()
