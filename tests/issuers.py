# SPDX-License-Identifier: Apache-2.0
"""Private keys of slots for tests: real, deterministic, and made in a third of a second."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import gmpy2

from fronde.tokens.blindrsa import PublicKey

PRIMES = 16


@dataclass(frozen=True)
class Issuer:
    """A slot's private key. Primes are shared between the slots of tests: fast, and worth nothing outside."""

    p: int
    q: int

    @property
    def public(self) -> PublicKey:
        return PublicKey.from_modulus(self.p * self.q)

    def sign(self, blinded: bytes) -> bytes:
        """The blind signature of 256 bytes."""
        p, q = self.p, self.q
        d, m = gmpy2.invert(65537, (p - 1) * (q - 1)), int.from_bytes(blinded)
        at_p, at_q = gmpy2.powmod(m, d % (p - 1), p), gmpy2.powmod(m, d % (q - 1), q)
        return int(at_q + q * ((at_p - at_q) * gmpy2.invert(q, p) % p)).to_bytes(256)


@cache
def _primes() -> list[int]:
    rng = random.Random("fronde: primes of the simulator")  # noqa: S311 - the same at every run
    found: list[int] = []
    while len(found) < PRIMES:
        prime = int(gmpy2.next_prime(rng.getrandbits(1024) | 3 << 1022))
        if prime.bit_length() == 1024 and (prime - 1) % 65537:
            found.append(prime)
    return found


@cache
def issuers() -> list[Issuer]:
    """The issuers of every simulated workplace, in the order in which slots take them."""
    return [Issuer(p, q) for p, q in combinations(_primes(), 2)]
