# SPDX-License-Identifier: Apache-2.0
"""Text to types, as one SELECT over the text rows of a file (`stage`): cents, dates, why a row is refused,
the key of its award, its parties packed, and a digest by which the same record is known again.

Names of columns in this SQL are fields of `contract`; what comes from outside stands in it as data only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from . import dates, money
from .contract import CELL, DATES, FACTS, FIELDS, KINDS, MONEY, RAW, Format

# How a party travels to `parties`: these, joined by 0x1F.
PACKED = ("name", "country", "uei", "duns", "cage", "siret", "coh", "local", "scheme", "id")
SEPARATOR = "\x1f"
ROLES: dict[str, dict[str, str]] = {
    "buyer": {"name": "buyer", "scheme": "buyer_scheme", "id": "buyer_id"},
    "department": {"name": "department", "scheme": "buyer_scheme", "id": "department_id"},
    "vendor": {
        "name": "vendor",
        **{part: f"vendor_{part}" for part in ("country", "uei", "duns", "cage", "siret", "coh", "local")},
    },
    "parent": {"name": "parent", "uei": "parent_uei", "duns": "parent_duns"},
    "prime": {"name": "prime", "uei": "prime_uei", "duns": "prime_duns"},
}
# Parents and departments only from a stated id: a name alone proves no ownership.
BY_ID = {"department": ("department_id",), "parent": ("parent_uei", "parent_duns")}
NO_CUSTOMER = "_kind <> 'customer' AND"  # of our own list we take names and numbers alone
PASSED = ("mod", "transaction", "subaward", "description", "naics", "psc", "cpv", "url")


class _Sql:
    """Writes the fields of one format as SQL: a column, a constant, or nothing."""

    def __init__(self, columns: Mapping[str, str], form: Format) -> None:
        self.columns, self.form = columns, form

    def has(self, field: str) -> bool:
        return field in self.columns or field in self.form.constants

    def get(self, field: str) -> str:
        if field in self.columns:
            given = self.form.constants.get(field)
            return f'coalesce("{field}", {text(given)})' if given else f'"{field}"'
        return text(self.form.constants[field]) if field in self.form.constants else "NULL::VARCHAR"

    def label(self, field: str) -> str:
        return text(self.columns.get(field, field))


def select(columns: Mapping[str, str], form: Format, forms: Mapping[str, str]) -> str:
    """The SELECT that makes staged rows of `numbered`.

    columns: field -> what the file calls it. forms: field -> its date format (`dates.choose`).
    """
    sql = _Sql(columns, form)
    paid = [field for field in MONEY if sql.has(field)]
    inner = ", ".join(
        [
            f"{_agency(sql)} AS _agency",
            *(f"{dates.sql_date(sql.get(field), forms.get(field, ''))} AS _{field}" for field in DATES),
            *(f"{sql.get(field)} AS _{field}" for field in MONEY),
            f"{sql.get('kind')} AS _kind",
        ]
    )
    problem = _problem(sql)
    cents = ", ".join(f"CASE WHEN problem IS NULL THEN {money.sql_cents(f'_{f}')} END AS c_{f}" for f in paid)
    amounts = ", ".join(f"{f'c_{field}' if field in paid else 'NULL::BIGINT'} AS {field}" for field in MONEY)
    year = "year(_date + INTERVAL 3 MONTH)" if sql.form.federal else "year(_date)"
    parts = [
        '_row AS "row"', "_kind AS kind", f"{_key(sql)} AS key", f"{sql.get('award')} AS number",
        "_agency AS agency",
        f"{sql.get('vehicle')} AS vehicle", "_date AS date", f"CAST({year} AS SMALLINT) AS year",
        "_starts AS starts", "_ends AS ends", "_modified AS modified",
        f"upper({sql.get('currency')}) AS currency", amounts,
        *(f"{_packed(sql, role)} AS {role}" for role in ROLES),
        *(f"{sql.get(field)} AS {field}" for field in PASSED),
        f"{_same(sql)} AS same", f"{_state(sql)} AS state",
        'problem."column" AS "column", problem.why AS why, problem.raw AS raw',
    ]  # fmt: skip
    return (
        f"SELECT {', '.join(parts)} FROM (SELECT *, problem IS NULL AS good, {cents or 'NULL'} FROM"
        f" (SELECT *, {problem} AS problem FROM (SELECT *, {inner} FROM numbered)))"
    )


class _Test(NamedTuple):
    """One reason to refuse a row: SQL of the column's name, the condition, the reason, what is shown."""

    column: str
    fails: str
    why: str
    raw: str = "''"


