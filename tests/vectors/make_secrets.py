# SPDX-License-Identifier: Apache-2.0
"""Writes secrets.json and shown.json: what a member derives, and what a commitment hides.  # spec: 4, 5, 7

Independent of the package on purpose: the standard library and the formulas of docs/protocol.md. Run it to
write the files anew; a test demands the same bytes. Issuer keys: two of RFC 9578's, and a weak one with
small factors (no honest issuer has it), under which a blinding factor is sometimes not invertible, so that
the counter counts.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from pathlib import Path
from typing import Any

from tests.vectors.make_ed25519 import B, encode, mul

HERE = Path(__file__).parent
RFC9578 = json.loads((HERE / "rfc9578.json").read_text())["cases"]
SPKI_HEAD, SPKI_TAIL = bytes.fromhex(RFC9578[0]["spki"])[:81], bytes.fromhex("0203010001")
E = 65537
P = int(
    "d0b8599c39263059f28c105d1fb17c2390c192cfd3ac94af0f21ddb66cad4a268d116ece1738f7d93d9c172411e20b8f"
    "6b0d549b6f03675a1600a35a099950d836f675cc81e74ef5e8e25d940ed904759531985d5d9dc9f81818e811892f902b"
    "d23f0824128b2f330c5c7fd0a6a3a4506513270e269e0d37f2a74de452e6ba5f",
    16,
)
Q = int(
    "d86e86cb0ab8ab67a26b7f62b1852f27e3eff9c0cf44dd3f89e7d15f17362f25244caf9c4dabb4817253edc618187993"
    "2fa91425cb0088539d2c67eda13ffe7979cb9e86830c71c2cdcc69292f45e678309d6b79965eda32dae445508201e2bd"
    "73ab48767734d7c1c7fde805ec99108ddb5b5fab8f4d3e27dda1494c73cf285f",
    16,
)
R = int(
    "391a5e9e1613d8947a5999b7737305ce6ae7cc731d0ba8bb2e29216c463aa9bdc122707177736e8b52ca445e8b09e35e"
    "a8036d32a11a7a7ad19870fc75870f62bb212e90842237922c68eed2a6f199289594708b64c6da71dc840121e06d4c71"
    "765a4690abad4c4049a26d2eace8695b01a6715a658ba69d601ccc87833f3",
    16,
)
OTHER = [P, Q]
WEAK = [3, 5, 7, 11, 13, P, R]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hkdf(seed: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256 and the salt "fronde/1"."""
    key = hmac.digest(b"fronde/1", seed, "sha256")
    out = block = b""
    for i in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([i]), "sha256")
        out += block
    return out[:length]


def emsa_pss(message: bytes, salt: bytes) -> int:
    """RFC 8017, 9.1.1, for 2047 bits and SHA-384."""
    inner = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    mask = b"".join(hashlib.sha384(inner + bytes([0, 0, 0, i])).digest() for i in range(5))[:207]
    block = bytes(207 - 49) + b"\x01" + salt
    masked = bytes(a ^ b for a, b in zip(block, mask, strict=True))
    return int.from_bytes(bytes([masked[0] & 0x7F]) + masked[1:] + inner + b"\xbc")


def public_key(seed: bytes) -> bytes:
    """RFC 8032, 5.1.5."""
    number = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return encode(mul(number & (1 << 254) - 8 | 1 << 254, B))


def secrets(name: str, seed: bytes, host: str, workplace: str, number: int, n: int, d: int) -> dict[str, Any]:
    """Every value on the way from the seed to the token."""
    origin = f"{host}/log"
    context = sha256(b"fronde/slot/1\0" + f"{origin}\0{workplace}\0".encode() + number.to_bytes(4))
    sign_seed = hkdf(seed, b"sign\0" + context, 32)
    key = public_key(sign_seed)
    nonce = sha256(b"fronde/nonce/1" + key)
    spki = SPKI_HEAD + n.to_bytes(256) + SPKI_TAIL
    challenge = b"\0\x02" + len(host).to_bytes(2) + host.encode() + b"\x20" + context + b"\0\0"
    token_input = b"\0\x02" + nonce + sha256(challenge) + sha256(spki)
    salt = hkdf(seed, b"salt\0" + sha256(token_input), 48)
    counter, r = blinding(seed, token_input, n)
    m = emsa_pss(token_input, salt)
    if math.gcd(m, n) != 1:
        raise ArithmeticError("a message that shares a divisor with the modulus")
    z = m * pow(r, E, n) % n
    answer = pow(z, d, n)
    signature = answer * pow(r, -1, n) % n
    if pow(signature, E, n) != m:
        raise ArithmeticError("a signature that is none")
    return {
        "name": name,
        "seed": seed.hex(),
        "host": host,
        "workplace": workplace,
        "number": number,
        "spki": spki.hex(),
        "d": f"{d:0512x}",
        "origin": origin,
        "context": context.hex(),
        "sign_seed": sign_seed.hex(),
        "public_key": key.hex(),
        "nonce": nonce.hex(),
        "challenge": challenge.hex(),
        "challenge_digest": sha256(challenge).hex(),
        "key_id": sha256(spki).hex(),
        "input": token_input.hex(),
        "salt": salt.hex(),
        "counter": counter,
        "blinding": f"{r:0512x}",
        "blinded": f"{z:0512x}",
        "blind_signature": f"{answer:0512x}",
        "token": token_input.hex() + f"{signature:0512x}",
    }


