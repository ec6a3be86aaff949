# SPDX-License-Identifier: Apache-2.0
"""The signatures of a record counted: what steps 6 to 9 and 12 need that no entry shows alone.  # spec: 13

Kept per entry: one byte, and for a signer 32 bytes and an index. `kinds` spells the record:

    o letter.open   n named sign   h hidden sign   w withdraw   c letter.close
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from .report import Failure, Fault, fail
from .workers import Checked

# A batch: signatures, then withdrawals, and it may end with the close (spec: 8). The first entry stands alone
# or before the first batch.
_BATCH = re.compile(rb"o?[nh]*w*c?")


class Tally:
    """Fed with the checked bundles in order; keeps for each step the first entry that fails it.

    opened: the indices of entries that have an opening.
    """

    def __init__(self, opened: Container[int]) -> None:
        self.kinds = bytearray()
        self.close: int | None = None
        self._opened = opened
        self._signed: dict[bytes, int] = {}
        self._withdrawn: set[bytes] = set()
        self._faults: dict[int, tuple[int, Fault]] = {}

    def add(self, checked: Checked) -> None:
        """The next bundle."""
        for step, (index, fault) in checked.faults.items():
            self._keep(step, index, fault)
        keys = iter(checked.keys)
        for index, kind in enumerate(checked.kinds.decode("ascii"), start=len(self.kinds)):
            if kind in "nh":
                self._sign(index, next(keys))
            elif kind == "w":
                self._withdraw(index, next(keys))
            elif kind == "c" and self.close is None:
                self.close = index
        self.kinds += checked.kinds

    def check(self, step: int) -> None:
        """Raises the Failure of a step, if an entry fails it."""
        if step in self._faults:
            raise Failure(self._faults[step][1])

    @property
    def signatures(self) -> int:
        """How many sign entries there are."""
        return _count(self.kinds)

    @property
    def withdrawals(self) -> int:
        """How many withdraw entries there are."""
        return self.kinds.count(b"w")

    def left(self) -> tuple[int, int]:
        """How many named and how many hidden signatures are not withdrawn."""
        gone = bytes(self.kinds[self._signed[key]] for key in self._withdrawn)
        named, hidden = (self.kinds.count(kind) - gone.count(kind) for kind in (b"n", b"h"))
        return named, hidden

    def _sign(self, index: int, key: bytes) -> None:
        if self.close is not None:
            self._blame(
                6, index, "sign-after-close", f"it stands after letter.close, which is entry {self.close}"
            )
        if key in self._signed:
            self._blame(6, index, "signed-twice", f"its key has signed already, at entry {self._signed[key]}")
        self._signed.setdefault(key, index)

    def _withdraw(self, index: int, key: bytes) -> None:
        signed = self._signed.get(key)
        if signed is None:
            self._blame(7, index, "withdraw-without-sign", "no signature of its key stands before it")
        elif key in self._withdrawn:
            self._blame(7, index, "withdrawn-twice", "its signature is withdrawn already")
        else:
            self._withdrawn.add(key)
            if signed in self._opened:
                self._blame(
                    9, signed, "opening-of-withdrawn", "openings.json still shows a withdrawn signature"
                )

    def _blame(self, step: int, index: int, slug: str, message: str) -> None:
        self._keep(step, index, Fault(f"letter/{index}", message, "", slug))

    def _keep(self, step: int, index: int, fault: Fault) -> None:
        if step not in self._faults or index < self._faults[step][0]:
            self._faults[step] = (index, fault)


def check_capacity(
    kinds: bytes | bytearray,
    workplace: Mapping[str, Any],
    issuer: str,
    opened: Sequence[Mapping[str, Any]],
    closed: tuple[int, Sequence[Mapping[str, Any]]] | None,
) -> None:
    """Step 8. workplace: of letter.json. opened: `issued` of the first entry; closed: index, `issued`."""
    headcount = workplace["headcount"]["n"] if "headcount" in workplace else None
    before = _issued("letter/0", opened, workplace["id"], issuer, headcount)
    after = None
    if closed:
        place = f"letter/{closed[0]}"
        after = _issued(place, closed[1], workplace["id"], issuer, headcount)
        if after < before:
            raise fail(
                place, "issued-falls", f"{after} tokens were issued at the close, {before} when it opened"
            )
    signs = _signs(kinds)
    if headcount is not None and (extra := _nth(signs, headcount)) is not None:
        raise fail(f"letter/{extra}", "above-headcount", f"more signatures than the headcount of {headcount}")
    if after is not None and (extra := _nth(signs, after)) is not None:
        raise fail(
            f"letter/{extra}", "above-issued", f"more signatures than the {after} tokens that were issued"
        )


def _issued(
    place: str, issued: Sequence[Mapping[str, Any]], workplace: str, issuer: str, headcount: int | None
) -> int:
    (stated,) = issued
    n = int(stated["n"])
    if (stated["workplace"], stated["issuer"]) != (workplace, issuer):
        raise fail(place, "issued-elsewhere", "issued is that of another workplace or issuer")
    if headcount is not None and n > headcount:
        raise fail(place, "issued-above-headcount", f"{n} issued tokens exceed the headcount of {headcount}")
    if n % 10 and n != headcount:
        raise fail(place, "issued-not-rounded", f"{n} issued tokens: no multiple of ten, not the headcount")
    return n


def _signs(kinds: bytes | bytearray) -> Iterator[int]:
    return (match.start() for match in re.finditer(rb"[nh]", kinds))


def _nth(indices: Iterator[int], n: int) -> int | None:
    return next((index for position, index in enumerate(indices) if position == n), None)


def check_batches(
    kinds: bytes | bytearray, hashes: Sequence[bytes], sizes: Sequence[int], heads: Sequence[int], floor: int
) -> None:
    """Step 9: what each head added is one batch in order, of 0 or at least `floor` signatures, and so is all.

    sizes: of this letter's heads; heads: their indices in the instance log.
    """
    start = 0
    for size, head in zip(sizes, heads, strict=True):
        batch = bytes(kinds[start:size])
        _check_order(batch, start, hashes)
        added = _count(batch)
        if 0 < added < floor and not batch.endswith(b"c"):
            raise fail(
                f"instance/{head}", "floor-broken", f"this head adds {added} signatures, fewer than {floor}"
            )
        start = size
    if 0 < _count(kinds) < floor:
        place = f"letter/{len(kinds) - 1}"
        raise fail(place, "floor-broken", f"{_count(kinds)} signatures in all, fewer than {floor}")


def _count(kinds: bytes | bytearray) -> int:
    return kinds.count(b"n") + kinds.count(b"h")


def _check_order(batch: bytes, start: int, hashes: Sequence[bytes]) -> None:
    match = _BATCH.match(batch)
    end = match.end() if match else 0
    if end < len(batch):
        raise fail(f"letter/{start + end}", "batch-order", "it does not belong behind what stands before it")
    previous, last = "", b""
    for index, kind in enumerate(batch.replace(b"h", b"n").decode(), start):
        if kind in "nw":
            leaf = hashes[index]
            if kind == previous and leaf <= last:
                raise fail(f"letter/{index}", "batch-order", "its batch is not sorted by leaf hash")
            previous, last = kind, leaf


def check_end(close: int | None, covered: int, end: int) -> None:
    """Step 12: a slot that ends "closed", at `end` of the instance log, has a letter.close in what is final.

    close: its index in the letter's log; covered: the size of the last head before `end`.
    """
    if close is None or close >= covered:
        raise fail(
            f"instance/{end}",
            "ended-unclosed",
            "the slot ends as closed, and no head before shows letter.close",
        )


def check_close(kinds: bytes | bytearray, close: int, entry: Mapping[str, Any]) -> None:
    """Step 12: the counts of letter.close are those before it, and only withdrawals follow."""
    place, before = f"letter/{close}", kinds[:close]
    counts = (_count(before), before.count(b"w"))
    if (entry["signatures"], entry["withdrawn"]) != counts:
        raise fail(
            place,
            "close-counts",
            f"it counts {entry['signatures']} signed and {entry['withdrawn']} withdrawn, before it stand"
            f" {counts[0]} and {counts[1]}",
        )
    if entry["void"] != (counts[0] == 0):
        raise fail(place, "close-void", "void is not what the number of signatures says")
    after = bytes(kinds[close + 1 :])
    if rest := after.lstrip(b"w"):
        index = len(kinds) - len(rest)
        raise fail(f"letter/{index}", "after-close", "only a withdrawal may stand after letter.close")
