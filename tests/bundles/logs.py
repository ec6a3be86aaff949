# SPDX-License-Identifier: Apache-2.0
"""Logs that are not what was signed, or hold what does not belong there: steps 2 and 3."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from fronde import canonical
from fronde.record import entry
from fronde.record.note import Signer
from fronde.record.tiles import pack, unpack
from tests.simulator import HOST, Record, Workplace, checkpoint, log_files

from .cases import NEWER, Made, Members, bad, flipped, newest, proof, signed, small
from .good import cosigned

STRANGER = Workplace(seed=2, slots=0)
OPEN_SIZE = 7  # letter.open and six signatures


# The instance log, step 2


@bad("instance-other-signer", 2, "bad-note")
def other_signer() -> tuple[Members, str]:
    record = signed()
    note = checkpoint(STRANGER.signer.name, record.place.instance).sign(STRANGER.signer)
    return proof(record) | {"instance/checkpoint": note}, "instance/checkpoint"


@bad("instance-forged-whole", 2, "other-key")
def forged_whole() -> tuple[Members, str]:
    return proof(signed(place=small(seed=2))), "letter.json"


@bad("instance-key-of-another", 2, "other-key")
def key_of_another() -> Made:
    return Made(proof(signed()), "letter.json", key=STRANGER.signer.vkey, policy=None)


@bad("instance-not-in-policy", 2, "log-not-in-policy")
def not_in_policy() -> tuple[Members, str]:
    return proof(signed(place=small(host="elsewhere.example"))), "letter.json"


@bad("instance-other-origin", 2, "other-origin")
def other_origin() -> Made:
    record = small().open(host="elsewhere.example")
    return Made(proof(record), "letter.json", key=record.place.signer.vkey, policy=None)


def _checkpoint_text(change: Callable[[str], str]) -> tuple[Members, str]:
    record = signed()
    body = checkpoint(record.place.signer.name, record.place.instance).body
    note = record.place.signer.sign(change(body))
    return proof(record) | {"instance/checkpoint": note}, "instance/checkpoint"


bad("instance-extension-line", 2, "bad-note")(partial(_checkpoint_text, lambda body: body + "more\n"))
bad("instance-origin-line", 2, "bad-note")(partial(_checkpoint_text, lambda body: "x" + body))
bad("instance-root-spelling", 2, "bad-note")(partial(_checkpoint_text, lambda body: body[:-3] + "B=\n"))


@bad("instance-signature-damaged", 2, "bad-note")
def signature_damaged() -> tuple[Members, str]:
    record = signed()
    note = record.place.checkpoint().decode().splitlines(keepends=True)
    note[-1] = note[-1].replace(note[-1][-12:-4], "AAAAAAAA")
    return proof(record) | {"instance/checkpoint": "".join(note).encode()}, "instance/checkpoint"


@bad("instance-signed-twice", 2, "signed-twice")
def signed_twice() -> tuple[Members, str]:
    record = signed()
    note = record.place.checkpoint()
    return proof(record) | {
        "instance/checkpoint": note + note.splitlines(keepends=True)[-1]
    }, "instance/checkpoint"


@bad("instance-signed-twice-and-a-tile-short", 2, "signed-twice")
def signed_twice_and_tile_short() -> tuple[Members, str]:
    """The lines of a checkpoint are judged before any tile."""
    members, _ = tile_short()
    note = members["instance/checkpoint"]
    twice = note + note.splitlines(keepends=True)[-1]
    return members | {"instance/checkpoint": twice}, "instance/checkpoint"


@bad("instance-entry-changed", 2, "bad-leaf")
def entry_changed() -> tuple[Members, str]:
    return _changed_bundle("instance", len(signed().place.instance), 1), "instance/1"


@bad("instance-tile-changed", 2, "bad-root")
def tile_changed() -> tuple[Members, str]:
    members = proof(signed())
    name = next(name for name in members if name.startswith("instance/tile/0/"))
    return members | {name: flipped(members[name])}, "instance/checkpoint"


@bad("instance-bundle-short", 2, "bad-bundle")
def bundle_short() -> tuple[Members, str]:
    members = proof(signed())
    name = next(name for name in members if name.startswith("instance/tile/entries/"))
    return members | {name: members[name][:-1]}, name


@bad("instance-tile-short", 2, "bad-tile")
def tile_short() -> tuple[Members, str]:
    members = proof(signed())
    name = next(name for name in members if name.startswith("instance/tile/0/"))
    return members | {name: members[name][:-1]}, name


def _changed_bundle(folder: str, size: int, index: int) -> Members:
    """One entry changed, and nothing else."""
    members = proof(signed())
    name = f"{folder}/tile/entries/000.p/{size}"
    entries = unpack(members[name], size)
    entries[index] = flipped(entries[index])
    return members | {name: pack(entries)}


def _instance_entry(data: bytes) -> tuple[Members, str]:
    """A properly signed instance log with this entry at its end."""
    record = signed()
    record.place.instance.append(data)
    return proof(record), newest(record)


def _text(**fields: object) -> bytes:
    return canonical.encode({"v": 1, **fields})


bad("instance-unknown-type", 2, NEWER)(partial(_instance_entry, _text(type="slot.lend", workplace="works")))
bad("instance-letter-type", 2, NEWER)(partial(_instance_entry, _text(type="letter.close", void=True)))
bad("instance-version-2", 2, NEWER)(partial(_instance_entry, b'{"type":"head","v":2}'))
bad("instance-not-ascii", 2, "bad-entry")(
    partial(_instance_entry, '{"script":"é","type":"release","v":1}'.encode())
)
bad("instance-white-space", 2, "not-canonical")(partial(_instance_entry, b'{"type": "head", "v": 1}'))
bad("instance-empty-entry", 2, "not-canonical")(partial(_instance_entry, b""))
bad("instance-unknown-why", 2, "bad-form")(
    partial(_instance_entry, _text(type="slot.end", workplace="works", number=2, why="tired"))
)
bad("instance-short-key", 2, "bad-form")(
    partial(
        _instance_entry,
        _text(type="slot.new", workplace="works", issuer=HOST, season="2026H2", number=4, spki="AAAA"),
    )
)


@bad("quorum-not-met", 2, "no-quorum")
def quorum_not_met() -> Made:
    made = cosigned(signed(), "w2")
    made.entry = "instance/checkpoint"
    return made


@bad("quorum-wrong-cosignature", 2, "bad-note")
def wrong_cosignature() -> Made:
    made, other = cosigned(signed(), "w1", "w2"), cosigned(signed(7), "w3")
    assert isinstance(made.data, dict)
    assert isinstance(other.data, dict)
    line = other.data["instance/checkpoint"].splitlines(keepends=True)[-1]
    made.data["instance/checkpoint"] += line
    made.entry = "instance/checkpoint"
    return made


def compared(record: Record, compare: bytes, entry: str) -> Made:
    """A proof whose reader saw `compare` earlier."""
    return Made(proof(record), entry, compare=compare)


@bad("compare-older", 2, "older")
def older() -> Made:
    record = signed()
    older_proof = proof(record)
    record.head()
    return Made(older_proof, "instance/checkpoint", compare=record.place.checkpoint())


@bad("compare-forked", 2, "log-forked")
def forked() -> Made:
    record = signed()
    other = [*record.place.instance[:-1], entry.release("0.1.0", bytes(32))]
    return compared(record, log_files(record.place.signer, other)["checkpoint"], "instance/checkpoint")


@bad("compare-other-key", 2, "bad-note")
def compare_other_key() -> Made:
    record = signed()
    seen = checkpoint(f"{HOST}/log", record.place.instance).sign(STRANGER.signer)
    return compared(record, seen, "instance/checkpoint")


@bad("compare-other-log", 2, "compare-elsewhere")
def compare_other_log() -> Made:
    return compared(
        signed(), signed(place=small(host="elsewhere.example")).place.checkpoint(), "instance/checkpoint"
    )


@bad("compare-letter-older", 3, "older")
def letter_older() -> Made:
    record = signed()
    older_proof = proof(record)
    record.head()
    seen = log_files(record.signer, [*record.entries, record.closing()])["checkpoint"]
    return Made(older_proof, "log/checkpoint", compare=seen)


@bad("compare-letter-forked", 3, "log-forked")
def letter_forked() -> Made:
    record = signed()
    other = log_files(record.signer, record.entries[:-1][::-1])["checkpoint"]
    return compared(record, other, "log/checkpoint")


# The letter's log, step 3


@bad("record-other-signer", 3, "bad-note")
def record_other_signer() -> tuple[Members, str]:
    record = signed()
    stranger = Signer(record.signer.name, bytes(32))
    return proof(record) | {
        "log/checkpoint": log_files(stranger, record.entries)["checkpoint"]
    }, "log/checkpoint"


def _second_line(signer: Callable[[Record], Signer]) -> tuple[Members, str]:
    record = signed()
    note, other = (log_files(each, record.entries)["checkpoint"] for each in (record.signer, signer(record)))
    return proof(record) | {"log/checkpoint": note + other.splitlines(keepends=True)[-1]}, "log/checkpoint"


bad("record-two-signatures", 3, "signed-twice")(partial(_second_line, lambda record: record.signer))
bad("record-signed-by-another-too", 3, "bad-note")(
    partial(_second_line, lambda record: Signer(record.signer.name, bytes(32)))
)


@bad("record-signed-twice-and-a-tile-short", 3, "signed-twice")
def record_twice_and_tile_short() -> tuple[Members, str]:
    members, place = _second_line(lambda record: record.signer)
    name = f"log/tile/0/000.p/{OPEN_SIZE}"
    return members | {name: members[name][:-1]}, place


@bad("record-key-of-another-name", 3, "other-origin")
def key_of_another_name() -> tuple[Members, str]:
    record = small().open(id="aaaaaaaaaaaaaaaa", logs={
        "letter": Signer(f"{HOST}/letters/bbbbbbbbbbbbbbbb/record", bytes(32)).vkey,
        "instance": small().signer.vkey,
    })  # fmt: skip
    return proof(record), "letter.json"


@bad("record-entry-changed", 3, "bad-leaf")
def record_entry_changed() -> tuple[Members, str]:
    return _changed_bundle("log", OPEN_SIZE, 3), "letter/3"


@bad("record-tile-changed", 3, "bad-root")
def record_tile_changed() -> tuple[Members, str]:
    members = proof(signed())
    name = f"log/tile/0/000.p/{OPEN_SIZE}"
    return members | {name: flipped(members[name], 70)}, "log/checkpoint"


@bad("record-upper-tile-changed", 3, "bad-tile")
def upper_tile_changed() -> tuple[Members, str]:
    members = proof(signed(256))
    return members | {"log/tile/1/000.p/1": flipped(members["log/tile/1/000.p/1"])}, "log/tile/1/000.p/1"


def _without_key(entries: list[bytes]) -> Members:
    """Whoever holds the file, but no key, rebuilds all tiles under the checkpoint as it was signed."""
    record = signed()
    members, note = proof(record), log_files(record.signer, record.entries)["checkpoint"]
    kept = {name: data for name, data in members.items() if not name.startswith("log/")}
    files = log_files(record.signer, entries) | {"checkpoint": note}
    return kept | {f"log/{path}": data for path, data in files.items()}


@bad("record-leaf-removed", 1, "unknown-file")
def leaf_removed() -> tuple[Members, str]:
    return _without_key(signed().entries[:-1]), "log/tile/0/000.p/6"


@bad("record-leaf-added", 1, "file-missing")
def leaf_added() -> tuple[Members, str]:
    entries = signed().entries
    return _without_key([*entries, entries[-1]]), "log/tile/0/000.p/7"


@bad("record-leaf-replaced", 3, "bad-root")
def leaf_replaced() -> tuple[Members, str]:
    entries = signed().entries
    return _without_key([*entries[:-1], entries[1]]), "log/checkpoint"


@bad("record-leaf-reordered", 3, "bad-root")
def leaf_reordered() -> tuple[Members, str]:
    entries = signed().entries
    return _without_key([entries[0], *entries[:0:-1]]), "log/checkpoint"


@bad("record-empty", 3, "not-one-open")
def record_empty() -> tuple[Members, str]:
    record = small().open()
    record.entries.clear()
    return proof(record), "log/checkpoint"


@bad("record-not-opened", 3, "not-one-open")
def not_opened() -> tuple[Members, str]:
    record = signed()
    del record.entries[0]
    return proof(record), "letter/0"


@bad("record-opened-twice", 3, "not-one-open")
def opened_twice() -> tuple[Members, str]:
    record = signed()
    record.add([record.opening()])
    return proof(record), f"letter/{OPEN_SIZE}"


def _letter_entry(change: Callable[[Record], bytes]) -> tuple[Members, str]:
    """A properly signed letter's log with this entry at its end, in a head of its own."""
    record = signed()
    record.add([change(record)])
    return proof(record), f"letter/{OPEN_SIZE}"


