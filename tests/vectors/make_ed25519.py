# SPDX-License-Identifier: Apache-2.0
"""Writes ed25519.json: RFC 8032's own vectors and every edge that libraries disagree about.  # spec: 5

Independent of the package on purpose: point arithmetic of its own, from RFC 8032, 5.1. Run it to write the
file anew; a test demands the same bytes. `prime_order` says whether key and R are both of prime order (what a
server asks of a new entry); `cofactored` is the verdict of a library that multiplies by the cofactor, which
is not ours.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("ed25519.json")

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # a square root of -1

Point = tuple[int, int]
Case = dict[str, Any]


def x_of(y: int, sign: int) -> int | None:
    """The x of the point with this y and sign bit, None where the curve has none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return x if x % 2 == sign else -x % P


def add(a: Point, b: Point) -> Point:
    k = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P)
    return x % P, y % P


def mul(n: int, point: Point) -> Point:
    """n times the point, in extended coordinates (RFC 8032, 5.1.4): one inversion at the end."""
    out, step = (0, 1, 1, 0), (point[0], point[1], 1, point[0] * point[1] % P)
    while n:
        if n & 1:
            out = _sum(out, step)
        step, n = _sum(step, step), n >> 1
    inverse = pow(out[2], -1, P)
    return out[0] * inverse % P, out[1] * inverse % P


