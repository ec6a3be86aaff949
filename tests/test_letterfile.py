# SPDX-License-Identifier: Apache-2.0
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde import letterfile
from fronde.errors import Unreadable, Usage
from fronde.letterfile import BadLetterFile
from tests.examples import HOST, ID, INSTANCE_KEY, LOG_KEY, WRITTEN

NOW = datetime.datetime(2026, 7, 1, 12, 0, 0, 999, tzinfo=datetime.UTC)
FILE = """+++
title = "Cancel the contract"
lang = "en"

[[to]]
name = "Sam Example"
office = "chief executive"

[[demands]]
id = "cancel"
ask = "Cancel it."
measure = "It is cancelled."
due = 2027-01-31

[[demands]]
id = "policy"
ask = "Publish a policy."
measure = "It is public."

[rules]
modes = ["named", "hidden"]
+++

Dear Sam,

we ask *you* for this.
"""


def frozen(draft: dict[str, Any], **changes: Any) -> Any:
    place: dict[str, Any] = {
        "id": ID,
        "host": HOST,
        "workplace": {"id": "works", "name": "Example Works"},
        "slot": 3,
        "log_key": LOG_KEY,
        "instance_key": INSTANCE_KEY,
        "now": NOW,
    }
    return letterfile.freeze(draft, **{**place, **changes})


def with_rules(rules: str) -> str:
    return FILE.replace('modes = ["named", "hidden"]\n', rules)


def wrong(content: str) -> BadLetterFile:
    with pytest.raises(BadLetterFile) as caught:
        letterfile.parse(content)
    assert str(caught.value).startswith(f"line {caught.value.line}: ")
    return caught.value


def test_a_letter_file_says_what_its_author_wrote() -> None:
    assert letterfile.parse(FILE) == {**WRITTEN, "citations": [], "rules": {"modes": ["named", "hidden"]}}


def test_the_least_letter_file() -> None:
    content = '+++\ntitle="T"\nlang="fr"\nto=[{name="A"}]\ndemands=[{ask="B", measure="C"}]\n+++\nD'
    assert letterfile.parse(content) == {
        "title": "T",
        "lang": "fr",
        "to": [{"name": "A", "office": ""}],
        "demands": [{"id": "d1", "ask": "B", "measure": "C"}],
        "citations": [],
        "rules": {},
        "body": "D",
    }


def test_other_line_ends_and_a_byte_order_mark_do_not_matter() -> None:
    assert letterfile.parse("\ufeff" + FILE.replace("\n", "\r\n")) == letterfile.parse(FILE)


def test_texts_are_nfc_and_without_white_space_around_them() -> None:
    content = FILE.replace("Sam Example", "  Zoe\u0308 ").replace("Dear Sam", "Chère Zoe\u0308")
    draft = letterfile.parse(content.replace('"Cancel it."', '"""\nCancel it.\nAll.\n"""'))
    assert draft["to"][0]["name"] == "Zoë"
    assert draft["body"].startswith("Chère Zoë")
    assert draft["demands"][0]["ask"] == "Cancel it.\nAll."


def test_times_are_turned_into_utc() -> None:
    rules = 'opens = 2026-08-01T02:00:00+02:00\ncloses = "2026-09-01T00:00:00Z"\n'
    rules += "withdraw_until = 2026-10-01 00:00:00Z\n"
    assert letterfile.parse(with_rules(rules))["rules"] == {
        "opens": "2026-08-01T00:00:00Z",
        "closes": "2026-09-01T00:00:00Z",
        "withdraw_until": "2026-10-01T00:00:00Z",
    }


