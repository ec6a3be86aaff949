# SPDX-License-Identifier: Apache-2.0
"""What every reader must bear: bytes of any kind, and a good file that was broken at one place."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

import pytest
from hypothesis import strategies as st

from fronde.errors import FrondeError
from fronde.evidence.contract import FIELDS, KINDS, MONEY, Problem, Row

Reader = Callable[[BinaryIO], Iterator[tuple[int, Row | Problem]]]


class Named(io.BytesIO):
    """Bytes with the name of a file."""

    def __init__(self, data: bytes, name: str = "records.dat") -> None:
        super().__init__(data)
        self.name = name


def read(reader: Reader, data: bytes | str) -> list[tuple[int, Row | Problem]]:
    """All that a reader makes of a file, each held against the contract."""
    file = Named(data.encode() if isinstance(data, str) else data)
    found = list(reader(file))
    for number, row in found:
        assert number >= 1
        if isinstance(row, Problem):
            assert row.why
            continue
        assert set(row) <= set(FIELDS), set(row) - set(FIELDS)
        assert row["kind"] in KINDS
        assert all(isinstance(value, str) for value in row.values())
    return found


def rows(reader: Reader, data: bytes | str) -> list[Row]:
    """The rows alone."""
    return [row for _, row in read(reader, data) if not isinstance(row, Problem)]


def problems(reader: Reader, data: bytes | str) -> list[tuple[int, str]]:
    """The numbers of records that gave no row, and why."""
    return [(number, row.why) for number, row in read(reader, data) if isinstance(row, Problem)]


def refused(reader: Reader, data: bytes | str) -> FrondeError:
    """The error of a file that must be refused: it names the file, and a next step."""
    with pytest.raises(FrondeError) as caught:
        read(reader, data)
    assert "records.dat" in caught.value.message
    assert caught.value.hint
    return caught.value


def never_breaks(reader: Reader, data: bytes) -> None:
    """Whatever stands in a file: rows, problems, or an error with file and next step; never a traceback."""
    try:
        read(reader, data)
    except FrondeError as error:
        named = "records.dat" in error.message and error.hint
    else:
        named = "read"
    assert named


def cents(amount: str) -> int:
    """An amount in cents, as a test computes it."""
    try:
        return int(Decimal(amount or "0") * 100)
    except InvalidOperation:
        return 0


def total(found: list[Row], measure: str) -> int:
    assert measure in MONEY
    return sum(cents(row.get(measure, "")) for row in found)


scalars: Any = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


def shaped(keys: list[str]) -> Any:
    """JSON of any shape that uses the keys of a format in every wrong place."""
    return st.recursive(
        scalars,
        lambda inside: (
            st.lists(inside, max_size=4) | st.dictionaries(st.sampled_from(keys), inside, max_size=6)
        ),
        max_leaves=25,
    )


def broken(good: bytes) -> Any:
    """A good file with one slice of it replaced by other bytes."""
    return st.builds(
        lambda start, length, other: good[:start] + other + good[start + length :],
        st.integers(0, len(good)),
        st.integers(0, 40),
        st.binary(max_size=12)
        | st.sampled_from([b'"', b"<", b"&a;", b"{", b"]", b"\x00", b"1e999999999", b"\\u0000"]),
    )