def _problem(sql: _Sql) -> str:
    """Why a row cannot be taken, as a struct, NULL when it can."""
    long = [f'strlen("{field}")' for field in FIELDS if field in sql.columns]
    tests = [
        _Test("_column", "_why IS NOT NULL", "_why", "_raw"),
        *(_Test(sql.label(f), f'strlen("{f}") > {CELL}', "'too long'", f'"{f}"') for f in sql.columns),
        *_tests(sql),
    ]
    # Nearly all rows pass: one condition for all of them first, the reasons only for those that fail.
    some = [
        f"greatest(0, {', '.join(long)}) > {CELL}",
        "_why IS NOT NULL",
        *(each.fails for each in _tests(sql)),
    ]
    reasons = " ".join(
        f"WHEN {each.fails}"
        f" THEN {{'column': {each.column}, 'why': {each.why}, 'raw': left({each.raw}, {RAW})}}"
        for each in tests
    )
    return f"CASE WHEN {' OR '.join(f'({each})' for each in some)} THEN CASE {reasons} END END"


def _tests(sql: _Sql) -> Iterator[_Test]:
    """In the order in which a person would ask."""
    yield _Test("''", f"_kind IS NULL OR _kind NOT IN ({', '.join(map(text, KINDS))})", "'of no kind'")
    names = [field for part, field in ROLES["vendor"].items() if part != "country" and sql.has(field)]
    named = " AND ".join(f"{sql.get(field)} IS NULL" for field in names)
    yield _Test(sql.label("vendor"), named or "true", "'no name of a company'")
    yield _Test(sql.label("award"), f"{NO_CUSTOMER} {sql.get('award')} IS NULL", "'no number of the award'")
    buyer = f"{sql.get('buyer')} IS NULL AND {sql.get('buyer_id')} IS NULL AND _agency IS NULL"
    yield _Test(sql.label("buyer"), f"{NO_CUSTOMER} {buyer}", "'no buyer'")
    date, bad = sql.get("date"), f"'{dates.NOT_DATE}, or {dates.NO_DAY}'"
    yield _Test(sql.label("date"), f"{NO_CUSTOMER} {date} IS NULL", "'no date'")
    yield _Test(sql.label("date"), f"{NO_CUSTOMER} _date IS NULL", bad, date)
    for field in MONEY:
        if sql.has(field):
            why = money.sql_why(f"_{field}")
            yield _Test(sql.label(field), f"({why}) IS NOT NULL", why, f"_{field}")
    nothing = " AND ".join(f"_{field} IS NULL" for field in MONEY if sql.has(field))
    yield _Test(sql.label(_main_money(sql)), f"{NO_CUSTOMER} {nothing or 'true'}", "'no amount'")
    currency = sql.get("currency")
    bad_currency = f"NOT coalesce(regexp_full_match({currency}, '[A-Za-z]{{3}}'), false)"
    yield _Test(
        sql.label("currency"), f"{NO_CUSTOMER} {bad_currency}", "'no currency of three letters'", currency
    )


def _main_money(sql: _Sql) -> str:
    return next((field for field in FACTS if field in sql.columns), "value")


