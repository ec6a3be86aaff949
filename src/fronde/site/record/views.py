# SPDX-License-Identifier: Apache-2.0
"""The record as any client of c2sp.org reads it: files out of public/, exactly.  # spec: 7, 15

A log's name is checked by its address's pattern; the one spelling of a tile's path by `tiles.parse_path`. A
file that is not there is a 404 that nobody keeps: it may be there a moment later.
"""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from fronde.errors import FrondeError
from fronde.record import tlogproof
from fronde.record.tiles import inclusion_from, parse_path
from fronde.site.folder import INSTANCE, Folder
from fronde.site.headers import FOR_EVER
from fronde.site.http import View, by_method

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"


def public(data: bytes, content_type: str, keep: str) -> HttpResponse:
    """An answer that any page anywhere may read. keep: the Cache-Control."""
    return HttpResponse(
        data,
        content_type=content_type,
        headers={
            "Cache-Control": keep,
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


def missing() -> HttpResponse:
    """404, not to be kept."""
    response = public(b"not found\n", TEXT, "no-store")
    response.status_code = 404
    return response


def _folder(letter_id: str) -> Path:
    return Folder.current().record(letter_id or INSTANCE)


def checkpoint(request: HttpRequest, letter_id: str = "") -> HttpResponseBase:
    """`checkpoint`: the last signed head that is published."""
    try:
        return public((_folder(letter_id) / "checkpoint").read_bytes(), TEXT, "public, max-age=5")
    except OSError:
        return missing()


def tile(request: HttpRequest, path: str, letter_id: str = "") -> HttpResponseBase:
    """`tile/...`: a tile or a bundle of entries."""
    try:
        return public((_folder(letter_id) / parse_path(path).path).read_bytes(), BYTES, FOR_EVER)
    except (OSError, FrondeError):
        return missing()


def proof(request: HttpRequest, index: str, letter_id: str = "") -> HttpResponseBase:
    """`INDEX.tlog-proof`: that an entry stands in the published record."""
    record = _folder(letter_id)
    try:
        note = (record / "checkpoint").read_bytes()
        size = int(note.split(b"\n")[1])
        path = inclusion_from(lambda name: (record / name).read_bytes(), int(index), size)
    except (OSError, IndexError, FrondeError):
        return missing()
    return public(tlogproof.assemble(int(index), path, note), TEXT, "public, max-age=5")


def policy(request: HttpRequest) -> HttpResponseBase:
    """`/policy`: which key this instance claims, as a tlog-policy."""
    try:
        return public(Folder.current().policy.read_bytes(), TEXT, "no-cache")
    except OSError:
        return missing()


VIEWS: dict[str, View] = {"checkpoint": checkpoint, "tile": tile, "proof": proof, "policy": policy}
views = {name: by_method(GET=view) for name, view in VIEWS.items()}
