# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fronde.tokens import blindrsa, privacypass, secrets
from fronde.tokens.blindrsa import BadKey, BadToken, PublicKey
from fronde.tokens.secrets import SlotSecrets
from tests.vectors import make_secrets
from tests.vectors.read import vectors

CASES = vectors("secrets")["cases"]


def names(case: dict[str, Any]) -> str:
    return str(case["name"])


def derived(case: dict[str, Any]) -> SlotSecrets:
    key = PublicKey.from_spki(bytes.fromhex(case["spki"]))
    return SlotSecrets(bytes.fromhex(case["seed"]), case["host"], case["workplace"], case["number"], key)


@pytest.mark.parametrize("case", CASES, ids=names)
def test_everything_is_derived_as_the_vectors_say(case: dict[str, Any]) -> None:
    mine = derived(case)
    context = secrets.slot_context(case["origin"], case["workplace"], case["number"])
    challenge = privacypass.slot_challenge(case["host"], case["workplace"], case["number"])
    assert context.hex() == case["context"]
    assert challenge.hex() == case["challenge"]
    assert mine.sign_seed.hex() == case["sign_seed"]
    assert mine.public_key.hex() == case["public_key"]
    assert secrets.nonce(mine.public_key).hex() == case["nonce"]
    assert mine.key.key_id.hex() == case["key_id"]
    assert mine.input.hex() == case["input"]
    assert mine.salt.hex() == case["salt"]
    assert mine.blinding == int(case["blinding"], 16)
    assert mine.blinded.hex() == case["blinded"]


@pytest.mark.parametrize("case", CASES, ids=names)
def test_the_answer_becomes_the_token_and_the_token_verifies(case: dict[str, Any]) -> None:
    mine = derived(case)
    token = mine.token(bytes.fromhex(case["blind_signature"]))
    assert token.hex() == case["token"]
    privacypass.check_token(token, mine.input, mine.key)


def test_some_vector_needs_a_second_blinding_factor() -> None:
    assert max(case["counter"] for case in CASES) >= 2


def test_the_files_of_vectors_are_what_their_script_writes() -> None:
    for path, text in make_secrets.files().items():
        assert path.read_text() == text


def test_the_answer_for_another_slot_is_refused() -> None:
    with pytest.raises(BadToken):
        derived(CASES[0]).token(bytes.fromhex(CASES[2]["blind_signature"]))


def test_another_issuer_key_changes_all_but_the_signing_key() -> None:
    one, other = derived(CASES[0]), derived(CASES[1])
    assert one.sign_seed == other.sign_seed
    assert one.input != other.input
    assert one.salt != other.salt
    assert one.blinding != other.blinding


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_a_seed_of_another_length_is_a_mistake(length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} bytes"):
        SlotSecrets(bytes(length), "fronde.example", "works", 1, derived(CASES[0]).key)


def test_a_key_under_which_nothing_can_be_blinded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blindrsa, "invertible", lambda key, r: False)
    with pytest.raises(BadKey, match="nothing can be blinded"):
        _ = derived(CASES[0]).blinding


@settings(max_examples=20)
@given(st.binary(min_size=16, max_size=16), st.integers(1, 2**32 - 1))
def test_any_seed_and_slot_give_values_of_the_right_size(seed: bytes, number: int) -> None:
    mine = SlotSecrets(seed, "fronde.example", "works", number, derived(CASES[0]).key)
    assert [len(mine.sign_seed), len(mine.public_key), len(mine.input)] == [32, 32, 98]
    assert [len(mine.salt), len(mine.blinded)] == [48, 256]
    assert 0 < mine.blinding < mine.key.n
