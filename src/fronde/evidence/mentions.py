# SPDX-License-Identifier: Apache-2.0
"""Awards of others whose records name a company's product: candidates, until two people confirm.

The dictionary says which words are a product of which company. An award is a candidate by one of two rules:
WORDS, a description of it has the words; VEHICLE, it stands under the same vehicle as a confirmed one. Two
different names that confirm make it confirmed; one that denies takes it out. The record names the product; it
does not say what it is used for.
"""

from __future__ import annotations

from dataclasses import dataclass

from fronde.evidence import quotes
from fronde.evidence.answers import SUMS, Connection, Date, Party, Place, Total, files, place, rows, total
from fronde.evidence.whom import named

CONFIRMED, CANDIDATE, DENIED = "confirmed", "candidate", "denied"
STATES = (CONFIRMED, DENIED, CANDIDATE)
NEEDED = 2  # different names
WORDS, VEHICLE = "words", "vehicle"


@dataclass(frozen=True)
class Mention:
    """An award (its number in the tables) and the product that its record names. state: one of the three."""

    award: int
    product: str
    rule: str
    state: str
    by: tuple[str, ...]  # who confirmed, or who denied


def state(verdicts: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """name -> confirm or deny, to what that makes of a mention. One "deny" outweighs any "confirm"."""
    denying = tuple(sorted(name for name, verdict in verdicts.items() if verdict == "deny"))
    confirming = tuple(sorted(name for name, verdict in verdicts.items() if verdict == "confirm"))
    if denying:
        return DENIED, denying
    return (CONFIRMED if len(confirming) >= NEEDED else CANDIDATE), confirming


def of(connection: Connection, company: Party) -> list[Mention]:
    """The mentions of a company's products in awards of others, each award and product once."""
    said: dict[tuple[int, str], dict[str, str]] = {}
    for award, product, verdict, by in rows(
        connection, "SELECT award, product, verdict, by_name FROM verdict"
    ):
        said.setdefault((award, product), {})[by] = verdict
    ids = list(company.ids)
    found = []
    for (product,) in rows(connection, _PRODUCTS, ids=ids):
        item = quotes.words(product)
        hits = [
            award
            for (award,) in rows(connection, _AWARDS, words=sorted(set(item)), run=" ".join(item), ids=ids)
        ]
        mine = [Mention(award, product, WORDS, *state(said.get((award, product), {}))) for award in hits]
        confirmed = [each.award for each in mine if each.state == CONFIRMED]
        if confirmed:
            beside = rows(connection, _BESIDE, confirmed=confirmed, known=hits, ids=ids)
            mine += [
                Mention(award, product, VEHICLE, *state(said.get((award, product), {})))
                for (award,) in beside
            ]
        found += mine
    return found


def awards(mentions: list[Mention]) -> dict[str, list[int]]:
    """State -> awards: confirmed ones, and candidates that no other product confirms."""
    confirmed = {each.award for each in mentions if each.state == CONFIRMED}
    candidates = {each.award for each in mentions if each.state == CANDIDATE} - confirmed
    return {CONFIRMED: sorted(confirmed), CANDIDATE: sorted(candidates)}


# -- for people to judge ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """A mention with its record: the newest one that has the words, else the newest of the award."""

    award: str
    key: str  # what `mention` takes where a number is not enough
    product: str
    rule: str
    state: str
    by: tuple[str, ...]
    buyer: Party | None
    vendor: Party | None
    date: Date | None
    text: str
    source: Place
    sums: tuple[Total, ...]


@dataclass(frozen=True)
class Precision:
    """What people said of the mentions of one rule so far."""

    rule: str
    confirmed: int
    denied: int
    candidate: int


@dataclass(frozen=True)
class Mentions:
    """Answer of `mentions`: those that the largest sums stand under first."""

    company: Party
    buyer: Party | None
    products: tuple[str, ...]
    mentions: tuple[Named, ...]
    precision: tuple[Precision, ...]


def mentions(connection: Connection, company: Party, buyer: Party | None = None) -> Mentions:
    """Which awards of others name a company's products (with one buyer), and what people said of each."""
    found = of(connection, company)
    ids = sorted({each.award for each in found})
    held = files(connection)
    sums: dict[int, list[Total]] = {}
    for award, *parts in rows(connection, _SUMS, awards=ids):
        sums.setdefault(award, []).append(total(held, parts))
    lines = [_named(connection, each, sums) for each in found]
    shown = [each for each in lines if buyer is None or each.buyer == buyer]
    products = tuple(each for (each,) in rows(connection, _PRODUCTS, ids=list(company.ids)))
    precision = tuple(
        Precision(rule, *(sum(each.rule == rule and each.state == what for each in found) for what in STATES))
        for rule in (WORDS, VEHICLE)
    )
    shown.sort(
        key=lambda each: (STATES.index(each.state), -max((t.cents for t in each.sums), default=0), each.key)
    )
    return Mentions(company, buyer, products, tuple(shown), precision)


def _named(connection: Connection, mention: Mention, sums: dict[int, list[Total]]) -> Named:
    run = " ".join(quotes.words(mention.product))
    ((key, number, url, buyer, vendor, date, text, source, row),) = rows(
        connection, _RECORD, award=mention.award, run=run
    )
    parties = named(connection, [buyer, vendor])
    return Named(
        award=number,
        key=key,
        product=mention.product,
        rule=mention.rule,
        state=mention.state,
        by=mention.by,
        buyer=parties.get(buyer),
        vendor=parties.get(vendor),
        date=date,
        text=quotes.without_contacts(text or ""),
        source=place(files(connection), source, row, url),
        sums=tuple(sums.get(mention.award, ())),
    )


_PRODUCTS = "SELECT DISTINCT words FROM product WHERE company IN (SELECT unnest($ids::INTEGER[])) ORDER BY 1"
_SUMS = f"""
SELECT award, {SUMS} FROM fact WHERE award IN (SELECT unnest($awards::INTEGER[]))
GROUP BY ALL ORDER BY 1, 2, 3
"""
_RECORD = """
SELECT a.key, a.number, a.url, f.buyer, f.vendor, f.date, d.text, f.source, f.row
FROM fact f JOIN award a ON a.id = f.award LEFT JOIN descr d ON d.id = f.descr
WHERE f.award = $award
ORDER BY coalesce(contains(
    regexp_replace(' ' || lower(strip_accents(d.text)) || ' ', '[^\\p{L}\\p{N}]+', ' ', 'g'),
    ' ' || $run || ' '), false) DESC, f.date DESC, f.source, f.row LIMIT 1
"""

# Descriptions with the product's words one after the other, then the awards of them but the company's own.
_AWARDS = """
WITH texts AS (
    SELECT d.id FROM descr d
    WHERE d.id IN (
        SELECT p.descr FROM posting p
        WHERE p.term IN (SELECT id FROM term WHERE word IN (SELECT unnest($words::VARCHAR[])))
        GROUP BY p.descr HAVING count(*) = len($words::VARCHAR[]))
    AND contains(
        regexp_replace(' ' || lower(strip_accents(d.text)) || ' ', '[^\\p{L}\\p{N}]+', ' ', 'g'),
        ' ' || $run || ' '))
SELECT DISTINCT award FROM fact WHERE descr IN (SELECT id FROM texts)
AND vendor NOT IN (SELECT unnest($ids::INTEGER[])) ORDER BY 1
"""
# Awards under the vehicle of one of these, that are none of them and not the company's own.
_BESIDE = """
SELECT a.id FROM award a
WHERE a.vehicle IN (
    SELECT vehicle FROM award WHERE id IN (SELECT unnest($confirmed::INTEGER[])) AND vehicle <> '')
AND a.id NOT IN (SELECT unnest($known::INTEGER[]))
AND a.id IN (SELECT award FROM fact WHERE vendor NOT IN (SELECT unnest($ids::INTEGER[]))) ORDER BY 1
"""
