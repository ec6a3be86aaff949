# SPDX-License-Identifier: Apache-2.0
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.client import words


# BIP-39's own vectors (github.com/trezor/python-mnemonic, vectors.json), entropy and words.
@pytest.mark.parametrize(
    ("entropy", "phrase"),
    [
        ("00" * 16, "abandon " * 11 + "about"),
        ("7f" * 16, "legal winner thank year wave sausage worth useful legal winner thank yellow"),
        ("80" * 16, "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"),
        ("ff" * 16, "zoo " * 11 + "wrong"),
    ],
)
def test_the_published_vectors_hold(entropy, phrase):
    assert words.write(bytes.fromhex(entropy)) == phrase.split()
    assert words.read(phrase) == bytes.fromhex(entropy)


@given(st.binary(min_size=16, max_size=16), st.sampled_from(["en", "fr"]))
def test_words_come_back_as_the_seed(seed, lang):
    assert words.read(" ".join(words.write(seed, lang))) == seed


@given(st.binary(min_size=16, max_size=16))
def test_accents_and_capitals_may_be_missing_or_too_many(seed):
    phrase = " ".join(words.write(seed, "fr"))
    bare = "".join(c for c in unicodedata.normalize("NFD", phrase) if not unicodedata.combining(c))
    assert words.read(bare.upper()) == seed
    assert words.read(f"  {unicodedata.normalize('NFD', phrase)}\n") == seed


def test_french_words_are_written_composed():
    every = [word for seed in range(256) for word in words.write(bytes([seed]) * 16, "fr")]
    assert any(not word.isascii() for word in every)
    assert all(unicodedata.is_normalized("NFC", word) for word in every)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("abandon " * 11, "11 words"),
        ("abandon " * 13, "13 words"),
        ("abandon " * 12, "do not belong together"),
        ("abandon " * 11 + "meridian", "neither list"),
        ("abandon " * 11 + "zébrure", "neither list"),
        ("", "0 words"),
    ],
)
def test_wrong_words_are_refused_with_the_reason(phrase, said):
    with pytest.raises(words.BadWords, match=said):
        words.read(phrase)
