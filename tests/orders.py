# SPDX-License-Identifier: Apache-2.0
"""Orders in a seized folder: do signatures lie, in any file or table, in the order in which they came?

The places of the signatures' bytes (or of the enrolments') in a file, the rows of a table, the values of a
column are compared with the order in which they came: all pairs of one batch, and all pairs of one batch on
one page, concordant or not. Of n in a group the sum varies as Kendall's does: n(n-1)(2n+5)/18. By chance
|z| reaches 6 once in 500 million comparisons, of which a campaign has some hundreds; four batches of
twenty-one in the order in which they came give 12. So a check fails for a leak, never for bad luck.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from math import sqrt
from typing import Any

from tests.seizure import Seizure, Signed, Truth, b64u

BOUND = 6.0
ENOUGH = 60  # signatures, or there is no order to speak of
PAGE = 4096

Place = tuple[
    Hashable, Any, int
]  # group, where it stands (anything that sorts), place in the order in which it came


def concordance(places: Iterable[Place]) -> float:
    """Kendall's sum over the pairs of each group, in standard deviations of chance; 0 without pairs."""
    groups: dict[Hashable, list[tuple[Any, int]]] = defaultdict(list)
    for group, stands, came in places:
        groups[group].append((stands, came))
    total, variance = 0, 0.0
    for group in groups.values():
        n = len(group)
        variance += n * (n - 1) * (2 * n + 5) / 18
        for (a, first), (b, second) in combinations(group, 2):
            total += ((a < b) - (a > b)) * (1 if first < second else -1)
    return total / sqrt(variance) if variance else 0.0


def files(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Files in which the published signatures lie in the order of signing, or of their members' enrolment."""
    for name, data in seized.files.items():
        for form, bytes_of in FORMS.items():
            for which, find in (("first", data.find), ("last", data.rfind)):
                at = [(find(bytes_of(each)), place, each) for place, each in truth.published]
                at = [each for each in at if each[0] >= 0]
                what = f"the bytes of {form} ({which}) in {name}"
                yield from _scopes(
                    what, "signing", [(each.batch, offset, place) for offset, place, each in at]
                )
                yield from _scopes(what, "enrolment", [(0, offset, each.member) for offset, _, each in at])


def enrolments(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Files in which the enrolments lie in the order in which they came, or in the order of signing."""
    signed = {each.member: place for place, each in enumerate(truth.signed)}
    for name, data in seized.files.items():
        for index in range(len(truth.enrolled[0].row)):
            at = [(data.rfind(each.row[index]), member) for member, each in enumerate(truth.enrolled)]
            at = [each for each in at if each[0] >= 0]
            what = f"the rows of members in {name}"
            yield from _scopes(what, "enrolment", [(0, offset, member) for offset, member in at])
            both = [(0, offset, signed[member]) for offset, member in at if member in signed]
            yield from _scopes(what, "signing", both)


FORMS: dict[str, Callable[[Signed], bytes]] = {
    "keys": lambda each: each.key,
    "written keys": lambda each: b64u(each.key),
    "leaves": lambda each: each.leaf,
    "written tokens": lambda each: b64u(each.token)[:-4],
}


def covered(seized: Seizure, truth: Truth) -> set[str]:
    """Where enough published signatures or enrolments were found to speak of an order: "keys FILE", ..."""
    found = set()
    for name, data in seized.files.items():
        for form, bytes_of in FORMS.items():
            if sum(bytes_of(each) in data for _, each in truth.published) >= ENOUGH:
                found.add(f"{form} {name}")
        if sum(each.row[0] in data for each in truth.enrolled) >= ENOUGH:
            found.add(f"rows {name}")
    return found


def _scopes(what: str, whose: str, places: Sequence[Place]) -> Iterator[str]:
    """By offset in the file; by offset on each page; as SQLite fills pages, from the end of each."""
    yield from _judged(f"{what} lie", whose, places)
    yield from _judged(
        f"{what} lie on each page", whose, [((g, o // PAGE), o, came) for g, o, came in places]
    )
    yield from _judged(
        f"{what} lie page by page", whose, [(g, (o // PAGE, -o), came) for g, o, came in places]
    )


def _judged(what: str, whose: str, places: Sequence[Place]) -> Iterator[str]:
    z = concordance(places) if len(places) >= ENOUGH else 0.0
    if abs(z) > BOUND:
        yield f"{what} in the order of {whose} (z = {z:.1f})"


def columns(seized: Seizure, truth: Truth) -> Iterator[str]:
    """Tables whose rows, as they come or sorted by a column, are in the order of signing or of enrolment."""
    for table in seized.tables:
        found = [(row, *owner) for row in table.rows if (owner := _owner(row, truth))]
        came = [(number, place, each) for number, (_, place, each) in enumerate(found)]
        yield from _both(f"the rows of {table.name} stand", came)
        for index, column in enumerate(table.columns):
            values = [(row[index], place, each) for row, place, each in found]
            if len({type(value) for value, _, _ in values}) == 1 and values[0][0] is not None:
                yield from _both(f"the column {table.name}.{column} sorts", values)


def _owner(row: tuple[Any, ...], truth: Truth) -> tuple[int, Signed] | None:
    """Whose published signature a row is about."""
    whole = b"".join(value.encode() if isinstance(value, str) else value for value in row if _is_text(value))
    found = (each for each in truth.published if each[1].key in whole or b64u(each[1].key) in whole)
    return next(found, None)


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes)


def _both(what: str, values: Sequence[tuple[Any, int, Signed]]) -> Iterator[str]:
    yield from _judged(what, "signing", [(each.batch, value, place) for value, place, each in values])
    yield from _judged(what, "enrolment", [(0, value, each.member) for value, _, each in values])
