# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import struct

import pytest

from fronde.record import cosignature, note
from fronde.record.note import COSIGNATURE, BadNote, Key, Signature
from fronde.tokens import ed25519
from tests.record.logs import SIGNER, vectors

CASE = vectors("note")["checkpoint"]
PARSED = note.parse(CASE["note"].encode())
BODY = "fronde.example/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SEED = bytes(range(32, 64))
WITNESS = Key.of("witness.example/w1", ed25519.public_key(SEED), COSIGNATURE)


def signature(line: str) -> Signature:
    return note.parse((BODY + "\n" + line).encode()).signatures[0]


@pytest.mark.parametrize("witness", CASE["cosignatures"], ids=lambda each: each["vkey"].split("+")[0])
def test_cosignatures_of_running_witnesses_verify(witness: dict[str, object]) -> None:
    assert cosignature.find(PARSED, Key.parse(str(witness["vkey"]))) == witness["time"]


def test_a_cosignature_is_made_and_verified() -> None:
    line = cosignature.sign(BODY, WITNESS.name, SEED, 1_679_315_147)
    assert cosignature.verify(BODY, signature(line), WITNESS) == 1_679_315_147


def test_what_a_witness_signs_is_that_of_the_specification() -> None:
    assert cosignature.message(BODY, 1_679_315_147) == b"cosignature/v1\ntime 1679315147\n" + BODY.encode()


def test_a_note_without_a_line_of_the_witness_has_no_cosignature() -> None:
    assert cosignature.find(PARSED, WITNESS) is None


def test_a_cosignature_of_another_body_is_refused() -> None:
    line = cosignature.sign(BODY, WITNESS.name, SEED, 1)
    with pytest.raises(BadNote, match="does not verify"):
        cosignature.verify(BODY.replace("\n1\n", "\n2\n"), signature(line), WITNESS)


def test_a_cosignature_of_another_time_is_refused() -> None:
    line = signature(cosignature.sign(BODY, WITNESS.name, SEED, 1))
    with pytest.raises(BadNote, match="does not verify"):
        cosignature.verify(BODY, line._replace(data=struct.pack(">Q", 2) + line.data[8:]), WITNESS)


def test_a_cosignature_of_no_possible_time_is_refused() -> None:
    line = signature(cosignature.sign(BODY, WITNESS.name, SEED, 1 << 63))
    with pytest.raises(BadNote, match="no possible time"):
        cosignature.verify(BODY, line, WITNESS)
    latest = signature(cosignature.sign(BODY, WITNESS.name, SEED, (1 << 63) - 1))
    assert cosignature.verify(BODY, latest, WITNESS) == (1 << 63) - 1


def test_a_cosignature_of_another_length_is_refused() -> None:
    line = signature(cosignature.sign(BODY, WITNESS.name, SEED, 1))
    with pytest.raises(BadNote, match="72 bytes"):
        cosignature.verify(BODY, line._replace(data=line.data + b"\0"), WITNESS)


def test_a_line_of_another_name_or_a_key_for_notes_is_no_cosignature() -> None:
    line = signature(cosignature.sign(BODY, WITNESS.name, SEED, 1))
    for wrong, key in [
        (line._replace(name="witness.example/w2"), WITNESS),
        (line._replace(id=b"\0\0\0\0"), WITNESS),
        (line, WITNESS._replace(type=1)),
    ]:
        with pytest.raises(BadNote, match="not a cosignature"):
            cosignature.verify(BODY, wrong, key)


def test_the_latest_of_several_cosignatures_counts_and_a_wrong_one_is_refused() -> None:
    lines = [cosignature.sign(BODY, WITNESS.name, SEED, time) for time in (5, 9, 7)]
    whole = SIGNER.sign(BODY).decode() + "".join(lines)
    assert cosignature.find(note.parse(whole.encode()), WITNESS) == 9
    wrong = note.line(WITNESS, struct.pack(">Q", 11) + base64.b64decode(lines[0].split()[2])[12:])
    with pytest.raises(BadNote, match="does not verify"):
        cosignature.find(note.parse((whole + wrong).encode()), WITNESS)
