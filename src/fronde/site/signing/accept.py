# SPDX-License-Identifier: Apache-2.0
"""Signatures and withdrawals come in here.  # spec: 8, 9, 15

What is checked is in the bytes that came: a token, a key, two signatures. Nothing here can reach a member, an
enrolment or an issuer key (an import contract holds that), and no cookie, address or time is read or kept.
The expensive checks run in the request's own thread; whether a key is spent is decided by one job in the one
writing thread, so that fifty posts of one token at once make one leaf and fifty equal receipts (trust: 24).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from fronde import canonical, form
from fronde.errors import Declined, FrondeError
from fronde.letter import Letter
from fronde.record import entry as entries
from fronde.record.note import Signer
from fronde.record.tree import leaf_hash
from fronde.signature import OPENING, Act, Checker, admit_shown, check_opening, publish_by, receipt_text
from fronde.site import clock, http
from fronde.site.folder import Folder, Remembered
from fronde.site.letters import reading
from fronde.site.letters.models import LetterRow
from fronde.site.record import keys, pool, store
from fronde.tokens.blindrsa import PublicKey


def _object(value: Any, at: str) -> None:
    if not isinstance(value, dict):
        raise form.BadForm(f"{at}: not an object")


POST = form.document("post", {"entry": _object}, optional={"opening": _object})


@dataclass(frozen=True)
class Desk:
    """What is needed again and again to judge what comes for one letter."""

    letter: Letter
    checker: Checker
    receipts: Signer


_desks: Remembered[dict[str, Desk]] = Remembered(dict)

# Signatures of a letter that were taken in; too many where a job came to nothing, never too few.
_taken: Remembered[dict[str, int]] = Remembered(dict)


def desk(letter_id: str) -> Desk:
    """The desk of a letter. Raises Http404; Stopped where a receipt would promise what nobody can keep."""
    desks = _desks()
    store.ready(letter_id)
    if letter_id not in desks:
        letter = reading.letter(letter_id)
        if letter is None:
            raise Http404
        keys.check_receipts(letter_id)
        slot = store.instance().slots[letter.workplace, letter.slot]
        seed = Folder.current().receipt_key(letter_id).read_bytes()
        desks[letter_id] = Desk(
            letter, Checker(letter, PublicKey.from_spki(slot.spki)), Signer(f"{letter.host}/receipts", seed)
        )
    return desks[letter_id]


@http.post(POST)
def sign(request: HttpRequest, body: dict[str, Any], letter_id: str) -> HttpResponse:
    """`POST /letters/ID/sign`: an entry `sign`, and the opening of a named one -> the receipt."""
    at = desk(letter_id)
    data = _checked(at, body, "sign")
    opening = canonical.encode(body["opening"]) if "opening" in body else None
    stored = store.write(lambda: _sign(at.letter, body["entry"], data, opening))
    return _receipt(at, "sign", stored)


@http.post(POST)
def withdraw(request: HttpRequest, body: dict[str, Any], letter_id: str) -> HttpResponse:
    """`POST /letters/ID/withdraw`: an entry `withdraw` -> the receipt. The name is gone at once."""
    at = desk(letter_id)
    data = _checked(at, body, "withdraw")
    stored = store.write(lambda: _withdraw(at.letter, body["entry"], data))
    # Only now: what is computed or packed between the erasing and its commit would bring the name back.
    reading.taken_back(letter_id)
    (Folder.current().letter(letter_id) / "letter.zip").unlink(missing_ok=True)
    return _receipt(at, "withdraw", stored)


def _checked(at: Desk, body: dict[str, Any], kind: str) -> bytes:
    """The entry's bytes, if entry and opening are what step 6, 7 and 9 of the verifier accept."""
    entry, opening = body["entry"], body.get("opening")
    try:
        data = canonical.encode(entry)
        parsed = entries.parse_letter(data)
        if parsed["type"] != kind:
            raise form.BadForm(f"an entry {parsed['type']}, where {kind} belongs")
        act = Act.of(parsed)
        at.checker.admit(act)
        if (parsed.get("as") == "named") != (opening is not None):
            raise form.BadForm("an opening belongs to a named sign and to nothing else")
        if opening is not None:
            OPENING(opening, "")
            check_opening(act, opening)
            admit_shown(opening["shown"])
    except FrondeError as error:
        raise Declined(error.message, status=422, hint=error.hint, name=error.name) from None
    return data


