# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.site.letters.names import A_PAGE, pick
from tests.site.shown import people

SOME = (("Amadou Keïta", "site reliability"), ("Beatriz Saldanha", None), ("Łukasz Żak", "réseau"))


def found(query: str) -> list[str]:
    return [name for name, _note in pick(SOME, query).shown]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Amadou Keïta", "Beatriz Saldanha", "Łukasz Żak"]),
        ("keita", ["Amadou Keïta"]),
        ("KEÏTA", ["Amadou Keïta"]),
        ("reseau", ["Łukasz Żak"]),
        ("reliability amadou", ["Amadou Keïta"]),
        ("amadou beatriz", []),
        ("   ", ["Amadou Keïta", "Beatriz Saldanha", "Łukasz Żak"]),
    ],
)
def test_a_search_forgives_case_and_accents(query, names):
    assert found(query) == names


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "1.5", "²", "99999999", "\u0663"])
def test_a_page_that_is_none_is_the_first(page):
    assert pick(people(200), page=page).page == 1


def test_a_page_past_the_end_is_the_last():
    last = pick(people(A_PAGE * 3 + 1), page="77")
    assert (last.page, last.first, last.last, last.previous, last.next) == (4, 181, 181, 3, None)


def test_all_names_are_one_page():
    everybody = pick(people(500), page="all")
    assert (len(everybody.shown), everybody.pages, everybody.numbers) == (500, 1, [1])


def test_no_names_are_one_empty_page():
    none = pick(())
    assert (none.first, none.last, none.found, none.pages, none.next, none.previous) == (
        0,
        0,
        0,
        1,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("page", "numbers"),
    [
        ("1", [1, 2, None, 9]),
        ("3", [1, 2, 3, 4, None, 9]),
        ("4", [1, 2, 3, 4, 5, None, 9]),
        ("5", [1, None, 4, 5, 6, None, 9]),
        ("9", [1, None, 8, 9]),
    ],
)
def test_the_pager_leaves_gaps(page, numbers):
    assert pick(people(A_PAGE * 9), page=page).numbers == numbers


@given(st.integers(0, 400))
def test_the_pages_together_are_all_names_once(count):
    names = people(count)
    pages = range(1, pick(names).pages + 1)
    assert tuple(name for page in pages for name in pick(names, page=str(page)).shown) == names