def blinding(seed: bytes, token_input: bytes, n: int) -> tuple[int, int]:
    """The counter and the blinding factor: the first that can be inverted."""
    for counter in range(256):
        info = b"blind\0" + sha256(token_input) + bytes([counter])
        r = int.from_bytes(hkdf(seed, info, 272)) % n
        if math.gcd(r, n) == 1:
            return counter, r
    raise ArithmeticError("nothing can be inverted")


def key_of(primes: list[int]) -> tuple[int, int]:
    """Modulus and private exponent."""
    return math.prod(primes), pow(E, -1, math.lcm(*(p - 1 for p in primes)))


def weak() -> dict[str, Any]:
    """The first seed 00..00, 00..01, ... whose blinding counts to two or more under the weak key."""
    n, d = key_of(WEAK)
    for i in range(200):
        try:
            case = secrets("counter", i.to_bytes(16), "fronde.example", "works", 1, n, d)
        except ArithmeticError:
            continue
        if case["counter"] >= 2:
            return case
    raise AssertionError("no such seed")


def secrets_document() -> dict[str, Any]:
    keys = [(int(RFC9578[0]["n"], 16), int(RFC9578[0]["d"], 16)), key_of(OTHER)]
    seed = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    other = bytes.fromhex("f0e1d2c3b4a5968778695a4b3c2d1e0f")
    cases = [
        secrets("first", seed, "fronde.example", "works", 1, *keys[0]),
        secrets("same slot, other issuer key", seed, "fronde.example", "works", 1, *keys[1]),
        secrets("next slot", seed, "fronde.example", "works", 2, *keys[0]),
        secrets("other workplace", seed, "fronde.example", "acme-0", 1, *keys[0]),
        secrets("other host, with a port", seed, "127.0.0.1:8000", "works", 1, *keys[0]),
        secrets("other seed, great number", other, "fronde.example", "works", 2**32 - 1, *keys[0]),
        weak(),
    ]
    return {
        "source": "Fronde; made by make_secrets.py",
        "section": "docs/protocol.md 4 (derivation) and 5 (tokens)",
        "encoding": "hex, big-endian; d is the issuer's private exponent, counter the blinding's",
        "cases": cases,
    }


def opened(name: str, key: bytes, salt: bytes, shown: dict[str, str]) -> dict[str, Any]:
    """A commitment. Here the canonical form is put together by hand: one or two fields, in order."""
    quoted = {field: json.dumps(text, ensure_ascii=False) for field, text in sorted(shown.items())}
    canonical = ("{" + ",".join(f'"{field}":{text}' for field, text in quoted.items()) + "}").encode()
    commitment = sha256(b"fronde/shown/1\n" + key + salt + canonical)
    parts = {"key": key.hex(), "salt": salt.hex(), "shown": shown, "canonical": canonical.hex()}
    return {"name": name, **parts, "commitment": commitment.hex()}


# Each is refused in a name and in a note: invisible characters, those that turn the direction, line ends.
HIDDEN = [0x61C, 0x200B, 0x200E, 0x200F, 0x2028, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069, 0xFEFF]
HIDDEN += [0xFFF9, 0xFFFB, 0xE0000, 0xE0041, 0xE007F, 0x0A, 0x00, 0x1F, 0x7F, 0x85, 0x9F, 0xD800]
PLAIN = [0x61B, 0x200A, 0x200C, 0x200D, 0x2010, 0x2027, 0x202F, 0x205F, 0x206A, 0xFF00, 0xFFFC, 0x1F600]

