# SPDX-License-Identifier: Apache-2.0
"""How long a question takes, over made-up contracts in the real tables.

    python -m bench.evidence [--rows N ...] [--runs N]

N facts (10^6 and 10^7), N/4 awards, N/100 vendors, 400 buyers, N/5 descriptions of some ten words out of
50,000, all as skewed as real ones: a tenth of the buyers has half of the facts, the commonest words stand in
a tenth of the texts. Each question is the whole function that the command and a page call, names of parties
and files included, on the read-only file with two threads; best of several runs, the file warm. Before
anything is timed, answers are compared with a plain scan of the same tables.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import duckdb

from bench.figures import Figure, at_most, noted, tell, timed
from fronde.evidence import judged, paths, questions, search, series
from fronde.evidence.answers import Connection, Party
from fronde.evidence.tables import DDL
from fronde.evidence.whom import find, named

BUYERS = 400
WORDS = 50_000
ROWS = (10**6, 10**7)
DEMANDS = {"vendor": 5.0, "hops": 25.0, "search": 50.0}  # ms, at 10^7

# `h(seed, most)`: 0 to most-1, small ones often; all figures depend on the row's number alone.
MAKE = """
CREATE MACRO even(i, seed, most) AS (hash(i * 64 + seed) % most)::INTEGER;
CREATE MACRO skew(i, seed, most, power) AS
    floor(pow((hash(i * 64 + seed) % 1000000) / 1000000.0, power) * most)::INTEGER;
CREATE MACRO letters(i) AS 'w' || translate(i::VARCHAR, '0123456789', 'abcdefghij');
INSERT INTO source SELECT i, format('{:064x}', i), '', format('made-{}.csv', i), 'usaspending-transactions',
    'made up', '', DATE '2026-01-01', 'none', 0, 0, 0, 0, [] FROM range(1, 21) r(i);
INSERT INTO party SELECT i, 'name:' || p || ' ' || i, p || ' ' || i, p || ' ' || i, 'US' FROM (
    SELECT i, CASE WHEN i <= $buyers THEN 'AGENCY' WHEN i % 97 = 0 THEN 'SYSTEMS' ELSE 'VENDOR' END AS p
    FROM range(1, $buyers + $vendors + 1) r(i));
INSERT INTO party_name SELECT id, name, key FROM party;
INSERT INTO award (id, key, number, agency, buyer, vendor, vehicle, url)
    SELECT i, 'CONT_AWD_' || i, 'N' || i, '7012', 1 + skew(i, 1, $buyers, 3),
    $buyers + 1 + skew(i, 2, $vendors, 2), CASE WHEN i % 3 = 0 THEN 'V' || even(i, 3, 5000) ELSE '' END, ''
    FROM range(1, $awards + 1) r(i);
INSERT INTO fact
    SELECT a.buyer, a.vendor, 2010 + y, make_date(2010 + y, 1 + even(i, 4, 12), 1 + even(i, 5, 28)), a.id,
    'P' || (i % 9), 'obligated', even(i, 6, 2000000000) - 100000000, 'USD',
    CASE WHEN i % 50 = 0 THEN $buyers + 1 + even(i, 7, 200) END, 1 + even(a.id * 3 + i % 3, 8, $texts),
    1 + i % 20, i
    FROM (SELECT i, 1 + even(i, 9, $awards) AS aid, even(i, 10, 15) AS y FROM range(1, $rows + 1) r(i)) f
    JOIN award a ON a.id = f.aid ORDER BY 1, 2, 4;
