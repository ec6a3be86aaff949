# SPDX-License-Identifier: Apache-2.0
"""Whom a reader trusts: c2sp.org/tlog-policy.  # spec: 13, 16

    log letters.example/log+1a2b3c4d+AbCd... https://letters.example/log/
    witness paper witness.example/w1+5e6f7a8b+BAbc...
    witness union witness.example/w2+9c0d1e2f+BDef...
    group both all paper union
    quorum both

One definition a line; words are separated by spaces and tabs; names, URLs and comments are opaque bytes. A
group or the quorum names only what stands above it, nothing is a member of two groups, there is exactly one
quorum.
"""

from __future__ import annotations

import re
from pathlib import Path

from fronde.errors import FrondeError, Refused, Usage
from fronde.record import cosignature, note
from fronde.record.note import COSIGNATURE, ED25519, Key

NONE = b"none"

_ALLOWED = re.compile(rb"[\x09\x0a\x20-\x7e\x80-\xff]*")
_DECIMAL = re.compile(rb"[1-9][0-9]{0,5}")


class BadPolicy(Usage):
    """A policy file that breaks a rule of tlog-policy; the message names the line."""

    name = "bad-policy"


class NoQuorum(Refused):
    """A checkpoint that the policy's witnesses have not cosigned as it demands."""

    name = "no-quorum"


def default_path() -> Path:
    """Where a user keeps the policy that holds when none is given."""
    return Path.home() / ".config" / "fronde" / "policy"


class Policy:
    """The logs, the witnesses and the quorum of a policy file."""

    def __init__(self) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[bytes, Key] = {}
        self.groups: dict[bytes, tuple[int, tuple[bytes, ...]]] = {}
        self.quorum: bytes = b""

    @classmethod
    def parse(cls, text: bytes | str) -> Policy:
        """The policy of a file's bytes. Raises BadPolicy."""
        data = text.encode() if isinstance(text, str) else text
        if not _ALLOWED.fullmatch(data):
            raise _bad(0, "a control character")
        policy = cls()
        for number, line in enumerate(data.split(b"\n"), start=1):
            words = line.replace(b"\t", b" ").split(b" ")
            words = [word for word in words if word]
            if words and not words[0].startswith(b"#"):
                policy._add(number, words)
        if not policy.quorum:
            raise _bad(0, "there is no quorum line")
        return policy

    def log_keys(self, origin: str) -> list[Key]:
        """The keys that the policy accepts for the log of this origin."""
        return [key for key in self.logs if key.name == origin]

    def check_quorum(self, checkpoint: bytes) -> int:
        """How many listed witnesses have cosigned this signed note; raises NoQuorum when not enough did.

        A wrong line of a listed witness is BadNote, even where the quorum is met without it.
        """
        parsed = note.parse(checkpoint)
        seen = {name for name, key in self.witnesses.items() if cosignature.find(parsed, key) is not None}
        if self.quorum != NONE and not self._witnessed(self.quorum, seen):
            raise NoQuorum(
                f"{len(seen)} of the policy's {len(self.witnesses)} witnesses have cosigned the instance log:"
                " not the quorum",
                hint="Ask for a proof whose instance log the witnesses have cosigned.",
            )
        return len(seen)

    def _witnessed(self, name: bytes, seen: set[bytes]) -> bool:
        if name in self.witnesses:
            return name in seen
        least, members = self.groups[name]
        return sum(self._witnessed(member, seen) for member in members) >= least

    def _add(self, number: int, words: list[bytes]) -> None:
        match words:
            case [b"log", vkey] | [b"log", vkey, _]:
                self._add_log(number, vkey)
            case [b"witness", name, vkey] | [b"witness", name, vkey, _]:
                self._add_witness(number, name, vkey)
            case [b"group", name, least, *members] if members:
                self._add_group(number, name, least, members)
            case [b"quorum", name]:
                self._set_quorum(number, name)
            case _:
                raise _bad(number, "not a log, witness, group or quorum line")

    def _add_log(self, number: int, vkey: bytes) -> None:
        key = _key(number, vkey, ED25519)
        if any(key.public == other.public for other in self.logs):
            raise _bad(number, "this log's key stands above already")
        self.logs.append(key)

    def _add_witness(self, number: int, name: bytes, vkey: bytes) -> None:
        self._check_new(number, name)
        key = _key(number, vkey, COSIGNATURE)
        if any(key.public == other.public for other in self.witnesses.values()):
            raise _bad(number, "this witness's key stands above already")
        self.witnesses[name] = key

    def _add_group(self, number: int, name: bytes, least: bytes, members: list[bytes]) -> None:
        self._check_new(number, name)
        taken = {member for _, others in self.groups.values() for member in others}
        for member in members:
            self._check_known(number, member)
            if member in taken:
                raise _bad(number, f"{_shown(member)} is a member already")
            taken.add(member)
        if least in (b"all", b"any"):
            count = len(members) if least == b"all" else 1
        elif _DECIMAL.fullmatch(least) and int(least) <= len(members):
            count = int(least)
        else:
            raise _bad(
                number, f"a group of {len(members)} needs all, any, or a number from 1 to {len(members)}"
            )
        self.groups[name] = (count, tuple(members))

    def _set_quorum(self, number: int, name: bytes) -> None:
        if self.quorum:
            raise _bad(number, "a second quorum line")
        if name != NONE:
            self._check_known(number, name)
        self.quorum = name

    def _check_new(self, number: int, name: bytes) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise _bad(number, f"the name {_shown(name)} is taken")

    def _check_known(self, number: int, name: bytes) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise _bad(number, f"{_shown(name)} is not defined above")


def _key(number: int, vkey: bytes, kind: int) -> Key:
    try:
        key = Key.parse(vkey.decode())
    except (FrondeError, UnicodeDecodeError):
        raise _bad(number, "not a key that is known here") from None
    if key.type != kind:
        raise _bad(
            number, "a key for " + ("cosignatures" if kind == ED25519 else "logs") + " does not belong here"
        )
    return key


def _shown(name: bytes) -> str:
    return ascii(name.decode("utf-8", "replace"))[:60]


def _bad(number: int, what: str) -> BadPolicy:
    place = f"line {number} of the policy" if number else "the policy"
    return BadPolicy(f"{place}: {what}", hint="The format is c2sp.org/tlog-policy.")
