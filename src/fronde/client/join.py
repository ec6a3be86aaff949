# SPDX-License-Identifier: Apache-2.0
"""Enrolment: one token for every slot on offer, in one request, whatever is kept already.  # spec: 2, 3, 4

A first enrolment, a renewal, a restored device and a lost answer are the same request, so that the server
cannot tell them apart. The mailbox goes out once and is written down nowhere.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from fronde import canonical, form
from fronde.canonical import b64u
from fronde.errors import Breach, Declined, Refused, Unreadable
from fronde.record.instance import Slot
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.secrets import SlotSecrets

from . import checks
from .visit import InstanceSeen, Visit

CODE = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, "\t": None})
_JOINED = form.document("joined", {})
_WORKPLACE = form.document(
    "workplace",
    {
        "id": form.slug,
        "name": form.text(200),
        "rule": form.fields_of({"domains": form.array(form.text(253), least=1)}, {"shape": form.text(40)}),
    },
)


class BadCode(Refused):
    """What was typed cannot be a code."""

    name = "code-length"


@dataclass(frozen=True)
class Workplace:
    """A workplace and the mailboxes it accepts. shape: of the local part, such as first.last, or empty."""

    id: str
    name: str
    domains: tuple[str, ...]
    shape: str


@dataclass(frozen=True)
class Enrolled:
    """The outcome. taken: numbers of slots with a token; held: of those without one."""

    taken: tuple[int, ...]
    held: tuple[int, ...]
    seasons: tuple[str, ...]


def clean_code(typed: str) -> str:
    """The eight characters that are sent, of what was typed from the mail. Raises BadCode."""
    code = typed.strip().upper().translate(_TYPED)
    if not CODE.fullmatch(code):
        raise BadCode(
            "a code has eight letters and digits", hint="Copy it from the mail, without the words around."
        )
    return code


class Enrolment:
    """An enrolment under way: `ask` sends the mailbox, `enrol` the code of the mail that came."""

    def __init__(self, visit: Visit, workplace: str) -> None:
        self._visit = visit
        self._path = f"/w/{workplace}"
        self._seen = visit.instance()
        self.workplace = self._describe(workplace)
        self._challenge = b64u(secrets.token_bytes(32))
        self._check_offer(self._seen)

    def _describe(self, name: str) -> Workplace:
        try:
            data = self._visit.get(self._path + ".json")
        except Declined as error:
            if error.status != 404:
                raise
            raise Declined(
                "there is no workplace at this address",
                status=404,
                hint="Copy it again.",
                name="no-workplace",
            ) from None
        document = canonical.decode(data)
        _WORKPLACE(document, "")
        rule = document["rule"]
        return Workplace(name, document["name"], tuple(rule["domains"]), rule.get("shape", ""))

    def _check_offer(self, seen: InstanceSeen) -> list[Slot]:
        slots = seen.replay.offered(self.workplace.id)
        if not slots:
            raise Refused(
                f"{self.workplace.name} has no slots on offer", hint="Ask again later.", name="no-slots"
            )
        return slots

    def ask(self, mailbox: str) -> None:
        """Has a code sent to `mailbox`. Raises Declined (422) for one that breaks the workplace's rule."""
        body = {"v": 1, "type": "join", "mailbox": mailbox, "challenge": self._challenge}
        try:
            sent = canonical.encode(body)
        except Unreadable:
            raise Refused("a mailbox has no control characters", name="mailbox") from None
        answer = self._visit.post(self._path + "/join", sent, evidence=False)
        _JOINED(canonical.decode(answer), "")

    def enrol(self, code: str) -> Enrolled:
        """Takes a token for every slot on offer. Raises Declined 403 for a wrong code, and Breach.

        The seed is on the disk before anything leaves. When the offer changed meanwhile (409), the log is
        read anew and asked once more with the same code.
        """
        self._visit.keep.draw_seed(self._seen.kept)
        try:
            return self._request(code)
        except Declined as error:
            if error.status != 409:
                raise
        self._seen = self._visit.instance()
        return self._request(code)

    def _request(self, code: str) -> Enrolled:
        derived = self._derive(self._check_offer(self._seen))
        blinded = {key_id: b64u(each.blinded) for key_id, (_, each) in derived.items()}
        body = {"v": 1, "type": "enrol", "challenge": self._challenge, "code": code, "blinded": blinded}
        answer = self._visit.post(self._path + "/enrol", canonical.encode(body))
        with self._visit.judged():
            tokens = _finalized(checks.enrolled(answer, derived.keys()), derived)
        self._seen.kept.tokens.setdefault(self.workplace.id, {}).update(tokens)
        self._visit.keep.save()
        return self._outcome([slot for slot, _ in derived.values()], tokens)

    def _derive(self, slots: list[Slot]) -> dict[str, tuple[Slot, SlotSecrets]]:
        seed, host = self._seen.kept.seed, self._seen.host
        return {
            b64u(slot.key_id): (
                slot,
                SlotSecrets(seed, host, slot.workplace, slot.number, PublicKey.from_spki(slot.spki)),
            )
            for slot in slots
        }

    def _outcome(self, slots: list[Slot], tokens: Mapping[int, bytes]) -> Enrolled:
        return Enrolled(
            taken=tuple(slot.number for slot in slots if slot.number in tokens),
            held=tuple(slot.number for slot in slots if slot.number not in tokens),
            seasons=tuple(sorted({slot.season for slot in slots if slot.number in tokens})),
        )


def _finalized(
    signatures: Mapping[str, bytes], derived: Mapping[str, tuple[Slot, SlotSecrets]]
) -> dict[int, bytes]:
    tokens = {}
    for key_id, signature in signatures.items():
        slot, secrets_of = derived[key_id]
        try:
            tokens[slot.number] = secrets_of.token(signature)
        except Refused as error:
            raise Breach(
                "enrol-signature", f"the answer for slot {slot.number} makes no token: {error.message}"
            ) from None
    return tokens
