# SPDX-License-Identifier: Apache-2.0
"""The seed as twelve words: BIP-39's entropy (16 bytes) and checksum, never its PBKDF2 output.  # spec: 4"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from mnemonic import Mnemonic

from fronde.errors import Refused

LANGUAGES = {"en": "english", "fr": "french"}
COUNT = 12


class BadWords(Refused):
    """Words that are not twelve of one list, or whose checksum is wrong."""

    name = "bad-words"


def write(seed: bytes, lang: str = "en") -> list[str]:
    """The twelve words of a seed of 16 bytes, NFC. lang: "en" or "fr"."""
    phrase = Mnemonic(LANGUAGES[lang]).to_mnemonic(seed)
    return [unicodedata.normalize("NFC", word) for word in phrase.split()]


def read(text: str) -> bytes:
    """The seed of twelve words, in either language; accents and capitals may be missing. Raises BadWords."""
    typed = [_plain(word) for word in text.split()]
    if len(typed) != COUNT:
        raise BadWords(
            f"{len(typed)} words, where {COUNT} belong", hint="Type all twelve, with spaces between."
        )
    known = False
    for language in LANGUAGES.values():
        book = Mnemonic(language)
        phrase = _spelled(typed, book.wordlist)
        if phrase is None:
            continue
        known = True
        if book.check(phrase):
            return bytes(book.to_entropy(phrase))
    if known:
        raise BadWords("these twelve words do not belong together", hint="Check their order and each word.")
    raise BadWords("a word stands in neither list", hint="Check the spelling of each word.")


def _spelled(typed: Sequence[str], wordlist: Sequence[str]) -> str | None:
    spelling = {_plain(word): word for word in wordlist}
    words = [spelling.get(word) for word in typed]
    return None if None in words else " ".join(word for word in words if word)


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))