def _sum(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    u, v = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = v - u, d - c, d + c, v + u
    return e * f % P, g * h % P, f * g % P, e * h % P


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def raw(y: int, sign: int) -> bytes:
    """Any 255-bit y, canonical or not, with a sign bit."""
    return (y | sign << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """The point, canonical or not; None where there is none."""
    number = int.from_bytes(data, "little")
    y = (number & (1 << 255) - 1) % P
    x = x_of(y, number >> 255)
    return None if x is None else (x, y)


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


ZERO: Point = (0, 1)
B: Point = (x_of(4 * pow(5, -1, P) % P, 0) or 0, 4 * pow(5, -1, P) % P)
_EIGHT = decode(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")) or ZERO
SMALL = [mul(k, _EIGHT) for k in range(8)]  # the eight points whose order divides 8
SECRET = int.from_bytes(hashlib.sha512(b"fronde/vectors/key").digest(), "little") % L
NONCE = int.from_bytes(hashlib.sha512(b"fronde/vectors/nonce").digest(), "little") % L
HONEST = mul(SECRET, B)


def verdicts(key: bytes, signature: bytes, message: bytes) -> dict[str, bool]:
    """The equation with and without the cofactor, and whether both points are of prime order."""
    a, r, s = decode(key), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None:
        return {"equation": False, "cofactored": False, "prime_order": False}
    left, right = mul(s, B), add(r, mul(challenge(signature[:32], key, message), a))
    prime = all(point != ZERO and mul(L, point) == ZERO for point in (a, r))
    return {"equation": left == right, "cofactored": mul(8, left) == mul(8, right), "prime_order": prime}


def case(name: str, key: bytes, signature: bytes, message: bytes, *, valid: bool, why: str) -> Case:
    out: Case = {"name": name, "key": key.hex(), "message": message.hex(), "signature": signature.hex()}
    return {**out, "valid": valid, **verdicts(key, signature, message), "why": why}


def made(key: bytes, r: bytes, message: bytes, *, log_r: int = NONCE, log_a: int = SECRET) -> bytes:
    """R || S with S = log_r + h * log_a: right up to what R and the key carry beyond the logarithms."""
    s = (log_r + challenge(r, key, message) * log_a) % L
    return r + s.to_bytes(32, "little")


def ground(key: bytes, r: bytes, holds: bool, **logs: int) -> tuple[bytes, bytes]:
    """The first message "0", "1", ... under which the equation holds (or not), and its signature."""
    for i in range(1000):
        message = str(i).encode()
        signature = made(key, r, message, **logs)
        if verdicts(key, signature, message)["equation"] == holds:
            return message, signature
    raise AssertionError("no such message: the case cannot exist")


def small_order() -> list[Case]:
    cases = []
    plain_r = encode(mul(NONCE, B))
    names = {1: "1 (the identity)", 2: "2", 4: "4", 8: "8"}
    for k, point in enumerate(SMALL):
        order = next(n for n in (1, 2, 4, 8) if k * n % 8 == 0)
        key = encode(point)
        message, signature = ground(key, plain_r, True, log_a=0)
        why = f"a key of order {names[order]}; the equation holds"
        cases.append(case(f"small-order key {k}", key, signature, message, valid=False, why=why))
        message = b"any message at all"
        signature = encode(ZERO) + bytes(32)
        if verdicts(key, signature, message)["equation"]:
            why = f"a key of order {names[order]}, R the identity, S = 0"
            cases.append(case(f"zero signature {k}", key, signature, message, valid=False, why=why))
        # R of small order with an honest secret: a key that carries the other part makes the equation hold.
        key = encode(add(HONEST, _EIGHT))
        message, signature = ground(key, encode(point), True, log_r=0)
        why = f"R of order {names[order]}; the equation holds"
        cases.append(case(f"small-order R {k}", key, signature, message, valid=False, why=why))
    return cases


def not_canonical() -> list[Case]:
    cases = []
    plain_r, plain_key = encode(mul(NONCE, B)), encode(HONEST)
    odd = [(f"y = p + {y}, sign {s}", raw(P + y, s)) for y in range(19) for s in (0, 1)]
    odd += [("x = 0 with the sign bit, y = 1", raw(1, 1)), ("x = 0 with the sign bit, y = -1", raw(P - 1, 1))]
    for name, data in odd:
        for role in ("key", "R"):
            key, r = (data, plain_r) if role == "key" else (plain_key, data)
            signature = made(
                key, r, b"m", log_a=0 if role == "key" else SECRET, log_r=0 if role == "R" else NONCE
            )
            why = f"a {role} that is not canonical: {name}"
            cases.append(case(f"{role}: {name}", key, signature, b"m", valid=False, why=why))
    return cases


def mixed_order() -> list[Case]:
    cases = []
    plain_r, plain_key = encode(mul(NONCE, B)), encode(HONEST)
    for k in (1, 2, 4):
        key, r = encode(add(HONEST, SMALL[k])), encode(add(mul(NONCE, B), SMALL[k]))
        for label, a, b in (("key", key, plain_r), ("key and R", key, r)):
            for holds in (True, False):
                message, signature = ground(a, b, holds)
                why = f"{label} of order {8 // k} L: judged by the equation without the cofactor"
                name = f"mixed-order {label}, {8 // k} L, {'holds' if holds else 'fails'}"
                cases.append(case(name, a, signature, message, valid=holds, why=why))
        message, signature = ground(plain_key, r, False)
        why = f"R of order {8 // k} L under an honest key: only a cofactored check accepts it"
        cases.append(case(f"mixed-order R, {8 // k} L", plain_key, signature, message, valid=False, why=why))
    return cases


def scalars_and_points() -> list[Case]:
    key, r, message = encode(HONEST), encode(mul(NONCE, B)), b"fronde"
    good = made(key, r, message)
    s = int.from_bytes(good[32:], "little")
    cases = [case("honest", key, good, message, valid=True, why="made by the rules")]
    cases.append(case("honest, other message", key, good, b"Fronde", valid=False, why="another message"))
    for i in (1, 2, 8, 15):
        if s + i * L < 2**256:
            signature = r + (s + i * L).to_bytes(32, "little")
            cases.append(case(f"S + {i} L", key, signature, message, valid=False, why="S is not below L"))
    for label, value in (("L", L), ("L - 1", L - 1), ("0", 0), ("2^253", 2**253), ("2^256 - 1", 2**256 - 1)):
        signature = r + value.to_bytes(32, "little")
        why = "S is not below L" if value >= L else "the equation does not hold"
        cases.append(case(f"S = {label}", key, signature, message, valid=False, why=why))
    off = next(raw(y, 0) for y in range(2, 99) if x_of(y, 0) is None)
    cases.append(
        case("key off the curve", off, made(off, r, message), message, valid=False, why="no such point")
    )
    signature = made(key, off, message)
    cases.append(case("R off the curve", key, signature, message, valid=False, why="no such point"))
    for bit in (0, 255, 256, 511):
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        why = f"bit {bit} of the signature flipped"
        cases.append(case(f"flipped bit {bit}", key, bytes(flipped), message, valid=False, why=why))
    return cases


def rfc8032() -> list[Case]:
    """RFC 8032, 7.1: seed, key, message, signature as printed there."""
    cases = []
    for name, seed, key, message, signature in RFC8032:
        one = case(name, *map(bytes.fromhex, (key, signature, message)), valid=True, why="RFC 8032, 7.1")
        cases.append({"seed": seed, **one})
    return cases


RFC8032 = [
    (
        "TEST 1",
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "TEST 2",
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "TEST 3",
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "TEST SHA(abc)",
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
        "454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
        "3dca179c138ac17ad9bef1177331a704",
    ),
]


def document() -> dict[str, Any]:
    """The whole file."""
    return {
        "source": "RFC 8032, EdDSA; edges made by make_ed25519.py",
        "section": "RFC 8032, 7.1 (TEST ...); docs/protocol.md 5 (edges)",
        "encoding": "hex",
        "cases": rfc8032() + scalars_and_points() + small_order() + not_canonical() + mixed_order(),
    }


def text() -> str:
    """The file's text."""
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text())
