# SPDX-License-Identifier: Apache-2.0
"""A few records by hand, in the real tables: what each question has to say of them can be counted on fingers.

Two buyers (customs 1, borders 2), a company (cloud 10) with a child (links 11), its resellers (dell 12, and a
13 that writes the name in another way), a prime (prime 14) that gives the company a subaward, somebody of the
same name as the prime (15), a supplier of a framework (16).
"""

from __future__ import annotations

import datetime
from typing import Any

import duckdb

from fronde.evidence import judged
from fronde.evidence.tables import DDL

SOURCES = [
    (1, "aa" * 32, "", "transactions.csv", "usaspending-transactions"),
    (2, "bb" * 32, "", "subawards.csv", "usaspending-subawards"),
    (3, "cc" * 32, "uk.json", "uk.zip/uk.json", "ocds"),
    (4, "dd" * 32, "", "ours.csv", "customers"),
]
PARTIES = [
    (
        1,
        "US-AGENCY:7012",
        "U.S. IMMIGRATION AND CUSTOMS ENFORCEMENT",
        "U S IMMIGRATION AND CUSTOMS ENFORCEMENT",
        "US",
    ),
    (2, "US-AGENCY:7014", "CUSTOMS AND BORDER PROTECTION", "CUSTOMS AND BORDER PROTECTION", "US"),
    (3, "US-AGENCY:070", "DEPARTMENT OF HOMELAND SECURITY", "DEPARTMENT OF HOMELAND SECURITY", "US"),
    (10, "US-DUNS:000000010", "CLOUD CORPORATION", "CLOUD", "US"),
    (11, "US-DUNS:000000011", "LINKS CORPORATION", "LINKS", "US"),
    (12, "US-DUNS:000000012", "DELL FEDERAL SYSTEMS L.P", "DELL FEDERAL SYSTEMS", "US"),
    (13, "name:DELL FEDERAL SYSTEMS:US", "DELL FEDERAL SYSTEMS, L.P.", "DELL FEDERAL SYSTEMS", "US"),
    (14, "US-UEI:PRIMEPRIME14", "PRIME INC", "PRIME", "US"),
    (15, "GB-COH:00000015", "PRIME LTD", "PRIME", "GB"),
    (16, "GB-COH:00000016", "ATOS IT SERVICES UK LIMITED", "ATOS IT SERVICES UK", "GB"),
    (17, "LOCAL:ocds:GB-1", "HOME OFFICE", "HOME OFFICE", "GB"),
]
IDS = [
    ("US-DUNS", "000000010", 10),
    ("US-DUNS", "000000012", 12),
    ("US-AGENCY", "7012", 1),
    ("US-AGENCY", "7014", 2),
]
AWARDS = [  # id, key, number, agency, buyer, vendor, vehicle, url
    (1, "CONT_AWD_A1_7012", "A1", "7012", 1, 12, "V1", "https://www.usaspending.gov/award/A1"),
    (2, "CONT_AWD_A2_7012", "A2", "7012", 1, 12, "V1", ""),
    (3, "CONT_AWD_A3_7012", "A3", "7012", 1, 10, "", "javascript:alert(1)"),
    (4, "CONT_AWD_A3_7014", "A3", "7014", 2, 11, "", ""),
    (5, "CONT_AWD_P1_7012", "P-1", "7012", 1, 14, "", ""),
    (6, "ocds-1", "FW/1", "GB-1", 17, 16, "", ""),
    (7, "CONT_AWD_A7_7012", "A7", "7012", 1, 13, "", ""),
]
DESCRIPTIONS = [
    "AZURE GOVERNMENT CLOUD SERVICES",
    "GOVERNMENT OFFICE FURNITURE, NOT AZURE",
    "Licences. CALL JO.DOE@ICE.DHS.GOV OR (202) 555-0143",
    '=HYPERLINK("http://evil")',
    "Framework: hébergement",
    "SUBAWARD FOR AZURE",
]


