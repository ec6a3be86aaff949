# SPDX-License-Identifier: Apache-2.0
"""Words that answers are made of, in the reader's language: measures, states, kinds of connections."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise] = {
    "obligated": _("obligated"),
    "obligated in all": _("obligated in all"),
    "outlayed in all": _("outlayed in all"),
    "award value": _("award value"),
    "subaward": _("subaward"),
    "current": _("current value"),
    "ceiling": _("ceiling"),
    "maximum": _("maximum"),
    "direct": _("direct"),
    "resold": _("through a reseller"),
    "candidate": _("candidate"),
    "sells to": _("sells to"),
    "works under": _("works under"),
    "is resold by": _("is resold by"),
    "is owned by": _("is owned by"),
    "owns": _("owns"),
}


def said(word: str) -> str | Promise:
    """A word of an answer; what is unknown stays as it is."""
    return WORDS.get(word, word)
