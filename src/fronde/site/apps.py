# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from django.apps import AppConfig


class Site(AppConfig):
    """The site as a whole: templates, static files, translations, system checks."""

    name = "fronde.site"
    label = "site"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (importing registers them)