def _facts() -> list[tuple[Any, ...]]:
    def day(text: str) -> datetime.date:
        return datetime.date.fromisoformat(text)

    return [  # buyer, vendor, year, date, award, mod, measure, cents, currency, parent, descr, source, row
        (1, 10, 2014, day("2014-01-02"), 3, "0", "obligated", 10000, "USD", None, 3, 1, 1),
        (1, 10, 2018, day("2018-01-02"), 3, "P1", "obligated", -2500, "USD", None, 3, 1, 2),
        (1, 12, 2017, day("2017-06-22"), 1, "0", "obligated", 100000, "USD", None, 1, 1, 3),
        (1, 12, 2018, day("2018-06-15"), 1, "P00001", "obligated", 250, "USD", None, 1, 1, 4),
        (1, 12, 2018, day("2018-06-15"), 1, "P00001", "obligated in all", 100250, "USD", None, 1, 1, 4),
        (1, 12, 2018, day("2018-07-01"), 2, "0", "obligated", 700, "USD", None, 4, 1, 5),
        (1, 13, 2018, day("2018-08-01"), 7, "0", "obligated", 0, "USD", None, 2, 1, 6),
        (1, 14, 2018, day("2018-09-01"), 5, "0", "obligated", 5000, "USD", None, None, 1, 7),
        (2, 11, 2018, day("2018-03-01"), 4, "0", "obligated", 4200, "USD", 10, None, 1, 8),
        (17, 16, 2022, day("2022-03-01"), 6, "", "award value", 99, "GBP", None, 5, 3, 1),
    ]


def tables(decided: list[dict[str, Any]] = []) -> duckdb.DuckDBPyConnection:  # noqa: B006 - only read
    """A connection with these records and what people decided."""
    db = duckdb.connect()
    db.execute(DDL)
    for number, sha256, member, name, form in SOURCES:
        db.execute(
            "INSERT INTO source VALUES (?, ?, ?, ?, ?, 'A publisher', '', NULL, '', 1, 1, 0, 0, [])",
            [number, sha256, member, name, form],
        )
    db.executemany("INSERT INTO party VALUES (?, ?, ?, ?, ?)", PARTIES)
    db.executemany("INSERT INTO party_name VALUES (?, ?, ?)", [(p[0], p[2], p[3]) for p in PARTIES])
    db.executemany("INSERT INTO party_id VALUES (?, ?, ?)", IDS)
    db.executemany(
        "INSERT INTO award (id, key, number, agency, buyer, vendor, vehicle, url)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        AWARDS,
    )
    db.executemany("INSERT INTO descr VALUES (?, ?)", list(enumerate(DESCRIPTIONS, 1)))
    db.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _facts())
    db.execute("INSERT INTO amount VALUES (1, 12, 'current', 500000, 'USD', DATE '2018-06-15', 1, 1, 4)")
    db.execute("INSERT INTO amount VALUES (1, 12, 'ceiling', 900000, 'USD', DATE '2018-06-15', 1, 1, 4)")
    db.execute("INSERT INTO amount VALUES (6, 16, 'maximum', 40000000000, 'GBP', DATE '2022-03-01', 5, 3, 1)")
    db.execute("INSERT INTO subaward VALUES (5, 14, 10, 'S1', 2018, DATE '2018-09-09', 1234, 'USD', 6, 2, 1)")
    db.execute("INSERT INTO ownership VALUES (11, 10, DATE '2018-03-01', DATE '2018-03-01', 1, 8)")
    db.execute("INSERT INTO ownership VALUES (1, 3, DATE '2014-01-02', DATE '2018-08-01', 1, 1)")
    db.execute("INSERT INTO customer VALUES (12, 'Dell', 4, 1), (NULL, 'Secret Customer', 4, 2)")
    _index(db)
    judged.apply(db, decided)
    return db


def _index(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("CREATE TEMP TABLE spread AS SELECT id AS descr, unnest(words(text)) AS word FROM descr")
    db.execute(
        "INSERT INTO term SELECT row_number() OVER (ORDER BY word), word"
        " FROM (SELECT DISTINCT word FROM spread)"
    )
    db.execute("INSERT INTO posting SELECT term.id, descr FROM spread JOIN term USING (word)")
    db.execute("DROP TABLE spread")


def product(words: str, company: str = "Cloud") -> dict[str, Any]:
    """A line of the dictionary."""
    return {"type": "product", "company": company, "words": words, "note": "", "by": "ada"}


def mention(award: str, words: str, by: str, verdict: str = "confirm") -> dict[str, Any]:
    """What somebody says of a mention."""
    return {
        "type": "mention",
        "award": award,
        "product": words,
        "verdict": verdict,
        "why": "read it",
        "by": by,
    }


def judgement(what: str, one: str, other: str) -> dict[str, Any]:
    """What somebody says of two parties."""
    return {"type": what, "a": one, "b": other, "why": "", "by": "ada"}
