# SPDX-License-Identifier: Apache-2.0
"""A letter's files: for machines, readable from anywhere.  # spec: 15"""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import re_path

from fronde.errors import Refused
from fronde.site.folder import Folder
from fronde.site.headers import FOR_EVER
from fronde.site.http import by_method
from fronde.site.record.views import missing, public

from . import citations, proof, reading
from .urls import LETTER


def frozen(request: HttpRequest, letter_id: str) -> HttpResponseBase:
    """`letter.json`: the frozen bytes."""
    letter = reading.letter(letter_id)
    return public(letter.data, "application/json", FOR_EVER) if letter else missing()


def heads(request: HttpRequest, letter_id: str) -> HttpResponseBase:
    """`heads.json`: what opens the heads of this letter in the instance log."""
    try:
        data = (Folder.current().letter(letter_id) / "heads.json").read_bytes()
    except OSError:
        return missing()
    return public(data, "application/json", "no-cache")


def cited(letter_id: str, name: str) -> None:
    """Raises Http404 when there is no such letter, or it cites nothing of that name."""
    letter = reading.letter(letter_id)
    if letter is None or all(each["id"] != name for each in letter.citations):
        raise Http404


def evidence(request: HttpRequest, letter_id: str, name: str) -> HttpResponseBase:
    """`evidence/NAME.json`: what the letter cites, as in its proof."""
    try:
        return public(citations.path(letter_id, name).read_bytes(), "application/json", FOR_EVER)
    except OSError:
        return missing()


def zipped(request: HttpRequest, letter_id: str) -> HttpResponseBase:
    """`letter.zip`: the proof up to the last head."""
    try:
        file = proof.letter_zip(letter_id).open("rb")
    except (LookupError, OSError, Refused):
        return missing()
    response = FileResponse(file, as_attachment=True, filename="letter.zip", content_type="application/zip")
    del response["Last-Modified"]
    for name, value in public(b"", "", "no-cache").items():
        if name != "Content-Type":
            response[name] = value
    return response


patterns = [
    re_path(LETTER + r"/letter\.json\Z", by_method(GET=frozen, find=reading.exists)),
    re_path(LETTER + r"/heads\.json\Z", by_method(GET=heads, find=reading.exists)),
    re_path(
        LETTER + r"/evidence/(?P<name>[a-z0-9-]{1,40})\.json\Z",
        by_method(GET=evidence, find=cited),
    ),
    re_path(LETTER + r"/letter\.zip\Z", by_method(GET=zipped, find=reading.exists)),
]
