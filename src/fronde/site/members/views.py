# SPDX-License-Identifier: Apache-2.0
"""Joining and enrolling: the server knows who somebody is for one request.  # spec: 3, 15

No cookie, no account, no session, no address. What is answered to `join` does not depend on the mailbox, only
on whether it keeps the workplace's published rule.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from fronde import canonical
from fronde.canonical import b64u, unb64u
from fronde.form import data, document, mapping, pattern, text
from fronde.site import http
from fronde.site.letters.models import Workplace
from fronde.site.signing import issue

from .codes import ALPHABET, LENGTH
from .ways import email_code as way

SLOTS = 160  # 393 bytes each: an enrolment stays below 64 KiB

JOIN = document("join", {"mailbox": text(320, empty=True), "challenge": data(32)})
ENROL = document(
    "enrol",
    {
        "challenge": data(32),
        "code": pattern(re.compile(f"[{ALPHABET}]{{{LENGTH}}}"), "a code of eight characters"),
        "blinded": mapping(data(32), data(256), most=SLOTS),
    },
)


def find(slug: str) -> Workplace:
    """The workplace. Raises Http404."""
    place = Workplace.objects.filter(slug=slug).first()
    if place is None:
        raise Http404
    return place


def twin(request: HttpRequest, slug: str) -> HttpResponse:
    """`/w/SLUG.json`: name and rule of a workplace."""
    place = find(slug)
    return http.json_response(
        {"v": 1, "type": "workplace", "id": place.slug, "name": place.name, "rule": place.rule}
    )


@http.post(JOIN)
def join(request: HttpRequest, body: dict[str, Any], slug: str) -> bytes:
    """Mails a code to a mailbox of the workplace: 422 rule, 429, 503."""
    place = find(slug)
    identity = way.identity(place, body["mailbox"])
    issue.ready(slug)
    way.begin(place, unb64u(body["challenge"]), identity, request.get_host())
    return canonical.encode({"v": 1, "type": "joined"})


@http.post(ENROL)
def enrol(request: HttpRequest, body: dict[str, Any], slug: str) -> bytes:
    """Blind signatures for a code: 400 values, 409 slots, 503, 403 code, 429."""
    place = find(slug)
    blinded = {unb64u(key_id): unb64u(value) for key_id, value in body["blinded"].items()}
    issue.check(slug, blinded)
    issue.ready(slug)
    spent_on = hashlib.sha256(canonical.encode(body["blinded"])).digest()
    identity = way.prove(place, unb64u(body["challenge"]), body["code"], spent_on)
    signatures, held = issue.issue(slug, identity, blinded)
    signed = {b64u(key_id): b64u(signature) for key_id, signature in signatures.items()}
    enrolled = {"signatures": signed, "held": sorted(b64u(key_id) for key_id in held)}
    return canonical.encode({"v": 1, "type": "enrolled", **enrolled})
