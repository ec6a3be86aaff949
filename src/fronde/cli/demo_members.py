# SPDX-License-Identifier: Apache-2.0
"""Simulated members: each has a device and reaches the server as everybody does, by HTTP and mail."""

from __future__ import annotations

import email
import email.policy
import re
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from fronde.client.http import Http
from fronde.client.join import Enrolled, Enrolment
from fronde.client.keep import Keep
from fronde.client.look import Looked, look
from fronde.client.sign import draft_signature, send
from fronde.client.visit import Visit
from fronde.errors import Refused

from .demo_people import Person

CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
PAUSE = 0.05
MAIL = 30.0


class Postman:
    """Carries the mails of the outbox to the simulated members; tells of mails to anybody else.

    stranger: called with the mailbox and the code of such a mail.
    """

    def __init__(self, outbox: Path, stranger: Callable[[str, str], None]) -> None:
        self._outbox = outbox
        self._stranger = stranger
        self._seen: set[str] = set()
        self._codes: dict[str, str] = {}
        self._expected: set[str] = set()
        self._arrived = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        self._thread.start()

    def expect(self, mailbox: str) -> None:
        """Mail to this mailbox is a simulated member's."""
        with self._arrived:
            self._expected.add(mailbox)

    def code(self, mailbox: str) -> str:
        """The code of the mail to this mailbox, when it has come. Raises Refused when none does."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: mailbox in self._codes, MAIL):
                raise Refused(f"no mail came to {mailbox}", hint="Look into the outbox.", name="no-mail")
            return self._codes.pop(mailbox)

    def stop(self) -> None:
        """Ends the rounds."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self._round()

    def _round(self) -> None:
        new = {path.name: path for path in self._outbox.glob("*.eml") if path.name not in self._seen}
        self._seen |= new.keys()
        for path in new.values():
            self._deliver(path)

    def _deliver(self, path: Path) -> None:
        mailbox, code = read_mail(path.read_bytes())
        with self._arrived:
            if mailbox in self._expected:
                self._codes[mailbox] = code
                self._arrived.notify_all()
                return
        self._stranger(mailbox, code)


def read_mail(data: bytes) -> tuple[str, str]:
    """To whom a mail goes, and the code in it. Raises Refused when it holds none."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    body = message.get_body(("plain",))
    lines = body.get_content().splitlines() if body else []
    codes = [line for line in lines if CODE.fullmatch(line)]
    if len(codes) != 1:
        raise Refused(f"a mail with {len(codes)} codes", name="no-code")
    return str(message["To"]), codes[0]


class Device:
    """The device of one simulated member: a member's file and the client of the command line."""

    def __init__(self, person: Person, base: str, folder: Path) -> None:
        self.person = person
        self._base = base
        self._path = folder / f"{person.mailbox}.json"

    def join(self, workplace: str, postman: Postman) -> Enrolled:
        """Mailbox, mail, code: one token for every slot on offer."""
        postman.expect(self.person.mailbox)
        with Http(self._base, proxies=False) as client:
            enrolment = Enrolment(self._visit(client), workplace)
            enrolment.ask(self.person.mailbox)
            return enrolment.enrol(postman.code(self.person.mailbox))

    def sign(self, letter: str) -> bytes:
        """Signs by name or hidden, as this person does; the receipt."""
        name, note = (self.person.name, self.person.note) if self.person.shown else ("", "")
        with Http(self._base, proxies=False) as client:
            visit = self._visit(client)
            salt = secrets.token_bytes(32)
            return send(visit, draft_signature(visit, letter, name=name, note=note, salt=salt))

    def look(self, letter: str, now: datetime) -> Looked:
        """Whether the signature is in the record."""
        with Http(self._base, proxies=False) as client:
            return look(self._visit(client), letter, now)

    def _visit(self, client: Http) -> Visit:
        return Visit(client, Keep(self._path), wait=time.sleep)
