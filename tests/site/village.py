# SPDX-License-Identifier: Apache-2.0
"""A whole instance for tests: made once by the operator's own commands, copied for each test.

Members enrol without the mail (`issue`), sign over the real addresses, and the sequencer is stepped by hand
under a clock that only moves when a test says so.
"""

from __future__ import annotations

import datetime
import functools
import random
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from fronde import canonical, letterfile
from fronde.canonical import b64u
from fronde.citation import Citation
from fronde.cli.main import main
from fronde.letter import Letter
from fronde.proof.policy import Policy
from fronde.proof.verify import Trust, verify
from fronde.record.entry import parse_letter
from fronde.signature import commitment, shown_of, sign_entry, withdraw_entry
from fronde.site import clock
from fronde.site.folder import Folder, use
from fronde.site.letters import proof, reading
from fronde.site.record import logs, store
from fronde.site.signing import issue, sequence, slots
from fronde.site.signing.sequence import Sequencer
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.secrets import SlotSecrets

NOW = datetime.datetime(2026, 11, 3, 14, 37, 21, tzinfo=datetime.UTC)
HOST = "fronde.example"
SLUG = "meridian"
FILE = """+++
title = "Cancel the contract"
lang = "en"

[[to]]
name = "Ada Example"
office = "Chief Executive"

[[demands]]
id = "cancel"
ask = "Cancel the contract."
measure = "The contract is cancelled."

[rules]
batch = {{min = {least}, minutes = {minutes}, tokens = {tokens}}}
{rules}
+++
We ask you to cancel the contract.
"""


@functools.cache
def _template(base: Path) -> Path:
    path = base / "template"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots, "SLOTS", 2)
        patch.setattr(clock, "now", lambda: NOW)
        assert main(["init", str(path), "--host", HOST]) == 0
        added = ["workplace", "add", SLUG, "--name", "Meridian", "--domain", "meridian.example"]
        count = ["--headcount", "400", "--headcount-source", "annual report, page 3"]
        assert main([*added, *count, "--data", str(path)]) == 0
        connections.close_all()
    return path


class Member:
    """Somebody with a token for every slot on offer."""

    def __init__(self) -> None:
        self.seed = secrets.token_bytes(16)
        offered = store.instance().offered(SLUG)
        keys = {slot.key_id: self.secrets(slot) for slot in offered}
        signatures, held = issue.issue(
            SLUG, f"{self.seed.hex()}@meridian.example", {key: each.blinded for key, each in keys.items()}
        )
        assert not held
        self.tokens = {slot.number: keys[slot.key_id].token(signatures[slot.key_id]) for slot in offered}

    def secrets(self, slot: Any) -> SlotSecrets:
        return SlotSecrets(self.seed, HOST, SLUG, slot.number, PublicKey.from_spki(slot.spki))

    def sign_seed(self, letter: Letter) -> bytes:
        return self.secrets(store.instance().slots[SLUG, letter.slot]).sign_seed

    def sign(self, letter: Letter, name: str = "", note: str = "") -> dict[str, Any]:
        """The body of a post; named when there is a name."""
        seed, token = self.sign_seed(letter), self.tokens[letter.slot]
        if not name:
            entry = sign_entry(letter, seed, token, "hidden")
            return {"v": 1, "type": "post", "entry": canonical.decode(entry)}
        key = self.secrets(store.instance().slots[SLUG, letter.slot]).public_key
        salt, shown = secrets.token_bytes(32), shown_of(name, note)
        entry = sign_entry(letter, seed, token, "named", commitment(key, salt, shown))
        opening = {"salt": b64u(salt), "shown": shown}
        return {"v": 1, "type": "post", "entry": canonical.decode(entry), "opening": opening}

    def withdraw(self, letter: Letter) -> dict[str, Any]:
        entry = withdraw_entry(letter, self.sign_seed(letter))
        return {"v": 1, "type": "post", "entry": canonical.decode(entry)}


class Village:
    """The folder, the clock, and what people do."""

    def __init__(self, folder: Folder, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.now = NOW
        patch.setattr(clock, "now", lambda: self.now)
        self.client = client()
        self.sequencer = Sequencer(random.Random(7))  # noqa: S311 - a test's dice

    def wait(self, **time: float) -> None:
        """Lets time pass, then lets the sequencer do what is due."""
        self.now += datetime.timedelta(**time)
        self.step()

    def step(self) -> None:
        self.sequencer.step(self.now)

    def open(
        self,
        *,
        least: int = 5,
        minutes: int = 0,
        tokens: int = 5,
        rules: str = "",
        cited: Mapping[str, Citation] | None = None,
    ) -> Letter:
        text = FILE.format(least=least, minutes=minutes, tokens=tokens, rules=rules)
        draft = letterfile.parse(text)
        for name in cited or {}:
            draft["citations"].append({"id": name, "says": f"What {name} says."})
            draft["body"] += f"\n\nThis is what {name} says.[^{name}]"
        place = reading.workplace(SLUG)
        assert place is not None
        return sequence.open_letter(draft, place, cited)

    def members(self, count: int) -> list[Member]:
        return [Member() for _ in range(count)]

    def post(self, letter: Letter, kind: str, body: dict[str, Any]) -> Any:
        return post(self.client, f"/letters/{letter.id}/{kind}", body)

    def sign(self, letter: Letter, member: Member, name: str = "") -> bytes:
        answer = self.post(letter, "sign", member.sign(letter, name))
        assert answer.status_code == 200, answer.content
        return bytes(answer.content)

    def withdraw(self, letter: Letter, member: Member) -> bytes:
        answer = self.post(letter, "withdraw", member.withdraw(letter))
        assert answer.status_code == 200, answer.content
        return bytes(answer.content)

    def entries(self, letter: Letter) -> list[dict[str, Any]]:
        return [parse_letter(data) for data in logs.entries(letter.id)]

    def types(self, letter: Letter) -> list[str]:
        return [entry["type"] for entry in self.entries(letter)]

    def counts(self, letter: Letter) -> dict[str, int]:
        standing = reading.standing(letter.id)
        assert standing is not None
        return standing.counts

    def verify(self, letter: Letter) -> Any:
        """The verifier's report on the proof that is served now."""
        policy = Policy.parse(self.folder.policy.read_bytes())
        return verify(proof.letter_zip(letter.id), Trust(policy=policy))


def client() -> Client:
    """A browser or a command line: it has a host, and no cookies."""
    return Client(headers={"host": HOST})


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    """Canonical JSON posted; bytes as they are."""
    data = body if isinstance(body, bytes) else canonical.encode(body)
    return client.post(path, data, content_type="application/json", headers=headers or None)


def settle(base: Path, path: Path, patch: pytest.MonkeyPatch) -> Village:
    """A village in a copy of the template."""
    patch.setattr(slots, "SLOTS", 2)
    shutil.copytree(_template(base), path)
    return Village(use(path), patch)


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing after it runs."""


def killing(patch: pytest.MonkeyPatch, module: Any, name: str, *, after: bool) -> None:
    """The step `name` is killed before it begins or when it is done; the next call of it works."""
    real: Callable[..., Any] = getattr(module, name)

    def killed(*args: Any, **kwargs: Any) -> Any:
        patch.setattr(module, name, real)
        if after:
            real(*args, **kwargs)
        raise Killed

    patch.setattr(module, name, killed)
