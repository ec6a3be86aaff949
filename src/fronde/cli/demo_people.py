# SPDX-License-Identifier: Apache-2.0
"""The invented people of the demonstration, and the hours at which they sign."""

from __future__ import annotations

import math
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

DOMAIN = "meridian.example"

# Names that go together in every combination, and belong to nobody together.
FIRST = """
Adaeze Agnieszka Aleksi Amadou Anaïs Anneke Aroha Astrid Ayşe Baptiste Beatriz Björn Bronagh Camila Chidi
Daniela Darius Đurđa Eirik Eleni Emeka Esteban Farah Françoise Georgia Gökhan Håkon Hana Imogen Inés Ioana
Ismaël Jelena Joaquín Jūratė Kavya Keiko Kofi Lars Léa Lindiwe Łukasz Marek Máiréad Mehdi Mihai Nadia Nils
Noémie Oksana Orsolya Owen Paula Petra Priya Quentin Rafał Renée Rosalind Samir Sanna Siobhán Søren Tariq
Teodora Tomás Uchenna Valérie Wanjiru Yusuf Zoltán Žofia
"""
LAST = """
Abernethy Achterberg Adeyinka Almgren Arslanbek Baptista-Reis Bielecki Brânzan Brocklebank Castagnola
Čapkova Delacroze Demirkol Doherty-Vane Dvořáček Ekwensi Eskildsen Etxarri Fairweather Fennimore Ferreiro
Gallego-Sanz Gjedrem Grønnegaard Hallgrimsdal Hasenfratz Horvathy Iwaszko Jankovics Kalliokoski Karaduman
Keïta-Morel Kirwanson Kowalczuk-Lis Lebrecht Lindqvist-Aho Maalouf-Roy Mbekwe Mikkelborg Mukhambet
Naidoo-Hart Nakagome Ní-Fhloinn Nwachuku Oduyale Olafsdal Örnebring Pappastav Pereyra-Luz Phiriwa Quintanal
Raghunandan Rasmusvik Rossignol Ruizdel Saldanhado Sandvikas Schönwald Ševčíkova Sidhwani Straatmans
Szabolcsi Tagliaferro Tchoupo Thorsteinvik Uzunoglu Vandamme-Roth Vesterlund Whitlocke Wojnarski Yamashige
Zielonka
"""
NOTES = """
Archive storage, Rotterdam
site reliability
customer support
compilers
legal operations
design
search and indexing
billing systems, Porto
security engineering
developer relations
data centre operations
facilities, Columbus
technical writing
release engineering
people team
fourteen years here
quality, Kraków
field engineering
"""

# What decomposition does not turn into ASCII.
_LETTERS = str.maketrans(
    {
        "ł": "l",
        "Ł": "L",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ß": "ss",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "æ": "ae",
    }
)


@dataclass(frozen=True)
class Person:
    """Somebody at Meridian Systems. shown: signs by name; note: may be empty."""

    name: str
    mailbox: str
    shown: bool
    note: str


def people(rng: random.Random) -> Iterator[Person]:
    """Ever more people, each with a mailbox of their own; three in five sign by name."""
    pairs = [(first, last) for first in FIRST.split() for last in LAST.split()]
    rng.shuffle(pairs)
    notes = NOTES.strip().splitlines()
    for number, (first, last) in enumerate(pairs):
        mailbox = f"{_plain(first)}.{_plain(last)}@{DOMAIN}"
        shown = number % 5 in (0, 2, 3)
        note = rng.choice(notes) if shown and rng.random() < 0.4 else ""
        yield Person(f"{first} {last}", mailbox, shown, note)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.translate(_LETTERS)).lower()
    return "".join(c for c in decomposed if "a" <= c <= "z")


def hours(signers: int, count: int = 72) -> list[int]:
    """How many of them sign in each hour of a campaign, as measured on letters that were really written.

    A first day with a peak hour of 4 to 5 % of all, quiet nights, a slow decline, and a second wave when the
    press reports on the third day.
    """
    weights = [_weight(hour) for hour in range(count)]
    whole, reached, result = sum(weights), 0.0, []
    for weight in weights:
        before = round(reached)
        reached += signers * weight / whole
        result.append(round(reached) - before)
    return result


def _weight(hour: int) -> float:
    day = 0.15 + math.pow(max(0.0, math.sin(math.pi * ((hour + 9) % 24 - 6) / 17)), 1.5)
    return day * (math.exp(-hour / 28) + 0.55 * math.exp(-math.pow((hour - 54) / 7, 2)))
