# SPDX-License-Identifier: Apache-2.0
"""One file to one table of typed contract rows, staged/<...>.parquet: all rules about a single file.

A CSV is read by DuckDB as text, only the columns of the allow list; casts come after, in SQL, over all rows
at once. What DuckDB finds malformed is read again by Python, record by record, to say which records they
are. Other formats are read by Python and go the same way. Every record comes out: as a row or as a reject.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import duckdb

from . import dates, typed
from .contract import DATES, FIELDS, RAW, Format, Problem, Row
from .entries import BadEntry
from .originals import LINE, BadFile, Plain
from .typed import SEPARATOR


class Meter:
    """How much of a file is read, for whoever watches from another thread."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._file: BinaryIO | None = None
        self._size = 1

    def opened(self, file: BinaryIO, size: int) -> None:
        """From now on Python reads this file."""
        self._file, self._size = file, max(size, 1)

    def share(self) -> float:
        """From 0 to 1; less than 0 when nobody knows."""
        try:
            return self._file.tell() / self._size if self._file else self._connection.query_progress() / 100
        except (ValueError, duckdb.Error):  # closed meanwhile
            return -1


def stage(
    plain: Plain,
    form: Format,
    target: Path,
    connection: duckdb.DuckDBPyConnection,
    meter: Meter | None = None,
) -> None:
    """Writes the staged table of one file to `target` (Parquet, notes in its metadata). Raises Unreadable.

    connection: an empty database for scratch.
    """
    if form.rows is not None:
        _by_python(connection, form.rows, plain, meter)
        return _write(connection, dict(zip(FIELDS, FIELDS, strict=True)), plain, form, target)
    if plain.long_line:
        raise BadFile(
            f"{plain.head.name}, line {plain.long_line}, is longer than {LINE // 2**20} MB",
            hint="Look at that line: a quotation mark or a line break may be missing.",
        )
    places: dict[str, int] = {}
    for field, names in form.columns.items():
        found = next((each for each in names if each in plain.head.fields), None)
        if found is not None:
            places[field] = plain.head.fields.index(found)
    columns = {field: plain.head.fields[place] for field, place in places.items()}
    try:
        _by_duckdb(connection, plain, places)
        return _write(connection, columns, plain, form, target)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        connection.execute("DROP VIEW numbered")
        _by_python(connection, lambda file: _records(file, plain, places), plain, meter)
        return _write(connection, columns, plain, form, target)


def _write(
    connection: duckdb.DuckDBPyConnection, columns: dict[str, str], plain: Plain, form: Format, target: Path
) -> None:
    """Looks at the dates of `numbered`, writes its rows typed. columns: field -> its name in the file."""
    forms, notes = _dates(connection, columns, plain.head.name)
    if plain.note:
        notes.append(plain.note)
    rows = typed.select(columns, form, forms)
    options = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{notes: {typed.text(json.dumps(notes))}}}"
    connection.execute(f"COPY ({rows}) TO {typed.text(str(target))} ({options})")


# -- reading: a view `numbered` of text, one row a record, in the order of the file --------------------------


def _by_duckdb(connection: duckdb.DuckDBPyConnection, plain: Plain, places: Mapping[str, int]) -> None:
    """The file itself: to parse it twice costs less than to keep its text. The order numbers the rows."""
    # By position: names of columns come from outside and never stand in SQL.
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(plain.head.fields)))
    chosen = ", ".join(f"nullif(trim(c{place}), '') AS \"{field}\"" for field, place in places.items())
    connection.execute(
        f"CREATE VIEW numbered AS SELECT NULL::BIGINT AS _row, {chosen},"
        " NULL::VARCHAR AS _column, NULL::VARCHAR AS _why, NULL::VARCHAR AS _raw"
        f" FROM read_csv({typed.text(str(plain.path))}, auto_detect = false, header = true,"
        f" delim = '{plain.separator}',"
        f" quote = '\"', escape = '\"', strict_mode = true, max_line_size = {LINE}, columns = {{{columns}}})"
    )


def _by_python(
    connection: duckdb.DuckDBPyConnection,
    rows: Callable[[BinaryIO], Iterator[tuple[int, Row | Problem]]],
    plain: Plain,
    meter: Meter | None,
) -> None:
    names = [*FIELDS, "_column", "_why", "_raw"]
    declared = ", ".join(f'"{name}" VARCHAR' for name in names)
    connection.execute(f"CREATE TABLE raw (_row BIGINT, {declared})")
    connection.execute("CREATE VIEW numbered AS SELECT * FROM raw")
    try:
        with plain.path.open("rb") as file, connection.appender("raw") as appender:
            if meter:
                meter.opened(file, plain.path.stat().st_size)
            for number, row in rows(file):
                appender.append_row(number, *_values(row))
    except BadEntry as error:
        raise error.of(plain.head.name) from None  # what was opened has a name of ours


def _values(row: Row | Problem) -> Iterator[str | None]:
    if isinstance(row, Problem):
        yield from (None for _ in FIELDS)
        yield from (row.column, row.why, row.raw[:RAW])
        return
    for field in FIELDS:
        value = row.get(field, "").replace("\0", " ").replace(SEPARATOR, " ").strip()
        yield value or None
    yield from (None, None, None)


def _records(file: BinaryIO, plain: Plain, places: Mapping[str, int]) -> Iterator[tuple[int, Row | Problem]]:
    """The slow, exact way through a CSV. A record that is no table's row is a Problem, with nothing of its
    content: that could be a telephone number in the wrong place.
    """
    csv.field_size_limit(LINE)
    text = io.TextIOWrapper(file, "utf-8", newline="")
    reader = csv.reader(text, delimiter=plain.separator, strict=True)
    next(reader, None)
    number = 0
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            if "limit" in str(error):
                raise BadFile(
                    f"{plain.head.name}, line {reader.line_num}: a value of more than {LINE // 2**20} MB",
                    hint="Look at that line: a quotation mark is never closed.",
                ) from None
            record = [""] * (len(plain.head.fields) + 1)
            reason = "quotation marks that do not match"
        else:
            reason = f"{len(record or ())} values where {len(plain.head.fields)} belong"
        if record is None:
            text.detach()
            return
        if not record:
            continue
        number += 1
        if len(record) != len(plain.head.fields):
            yield number, Problem("", reason, "")
        else:
            yield number, {field: record[place] for field, place in places.items()}


# -- dates ---------------------------------------------------------------------------------------------------


def _dates(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str], name: str
) -> tuple[dict[str, str], list[str]]:
    """The date format of each field, and notes on values of the lesser dates that are none."""
    there = [field for field in DATES if field in columns]
    if not there:
        return {}, []
    # The day without the hour, which would make every value another one.
    days = [f'list(DISTINCT left("{field}", 10))' for field in there]
    row = connection.execute(f"SELECT {', '.join(days)} FROM numbered").fetchone() or ()
    distinct = {
        field: sorted({re.split("[ T]", value)[0] for value in values or () if value})
        for field, values in zip(there, row, strict=True)
    }
    chosen = dates.choose({columns[field]: values for field, values in distinct.items()}, name)
    forms = {field: chosen[columns[field]] for field in there}
    notes = []
    for field in (each for each in there if each != "date"):
        parsed = dates.sql_date("day", forms[field])
        sql = f"SELECT count(*) FROM unnest($1::VARCHAR[]) AS days(day) WHERE {parsed} IS NULL"
        count = (connection.execute(sql, [distinct[field]]).fetchone() or (0,))[0]
        if count:
            notes.append(f"{columns[field]}: {count} different values are no days and were left out")
    return forms, notes
