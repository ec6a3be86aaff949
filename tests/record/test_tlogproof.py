# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.errors import FrondeError
from fronde.record import log, tiles, tlogproof
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import BadNote, Key, Signer, open_note
from fronde.record.tlogproof import BadProof
from fronde.record.tree import BadInclusion, check_inclusion, leaf_hash
from tests.record.logs import ORIGIN, SIGNER, fetcher, log_files, numbered, vectors

CASE = vectors("tlog")["proof"]
REAL = CASE["file"].encode()
FILES = log_files(numbered(300))
LOG = log.read(fetcher(FILES), ORIGIN, SIGNER.key)
PROOF = tlogproof.write(77, LOG.hashes, LOG.note)


def test_a_proof_of_a_running_log_is_read_and_leads_to_its_signed_root() -> None:
    proof = tlogproof.parse(REAL)
    found = Checkpoint.parse(open_note(proof.note, Key.parse(CASE["vkey"])))
    assert (proof.index, found.origin, found.size) == (CASE["index"], CASE["origin"], CASE["size"])
    check_inclusion(proof.index, found.size, leaf_hash(CASE["entry"].encode()), proof.path, found.root)
    assert tlogproof.assemble(proof.index, proof.path, proof.note) == REAL


@pytest.mark.parametrize("index", [0, 1, 77, 255, 256, 299])
def test_a_proof_is_written_and_checked(index: int) -> None:
    proof = tlogproof.write(index, LOG.hashes, LOG.note)
    assert tlogproof.check(proof, b"entry %d" % index, SIGNER.key) == LOG.checkpoint
    path = tiles.inclusion_from(fetcher(FILES), index, 300)
    assert tlogproof.assemble(index, path, LOG.note) == proof


def test_a_log_of_one_entry_has_a_proof_without_hashes() -> None:
    files = log_files(numbered(1))
    found = log.read(fetcher(files), ORIGIN, SIGNER.key)
    proof = tlogproof.write(0, found.hashes, found.note)
    assert proof == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + files["checkpoint"]
    assert tlogproof.check(proof, b"entry 0", SIGNER.key).size == 1


def test_a_proof_of_another_entry_index_or_key_is_refused() -> None:
    with pytest.raises(BadInclusion):
        tlogproof.check(PROOF, b"entry 78", SIGNER.key)
    with pytest.raises(BadInclusion):
        tlogproof.check(PROOF.replace(b"index 77", b"index 78"), b"entry 77", SIGNER.key)
    with pytest.raises(BadNote):
        tlogproof.check(PROOF, b"entry 77", Signer(ORIGIN, bytes(32)).key)


def test_extra_data_is_ignored() -> None:
    with_extra = PROOF.replace(b"index", b"extra aGVsbG8=\nindex", 1)
    assert tlogproof.check(with_extra, b"entry 77", SIGNER.key) == LOG.checkpoint


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a proof at all",
        b"c2sp.org/tlog-proof@v1\n",
        PROOF.replace(b"@v1", b"@v2"),
        PROOF.replace(b"index 77", b"index 077"),
        PROOF.replace(b"index 77", b"index -7"),
        PROOF.replace(b"index 77", b"index seven"),
        PROOF.replace(b"index 77\n", b""),
        PROOF.replace(b"index 77", b"extra !!\nindex 77"),
        PROOF.replace(b"index 77", b"extra aGVsbG9=\nindex 77"),
        PROOF.replace(b"index 77", b"extra aGVsbG8\nindex 77"),
        PROOF.replace(b"index 77", b"extra \xc3\xa9\nindex 77"),
        PROOF.replace(b"=\n", b"\n", 1),
        PROOF.replace(b"=\n", b"==\n", 1),
        b"\n" + PROOF,
        PROOF.replace(b"c2sp.org", b"c2spxorg"),
        PROOF.replace(b"index 77\n", b"index 77\n" + b"A" * 43 + b"=\n" * 65),
        PROOF.replace(b"index 77\n", b"index 77\n" + b"A" * 42 + b"B=\n"),
        PROOF + b"x" * 600_000,
    ],
)
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(BadProof):
        tlogproof.check(data, b"entry 77", SIGNER.key)


@given(st.integers(0, len(PROOF) - 1), st.binary(max_size=2))
def test_a_proof_with_any_byte_changed_is_refused(at: int, put: bytes) -> None:
    changed = PROOF[:at] + put + PROOF[at + 1 :]
    if changed != PROOF:
        with pytest.raises(FrondeError):
            tlogproof.check(changed, b"entry 77", SIGNER.key)


@given(st.binary(max_size=200))
def test_no_bytes_give_a_traceback(data: bytes) -> None:
    with contextlib.suppress(BadProof):
        tlogproof.parse(data)
