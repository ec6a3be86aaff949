# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from fronde.letter import Letter
from fronde.site.letters import reading
from fronde.site.letters.reading import Standing
from tests.site.village import Village


def test_readers_who_come_together_make_the_numbers_be_computed_once(
    village: Village, monkeypatch: pytest.MonkeyPatch
):
    letter = village.open()
    compute = reading._compute
    computed: list[Letter] = []
    both = threading.Barrier(2)

    def slowly(found: Letter) -> Standing:
        computed.append(found)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.3)  # a second one that computes at the same time ends this at once
        return compute(letter)

    def read() -> Standing | None:
        try:
            return reading.standing(letter.id)
        finally:
            connections.close_all()

    monkeypatch.setattr(reading, "_compute", slowly)
    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(read) for _ in range(2))
    assert first.result() is not None
    assert first.result() is second.result()
    assert [one.id for one in computed] == [letter.id]


def test_a_letter_that_is_not_there_has_no_numbers(village: Village):
    assert reading.standing("aaaaaaaaaaaaaaaa") is None


def test_names_are_sorted_without_case_and_accents(village: Village):
    letter = village.open(least=5)
    names = ["Zoé", "Ève", "adam", "Eve", "Özge", "Zoe"]
    for name, member in zip(names, village.members(30), strict=False):
        village.sign(letter, member, name)
    village.step()
    standing = reading.standing(letter.id)
    assert standing is not None
    assert [name for name, _ in standing.names] == ["adam", "Eve", "Ève", "Özge", "Zoe", "Zoé"]
