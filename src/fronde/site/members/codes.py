# SPDX-License-Identifier: Apache-2.0
"""The codes that wait to be typed: in the memory of the one issuing process, never on a disk.

A code belongs to one workplace and one challenge, 32 random bytes of the browser that asked for it: whoever
reads the code alone (a mail gateway, a relay) cannot use it. It can be tried five times within ten minutes.
The right code is spent by the first request that brings it, and stays good for that same request, byte for
byte, until its time is over: a lost answer is asked for again.  # spec: 3  # trust: 1
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from fronde.errors import Declined
from fronde.site.http import TooMany

LIFETIME = 600.0  # seconds
TRIES = 5
PENDING = 20_000  # codes at a time: some 10 MB
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
LENGTH = 8


class WrongCode(Declined):
    """Wrong, expired, spent or never given out: the answer does not say which."""

    def __init__(self) -> None:
        super().__init__(
            "The code is wrong, spent or too old.",
            status=403,
            hint="Type the newest code, in the browser that asked for it, or ask for another one.",
            name="code",
        )


@dataclass
class _Pending:
    code: str
    identity: str
    until: float
    tries: int = TRIES
    request: bytes | None = None  # digest of the request that spent the code


class Codes:
    """The book of pending codes. Safe for threads. clock: seconds that never run backwards."""

    def __init__(self, clock: Callable[[], float], *, most: int = PENDING) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._book: dict[bytes, _Pending] = {}  # in the order in which codes run out

    def give(self, workplace: str, challenge: bytes, identity: str) -> str:
        """A new code of 40 random bits, in place of an older one of this challenge. Raises TooMany."""
        key = _key(workplace, challenge)
        code = encode(secrets.randbits(40))
        with self._lock:
            now = self._clock()
            self._forget_expired(now)
            self._book.pop(key, None)
            if len(self._book) >= self._most:
                wait = next(iter(self._book.values())).until - now
                raise TooMany("Too many people join at this moment.", after=wait)
            self._book[key] = _Pending(code, identity, now + LIFETIME)
        return code

    def spend(self, workplace: str, challenge: bytes, code: str, request: bytes) -> str:
        """The identity that asked for this code. request: digest of what the code is spent on.

        The same code and request may come again within the code's time. Raises WrongCode.
        """
        key = _key(workplace, challenge)
        with self._lock:
            self._forget_expired(self._clock())
            pending = self._book.get(key)
            if pending is None or not pending.tries:
                raise WrongCode
            right = hmac.compare_digest(pending.code.encode(), code.encode())
            if not right or pending.request not in (None, request):
                pending.tries -= 1
                raise WrongCode
            pending.request = request
            return pending.identity

    def __len__(self) -> int:
        return len(self._book)

    def _forget_expired(self, now: float) -> None:
        # All live equally long, so the oldest stand first.
        while self._book:
            key, oldest = next(iter(self._book.items()))
            if oldest.until > now:
                break
            del self._book[key]


def encode(bits: int) -> str:
    """40 bits as 8 characters of Crockford's base32, the highest five first."""
    return "".join(ALPHABET[bits >> shift & 31] for shift in range(35, -1, -5))


def _key(workplace: str, challenge: bytes) -> bytes:
    # Hashed: what a dictionary lookup tells by its time is not the challenge.
    return hashlib.sha256(workplace.encode() + b"\0" + challenge).digest()
