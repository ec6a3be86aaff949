# SPDX-License-Identifier: Apache-2.0
"""What a case of `tests/bundles` is, and what the honest ones and the broken ones are built of.

A case is a function that returns the proof (a dict of members, or raw bytes) and the entry that the verifier
must name, or a whole `Made`. Its decorator says how it ends. Small on purpose: three slots, six signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.record.tree import leaf_hash
from fronde.tokens import ed25519
from fronde.tokens.blindrsa import PublicKey, emsa_pss_encode
from fronde.tokens.privacypass import slot_input
from tests.simulator import Member, Record, Workplace, zipped

Members = dict[str, bytes]

NEWER = "newer"


@dataclass
class Made:
    """A proof, the entry to name, and what its reader brings along: text of a key, a policy, a checkpoint."""

    data: Members | bytes
    entry: str = ""
    key: str = ""
    policy: str | None = field(default_factory=lambda: Workplace(slots=0).policy())
    compare: bytes = b""

    @property
    def proof(self) -> bytes:
        return self.data if isinstance(self.data, bytes) else zipped(self.data)


@dataclass(frozen=True)
class Case:
    """How a bundle ends: exit code, the step that fails (0: none), the slug of its error."""

    name: str
    exit: int
    step: int
    slug: str
    make: Callable[[], Made | tuple[Members | bytes, str]]

    def made(self) -> Made:
        """The bundle itself, built anew."""
        made = self.make()
        return made if isinstance(made, Made) else Made(*made)


CASES: dict[str, Case] = {}

Maker = Callable[[], Made | tuple[Members | bytes, str]]


def _case(name: str, exit: int, step: int, slug: str) -> Callable[[Maker], Maker]:
    def keep(make: Maker) -> Maker:
        assert name not in CASES
        CASES[name] = Case(name, exit, step, slug, make)
        return make

    return keep


def good(name: str, exit: int = 0) -> Callable[[Maker], Maker]:
    """A proof that every step passes; exit 3 where its reader brings nothing along."""
    return _case(name, exit, 0, "")


def bad(name: str, step: int, slug: str) -> Callable[[Maker], Maker]:
    """A proof that fails at `step`: exit 2 where it cannot be read, else 1."""
    return _case(name, 2 if step == 1 or slug == NEWER else 1, step, slug)


def small(**changes: Any) -> Workplace:
    """The workplace of nearly every case: three slots."""
    return Workplace(**{"slots": 3} | changes)


def signed(count: int = 6, *, place: Workplace | None = None, **changes: Any) -> Record:
    """A letter with `count` published signatures, every other one by name; `changes`: `Workplace.open`."""
    record = (place or small()).open(**changes)
    fill(record, count)
    record.publish()
    return record


def fill(record: Record, count: int) -> list[Member]:
    """So many signatures that wait."""
    people = record.place.people(count)
    for number, member in enumerate(people):
        record.sign(member, name=f"Ada Byron {number}" if number % 2 == 0 else "")
    return people


def sorted_batch(entries: Iterable[bytes]) -> list[bytes]:
    """Entries in the order of a batch."""
    return sorted(entries, key=lambda made: (canonical.decode(made)["type"], leaf_hash(made)))


def publish(record: Record, *entries: bytes) -> None:
    """Publishes these entries with what waits, in one honest-looking batch."""
    record.add(sorted_batch([*record.batch(), *entries]))


def placed(record: Record, entry: bytes) -> str:
    """Where an entry stands in the letter's log."""
    return f"letter/{record.entries.index(entry)}"


def newest(record: Record) -> str:
    """Where the newest entry of the instance log stands."""
    return f"instance/{len(record.place.instance) - 1}"


def proof(record: Record, **changes: bytes) -> Members:
    """The members of a proof, some replaced: letter, heads, openings."""
    return record.members() | {f"{name}.json": data for name, data in changes.items()}


def resigned(document: dict[str, Any], seed: bytes) -> bytes:
    """The entry of this document with a new, valid `sig`."""
    unsigned = {name: value for name, value in document.items() if name != "sig"}
    statement = f"fronde/{document['type']}/1\n".encode() + canonical.encode(unsigned)
    return canonical.encode(unsigned | {"sig": b64u(ed25519.sign(seed, statement))})


def forged(
    record: Record, member: Member, *, sig: bytes | None = None, named: bool = False, **changes: Any
) -> bytes:
    """A sign entry with fields replaced (None: left out), signed by its member unless `sig` is given."""
    made = record.sign(member, name="Ada Byron" if named else "")
    record.waiting.remove(made)
    record.openings.pop(leaf_hash(made), None)
    document = {
        name: value for name, value in (canonical.decode(made) | changes).items() if value is not None
    }
    if sig is not None:
        return canonical.encode(document | {"sig": b64u(sig)})
    secrets = record.place.secrets(member, record.letter.workplace, record.letter.slot)
    return resigned(document, secrets.sign_seed)


def token_for(record: Record, key: bytes) -> str:
    """The token that the instance would give for any 32 bytes as Ed25519 key: b64u."""
    slot = record.place.state().slots[record.letter.workplace, record.letter.slot]
    issuer = PublicKey.from_spki(slot.spki)
    given = slot_input(record.place.host, slot.workplace, slot.number, key, issuer.key_id)
    encoded = emsa_pss_encode(given, bytes(48), 2047).to_bytes(256)
    return b64u(given + record.place.issue({issuer.key_id: encoded})[issuer.key_id])


def of_key(record: Record, key: bytes, sig: bytes) -> bytes:
    """A hidden sign entry of any 32 bytes as Ed25519 key."""
    member = record.place.people(1)[0]
    return forged(record, member, sig=sig, key=b64u(key), tokens=[token_for(record, key)])


def sig_of(entry: bytes) -> bytes:
    """The 64 bytes of an entry's signature."""
    return unb64u(canonical.decode(entry)["sig"])


def flipped(data: bytes, at: int = -1) -> bytes:
    """One bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)