def _agency(sql: _Sql) -> str:
    """The code that makes the number unique; out of USAspending's own key where no column has it."""
    if not sql.form.federal:
        return f"coalesce({sql.get('agency')}, {sql.get('buyer_id')})"
    # CONT_AWD_<number>_<agency>_<vehicle>_<its agency>, CONT_IDV_<number>_<agency>
    parts = f"string_split({sql.get('unique_key')}, '_')"
    of_key = f"CASE {parts}[2] WHEN 'AWD' THEN {parts}[-3] WHEN 'IDV' THEN {parts}[-1] END"
    return f"coalesce({sql.get('agency')}, {of_key})"


def _key(sql: _Sql) -> str:
    """The key of an award. United States: as USAspending makes it, so that all of its files meet."""
    own, number = sql.get("unique_key"), sql.get("award")
    if not sql.form.federal:
        return f"coalesce({own}, concat(_agency, ':', {number}))"
    vehicle, above = sql.get("vehicle"), sql.get("vehicle_agency")
    return (
        f"upper(CASE WHEN {own} LIKE 'CONT\\_%' ESCAPE '\\' THEN {own}"
        f" WHEN {sql.get('flag')} = 'IDV' THEN concat('CONT_IDV_', {number}, '_', _agency)"
        f" ELSE concat('CONT_AWD_', {number}, '_', _agency, '_', coalesce({vehicle}, '-NONE-'), '_',"
        f" coalesce({above}, '-NONE-')) END)"
    )


def _packed(sql: _Sql, role: str) -> str:
    parts = dict(ROLES[role])
    values = {part: sql.get(field) for part, field in parts.items()}
    if role == "buyer":
        called = [f"WHEN {text(name)} THEN {text(code)}" for name, code in sql.form.buyers.items()]
        known = f"CASE {values['name']} {' '.join(called)} END, " if called else ""
        values["id"] = f"coalesce({values['id']}, {known}{'_agency' if sql.form.federal else 'NULL'})"
    if "local" in values and sql.has("vendor_local"):
        values["local"] = f"{text(sql.form.name + ':')} || {values['local']}"
    needed = [sql.get(field) for field in BY_ID.get(role, parts.values())]
    joined = f", chr({ord(SEPARATOR)}), ".join(
        f"coalesce({values[part]}, '')" if part in values else "''" for part in PACKED
    )
    return f"CASE WHEN coalesce({', '.join(needed)}) IS NOT NULL THEN concat({joined}) END"


def _same(sql: _Sql) -> str:
    """Two rows with one of these are one record, published twice: also in files of different formats."""
    vendor = f"replace(replace(replace(upper({sql.get('vendor')}), ' ', ''), '.', ''), ',', '')"
    parts = [
        "_kind", _key(sql), sql.get("mod"), f"coalesce({sql.get('transaction')}, '0')", sql.get("subaward"),
        "CAST(_date AS VARCHAR)", f"coalesce({vendor}, {_packed(sql, 'vendor')})",
        f"upper({sql.get('currency')})",
        *(f"CAST(c_{field} AS VARCHAR)" if sql.has(field) else "''" for field in (*FACTS, "maximum")),
    ]  # fmt: skip
    joined = f", chr({ord(SEPARATOR)}), ".join(f"coalesce({part}, '')" for part in parts)
    return f"CASE WHEN good THEN CAST(md5(concat({joined})) AS UUID) END"


def _state(sql: _Sql) -> str:
    """Rows with one of these say what an award amounts to: of two the later is true. NULL for actions."""
    vendor = f"CASE WHEN _kind = 'award' THEN coalesce({_packed(sql, 'vendor')}, '') ELSE '' END"
    parts = ["_kind", _key(sql), vendor, f"coalesce({sql.get('mod')}, '')"]
    joined = f", chr({ord(SEPARATOR)}), ".join(parts)
    return f"CASE WHEN good AND _kind IN ('summary', 'award') THEN CAST(md5(concat({joined})) AS UUID) END"


def text(value: str) -> str:
    """A string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"
