# SPDX-License-Identifier: Apache-2.0
import datetime
import hashlib
from typing import Any

import pytest

from fronde import canonical, signature
from fronde.canonical import b64u, unb64u
from fronde.errors import Newer, Refused, Unreadable
from fronde.form import BadForm
from fronde.letter import BadLetter
from fronde.record.entry import parse_letter
from fronde.signature import OPENING, Act, BadOpening, Checker, WrongEntry, check_opening
from fronde.tokens import ed25519
from fronde.tokens.blindrsa import BadToken
from fronde.tokens.ed25519 import BadKey, BadSignature
from tests.examples import DOCUMENT, FIRST, NEXT_SLOT, OTHER_ISSUER, issuer_key, letter, member, token
from tests.vectors import make_ed25519
from tests.vectors.read import vectors

SHOWN = vectors("shown")
SALT = bytes(range(64, 96))
NAME = {"name": "Ada Lovelace", "note": "Engines"}
ADA, LETTER = member(), letter()
CHECKER = Checker(LETTER, issuer_key())


def names(case: dict[str, Any]) -> str:
    return str(case["name"])


def hidden(**changes: Any) -> dict[str, Any]:
    """A hidden sign, parsed, with other values after it was signed."""
    return {**parse_letter(signature.sign_entry(LETTER, ADA.sign_seed, token(), "hidden")), **changes}


def named() -> dict[str, Any]:
    commitment = signature.commitment(ADA.public_key, SALT, NAME)
    return parse_letter(signature.sign_entry(LETTER, ADA.sign_seed, token(), "named", commitment))


def withdraw(**changes: Any) -> dict[str, Any]:
    return {**parse_letter(signature.withdraw_entry(LETTER, ADA.sign_seed)), **changes}


