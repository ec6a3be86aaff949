# SPDX-License-Identifier: Apache-2.0
"""The member's file: what a device must remember, and nothing that it can derive again.  # spec: 4

Canonical JSON of mode 0600, replaced whole. Whoever reads it can show every signature made with it, so what
was posted is dropped as soon as it is seen in the record, and no mailbox and no time is ever written.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from fronde import canonical, form
from fronde.canonical import b64u, unb64u
from fronde.errors import FrondeError, Refused, Unreadable

SEED = 16


class Unkept(FrondeError):
    """The member's file cannot be read or written."""

    name = "keep"


@dataclass
class Post:
    """A post to a letter, kept until its leaf is seen: its bytes are sent again. receipt: b"" at first."""

    body: bytes
    receipt: bytes = b""


@dataclass
class KeptLetter:
    """What was seen of a letter's record and posted to it. posts, seen (index in it): by type of entry."""

    checkpoint: bytes = b""
    posts: dict[str, Post] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)


@dataclass
class KeptInstance:
    """What is kept of one instance. tokens: workplace -> number of the slot -> token of 354 bytes."""

    vkey: str
    seed: bytes = b""
    addresses: list[str] = field(default_factory=list)
    checkpoint: bytes = b""
    tokens: dict[str, dict[int, bytes]] = field(default_factory=dict)
    letters: dict[str, KeptLetter] = field(default_factory=dict)


class Keep:
    """The member's file at `path`. Raises Unkept when it cannot be read, or was changed meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bytes = _read(path)
        self.instances = _parse(self._bytes, path)

    def at(self, address: str) -> KeptInstance | None:
        """The instance that was visited at this address (scheme and authority)."""
        return next((i for i in self.instances.values() if address in i.addresses), None)

    def draw_seed(self, instance: KeptInstance) -> None:
        """A fresh seed where there is none; on the disk when this returns."""
        if not instance.seed:
            instance.seed = secrets.token_bytes(SEED)
        self.save()

    def restore(self, instance: KeptInstance, seed: bytes) -> None:
        """Takes the seed of another device. Raises Refused where tokens of another seed would be lost."""
        if instance.seed not in (b"", seed) and (instance.tokens or instance.letters):
            raise Refused(
                "this file holds tokens of other words",
                hint="Restore into a new file: --keep FILE.",
                name="other-words",
            )
        instance.seed = seed
        self.save()

    def save(self) -> None:
        """Replaces the file atomically; durable when this returns."""
        if _read(self.path) != self._bytes:
            raise Unkept(
                f"{self.path} was changed by another fronde meanwhile",
                hint="Wait until it is done, then try again.",
            )
        data = canonical.encode(_document(self.instances))
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(self.path, data)
        except OSError as error:
            raise Unkept(
                f"{self.path} cannot be written ({error.strerror})", hint="Choose --keep FILE."
            ) from None
        self._bytes = data

    @classmethod
    def default(cls, environ: Mapping[str, str]) -> Path:
        """FRONDE_KEEP, else fronde/member.json in the user's data folder."""
        if environ.get("FRONDE_KEEP"):
            return Path(environ["FRONDE_KEEP"])
        data = environ.get("XDG_DATA_HOME", "")
        base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
        return base / "fronde" / "member.json"

    @classmethod
    def open(cls, path: str | None, environ: Mapping[str, str]) -> Self:
        """The file that --keep names, or the default one; a missing one is empty."""
        return cls(Path(path) if path else cls.default(environ))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise Unkept(f"{path} cannot be read ({error.strerror})", hint="Choose --keep FILE.") from None


def _replace(path: Path, data: bytes) -> None:
    # mkstemp makes the file 0600 from its first byte on.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _bytes(value: Any, at: str) -> None:
    if not isinstance(value, str):
        raise form.BadForm(f"{at}: not a string")
    unb64u(value)


_POST = form.fields_of({"body": _bytes}, {"receipt": _bytes})
_NUMBER = form.pattern(re.compile(r"[1-9][0-9]{0,8}"), "a number of a slot")
_TYPES = form.one_of(("sign", "withdraw"))
_LETTER = form.fields_of(
    {"posts": form.mapping(_TYPES, _POST), "seen": form.mapping(_TYPES, form.integer(0))},
    {"checkpoint": _bytes},
)
_INSTANCE = form.fields_of(
    {
        "vkey": form.text(500),
        "addresses": form.array(form.text(500)),
        "tokens": form.mapping(form.slug, form.mapping(_NUMBER, form.data(354))),
        "letters": form.mapping(form.slug, _LETTER),
    },
    {"seed": form.data(SEED), "checkpoint": _bytes},
)
_KEEP = form.document("keep", {"instances": form.mapping(form.anything, _INSTANCE)})


def _parse(data: bytes, path: Path) -> dict[str, KeptInstance]:
    if not data:
        return {}
    try:
        document = canonical.decode(data)
        _KEEP(document, "")
        return {origin: _instance_of(d) for origin, d in document["instances"].items()}
    except Unreadable as error:
        raise Unkept(f"{path} is not a member's file: {error.message}", hint="Choose --keep FILE.") from None


def _instance_of(d: dict[str, Any]) -> KeptInstance:
    return KeptInstance(
        vkey=d["vkey"],
        seed=unb64u(d.get("seed", "")),
        addresses=d["addresses"],
        checkpoint=unb64u(d.get("checkpoint", "")),
        tokens={w: {int(n): unb64u(t) for n, t in tokens.items()} for w, tokens in d["tokens"].items()},
        letters={name: _letter_of(letter) for name, letter in d["letters"].items()},
    )


def _letter_of(d: dict[str, Any]) -> KeptLetter:
    posts = {k: Post(unb64u(p["body"]), unb64u(p.get("receipt", ""))) for k, p in d["posts"].items()}
    return KeptLetter(unb64u(d.get("checkpoint", "")), posts, d["seen"])


def _document(instances: Mapping[str, KeptInstance]) -> dict[str, Any]:
    inner = {origin: _instance(i) for origin, i in instances.items()}
    return {"v": 1, "type": "keep", "instances": inner}


def _instance(i: KeptInstance) -> dict[str, Any]:
    return {
        "vkey": i.vkey,
        "addresses": i.addresses,
        "tokens": {w: {str(n): b64u(t) for n, t in tokens.items()} for w, tokens in i.tokens.items()},
        "letters": {name: _letter(letter) for name, letter in i.letters.items()},
        **_some(seed=i.seed, checkpoint=i.checkpoint),
    }


def _letter(letter: KeptLetter) -> dict[str, Any]:
    posts = {k: {"body": b64u(p.body), **_some(receipt=p.receipt)} for k, p in letter.posts.items()}
    return {"posts": posts, "seen": letter.seen, **_some(checkpoint=letter.checkpoint)}


def _some(**values: bytes) -> dict[str, str]:
    return {name: b64u(value) for name, value in values.items() if value}
