# SPDX-License-Identifier: Apache-2.0
"""A campaign played from outside: `fronde serve` as a process, members with the client that everybody has.

All enrol, by mailbox, mail and code, in an order that is known; a night passes (the server starts again);
then most of them sign, in another order that is known. What the server saw of each is kept for whoever judges
what it wrote down (tests/seizure.py).
"""

from __future__ import annotations

import contextlib
import hmac
import random
import secrets
import shutil
import time
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.cli.demo_members import read_mail
from fronde.client.http import Http
from fronde.client.join import Enrolment
from fronde.client.keep import Keep
from fronde.client.visit import Visit
from fronde.letter import Letter
from fronde.record import log, tiles
from fronde.record.entry import parse_heads
from fronde.record.instance import Instance, Slot
from fronde.record.note import Key
from fronde.record.tree import leaf_hash
from fronde.signature import commitment, sign_entry, withdraw_entry
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.secrets import SlotSecrets
from tests.seizure import Enrolled, Seizure, Signed, Truth, seize
from tests.site.process import Server, command, post, until

HOST = "fronde.example"
SLUG = "meridian"
MEMBERS = 100
BATCHES, BATCH = 4, 21
WAITING = 8
FILE = """+++
title = "Cancel the contract"
lang = "en"
[[to]]
name = "Ada Example"
[[demands]]
ask = "Cancel the contract."
measure = "It is cancelled."
[rules]
opens = 2026-01-01T00:00:00Z
closes = 2100-01-01T00:00:00Z
batch = {min = 20, minutes = 0, tokens = 20}
+++
We ask you to cancel the contract.
"""


class Marked(httpx.HTTPTransport):
    """Requests that say who sends them, in every way in which a browser or a proxy does."""

    def __init__(self, agent: str) -> None:
        super().__init__(verify=False)  # plain http; a store of certificates takes its time to load
        self._headers = marks(agent)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers.update(self._headers)
        return super().handle_request(request)


def marks(agent: str) -> dict[str, str]:
    """Headers that a server must not keep."""
    names = ("User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "Forwarded", "Cookie", "Via")
    return dict.fromkeys(names, agent)


@dataclass(frozen=True)
class Device:
    """A member's device after the enrolment, and what the server saw of it."""

    enrolled: Enrolled
    token: bytes
    secrets: SlotSecrets


@dataclass(frozen=True)
class Town:
    """A folder in which all have enrolled, in the order of `devices`, and a letter is open.

    day: seized before the night in which the rows of members are rewritten; night: after it.
    """

    folder: Path
    letter: Letter
    devices: list[Device]
    day: tuple[Seizure, Truth]
    night: tuple[Seizure, Truth]


def found(path: Path) -> Town:
    """Everything up to the first signature."""
    _run(path, "init", str(path), "--host", HOST)
    _run(path, "workplace", "add", SLUG, "--name", "Meridian", "--domain", "meridian.example")
    slot, began = _slot(path), time.time()
    with Server(path) as server:
        devices = [_enrol(server, path, slot) for _ in range(MEMBERS)]
    day = _seized(path, began, devices)
    with Server(path) as server:
        # The sequencer's first look rewrites the rows.
        until(lambda: not (path / "members" / "enrolment.sqlite3-wal").exists())
        server.get("/")
        server.stop()
    night = _seized(path, began, devices)
    file = path.with_name("letter.md")
    file.write_text(FILE)
    _run(path, "letter", "open", str(file), "--workplace", SLUG)
    (data,) = (path / "public" / "letters").glob("*/letter.json")
    return Town(path, Letter.parse(data.read_bytes()), devices, day, night)


def _run(folder: Path, *arguments: str) -> None:
    run = command(folder, *arguments)
    told, _ = run.communicate()
    assert run.returncode == 0, told


def _seized(path: Path, began: float, devices: list[Device]) -> tuple[Seizure, Truth]:
    return seize(path), Truth(began, time.time(), began, [each.enrolled for each in devices], [])


def _enrol(server: Server, folder: Path, slot: Slot) -> Device:
    """A member joins with the client of the command line, and the code of a real mail."""
    agent, keep = secrets.token_hex(12), Keep(folder.with_name("keep") / secrets.token_hex(8))
    mailbox = f"{_word()}.{_word()}@meridian.example"
    with Http(f"http://127.0.0.1:{server.port}", transport=Marked(agent), proxies=False) as client:
        visit = Visit(client, keep)
        enrolment = Enrolment(visit, SLUG)
        enrolment.ask(mailbox)
        code = _code(folder / "outbox")
        enrolment.enrol(code)
    sent = canonical.decode(visit.files["sent/enrol.json"])
    came = canonical.decode(visit.files[f"w/{SLUG}/enrol"])
    blinded = [unb64u(value) for value in sent["blinded"].values()]
    both = (unb64u(sent["challenge"]), *blinded, *map(unb64u, came["signatures"].values()))
    (kept,) = keep.instances.values()
    return Device(
        Enrolled(mailbox, code, agent, both, _row(folder, mailbox, blinded)),
        kept.tokens[SLUG][slot.number],
        SlotSecrets(kept.seed, HOST, SLUG, slot.number, PublicKey.from_spki(slot.spki)),
    )


def _slot(folder: Path) -> Slot:
    """The slot that the letter will take."""
    data = (folder / "public" / "log" / "tile" / "entries" / "000.p" / "2").read_bytes()
    slot = Instance.replay(HOST, tiles.unpack(data, 2)).lowest_unbound(SLUG)
    assert slot is not None
    return slot


def _word() -> str:
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9))


