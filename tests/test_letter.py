# SPDX-License-Identifier: Apache-2.0
import datetime
import hashlib
from typing import Any

import pytest

from fronde import canonical
from fronde.canonical import NotCanonical
from fronde.errors import Newer, Unreadable
from fronde.form import BadForm
from fronde.letter import BadLetter, Letter
from fronde.record.note import Key
from tests.examples import DOCUMENT, HOST, ID, INSTANCE_KEY, LOG_KEY, changed, letter, without

UTC = datetime.UTC


def test_a_letter_tells_what_it_says() -> None:
    one = letter()
    one.check_rules()
    assert one.data == canonical.encode(DOCUMENT)
    assert one.document == DOCUMENT
    assert one.digest == hashlib.sha256(one.data).digest()
    assert (one.id, one.host, one.title, one.lang) == (ID, HOST, "Cancel the contract", "en")
    assert one.origin == f"{HOST}/letters/{ID}/record"
    assert one.instance_origin == f"{HOST}/log"
    assert (one.workplace, one.slot, one.headcount) == ("works", 1, 900)
    assert one.modes == ("named", "hidden")
    assert one.batch == {"min": 5, "minutes": 0, "tokens": 5}
    assert one.opens == datetime.datetime(2026, 1, 1, tzinfo=UTC)
    assert one.closes == datetime.datetime(2026, 2, 1, tzinfo=UTC)
    assert one.withdraw_until == datetime.datetime(2026, 3, 1, tzinfo=UTC)
    assert (one.log_key, one.instance_key) == (LOG_KEY, INSTANCE_KEY)


def test_without_a_headcount_there_is_none() -> None:
    assert Letter.make(without("workplaces.0.headcount")).headcount is None


def test_every_changed_byte_is_another_letter_or_none() -> None:
    one = letter()
    for position in range(0, len(one.data), 7):
        other = one.data[:position] + bytes([one.data[position] ^ 1]) + one.data[position + 1 :]
        try:
            assert Letter.parse(other).digest != one.digest
        except Unreadable:
            continue


def test_texts_are_made_nfc_before_they_are_hashed_but_read_as_they_are() -> None:
    typed = changed("to.0.name", "Zoe\u0308")
    assert Letter.make(typed).document["to"][0]["name"] == "Zoë"
    assert Letter.parse(canonical.encode(typed)).document["to"][0]["name"] == "Zoe\u0308"


def test_bytes_that_are_not_canonical_are_refused() -> None:
    with pytest.raises(NotCanonical):
        Letter.parse(letter().data + b"\n")


REQUIRED = [
    *DOCUMENT,
    "to.0.name",
    "to.0.office",
    "demands.0.id",
    "demands.0.ask",
    "demands.0.measure",
    *(f"rules.{name}" for name in DOCUMENT["rules"]),
    *(f"rules.batch.{name}" for name in DOCUMENT["rules"]["batch"]),
    *(f"workplaces.0.{name}" for name in ("id", "name", "slot", "issuers")),
    *(f"workplaces.0.issuers.0.{name}" for name in ("name", "vkey")),
    *(f"workplaces.0.headcount.{name}" for name in ("n", "source")),
    "logs.letter",
    "logs.instance",
]


@pytest.mark.parametrize("path", REQUIRED)
def test_every_field_must_be_there(path: str) -> None:
    with pytest.raises(BadForm):
        Letter.parse(canonical.encode(without(path)))


OBJECTS = ["", "to.0.", "demands.0.", "rules.", "rules.batch.", "workplaces.0.", "workplaces.0.issuers.0."]


@pytest.mark.parametrize("place", [*OBJECTS, "workplaces.0.headcount.", "logs."])
def test_no_other_field_may_be_there(place: str) -> None:
    with pytest.raises(BadForm, match="unknown field 'extra'"):
        Letter.parse(canonical.encode(changed(f"{place}extra", "x")))


CITATION = {"id": "award", "says": "What it says.", "digest": canonical.b64u(bytes(32))}
COSIGNER = Key.of("witness.example", bytes(32), 4).vkey
LONG = {"title": 200, "to.0.name": 200, "to.0.office": 200, "body": 100_000, "workplaces.0.name": 200}
LONG |= {"demands.0.ask": 2000, "demands.0.measure": 2000, "workplaces.0.headcount.source": 500}


@pytest.mark.parametrize(("path", "most"), LONG.items())
def test_texts_have_a_greatest_length_in_code_points(path: str, most: int) -> None:
    Letter.parse(canonical.encode(changed(path, "😀" * most)))
    with pytest.raises(BadForm, match=f"at most {most}"):
        Letter.parse(canonical.encode(changed(path, "x" * (most + 1))))


@pytest.mark.parametrize("path", LONG)
def test_only_an_office_may_be_empty(path: str) -> None:
    data = canonical.encode(changed(path, ""))
    if path == "to.0.office":
        assert Letter.parse(data).document["to"][0]["office"] == ""
    else:
        with pytest.raises(BadForm, match="empty"):
            Letter.parse(data)


