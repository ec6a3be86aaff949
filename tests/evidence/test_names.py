# SPDX-License-Identifier: Apache-2.0
"""Keys that suggest and ids that identify."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.evidence import identity, names


@pytest.mark.parametrize(
    "alike",
    [
        ("DELL FEDERAL SYSTEMS L.P", "Dell Federal Systems, L.P.", "DELL  FEDERAL SYSTEMS"),
        ("Société Générale SA", "SOCIETE GENERALE"),
        ("AT&T Corp.", "AT & T", "AT and T"),
        ("The Example Company", "EXAMPLE"),
    ],
)
def test_spellings_of_one_name_have_one_key(alike):
    assert len({names.key(each) for each in alike}) == 1


def test_names_that_differ_have_different_keys():
    different = ("DELL FEDERAL SYSTEMS", "DELL MARKETING", "CO", "Ελλάς", "中文公司", "INC")
    assert len({names.key(each) for each in different}) == len(different)


@given(st.text(max_size=40))
def test_the_key_of_a_key_is_the_key(name):
    assert names.key(names.key(name)) == names.key(name)


def test_spreadsheets_eat_the_zeros_of_a_duns_and_we_put_them_back():
    assert names.duns("81466849") == "081466849" == names.duns(" 081466849 ")
    assert [names.duns(each) for each in ("123456787", "0", "1234567890", "12a", "")] == [""] * 5


def test_a_siren_passes_luhn_or_identifies_nobody():
    assert names.siren("732829320") == "732829320" == names.siren("732 829 320 00074")
    assert names.siret("73282932000074") == "73282932000074"
    assert [names.siren(each) for each in ("732829321", "73282932000075", "000000000", "")] == [""] * 4
    assert names.siren("35600000049837") == "356000000"  # an office of La Poste


def test_other_ids_have_their_forms():
    assert names.uei("hb6gkzymmw89") == "HB6GKZYMMW89"
    assert names.uei("0B6GKZYMMW89") == names.uei("HB6GKZYMMW8") == ""
    assert (names.cage("3xau1"), names.cage("3XAU")) == ("3XAU1", "")
    assert [names.coh(each) for each in ("445790", "SC123456", "0", "x")] == ["00445790", "SC123456", "", ""]
    assert [names.country(each) for each in ("usa", "United Kingdom", "NZ", "")] == ["US", "GB", "NZ", ""]


def packed(**parts: str) -> str:
    return identity.SEPARATOR.join(parts.get(part, "") for part in identity.PACKED)


def test_an_id_joins_spellings_and_a_name_joins_only_what_has_no_id():
    found = identity.Parties()
    found.add(packed(name="HALCYON INC", duns="2000001"), 3)
    found.add(packed(name="HALCYON CLOUD", duns="002000001", uei="HB6GKZYMMW89"), 1)
    found.add(packed(name="HALCYON CLOUD RENAMED", uei="HB6GKZYMMW89"), 1)
    found.add(packed(name="Halcyon, Inc."), 1)
    found.add(packed(name="HALCYON"), 1)
    parties, numbers = found.settle()
    assert [party.handle for party in parties] == ["US-UEI:HB6GKZYMMW89", "name:HALCYON:"]
    assert list(numbers.values()) == [1, 1, 1, 2, 2]
    assert parties[0].ids == (("US-DUNS", "002000001"), ("US-UEI", "HB6GKZYMMW89"))


def test_the_number_of_nobody_joins_nothing():
    found = identity.Parties()
    found.add(packed(name="ONE", duns="123456787"), 1)
    found.add(packed(name="OTHER", duns="123456787"), 1)
    assert len(found.settle()[0]) == 2


def test_a_name_of_several_words_stands_before_an_abbreviation():
    found = identity.Parties()
    found.add(packed(name="ICE", scheme="US-AGENCY", id="7012"), 900)
    found.add(packed(name="IMMIGRATION AND CUSTOMS ENFORCEMENT", scheme="US-AGENCY", id="7012"), 1)
    (party,), _ = found.settle()
    assert party.names[0][0] == "IMMIGRATION AND CUSTOMS ENFORCEMENT"


def test_invisible_characters_of_a_name_are_not_taken():
    assert identity.clean("A\u202eB\u200b\tC \x00") == "A B C"
