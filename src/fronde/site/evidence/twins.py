# SPDX-License-Identifier: Apache-2.0
"""The same answers for machines: each table as CSV (formulas neutralised) and all of them as JSON, paged.

A page of a twin has at most 1,000 lines of each table. Amounts are integer cents in JSON, plain numbers with
a point in CSV. Each line has its sources: a row of a file, or the files of a sum.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from fronde.errors import Usage
from fronde.evidence.answers import Date, File, Place
from fronde.evidence.sections import Money, Section
from fronde.evidence.spreadsheet import to_csv
from fronde.site.record.views import public

LINES = 1000

Tables = Mapping[str, Section]


def page(request: HttpRequest) -> int:
    """The page that a twin's address names, from 1. Raises Usage."""
    said = request.GET.get("page", "1")
    if not re.fullmatch("[1-9][0-9]{0,4}", said):
        raise Usage("pages are numbered from 1", name="evidence-query")
    return int(said)


def as_csv(request: HttpRequest, tables: Tables, *, cut: bool = True) -> HttpResponse:
    """The table that `?table=` names, else the first; `?page=` of it. Raises Http404 for an unknown one."""
    key = request.GET.get("table") or next(iter(tables))
    if key not in tables:
        raise Http404
    section = _cut(tables[key], page(request)) if cut else tables[key]
    response = public(to_csv(section).encode(), "text/csv; charset=utf-8", "no-cache")
    response["Content-Disposition"] = f'attachment; filename="evidence-{key}.csv"'
    return response


def as_json(
    request: HttpRequest, kind: str, title: str, tables: Tables, not_shown: tuple[str, ...], **more: Any
) -> HttpResponse:
    """All tables, a page of each; `lines` says how many each has."""
    number = page(request)
    cut = more.pop("cut", True)
    document = {
        "v": 1,
        "type": f"evidence.{kind}",
        "title": title,
        "page": number,
        "money": "integer cents",
        **more,
        "tables": {
            key: {"lines": len(each.rows), "rows": _rows(_cut(each, number) if cut else each)}
            for key, each in tables.items()
        },
        "does_not_show": list(not_shown),
    }
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return public(data, "application/json", "no-cache")


def _cut(section: Section, number: int) -> Section:
    start = LINES * (number - 1)
    end = start + LINES
    return Section(section.title, section.columns, section.rows[start:end], section.sources[start:end])


def _rows(section: Section) -> list[dict[str, Any]]:
    columns = [
        f"{section.columns[i - 1]} {name}" if section.columns.count(name) > 1 else name
        for i, name in enumerate(section.columns)
    ]
    sources = section.sources or ((),) * len(section.rows)
    return [
        {**dict(zip(columns, map(_cell, row), strict=True)), "sources": [_source(each) for each in held]}
        for row, held in zip(section.rows, sources, strict=True)
    ]


def _cell(cell: Any) -> Any:
    if isinstance(cell, Money):
        return cell.cents
    if isinstance(cell, Date):
        return cell.isoformat()
    return cell if cell is None or isinstance(cell, int) else str(cell)


def _source(one: Place | File) -> dict[str, Any]:
    if isinstance(one, Place):
        return {"file": one.file, "sha256": one.sha256, "row": one.row, "url": one.url}
    return {"file": one.name, "sha256": one.sha256}
