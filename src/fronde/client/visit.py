# SPDX-License-Identifier: Apache-2.0
"""One visit to one instance: everything is read whole and anew before anything is sent.  # spec: 2, 15

A visit remembers every byte that the server sent. When the server breaks the protocol, these files are the
evidence; otherwise they are forgotten with the visit. No request names an old size, a key or a leaf.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fronde.canonical import unb64u
from fronde.errors import Breach, Declined, Newer, Refused, Unreadable
from fronde.letter import Letter
from fronde.proof.policy import Policy
from fronde.record import log as logs
from fronde.record.instance import Instance, Slot
from fronde.record.log import Log
from fronde.record.note import Key, fingerprint

from . import checks, http
from .http import Busy, Http, Unreachable
from .keep import Keep, KeptInstance, KeptLetter

TRIES = 3
PATIENCE = 120
HINT = "Stop using this server and show the evidence to others."


@dataclass(frozen=True)
class Trust:
    """Whom the member trusts besides the own file. strict: the policy was named, so it must know the log."""

    policy: Policy | None = None
    strict: bool = False


@dataclass(frozen=True)
class InstanceSeen:
    """An instance whose log was replayed in this visit."""

    key: Key
    log: Log
    replay: Instance
    kept: KeptInstance

    @property
    def host(self) -> str:
        return self.replay.host


@dataclass(frozen=True)
class LetterSeen:
    """A letter that was checked in this visit, with its record's leaf hashes. opening: the letter.open."""

    instance: InstanceSeen
    letter: Letter
    opening: dict[str, Any]
    slot: Slot
    log: Log
    kept: KeptLetter

    @property
    def receipt_key(self) -> Key:
        return Key.parse(self.opening["receipt_key"])

    @property
    def bind(self) -> int:
        return int(self.opening["slots"][0]["bind"])


