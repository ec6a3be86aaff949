# SPDX-License-Identifier: Apache-2.0
"""Staged files to the tables of evidence.duckdb: duplicates, parties, awards, facts, index. Set-based, whole.

Built anew each time from all staged files, so that the result depends on them alone and not on the history of
imports. What is read again is Parquet, not the originals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from fronde.errors import Refused

from . import identity, tables, typed
from .contract import FACTS, MONEY, STOCK
from .quotes import without_contacts

# A description that may hold an e-mail address or a telephone number.
CONTACT = r"@|\+[0-9]|[0-9]{3}[ .)-]+[0-9]{3}[ .-][0-9]{4}"
FEW = 5  # buyers, of which one may have been cut off
PLACES = 2**34  # rows of one source
MOST_SOURCES = 2**11
# Orders rows by day, then by place, in one integer.
LATER = f"((date - DATE '1900-01-01')::BIGINT * {PLACES * MOST_SOURCES} + place)"
CONTROL = r"[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]+"


REPORT = "Report this with the file: nothing was changed."


class Lost(Refused):
    """Rows that were read are neither kept, nor rejected, nor duplicates: nothing is changed."""

    name = "rows-lost"


@dataclass(frozen=True)
class Staged:
    """A source with its staged table. retrieved: YYYY-MM-DD or ""."""

    sha256: str
    member: str
    name: str
    format: str
    publisher: str
    url: str
    retrieved: str
    licence: str
    path: Path


def build(connection: duckdb.DuckDBPyConnection, sources: Sequence[Staged]) -> None:
    """Fills an empty database. Raises Lost."""
    connection.execute(tables.DDL)
    connection.execute("INSERT INTO meta VALUES ('version', ?)", [str(tables.VERSION)])
    if not sources:
        return
    _stack(connection, sources)
    _duplicates(connection)
    known = _parties(connection)
    _descriptions(connection)
    _lines(connection)
    _awards(connection)
    _facts(connection)
    _links(connection)
    _customers(connection, known)
    _index(connection)
    _sources(connection, sources)
    _check(connection)


def _stack(connection: duckdb.DuckDBPyConnection, sources: Sequence[Staged]) -> None:
    """A view of all staged rows. `place` tells them apart, also where several rows share a record."""
    if len(sources) >= MOST_SOURCES:
        raise Refused(f"more than {MOST_SOURCES} tables", hint="Forget some.", name="sources-many")
    parts = [
        f'SELECT {i} AS source, {i * PLACES} + file_row_number AS place, * EXCLUDE (file_row_number, "row"),'
        ' coalesce("row", file_row_number + 1) AS "row"'
        f" FROM read_parquet({typed.text(str(each.path))}, file_row_number = true)"
        for i, each in enumerate(sources, 1)
    ]
    connection.execute(f"CREATE TEMP VIEW staged AS {' UNION ALL '.join(parts)}")
    connection.execute(
        'INSERT INTO reject SELECT source, "row", "column", why, raw FROM staged'
        " WHERE why IS NOT NULL ORDER BY place"
    )


def _duplicates(connection: duckdb.DuckDBPyConnection) -> None:
    """`gone`: rows that an earlier one says already, and states of an award that a later one replaced."""
    connection.execute("""
        CREATE TEMP TABLE again AS SELECT same, min(place) AS first FROM staged WHERE why IS NULL
            GROUP BY same HAVING count(*) > 1;
        CREATE TEMP TABLE gone AS SELECT source, place FROM staged JOIN again USING (same)
            WHERE place <> first;
        CREATE TEMP TABLE state AS SELECT state, arg_max(place, (coalesce(modified, date), place)) AS last
            FROM staged ANTI JOIN gone USING (place) WHERE why IS NULL AND state IS NOT NULL
            GROUP BY state HAVING count(*) > 1;
        INSERT INTO gone SELECT source, place FROM staged ANTI JOIN gone USING (place)
            JOIN state USING (state) WHERE place <> last;
        DROP TABLE again;
        DROP TABLE state;
    """)


def _parties(connection: duckdb.DuckDBPyConnection) -> identity.Known:
    """Fills party, party_id, party_name, and `who`: packed text -> party."""
    found = identity.Parties()
    counts = " UNION ALL ".join(
        f"SELECT {role} AS packed FROM staged WHERE why IS NULL AND kind <> 'customer' AND {role} IS NOT NULL"
        for role in typed.ROLES
    )
    # Sorted: nothing may hang on the order of threads.
    for packed, rows in _each(
        connection, f"SELECT packed, count(*) FROM ({counts}) GROUP BY ALL ORDER BY ALL"
    ):
        found.add(packed, rows)
    settled, numbers = found.settle()
    connection.execute("CREATE TEMP TABLE who (packed VARCHAR, party INTEGER)")
    with connection.appender("who") as appender:
        appender.append_rows(numbers.items())
    with connection.appender("party") as appender:
        for number, party in enumerate(settled, 1):
            name, key = party.names[0] if party.names else (party.handle, "")
            appender.append_row(number, party.handle, name, key, party.country)
    with connection.appender("party_name") as appender:
        appender.append_rows(
            (number, name, key) for number, party in enumerate(settled, 1) for name, key in party.names
        )
    ids = sorted((*each, number) for number, party in enumerate(settled, 1) for each in party.ids)
    with connection.appender("party_id") as appender:
        appender.append_rows(ids)
    return identity.Known(settled)


def _descriptions(connection: duckdb.DuckDBPyConnection) -> None:
    """Distinct descriptions, without control characters and contacts; `said`: as in a file -> descr."""
    plain = f"trim(regexp_replace(description, '{CONTROL}', ' ', 'g'))"
    connection.execute(f"""
        CREATE TEMP TABLE spoken AS SELECT description, {plain} AS text
            FROM (SELECT DISTINCT description FROM staged WHERE why IS NULL AND description IS NOT NULL
                AND kind <> 'customer');
        CREATE TEMP TABLE cut (text VARCHAR, without VARCHAR);
    """)
    sql = f"SELECT DISTINCT text FROM spoken WHERE regexp_matches(text, '{CONTACT}')"
    suspects = list(_each(connection, sql))
    with connection.appender("cut") as appender:
        appender.append_rows((text, without_contacts(text)) for (text,) in suspects)
    connection.execute("""
        UPDATE spoken SET text = without FROM cut WHERE cut.text = spoken.text;
        INSERT INTO descr SELECT row_number() OVER (ORDER BY text), text
            FROM (SELECT DISTINCT text FROM spoken) WHERE text <> '' ORDER BY text;
        CREATE TEMP TABLE said AS SELECT description, id AS descr FROM spoken JOIN descr USING (text);
        DROP TABLE spoken;
    """)


def _lines(connection: duckdb.DuckDBPyConnection) -> None:
    """`line`: what is kept, with numbers for awards, parties and descriptions."""
    joins = " ".join(f"LEFT JOIN who AS w_{role} ON w_{role}.packed = s.{role}" for role in typed.ROLES)
    columns = ", ".join(f"w_{role}.party AS {role}" for role in typed.ROLES)
    money = ", ".join(f"s.{field}" for field in MONEY)
    connection.execute(f"""
        CREATE TEMP VIEW kept AS SELECT * FROM staged ANTI JOIN gone USING (place)
            WHERE why IS NULL AND kind <> 'customer';
        CREATE TEMP TABLE keyed AS SELECT key, CAST(row_number() OVER (ORDER BY key) AS INTEGER) AS award
            FROM (SELECT DISTINCT key FROM kept);
        CREATE TEMP TABLE line AS
        SELECT s.source, s.place, s."row", s.kind, award, s.date, s.year, s.mod, s.subaward, s.currency,
            {money}, {columns}, descr
        FROM kept AS s JOIN keyed ON keyed.key = s.key {joins}
        LEFT JOIN said ON said.description = s.description;
        DROP VIEW kept;
        DROP TABLE who;
        DROP TABLE said;
    """)


def _awards(connection: duckdb.DuckDBPyConnection) -> None:
    """One row an award, as its latest row says; `prime` holds an award that only subawards name.

    What that row leaves open is taken from the latest that says it: some files have fewer columns.
    """
    # Own rows of the award above subawards, then the day, then the place.
    rank = f"(kind <> 'subaward')::BIGINT * {2**62} + {LATER}"
    own = "FILTER (kind <> 'subaward')"
    open_ = ("vehicle", "url", "naics", "psc", "cpv", "starts", "ends")
    said = ", ".join(f"arg_max({name}, late) AS {name}" for name in open_)
    filled = ", ".join(f"coalesce(staged.{name}, told.{name})" for name in open_[1:])
    connection.execute(f"""
        CREATE TEMP TABLE latest AS SELECT award, arg_max(place, {rank}) AS place,
            arg_max(buyer, {rank}) AS buyer, arg_max(if(kind = 'subaward', prime, vendor), {rank}) AS vendor,
            min(date) {own} AS first, max(date) {own} AS last, min(source) <> max(source) AS of_several
            FROM line GROUP BY award;
        CREATE TEMP TABLE told AS
            WITH ranked AS (SELECT award, place, {rank} AS late FROM line
                WHERE award IN (SELECT award FROM latest WHERE of_several))
            SELECT award, {said} FROM ranked JOIN staged USING (place) GROUP BY award;
        INSERT INTO award SELECT award, key, number, agency, latest.buyer, latest.vendor,
            coalesce(staged.vehicle, told.vehicle), latest.first, latest.last, currency, {filled}
            FROM staged JOIN latest USING (place) LEFT JOIN told USING (award) ORDER BY award;
        DROP TABLE told;
        DROP TABLE latest;
        DROP TABLE keyed;
    """)


def _facts(connection: duckdb.DuckDBPyConnection) -> None:
    """Money: facts, sorted for the questions; stock figures, of an award and a supplier only the last one."""
    facts = " UNION ALL ".join(
        f"SELECT buyer, vendor, year, date, award, mod, '{measure}' AS measure, {field} AS cents, currency,"
        ' CASE WHEN parent <> vendor THEN parent END AS parent, descr, source, "row",'
        f" place, {i} AS of_row FROM line WHERE {field} IS NOT NULL AND kind <> 'subaward'"
        for i, (field, measure) in enumerate(FACTS.items())
    )
    connection.execute(
        f"INSERT INTO fact SELECT * EXCLUDE (place, of_row) FROM ({facts})"
        " ORDER BY buyer, vendor, date, award, place, of_row"
    )
    last = ", ".join(f"arg_max(place, {LATER}) FILTER ({field} IS NOT NULL) AS {field}" for field in STOCK)
    connection.execute(
        f"CREATE TEMP TABLE last AS SELECT {last} FROM line WHERE kind <> 'subaward' GROUP BY award, vendor"
    )
    for field, measure in STOCK.items():
        connection.execute(f"""
            INSERT INTO amount
            SELECT award, vendor, '{measure}', {field}, currency, date, descr, source, "row" FROM line
            SEMI JOIN (SELECT {field} AS place FROM last WHERE {field} IS NOT NULL) USING (place)
            ORDER BY award, vendor
        """)
    connection.execute("DROP TABLE last")


def _links(connection: duckdb.DuckDBPyConnection) -> None:
    """Subawards, and who owns whom as the rows state it."""
    connection.execute("""
        INSERT INTO subaward
            SELECT award, prime, vendor, subaward, year, date, value, currency, descr, source, "row" FROM line
            WHERE kind = 'subaward' ORDER BY prime, vendor, date, place;
        INSERT INTO ownership SELECT child, above, min(date), max(date),
            arg_min(source, place), arg_min("row", place)
            FROM (SELECT vendor AS child, parent AS above, date, source, "row", place FROM line
                UNION ALL SELECT buyer, department, date, source, "row", place FROM line)
            WHERE above IS NOT NULL AND child <> above GROUP BY child, above ORDER BY child, above;
    """)


def _customers(connection: duckdb.DuckDBPyConnection, known: identity.Known) -> None:
    """Our own list, beside the record: its names and numbers get into no other table."""
    sql = """SELECT source, "row", vendor FROM staged ANTI JOIN gone USING (place)
        WHERE why IS NULL AND kind = 'customer' ORDER BY place"""
    rows = []
    for source, row, vendor in _each(connection, sql):
        said = identity.unpack(vendor)
        rows.append((known.find(said), said.name or said.ids[0][1], source, row))
    with connection.appender("customer") as appender:
        appender.append_rows(rows)


def _index(connection: duckdb.DuckDBPyConnection) -> None:
    """Word -> descriptions that have it."""
    connection.execute("""
        CREATE TEMP TABLE spread AS SELECT id AS descr, unnest(words(text)) AS word FROM descr;
        INSERT INTO term SELECT row_number() OVER (ORDER BY word), word
            FROM (SELECT DISTINCT word FROM spread) ORDER BY word;
        INSERT INTO posting SELECT term.id, descr FROM spread JOIN term USING (word) ORDER BY term.id, descr;
        DROP TABLE spread;
    """)


# -- the account of each source ------------------------------------------------------------------------------


def _sources(connection: duckdb.DuckDBPyConnection, sources: Sequence[Staged]) -> None:
    counts = {
        source: rest
        for source, *rest in _each(
            connection,
            f"""SELECT source, count(*), count(why),
                list(DISTINCT year ORDER BY year) FILTER (year IS NOT NULL),
                {", ".join(f"count({field})" for field in FACTS)} FROM staged GROUP BY source""",
        )
    }
    gone = dict(_each(connection, "SELECT source, count(*) FROM gone GROUP BY source"))
    cut = _cut_off(connection)
    nothing: list[object] = [0, 0, [], *(0 for _ in FACTS)]
    for i, each in enumerate(sources, 1):
        read, rejected, years, *measured = counts.get(i, nothing)
        warnings = [*_notes(connection, each.path), *_warnings(read, years or [], measured), *cut.get(i, ())]
        kept = read - rejected - gone.get(i, 0)
        values = [
            i, each.sha256, each.member, each.name, each.format, each.publisher, each.url,
            each.retrieved or None, each.licence, read, kept, gone.get(i, 0), rejected, warnings,
        ]  # fmt: skip
        connection.execute(f"INSERT INTO source VALUES ({', '.join('?' * len(values))})", values)


def _cut_off(connection: duckdb.DuckDBPyConnection) -> dict[int, list[str]]:
    """Sources that hold thousands of rows of few buyers, of one of them a round number."""
    sql = f"""
        SELECT source, split_part(buyer, chr({ord(typed.SEPARATOR)}), 1), rows FROM (
            SELECT source, buyer, count(*) AS rows, count(*) OVER (PARTITION BY source) AS buyers
            FROM staged WHERE why IS NULL AND buyer IS NOT NULL GROUP BY source, buyer)
        WHERE buyers BETWEEN 2 AND {FEW} AND rows >= 1000 AND rows % 100 = 0 ORDER BY ALL"""
    found: dict[int, list[str]] = {}
    for source, name, rows in _each(connection, sql):
        found.setdefault(source, []).append(f"{rows} rows of {name}, a multiple of 100: perhaps truncated")
    return found


def _notes(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    sql = "SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = 'notes'"
    row = connection.execute(sql, [str(path)]).fetchone()
    return list(json.loads(row[0])) if row else []


def _warnings(read: int, years: list[int], measured: list[int]) -> Iterator[str]:
    """What somebody who reads figures out of this file should know first."""
    if not read:
        yield "no rows at all"
    if read >= 100 and read % 100 == 0:
        yield f"{read} rows, a multiple of 100: perhaps truncated by whoever exported it"
    names = [name for name, count in zip(FACTS.values(), measured, strict=True) if count]
    if len(names) > 1:
        yield f"{len(names)} measures in one file ({', '.join(names)}): they are never added"
    if missing := sorted(set(range(min(years, default=0), max(years, default=0))) - set(years)):
        yield f"no rows for {', '.join(map(str, missing))}"


def _check(connection: duckdb.DuckDBPyConnection) -> None:
    """Counts what is in the tables against what was read. A join that lost or doubled a row is found here."""
    for source, read, kept, gone, rejected in _each(
        connection,
        """SELECT id, read, coalesce(lines, 0) + coalesce(customers, 0), duplicate, coalesce(rejects, 0)
           FROM source
           LEFT JOIN (SELECT source AS id, count(*) AS lines FROM line GROUP BY 1) USING (id)
           LEFT JOIN (SELECT source AS id, count(*) AS customers FROM customer GROUP BY 1) USING (id)
           LEFT JOIN (SELECT source AS id, count(*) AS rejects FROM reject GROUP BY 1) USING (id)""",
    ):
        if read != kept + gone + rejected:
            raise Lost(
                f"source {source}: {read} rows read, {kept} kept, {gone} duplicate, {rejected} rejected"
            )
    staged = " UNION ALL ".join(
        f"SELECT source, sum({field})::HUGEINT AS cents FROM line WHERE kind <> 'subaward' GROUP BY 1"
        for field in FACTS
    )
    sums = "SELECT source, sum(cents)::HUGEINT AS cents FROM {} GROUP BY 1 HAVING sum(cents) IS NOT NULL"
    one, other = sums.format(f"({staged})"), sums.format("fact")
    if connection.execute(f"({one}) EXCEPT ({other}) UNION ALL (({other}) EXCEPT ({one}))").fetchone():
        raise Lost("the sum of the facts is not the sum of the rows", hint=REPORT)


def _each(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows in batches. Nothing else may be asked of the connection before the last: `list` it where it is."""
    connection.execute(sql)
    while rows := connection.fetchmany(10_000):
        yield from rows
