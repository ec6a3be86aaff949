# SPDX-License-Identifier: Apache-2.0
"""The private key of a slot: the issuer's side of RFC 9474, BlindSign (4.3).  # spec: 5

Every private operation is blinded by a fresh random factor (its time tells nothing about what is signed),
goes by CRT through GMP's constant-time exponentiation, and is checked before anything leaves: a fault in
one half of the CRT would give the factors of n to whoever sees the wrong signature.

A key is a file of its own (PKCS #8 PEM, 0600) in `members/slots/`, in no backup, destroyed when its slot
ends. One process issues: nobody else writes that folder.  # spec: 3
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO

import gmpy2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fronde.errors import Refused, Stopped
from fronde.tokens import blindrsa

_REPAIR = "Run `fronde doctor`: it ends the slots that cannot be issued any more and starts a new season."


class IssuerKey:
    """An RSA key of 2048 bits with e = 65537. `public`: its `blindrsa.PublicKey`."""

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        numbers = private.private_numbers()
        self.public = blindrsa.PublicKey.from_modulus(numbers.public_numbers.n)
        self._private = private
        self._n, self._e = gmpy2.mpz(self.public.n), gmpy2.mpz(blindrsa.E)
        self._p, self._q = gmpy2.mpz(numbers.p), gmpy2.mpz(numbers.q)
        self._dp, self._dq = gmpy2.mpz(numbers.dmp1), gmpy2.mpz(numbers.dmq1)
        self._q_inverse = gmpy2.mpz(numbers.iqmp)

    @classmethod
    def generate(cls) -> IssuerKey:
        """A new key, from the system's randomness."""
        return cls(rsa.generate_private_key(blindrsa.E, blindrsa.BITS))

    @classmethod
    def load(cls, path: Path) -> IssuerKey:
        """Raises Stopped when the file is missing or holds no issuer key: issuing cannot go on then."""
        try:
            # OpenSSL's own check of the numbers takes 35 ms a key; `sign` finds a key that is wrong.
            private = serialization.load_pem_private_key(
                path.read_bytes(), None, unsafe_skip_rsa_key_validation=True
            )
            if (
                isinstance(private, rsa.RSAPrivateKey)
                and private.public_key().public_numbers().e == blindrsa.E
            ):
                return cls(private)
        except (OSError, ValueError, TypeError, blindrsa.BadKey):
            pass
        raise Stopped(f"the issuer key {path.name} is missing or damaged", hint=_REPAIR, name="issuer-key")

    def save(self, path: Path) -> None:
        """Writes the key, whole and durable or not at all. Raises FileExistsError: none is replaced."""
        if path.exists():
            raise FileExistsError(path)
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        unfinished = path.with_name(path.name + ".new")
        unfinished.unlink(missing_ok=True)  # left by a crash: never published, never used
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            _sync(file)
        unfinished.rename(path)
        _sync_folder(path.parent)

    def sign(self, blinded: bytes) -> bytes:
        """BlindSign: 256 bytes below n -> the 256 bytes of the blind signature.

        Raises Refused (`not-below-n`) for any other input, Stopped when the computation went wrong.
        """
        m = int.from_bytes(blinded)
        if len(blinded) != blindrsa.SIZE or m >= self._n:
            raise Refused("a blinded value that is not 256 bytes below the key's modulus", name="not-below-n")
        r = gmpy2.mpz(secrets.randbelow(self.public.n - 1) + 1)
        s = self._power(m * gmpy2.powmod(r, self._e, self._n) % self._n)
        s = s * gmpy2.invert(r, self._n) % self._n
        if gmpy2.powmod(s, self._e, self._n) != m:
            raise Stopped("a signature came out wrong and was held back", hint=_REPAIR, name="issuer-fault")
        return int(s).to_bytes(blindrsa.SIZE)

    def _power(self, x: gmpy2.mpz) -> gmpy2.mpz:
        """x^d mod n by the Chinese remainder theorem (RFC 8017, 5.1.2)."""
        at_p = gmpy2.powmod_sec(x % self._p, self._dp, self._p)
        at_q = gmpy2.powmod_sec(x % self._q, self._dq, self._q)
        return at_q + self._q * ((at_p - at_q) * self._q_inverse % self._p)


def destroy(path: Path) -> None:
    """Overwrites the key's file as well as the disk allows, then removes it; does nothing when it is gone."""
    try:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(path.stat().st_size))
            _sync(file)
    except FileNotFoundError:
        return
    path.unlink()
    _sync_folder(path.parent)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