class Visit:
    """Reads an instance through `client` for the member of `keep`.

    say: told (event, text) what a person should know. wait: sleeps for seconds.
    """

    def __init__(
        self,
        client: Http,
        keep: Keep,
        trust: Trust | None = None,
        *,
        say: Callable[[str, str], None] = lambda event, text: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.keep = keep
        self.files: dict[str, bytes] = {}
        self._client = client
        self._trust = trust or Trust()
        self._say = say
        self._wait = wait

    # --- asking ---

    def get(self, path: str, most: int = http.SMALL) -> bytes:
        """The bytes at `path`, remembered."""
        data = self._asked(lambda: self._client.get(path, most))
        self.files[path.lstrip("/")] = data
        return data

    def post(self, path: str, body: bytes, *, evidence: bool = True) -> bytes:
        """The answer to a body, which is sent again after a lost answer: every post may be repeated.

        evidence: whether body and answer are remembered; a mailbox is not.
        """
        answer = self._asked(lambda: self._client.post_bytes(path, body))
        if evidence:
            self.files["sent/" + path.rpartition("/")[2] + ".json"] = body
            self.files[path.lstrip("/")] = answer
        return answer

    def _asked(self, ask: Callable[[], bytes]) -> bytes:
        for _ in range(TRIES - 1):
            try:
                return ask()
            except Busy as busy:
                if busy.retry_after > PATIENCE:
                    raise
                self._say("wait", f"The server asks to wait {busy.retry_after} seconds.")
                self._wait(busy.retry_after)
            except Unreachable:
                self._wait(1)
        return ask()

    @contextmanager
    def judged(self) -> Iterator[None]:
        """What is refused inside becomes a Breach with this visit's files; what is declined does not."""
        try:
            yield
        except (Declined, Newer):
            raise
        except Breach as breach:
            breach.evidence = {**self.files, **breach.evidence}
            breach.hint = breach.hint or HINT
            raise
        except (Refused, Unreadable) as error:
            raise Breach(error.name, error.message, hint=HINT, evidence=self.files) from error

    # --- the instance ---

    def instance(self) -> InstanceSeen:
        """The instance: its key is the known one, its log replays and begins with what was seen before."""
        with self.judged():
            key, kept = self._identity()
            log = self._log("/log/", key.name, key)
            replay = _replayed(key, log)
            checks.continues(log.hashes, kept.checkpoint)
        if self._trust.policy and self._trust.policy.log_keys(key.name):
            self._trust.policy.check_quorum(log.note)
        kept.checkpoint = log.note
        self.keep.instances[key.name] = kept
        self.keep.save()
        return InstanceSeen(key, log, replay, kept)

    def _identity(self) -> tuple[Key, KeptInstance]:
        address = self._client.base
        key = checks.instance_key(self.get("/policy"))
        here, kept = self.keep.at(address), self.keep.instances.get(key.name)
        for known in (here, kept):
            if known:
                self.files["kept/vkey"] = known.vkey.encode()
                self.files["kept/instance-checkpoint"] = known.checkpoint
                checks.same_key(key, [known.vkey], "earlier visits")
        given = [k.vkey for k in self._trust.policy.log_keys(key.name)] if self._trust.policy else []
        if given or self._trust.strict:
            checks.same_key(key, given, "your own policy")
        if kept is None:
            kept = KeptInstance(key.vkey)
            whose = "the key that you gave" if given else "a key that this server claims"
            self._say("first", f"First visit to {key.name}, under {whose}: {fingerprint(key.vkey)}")
        if address not in kept.addresses:
            kept.addresses.append(address)
        return key, kept

    # --- a letter ---

    def letter(self, letter_id: str) -> LetterSeen:
        """A letter of this instance and its record, checked as far as is needed before signing it."""
        seen = self.instance()
        with self.judged():
            data = self._letter_json(letter_id)
            letter = checks.frozen_letter(data, letter_id=letter_id, key=seen.key)
            kept = seen.kept.letters.get(letter_id) or KeptLetter()
            self.files["kept/record-checkpoint"] = kept.checkpoint
            key = Key.parse(letter.log_key)
            prefix = f"/letters/{letter_id}/record/"
            log = self._log(prefix, letter.origin, key, exactly_one=True, want_entries=False)
            opening = checks.opened(_first(log), letter)
            checks.continues(log.hashes, kept.checkpoint)
            slot = seen.replay.bound(
                opening["slots"][0]["bind"],
                workplace=letter.workplace,
                number=letter.slot,
                digest=letter.digest,
                nonce=unb64u(opening["slots"][0]["nonce"]),
            )
        kept.checkpoint = log.note
        seen.kept.letters[letter_id] = kept
        self.keep.save()
        return LetterSeen(seen, letter, opening, slot, log, kept)

    def _letter_json(self, letter_id: str) -> bytes:
        try:
            return self.get(f"/letters/{letter_id}/letter.json", http.LARGE)
        except Declined as error:
            if error.status != 404:
                raise
            raise Declined(
                "there is no letter at this address",
                status=404,
                hint="Copy the address again.",
                name="no-letter",
            ) from None

    # --- logs ---

    def _log(self, prefix: str, origin: str, key: Key, **options: bool) -> Log:
        """A whole log. When a file is gone all is read anew: a log that grows drops its partial tiles."""
        for _ in range(TRIES):
            fetch = functools.cache(lambda path: self.get(prefix + path, logs.largest(path)))
            try:
                log = logs.read(fetch, origin, key, **options)
                if log.checkpoint.size:
                    log.entries.bundle(0)
            except Declined as error:
                if error.status != 404:
                    raise
            else:
                return log
        raise Breach("bad-tile", f"a file of the log {origin} is missing")


def _replayed(key: Key, log: Log) -> Instance:
    replay = Instance(key.name.removesuffix(checks.ORIGIN))
    for entry in log.entries:
        try:
            replay.read(entry)
        except Newer:
            raise
        except Unreadable as error:
            raise Breach("bad-entry", error.message) from None
    return replay


def _first(log: Log) -> bytes:
    if not log.checkpoint.size:
        raise Breach("open-missing", "the letter's record is empty")
    return log.entries[0]
