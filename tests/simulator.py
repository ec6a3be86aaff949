# SPDX-License-Identifier: Apache-2.0
"""A workplace in memory: an instance with its log, slots, members, letters, proofs; real cryptography.

Everything is honest unless a test breaks it, and everything is a plain list or dict that a test may break:
`Workplace.instance` (entries of the instance log), `Record.entries`, `Record.heads`, `Record.openings`, the
signers, and the dicts that `Record.members` and `Workplace.files` return. The same seed gives the same bytes.

    place = Workplace()
    record = place.open()
    for member in place.people(7):
        record.sign(member, name="Ada")
    record.publish()
    proof, policy = record.proof(), place.policy()
"""

from __future__ import annotations

import datetime
import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fronde import canonical, form
from fronde.canonical import b64u
from fronde.letter import Letter
from fronde.proof import bundle
from fronde.record import entry
from fronde.record.checkpoint import Checkpoint
from fronde.record.instance import Instance
from fronde.record.note import Signer
from fronde.record.tiles import Edge
from fronde.record.tree import leaf_hash
from fronde.signature import commitment, publish_by, receipt_text, sign_entry, withdraw_entry
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.secrets import SlotSecrets
from tests.citations import named
from tests.issuers import Issuer, issuers

Evidence = Mapping[str, bytes]
HOST = "letters.example"
SEASON = 24
OPENS = datetime.datetime(2026, 9, 1, 8, tzinfo=datetime.UTC)


@dataclass(eq=False)
class Member:
    """Somebody who was verified: a seed of 16 bytes, from which all their secrets follow."""

    seed: bytes


