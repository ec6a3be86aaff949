# SPDX-License-Identifier: Apache-2.0
"""Makes a proof of any size, honestly: python bench/make_proof.py N OUT [--processes P]

Writes OUT (letter.zip) with N signatures, three of five by name, in batches of a thousand, closed; and its
OUT.policy.
Keys are drawn and every token and signature is made and valid: the issuer signs the tokens themselves instead
of blinded ones, which gives what a member's `finalize` gives.
"""

from __future__ import annotations

import argparse
import datetime
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fronde import canonical, form
from fronde.canonical import b64u
from fronde.letter import Letter
from fronde.proof import bundle
from fronde.record import entry
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import Signer
from fronde.record.tiles import Edge
from fronde.record.tree import leaf_hash
from fronde.signature import commitment, sign_entry
from fronde.tokens import ed25519
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.privacypass import slot_input

HOST, WORKPLACE, SLOTS = "bench.example", "works", 48
BATCH = 1000
PIECE = 500

Opening = dict[str, Any] | None
Signed = tuple[bytes, Opening]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Makes a proof with N signatures.")
    parser.add_argument("n", type=int, help="signatures, at least 5")
    parser.add_argument("out", type=Path)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    if args.n < 5:
        parser.error("a letter shows no fewer than 5 signatures")
    started = time.monotonic()
    make(args.n, args.out, args.processes)
    size = args.out.stat().st_size
    print(f"{args.out}: {args.n:,} signatures, {size / 1e6:,.1f} MB, {time.monotonic() - started:,.1f} s")


