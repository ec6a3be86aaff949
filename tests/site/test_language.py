# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from fronde.site.language import Language, accepted, asked, direction
from fronde.site.templatetags import fronde as tags


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,en;q=0.5", "fr"),
        ("de,fr;q=0.8,en;q=0.9", "en"),
        ("de, it", "en"),
        ("*", "en"),
        ("fr;q=0,en", "en"),
        ("x" * 100_000, "en"),
        ("en;q=abc", "en"),
    ],
)
def test_the_language_is_the_first_accepted_one(header, language):
    assert accepted(header) == language


@pytest.mark.parametrize(
    ("query", "language"), [("fr", "fr"), ("en", "en"), ("de", ""), ("", ""), (None, "")]
)
def test_the_address_may_name_a_language(query, language):
    assert asked(query) == language


def serve(made: HttpResponse, path: str) -> tuple[str | None, HttpResponse]:
    seen: list[str | None] = []

    def view(_request: object) -> HttpResponse:
        seen.append(translation.get_language())
        return made

    request = RequestFactory().get(path, headers={"Accept-Language": "en", "Cookie": "django_language=fr"})
    return seen[0] if (response := Language(view)(request)) and seen else None, response


def test_the_address_wins_over_the_header_and_no_cookie_counts():
    assert serve(HttpResponse("<p>"), "/?lang=fr")[0] == "fr"
    assert serve(HttpResponse("<p>"), "/")[0] == "en"


def test_only_what_is_read_varies_with_the_language():
    assert serve(HttpResponse("<p>"), "/?lang=fr")[1].headers["Content-Language"] == "fr"
    assert serve(HttpResponse("<p>"), "/")[1]["Vary"] == "Accept-Language"
    data = serve(HttpResponse(b"", content_type="application/octet-stream"), "/log/checkpoint")[1]
    assert "Vary" not in data
    assert "Content-Language" not in data
    error = serve(HttpResponse(b"{}", content_type="application/json", status=422), "/w/x/join")[1]
    assert "Vary" not in error


def test_the_language_ends_with_the_request():
    before = translation.get_language()
    serve(HttpResponse("<p>"), "/?lang=fr")
    assert translation.get_language() == before


@pytest.mark.parametrize(
    ("tag", "way"),
    [("en", "ltr"), ("ar", "rtl"), ("AR-EG", "rtl"), ("he", "rtl"), ("fr", "ltr"), ("arn", "ltr")],
)
def test_some_languages_run_from_right_to_left(tag, way):
    assert direction(tag) == way


@pytest.mark.parametrize(
    ("language", "number", "share", "day", "first", "moment", "hour"),
    [
        (
            "en", "4,180", "8.2 %", "30 June 2026", "1 March 2027",
            "9 April 2026, 14:05 UTC", "9 April 2026, 09:00 UTC",
        ),
        (
            "fr", "4 180", "8,2 %", "30 juin 2026", "1er mars 2027",
            "9 avril 2026, 14 h 05 UTC", "9 avril 2026, 9 h UTC",
        ),
    ],
)  # fmt: skip
def test_numbers_and_dates_are_those_of_the_language(language, number, share, day, first, moment, hour):
    at = datetime.datetime(2026, 4, 9, 14, 5, tzinfo=datetime.UTC)
    with translation.override(language):
        said = [
            tags.number(4180),
            tags.percent(342, 4180),
            tags.day(datetime.date(2026, 6, 30)),
            tags.day("2027-03-01"),
            tags.moment(at),
            tags.moment(at.replace(hour=9, minute=0)),
        ]
    assert [one.replace("\u00a0", " ") for one in said] == [number, share, day, first, moment, hour]


def test_what_is_compared_by_eye_stands_in_fours():
    assert tags.fours(bytes.fromhex("0102030405060708")) == "0102 0304 0506 0708"
