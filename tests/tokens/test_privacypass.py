# SPDX-License-Identifier: Apache-2.0
import hashlib
from typing import Any

import pytest

from fronde.tokens import blindrsa, privacypass
from fronde.tokens.blindrsa import BadToken, PublicKey
from tests.vectors.read import vectors

RFC9577 = vectors("rfc9577")
RFC9578 = vectors("rfc9578")["cases"]
KEY, ID = bytes(range(32)), bytes(32)


def names(case: dict[str, Any]) -> str:
    return str(case["name"])


def data(case: dict[str, Any], field: str) -> bytes:
    return bytes.fromhex(case[field])


@pytest.mark.parametrize("case", RFC9577["cases"], ids=names)
def test_the_input_is_that_of_rfc_9577(case: dict[str, Any]) -> None:
    challenge = privacypass.challenge(
        case["issuer_name"], data(case, "redemption_context"), case["origin_info"]
    )
    made = privacypass.token_input(data(case, "nonce"), challenge, data(case, "token_key_id"))
    assert made == data(case, "token_input")
    assert len(made) == privacypass.INPUT_BYTES


@pytest.mark.parametrize("case", RFC9577["headers"], ids=["first header"])
def test_the_challenge_and_key_of_an_http_header_are_read(case: dict[str, Any]) -> None:
    context = data(case, "token_challenge")[19:51]
    made = privacypass.challenge("issuer.example", context, "origin.example")
    assert made == data(case, "token_challenge")
    assert PublicKey.from_spki(data(case, "token_key")).spki == data(case, "token_key")


@pytest.mark.parametrize("case", RFC9578, ids=names)
def test_the_issuance_of_rfc_9578_is_made_again(case: dict[str, Any]) -> None:
    key = PublicKey.from_spki(data(case, "spki"))
    input98 = privacypass.token_input(data(case, "nonce"), data(case, "token_challenge"), key.key_id)
    r = int(case["blind"], 16)
    blinded = blindrsa.blind(key, input98, data(case, "salt"), r)
    # TokenRequest: type, the last byte of the key id, the blinded message (RFC 9578, 6.1)
    assert b"\x00\x02" + key.key_id[-1:] + blinded == data(case, "token_request")
    token = input98 + blindrsa.finalize(key, input98, data(case, "token_response"), r)
    assert token == data(case, "token")
    privacypass.check_token(token, input98, key)


def test_a_token_of_another_length_is_refused() -> None:
    case = RFC9578[0]
    key, token = PublicKey.from_spki(data(case, "spki")), data(case, "token")
    for other in (b"", token[:-1], token + b"\x00"):
        with pytest.raises(BadToken, match=f"of {len(other)} bytes"):
            privacypass.check_token(other, token[:98], key)


def test_a_token_of_another_input_is_refused_although_the_issuer_signed_it() -> None:
    case = RFC9578[0]
    key, token = PublicKey.from_spki(data(case, "spki")), data(case, "token")
    with pytest.raises(BadToken, match="another slot, issuer key or member key"):
        privacypass.check_token(token, bytes(98), key)


def test_a_token_that_the_issuer_did_not_sign_is_refused() -> None:
    case, other = RFC9578[0], RFC9578[1]
    key = PublicKey.from_spki(data(case, "spki"))
    token = data(case, "token")[:98] + data(other, "token")[98:]
    with pytest.raises(BadToken):
        privacypass.check_token(token, token[:98], key)


def test_every_part_of_a_slot_changes_the_context() -> None:
    slots = [
        ("a.example/log", "w", 1),
        ("b.example/log", "w", 1),
        ("a.example/log", "v", 1),
        ("a.example/log", "w", 2),
        ("a.example/log", "w", 256),
    ]
    assert len({privacypass.slot_context(*slot) for slot in slots}) == len(slots)


def test_a_context_is_the_hash_that_the_protocol_gives() -> None:
    expected = hashlib.sha256(b"fronde/slot/1\x00a.example/log\x00works\x00\x00\x00\x01\x02").digest()
    assert privacypass.slot_context("a.example/log", "works", 258) == expected


def test_the_input_of_a_slot_is_put_together_from_its_parts() -> None:
    context = privacypass.slot_context("a.example:8000/log", "works", 3)
    challenge = b"\x00\x02\x00\x0ea.example:8000" + b"\x20" + context + b"\x00\x00"
    assert privacypass.slot_challenge("a.example:8000", "works", 3) == challenge
    nonce = hashlib.sha256(b"fronde/nonce/1" + KEY).digest()
    expected = b"\x00\x02" + nonce + hashlib.sha256(challenge).digest() + ID
    assert privacypass.slot_input("a.example:8000", "works", 3, KEY, ID) == expected
