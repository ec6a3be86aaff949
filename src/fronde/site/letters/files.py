# SPDX-License-Identifier: Apache-2.0
"""A letter's files: for machines, readable from anywhere.  # spec: 15"""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import re_path

from fronde.errors import Refused
from fronde.site.folder import Folder
from fronde.site.headers import FOR_EVER
from fronde.site.http import by_method
from fronde.site.record.views import missing, public

from . import proof, reading
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
    re_path(LETTER + r"/letter\.zip\Z", by_method(GET=zipped, find=reading.exists)),
]