def test_a_batch_in_either_writing() -> None:
    batch = {"min": 5, "minutes": 0, "tokens": 5}
    one = with_rules("batch = {min = 5, minutes = 0, tokens = 5}\n")
    two = with_rules("[rules.batch]\nmin = 5\nminutes = 0\ntokens = 5\n")
    assert letterfile.parse(one)["rules"] == letterfile.parse(two)["rules"] == {"batch": batch}


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("+++\ntitle", "\n+++\ntitle", 1, "a letter file begins with a line +++"),
        ("+++\n\nDear", "Dear", 24, "the line +++ that ends the front matter is missing"),
        ('lang = "en"', "lang = en", 3, "not TOML: "),
        ('lang = "en"', 'lang = "en"\nlang = "fr"', 4, "not TOML: "),
        ('modes = ["named", "hidden"]', "modes = [", 21, "not TOML: "),
        ("+++\n\nDear", "[broken\n+++\n\nDear", 22, "not TOML: "),
        ('lang = "en"', 'language = "en"', 3, "'language' is not a field; there are title, lang, to"),
        ('lang = "en"\n', "", 1, "the field 'lang' is missing"),
        ('lang = "en"', 'lang = "e n"', 3, "lang: not a language tag"),
        ('title = "Cancel the contract"', 'title = "  "', 2, "title: empty"),
        ('title = "Cancel the contract"', "title = 7", 2, "title: not a string"),
        ("Cancel the contract", "x" * 201, 2, "title: 201 characters, at most 200"),
        ("Cancel the contract", "a\\nb", 2, "title: a line break"),
        ("Cancel the contract", "a\\u0007b", 2, "a control character"),
        ('[[to]]\nname = "Sam Example"\noffice = "chief executive"\n', "", 1, "the field 'to' is missing"),
        ("[[to]]", "[to]", 5, "to is a list of tables: [[to]]"),
        ('name = "Sam Example"\n', "", 5, "the field 'name' of to is missing"),
        ("office =", "offices =", 7, "'offices' is not a field of to; there are name, office"),
        ('id = "policy"', 'id = "cancel"', 16, "two demands have the id 'cancel'"),
        ('id = "policy"', 'id = "The policy"', 16, "id: not a slug"),
        ('ask = "Publish a policy."\n', "", 15, "the field 'ask' of demands is missing"),
        ('ask = "Publish a policy."', f'ask = "{"x" * 2001}"', 17, "ask: 2001 characters"),
        ("due = 2027-01-31", 'due = "2027-02-30"', 13, "due: no such day"),
        ("due = 2027-01-31", "due = 2027-01-31T00:00:00Z", 13, "due: not a date"),
        ("due = 2027-01-31", "due = 10:00:00", 13, "due: not a date"),
        ('modes = ["named", "hidden"]', "modes = []", 21, "modes: 0 items"),
        ('modes = ["named", "hidden"]', 'modes = "named"', 21, "modes: not a list"),
        ('modes = ["named", "hidden"]', 'modes = ["nmed"]', 21, "modes[0]: 'nmed' is none of hidden, named"),
        ('modes = ["named", "hidden"]', 'modes = ["named", "named"]', 21, "a mode is listed twice"),
        ('modes = ["named", "hidden"]', "floor = 3", 21, "'floor' is not a field of rules"),
        ('modes = ["named", "hidden"]', "closes = 2026-12-01", 21, "closes: not a time"),
        ('modes = ["named", "hidden"]', "closes = 2026-12-01T00:00:00", 21, "a time without its zone"),
        ('modes = ["named", "hidden"]', "batch = 5", 21, "batch is not a table"),
        ('modes = ["named", "hidden"]', "batch = {min = 4}", 21, "min is below the floor of 5"),
        ('modes = ["named", "hidden"]', "batch = {tokens = 0}", 21, "tokens is below the floor"),
        ('modes = ["named", "hidden"]', "batch = {minutes = -1}", 21, "minutes: -1 is not within"),
        (
            'modes = ["named", "hidden"]',
            "[rules.batch]\nmin = 5\nmax = 9",
            23,
            "'max' is not a field of rules",
        ),
        ("+++\ntitle", "+++\nto = 5\ntitle", 6, "not TOML: "),
        ("Dear Sam,\n\nwe ask *you* for this.\n", "", 23, "body: empty"),
        ("*you*", "<b>you</b>", 26, "raw HTML is not possible in a letter"),
        ("*you*", "[you](http://example.com)", 26, "a link to 'http://example.com'"),
        ("we ask", "we\task", 26, "a control character"),
        ("we ask", "x" * 100_001, 24, "body: 100"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, what: str) -> None:
    assert old in FILE
    error = wrong(FILE.replace(old, new))
    assert (error.line, error.message.removeprefix(f"line {error.line}: ")[: len(what)]) == (line, what)
    assert error.exit == 64


