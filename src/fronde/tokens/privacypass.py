# SPDX-License-Identifier: Apache-2.0
"""Privacy Pass tokens of type 0x0002 (RFC 9577, RFC 9578) and how Fronde fills their fields.  # spec: 4, 5

    Token   u16 type = 2 | nonce[32] | challenge_digest[32] | token_key_id[32] | authenticator[256]: 354 bytes

The first 98 bytes are the input that the authenticator signs. Fronde's nonce is a hash of the member's
Ed25519 key, so that the token is worth nothing without that key; the challenge names the slot, so that it
is worth nothing elsewhere. Every byte of the input follows from host, slot and key: a reader computes it
and compares.
"""

from __future__ import annotations

import hashlib

from . import blindrsa
from .blindrsa import BadToken

TYPE = (2).to_bytes(2)
INPUT_BYTES = 98
TOKEN_BYTES = INPUT_BYTES + blindrsa.SIZE
NONCE_BYTES = 32


def slot_context(instance_origin: str, workplace: str, number: int) -> bytes:
    """The redemption context of a slot, 32 bytes. `instance_origin`: `<host>/log`."""
    parts = (b"fronde/slot/1", instance_origin.encode(), workplace.encode(), number.to_bytes(4))
    return hashlib.sha256(b"\x00".join(parts)).digest()


def nonce(key: bytes) -> bytes:
    """The nonce that binds a token to the 32 bytes of an Ed25519 key: uniform, and told by the key alone."""
    return hashlib.sha256(b"fronde/nonce/1" + key).digest()


def challenge(issuer_name: str, redemption_context: bytes, origin_info: str = "") -> bytes:
    """TokenChallenge (RFC 9577, 2.1). The context is 32 bytes or none; our origin_info is empty."""
    issuer, origin = issuer_name.encode(), origin_info.encode()
    context = len(redemption_context).to_bytes(1) + redemption_context
    return TYPE + len(issuer).to_bytes(2) + issuer + context + len(origin).to_bytes(2) + origin


def slot_challenge(host: str, workplace: str, number: int) -> bytes:
    """The TokenChallenge of a slot; the same for all its tokens."""
    return challenge(host, slot_context(f"{host}/log", workplace, number))


def token_input(nonce32: bytes, challenge_bytes: bytes, key_id: bytes) -> bytes:
    """The 98 bytes that the authenticator signs (RFC 9577, 2.2)."""
    return TYPE + nonce32 + hashlib.sha256(challenge_bytes).digest() + key_id


def slot_input(host: str, workplace: str, number: int, key: bytes, key_id: bytes) -> bytes:
    """The 98 bytes of the token that belongs to the Ed25519 `key` in this slot."""
    return token_input(nonce(key), slot_challenge(host, workplace, number), key_id)


def check_token(token: bytes, expected_input: bytes, key: blindrsa.PublicKey) -> None:
    """Raises BadToken unless `token` is the expected input and the issuer's signature on it, 354 bytes."""
    if len(token) != TOKEN_BYTES:
        raise BadToken(f"a token of {len(token)} bytes, where {TOKEN_BYTES} belong")
    if token[:INPUT_BYTES] != expected_input:
        raise BadToken("a token of another slot, issuer key or member key")
    blindrsa.verify(key, expected_input, token[INPUT_BYTES:])