def _code(outbox: Path) -> str:
    """The code of the one mail, which is taken out of the box."""
    until(lambda: any(outbox.glob("*.eml")))
    (mail,) = outbox.glob("*.eml")
    _, code = read_mail(mail.read_bytes())
    mail.unlink()
    return code


def _row(folder: Path, mailbox: str, blinded: list[bytes]) -> tuple[bytes, ...]:
    """What the pepper makes of a member.  # spec: 3"""
    pepper = (folder / "members" / "pepper").read_bytes()
    member = b"\0".join((b"fronde/member/1", SLUG.encode(), mailbox.encode()))
    return tuple(hmac.digest(pepper, data, "sha256") for data in (member, *blinded))


# -- signing ------------------------------------------------------------------------------------------------


@dataclass
class Play:
    """The signing: posts one after the other. came: what came, in that order."""

    server: Server
    letter: Letter
    came: list[Signed] = field(default_factory=list)
    withdrawn: set[bytes] = field(default_factory=set)

    def sign(self, device: Device, member: int, name: str) -> None:
        """One signature, by name or hidden."""
        secret, salt = device.secrets, secrets.token_bytes(32)
        shown = {"name": name}
        hidden = commitment(secret.public_key, salt, shown) if name else None
        entry = sign_entry(self.letter, secret.sign_seed, device.token, "named" if name else "hidden", hidden)
        opening = {"opening": {"salt": b64u(salt), "shown": shown}} if name else {}
        agent = self._post("sign", {"entry": canonical.decode(entry), **opening})
        leaf = leaf_hash(entry)
        self.came.append(Signed(member, secret.public_key, leaf, device.token, name, agent, False, None))

    def withdraw(self, devices: list[Device], signed: Signed) -> None:
        """Takes one back."""
        entry = withdraw_entry(self.letter, devices[signed.member].secrets.sign_seed)
        self._post("withdraw", {"entry": canonical.decode(entry)})
        self.withdrawn.add(signed.key)

    def _post(self, kind: str, body: dict[str, object]) -> str:
        agent = secrets.token_hex(12)
        with contextlib.closing(self.server.connect()) as connection:
            path, whole = f"/letters/{self.letter.id}/{kind}", {"v": 1, "type": "post", **body}
            status, answer = post(connection, path, whole, marks(agent))
        assert status == 200, answer
        return agent

    def published(self, more: int) -> None:
        """Waits until so many entries more are in the published log."""
        until(lambda: self.server.size(self.letter.id) >= self._size + more)
        self._size = self.server.size(self.letter.id)

    _size: int = 1


def play(town: Town, folder: Path, *options: str) -> tuple[Seizure, Truth]:
    """The campaign on a copy of the town's folder, up to a kill -9 while some signatures wait."""
    shutil.copytree(town.folder, folder)
    settled = time.time()
    dice = random.Random(2)  # noqa: S311 - who signs when, and by name
    order = dice.sample(range(MEMBERS), BATCHES * BATCH + 1 + WAITING)
    with Server(folder, *options) as server:
        this = Play(server, town.letter)
        for number, member in enumerate(order):
            this.sign(town.devices[member], member, _name() if dice.random() < 0.6 else "")
            if number + 1 in range(BATCH, BATCHES * BATCH + 1, BATCH):
                _between(this, town, folder, last=number + 1 == BATCHES * BATCH)
            if number == BATCHES * BATCH:
                this.withdraw(town.devices, this.came[-1])
                until(lambda: (folder / "fronde.sqlite3-wal").stat().st_size == 0)
        server.kill()
    until_now = time.time()
    signed = _batches(folder, town.letter, this)
    enrolled = [each.enrolled for each in town.devices]
    return seize(folder), Truth(town.day[1].since, until_now, settled, enrolled, signed)


def _between(this: Play, town: Town, folder: Path, *, last: bool) -> None:
    """A batch goes out; readers fetch the proof; some take their signature back."""
    this.published(20)
    this.server.get(f"/letters/{this.letter.id}/letter.zip")
    this.server.get(f"/letters/{this.letter.id}")
    if not last:
        this.withdraw(town.devices, this.came[-5])
        this.withdraw(town.devices, this.came[-9])


def _name() -> str:
    return f"{_word()} {_word()}".title()


def _batches(folder: Path, letter: Letter, this: Play) -> list[Signed]:
    """What came, with the batch in which it went out, as the public files tell."""
    public = folder / "public" / "letters" / letter.id
    read = log.read(
        lambda path: (public / "record" / path).read_bytes(), letter.origin, Key.parse(letter.log_key)
    )
    sizes = [size for _, size in parse_heads((public / "heads.json").read_bytes())]
    batch = {leaf: bisect_right(sizes, index) for index, leaf in enumerate(read.hashes)}
    return [
        replace(each, batch=batch.get(each.leaf), withdrawn=each.key in this.withdrawn) for each in this.came
    ]
