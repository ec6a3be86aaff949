# SPDX-License-Identifier: Apache-2.0
"""What a member's client checks before it believes a server, one function a rule.  # spec: 2, 9, 15

Pure: bytes and documents in, a Breach out. The rules of logs, slots and heads are fronde.record's; these are
the ones between them. Names of breaches:

policy              /policy is not a policy with one log line, whose name is <host>/log
other-key           another key than the one that is kept or was given
log-shrunk, log-forked   the log does not begin with the checkpoint that is kept
bad-letter          letter.json is not of its form
other-letter        is not the letter of this address
other-host          is of another host than the instance log
other-instance      names another instance log, or another issuer
bad-rules           breaks a rule of the frozen letter
open-missing        the record does not begin with a letter.open whose receipt key is the host's
other-digest        the record is of another text
other-slot-key      the token is of another key than the letter's slot
enrol-unreadable    the answer to an enrolment is not of its form
enrol-set           does not answer exactly what was asked
enrol-signature     holds a signature that makes no token
receipt-note        a receipt is not signed by the record's receipt key alone
receipt-text        a receipt is for something else
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fronde import canonical, form
from fronde.canonical import unb64u
from fronde.errors import Breach, Refused, Unreadable, Usage
from fronde.letter import Letter
from fronde.proof.policy import Policy
from fronde.record import log, note
from fronde.record.checkpoint import Checkpoint
from fronde.record.entry import parse_letter
from fronde.record.instance import Slot
from fronde.record.note import BadNote, Key
from fronde.record.tree import Hashes
from fronde.tokens import privacypass
from fronde.tokens.blindrsa import PublicKey

ORIGIN = "/log"

_key_id = form.data(32)
_ENROLLED = form.document(
    "enrolled",
    {
        "signatures": form.mapping(_key_id, form.text(1000)),
        "held": form.array(_key_id),
    },
)


def instance_key(policy: bytes) -> Key:
    """The key of the instance log that /policy claims."""
    try:
        logs = Policy.parse(policy).logs
    except Usage as error:
        raise Breach("policy", f"/policy cannot be read: {error.message}") from None
    if len(logs) != 1 or not logs[0].name.endswith(ORIGIN):
        raise Breach("policy", "/policy does not name one instance log")
    return logs[0]


def same_key(claimed: Key, known: Collection[str], where: str) -> None:
    """The claimed key is one of those `known` (vkeys). where: who knows them, for the message."""
    if claimed.vkey not in known:
        raise Breach(
            "other-key",
            f"the server claims the key {claimed.name}+{claimed.id.hex()}, which is not that of {where}",
            hint="Ask colleagues which key they see, by another way than this server.",
        )


def continues(hashes: Hashes, kept: bytes) -> None:
    """The log of these leaf hashes begins with the note that is kept; b"" is the beginning of all.

    The note was verified when it was kept, and is not again: its key may be what is lied about.
    """
    if kept:
        log.begins_with(hashes, Checkpoint.parse(note.parse(kept).text))


def frozen_letter(data: bytes, *, letter_id: str, key: Key) -> Letter:
    """The letter of letter.json's bytes: of this address and of the instance whose log has this key."""
    try:
        letter = Letter.parse(data)
    except Unreadable as error:
        raise _form("bad-letter", error, "letter.json") from None
    if letter.id != letter_id:
        raise Breach("other-letter", f"the letter is {letter.id!r}, the address says {letter_id!r}")
    if letter.host != key.name.removesuffix(ORIGIN):
        raise Breach("other-host", f"the letter is of {letter.host!r}, not of {key.name!r}")
    issuers = letter.document["workplaces"][0]["issuers"]
    if letter.instance_key != key.vkey or issuers != [{"name": letter.host, "vkey": key.vkey}]:
        raise Breach("other-instance", "the letter names another instance log or issuer")
    try:
        letter.check_rules()
    except Refused as error:
        raise Breach("bad-rules", f"the letter breaks a rule: {error.message}") from None
    return letter


def opened(entry: bytes, letter: Letter) -> dict[str, Any]:
    """The letter.open in the first entry of a record, which is of this letter."""
    try:
        found = parse_letter(entry)
    except Unreadable as error:
        raise _form("open-missing", error, "the first entry of the record") from None
    if found["type"] != "letter.open":
        raise Breach("open-missing", "the record does not begin with a letter.open")
    if Key.parse(found["receipt_key"]).name != f"{letter.host}/receipts":
        raise Breach("open-missing", "the receipt key is not named by the letter's host")
    if unb64u(found["letter"]) != letter.digest:
        raise Breach("other-digest", "the record is of another text than letter.json")
    return found


def slot_token(token: bytes, slot: Slot, *, host: str, public_key: bytes) -> None:
    """The token (354 bytes) is one of this slot's key for this Ed25519 key of 32 bytes."""
    key = PublicKey.from_spki(slot.spki)
    expected = privacypass.slot_input(host, slot.workplace, slot.number, public_key, key.key_id)
    try:
        privacypass.check_token(token, expected, key)
    except Refused as error:
        raise Breach(
            "other-slot-key", f"the token that is kept is not of the letter's slot: {error.message}"
        ) from None


def enrolled(answer: bytes, asked: Collection[str]) -> dict[str, bytes]:
    """The blind signatures (256 bytes) by key id, of an answer that covers exactly what was asked."""
    try:
        document = canonical.decode(answer)
        _ENROLLED(document, "")
        signatures = {key_id: unb64u(text) for key_id, text in document["signatures"].items()}
    except Unreadable as error:
        raise _form("enrol-unreadable", error, "the answer") from None
    held = document["held"]
    if held != sorted(set(held)) or set(held) & set(signatures) or set(held) | set(signatures) != set(asked):
        raise Breach("enrol-set", "the answer does not cover exactly the slots that were asked")
    for signature in signatures.values():
        if len(signature) != 256:
            raise Breach("enrol-signature", f"a blind signature of {len(signature)} bytes")
    return signatures


def receipt(data: bytes, *, key: Key, text: str) -> None:
    """The receipt is one signature of `key` over exactly this text."""
    try:
        found = note.open_note(data, key, exactly_one=True)
    except BadNote as error:
        raise Breach("receipt-note", f"the receipt is not one: {error.message}") from None
    if found != text:
        raise Breach("receipt-text", "the receipt is for something else than what was sent")


def _form(name: str, error: Unreadable, what: str) -> Exception:
    """A form that is not kept is a breach; a newer one is not."""
    return error if error.name == "newer" else Breach(name, f"{what}: {error.message}")
