# SPDX-License-Identifier: Apache-2.0
"""What a member signs and withdraws, what a commitment hides, what a receipt says.  # spec: 7, 9, 14

    sign      {v, type, letter, key, tokens: [token], as, commitment?, sig}
    withdraw  {v, type, letter, key, sig}

`sig` is Ed25519 by the slot's key over "fronde/<type>/1\\n" and the canonical entry without sig. The token
is worth nothing without that key, the signature nothing under another letter. A *named* sign carries a
commitment; the name itself, its *opening*, lies beside the log and can be erased.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from fronde import canonical, form
from fronde.canonical import b64u, unb64u
from fronde.errors import Refused
from fronde.form import BadForm, fields_of
from fronde.letter import BadLetter, Letter
from fronde.tokens import blindrsa, ed25519, privacypass

NAMED, HIDDEN = "named", "hidden"
GRACE = datetime.timedelta(hours=1)

# The canonical bytes of a `sign` of its form, in one look: most entries are one.
_DATA, _SIG, _TOKEN = (
    f"({canonical.b64u_pattern(length)})" for length in (32, ed25519.SIGNATURE_BYTES, privacypass.TOKEN_BYTES)
)
SIGN = re.compile(
    rf'{{"as":"(named|hidden)",(?:"commitment":"{_DATA}",)?"key":"{_DATA}","letter":"{_DATA}",'
    rf'"sig":"{_SIG}","tokens":\["{_TOKEN}"\],"type":"sign","v":1}}'.encode()
)
_BEFORE, _BEHIND = len('"sig":"'), len('",')

# Controls, and what is not seen or turns the direction of a line.  # trust: 35
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)

# What a text that looks like none could begin with: spaces, fillers, what only changes its neighbours.
_BLANK = re.compile(
    "[\x20\xa0\xad\u034f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202f\u205f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by their category, blank to the eye


class WrongEntry(Refused):
    """A sign or withdraw that is not this letter's, or not by its rules; `name` says why."""

    name = "wrong-entry"


class BadOpening(Refused):
    """An opening that does not open the entry's commitment."""

    name = "bad-opening"


def _visible(most: int) -> form.Check:
    plain = form.text(most)

    def check(value: Any, at: str) -> None:
        plain(value, at)
        if hidden := _UNSEEN.search(value):
            raise BadForm(f"{at}: an invisible character, U+{ord(hidden[0]):04X}")
        if blank := _BLANK.match(value):
            raise BadForm(f"{at}: it begins with a blank, U+{ord(blank[0]):04X}")
        if value.endswith(" "):
            raise BadForm(f"{at}: it ends with a space")

    return check


SHOWN = fields_of({"name": _visible(80)}, optional={"note": _visible(280)}, reserved=("role", "facets"))
OPENING = fields_of({"salt": form.data(32), "shown": SHOWN})


def check_shown(shown: Mapping[str, Any]) -> None:
    """Raises BadForm for a name or a note that may not be shown, Newer for a role or facets."""
    SHOWN(shown, "")


def shown_of(name: str, note: str = "") -> dict[str, str]:
    """What a member typed as it is hashed and shown: NFC, no white space around it. Raises BadForm."""
    typed = {"name": name, "note": note}
    clean = {field: unicodedata.normalize("NFC", text).strip() for field, text in typed.items()}
    shown = {field: text for field, text in clean.items() if text or field == "name"}
    check_shown(shown)
    return shown


def admit_shown(shown: Mapping[str, Any]) -> None:
    """What a server asks of a new name and note on top of their form: as `shown_of` makes them, and readable.

    No verifier judges it, as versions of Unicode differ. Raises BadForm.
    """
    if shown_of(shown["name"], shown.get("note", "")) != shown:
        raise BadForm("a name or a note that is not in NFC, or with white space around it")
    if not any(unicodedata.category(c)[0] in "LN" and c not in _FILLERS for c in shown["name"]):
        raise BadForm("a name without a letter")


def commitment(key: bytes, salt: bytes, shown: Mapping[str, Any]) -> bytes:
    """H("fronde/shown/1\\n" || key[32] || salt[32] || canonical(shown)): what a named sign carries.

    The key is in it so that nobody can carry another's commitment; the salt (fresh, random) hides the name.
    """
    return hashlib.sha256(b"fronde/shown/1\n" + key + salt + canonical.encode(dict(shown))).digest()


def sign_entry(
    letter: Letter, sign_seed: bytes, token: bytes, mode: str, commitment: bytes | None = None
) -> bytes:
    """The canonical bytes of a `sign`. mode "named" goes with a commitment, "hidden" without one."""
    fields: dict[str, Any] = {"as": mode, "tokens": [b64u(token)]}
    if commitment is not None:
        fields["commitment"] = b64u(commitment)
    return _signed(letter, sign_seed, "sign", fields)


