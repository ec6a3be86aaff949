# SPDX-License-Identifier: Apache-2.0
"""Names and numbers of companies and authorities: keys that suggest, ids that identify."""

from __future__ import annotations

import re
import unicodedata

# Numbers that stand for "somebody": they join what has nothing in common, so they identify nobody.
NOBODY = frozenset(
    {"000000000", "123456787", "123456789", "136666505", "167445928", "790238638", "790238851", "999999999"}
)

# What a company may write behind its name or not: the end of a name only.
LEGAL = frozenset({
    "AB", "AG", "ASA", "BV", "CO", "COMPANY", "CORP", "CORPORATION", "EURL", "GMBH", "INC", "INCORPORATED",
    "KG", "LIMITED", "LLC", "LLP", "LP", "LTD", "NV", "OY", "PLC", "PTY", "SA", "SARL", "SAS", "SASU", "SE",
    "SPA", "SRL", "ULC",
})  # fmt: skip
COUNTRIES = {
    "USA": "US", "UNITED STATES": "US", "GBR": "GB", "UK": "GB", "UNITED KINGDOM": "GB",
    "FRA": "FR", "FRANCE": "FR",
}  # fmt: skip

_APART = re.compile(r"[\W_]+")
_DOTTED = re.compile(r"\b(\w)\.(?=\w\b)")


def key(name: str) -> str:
    """What is left of a name to compare: capitals, no accents, one space between words, no legal form.

    "Dell Federal Systems, L.P." and "DELL FEDERAL SYSTEMS L.P" have one key. "" for a name without letters.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.upper()) if not unicodedata.combining(c))
    words = _APART.sub(" ", _DOTTED.sub(r"\1", plain.upper().replace("&", " AND "))).split()
    if len(words) > 1 and words[0] == "THE":
        del words[0]
    while len(words) > 1 and words[-1] in LEGAL:
        words.pop()
    return " ".join(words)


def country(text: str) -> str:
    """Two capitals where we know them, else what the file says, in capitals."""
    plain = text.strip().upper()
    return COUNTRIES.get(plain, plain)


def duns(text: str) -> str:
    """Nine digits, padded on the left: spreadsheets eat the zeros. "" when it identifies nobody."""
    plain = text.strip().replace("-", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 9):
        return ""
    padded = plain.zfill(9)
    return "" if padded in NOBODY else padded


def uei(text: str) -> str:
    """Twelve capitals and digits (SAM.gov; it does not begin with 0), or ""."""
    plain = text.strip().upper()
    return plain if re.fullmatch(r"[A-HJ-NP-Z1-9][A-HJ-NP-Z0-9]{11}", plain) else ""


def cage(text: str) -> str:
    """Five capitals and digits, or ""."""
    plain = text.strip().upper()
    return plain if re.fullmatch(r"[A-Z0-9]{5}", plain) else ""


def siren(text: str) -> str:
    """The nine digits of a French company, out of a SIREN or a SIRET that passes Luhn, or ""."""
    plain = re.sub(r"\s", "", text)
    if not re.fullmatch(r"[0-9]{9}([0-9]{5})?", plain) or not luhn(plain[:9]) or int(plain[:9]) == 0:
        return ""
    # La Poste numbers its establishments so that the sum of the digits is a multiple of five, not by Luhn.
    post = plain.startswith("356000000") and sum(map(int, plain)) % 5 == 0
    return plain[:9] if len(plain) == 9 or luhn(plain) or post else ""


def siret(text: str) -> str:
    """The fourteen digits of an establishment that pass Luhn, or ""."""
    plain = re.sub(r"\s", "", text)
    return plain if len(plain) == 14 and siren(plain) else ""


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others: every second from the right is doubled, the sum ends in 0."""
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def coh(text: str) -> str:
    """A number of Companies House: eight characters, padded when it is digits alone, or ""."""
    plain = text.strip().upper()
    if plain.isascii() and plain.isdigit() and 0 < len(plain) <= 8 and int(plain):
        return plain.zfill(8)
    return plain if re.fullmatch(r"[A-Z]{2}[0-9]{6}", plain) else ""
