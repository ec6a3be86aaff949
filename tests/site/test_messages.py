# SPDX-License-Identifier: Apache-2.0
"""Every text of the pages exists in every language, as it stands today, and well set.

What fails here is mended with a translation in locale/LANG/LC_MESSAGES/django.po and
`python -m tests.site.messages`.
"""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from tests.site import messages

FRENCH = [message for message in messages.read("fr") if message.id]


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_texts_are_those_of_today_and_compiled(language):
    assert messages.po(language).read_bytes() == messages.written(messages.merged(language))
    assert messages.po(language).with_suffix(".mo").read_bytes() == messages.compiled(language)


def test_a_text_of_a_template_and_one_of_python_are_found():
    found = {text.id for text in messages.texts()}
    assert "Sign this letter" in found
    assert "There is no such page" in found


def places(text: str) -> set[str]:
    return set(re.findall(r"%\([a-z_]+\)s|%s|</?[a-z]+[^>]*>", text))


def test_every_text_is_translated():
    assert [m.id for m in FRENCH if m.fuzzy or not all(string.strip() for string in strings(m))] == []


def test_a_translation_keeps_the_places_where_something_is_filled_in():
    for message in FRENCH:
        known = [places(text) for text in ids(message)]
        assert [s for s in strings(message) if places(s) not in known] == []


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("[^\u202f][;!?]", "a narrow no-break space before ; ! ?"),
        ("[^\u00a0]:", "a no-break space before :"),
        ("«[^\u00a0]|[^\u00a0]»", "no-break spaces inside guillemets"),
        ("['\"]", "typographic apostrophes and guillemets"),
    ],
)
def test_french_is_set_as_french_is(wrong, rule):
    plain = [re.sub(r"<[^>]*>|%\([a-z_]+\)s", "", string) for m in FRENCH for string in strings(m)]
    assert [text for text in plain if re.search(wrong, text)] == [], rule