def make(n: int, out: Path, processes: int) -> None:
    """Writes OUT and OUT.policy."""
    instance_signer = Signer(f"{HOST}/log", os.urandom(32))
    letter_id = "".join(chr(ord("a") + byte % 26) for byte in os.urandom(16))
    signer = Signer(f"{HOST}/letters/{letter_id}/record", os.urandom(32))
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(SLOTS)]
    letter = Letter.make(_document(n, letter_id, signer.vkey, instance_signer.vkey))
    instance = [
        entry.slot_new(WORKPLACE, HOST, "2026H2", number, _public(key).spki)
        for number, key in enumerate(keys, start=1)
    ]
    record = Record(letter, signer, instance, issued=-(-n * 6 // 5 // 10) * 10)
    openings: dict[str, Any] = {}
    for batch in _batches(signatures(letter, keys[0], n, processes), n):
        for made, opening in batch:
            if opening:
                openings[b64u(leaf_hash(made))] = opening
        record.publish([made for made, _ in batch])
    record.close(n)
    members = {
        "README.txt": bundle.README,
        "letter.json": letter.data,
        "heads.json": entry.heads_file(record.heads),
        "openings.json": canonical.encode({"v": 1, "type": "openings", "openings": openings}),
    }
    edge = Edge()
    edge.append(instance)
    members |= _files("log", record.edge, signer) | _files("instance", edge, instance_signer)
    bundle.write(out, (members | record.full).items())
    out.with_name(out.name + ".policy").write_text(f"log {instance_signer.vkey}\nquorum none\n")


class Record:
    """The letter's log while it grows; `full` are the files that will not change."""

    def __init__(self, letter: Letter, signer: Signer, instance: list[bytes], issued: int) -> None:
        self.letter, self.signer, self.instance, self.issued = letter, signer, instance, issued
        self.edge = Edge()
        self.full: dict[str, bytes] = {}
        self.heads: list[tuple[bytes, int]] = []
        nonce = os.urandom(32)
        self.bind = len(instance)
        instance.append(entry.slot_bind(WORKPLACE, 1, entry.bind_hash(nonce, letter.digest)))
        receipts = Signer(f"{HOST}/receipts", os.urandom(32)).vkey
        opened = entry.letter_open(
            letter.digest, bind=self.bind, nonce=nonce, receipt_key=receipts, **self._issued()
        )
        self.publish([opened])

    def _issued(self) -> dict[str, Any]:
        return {"workplace": WORKPLACE, "issuer": HOST, "issued": self.issued}

    def publish(self, entries: list[bytes]) -> None:
        """One batch, sorted, and its head."""
        self.edge.append(sorted(entries, key=leaf_hash))
        for tile, data in self.edge.completed():
            self.full[f"log/{tile.path}"] = data
        nonce = os.urandom(32)
        body = Checkpoint(self.letter.origin, self.edge.size, self.edge.root()).body
        self.instance.append(entry.head(self.bind, entry.head_hash(nonce, body)))
        self.heads.append((nonce, self.edge.size))

    def close(self, signatures: int) -> None:
        """The end of signing."""
        self.publish([entry.letter_close(signatures=signatures, withdrawn=0, void=False, **self._issued())])


def _files(folder: str, edge: Edge, signer: Signer) -> dict[str, bytes]:
    head = Checkpoint(signer.name, edge.size, edge.root()).sign(signer)
    return {f"{folder}/checkpoint": head} | {f"{folder}/{path}": data for path, data in edge.changed()}


def _public(key: rsa.RSAPrivateKey) -> PublicKey:
    return PublicKey.from_modulus(key.public_key().public_numbers().n)


def _document(n: int, letter_id: str, log_key: str, instance_key: str) -> dict[str, Any]:
    opens = datetime.datetime(2026, 9, 1, 8, tzinfo=datetime.UTC)
    return {
        "v": 1,
        "type": "letter",
        "id": letter_id,
        "host": HOST,
        "title": "A letter for measurements",
        "to": [{"name": "The board", "office": ""}],
        "lang": "en",
        "body": "We ask to be told what our work is used for.\n" * 20,
        "demands": [{"id": "list", "ask": "Publish the contracts.", "measure": "A public list."}],
        "facets": [],
        "citations": [],
        "translations": [],
        "rules": {
            "modes": ["named", "hidden"],
            "opens": form.format_time(opens),
            "closes": form.format_time(opens + datetime.timedelta(days=90)),
            "withdraw_until": form.format_time(opens + datetime.timedelta(days=120)),
            "floor": 5,
            "batch": {"min": 20, "minutes": 60, "tokens": 20},
        },
        "workplaces": [
            {
                "id": WORKPLACE,
                "name": "Bench Works",
                "slot": 1,
                "issuers": [{"name": HOST, "vkey": instance_key}],
                "headcount": {"n": 3 * n, "source": "made up"},
            }
        ],
        "logs": {"letter": log_key, "instance": instance_key},
        "witnesses": [],
        "authors": [],
    }


def signatures(letter: Letter, key: rsa.RSAPrivateKey, n: int, processes: int) -> Iterator[Signed]:
    """So many signs of a letter whose slot has this key, and what opens those by name."""
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pieces = [(letter.data, pem, start, min(PIECE, n - start)) for start in range(0, n, PIECE)]
    with ProcessPoolExecutor(processes) as pool:
        for piece in pool.map(_piece, pieces):
            yield from piece


def _piece(piece: tuple[bytes, bytes, int, int]) -> list[Signed]:
    data, pem, start, count = piece
    letter, key, public = _made(data, pem)
    return [_sign(letter, key, public, number) for number in range(start, start + count)]


@cache
def _made(data: bytes, pem: bytes) -> tuple[Letter, rsa.RSAPrivateKey, PublicKey]:
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return Letter.parse(data), key, _public(key)


def _sign(letter: Letter, issuer: rsa.RSAPrivateKey, public: PublicKey, number: int) -> Signed:
    seed = os.urandom(32)
    key = ed25519.public_key(seed)
    given = slot_input(letter.host, letter.workplace, letter.slot, key, public.key_id)
    pss = padding.PSS(padding.MGF1(hashes.SHA384()), 48)
    token = given + issuer.sign(given, pss, hashes.SHA384())
    if number % 5 > 2:
        return sign_entry(letter, seed, token, "hidden"), None
    salt, shown = os.urandom(32), {"name": f"Ada Byron the {number}th"}
    made = sign_entry(letter, seed, token, "named", commitment(key, salt, shown))
    return made, {"salt": b64u(salt), "shown": shown}


def _batches(signatures: Iterator[Signed], n: int) -> Iterator[list[Signed]]:
    """Batches of a thousand; the last takes the rest, so that none is below the floor."""
    left = n
    while left:
        size = left if left < 2 * BATCH else BATCH
        yield [next(signatures) for _ in range(size)]
        left -= size


if __name__ == "__main__":
    main()
