# SPDX-License-Identifier: Apache-2.0
"""Whether keys/ holds what this folder was made with: another key must never sign on.  # spec: 7, 8"""

from __future__ import annotations

import contextlib
import re
import shutil

from fronde.errors import FrondeError, Stopped
from fronde.letter import Letter
from fronde.proof.policy import Policy
from fronde.record.entry import parse_letter
from fronde.record.note import Key, Signer
from fronde.site.folder import INSTANCE, Folder
from fronde.site.letters.models import LetterRow

from . import logs

LETTER = re.compile(r"[a-z2-7]{16}")


def check(log: str) -> None:
    """Whether a log is signed with the key that is published. Raises Stopped: key-missing, key-other."""
    _same(log, "the log", logs.signer(log).vkey, _log_key(log))


def check_receipts(letter_id: str) -> None:
    """The same of the key that signs a letter's receipts."""
    seed = logs.seed(letter_id, Folder.current().receipt_key(letter_id))
    host = logs.origin(INSTANCE).removesuffix("/log")
    _same(letter_id, "the receipts", Signer(f"{host}/receipts", seed).vkey, _receipt_key(letter_id))


def public(log: str) -> Key:
    """What a log's checkpoints are checked with: of a letter also when the key that signs them is lost.

    Raises Stopped where neither is there.
    """
    published = _log_key(log) if log != INSTANCE else []
    return Key.parse(published[0]) if published else logs.signer(log).key


def _same(log: str, what: str, vkey: str, published: list[str]) -> None:
    if published and vkey not in published:
        raise Stopped(
            f"keys/ holds another key for {what} of {log} than the one that is published.",
            hint="Put keys/ of this instance back: a record has one key for ever.",
            name="key-other",
        )


def _log_key(log: str) -> list[str]:
    """What is published of a log's key: in the policy, in the letter; empty where that is lost."""
    folder = Folder.current()
    with contextlib.suppress(OSError, FrondeError):
        if log == INSTANCE:
            return [
                key.vkey for key in Policy.parse(folder.policy.read_bytes()).log_keys(logs.origin(INSTANCE))
            ]
        row = LetterRow.objects.filter(id=log).first()
        data = bytes(row.data) if row else (folder.letter(log) / "letter.json").read_bytes()
        letter = Letter.parse(data)
        return [letter.log_key] if letter.id == log else []
    return []


def _receipt_key(letter_id: str) -> list[str]:
    with contextlib.suppress(FrondeError):
        return [parse_letter(first)["receipt_key"] for first in logs.entries(letter_id, 0, 1)]
    return []


def letters() -> list[str]:
    """The letters whose keys are here."""
    here = (Folder.current().keys / "letters").glob("*")
    return sorted(path.name for path in here if LETTER.fullmatch(path.name))


def remove(letter_id: str) -> None:
    """Removes the keys of a letter that was never opened."""
    shutil.rmtree(Folder.current().log_key(letter_id).parent)