INSERT INTO subaward
    SELECT a.id, a.vendor, $buyers + 1 + skew(i, 11, $vendors, 2), 'S' || i, 2020, DATE '2020-01-02',
    even(i, 12, 90000000), 'USD', 1 + even(i, 13, $texts), 1 + i % 20, i
    FROM (SELECT i, 1 + even(i, 14, $awards) AS aid FROM range(1, $rows // 50 + 1) r(i)) s
    JOIN award a ON a.id = s.aid ORDER BY 2, 3;
INSERT INTO ownership SELECT $buyers + 1 + even(i, 15, $vendors), $buyers + 1 + even(i, 16, 200),
    DATE '2015-01-01', DATE '2020-01-01', 1, i FROM range(1, $vendors // 20 + 1) r(i);
CREATE TEMP TABLE spread AS SELECT DISTINCT d AS descr, letters(skew(d * 16 + w, 17, $words, 5)) AS word
    FROM range(1, $texts + 1) t(d), range(12) u(w);
INSERT INTO descr SELECT descr, string_agg(upper(word), ' ' ORDER BY hash(descr, word)) FROM spread GROUP BY 1
    ORDER BY 1;
INSERT INTO term SELECT row_number() OVER (ORDER BY word), word FROM (SELECT DISTINCT word FROM spread);
INSERT INTO posting SELECT id, descr FROM spread JOIN term USING (word) ORDER BY 1, 2;
DROP TABLE spread;
"""
COMMON, MIDDLE, RARE = "wd", "weaa", "wcaabb"  # of the made-up words: numbers 3, 400, 20011


def make(path: Path, rows: int) -> float:
    """Fills a file with made-up records; returns seconds."""
    sizes = {"rows": rows, "vendors": rows // 100, "awards": rows // 4, "texts": rows // 5}
    sizes |= {"buyers": BUYERS, "words": WORDS}

    def work() -> None:
        with duckdb.connect(str(path)) as db:
            db.execute(DDL)
            for statement in MAKE.split(";\n"):
                for name, size in sizes.items():
                    statement = statement.replace(f"${name}", str(size))
                db.execute(statement)
            db.execute("CHECKPOINT")

    return timed(work)


def opened(path: Path) -> Connection:
    """Read-only, as a page reads it."""
    db = duckdb.connect(str(path), read_only=True, config={"threads": 2})
    judged.apply(db, [])
    return db


def pick(db: Connection) -> tuple[Party, Party]:
    """A large buyer, and that vendor of it that works under most others of its vendors."""
    sql = """WITH mine AS (SELECT DISTINCT vendor FROM fact WHERE buyer = 12)
        SELECT sub FROM subaward WHERE sub <> prime AND sub IN (FROM mine) AND prime IN (FROM mine)
        GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"""
    ((vendor,),) = db.execute(sql).fetchall()
    parties = named(db, [12, vendor])
    return parties[vendor], parties[12]


def check(db: Connection, company: Party, buyer: Party) -> None:
    """The answers are those of a plain scan."""
    plain = "SELECT year, sum(cents)::BIGINT FROM fact WHERE buyer = ? AND vendor = ? GROUP BY 1 ORDER BY 1"
    expected = db.execute(plain, [buyer.ids[0], company.ids[0]]).fetchall()
    points = series.series(db, company, buyer).points
    assert [(p.year, p.direct.cents) for p in points if p.direct and p.direct.rows] == expected
    scan = """SELECT count(*) FROM fact JOIN descr d ON d.id = descr
        WHERE contains(' ' || d.text || ' ', ?) AND contains(' ' || d.text || ' ', ?)"""
    ((count,),) = db.execute(scan, [f" {COMMON.upper()} ", f" {MIDDLE.upper()} "]).fetchall()
    only = search.Filters(measure="obligated")
    assert search.search(db, f"{COMMON} {MIDDLE}", only).count == count > 0
    hops = """SELECT count(DISTINCT prime) FROM subaward s JOIN award a ON a.id = s.award WHERE s.sub = ?
        AND s.prime <> s.sub AND (a.buyer = ? OR s.prime IN (SELECT vendor FROM fact WHERE buyer = ?)) """
    ((primes,),) = db.execute(hops, [company.ids[0], buyer.ids[0], buyer.ids[0]]).fetchall()
    got = {p.edges[0].end for p in paths.clients(db, company, buyer).paths}
    assert len(got) == primes > 0


def best(runs: int, work: Callable[[], object]) -> float:
    """Milliseconds of the best run, after one that does not count."""
    work()
    return 1e3 * min(timed(work) for _ in range(runs))


def measure(path: Path, rows: int, runs: int) -> Iterator[Figure]:
    """The figures of one size."""
    db = opened(path)
    company, buyer = pick(db)
    check(db, company, buyer)
    size = f"{rows:,} rows"

    def asked(what: str, kind: str, work: Callable[[], object]) -> Figure:
        return at_most(f"{what}, {size}", best(runs, work), DEMANDS[kind], "ms")

    yield asked("vendor by agency by year", "vendor", lambda: series.series(db, company, buyer))
    yield asked("clients over two hops", "hops", lambda: paths.clients(db, company, buyer))
    yield asked("path of two hops", "hops", lambda: paths.paths(db, company, buyer))
    for what, query in (
        ("search, two common words", f"{COMMON} {MIDDLE}"),
        ("search, a common and a rare word", f"{COMMON} {RARE}"),
        ("search, two words in a row", f'"{COMMON} {MIDDLE}"'),
        ("search, a word and a name", f"{MIDDLE} systems"),
        ("search, the number of an award", "N4711"),
        ("search, one word in a tenth of the texts", COMMON),
    ):
        yield asked(what, "search", lambda query=query: search.search(db, query))  # type: ignore[misc]
    yield noted(
        f"series of a vendor with all buyers, {size}", best(runs, lambda: series.series(db, company)), "ms"
    )
    yield noted(f"who sells to a buyer, {size}", best(runs, lambda: questions.sellers(db, buyer)), "ms")
    yield noted(f"a party, {size}", best(runs, lambda: questions.about(db, company)), "ms")
    yield noted(f"a name to a party, {size}", best(runs, lambda: find(db, company.name)), "ms")


def figures(sizes: list[int], runs: int) -> Iterator[Figure]:
    """Makes each size and measures it."""
    for rows in sizes:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "evidence.duckdb"
            seconds = make(path, rows)
            yield noted(f"making {rows:,} rows ({path.stat().st_size / 1e6:,.0f} MB)", seconds, "s")
            yield from measure(path, rows, runs)


def main() -> int:
    """Measures and tells."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.evidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS), metavar="N", help="sizes")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="of each question (default: 7)")
    args = parser.parse_args()
    return tell(figures(args.rows, args.runs))


if __name__ == "__main__":
    sys.exit(main())
