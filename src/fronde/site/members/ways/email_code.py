# SPDX-License-Identifier: Apache-2.0
"""The way by mail: whoever can read a mailbox of the workplace works there.  # spec: 3  # trust: 1-7, 18, 20

Nothing here looks at who has enrolled: answer, time and mail are the same for a member and for anybody else.
"""

from __future__ import annotations

import time

from django.conf import settings

from fronde.site import clock
from fronde.site.folder import Folder, Remembered
from fronde.site.http import Limiter, TooMany
from fronde.site.letters.models import Workplace
from fronde.site.members import mailbox
from fronde.site.members.codes import Codes
from fronde.site.members.post import Mail, Outbox, Post, Smtp


class Room:
    """What this way keeps in memory: pending codes, limits, mails that wait. One for each data folder."""

    def __init__(self) -> None:
        url = settings.FRONDE_SMTP_URL
        self.post = Post(Smtp.parse(url) if url else Outbox(Folder.current().outbox), clock.now)
        self.codes = Codes(time.monotonic)
        self.everybody = Limiter(rate=20, burst=2_000)
        self.browser = Limiter(rate=1 / 120, burst=5)
        self.mailbox = Limiter(rate=1 / 600, burst=6)
        self.answers = Limiter(rate=1 / 30, burst=10)


room = Remembered(Room)


def identity(place: Workplace, claim: str) -> str:
    """The canonical mailbox. Raises BadMailbox."""
    return mailbox.canonical(claim, mailbox.Rule.make(place.domains, place.shape or None))


def begin(place: Workplace, challenge: bytes, identity: str, host: str) -> None:
    """Mails a code, in the background. Raises TooMany."""
    here = room()
    here.browser.take(challenge)
    here.everybody.take()
    try:
        here.mailbox.take(identity)
    except TooMany:
        # Told, it would say that somebody has asked for this mailbox before. The last code stays good.
        return
    code = here.codes.give(place.slug, challenge, identity)
    if not here.post.put(Mail(sender(), identity, code, host)):
        raise TooMany("Too many mails wait to be sent.", after=30)


def prove(place: Workplace, challenge: bytes, answer: str, request: bytes) -> str:
    """The mailbox that this code was sent to. Raises WrongCode, then TooMany."""
    here = room()
    proved = here.codes.spend(place.slug, challenge, answer, request)
    here.answers.take(challenge)  # an answer costs 50 ms; whoever lost ten of them waits a little
    return proved


def sender() -> str:
    """The mailbox that mails come from."""
    return str(settings.FRONDE_MAIL_FROM or f"post@{settings.FRONDE_HOST.partition(':')[0]}")
