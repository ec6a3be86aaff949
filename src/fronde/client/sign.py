# SPDX-License-Identifier: Apache-2.0
"""Signing and withdrawing: what is sent is kept first, and is the same each time.  # spec: 7, 9, 15"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fronde import canonical, signature
from fronde.canonical import b64u
from fronde.errors import Declined, Refused, Unreadable
from fronde.record.tree import leaf_hash
from fronde.tokens.blindrsa import PublicKey
from fronde.tokens.secrets import SlotSecrets

from . import checks
from .keep import Post
from .visit import LetterSeen, Visit

# After these a post will never be accepted as it is. Anything else (busy, stopped, unreachable) may pass.
FINAL = (404, 409, 410, 422)


@dataclass(frozen=True)
class Draft:
    """A post that is ready. kind: "sign" or "withdraw"; body: canonical; shown: None when hidden."""

    seen: LetterSeen
    kind: str
    body: bytes
    shown: dict[str, str] | None = None

    @property
    def entry(self) -> bytes:
        return entry_of(self.body)


def entry_of(body: bytes) -> bytes:
    """The canonical entry in the body of a post."""
    return canonical.encode(canonical.decode(body)["entry"])


def draft_signature(visit: Visit, letter_id: str, *, name: str, note: str, salt: bytes) -> Draft:
    """A signature of this letter: by `name` with a `note` (may be empty), or hidden when the name is empty.

    salt: 32 fresh random bytes, of the commitment. A signature that was sent before is taken up unchanged.
    Raises Breach; Refused without a token, a mode of the letter or a name that may be shown.
    """
    seen = visit.letter(letter_id)
    shown = _shown(name, note)
    for kind in ("withdraw", "sign"):
        if kind in seen.kept.seen:
            raise _done(kind)
    if "withdraw" in seen.kept.posts:
        raise _done("withdraw")
    if "sign" in seen.kept.posts:
        return _again(seen, shown)
    mode = "named" if shown else "hidden"
    if mode not in seen.letter.modes:
        raise Refused(f"this letter takes no {mode} signatures", hint=_other_mode(mode), name="mode")
    return _compose(visit, seen, shown, mode, salt)


def draft_withdrawal(visit: Visit, letter_id: str) -> Draft:
    """The withdrawal of the member's signature; the words alone are enough for it."""
    seen = visit.letter(letter_id)
    if "withdraw" in seen.kept.seen:
        raise _done("withdraw")
    entry = signature.withdraw_entry(seen.letter, _secrets(seen).sign_seed)
    return Draft(seen, "withdraw", _body(entry))


def send(visit: Visit, draft: Draft) -> bytes:
    """Posts it and returns the receipt, which was checked. Raises Breach, Declined, Unreachable.

    The post is on the disk before it leaves. One that the server refuses for good is forgotten again.
    """
    posts = draft.seen.kept.posts
    post = posts.setdefault(draft.kind, Post(draft.body))
    visit.keep.save()
    try:
        answer = visit.post(f"/letters/{draft.seen.letter.id}/{draft.kind}", post.body)
    except Declined as error:
        if error.status in FINAL and not post.receipt:
            del posts[draft.kind]
            visit.keep.save()
        raise
    with visit.judged():
        checks.receipt(
            answer, key=draft.seen.receipt_key, text=receipt_text(draft.seen, draft.kind, post.body)
        )
    post.receipt = answer
    visit.keep.save()
    return answer


def receipt_text(seen: LetterSeen, kind: str, body: bytes) -> str:
    """What a receipt for this body says."""
    by = signature.publish_by(seen.letter, kind)
    return signature.receipt_text(seen.letter.origin, leaf_hash(entry_of(body)), by)


def slot_key(seen: LetterSeen) -> bytes:
    """The member's Ed25519 key of the letter's slot, 32 bytes. Raises Refused without a seed."""
    return _secrets(seen).public_key


def _compose(visit: Visit, seen: LetterSeen, shown: dict[str, str] | None, mode: str, salt: bytes) -> Draft:
    if seen.slot.end == "closed":
        raise Refused("this letter is closed", name="closed")
    secret = _secrets(seen)
    token = seen.instance.kept.tokens.get(seen.letter.workplace, {}).get(seen.letter.slot)
    if token is None:
        raise Refused(
            "this file holds no token for this letter",
            hint="Tokens come with joining, before a letter opens; later letters will find you provided.",
            name="no-token",
        )
    with visit.judged():
        checks.slot_token(token, seen.slot, host=seen.letter.host, public_key=secret.public_key)
    commitment = signature.commitment(secret.public_key, salt, shown) if shown else None
    entry = signature.sign_entry(seen.letter, secret.sign_seed, token, mode, commitment)
    opening = {"salt": b64u(salt), "shown": shown} if shown else None
    return Draft(seen, "sign", _body(entry, opening), shown)


def _secrets(seen: LetterSeen) -> SlotSecrets:
    seed = seen.instance.kept.seed
    if not seed:
        raise Refused(
            "this file holds nothing of this instance",
            hint="Join first, or restore your twelve words: fronde words URL --restore",
            name="no-token",
        )
    key = PublicKey.from_spki(seen.slot.spki)
    return SlotSecrets(seed, seen.letter.host, seen.letter.workplace, seen.letter.slot, key)


def _shown(name: str, note: str) -> dict[str, str] | None:
    if not name.strip():
        if note.strip():
            raise Refused("a note needs a name", hint="Give --name as well.", name="shown")
        return None
    try:
        return signature.shown_of(name, note)
    except Unreadable as error:
        raise Refused(f"this cannot be shown: {error.message}", hint="Type it again.", name="shown") from None


def _body(entry: bytes, opening: dict[str, Any] | None = None) -> bytes:
    document = {"v": 1, "type": "post", "entry": canonical.decode(entry)}
    return canonical.encode(document | ({"opening": opening} if opening else {}))


def _again(seen: LetterSeen, shown: dict[str, str] | None) -> Draft:
    body = seen.kept.posts["sign"].body
    sent = canonical.decode(body).get("opening", {}).get("shown")
    if sent != shown:
        was = f"as {sent['name']!r}" if sent else "with the name hidden"
        raise Refused(f"this letter was signed {was}", hint="A signature cannot be changed.", name="signed")
    return Draft(seen, "sign", body, sent)


def _done(kind: str) -> Refused:
    if kind == "sign":
        return Refused("you have signed this letter: it is in the record", name="signed")
    return Refused("you have withdrawn from this letter, which is final", name="withdrawn")


def _other_mode(mode: str) -> str:
    return "Sign without --name." if mode == "named" else "Give --name."
