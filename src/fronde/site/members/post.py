# SPDX-License-Identifier: Apache-2.0
"""The mail that carries a code.  # spec: 3  # trust: 6-7

Neutral, because the employer's mail administrator sees it: no word about a letter, no link that a gateway
could open, the same text for everybody; English and French at once, so that it depends on nothing. It goes
out in a thread of its own: what a request is answered, and when, does not depend on the mailbox. A mail that
cannot be sent is counted; no mailbox and nothing that a mail server said is ever logged.

RFC 5322 wants a Date, and filters distrust a mail without Date and Message-ID. Our Date is cut to the hour,
in the outbox to the day; our Message-ID is random (Python's own tells time, process and machine).
"""

from __future__ import annotations

import datetime
import os
import queue
import secrets
import smtplib
import ssl
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol

from fronde.errors import Usage

SENDER = "Post room"
SUBJECT = "Your code / Votre code"
TEXT = """\
The code you asked for:
Le code que vous avez demandé :

{code}

Type it only at this address, in the browser that asked for it:
Tapez-le seulement à cette adresse, dans le navigateur qui l’a demandé :

{host}

It is good for ten minutes. If you did not ask for it, ignore this mail.
Il est valable dix minutes. Si vous ne l’avez pas demandé, ignorez ce message.
"""

QUEUE = 500  # mails that may wait
THREADS = 4  # a slow mail server holds up one mail a thread
TIMEOUT = 15.0  # seconds for each step of SMTP
PAUSES = (2.0, 10.0, 30.0)  # seconds before each further try
FIXED = 946_684_800  # 2000-01-01: the date of every file in the outbox
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PORTS = {"plain": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True)
class Mail:
    """One code on its way. sender, to: plain mailboxes; host: the one address where the code may be typed."""

    sender: str
    to: str
    code: str
    host: str

    def message(self, date: datetime.datetime) -> EmailMessage:
        """The mail as it is sent, dated `date` (aware)."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address(SENDER, addr_spec=self.sender)
        mail["To"] = Address(addr_spec=self.to)
        mail["Subject"] = SUBJECT
        mail["Date"] = date.astimezone(datetime.UTC)
        mail["Message-ID"] = f"<{secrets.token_hex(16)}@{self.sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in return
        mail.set_content(TEXT.format(code=self.code, host=self.host), cte="quoted-printable")
        return mail


class Carrier(Protocol):
    """Hands one mail on, or raises."""

    def __call__(self, mail: Mail, now: datetime.datetime) -> None: ...


@dataclass(frozen=True)
class Outbox:
    """Mails as files, one each, complete when they appear: for the demonstration and for tests."""

    folder: Path

    def __call__(self, mail: Mail, now: datetime.datetime) -> None:
        name = secrets.token_hex(16)
        temp = self.folder / f".{name}"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(bytes(mail.message(now.replace(hour=0, minute=0, second=0, microsecond=0))))
            file.flush()
            os.utime(file.fileno(), (FIXED, FIXED))
        temp.rename(self.folder / f"{name}.eml")


@dataclass(frozen=True, repr=False)
class Smtp:
    """A mail server. security: "tls" (from the start), "starttls" (or nothing is sent) or "plain"."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    context: ssl.SSLContext | None = None

    @classmethod
    def parse(cls, url: str) -> Smtp:
        """FRONDE_SMTP_URL: smtps:// speaks TLS, smtp:// STARTTLS; only to this machine itself plain.

        Raises Usage, which repeats nothing of a password.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port
        except ValueError:
            raise _bad_url() from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise _bad_url()
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise _bad_url()
        security = "tls" if parts.scheme == "smtps" else "starttls"
        if security == "starttls" and parts.hostname in LOOPBACK:
            security = "plain"
        user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        return cls(parts.hostname, port or PORTS[security], security, user, password)

    def __call__(self, mail: Mail, now: datetime.datetime) -> None:
        message = mail.message(now.replace(minute=0, second=0, microsecond=0))
        # Without a name of ours smtplib would look up this machine's and tell it.
        with self._connect(mail.sender.partition("@")[2]) as server:
            if self.security == "starttls":
                server.starttls(context=self._tls())
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message, mail.sender, [mail.to])

    def _connect(self, name: str) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, name, timeout=TIMEOUT, context=self._tls())
        return smtplib.SMTP(self.host, self.port, name, timeout=TIMEOUT)

    def _tls(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()


class Post:
    """Sends mails in the background. Counts: sent, failed."""

    def __init__(
        self,
        carrier: Carrier,
        now: Callable[[], datetime.datetime],
        *,
        most: int = QUEUE,
        threads: int = THREADS,
    ) -> None:
        self.sent = 0
        self.failed = 0
        self._carrier = carrier
        self._now = now
        self._threads = threads
        self._lock = threading.Lock()
        self._running: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._waiting: queue.Queue[Mail | None] = queue.Queue(most)

    def put(self, mail: Mail) -> bool:
        """Takes a mail to be sent soon; False when too many wait already."""
        self._start()
        try:
            self._waiting.put_nowait(mail)
        except queue.Full:
            return False
        return True

    def stop(self) -> None:
        """Tries once more to send what waits, then returns. For the end of a server and for tests."""
        self._stopped.set()
        for _ in self._running:
            self._waiting.put(None)
        for thread in self._running:
            thread.join()
        self._running.clear()
        self._stopped.clear()

    def _start(self) -> None:
        with self._lock:
            while len(self._running) < self._threads:
                thread = threading.Thread(target=self._work, name="post", daemon=True)
                self._running.append(thread)
                thread.start()

    def _work(self) -> None:
        while (mail := self._waiting.get()) is not None:
            sent = self._send(mail)
            with self._lock:
                self.sent += sent
                self.failed += not sent

    def _send(self, mail: Mail) -> bool:
        """Whether the mail went out, after a few tries. The error is dropped: it may name the mailbox."""
        for pause in (*PAUSES, 0.0):
            try:
                self._carrier(mail, self._now())
            except smtplib.SMTPRecipientsRefused as error:
                if all(code >= 500 for code, _ in error.recipients.values()):
                    return False
            except Exception:  # noqa: S110  (whatever it is, this thread goes on, and the mail is tried again)
                pass
            else:
                return True
            if self._stopped.wait(pause):
                break
        return False


def _bad_url() -> Usage:
    return Usage(
        "The address of the mail server (FRONDE_SMTP_URL) cannot be used.",
        hint="Write smtps://USER:PASSWORD@HOST:465 or smtp://USER:PASSWORD@HOST:587.",
        name="smtp-url",
    )
