# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from fronde.tokens import ed25519
from fronde.tokens.ed25519 import BadKey, BadSignature
from tests.vectors import make_ed25519
from tests.vectors.read import vectors

CASES = vectors("ed25519")["cases"]
SEED = bytes(range(32))


def names(case: dict[str, Any]) -> str:
    return str(case["name"])


def parts(case: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    key, signature, message = (bytes.fromhex(case[field]) for field in ("key", "signature", "message"))
    return key, signature, message


@pytest.mark.parametrize("case", CASES, ids=names)
def test_every_vector_gets_its_verdict(case: dict[str, Any]) -> None:
    if case["valid"]:
        ed25519.verify(*parts(case))
    else:
        with pytest.raises((BadKey, BadSignature)):
            ed25519.verify(*parts(case))


@pytest.mark.parametrize("case", [c for c in CASES if "seed" in c], ids=names)
def test_the_signatures_of_rfc_8032_are_made_again(case: dict[str, Any]) -> None:
    key, signature, message = parts(case)
    seed = bytes.fromhex(case["seed"])
    assert ed25519.public_key(seed) == key
    assert ed25519.sign(seed, message) == signature


@pytest.mark.parametrize("case", CASES, ids=names)
def test_a_server_takes_only_points_of_prime_order(case: dict[str, Any]) -> None:
    key, signature, _ = parts(case)
    if case["prime_order"]:
        ed25519.check_prime_order(key, signature)
    else:
        with pytest.raises((BadKey, BadSignature)):
            ed25519.check_prime_order(key, signature)


@pytest.mark.parametrize("case", CASES, ids=names)
def test_openssl_gives_the_same_verdict_after_the_byte_checks(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ed25519, "_equation", ed25519._openssl)
    test_every_vector_gets_its_verdict(case)


def test_the_vectors_hold_what_only_a_cofactored_check_accepts() -> None:
    assert [c for c in CASES if c["cofactored"] and not c["equation"]]


def test_the_file_of_vectors_is_what_its_script_writes() -> None:
    assert make_ed25519.text() == make_ed25519.PATH.read_text()


def test_a_library_that_multiplies_by_the_cofactor_is_not_used() -> None:
    cofactored = {parts(c) for c in CASES if c["cofactored"]}

    def lax(key: bytes, signature: bytes, message: bytes) -> bool:
        return (key, signature, message) in cofactored

    assert ed25519._without_cofactor(lax, ed25519._openssl) is ed25519._openssl
    assert ed25519._without_cofactor(ed25519._sodium, ed25519._openssl) is ed25519._sodium


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(BadKey, match=f"of {length} bytes"):
        ed25519.check_key(bytes(length))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    key = ed25519.public_key(SEED)
    with pytest.raises(BadSignature, match=f"of {length} bytes"):
        ed25519.verify(key, bytes(length), b"")


def test_each_byte_check_says_what_it_refused() -> None:
    key, signature = ed25519.public_key(SEED), ed25519.sign(SEED, b"m")
    with pytest.raises(BadKey, match="small order"):
        ed25519.verify((1).to_bytes(32, "little"), signature, b"m")
    with pytest.raises(BadSignature, match="R is not canonical"):
        ed25519.verify(key, (1).to_bytes(32, "little") + signature[32:], b"m")
    with pytest.raises(BadSignature, match="S is not below L"):
        ed25519.verify(key, signature[:32] + ed25519.L.to_bytes(32, "little"), b"m")
    with pytest.raises(BadSignature, match="does not verify"):
        ed25519.verify(key, signature, b"n")