def _more(record: Record, **fields: object) -> bytes:
    return canonical.encode(json.loads(record.entries[-1]) | fields)


bad("record-unknown-type", 3, NEWER)(
    partial(_letter_entry, lambda record: _text(type="thanks", letter="A" * 43))
)
bad("record-reserved-type", 3, NEWER)(partial(_letter_entry, lambda record: _text(type="amend")))
bad("record-instance-type", 3, NEWER)(partial(_letter_entry, lambda record: record.place.instance[0]))
bad("record-version-2", 3, NEWER)(partial(_letter_entry, lambda record: _more(record, v=2)))
bad("record-sealed-mode", 3, NEWER)(partial(_letter_entry, lambda record: _more(record, **{"as": "sealed"})))
bad("record-box", 3, NEWER)(partial(_letter_entry, lambda record: _more(record, box="A" * 43)))
bad("record-two-tokens", 3, NEWER)(
    partial(_letter_entry, lambda record: _more(record, tokens=json.loads(record.entries[-1])["tokens"] * 2))
)
bad("record-unknown-field", 3, "bad-form")(partial(_letter_entry, lambda record: _more(record, time=1)))
bad("record-short-key", 3, "bad-form")(partial(_letter_entry, lambda record: _more(record, key="A" * 42)))
bad("record-loose-base64", 3, "bad-form")(
    partial(_letter_entry, lambda record: _more(record, key="A" * 42 + "B"))
)
bad("record-same-field-twice", 3, "not-canonical")(
    partial(_letter_entry, lambda record: record.entries[-1][:-1] + b',"v":1}')
)
bad("record-nan", 3, "not-canonical")(partial(_letter_entry, lambda record: b'{"type":"sign","v":NaN}'))
bad("record-deep", 3, "not-canonical")(partial(_letter_entry, lambda record: b"[" * 30_000 + b"]" * 30_000))
bad("record-not-an-object", 3, "bad-form")(partial(_letter_entry, lambda record: b"[1]"))
bad("record-name-in-clear", 3, "bad-form")(partial(_letter_entry, lambda record: _more(record, name="Ada")))
