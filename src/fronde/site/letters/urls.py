# SPDX-License-Identifier: Apache-2.0
"""The addresses of the readers' pages; the one that signs is in signing/urls.py.  # spec: 15"""

from __future__ import annotations

from django.urls import path, re_path

from fronde.site.http import by_method

from . import views

LETTER = r"^letters/(?P<letter_id>[a-z2-7]{16})"

patterns = [
    path("", by_method(GET=views.home), name="home"),
    path("verify", by_method(GET=views.verify), name="verify"),
    re_path(LETTER + r"\.json\Z", by_method(GET=views.twin, find=views.find), name="letter-page-json"),
    re_path(LETTER + r"\Z", by_method(GET=views.letter, find=views.find), name="letter"),
]
