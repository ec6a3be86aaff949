# SPDX-License-Identifier: Apache-2.0
"""Who is who, as far as the files say it: what shares an id is one party; the rest people decide.

A name joins only what has no id at all, and only within one name key and country. Two parties whose names
have one key are suggested to people (`suggest`), never joined here; what people judge is applied by `judged`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import names
from .typed import PACKED, SEPARATOR

# The id of a party that stands for it, in this order.
SCHEMES = ("US-UEI", "US-DUNS", "FR-SIREN", "GB-COH", "US-CAGE", "US-AGENCY")

Id = tuple[str, str]  # scheme, value

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")


class Identity(NamedTuple):
    """What one packed text says of a party. ids: those that identify, or ("name", key:country) alone.

    also: ids that are stored and join nothing, such as the number of an establishment.
    """

    name: str
    key: str
    country: str
    ids: tuple[Id, ...]
    also: tuple[Id, ...]


class Party(NamedTuple):
    """A party as the record has it. names: (name, key), the most frequent first."""

    handle: str
    country: str
    names: tuple[tuple[str, str], ...]
    ids: tuple[Id, ...]


def clean(text: str) -> str:
    """A name without control and invisible characters, one space between words."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def unpack(packed: str) -> Identity:
    """The identity that `typed` packed."""
    part = dict(zip(PACKED, packed.split(SEPARATOR), strict=True))
    name, country = clean(part["name"]), names.country(part["country"])
    found = [
        ("US-UEI", names.uei(part["uei"])),
        ("US-DUNS", names.duns(part["duns"])),
        ("US-CAGE", names.cage(part["cage"])),
        ("FR-SIREN", names.siren(part["siret"])),
        ("GB-COH", names.coh(part["coh"])),
        ("LOCAL", clean(part["local"])),
    ]
    also = [("FR-SIRET", names.siret(part["siret"]))]
    if value := clean(part["id"]):
        found, also = (
            [*found, _stated(part["scheme"].upper(), value)],
            [*also, _beside(part["scheme"], value)],
        )
    ids = tuple(dict.fromkeys(each for each in found if each[1]))
    key = names.key(name) or name.upper()
    return Identity(
        name, key, country, ids or (("name", f"{key}:{country}"),), tuple(each for each in also if each[1])
    )


def _stated(scheme: str, value: str) -> Id:
    """An id that comes with the name of its scheme."""
    known = {
        "US-UEI": names.uei, "US-DUNS": names.duns, "US-CAGE": names.cage, "GB-COH": names.coh,
        "FR-SIREN": names.siren,
    }  # fmt: skip
    if scheme == "FR-SIRET":
        return "FR-SIREN", names.siren(value)
    return (scheme, known[scheme](value)) if scheme in known else (scheme or "LOCAL", value)


def _beside(scheme: str, value: str) -> Id:
    return "FR-SIRET", names.siret(value) if scheme.upper() == "FR-SIRET" else ""


class Parties:
    """Identities joined into parties: a forest over ids, each tree one party."""

    def __init__(self) -> None:
        self._above: list[int] = []
        self._nodes: dict[Id, int] = {}
        self._packed: dict[str, int] = {}
        self._names: Counter[tuple[int, str, str]] = Counter()
        self._also: dict[Id, int] = {}
        self._countries: dict[int, str] = {}

    def add(self, packed: str, rows: int) -> None:
        """A party as `rows` rows state it."""
        identity = unpack(packed)
        first, *others = (self._node(each) for each in identity.ids)
        for other in others:
            self._join(first, other)
        self._packed[packed] = first
        if identity.name:
            self._names[first, identity.name, identity.key] += rows
        self._also.update(dict.fromkeys(identity.also, first))
        if identity.country:
            self._countries.setdefault(first, identity.country)

    def settle(self) -> tuple[list[Party], dict[str, int]]:
        """All parties, sorted by handle, and packed text -> number of its party, from 1."""
        trees: dict[int, list[Id]] = {}
        for each, node in self._nodes.items():
            trees.setdefault(self._root(node), []).append(each)
        handles = sorted((_handle(ids), root) for root, ids in trees.items())
        called: dict[int, Counter[tuple[str, str]]] = {}
        for (node, name, key), rows in self._names.items():
            called.setdefault(self._root(node), Counter())[name, key] += rows
        for each, node in self._also.items():
            trees[self._root(node)].append(each)
        countries: dict[int, str] = {}
        for node, country in sorted(self._countries.items()):
            countries.setdefault(self._root(node), country)
        parties = [
            Party(
                handle,
                countries.get(root, ""),
                tuple(_ranked(called.get(root, Counter()))),
                tuple(sorted(each for each in trees[root] if each[0] != "name")),
            )
            for handle, root in handles
        ]
        number = {root: i for i, (_, root) in enumerate(handles, 1)}
        return parties, {packed: number[self._root(node)] for packed, node in self._packed.items()}

    def _node(self, each: Id) -> int:
        node = self._nodes.get(each)
        if node is None:
            node = self._nodes[each] = len(self._above)
            self._above.append(node)
        return node

    def _root(self, node: int) -> int:
        while (above := self._above[node]) != node:
            self._above[node] = node = self._above[above]
        return node

    def _join(self, one: int, other: int) -> None:
        a, b = self._root(one), self._root(other)
        self._above[max(a, b)] = min(a, b)


class Known:
    """The parties of a record, to find a customer among them: looking adds nothing."""

    def __init__(self, parties: Iterable[Party]) -> None:
        self._ids: dict[Id, int] = {}
        self._keys: dict[str, set[tuple[int, str]]] = {}
        for number, party in enumerate(parties, 1):
            self._ids.update(dict.fromkeys(party.ids, number))
            for _, key in party.names:
                self._keys.setdefault(key, set()).add((number, party.country))

    def find(self, identity: Identity) -> int | None:
        """The one party that this is: by id, else by name key where the countries do not differ."""
        by_id = {self._ids[each] for each in identity.ids if each in self._ids}
        named = self._keys.get(identity.key, set())
        by_name = {number for number, country in named if not country or identity.country in ("", country)}
        found = by_id or by_name
        return next(iter(found)) if len(found) == 1 else None


def _ranked(called: Counter[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    # A name of several words before an abbreviation: "ICE" is written more often than what it stands for.
    return (
        pair
        for pair, _ in sorted(called.items(), key=lambda each: (" " not in each[0][0], -each[1], each[0]))
    )


def _handle(ids: Iterable[Id]) -> str:
    rank = {scheme: i for i, scheme in enumerate(SCHEMES)}
    scheme, value = min(ids, key=lambda each: (rank.get(each[0], len(rank) + (each[0] == "name")), each))
    return f"{scheme}:{value}"
