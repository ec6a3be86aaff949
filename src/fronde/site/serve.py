# SPDX-License-Identifier: Apache-2.0
"""One process serves a folder: request threads, one writing thread, one sequencer.  # spec: 8

SIGTERM and SIGINT end it cleanly: what was taken in is written and answered. No access log, no version in a
header, no core file, no request body on the disk.  # trust: 10-11, 44
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import Any, NoReturn

import waitress
from django.conf import settings
from django.core.management import call_command

from fronde.errors import Stopped, Usage

from . import setup
from .cache import PageCache
from .folder import Folder
from .letters import reading
from .members.ways import email_code
from .record import writer
from .signing.sequence import Sequencer
from .wsgi import Application

THREADS = 8
# A request waits in memory until it is whole; only then it takes one of the threads, and an answer is sent
# without one: whoever is slow holds a connection, and is cut off when nothing came or went for so long.
# So slow clients can hold `CONNECTIONS * (HEAD + BODY)` bytes and no thread.  # trust: 20
BODY = 1 << 18  # bytes; an enrolment has at most a quarter of it
HEAD = 1 << 15
CONNECTIONS = 500
SILENCE = 30  # seconds


def serve(tell: Callable[[str], None]) -> None:
    """Serves the current folder at FRONDE_BIND until a signal comes. Raises Refused, Usage.

    tell: one line for the operator, such as what stopped signing.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    folder = Folder.current()
    with folder.serving():
        call_command("migrate", verbosity=0)
        with folder.publishing():
            setup.start()
        sequencer: AbstractContextManager[object] = Sequencer()
        try:
            writer.ready()
        except Stopped as why:
            tell(f"Nothing is signed or issued: {why.message} {why.hint}")
            sequencer = nullcontext()
        server = listen()
        with writer.Writer(), sequencer:
            tell(f"Fronde serves {folder.path} at http://{settings.FRONDE_BIND}")
            server.run()
            email_code.room().post.stop()
        server.close()


def application() -> Application:
    """The whole site: addresses dropped, then rendered pages kept for a second, then Django."""
    return Application(lambda django: PageCache(django, reading.version))


def listen() -> Any:
    """The server, bound to its address. Raises Usage when the address cannot be had."""
    try:
        return waitress.create_server(
            application(),
            listen=settings.FRONDE_BIND,
            threads=THREADS,
            ident=None,
            connection_limit=CONNECTIONS,
            channel_timeout=SILENCE,
            cleanup_interval=SILENCE // 3,
            max_request_header_size=HEAD,
            max_request_body_size=BODY,
            inbuf_overflow=BODY + 1,
            asyncore_use_poll=True,
        )
    except (OSError, ValueError) as error:
        raise Usage(
            f"Nobody can listen at {settings.FRONDE_BIND}: {error}",
            hint="Say another one: --bind 127.0.0.1:8001.",
            name="bind",
        ) from None


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # Once: a second signal would interrupt the answers to what was taken in.
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)
