# SPDX-License-Identifier: Apache-2.0
"""Ed25519 (RFC 8032), strict: one verdict per signature, the same in every language.  # spec: 5  # trust: 24

A signature R || S by the key A over a message M is valid if and only if
1. A and R are canonical (y < p with the sign bit cleared) and not of small order: checked here, on the bytes;
2. S < L: checked here;
3. A and R are points, and [S]B = R + [h]A with h = SHA-512(R || A || M) mod L, **without the cofactor**:
   checked by libsodium (PyNaCl), in the browser by WebCrypto.

1 and 2 are what libraries disagree about: with the identity as key OpenSSL and WebCrypto accept R = identity,
S = 0 for every message. A point of *mixed* order (one of prime order plus one of small order) passes 1, and 3
judges it as it stands. Only the key's owner can make such a signature, and a library that multiplies by the
cofactor accepts more of them: so a libsodium that does is not used (OpenSSL then, slower), and a server
takes no new entry whose A or R is not of prime order (`check_prime_order`); no honest signer ever makes
one.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl import bindings
from nacl.exceptions import CryptoError

from fronde.errors import Refused

KEY_BYTES = 32
SEED_BYTES = 32
SIGNATURE_BYTES = 64

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493

# The y of the eight points whose order divides 8: identity, -1, 0 (order 4), and two of order 8. Each
# stands for both signs of x.
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER_Y = frozenset({1, P - 1, 0, _Y8, P - _Y8})
_SIGN_BIT_OFF = (1 << 255) - 1

Equation = Callable[[bytes, bytes, bytes], bool]  # key, signature, message: does rule 3 hold?


class BadKey(Refused):
    """Not a key that may be used: wrong length, not canonical, or of small order."""

    name = "bad-ed25519-key"


class BadSignature(Refused):
    """The signature does not verify."""

    name = "bad-signature"


def public_key(seed: bytes) -> bytes:
    """The 32 bytes of the public key of a 32-byte seed."""
    return bindings.crypto_sign_seed_keypair(seed)[0]


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature (RFC 8032, 5.1.6) of `message` by the key of the 32-byte seed."""
    _, secret = bindings.crypto_sign_seed_keypair(seed)
    return bindings.crypto_sign(message, secret)[:SIGNATURE_BYTES]


def check_key(key: bytes) -> None:
    """Raises BadKey unless `key` is 32 bytes, canonical and not of small order (not: that it is a point)."""
    if len(key) != KEY_BYTES:
        raise BadKey(f"an Ed25519 key of {len(key)} bytes, where {KEY_BYTES} belong")
    if not _proper(key):
        raise BadKey("an Ed25519 key that is not canonical or of small order")


def verify(key: bytes, signature: bytes, message: bytes) -> None:
    """Raises BadKey or BadSignature unless the signature is valid by the three rules above."""
    check_key(key)
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature(f"an Ed25519 signature of {len(signature)} bytes, where {SIGNATURE_BYTES} belong")
    if int.from_bytes(signature[32:], "little") >= L:
        raise BadSignature("an Ed25519 signature whose S is not below L")
    if not _proper(signature[:32]):
        raise BadSignature("an Ed25519 signature whose R is not canonical or of small order")
    if not _equation(key, signature, message):
        raise BadSignature("an Ed25519 signature that does not verify")


def check_prime_order(key: bytes, signature: bytes) -> None:
    """What a server asks of a new signature on top of `verify`: A and R are of prime order.

    Raises BadKey or BadSignature. It keeps what a verifier that multiplies by the cofactor would judge
    otherwise out of the record.
    """
    if not bindings.crypto_core_ed25519_is_valid_point(key):
        raise BadKey("an Ed25519 key that is not of prime order")
    if not bindings.crypto_core_ed25519_is_valid_point(signature[:32]):
        raise BadSignature("an Ed25519 signature whose R is not of prime order")


def _proper(point: bytes) -> bool:
    y = int.from_bytes(point, "little") & _SIGN_BIT_OFF
    return y < P and y not in SMALL_ORDER_Y


def _sodium(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        bindings.crypto_sign_open(signature + message, key)
    except CryptoError:
        return False
    return True


def _openssl(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# R of order 2 L under a key of prime order, over b"0" (tests/vectors/ed25519.json, "mixed-order R, 2 L"): the
# equation holds only after a multiplication by the cofactor.
_COFACTORED = (
    bytes.fromhex("fa2fc96201467fe72303e4be28eaaa2e40d12f53602777962917129c6e918460"),
    bytes.fromhex(
        "e061db436b6cf06f053f7a114fd1c2dd9bd8b8c57d5088b5f12cdd41412a1970"
        "8fb7854f575dc94e5a067ddca417cb4f058592740995ad8e3f2d08402adf490c"
    ),
    b"0",
)


def _without_cofactor(first: Equation, second: Equation) -> Equation:
    """`first`, unless it multiplies by the cofactor."""
    return second if first(*_COFACTORED) else first


_equation = _without_cofactor(_sodium, _openssl)
