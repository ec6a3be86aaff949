# SPDX-License-Identifier: Apache-2.0
"""The addresses of the readers' pages.  # spec: 15"""

from __future__ import annotations

from django.urls import path, re_path

from . import views

LETTER = r"^letters/(?P<letter_id>[a-z2-7]{16})"

patterns = [
    path("", views.home, name="home"),
    path("verify", views.verify, name="verify"),
    re_path(LETTER + r"\.json\Z", views.twin, name="letter-page-json"),
    re_path(LETTER + r"\Z", views.letter, name="letter"),
    re_path(LETTER + r"/sign\Z", views.sign, name="sign"),
]