@dataclass
class Workplace:
    """An instance with one workplace (more by `season(workplace=...)`)."""

    seed: int = 1
    host: str = HOST
    slug: str = "works"
    name: str = "Example Works"
    headcount: int | None = None
    slots: int = SEASON
    instance: list[bytes] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    issuers: dict[bytes, Issuer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"fronde {self.seed} {self.host}")  # noqa: S311 - the same at every run
        self.signer = Signer(f"{self.host}/log", self.random(32))
        self.receipts = Signer(f"{self.host}/receipts", self.random(32))
        self.season(count=self.slots)

    def random(self, count: int) -> bytes:
        """Bytes that are the same at every run."""
        return self.rng.randbytes(count)

    def state(self) -> Instance:
        """The instance log replayed."""
        return Instance.replay(self.host, self.instance)

    def season(self, season: str = "2026H2", *, workplace: str = "", count: int = SEASON) -> None:
        """Adds a season's slots to a workplace."""
        slug = workplace or self.slug
        first = self.state().last_number(slug) + 1
        for number in range(first, first + count):
            issuer = issuers()[len(self.issuers)]
            self.issuers[issuer.public.key_id] = issuer
            self.instance.append(entry.slot_new(slug, self.host, season, number, issuer.public.spki))

    def people(self, count: int) -> list[Member]:
        """So many new members."""
        return [Member(self.random(16)) for _ in range(count)]

    def issue(self, blinded: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """Blind signatures by key id, for blinded values by key id."""
        return {key_id: self.issuers[key_id].sign(value) for key_id, value in blinded.items()}

    def secrets(self, member: Member, workplace: str, number: int) -> SlotSecrets:
        """A member's secrets for a slot."""
        slot = self.state().slots[workplace, number]
        return SlotSecrets(member.seed, self.host, workplace, number, PublicKey.from_spki(slot.spki))

    def token(self, secrets: SlotSecrets) -> bytes:
        """The token of 354 bytes that the instance gives for these secrets."""
        key_id = secrets.key.key_id
        return secrets.token(self.issue({key_id: secrets.blinded})[key_id])

    def document(self, number: int, workplace: str = "", **changes: Any) -> dict[str, Any]:
        """A letter's document; `changes` replace its fields, and rules those of the rules."""
        log_key = changes.pop("log_key")
        rules = {
            "modes": ["named", "hidden"],
            "opens": form.format_time(OPENS),
            "closes": form.format_time(OPENS + datetime.timedelta(days=90)),
            "withdraw_until": form.format_time(OPENS + datetime.timedelta(days=120)),
            "floor": 5,
            "batch": {"min": 5, "minutes": 0, "tokens": 5},
        } | changes.pop("rules", {})
        place: dict[str, Any] = {
            "id": workplace or self.slug,
            "name": self.name,
            "slot": number,
            "issuers": [{"name": self.host, "vkey": self.signer.vkey}],
        }
        if self.headcount is not None:
            place["headcount"] = {"n": self.headcount, "source": "Annual report 2025, page 12"}
        return {
            "v": 1,
            "type": "letter",
            "id": changes["id"],
            "host": self.host,
            "title": "Tell us what our work is used for",
            "to": [{"name": "The board", "office": "Example Works"}],
            "lang": "en",
            "body": "We build things.\n\nWe ask to be told what they are used for.\n",
            "demands": [{"id": "list", "ask": "Publish the contracts.", "measure": "A public list."}],
            "facets": [],
            "citations": [],
            "translations": [],
            "rules": rules,
            "workplaces": [place],
            "logs": {"letter": log_key, "instance": self.signer.vkey},
            "witnesses": [],
            "authors": [],
        } | changes

    def open(
        self, *, workplace: str = "", issued: int = 20, evidence: Evidence | None = None, **changes: Any
    ) -> Record:
        """Binds the lowest free slot to a new letter and opens its record; `changes` as in `document`."""
        slug = workplace or self.slug
        letter_id = changes.pop("id", "") or "".join(
            self.rng.choices("abcdefghijklmnopqrstuvwxyz234567", k=16)
        )
        signer = Signer(f"{self.host}/letters/{letter_id}/record", self.random(32))
        slot = self.state().lowest_unbound(slug)
        assert slot is not None
        number = changes.pop("slot", slot.number)
        evidence = evidence or {}
        changes = {"citations": named(evidence)} | changes
        letter = Letter.make(self.document(number, slug, id=letter_id, log_key=signer.vkey, **changes))
        record = Record(self, letter, signer, nonce=self.random(32), bind=len(self.instance), issued=issued)
        record.evidence |= evidence
        self.instance.append(entry.slot_bind(slug, number, entry.bind_hash(record.nonce, letter.digest)))
        record.add([record.opening()])
        self.records[letter.id] = record
        return record

    def checkpoint(self) -> bytes:
        """The signed checkpoint of the instance log."""
        return log_files(self.signer, self.instance)["checkpoint"]

    def policy(self) -> str:
        """The policy of a reader who trusts this instance."""
        return f"log {self.signer.vkey}\nquorum none\n"

    def files(self) -> dict[str, bytes]:
        """Everything that can be fetched, by path."""
        found = {f"/log/{path}": data for path, data in log_files(self.signer, self.instance).items()}
        found["/policy"] = self.policy().encode()
        for slug in self.state().workplaces():
            found[f"/w/{slug}.json"] = canonical.encode(
                {
                    "v": 1,
                    "type": "workplace",
                    "id": slug,
                    "name": self.name,
                    "rule": {"domains": ["works.example"], "shape": "first.last"},
                }
            )
        for record in self.records.values():
            found |= record.files()
        return found


@dataclass
class Record:
    """A letter with its log. `issued` is the number of tokens that are said to be out."""

    place: Workplace
    letter: Letter
    signer: Signer
    nonce: bytes
    bind: int
    issued: int
    entries: list[bytes] = field(default_factory=list)
    heads: list[tuple[bytes, int]] = field(default_factory=list)
    openings: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    waiting: list[bytes] = field(default_factory=list)
    closed: bool = False
    evidence: dict[str, bytes] = field(default_factory=dict)

    def opening(self, **changes: Any) -> bytes:
        """The letter.open of this record; `changes` replace its arguments."""
        fields = {
            "bind": self.bind,
            "nonce": self.nonce,
            "receipt_key": self.place.receipts.vkey,
            "workplace": self.letter.workplace,
            "issuer": self.place.host,
            "issued": self.issued,
        } | changes
        digest = fields.pop("digest", self.letter.digest)
        return entry.letter_open(digest, **fields)

    def add(self, entries: Iterable[bytes]) -> None:
        """Appends entries as they are, and a head."""
        self.entries.extend(entries)
        self.head()

    def head(self, size: int | None = None) -> None:
        """Puts a head into the instance log, of the first `size` entries (all of them)."""
        size = len(self.entries) if size is None else size
        nonce = self.place.random(32)
        hidden = entry.head_hash(nonce, checkpoint(self.signer.name, self.entries[:size]).body)
        self.place.instance.append(entry.head(self.bind, hidden))
        self.heads.append((nonce, size))

    def sign(self, member: Member, *, name: str = "", note: str = "", number: int = 0) -> bytes:
        """A signature that waits for the next batch; hidden without a name."""
        secrets = self.place.secrets(member, self.letter.workplace, number or self.letter.slot)
        token = self.place.token(secrets)
        if not name:
            made = sign_entry(self.letter, secrets.sign_seed, token, "hidden")
        else:
            shown, salt = {"name": name} | ({"note": note} if note else {}), self.place.random(32)
            hidden = commitment(secrets.public_key, salt, shown)
            made = sign_entry(self.letter, secrets.sign_seed, token, "named", hidden)
            self.openings[leaf_hash(made)] = {"salt": b64u(salt), "shown": shown}
        self.waiting.append(made)
        return made

    def withdraw(self, member: Member) -> bytes:
        """A withdrawal that waits for the next batch; its opening is forgotten at once."""
        secrets = self.place.secrets(member, self.letter.workplace, self.letter.slot)
        made = withdraw_entry(self.letter, secrets.sign_seed)
        key = b64u(secrets.public_key)
        for signed in [*self.entries, *self.waiting]:
            if canonical.decode(signed).get("key") == key:
                self.openings.pop(leaf_hash(signed), None)
        self.waiting.append(made)
        return made

    def batch(self) -> list[bytes]:
        """What waits, in the order of a batch."""
        waiting, self.waiting = self.waiting, []
        return sorted(waiting, key=lambda made: (canonical.decode(made)["type"], leaf_hash(made)))

    def publish(self) -> None:
        """Publishes what waits as one batch."""
        self.add(self.batch())

    def closing(self, **changes: Any) -> bytes:
        """The letter.close after what stands in the record now; `changes` replace its arguments."""
        types = [canonical.decode(each)["type"] for each in self.entries]
        fields = {
            "signatures": types.count("sign"),
            "withdrawn": types.count("withdraw"),
            "void": not types.count("sign"),
            "workplace": self.letter.workplace,
            "issuer": self.place.host,
            "issued": self.issued,
        } | changes
        return entry.letter_close(**fields)

    def close(self, **changes: Any) -> None:
        """Publishes what waits and closes, in one batch."""
        self.entries.extend(self.batch())
        self.add([self.closing(**changes)])
        self.closed = True

    def end(self) -> None:
        """The slot ends with the letter."""
        self.place.instance.append(entry.slot_end(self.letter.workplace, self.letter.slot, "closed"))

    def receipt(self, made: bytes) -> bytes:
        """The receipt of a sign or a withdraw entry."""
        until = publish_by(self.letter, canonical.decode(made)["type"])
        return self.place.receipts.sign(receipt_text(self.letter.origin, leaf_hash(made), until))

    def log(self) -> dict[str, bytes]:
        """The files of this letter's log."""
        return log_files(self.signer, self.entries)

    def heads_file(self) -> bytes:
        """heads.json."""
        return entry.heads_file(self.heads)

    def openings_file(self) -> bytes:
        """openings.json."""
        openings = {b64u(leaf): opening for leaf, opening in self.openings.items()}
        return canonical.encode({"v": 1, "type": "openings", "openings": openings})

    def members(self) -> dict[str, bytes]:
        """The members of the proof, by name."""
        found = {
            "README.txt": bundle.README,
            "letter.json": self.letter.data,
            "heads.json": self.heads_file(),
            "openings.json": self.openings_file(),
        }
        found |= {f"evidence/{name}.json": data for name, data in self.evidence.items()}
        found |= {f"log/{path}": data for path, data in self.log().items()}
        instance = log_files(self.place.signer, self.place.instance)
        return found | {f"instance/{path}": data for path, data in instance.items()}

    def proof(self) -> bytes:
        """The bytes of letter.zip."""
        return zipped(self.members())

    def counts(self) -> dict[str, int]:
        """Counts as in a report."""
        signs = [canonical.decode(each) for each in self.entries[1:]]
        gone = {each["key"] for each in signs if each["type"] == "withdraw"}
        signed = [each for each in signs if each["type"] == "sign"]
        left = [each for each in signed if each["key"] not in gone]
        named = sum(each["as"] == "named" for each in left)
        shown = len(self.openings)
        return {
            "signatures": len(signed),
            "withdrawn": len(gone),
            "shown": shown,
            "not_shown": named - shown,
            "hidden": len(left) - named,
        }

    def page(self) -> bytes:
        """The JSON twin of the letter's page."""
        rules = self.letter.document["rules"]
        place = self.letter.document["workplaces"][0]
        document = {
            "v": 1,
            "type": "letter.page",
            "id": self.letter.id,
            "letter": b64u(self.letter.digest),
            "size": len(self.entries),
            "counts": self.counts(),
            "issued": self.issued,
            "opens": rules["opens"],
            "closes": rules["closes"],
            "withdraw_until": rules["withdraw_until"],
            "closed": self.closed,
            "as_of": form.format_time(OPENS + datetime.timedelta(hours=1)),
        }
        if "headcount" in place:
            document["headcount"] = place["headcount"]["n"]
        return canonical.encode(document)

    def files(self) -> dict[str, bytes]:
        """Everything of this letter that can be fetched, by path."""
        base = f"/letters/{self.letter.id}"
        found = {
            f"{base}.json": self.page(),
            f"{base}/letter.json": self.letter.data,
            f"{base}/heads.json": self.heads_file(),
        }
        return found | {f"{base}/record/{path}": data for path, data in self.log().items()}


def checkpoint(origin: str, entries: Iterable[bytes]) -> Checkpoint:
    """The checkpoint of these entries."""
    edge = Edge()
    edge.append(entries)
    return Checkpoint(origin, edge.size, edge.root())


def log_files(signer: Signer, entries: Iterable[bytes]) -> dict[str, bytes]:
    """The files of a log of these entries: checkpoint, tiles, bundles."""
    edge = Edge()
    edge.append(entries)
    head = Checkpoint(signer.name, edge.size, edge.root())
    return {"checkpoint": head.sign(signer), **dict(edge.changed())}


def zipped(members: Mapping[str, bytes]) -> bytes:
    """The bytes of a proof with these members."""
    file = io.BytesIO()
    bundle.write(file, members.items())
    return file.getvalue()