def withdraw_entry(letter: Letter, sign_seed: bytes) -> bytes:
    """The canonical bytes of a `withdraw`."""
    return _signed(letter, sign_seed, "withdraw", {})


def _signed(letter: Letter, seed: bytes, kind: str, fields: dict[str, Any]) -> bytes:
    key = ed25519.public_key(seed)
    entry = {"v": 1, "type": kind, "letter": b64u(letter.digest), "key": b64u(key), **fields}
    statement = f"fronde/{kind}/1\n".encode() + canonical.encode(entry)
    return canonical.encode({**entry, "sig": b64u(ed25519.sign(seed, statement))})


class Act(NamedTuple):
    """A `sign` or a `withdraw` of its form, taken apart.

    letter, commitment: b64u. statement: what `sig` signs. mode "" and no token: a withdraw.
    """

    letter: str
    key: bytes
    sig: bytes
    statement: bytes
    mode: str = ""
    commitment: str | None = None
    token: bytes = b""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Act:
        """That of a parsed entry."""
        unsigned = {name: value for name, value in entry.items() if name != "sig"}
        statement = f"fronde/{entry['type']}/1\n".encode() + canonical.encode(unsigned)
        common = (entry["letter"], unb64u(entry["key"]), unb64u(entry["sig"]), statement)
        if entry["type"] != "sign":
            return cls(*common)
        return cls(*common, entry["as"], entry.get("commitment"), unb64u(entry["tokens"][0]))

    @classmethod
    def cut(cls, match: re.Match[bytes]) -> Act:
        """The same out of what SIGN has matched, at a tenth of the time."""
        data = match.string
        mode, hidden, key, letter, sig, token = match.groups()
        start, end = match.span(5)
        statement = b"fronde/sign/1\n" + data[: start - _BEFORE] + data[end + _BEHIND :]
        common = (letter.decode(), _plain(key), _plain(sig), statement)
        return cls(*common, mode.decode(), hidden.decode() if hidden else None, _plain(token))


def _plain(text: bytes) -> bytes:
    """The bytes of strict base64url."""
    return binascii.a2b_base64(text.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(text) % 4))


class Checker:
    """Judges what is signed under one letter. `key`: the issuer key of the slot that is bound to it.

    What is the same for all is computed once.
    """

    def __init__(self, letter: Letter, key: blindrsa.PublicKey) -> None:
        self._key = key
        self._letter = b64u(letter.digest)
        self._modes = frozenset(letter.modes)
        self._challenge = privacypass.slot_challenge(letter.host, letter.workplace, letter.slot)

    def check(self, act: Act) -> None:
        """Steps 6 and 7 for one `sign` or `withdraw`, without its position.

        Raises WrongEntry (other-letter, bad-mode, bad-commitment), BadToken, BadKey or BadSignature.
        """
        if act.letter != self._letter:
            raise WrongEntry("signed under another letter", name="other-letter")
        if act.mode:
            self._check_mode(act)
            expected = privacypass.token_input(privacypass.nonce(act.key), self._challenge, self._key.key_id)
            privacypass.check_token(act.token, expected, self._key)
        ed25519.verify(act.key, act.sig, act.statement)

    def admit(self, act: Act) -> None:
        """What a server asks of a new entry: `check`, and points of prime order (see tokens/ed25519.py)."""
        self.check(act)
        ed25519.check_prime_order(act.key, act.sig)

    def _check_mode(self, act: Act) -> None:
        if act.mode not in self._modes:
            raise WrongEntry(f"signed as {act.mode}, which this letter does not offer", name="bad-mode")
        if (act.mode == NAMED) != (act.commitment is not None):
            raise WrongEntry("named without a commitment, or hidden with one", name="bad-commitment")


def check_opening(act: Act | None, opening: Mapping[str, Any]) -> None:
    """Raises BadOpening unless `opening`, which is of its form, opens the commitment of a named `sign`.

    act: None for an entry that nobody signs.
    """
    if act is None or act.mode != NAMED:
        raise BadOpening("an opening of an entry that hides no name")
    if b64u(commitment(act.key, unb64u(opening["salt"]), opening["shown"])) != act.commitment:
        raise BadOpening("an opening that does not match the commitment")


def publish_by(letter: Letter, kind: str) -> datetime.datetime:
    """Until when a `sign` or `withdraw` is published: the same for all, so it tells no time.  # spec: 9

    Raises BadLetter when that lies beyond the year 9999.
    """
    try:
        return (letter.closes if kind == "sign" else letter.withdraw_until) + GRACE
    except OverflowError:
        raise BadLetter("the letter's times are beyond the calendar", name="bad-times") from None


def receipt_text(origin: str, leaf_hash: bytes, publish_by: datetime.datetime) -> str:
    """The text of a receipt, to be signed by `<host>/receipts`. `origin`: that of the letter's log."""
    leaf = base64.b64encode(leaf_hash).decode()
    return f"fronde/receipt/1\n{origin}\n{leaf}\n{form.format_time(publish_by)}\n"
