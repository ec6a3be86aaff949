# SPDX-License-Identifier: Apache-2.0
"""The JSON profile of everything that is hashed or signed.  # spec: 1

RFC 8785 restricted to objects with ASCII keys, strings, integers within +-(2^53-1), booleans and arrays:
no floats, no null, at most 8 levels, no crowd of tiny values. Readers parse, re-encode and compare bytes,
which refuses duplicate keys, white space, other escapes and 1.0 for 1 in one stroke.
"""

from __future__ import annotations

import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NoReturn

from .errors import Unreadable

LIMIT = 2**53 - 1
DEPTH = 8

# binascii itself: a large proof has a million of these strings, and `base64` takes three times as long.
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_+/=", b"+/***")
# With a rest of 2 or 3 characters the last one carries 2 or 4 bits, and the others of it are 0.
_LAST = ("", "", "AQgw", "AEIMQUYcgkosw048")

# U+0000-001F but LF, U+007F-009F, lone surrogates
_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

# A few bytes of JSON can become a hundred of memory ("[]," is 64): beyond LARGE no document of ours has more
# values than one in SPARSE bytes. What begins or divides values; strings are skipped, also one without end.
LARGE, SPARSE = 2**20, 20
_VALUES = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{,]', re.DOTALL)


class NotCanonical(Unreadable):
    """The bytes are not canonical JSON."""

    name = "not-canonical"


def _no(what: str) -> NoReturn:
    raise NotCanonical(f"{what[:20]} is not an integer of the profile")


# Made once: `json.loads` and `json.dumps` would make one for each call. `_check` sees circles: they are deep.
_DECODER = json.JSONDecoder(parse_float=_no, parse_constant=_no)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


def encode(value: Any) -> bytes:
    """The canonical bytes of `value` (dict, list, str, int, bool). Raises NotCanonical for anything else."""
    _check(value, DEPTH)
    return _dump(value)


def decode(data: bytes) -> Any:
    """The value of canonical bytes. Raises NotCanonical unless they are what `encode` would write."""
    if _crowded(data):
        raise NotCanonical("more values than any document has")
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except RecursionError:
        raise NotCanonical(f"more than {DEPTH} levels") from None
    except (
        ValueError
    ) as error:  # also UnicodeDecodeError, JSONDecodeError and integers of thousands of digits
        raise NotCanonical(f"not JSON of the profile: {error}") from None
    _check(value, DEPTH)
    if _dump(value) != data:
        raise NotCanonical("not in canonical form")
    return value


def composed(value: Any) -> Any:
    """The same value with every string in Unicode's form NFC: before it is hashed, by who makes it."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {composed(name): composed(inner) for name, inner in value.items()}
    return [composed(inner) for inner in value] if isinstance(value, list) else value


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical bytes: 32 bytes."""
    return hashlib.sha256(encode(value)).digest()


def b64u(data: bytes) -> str:
    """base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def unb64u(text: str, length: int | None = None) -> bytes:
    """Strict inverse of `b64u`: refuses what that would not write. `length` in bytes, when it is known."""
    try:
        padded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise NotCanonical("not base64url") from None
    if (rest := len(text) % 4) and text[-1] not in _LAST[rest]:
        raise NotCanonical("not strict base64url")
    if length is not None and len(data) != length:
        raise NotCanonical(f"{len(data)} bytes where {length} belong")
    return data


def b64u_pattern(length: int) -> str:
    """A regular expression of all that `b64u` writes for so many bytes: quicker than a look with `unb64u`."""
    characters = -(-length * 4 // 3)
    last = _LAST[characters % 4]
    return f"[A-Za-z0-9_-]{{{characters - bool(last)}}}" + (f"[{last}]" if last else "")


def _crowded(data: bytes) -> bool:
    most = len(data) // SPARSE
    if len(data) <= LARGE or sum(map(data.count, (b"[", b"{", b","))) <= most:
        return False
    values = (match for match in _VALUES.finditer(data) if data[match.start()] != ord('"'))
    return any(count > most for count, _ in enumerate(values, 1))


def _dump(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        # What Python calls printable holds nothing forbidden: a quicker look.
        if not value.isprintable() and _FORBIDDEN.search(value):
            raise NotCanonical("a control character or a lone surrogate in a string")
    elif isinstance(value, bool):  # in Python an int, which json writes as true or false
        return
    elif isinstance(value, int):
        if not -LIMIT <= value <= LIMIT:
            raise NotCanonical("an integer beyond 2^53-1")
    elif isinstance(value, dict):
        if not depth:
            raise NotCanonical(f"more than {DEPTH} levels")
        for key, inner in value.items():
            plain = isinstance(key, str) and key.isascii()
            if not plain or (not key.isprintable() and _FORBIDDEN.search(key)):
                raise NotCanonical("a key that is not plain ASCII")
            _check(inner, depth - 1)
    elif isinstance(value, list):
        if not depth:
            raise NotCanonical(f"more than {DEPTH} levels")
        for inner in value:
            _check(inner, depth - 1)
    else:
        raise NotCanonical(f"{type(value).__name__} is not of the profile")
