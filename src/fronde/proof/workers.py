# SPDX-License-Identifier: Apache-2.0
"""The work that is done on one piece of a proof at a time, here or in other processes.  # spec: 13

A piece is a few members, or one bundle of at most 256 entries: a proof larger than the memory is never read
whole. What a piece gives back is small and plain. Order is kept: the result does not depend on the processes.
"""

from __future__ import annotations

import gc
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, NamedTuple, TypeVar

from fronde.errors import FrondeError, Unreadable
from fronde.letter import Letter
from fronde.record.entry import parse_instance, parse_letter
from fronde.record.tiles import unpack
from fronde.record.tree import Hashes, leaf_hash
from fronde.signature import HIDDEN, NAMED, SIGN, Act, Checker, check_opening
from fronde.tokens import blindrsa

from .bundle import BadArchive, Member, read_member
from .report import Failure, Fault, at, fail

# How entries are spelled, a letter each: by the mode of what was signed ("": a withdraw), or by their type.
KINDS = {NAMED: b"n", HIDDEN: b"h", "": b"w", "letter.open": b"o", "letter.close": b"c"}

T = TypeVar("T")
R = TypeVar("R")

HANDFUL = 4  # pieces that go to another process together: the way there costs as much as several signatures

Folder = Literal["instance", "letter"]


class Bundle(NamedTuple):
    """One entry bundle: its member, the log, the index of its first entry, and its leaf hashes end to end."""

    member: Member
    log: Folder
    first: int
    leaves: bytes


class Checks(NamedTuple):
    """A bundle of signatures to check: the letter's bytes, the slot's key, the openings by index."""

    bundle: Bundle
    letter: bytes
    spki: bytes
    openings: dict[int, dict[str, Any]]


class Checked(NamedTuple):
    """What later steps need of a bundle.

    kinds: a letter an entry (`KINDS`); keys: of every sign and withdraw, in order; faults: for each step the
    first entry that fails it, with its index.
    """

    kinds: bytes
    keys: list[bytes]
    faults: dict[int, tuple[int, Fault]]


def check_members(file: BinaryIO, members: list[Member]) -> Fault | None:
    """Step 1: each member inflates to what its headers say."""
    for member in members:
        try:
            read_member(file, member)
        except BadArchive as error:
            return Fault.of(member.name, error)
    return None


def scan_bundle(file: BinaryIO, bundle: Bundle) -> Fault | None:
    """Steps 2 and 3: the entries are those of the leaf hashes, canonical, and of their form."""
    try:
        for index, entry in _entries(file, bundle):
            if bundle.log == "letter" and index and SIGN.fullmatch(entry):
                continue
            with at(f"{bundle.log}/{index}"):
                _check_form(bundle.log, index, entry)
    except Failure as failure:
        return failure.fault
    return None


def _check_form(log: Folder, index: int, entry: bytes) -> None:
    if log == "instance":
        parse_instance(entry)
        return
    kind = parse_letter(entry)["type"]
    if (index == 0) != (kind == "letter.open"):
        message = f"{kind} is entry {index}: letter.open is entry 0 and no other"
        raise fail(f"letter/{index}", "not-one-open", message)


def _entries(file: BinaryIO, bundle: Bundle) -> Iterator[tuple[int, bytes]]:
    leaves = Hashes.of(bundle.leaves)
    with at(bundle.member.name):
        entries = unpack(read_member(file, bundle.member), len(leaves))
    for index, (entry, leaf) in enumerate(zip(entries, leaves, strict=True), start=bundle.first):
        if leaf_hash(entry) != leaf:
            raise fail(
                f"{bundle.log}/{index}", "bad-leaf", f"entry {index} is not the one in the signed tree"
            )
        yield index, entry


def check_bundle(file: BinaryIO, checks: Checks) -> Checked:
    """Steps 6, 7 and 9, as far as an entry can be judged alone."""
    checker = _checker(checks.letter, checks.spki)
    kinds, keys = bytearray(), list[bytes]()
    faults: dict[int, tuple[int, Fault]] = {}
    for index, data in _entries(file, checks.bundle):
        kind, act = _act(data)
        kinds += kind
        if act:
            keys.append(act.key)
            _judge(faults, 6 if act.mode else 7, index, checker.check, act)
        # Where a signature is wrong, step 9 is never reached.
        if index in checks.openings and not faults:
            _judge(faults, 9, index, check_opening, act, checks.openings[index])
    return Checked(bytes(kinds), keys, faults)


def _act(data: bytes) -> tuple[bytes, Act | None]:
    """How an entry is spelled, and what was signed with it, if anything."""
    if match := SIGN.fullmatch(data):
        act = Act.cut(match)
    else:
        entry = json.loads(data)
        if "key" not in entry:
            return KINDS[entry["type"]], None
        act = Act.of(entry)
    return KINDS[act.mode], act


def _judge(
    faults: dict[int, tuple[int, Fault]], step: int, index: int, check: Callable[..., None], *what: Any
) -> None:
    """Keeps the first fault of each step."""
    if step not in faults:
        try:
            check(*what)
        except FrondeError as error:
            faults[step] = (index, Fault.of(f"letter/{index}", error))


@lru_cache(maxsize=1)
def _checker(letter: bytes, spki: bytes) -> Checker:
    return Checker(Letter.parse(letter), blindrsa.PublicKey.from_spki(spki))


class Workers(AbstractContextManager["Workers"]):
    """Runs pieces of work in order: here, or in `processes` others that open `path` anew."""

    def __init__(self, file: BinaryIO, path: Path | None, processes: int) -> None:
        self._file = file
        self._path = path
        self._processes = processes if path else 1
        self._pool: ProcessPoolExecutor | None = None

    @property
    def ahead(self) -> int:
        """How many handfuls of pieces are under way at a time."""
        return 4 * self._processes

    def map(self, work: Callable[[BinaryIO, T], R], pieces: Iterable[T]) -> Iterator[R]:
        """The results in the order of the pieces; other processes begin at once with the first `ahead`."""
        if self._processes == 1:
            return (work(self._file, piece) for piece in pieces)
        # A fresh interpreter each: a fork would copy whatever threads and locks the caller has.
        # No collector: what a piece leaves behind holds no circles.
        pool = self._pool = self._pool or ProcessPoolExecutor(
            self._processes, mp_context=get_context("spawn"), initializer=gc.disable
        )
        path, rest = str(self._path), iter(pieces)
        handfuls = iter(lambda: list(islice(rest, HANDFUL)), [])
        under_way = (pool.submit(_in_process, path, work, handful) for handful in handfuls)
        with _unbroken():
            waiting = deque(islice(under_way, self.ahead))
        return _in_order(waiting, under_way)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def _in_order(waiting: deque[Future[list[R]]], more: Iterator[Future[list[R]]]) -> Iterator[R]:
    """The result of each, in order; one more begins for each that has ended."""
    with _unbroken():
        while waiting:
            yield from waiting.popleft().result()
            waiting.extend(islice(more, 1))


@contextmanager
def _unbroken() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise Unreadable(
            "a process of this verification was ended from outside",
            hint="Try again with --processes 1.",
            name="process-ended",
        ) from None


def _in_process(path: str, work: Callable[[BinaryIO, T], R], pieces: list[T]) -> list[R]:
    with open(path, "rb") as file:
        return [work(file, piece) for piece in pieces]
