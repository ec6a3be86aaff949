# SPDX-License-Identifier: Apache-2.0
"""Everything a member has in a slot, derived from one seed of 16 bytes.  # spec: 4

HKDF-SHA256(ikm = seed, salt = "fronde/1", info), where context names the slot and input is the token's 98
bytes:

    sign seed   "sign"  | 0x00 | context                 32 bytes, the Ed25519 seed
    salt        "salt"  | 0x00 | H(input)                48 bytes, of PSS
    blinding    "blind" | 0x00 | H(input) | u8 counter  272 bytes, as an integer mod n

The blinding depends on the whole input, and so on the key that is offered: the same factor never meets two
messages. (One that depended on less would let a server that offers two keys divide one answer by the other
and link the member.)  # trust: 12
"""

from __future__ import annotations

import hashlib
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from . import blindrsa, ed25519, privacypass
from .privacypass import nonce as nonce
from .privacypass import slot_context as slot_context

SEED_BYTES = 16
BLINDING_BYTES = 272
_SALT = b"fronde/1"


class SlotSecrets:
    """What the holder of `seed` (16 bytes) has in one slot, under the issuer key that is offered for it.

    The Ed25519 key does not depend on the issuer key, the token does. Attributes: `sign_seed` (32 bytes),
    `public_key` (32), `input` (98), `salt` (48), `blinding` (int), `blinded` (256 bytes, what is sent).
    """

    def __init__(self, seed: bytes, host: str, workplace: str, number: int, key: blindrsa.PublicKey) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a seed of {len(seed)} bytes, where {SEED_BYTES} belong")
        self.key = key
        self._seed = seed
        context = slot_context(f"{host}/log", workplace, number)
        self.sign_seed = _derive(seed, b"sign\x00" + context, ed25519.SEED_BYTES)
        self.public_key = ed25519.public_key(self.sign_seed)
        self.input = privacypass.slot_input(host, workplace, number, self.public_key, key.key_id)
        self._input_hash = hashlib.sha256(self.input).digest()

    @cached_property
    def salt(self) -> bytes:
        """The PSS salt."""
        return _derive(self._seed, b"salt\x00" + self._input_hash, blindrsa.SALT_BYTES)

    @cached_property
    def blinding(self) -> int:
        """The blinding factor: the first invertible one, counted from 0. Raises BadKey when none is."""
        for counter in range(256):
            info = b"blind\x00" + self._input_hash + counter.to_bytes(1)
            r = int.from_bytes(_derive(self._seed, info, BLINDING_BYTES)) % self.key.n
            if blindrsa.invertible(self.key, r):
                return r
        raise blindrsa.BadKey("an issuer key under which nothing can be blinded")

    @cached_property
    def blinded(self) -> bytes:
        """The blinded message, 256 bytes: uniform among the numbers below n, whatever the key."""
        return blindrsa.blind(self.key, self.input, self.salt, self.blinding)

    def token(self, blind_signature: bytes) -> bytes:
        """The token, 354 bytes, from the issuer's answer. Raises BadToken when it is not that."""
        return self.input + blindrsa.finalize(self.key, self.input, blind_signature, self.blinding)


def _derive(seed: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, _SALT, info).derive(seed)
