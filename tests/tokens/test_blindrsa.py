# SPDX-License-Identifier: Apache-2.0
import math
from typing import Any

import pytest

from fronde.tokens import blindrsa
from fronde.tokens.blindrsa import BadKey, BadToken, PublicKey
from tests.vectors.read import vectors

RFC9474 = vectors("rfc9474")["cases"]
RFC9578 = vectors("rfc9578")["cases"]
SPKI = bytes.fromhex(RFC9578[0]["spki"])


def names(case: dict[str, Any]) -> str:
    return str(case["name"])


def number(case: dict[str, Any], field: str) -> int:
    return int(case[field], 16)


def data(case: dict[str, Any], field: str) -> bytes:
    return bytes.fromhex(case[field])


@pytest.mark.parametrize("case", RFC9474, ids=names)
def test_blind_gives_the_blinded_message_of_rfc_9474(case: dict[str, Any]) -> None:
    key = PublicKey(number(case, "n"))
    r = pow(number(case, "inv"), -1, key.n)
    blinded = blindrsa.blind(key, data(case, "input_msg"), data(case, "salt"), r)
    assert blinded == data(case, "blinded_msg")


@pytest.mark.parametrize("case", RFC9474, ids=names)
def test_finalize_gives_the_signature_of_rfc_9474(case: dict[str, Any]) -> None:
    key = PublicKey(number(case, "n"))
    r = pow(number(case, "inv"), -1, key.n)
    salt_bytes = len(data(case, "salt"))
    signature = blindrsa.finalize(
        key, data(case, "input_msg"), data(case, "blind_sig"), r, salt_bytes=salt_bytes
    )
    assert signature == data(case, "sig")


@pytest.mark.parametrize("case", RFC9474, ids=names)
def test_verify_takes_the_signature_of_rfc_9474_and_no_other_message(case: dict[str, Any]) -> None:
    key, message, signature = PublicKey(number(case, "n")), data(case, "input_msg"), data(case, "sig")
    salt_bytes = len(data(case, "salt"))
    blindrsa.verify(key, message, signature, salt_bytes=salt_bytes)
    with pytest.raises(BadToken):
        blindrsa.verify(key, message + b"\x00", signature, salt_bytes=salt_bytes)
    with pytest.raises(BadToken):
        blindrsa.verify(key, message, signature, salt_bytes=48 - salt_bytes)


@pytest.mark.parametrize("case", [c for c in RFC9474 if "encoded_msg" in c], ids=names)
def test_the_encoded_message_is_that_of_rfc_9474(case: dict[str, Any]) -> None:
    bits = number(case, "n").bit_length() - 1
    encoded = blindrsa.emsa_pss_encode(data(case, "input_msg"), data(case, "salt"), bits)
    assert encoded == number(case, "encoded_msg")


@pytest.mark.parametrize("case", RFC9578, ids=names)
def test_the_keys_of_rfc_9578_are_read_and_written_again(case: dict[str, Any]) -> None:
    key = PublicKey.from_spki(data(case, "spki"))
    assert key.n == number(case, "n")
    assert PublicKey.from_modulus(key.n).spki == data(case, "spki")


def spki(n: int) -> bytes:
    return SPKI[:81] + n.to_bytes(256) + SPKI[-5:]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(SPKI[:-1], id="a byte less"),
        pytest.param(SPKI + b"\x00", id="a byte more"),
        pytest.param(SPKI[:-1] + b"\x03", id="another exponent"),
        pytest.param(b"\x31" + SPKI[1:], id="another first byte"),
        pytest.param(SPKI[:80] + b"\x01" + SPKI[81:], id="a modulus of 2049 bits"),
        pytest.param(spki(1 << 2047), id="an even modulus"),
        pytest.param(spki((1 << 2047) - 1), id="a modulus of 2047 bits"),
    ],
)
def test_any_other_key_is_refused(other: bytes) -> None:
    with pytest.raises(BadKey):
        PublicKey.from_spki(other)


@pytest.mark.parametrize("bits", [2047, 2049, 4096])
def test_a_modulus_of_another_length_is_refused(bits: int) -> None:
    with pytest.raises(BadKey, match=f"of {bits} bits"):
        PublicKey.from_modulus((1 << bits) - 1)


def test_a_message_that_shares_a_divisor_with_the_modulus_is_refused() -> None:
    # A modulus that is a multiple of the very message, which no honest issuer has.
    m = blindrsa.emsa_pss_encode(b"m", bytes(48), 2047)
    n = m * ((1 << 2047) // m + 1)
    assert n.bit_length() == 2048
    with pytest.raises(BadKey, match="the message"):
        blindrsa.blind(PublicKey(n), b"m", bytes(48), 2)


@pytest.mark.parametrize("factor", [0, 7, -2, 1 << 2048])
def test_a_factor_that_cannot_be_inverted_is_refused(factor: int) -> None:
    key = PublicKey(7 * ((1 << 2047) // 7 + 1))
    assert not blindrsa.invertible(key, factor)
    encoded = {bytes([i]): blindrsa.emsa_pss_encode(bytes([i]), bytes(48), 2047) for i in range(99)}
    message = next(message for message, m in encoded.items() if math.gcd(m, key.n) == 1)
    with pytest.raises(BadKey, match="the blinding factor"):
        blindrsa.blind(key, message, bytes(48), factor)


@pytest.mark.parametrize("case", RFC9578[:1], ids=names)
def test_a_blind_signature_of_another_form_is_refused(case: dict[str, Any]) -> None:
    key = PublicKey.from_spki(SPKI)
    good = data(case, "token_response")
    for bad in (b"", good[:-1], good + b"\x00", key.n.to_bytes(256), b"\xff" * 256):
        with pytest.raises(BadToken, match="256 bytes below the modulus"):
            blindrsa.finalize(key, b"m", bad, 3)
    with pytest.raises(BadToken, match="did not sign"):
        blindrsa.finalize(key, b"m", good, 3)


@pytest.mark.parametrize("case", RFC9578[:1], ids=names)
def test_a_signature_of_another_form_is_refused(case: dict[str, Any]) -> None:
    key = PublicKey.from_spki(SPKI)
    message, good = data(case, "token")[:98], data(case, "token")[98:]
    blindrsa.verify(key, message, good)
    above = (int.from_bytes(good) + key.n).to_bytes(257)
    for bad in (b"", good[:-1], b"\x00" + good, above, key.n.to_bytes(256), b"\xff" * 256):
        with pytest.raises(BadToken, match="256 bytes below the modulus"):
            blindrsa.verify(key, message, bad)
    for i in (0, 128, 255):
        bad = good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :]
        with pytest.raises(BadToken):
            blindrsa.verify(key, message, bad)
