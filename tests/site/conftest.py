# SPDX-License-Identifier: Apache-2.0
"""Django is ready before any test of the site is read. Which data folder it serves, a test says (`use`)."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fronde.site.settings")
django.setup()
