# SPDX-License-Identifier: Apache-2.0
"""The frozen letter: one canonical object, its digest, its rules.  # spec: 6, 14

    {v, type: "letter", id, host, title, to, lang, body, demands, facets, citations, translations,
     rules: {modes, opens, closes, withdraw_until, floor, batch}, workplaces, logs, witnesses, authors}

Any changed byte is another letter. The *form* (which fields, how long) is checked when it is read; the
*rules* (dates in order, the floor, one issuer) when it is verified: step 5, `check_rules`. Whether texts
are NFC is no verifier's business; who makes a letter makes them so.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from fronde import canonical, form
from fronde.errors import Refused
from fronde.form import array, fields_of, integer, one_of, pattern, slug, text
from fronde.record.note import vkey

MODES = ("named", "hidden")
FLOOR = 5  # the smallest group that is ever shown

# The fields that authors write, also in a letter file (letterfile.py).
TEXTS = {
    "title": text(200),
    "lang": pattern(re.compile(r"[A-Za-z0-9-]{1,35}"), "a language tag such as en or pt-BR"),
    "body": text(100_000, lines=True),
}
ADDRESSEE = {"name": text(200), "office": text(200, empty=True)}
DEMAND = {"id": slug, "ask": text(2000, lines=True), "measure": text(2000, lines=True)}
DEMAND_MAY = {"due": form.date}
MOST_CITATIONS = 100
CITATION = {"id": slug, "says": text(500)}
BATCH = {"min": integer(0), "minutes": integer(0), "tokens": integer(0)}
RULES = {
    "modes": array(one_of(MODES, newer=True), least=1),
    "opens": form.time,
    "closes": form.time,
    "withdraw_until": form.time,
}

_none = array(form.anything, fixed=0)
_workplace = fields_of(
    {
        "id": slug,
        "name": text(200),
        "slot": integer(1),
        "issuers": array(fields_of({"name": form.host, "vkey": vkey}), fixed=1),
    },
    optional={"headcount": fields_of({"n": integer(1), "source": text(500)})},
)
FORM = form.document(
    "letter",
    {
        "id": pattern(re.compile(r"[a-z2-7]{16}"), "16 characters of a-z and 2-7"),
        "host": form.host,
        **TEXTS,
        "to": array(fields_of(ADDRESSEE), least=1),
        "demands": array(fields_of(DEMAND, DEMAND_MAY), least=1),
        "facets": _none,
        "citations": array(fields_of({**CITATION, "digest": form.data(32)}), most=MOST_CITATIONS),
        "translations": _none,
        "rules": fields_of({**RULES, "floor": integer(0), "batch": fields_of(BATCH)}),
        "workplaces": array(_workplace, fixed=1),
        "logs": fields_of({"letter": vkey, "instance": vkey}),
        "witnesses": _none,
        "authors": _none,
    },
)


class BadLetter(Refused):
    """A letter that breaks one of its rules; `name` says which."""

    name = "bad-letter"


class Letter:
    """A frozen letter: `data`, its canonical bytes; `document`, what they say."""

    def __init__(self, data: bytes, document: Mapping[str, Any]) -> None:
        self.data = data
        self.document = document
        self._rules: Mapping[str, Any] = document["rules"]
        self._workplace: Mapping[str, Any] = document["workplaces"][0]

    @classmethod
    def parse(cls, data: bytes) -> Letter:
        """The letter of these bytes. Raises Unreadable (not canonical, not of the form) or Newer."""
        document = canonical.decode(data)
        FORM(document, "")
        return cls(data, document)

    @classmethod
    def make(cls, document: Mapping[str, Any]) -> Letter:
        """A new letter: every text made NFC, encoded, and read as any reader would. Raises like `parse`."""
        return cls.parse(canonical.encode(canonical.composed(document)))

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: what every signature names."""
        return hashlib.sha256(self.data).digest()

    @property
    def id(self) -> str:
        return cast(str, self.document["id"])

    @property
    def host(self) -> str:
        return cast(str, self.document["host"])

    @property
    def title(self) -> str:
        return cast(str, self.document["title"])

    @property
    def lang(self) -> str:
        return cast(str, self.document["lang"])

    @property
    def origin(self) -> str:
        """The origin of this letter's log."""
        return f"{self.host}/letters/{self.id}/record"

    @property
    def instance_origin(self) -> str:
        """The origin of the instance log."""
        return f"{self.host}/log"

    @property
    def log_key(self) -> str:
        """The vkey of this letter's log."""
        return cast(str, self.document["logs"]["letter"])

    @property
    def instance_key(self) -> str:
        """The vkey of the instance log, as the letter states it: nobody trusts it for that."""
        return cast(str, self.document["logs"]["instance"])

    @property
    def workplace(self) -> str:
        """The slug of the workplace."""
        return cast(str, self._workplace["id"])

    @property
    def slot(self) -> int:
        """The number of the slot that is bound to this letter."""
        return cast(int, self._workplace["slot"])

    @property
    def headcount(self) -> int | None:
        """How many work there, None where nobody said: then there is no cap."""
        return self._workplace["headcount"]["n"] if "headcount" in self._workplace else None

    @property
    def modes(self) -> tuple[str, ...]:
        return tuple(self._rules["modes"])

    @property
    def batch(self) -> Mapping[str, int]:
        """When signatures are published: min, minutes, tokens.  # spec: 8"""
        return cast(Mapping[str, int], self._rules["batch"])

    @property
    def citations(self) -> list[dict[str, str]]:
        """[{id, says, digest}]: what is cited, by the digest of each citation.  # spec: 10"""
        return cast(list[dict[str, str]], self.document["citations"])

    @cached_property
    def opens(self) -> datetime.datetime:
        return form.parse_time(self._rules["opens"])

    @cached_property
    def closes(self) -> datetime.datetime:
        return form.parse_time(self._rules["closes"])

    @cached_property
    def withdraw_until(self) -> datetime.datetime:
        return form.parse_time(self._rules["withdraw_until"])

    def check_rules(self) -> None:
        """Step 5 of the verifier but for the receipt key, which stands in `letter.open`. Raises BadLetter."""
        floor, batch = self._rules["floor"], self.batch
        demands = [demand["id"] for demand in self.document["demands"]]
        citations = [citation["id"] for citation in self.citations]
        issuer = self._workplace["issuers"][0]
        _demand_that(
            self.opens <= self.closes <= self.withdraw_until,
            "bad-times",
            "the letter does not open, close and end its withdrawals in this order",
        )
        _demand_that(floor == FLOOR, "bad-floor", f"the letter's floor is {floor}, not {FLOOR}")
        _demand_that(
            batch["min"] >= floor and batch["tokens"] >= floor,
            "bad-batch",
            "the letter publishes batches below its floor",
        )
        _demand_that(len(set(demands)) == len(demands), "demand-twice", "two demands have the same id")
        _demand_that(
            len(set(citations)) == len(citations), "citation-twice", "two citations have the same id"
        )
        _demand_that(len(set(self.modes)) == len(self.modes), "mode-twice", "a mode is listed twice")
        _demand_that(
            issuer == {"name": self.host, "vkey": self.instance_key},
            "other-issuer",
            "the letter's issuer is not its instance",
        )


def _demand_that(holds: bool, name: str, message: str) -> None:
    if not holds:
        raise BadLetter(message, name=name)
