# SPDX-License-Identifier: Apache-2.0
"""The addresses of what was imported: pages, and .json and .csv beside each."""

from __future__ import annotations

from django.urls import path, re_path

from fronde.site.http import by_method

from . import views
from .addresses import SPELLED

ONE = rf"(?P<spelled>{SPELLED})"

patterns = [
    path("evidence", by_method(GET=views.page(views.search)), name="evidence"),
    re_path(
        r"^evidence\.(?P<form>json|csv)\Z", by_method(GET=views.page(views.search)), name="evidence-twin"
    ),
    path("evidence/sources", by_method(GET=views.page(views.sources)), name="evidence-sources"),
    re_path(
        r"^evidence/sources\.(?P<form>json|csv)\Z",
        by_method(GET=views.page(views.sources)),
        name="evidence-sources-twin",
    ),
]
for name, view in (("award", views.award), ("party", views.party)):
    patterns += [
        re_path(rf"^evidence/{name}/{ONE}\Z", by_method(GET=views.page(view)), name=f"evidence-{name}"),
        re_path(
            rf"^evidence/{name}/{ONE}\.(?P<form>json|csv)\Z",
            by_method(GET=views.page(view)),
            name=f"evidence-{name}-twin",
        ),
    ]
