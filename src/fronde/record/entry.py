# SPDX-License-Identifier: Apache-2.0
"""What stands in a log: the forms of entries, their builders, and the hashes that hide.  # spec: 7, 14

An entry is canonical JSON in ASCII, at most 65,535 bytes, of version 1 and of a type of its log:

instance   slot.new   slot.bind   slot.end   head   release
letter     letter.open   sign   withdraw   letter.close

Any other type (also one of the other log, also a reserved one) was made by a newer fronde. A `why` that is
none of the three is an error. Whether a named sign has its commitment is a rule of the letter, not of the
form.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.errors import Newer, Unreadable
from fronde.form import (
    BadForm,
    Check,
    array,
    boolean,
    data,
    document,
    fields_of,
    host,
    integer,
    one_of,
    pattern,
    slug,
    text,
    whole,
)

from .note import vkey

LIMIT = 65_535
SPKI = 342
TOKEN = 354
MODES = ("named", "hidden")
ENDS = ("season", "closed", "burned")

_season = pattern(re.compile(r"[0-9]{4}H[12]"), "a season such as 2026H2")
_d = data(32)
_issued = array(fields_of({"workplace": slug, "issuer": host, "n": integer(0)}), fixed=1)

INSTANCE: Mapping[str, Check] = {
    "slot.new": document(
        "slot.new",
        {"workplace": slug, "issuer": host, "season": _season, "number": integer(1), "spki": data(SPKI)},
    ),
    "slot.bind": document("slot.bind", {"workplace": slug, "number": integer(1), "hash": _d}),
    "slot.end": document("slot.end", {"workplace": slug, "number": integer(1), "why": one_of(ENDS)}),
    "head": document("head", {"bind": integer(0), "hash": _d}),
    "release": document("release", {"version": text(40), "script": _d}),
}

LETTER: Mapping[str, Check] = {
    "letter.open": document(
        "letter.open",
        {
            "letter": _d,
            "slots": array(fields_of({"bind": integer(0), "nonce": _d}), fixed=1),
            "receipt_key": vkey,
            "issued": _issued,
        },
    ),
    "sign": document(
        "sign",
        {
            "letter": _d,
            "key": _d,
            "tokens": array(data(TOKEN), fixed=1),
            "as": one_of(MODES, newer=True),
            "sig": data(64),
        },
        optional={"commitment": _d},
        reserved=("box",),
    ),
    "withdraw": document("withdraw", {"letter": _d, "key": _d, "sig": data(64)}),
    "letter.close": document(
        "letter.close",
        {"signatures": integer(0), "withdrawn": integer(0), "issued": _issued, "void": boolean},
    ),
}

HEADS = document("heads", {"heads": array(fields_of({"nonce": _d, "size": integer(0)}), most=1_000_000)})


class BadEntry(Unreadable):
    """An entry that is too long or not ASCII."""

    name = "bad-entry"


def parse_instance(entry: bytes) -> dict[str, Any]:
    """The document of an entry of the instance log. Raises Unreadable; Newer for what is not known."""
    return _parse(entry, INSTANCE)


def parse_letter(entry: bytes) -> dict[str, Any]:
    """The document of an entry of a letter's log. Raises Unreadable; Newer for what is not known."""
    return _parse(entry, LETTER)


def _parse(entry: bytes, known: Mapping[str, Check]) -> dict[str, Any]:
    if len(entry) > LIMIT:
        raise BadEntry(f"an entry of {len(entry)} bytes, at most {LIMIT}")
    if not entry.isascii():
        raise BadEntry("an entry that is not ASCII")
    value = canonical.decode(entry)
    whole(value, "")
    check = known.get(value["type"])
    if check is None:
        raise Newer(f"an entry of type {value['type'][:40]!r}")
    check(value, "")
    return dict(value)


def parse_heads(content: bytes) -> list[tuple[bytes, int]]:
    """heads.json: nonce (32 bytes) and size of every head of a letter, in the order of the instance log."""
    value = canonical.decode(content)
    HEADS(value, "")
    return [(unb64u(each["nonce"]), each["size"]) for each in value["heads"]]


def heads_file(heads: Iterable[tuple[bytes, int]]) -> bytes:
    """heads.json of these nonces and sizes."""
    listed = [{"nonce": b64u(nonce), "size": size} for nonce, size in heads]
    return canonical.encode({"v": 1, "type": "heads", "heads": listed})


def _build(known: Mapping[str, Check], kind: str, fields: Mapping[str, Any]) -> bytes:
    """Every builder's end: what is written has passed the check that readers make."""
    entry = canonical.encode({"v": 1, "type": kind, **fields})
    _parse(entry, known)
    return entry


def slot_new(workplace: str, issuer: str, season: str, number: int, spki: bytes) -> bytes:
    """A new slot: `season` like 2026H2, `spki` 342 bytes."""
    slot = {"workplace": workplace, "number": number, "season": season, "issuer": issuer, "spki": b64u(spki)}
    return _build(INSTANCE, "slot.new", slot)


def slot_bind(workplace: str, number: int, hash: bytes) -> bytes:
    """A slot bound to a purpose; `hash` is a `bind_hash`."""
    return _build(INSTANCE, "slot.bind", {"workplace": workplace, "number": number, "hash": b64u(hash)})


def slot_end(workplace: str, number: int, why: str) -> bytes:
    """The end of a slot: "season", "closed" or "burned"."""
    return _build(INSTANCE, "slot.end", {"workplace": workplace, "number": number, "why": why})


def head(bind: int, hash: bytes) -> bytes:
    """A letter's log has grown: index of its slot.bind, and a `head_hash`."""
    return _build(INSTANCE, "head", {"bind": bind, "hash": b64u(hash)})


def release(version: str, script: bytes) -> bytes:
    """The browser scripts changed: the version, and the hash of the list of their hashes."""
    return _build(INSTANCE, "release", {"version": version, "script": b64u(script)})


def letter_open(
    digest: bytes, *, bind: int, nonce: bytes, receipt_key: str, workplace: str, issuer: str, issued: int
) -> bytes:
    """The first entry of a letter's log; `nonce` opens the slot.bind at index `bind` of the instance log."""
    fields = {
        "letter": b64u(digest),
        "slots": [{"bind": bind, "nonce": b64u(nonce)}],
        "receipt_key": receipt_key,
        "issued": _issue(workplace, issuer, issued),
    }
    return _build(LETTER, "letter.open", fields)


def letter_close(
    *, signatures: int, withdrawn: int, void: bool, workplace: str, issuer: str, issued: int
) -> bytes:
    """The end of signing: the counts of the entries before it."""
    counts = {"signatures": signatures, "withdrawn": withdrawn, "void": void}
    return _build(LETTER, "letter.close", {**counts, "issued": _issue(workplace, issuer, issued)})


def _issue(workplace: str, issuer: str, n: int) -> list[dict[str, Any]]:
    return [{"workplace": workplace, "issuer": issuer, "n": n}]


def bind_hash(nonce: bytes, digest: bytes, kind: str = "letter") -> bytes:
    """What a slot.bind shows of its purpose: H(nonce || canonical({digest, kind}))."""
    return _hide(nonce, canonical.encode({"digest": b64u(digest), "kind": kind}))


def head_hash(nonce: bytes, body: str) -> bytes:
    """What a head shows of a checkpoint: H(nonce || its three lines)."""
    return _hide(nonce, body.encode())


def _hide(nonce: bytes, hidden: bytes) -> bytes:
    if len(nonce) != 32:
        raise BadForm("a nonce that is not of 32 bytes")
    return hashlib.sha256(nonce + hidden).digest()
