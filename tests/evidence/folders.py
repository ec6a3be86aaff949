# SPDX-License-Identifier: Apache-2.0
"""Evidence folders for tests: files in, rows out."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from fronde.evidence import store

SAMPLE = Path(__file__).parent / "sample" / "transactions.csv"

HEADER = (
    "award_id_piid", "modification_number", "transaction_number", "parent_award_agency_id", "parent_award_id",
    "federal_action_obligation", "action_date", "awarding_sub_agency_code", "awarding_sub_agency_name",
    "recipient_duns", "recipient_name", "recipient_country_code", "award_or_idv_flag", "award_description",
)  # fmt: skip


def action(piid: str = "EX1", amount: str = "10", day: str = "2018-01-15", **more: str) -> dict[str, str]:
    """A row of an extract of 2018."""
    row = {
        "award_id_piid": piid, "modification_number": "0", "federal_action_obligation": amount,
        "action_date": day, "awarding_sub_agency_code": "7012", "awarding_sub_agency_name": "ICE OFFICE",
        "recipient_duns": "2000001", "recipient_name": "HALCYON", "recipient_country_code": "USA",
        "award_description": "CHAIRS",
    }  # fmt: skip
    return {**row, **more}


def table(*rows: dict[str, str], header: tuple[str, ...] = HEADER, **dialect: Any) -> str:
    """The text of a CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n", **dialect)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def put(folder: Path, content: str | bytes, name: str = "file.csv") -> Path:
    """A file beside an evidence folder."""
    path = folder.parent / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def take(folder: Path, *files: Path | str | bytes) -> list[store.Account]:
    """Imports; the accounts of what is new."""
    paths = [
        each if isinstance(each, Path) else put(folder, each, f"file{i}.csv") for i, each in enumerate(files)
    ]
    return list(store.import_files(folder, paths, store.About()).accounts)


def ask(folder: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of the present file."""
    with store.Evidence(folder).reading() as connection:
        return connection.execute(sql, list(values)).fetchall()


def everything(folder: Path) -> str:
    """All text that the tables hold, in one string."""
    with store.Evidence(folder).reading() as connection:
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        return "\n".join(repr(connection.execute(f"FROM {name}").fetchall()) for name in names)
