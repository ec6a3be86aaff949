# SPDX-License-Identifier: Apache-2.0
"""Text signed by a key: c2sp.org/signed-note, Ed25519.  # spec: 7

  If you think cryptography is the answer to your problem,
  then you don't know what your problem is.

  — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

Its key: `PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW`. A line's base64 is the key's id
(4 bytes) and a signature over the text with its last line break.

Read strictly: base64 is decoded, encoded and compared; at most 100 lines and 256 KiB; when a known key has
signed more than once, each of its lines must verify.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, NamedTuple

from fronde.errors import Newer, Refused, Unreadable
from fronde.form import BadForm
from fronde.tokens import ed25519

ED25519 = 1
COSIGNATURE = 4
LINES = 100
LIMIT = 256 * 1024

_NAME = re.compile(r"[^\s+\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_LINE = re.compile(r"— (\S+) (\S+)")


class BadNote(Refused):
    """A note that is not one, or that the key did not sign."""

    name = "bad-note"


class BadKey(Unreadable):
    """Not the string of a verifier key."""

    name = "bad-vkey"


class Key(NamedTuple):
    """A verifier key: its name, 4 bytes of id, signature type (1, or 4: cosignatures), 32 bytes."""

    name: str
    id: bytes
    type: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Key:
        """The key of a C2SP string. Raises BadKey; Newer for a type of signature that is not Ed25519's."""
        match = _VKEY.fullmatch(vkey)
        if not match or not _NAME.fullmatch(match[1]):
            raise BadKey("not a key of the form name+id+base64")
        data = _base64(match[3])
        if not data:
            raise BadKey("a key that is not base64")
        if data[0] not in (ED25519, COSIGNATURE):
            raise Newer(f"a key of type {data[0]}")
        key = cls(match[1], bytes.fromhex(match[2]), data[0], data[1:])
        if len(key.public) != 32 or key.id != key_id(key.name, key.type, key.public):
            raise BadKey("a key whose id is not that of its name and bytes")
        return key

    @classmethod
    def of(cls, name: str, public: bytes, type: int = ED25519) -> Key:
        """The key of a name (no space, no +) and 32 bytes."""
        if not _NAME.fullmatch(name):
            raise BadKey("a key's name is not empty and has neither spaces nor +")
        return cls(name, key_id(name, type, public), type, public)

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"


class Signature(NamedTuple):
    """One signature line: the key's name, 4 bytes of id, the bytes after them."""

    name: str
    id: bytes
    data: bytes


class Note(NamedTuple):
    """A note taken apart; nothing is verified yet."""

    text: str
    signatures: tuple[Signature, ...]


class Signer:
    """Signs notes under a name with an Ed25519 seed of 32 bytes."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self.key = Key.of(name, ed25519.public_key(seed))

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def vkey(self) -> str:
        return self.key.vkey

    def sign(self, text: str) -> bytes:
        """A note of `text` (which ends with a line break) with one signature line."""
        if not text.endswith("\n"):
            raise ValueError("the text of a note ends with a line break")
        signature = ed25519.sign(self._seed, text.encode())
        return f"{text}\n{line(self.key, signature)}".encode()


def key_id(name: str, type: int, public: bytes) -> bytes:
    """The 4 bytes that stand for a key in its signature lines."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([type]) + public).digest()[:4]


def line(key: Key, data: bytes) -> str:
    """The signature line of `key` with these bytes, and its line break."""
    return f"— {key.name} {base64.b64encode(key.id + data).decode()}\n"


def parse(data: bytes) -> Note:
    """Takes a note apart. Raises BadNote; verifies nothing."""
    if len(data) > LIMIT:
        raise BadNote(f"a note of more than {LIMIT} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise BadNote("a note that is not UTF-8") from None
    if re.search(r"[\x00-\x09\x0b-\x1f]", whole):
        raise BadNote("a control character in a note")
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise BadNote("a note without signature lines")
    signed = lines[:-1].split("\n")
    if len(signed) > LINES:
        raise BadNote(f"more than {LINES} signature lines")
    return Note(text + "\n", tuple(_signature(each) for each in signed))


def _signature(text: str) -> Signature:
    match = _LINE.fullmatch(text)
    data = match and _base64(match[2])
    if not match or not data or len(data) < 5 or not _NAME.fullmatch(match[1]):
        raise BadNote("a line that is no signature line")
    return Signature(match[1], data[:4], data[4:])


def open_note(data: bytes, key: Key, *, exactly_one: bool = False) -> str:
    """The text of a note that `key` signed. Raises BadNote.

    Lines of other keys are ignored; with `exactly_one` there may be no other line at all.
    """
    note = parse(data)
    if exactly_one and len(note.signatures) != 1:
        raise BadNote(f"{len(note.signatures)} signature lines where one belongs")
    own = [each for each in note.signatures if (each.name, each.id) == (key.name, key.id)]
    if key.type != ED25519 or not own:
        raise BadNote(f"not signed by the key {key.name}+{key.id.hex()}")
    for each in own:
        verify(key, each.data, note.text.encode())
    return note.text


def verify(key: Key, signature: bytes, message: bytes) -> None:
    """One Ed25519 signature under a key of either type. Raises BadNote."""
    if len(signature) != 64:
        raise BadNote("a signature that is not of 64 bytes")
    try:
        ed25519.verify(key.public, signature, message)
    except Refused:
        raise BadNote(f"the signature of {key.name}+{key.id.hex()} does not verify") from None


def fingerprint(vkey: str) -> str:
    """What people compare: the first 16 bytes of H(vkey), hex in fours."""
    digest = hashlib.sha256(vkey.encode()).digest()[:16].hex()
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))


def vkey(value: Any, at: str) -> None:
    """The form of a field that holds a C2SP key of type 1 (see fronde.form)."""
    if not isinstance(value, str):
        raise BadForm(f"{at}: not a string")
    try:
        key = Key.parse(value)
    except BadKey as error:
        raise BadForm(f"{at}: {error.message}") from None
    if key.type != ED25519:
        raise BadForm(f"{at}: a key for cosignatures, where one for signatures belongs")


def _base64(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None
