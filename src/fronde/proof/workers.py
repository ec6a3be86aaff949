# SPDX-License-Identifier: Apache-2.0
"""The work that is done on one piece of a proof at a time, here or in other processes.  # spec: 13

A piece is a few members, or one bundle of at most 256 entries: a proof larger than the memory is never read
whole. What a piece gives back is small and plain. Order is kept: the result does not depend on the processes.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, NamedTuple, TypeVar

from fronde.canonical import unb64u
from fronde.errors import FrondeError, Unreadable
from fronde.letter import Letter
from fronde.record.entry import parse_instance, parse_letter
from fronde.record.tiles import unpack
from fronde.record.tree import Hashes, leaf_hash
from fronde.signature import Checker, statement_of
from fronde.tokens import blindrsa

from .bundle import BadArchive, Member, read_member
from .report import Failure, Fault, at, fail

# The canonical bytes of a `sign` of its form, in one look: most entries are one. The last character of base64
# carries fewer bits than the others; the rest of them are 0.
_D = rb"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_SIGN = re.compile(
    rb'\{"as":"(?:named|hidden)",(?:"commitment":"%b",)?"key":"%b","letter":"%b",'
    rb'"sig":"[A-Za-z0-9_-]{85}[AQgw]","tokens":\["[A-Za-z0-9_-]{472}"\],"type":"sign","v":1\}' % (_D, _D, _D)
)

# How entries are spelled, a letter each; a named sign is an n.
KINDS = {"letter.open": b"o", "sign": b"h", "withdraw": b"w", "letter.close": b"c"}
NAMED = b"n"

T = TypeVar("T")
R = TypeVar("R")

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
            if bundle.log == "letter" and index and _SIGN.fullmatch(entry):
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
        entry = json.loads(data.decode("ascii"))
        kind = entry["type"]
        kinds += NAMED if entry.get("as") == "named" else KINDS[kind]
        if "key" in entry:
            keys.append(unb64u(entry["key"]))
            check = partial(checker.check, entry, statement_of(data, kind))
            _judge(faults, 6 if kind == "sign" else 7, index, check)
        # Where a signature is wrong, step 9 is never reached.
        if index in checks.openings and 6 not in faults:
            _judge(faults, 9, index, partial(checker.check_opening, entry, checks.openings[index]))
    return Checked(bytes(kinds), keys, faults)


def _judge(faults: dict[int, tuple[int, Fault]], step: int, index: int, check: Callable[[], None]) -> None:
    """Keeps the first fault of each step."""
    if step in faults:
        return
    try:
        check()
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

    def map(self, work: Callable[[BinaryIO, T], R], pieces: Iterable[T]) -> Iterator[R]:
        """The results in the order of the pieces; at most a few pieces a process are under way."""
        if self._processes == 1:
            yield from (work(self._file, piece) for piece in pieces)
            return
        # A fresh interpreter each: a fork would copy whatever threads and locks the caller has.
        self._pool = self._pool or ProcessPoolExecutor(self._processes, mp_context=get_context("spawn"))
        waiting: deque[Future[R]] = deque()
        try:
            for piece in pieces:
                waiting.append(self._pool.submit(_in_process, str(self._path), work, piece))
                if len(waiting) > 4 * self._processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise Unreadable(
                "a process of this verification was ended from outside",
                hint="Try again with --processes 1.",
                name="process-ended",
            ) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def _in_process(path: str, work: Callable[[BinaryIO, T], R], piece: T) -> R:
    with open(path, "rb") as file:
        return work(file, piece)