@pytest.mark.parametrize(
    ("place", "line", "what"),
    [
        ('workplaces = ["a", "b"]', 4, "a joint letter"),
        ('notary = "x"', 4, "a notary"),
        ("quiet = 50", 4, "a quiet phase"),
        ("sealed = true", 4, "sealed names"),
        ("witnesses = []", 4, "witnesses"),
        ("goals = [100]", 4, "goals"),
        ("curve = true", 4, "a curve"),
        ("timeline = []", 4, "a timeline"),
        ("translations = []", 4, "translations"),
        ("role = true", 4, "signing by role"),
    ],
)
def test_what_comes_later_is_not_yet(place: str, line: int, what: str) -> None:
    error = wrong(FILE.replace('lang = "en"\n', f'lang = "en"\n{place}\n'))
    assert (error.line, error.message) == (
        line,
        f"line {line}: not yet: this version of fronde does not know {what}",
    )


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ('modes = ["named", "role"]', "signing by role"),
        ('modes = ["sealed"]', "sealed names"),
        ("sealed = {until = 500, k = 2}", "sealed names"),
        ("quiet = true", "a quiet phase"),
    ],
)
def test_rules_that_come_later_are_not_yet(rules: str, what: str) -> None:
    error = wrong(with_rules(rules + "\n"))
    assert (error.line, error.message) == (
        21,
        f"line 21: not yet: this version of fronde does not know {what}",
    )


def test_lines_that_look_like_fields_inside_a_long_text_are_not_taken_for_them() -> None:
    text = "ask = '''\nWe ask\nlang = \"x\"\n[[to]]\n\"\"\" too\n'''"
    error = wrong(FILE.replace('ask = "Cancel it."', text).replace('"It is public."', '""'))
    assert (error.line, error.message) == (23, "line 23: measure: empty")


def test_rules_that_are_no_table_are_refused() -> None:
    content = FILE.replace('[rules]\nmodes = ["named", "hidden"]\n', "").replace(
        "[[to]]", "rules = 5\n[[to]]"
    )
    assert wrong(content).message == "line 5: rules is not a table"


def test_the_line_of_a_list_over_several_lines_is_its_first() -> None:
    assert wrong(with_rules('modes = [\n  "named",\n  "named",\n]\n')).line == 21


def test_a_frozen_draft_takes_the_defaults() -> None:
    draft = letterfile.parse(with_rules(""))
    letter = frozen(draft)
    letter.check_rules()
    assert letter.document["rules"] == {
        "modes": ["named", "hidden"],
        "opens": "2026-07-01T12:00:00Z",
        "closes": "2026-09-29T12:00:00Z",
        "withdraw_until": "2026-10-29T12:00:00Z",
        "floor": 5,
        "batch": {"min": 20, "minutes": 60, "tokens": 20},
    }
    assert {name: letter.document[name] for name in WRITTEN} == WRITTEN
    assert letter.document["workplaces"] == [
        {
            "id": "works",
            "name": "Example Works",
            "slot": 3,
            "issuers": [{"name": HOST, "vkey": INSTANCE_KEY}],
        }
    ]
    assert letter.log_key == LOG_KEY


def test_what_the_draft_says_stands_in_the_letter() -> None:
    rules = 'modes = ["hidden"]\nopens = 2026-08-01T00:00:00Z\ncloses = 2026-09-01T00:00:00Z\n'
    rules += "withdraw_until = 2026-09-02T00:00:00Z\nbatch = {min = 7}\n"
    workplace = {"id": "works", "name": "Example Works", "headcount": {"n": 900, "source": "report"}}
    letter = frozen(letterfile.parse(with_rules(rules)), workplace=workplace)
    letter.check_rules()
    assert (letter.modes, letter.headcount) == (("hidden",), 900)
    assert letter.batch == {"min": 7, "minutes": 60, "tokens": 20}
    assert letter.document["rules"]["opens"] == "2026-08-01T00:00:00Z"
    assert letter.document["rules"]["closes"] == "2026-09-01T00:00:00Z"
    assert letter.document["rules"]["withdraw_until"] == "2026-09-02T00:00:00Z"


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        ("closes = 2026-07-01T12:00:00Z\n", "would close before it opens"),
        ("closes = 9999-12-31T00:00:00Z\n", "beyond the calendar"),
        ("opens = 9999-12-31T00:00:00Z\n", "beyond the calendar"),
    ],
)
def test_a_letter_that_cannot_be_open_is_not_frozen(rules: str, what: str) -> None:
    with pytest.raises(Usage, match=what):
        frozen(letterfile.parse(with_rules(rules)))


def test_a_workplace_of_another_form_is_not_frozen() -> None:
    with pytest.raises(Unreadable):
        frozen(letterfile.parse(FILE), workplace={"id": "Works", "name": ""})


@given(st.text(max_size=80), st.integers(0, len(FILE)))
def test_any_file_is_read_or_its_mistake_has_a_line(inserted: str, place: int) -> None:
    content = FILE[:place] + inserted + FILE[place:]
    try:
        draft = letterfile.parse(content)
    except BadLetterFile as error:
        line = error.line
    else:
        frozen(draft).check_rules()
        line = 1
    assert 1 <= line <= content.count("\n") + 1