def signed_again(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry, whatever stands in it, with a signature that is right."""
    unsigned = {name: value for name, value in entry.items() if name != "sig"}
    message = f"fronde/{entry['type']}/1\n".encode() + canonical.encode(unsigned)
    return {**unsigned, "sig": b64u(ed25519.sign(ADA.sign_seed, message))}


def opening(**changes: Any) -> dict[str, Any]:
    return {"salt": b64u(SALT), "shown": NAME, **changes}


def refused_as(name: str, entry: dict[str, Any]) -> None:
    with pytest.raises(WrongEntry) as caught:
        CHECKER.check(Act.of(entry))
    assert caught.value.name == name


def test_what_a_member_signs_is_accepted() -> None:
    for entry in (hidden(), named(), withdraw()):
        CHECKER.check(Act.of(entry))
        CHECKER.admit(Act.of(entry))


def test_an_entry_is_what_the_protocol_says() -> None:
    entry = named()
    assert set(entry) == {"v", "type", "letter", "key", "tokens", "as", "commitment", "sig"}
    assert entry["letter"] == b64u(hashlib.sha256(LETTER.data).digest())
    assert entry["key"] == b64u(bytes.fromhex(FIRST["public_key"]))
    assert entry["tokens"] == [b64u(bytes.fromhex(FIRST["token"]))]
    assert set(withdraw()) == {"v", "type", "letter", "key", "sig"}
    assert signed_again(entry) == entry
    assert signed_again(withdraw()) == withdraw()


def test_the_same_act_gives_the_same_bytes() -> None:
    again = signature.sign_entry(LETTER, ADA.sign_seed, token(), "hidden")
    assert signature.sign_entry(LETTER, ADA.sign_seed, token(), "hidden") == again


def test_an_entry_of_another_letter_is_refused() -> None:
    other = Checker(letter(title="Another"), issuer_key())
    for entry in (hidden(), withdraw()):
        with pytest.raises(WrongEntry, match="another letter"):
            other.check(Act.of(entry))
    refused_as("other-letter", signed_again(hidden(letter=b64u(bytes(32)))))


def test_a_mode_that_the_letter_does_not_offer_is_refused() -> None:
    only_named = letter(rules={**DOCUMENT["rules"], "modes": ["named"]})
    entry = parse_letter(signature.sign_entry(only_named, ADA.sign_seed, token(), "hidden"))
    with pytest.raises(WrongEntry) as caught:
        Checker(only_named, issuer_key()).check(Act.of(entry))
    assert caught.value.name == "bad-mode"


def test_a_commitment_belongs_to_a_named_sign_and_to_no_other() -> None:
    refused_as("bad-commitment", signed_again(hidden(commitment=b64u(bytes(32)))))
    bare = {name: value for name, value in named().items() if name != "commitment"}
    refused_as("bad-commitment", signed_again(bare))


@pytest.mark.parametrize("case", [OTHER_ISSUER, NEXT_SLOT], ids=names)
def test_a_token_of_another_issuer_key_or_slot_is_refused(case: dict[str, Any]) -> None:
    other = member(case)
    entry = parse_letter(signature.sign_entry(LETTER, other.sign_seed, token(case), "hidden"))
    with pytest.raises(BadToken):
        CHECKER.check(Act.of(entry))


def test_a_token_of_another_member_is_refused() -> None:
    thief = bytes(range(32))
    entry = parse_letter(signature.sign_entry(LETTER, thief, token(), "hidden"))
    with pytest.raises(BadToken, match="member key"):
        CHECKER.check(Act.of(entry))


def test_a_token_whose_authenticator_is_changed_is_refused() -> None:
    bad = token()[:-1] + bytes([token()[-1] ^ 1])
    with pytest.raises(BadToken, match="did not sign"):
        CHECKER.check(Act.of(parse_letter(signature.sign_entry(LETTER, ADA.sign_seed, bad, "hidden"))))


@pytest.mark.parametrize("made", [hidden, named, withdraw])
def test_a_changed_signature_is_refused(made: Any) -> None:
    entry = made()
    sig = bytearray(unb64u(entry["sig"]))
    sig[40] ^= 1
    with pytest.raises(BadSignature):
        CHECKER.check(Act.of({**entry, "sig": b64u(bytes(sig))}))


def test_the_signature_of_one_type_does_not_serve_another() -> None:
    entry = withdraw()
    unsigned = {name: value for name, value in entry.items() if name != "sig"}
    sig = ed25519.sign(ADA.sign_seed, b"fronde/sign/1\n" + canonical.encode(unsigned))
    with pytest.raises(BadSignature):
        CHECKER.check(Act.of({**unsigned, "sig": b64u(sig)}))


def test_another_commitment_under_the_same_signature_is_refused() -> None:
    with pytest.raises(BadSignature):
        CHECKER.check(Act.of({**named(), "commitment": b64u(bytes(32))}))


def test_a_withdraw_with_a_key_of_small_order_is_refused() -> None:
    identity = (1).to_bytes(32, "little")
    with pytest.raises(BadKey):
        CHECKER.check(Act.of(withdraw(key=b64u(identity), sig=b64u(identity + bytes(32)))))


def test_a_server_does_not_admit_a_point_of_mixed_order_that_a_verifier_accepts() -> None:
    # The key is honest plus a point of order 2: where h is even, the equation holds as it stands.
    key = make_ed25519.encode(make_ed25519.add(make_ed25519.HONEST, make_ed25519.SMALL[4]))
    r = make_ed25519.encode(make_ed25519.mul(make_ed25519.NONCE, make_ed25519.B))
    for i in range(64):
        digest = letter(title=str(i))
        entry: dict[str, Any] = {"v": 1, "type": "withdraw", "letter": b64u(digest.digest), "key": b64u(key)}
        sig = make_ed25519.made(key, r, b"fronde/withdraw/1\n" + canonical.encode(entry))
        entry["sig"] = b64u(sig)
        checker = Checker(digest, issuer_key())
        try:
            checker.check(Act.of(entry))
        except BadSignature:
            continue
        with pytest.raises(BadKey, match="prime order"):
            checker.admit(Act.of(entry))
        return
    pytest.fail("no letter whose withdraw holds")


@pytest.mark.parametrize("case", SHOWN["cases"], ids=names)
def test_the_commitment_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    signature.check_shown(case["shown"])
    assert canonical.encode(case["shown"]).hex() == case["canonical"]
    key, salt = bytes.fromhex(case["key"]), bytes.fromhex(case["salt"])
    assert signature.commitment(key, salt, case["shown"]).hex() == case["commitment"]


@pytest.mark.parametrize("case", SHOWN["refused"], ids=names)
def test_what_may_not_be_shown_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        signature.check_shown(case["shown"])
    assert caught.value.name == case["error"]
    with pytest.raises(Unreadable):
        OPENING(opening(shown=case["shown"]), "")


def test_the_opening_of_a_named_sign_is_accepted() -> None:
    check_opening(Act.of(named()), opening())


@pytest.mark.parametrize(
    "other",
    [
        {"salt": b64u(bytes(32))},
        {"shown": {"name": "Ada Lovelace"}},
        {"shown": {"name": "Ada Lovelace", "note": "engines"}},
    ],
)
def test_an_opening_of_something_else_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(BadOpening, match="does not match"):
        check_opening(Act.of(named()), opening(**other))


def test_the_opening_of_another_key_is_refused() -> None:
    entry = {**named(), "key": b64u(bytes.fromhex(NEXT_SLOT["public_key"]))}
    with pytest.raises(BadOpening):
        check_opening(Act.of(entry), opening())


@pytest.mark.parametrize("made", [hidden, withdraw])
def test_what_hides_no_name_has_no_opening(made: Any) -> None:
    with pytest.raises(BadOpening, match="hides no name"):
        check_opening(Act.of(made()), opening())
    with pytest.raises(BadOpening, match="hides no name"):
        check_opening(None, opening())


@pytest.mark.parametrize(
    "other", [{"salt": "AAAA"}, {"salt": 1}, {"shown": {}}, {"extra": 1}, {"shown": {"name": 1}}]
)
def test_an_opening_of_another_form_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(BadForm):
        OPENING(opening(**other), "")


def test_what_was_typed_is_cleaned() -> None:
    assert signature.shown_of("  Zoe\u0308 ") == {"name": "Zoë"}
    assert signature.shown_of("Ada", " x\u00a0") == {"name": "Ada", "note": "x"}
    with pytest.raises(BadForm, match="name: empty"):
        signature.shown_of(" \t", "x")
    with pytest.raises(BadForm, match=r"U\+202E"):
        signature.shown_of("A\u202eda")
    with pytest.raises(BadForm, match=r"name: it begins with a blank, U\+3164"):
        signature.shown_of(" \u3164")
    with pytest.raises(BadForm, match=r"note: it begins with a blank, U\+00AD"):
        signature.shown_of("Ada", "\u00ad")


def test_a_newer_opening_is_said_to_be_newer() -> None:
    with pytest.raises(Newer, match=r"shown\.role"):
        OPENING(opening(shown={"name": "x", "role": "nurse"}), "")


def test_a_receipt_says_when_at_the_latest_the_entry_is_public() -> None:
    assert signature.publish_by(LETTER, "sign").isoformat() == "2026-02-01T01:00:00+00:00"
    assert signature.publish_by(LETTER, "withdraw").isoformat() == "2026-03-01T01:00:00+00:00"
    moment = datetime.datetime(2026, 2, 1, 1, tzinfo=datetime.UTC)
    text = signature.receipt_text(LETTER.origin, b"\xff" * 32, moment)
    leaf = "/" * 42 + "8="
    expected = "fronde/receipt/1\nfronde.example/letters/abcdefghijklmnop/record\n" + leaf
    assert text == expected + "\n2026-02-01T01:00:00Z\n"


def test_a_letter_that_closes_at_the_end_of_the_calendar_has_no_receipts() -> None:
    last = "9999-12-31T23:59:59Z"
    late = letter(rules={**DOCUMENT["rules"], "closes": last, "withdraw_until": last})
    with pytest.raises(BadLetter, match="calendar"):
        signature.publish_by(late, "sign")


def test_every_refusal_is_a_refusal() -> None:
    assert all(issubclass(error, Refused) for error in (WrongEntry, BadOpening, BadToken, BadSignature))


@pytest.mark.parametrize("name", ["Ada", "\u0391\u03b4\u03b1", "\u5b8c", "\u0e01", "7", "Zo\u00eb B."])
def test_a_server_admits_a_name_that_can_be_read(name):
    signature.admit_shown({"name": name})
    signature.admit_shown({"name": name, "note": "Berlin"})


@pytest.mark.parametrize("name", ["...", "-\u3164", "\u0301", "Ada\u00a0", "Zoe\u0308"])
def test_a_server_admits_no_name_without_a_letter_or_of_another_form(name):
    signature.check_shown({"name": name})  # a verifier does not mind
    with pytest.raises(BadForm):
        signature.admit_shown({"name": name})


def test_a_server_admits_no_note_of_another_form():
    for note in ("Zoe\u0308", "Berlin ", " "):
        with pytest.raises(BadForm):
            signature.admit_shown({"name": "Ada", "note": note})
