# SPDX-License-Identifier: Apache-2.0
"""The language of a page: `?lang=en|fr`, else Accept-Language, else English; never a cookie.  # spec: 15"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

LANGUAGES = ("en", "fr")
NAMES = {"en": "English", "fr": "Français"}

# The language tags of ISO 639 that are written from right to left.
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "khw", "ks", "ps", "sd", "ug", "ur", "yi"})


def asked(query: str | None) -> str:
    """The language that the address names, or the empty string."""
    return query if query in LANGUAGES else ""


def accepted(header: str) -> str:
    """The first language of an Accept-Language header that pages exist in."""
    for tag, _weight in parse_accept_lang_header(header[:500]):
        if tag.split("-")[0] in LANGUAGES:
            return tag.split("-")[0]
    return LANGUAGES[0]


def direction(tag: str) -> str:
    """`rtl` or `ltr` for a language tag, as the attribute `dir` takes it."""
    return "rtl" if tag.lower().split("-")[0] in _RIGHT_TO_LEFT else "ltr"


class Language:
    """Middleware: the request's language, for the time of the request only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = asked(request.GET.get("lang")) or accepted(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        with translation.override(language):
            response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):  # the rest is the same in every language
            response.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Accept-Language"])
        return response


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor. `keep`: the language that every link keeps, empty when the address names none."""
    current = translation.get_language() or LANGUAGES[0]
    others = []
    for code in LANGUAGES:
        if code != current:
            query = request.GET.copy()
            query["lang"] = code
            others.append({"code": code, "name": NAMES[code], "query": query.urlencode()})
    return {"language": current, "keep": asked(request.GET.get("lang")), "others": others}
