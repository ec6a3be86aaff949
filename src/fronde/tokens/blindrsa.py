# SPDX-License-Identifier: Apache-2.0
"""RSA blind signatures, RSABSSA-SHA384-PSS-Deterministic (RFC 9474), for members and readers.  # spec: 5

The private operation is `site/signing/issuer_key.py`. Nothing here draws randomness: salt and blinding
factor are passed in (a member derives them, `secrets.py`). Verifying is plain RSA-PSS, by `cryptography`,
one signature at a time: never by multiplying signatures together, which accepts a thousand tokens for one
blind signature.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fronde.errors import Refused

E = 65537
BITS = 2048
SIZE = BITS // 8
SPKI_BYTES = 342
SALT_BYTES = 48

# SubjectPublicKeyInfo as in RFC 9578, Appendix A.2: id-RSASSA-PSS, SHA-384, MGF1-SHA-384, salt 48, hashes
# without parameters; 81 bytes, then n, then the 5 bytes of e.
_SPKI_HEAD = bytes.fromhex(
    "30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010108300b"
    "0609608648016503040202a2030201300382010f003082010a0282010100"
)
_SPKI_TAIL = bytes.fromhex("0203010001")
_SHA384 = hashes.SHA384()
_MGF1 = padding.MGF1(_SHA384)


class BadKey(Refused):
    """Not an issuer key of the one accepted kind and encoding."""

    name = "bad-issuer-key"


class BadToken(Refused):
    """A token, or a blind signature, that does not verify."""

    name = "bad-token"


@dataclass(frozen=True)
class PublicKey:
    """An issuer's RSA public key with e = 65537; attributes n, spki (342 bytes), key_id (32 bytes).

    Received keys come through `from_spki`, new ones through `from_modulus`: both demand 2048 bits. The bare
    constructor takes any modulus (RFC 9474's vectors have 4096 bits).
    """

    n: int

    @classmethod
    def from_modulus(cls, n: int) -> PublicKey:
        """Raises BadKey unless `n` is odd and has exactly 2048 bits."""
        if n.bit_length() != BITS or not n & 1:
            raise BadKey(f"an issuer key of {n.bit_length()} bits, where an odd one of {BITS} belongs")
        return cls(n)

    @classmethod
    def from_spki(cls, spki: bytes) -> PublicKey:
        """Raises BadKey for every other key and every other encoding than the one of RFC 9578's vectors."""
        head, tail = len(_SPKI_HEAD), len(_SPKI_TAIL)
        if len(spki) != SPKI_BYTES or spki[:head] != _SPKI_HEAD or spki[-tail:] != _SPKI_TAIL:
            raise BadKey("not an issuer key in the one accepted encoding")
        return cls.from_modulus(int.from_bytes(spki[head:-tail]))

    @cached_property
    def size(self) -> int:
        """Bytes of the modulus."""
        return (self.n.bit_length() + 7) // 8

    @cached_property
    def spki(self) -> bytes:
        """The 342 bytes of the one accepted encoding; for a modulus of 2048 bits."""
        return _SPKI_HEAD + self.n.to_bytes(SIZE) + _SPKI_TAIL

    @cached_property
    def key_id(self) -> bytes:
        """SHA-256 of the SPKI: the token_key_id of RFC 9578."""
        return hashlib.sha256(self.spki).digest()

    @cached_property
    def openssl(self) -> rsa.RSAPublicKey:
        """The key object that verifies, made once."""
        return rsa.RSAPublicNumbers(E, self.n).public_key()


def emsa_pss_encode(message: bytes, salt: bytes, bits: int) -> int:
    """EMSA-PSS-ENCODE (RFC 8017, 9.1.1) with SHA-384 and MGF1-SHA-384, for emBits = `bits`, as an integer."""
    size = (bits + 7) // 8
    inner = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    length = size - len(inner) - 1
    block = bytes(length - len(salt) - 1) + b"\x01" + salt
    masked = int.from_bytes(block) ^ int.from_bytes(_mgf1(inner, length))
    masked &= (1 << (8 * length - (8 * size - bits))) - 1
    return int.from_bytes(masked.to_bytes(length) + inner + b"\xbc")


def blind(key: PublicKey, message: bytes, salt: bytes, r: int) -> bytes:
    """Blind (RFC 9474, 4.2): the blinded message under the factor `r`, as many bytes as the modulus.

    Raises BadKey when message or factor share a divisor with the modulus: such a key is not an RSA key.
    """
    m = emsa_pss_encode(message, salt, key.n.bit_length() - 1)
    if math.gcd(m, key.n) != 1:
        raise BadKey("an issuer key that shares a divisor with the message")
    if not invertible(key, r):
        raise BadKey("an issuer key that shares a divisor with the blinding factor")
    return (m * pow(r, E, key.n) % key.n).to_bytes(key.size)


def invertible(key: PublicKey, r: int) -> bool:
    """Whether `r` can be a blinding factor: 0 < r < n and without a common divisor."""
    return 0 < r < key.n and math.gcd(r, key.n) == 1


def finalize(
    key: PublicKey, message: bytes, blind_signature: bytes, r: int, *, salt_bytes: int = SALT_BYTES
) -> bytes:
    """Finalize (RFC 9474, 4.4): the signature on `message`, verified. Raises BadToken."""
    z = int.from_bytes(blind_signature)
    if len(blind_signature) != key.size or z >= key.n:
        raise BadToken(f"a blind signature that is not {key.size} bytes below the modulus")
    signature = (z * pow(r, -1, key.n) % key.n).to_bytes(key.size)
    verify(key, message, signature, salt_bytes=salt_bytes)
    return signature


def verify(key: PublicKey, message: bytes, signature: bytes, *, salt_bytes: int = SALT_BYTES) -> None:
    """RSASSA-PSS-VERIFY (RFC 8017, 8.1.2) with SHA-384: exactly as many bytes as the modulus, below it.

    Raises BadToken. OpenSSL checks the encoding; length and range are checked here too.
    """
    if len(signature) != key.size or int.from_bytes(signature) >= key.n:
        raise BadToken(f"a signature that is not {key.size} bytes below the modulus")
    try:
        key.openssl.verify(signature, message, padding.PSS(_MGF1, salt_bytes), _SHA384)
    except (InvalidSignature, ValueError):
        raise BadToken("a token that the issuer key did not sign") from None


def _mgf1(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-384 (RFC 8017, B.2.1)."""
    blocks = range((length + 47) // 48)
    return b"".join(hashlib.sha384(seed + i.to_bytes(4)).digest() for i in blocks)[:length]