def _sign(letter: Letter, entry: dict[str, Any], data: bytes, opening: bytes | None) -> bytes:
    """The entry that stands for this key: this one, or the same that came before."""
    key = canonical.unb64u(entry["key"], 32)
    stored = pool.find(letter.id, key, withdraw=False)
    if stored is not None:
        return _repeated(stored, entry)
    now = clock.now()
    if _state(letter) != LetterRow.OPEN or now >= letter.closes:
        raise Declined(
            "This letter is closed.",
            status=410,
            hint="Its page shows the result and its proof.",
            name="closed",
        )
    if now < letter.opens:
        raise Declined(
            "This letter is not open yet.",
            status=422,
            hint=f"It opens on {form.format_time(letter.opens)}.",
            name="not-open",
        )
    _take_place(letter)
    pool.add(letter.id, key, data, withdraw=False, opening=opening)
    return data


def _take_place(letter: Letter) -> None:
    """Counts a signature. Raises Declined where it would be one more than work there.

    Withdrawn ones count: with one above the headcount the whole record would be a bad one.  # spec: 13.8
    """
    if letter.headcount is None:
        return
    taken = _taken()
    if taken.get(letter.id, letter.headcount) >= letter.headcount:
        row = LetterRow.objects.get(id=letter.id)
        taken[letter.id] = row.signed + pool.count_waiting(letter.id, withdraw=False)
    if taken[letter.id] >= letter.headcount:
        raise Declined(
            f"As many have signed as work there: {letter.headcount}.",
            status=410,
            hint="If more people work there than the letter says, tell its authors.",
            name="full",
        )
    taken[letter.id] += 1


def _withdraw(letter: Letter, entry: dict[str, Any], data: bytes) -> bytes:
    key = canonical.unb64u(entry["key"], 32)
    if pool.find(letter.id, key, withdraw=False) is None:
        raise Declined(
            "This key has not signed this letter.",
            status=422,
            hint="There is nothing to withdraw.",
            name="not-signed",
        )
    stored = pool.find(letter.id, key, withdraw=True)
    if stored is not None:
        return _repeated(stored, entry)
    state = _state(letter)
    if state == LetterRow.VOID:
        raise Declined(
            "This letter publishes no signature.", status=410, hint="Nothing is shown.", name="void"
        )
    if state == LetterRow.OVER or clock.now() > letter.withdraw_until:
        raise Declined(
            "The time for withdrawing is over.", status=410, hint="The record is complete.", name="over"
        )
    pool.add(letter.id, key, data, withdraw=True)
    pool.erase(letter.id, key)
    return data


def _repeated(stored: bytes, entry: dict[str, Any]) -> bytes:
    """All but the signature is the same: the receipt is the same.  # spec: 9"""
    if _content(canonical.decode(stored)) != _content(entry):
        raise Declined(
            "This key has signed something else.",
            status=409,
            hint="One key signs once: look for the first signature in the record.",
            name="spent",
        )
    return stored


def _content(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "sig"}


def _state(letter: Letter) -> str:
    return str(LetterRow.objects.values_list("state", flat=True).get(id=letter.id))


def _receipt(at: Desk, kind: str, entry: bytes) -> HttpResponse:
    text = receipt_text(at.letter.origin, leaf_hash(entry), publish_by(at.letter, kind))
    return HttpResponse(at.receipts.sign(text), content_type="text/plain; charset=utf-8")
