# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hmac
import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fronde.site.http import TooMany
from fronde.site.members import codes
from fronde.site.members.codes import Codes, WrongCode

CHALLENGE, OTHER = b"c" * 32, b"d" * 32
REQUEST = b"r" * 32


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def book(clock):
    return Codes(clock)


def another(code: str) -> str:
    return ("1" if code[0] == "0" else "0") + code[1:]


def test_a_code_is_eight_characters_of_crockfords_alphabet(book):
    for i in range(50):
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", book.give("w", bytes([i]) * 32, "a@x"))


def test_forty_bits_fill_the_eight_characters(monkeypatch):
    assert codes.encode(0) == "00000000"
    assert codes.encode(2**40 - 1) == "ZZZZZZZZ"
    assert codes.encode(1) == "00000001"
    assert codes.encode(31 << 35) == "Z0000000"
    asked = []
    monkeypatch.setattr(secrets, "randbits", lambda n: asked.append(n) or 7)
    assert Codes(Clock()).give("w", CHALLENGE, "a@x") == "00000007"
    assert asked == [40]


def test_the_right_code_gives_the_identity(book):
    assert book.spend("w", CHALLENGE, book.give("w", CHALLENGE, "a@x"), REQUEST) == "a@x"


def test_a_code_is_bound_to_its_challenge(book):
    code = book.give("w", CHALLENGE, "a@x")
    with pytest.raises(WrongCode):
        book.spend("w", OTHER, code, REQUEST)


def test_a_code_is_bound_to_its_workplace(book):
    code = book.give("w", CHALLENGE, "a@x")
    with pytest.raises(WrongCode):
        book.spend("other", CHALLENGE, code, REQUEST)


def test_a_code_lives_ten_minutes(book, clock):
    code = book.give("w", CHALLENGE, "a@x")
    clock.now += 599.9
    assert book.spend("w", CHALLENGE, code, REQUEST) == "a@x"
    clock.now += 0.1
    with pytest.raises(WrongCode):
        book.spend("w", CHALLENGE, code, REQUEST)


def test_the_same_request_is_answered_again(book):
    code = book.give("w", CHALLENGE, "a@x")
    assert {book.spend("w", CHALLENGE, code, REQUEST) for _ in range(20)} == {"a@x"}


def test_a_spent_code_is_wrong_for_another_request(book):
    code = book.give("w", CHALLENGE, "a@x")
    book.spend("w", CHALLENGE, code, REQUEST)
    with pytest.raises(WrongCode):
        book.spend("w", CHALLENGE, code, b"s" * 32)
    assert book.spend("w", CHALLENGE, code, REQUEST) == "a@x"


def test_after_five_wrong_ones_the_right_code_is_wrong_too(book):
    code = book.give("w", CHALLENGE, "a@x")
    for _ in range(5):
        with pytest.raises(WrongCode):
            book.spend("w", CHALLENGE, another(code), REQUEST)
    with pytest.raises(WrongCode):
        book.spend("w", CHALLENGE, code, REQUEST)


def test_after_four_wrong_ones_the_right_code_is_right(book):
    code = book.give("w", CHALLENGE, "a@x")
    for _ in range(4):
        with pytest.raises(WrongCode):
            book.spend("w", CHALLENGE, another(code), REQUEST)
    assert book.spend("w", CHALLENGE, code, REQUEST) == "a@x"


def test_joining_again_replaces_the_code_and_the_identity(book):
    old = book.give("w", CHALLENGE, "a@x")
    new = book.give("w", CHALLENGE, "b@x")
    assert book.spend("w", CHALLENGE, new, REQUEST) == "b@x"
    assert len(book) == 1
    assert old != new


def test_every_refusal_reads_the_same(book, clock):
    code = book.give("w", CHALLENGE, "a@x")
    book.spend("w", CHALLENGE, code, REQUEST)
    gone = book.give("w", OTHER, "a@x")
    said = set()
    for challenge, typed in ((b"e" * 32, code), (CHALLENGE, another(code)), (CHALLENGE, code)):
        with pytest.raises(WrongCode) as refused:
            book.spend("w", challenge, typed, b"s" * 32)
        said.add((refused.value.message, refused.value.hint, refused.value.name))
    clock.now += 600
    with pytest.raises(WrongCode) as refused:
        book.spend("w", OTHER, gone, REQUEST)
    said.add((refused.value.message, refused.value.hint, refused.value.name))
    assert len(said) == 1


def test_a_full_book_says_how_long_to_wait(clock):
    book = Codes(clock, most=2)
    book.give("w", CHALLENGE, "a@x")
    clock.now += 60
    book.give("w", OTHER, "a@x")
    with pytest.raises(TooMany) as busy:
        book.give("w", b"e" * 32, "a@x")
    assert busy.value.after == 540
    book.give("w", OTHER, "a@x")  # replacing one takes no room
    clock.now += 540
    book.give("w", b"e" * 32, "a@x")


def test_codes_that_ran_out_leave_the_memory(book, clock):
    for i in range(100):
        book.give("w", bytes([i]) * 32, "a@x")
    clock.now += 600
    book.give("w", CHALLENGE, "a@x")
    assert len(book) == 1


def test_ten_thousand_guesses_at_once_evaluate_five(monkeypatch):
    book = Codes(Clock())
    code = book.give("w", CHALLENGE, "a@x")
    evaluated, lock = [], threading.Lock()
    compare = hmac.compare_digest

    def counted(left, right):
        with lock:
            evaluated.append(right)
        return compare(left, right)

    monkeypatch.setattr(codes.hmac, "compare_digest", counted)

    def guess(number: int) -> str:
        typed = codes.encode(number)
        try:
            return book.spend("w", CHALLENGE, typed if typed != code else another(code), REQUEST)
        except WrongCode:
            return ""

    with ThreadPoolExecutor(50) as pool:
        assert not any(pool.map(guess, range(10_000)))
    assert len(evaluated) == 5