@pytest.mark.parametrize("path", LONG)
def test_only_body_ask_and_measure_have_lines(path: str) -> None:
    data = canonical.encode(changed(path, "a\nb"))
    if path in ("body", "demands.0.ask", "demands.0.measure"):
        Letter.parse(data)
    else:
        with pytest.raises(BadForm, match="line break"):
            Letter.parse(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "abcdefghijklmno"),
        ("id", "abcdefghijklmno1"),
        ("id", "ABCDEFGHIJKLMNOP"),
        ("host", "Fronde.example"),
        ("host", "fronde.example/"),
        ("title", 1),
        ("lang", ""),
        ("lang", "en us"),
        ("lang", "e" * 36),
        ("to", []),
        ("to", {}),
        ("demands", []),
        ("demands.0.id", "A"),
        ("demands.0.due", "2027-02-30"),
        ("demands.0.due", ""),
        ("rules.modes", []),
        ("rules.modes", [1]),
        ("rules.opens", "2026-01-01"),
        ("rules.opens", "2026-01-01T00:00:60Z"),
        ("rules.floor", "5"),
        ("rules.floor", True),
        ("rules.batch.min", -1),
        ("rules.batch.minutes", False),
        ("workplaces.0.slot", 0),
        ("workplaces.0.headcount.n", 0),
        ("workplaces.0.issuers.0.vkey", "x"),
        ("logs.letter", LOG_KEY[:-1]),
        ("logs.letter", LOG_KEY + "\n"),
        ("logs.instance", COSIGNER),
        ("v", True),
        ("type", 1),
        ("facets", {}),
        ("citations", {}),
        ("citations", [{}]),
        ("citations", [CITATION | {"id": "An id"}]),
        ("citations", [CITATION | {"says": ""}]),
        ("citations", [CITATION | {"says": "x" * 501}]),
        ("citations", [CITATION | {"says": "a\nb"}]),
        ("citations", [CITATION | {"digest": CITATION["digest"][:-1]}]),
        ("citations", [CITATION | {"file": "x"}]),
        ("citations", [CITATION | {"id": f"c{n}"} for n in range(101)]),
    ],
)
def test_a_value_out_of_its_form_is_refused(path: str, value: Any) -> None:
    with pytest.raises(BadForm):
        Letter.parse(canonical.encode(changed(path, value)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v", 2),
        ("type", "joint-letter"),
        ("rules.modes", ["named", "sealed"]),
        ("rules.modes", ["role"]),
        ("workplaces", []),
        ("workplaces", DOCUMENT["workplaces"] * 2),
        ("workplaces.0.issuers", []),
        ("workplaces.0.issuers", DOCUMENT["workplaces"][0]["issuers"] * 2),
        ("facets", ["x"]),
        ("translations", [{"lang": "fr", "sha256": "x"}]),
        ("witnesses", ["x"]),
        ("authors", ["x"]),
    ],
)
def test_what_a_newer_fronde_makes_is_said_to_be_newer(path: str, value: Any) -> None:
    with pytest.raises(Newer):
        Letter.parse(canonical.encode(changed(path, value)))


@pytest.mark.parametrize(
    ("path", "value", "name"),
    [
        ("rules.opens", "2026-02-01T00:00:01Z", "bad-times"),
        ("rules.withdraw_until", "2026-01-31T23:59:59Z", "bad-times"),
        ("rules.floor", 4, "bad-floor"),
        ("rules.floor", 6, "bad-floor"),
        ("rules.batch.min", 4, "bad-batch"),
        ("rules.batch.tokens", 4, "bad-batch"),
        ("demands.1.id", "cancel", "demand-twice"),
        ("citations", [CITATION, CITATION | {"says": "Again."}], "citation-twice"),
        ("rules.modes", ["hidden", "hidden"], "mode-twice"),
        ("workplaces.0.issuers.0.name", "other.example", "other-issuer"),
        ("workplaces.0.issuers.0.vkey", LOG_KEY, "other-issuer"),
        ("logs.instance", LOG_KEY, "other-issuer"),
    ],
)
def test_every_rule_has_a_name(path: str, value: Any, name: str) -> None:
    broken = Letter.parse(canonical.encode(changed(path, value)))
    with pytest.raises(BadLetter) as caught:
        broken.check_rules()
    assert caught.value.name == name


def test_a_letter_may_cite_up_to_a_hundred_times_and_the_same_document_twice() -> None:
    citations = [CITATION | {"id": f"c{n}"} for n in range(100)]
    one = letter(citations=citations)
    one.check_rules()
    assert one.citations == citations


def test_times_may_be_equal_and_batches_greater() -> None:
    same = "2026-02-01T00:00:00Z"
    rules = {**DOCUMENT["rules"], "opens": same, "withdraw_until": same}
    letter(rules={**rules, "batch": {"min": 20, "minutes": 60, "tokens": 20}}).check_rules()
