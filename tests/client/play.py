# SPDX-License-Identifier: Apache-2.0
"""The stage for lies: a workplace, a server that may lie, and Ada, who has joined."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from fronde.client.look import look
from fronde.client.sign import draft_signature, draft_withdrawal, send
from fronde.errors import Breach
from fronde.record import entry
from tests.client.server import Person, Server
from tests.simulator import OPENS, Record, Workplace, issuers

SALT = bytes(32)
DURING = OPENS + datetime.timedelta(days=1)


class Play:
    """A workplace, its server, a letter, and Ada, who has joined and comes back."""

    def __init__(self, folder: Any) -> None:
        self.place = Workplace(slots=3)
        self.server = Server(self.place)
        self.record: Record = self.place.open()
        self.ada = Person(self.server, folder)
        self.ada.join()

    def sign(self) -> bytes:
        visit = self.ada.visit()
        return send(visit, draft_signature(visit, self.record.letter.id, name="Ada", note="", salt=SALT))

    def withdraw(self) -> bytes:
        visit = self.ada.visit()
        return send(visit, draft_withdrawal(visit, self.record.letter.id))

    def look(self, now: datetime.datetime = DURING) -> Any:
        return look(self.ada.visit(), self.record.letter.id, now)

    def others(self, count: int = 6) -> None:
        for each in self.place.people(count):
            self.record.sign(each)

    def path(self, rest: str) -> str:
        return f"/letters/{self.record.letter.id}{rest}"

    def rewrite(self, index: int, new: bytes) -> None:
        self.place.instance[index] = new

    def refused(self, name: str, act: Callable[[], Any], *, posts: int = 0) -> Breach:
        """`act` ends in this breach with so many more posts, and the next visit is not poisoned by it."""
        before = len(self.server.posts)
        with pytest.raises(Breach) as caught:
            act()
        assert caught.value.name == name
        assert caught.value.exit == 1
        assert caught.value.hint
        assert caught.value.evidence
        assert len(self.server.posts) - before == posts
        return caught.value


def slot_new(number: int, key: int, workplace: str = "works") -> bytes:
    return entry.slot_new(workplace, "letters.example", "2026H2", number, issuers()[key].public.spki)