# The edges of what no name and no note begins with, and their neighbours, which may.
BLANK = [0x20, 0xA0, 0xAD, 0x34F, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5, 0x180B, 0x180F, 0x2000, 0x200F]
BLANK += [0x202F, 0x205F, 0x2800, 0x3000, 0x3164, 0xFE00, 0xFE0F, 0xFFA0, 0xE0100, 0xE01EF]
SEEN = [0x21, 0xA1, 0xAC, 0xAE, 0x34E, 0x350, 0x115E, 0x1161, 0x167F, 0x1681, 0x17B3, 0x17B6, 0x180A, 0x1810]
SEEN += [0x1FFF, 0x2010, 0x2030, 0x205E, 0x2070, 0x27FF, 0x2801, 0x2FFF, 0x3001, 0x3163, 0x3165, 0xFDFF]
SEEN += [0xFE10, 0xFF9F, 0xFFA1, 0xE00FF, 0xE01F0]


def shown_document() -> dict[str, Any]:
    key, salt = bytes(range(32)), bytes(range(64, 96))
    cases = [
        opened("a name", key, salt, {"name": "Ada Lovelace"}),
        opened("a name and a note", key, salt, {"name": "Ada Lovelace", "note": "Engines, since 1843"}),
        opened("another salt", key, bytes(32), {"name": "Ada Lovelace"}),
        opened("another key", bytes(32), salt, {"name": "Ada Lovelace"}),
        opened("quotes", key, salt, {"name": 'Ada "the \\ Countess" </b>', "note": "'"}),
        opened("other scripts", key, salt, {"name": "Zoë Ånström · 山田太郎 · نور", "note": "😀"}),
        opened("the longest", key, salt, {"name": "é" * 80, "note": "😀" * 280}),
    ]
    cases += [opened(f"U+{c:04X} may stand", key, salt, {"name": f"a{chr(c)}b"}) for c in PLAIN]
    cases += [opened(f"U+{c:04X} may come first", key, salt, {"name": f"{chr(c)}b"}) for c in SEEN]
    cases += [
        opened("blanks between, a hard space last", key, salt, {"name": "a \u3164b\u00a0", "note": "a  b"})
    ]
    refused: list[dict[str, Any]] = [
        {"name": "no name", "shown": {"note": "x"}, "error": "bad-form"},
        {"name": "nothing", "shown": {}, "error": "bad-form"},
        {"name": "an empty name", "shown": {"name": ""}, "error": "bad-form"},
        {"name": "an empty note", "shown": {"name": "x", "note": ""}, "error": "bad-form"},
        {"name": "81 characters", "shown": {"name": "é" * 81}, "error": "bad-form"},
        {"name": "a note of 281", "shown": {"name": "x", "note": "😀" * 281}, "error": "bad-form"},
        {"name": "an unknown field", "shown": {"name": "x", "age": "1"}, "error": "bad-form"},
        {"name": "a number", "shown": {"name": 1}, "error": "bad-form"},
        {"name": "true", "shown": {"name": True}, "error": "bad-form"},
        {"name": "a list", "shown": ["x"], "error": "bad-form"},
        {"name": "a role", "shown": {"name": "x", "role": "nurse"}, "error": "newer"},
        {"name": "facets", "shown": {"name": "x", "facets": []}, "error": "newer"},
    ]
    for field in ("name", "note"):
        for c in HIDDEN:
            hidden = {"name": "x", field: f"a{chr(c)}b"}
            refused.append({"name": f"U+{c:04X} in the {field}", "shown": hidden, "error": "bad-form"})
        for c in BLANK:
            for text, where in ((chr(c), "is"), (f"{chr(c)}a", "begins")):
                blank = {"name": "x", field: text}
                refused.append(
                    {"name": f"U+{c:04X} {where} the {field}", "shown": blank, "error": "bad-form"}
                )
        last = {"name": "x", field: "a "}
        refused.append({"name": f"a space ends the {field}", "shown": last, "error": "bad-form"})
    return {
        "source": "Fronde; made by make_secrets.py",
        "section": "docs/protocol.md 7 (commitment) and 14 (shown)",
        "encoding": "hex; shown is the value itself, canonical its bytes",
        "cases": cases,
        "refused": refused,
    }


def files() -> dict[Path, str]:
    """The files and their texts."""
    documents = {"secrets.json": secrets_document(), "shown.json": shown_document()}
    return {HERE / name: json.dumps(document, indent=1) + "\n" for name, document in documents.items()}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
