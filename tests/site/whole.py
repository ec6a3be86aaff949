# SPDX-License-Identifier: Apache-2.0
"""What has to hold of a data folder whatever happened to its server.

I1 every receipt is in the record, once · I3 every checkpoint that was ever signed is a prefix of the last ·
I4 the root from the files, and from the database, is the signed one · I6 the database is whole.  # trust: 22
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from django.db import connection

from fronde.letter import Letter
from fronde.proof.policy import Policy
from fronde.proof.verify import Trust, verify
from fronde.record import log as public_log
from fronde.record.checkpoint import Checkpoint
from fronde.record.entry import parse_letter
from fronde.record.note import Key, open_note, parse
from fronde.record.tree import leaf_hash, root
from fronde.signature import publish_by, receipt_text
from fronde.site.folder import Folder
from fronde.site.letters import proof
from fronde.site.record import keys, logs, pool, recover


def check_database() -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def stored(letter: Letter) -> list[bytes]:
    """Every `sign` of the letter, waiting or in the log."""
    waiting = [each.entry for each in pool.waiting(letter.id, withdraw=False)]
    return waiting + signs(letter)


def signs(letter: Letter) -> list[bytes]:
    """Every `sign` in the letter's log."""
    return [data for data in logs.entries(letter.id) if parse_letter(data)["type"] == "sign"]


def check_stored(letter: Letter, answered: Iterable[bytes]) -> None:
    """Every leaf that has a receipt is stored, and no key is stored twice."""
    entries = stored(letter)
    assert set(Counter(parse_letter(data)["key"] for data in entries).values()) <= {1}
    assert set(answered) <= set(map(leaf_hash, entries))


def check_receipts(letter: Letter, receipts: dict[bytes, bytes]) -> None:
    """The signs in the log are exactly these leaves, once each, and every receipt is the one of its leaf."""
    assert Counter(map(leaf_hash, signs(letter))) == dict.fromkeys(receipts, 1)
    key = Key.parse(parse_letter(logs.entry(letter.id, 0))["receipt_key"])
    for leaf, receipt in receipts.items():
        text = receipt_text(letter.origin, leaf, publish_by(letter, "sign"))
        assert open_note(receipt, key, exactly_one=True) == text


def promised(folder: Folder) -> list[Checkpoint]:
    """Every checkpoint of this folder that may have been signed: shown, marked, in the database."""
    notes = [logs.head(log).note for log in recover.known()]
    paths = [folder.record(log) / "checkpoint" for log in recover.known()]
    paths += [folder.high_water(log) for log in recover.known()]
    notes += [path.read_bytes() for path in paths if path.exists()]
    return [Checkpoint.parse(parse(note).text) for note in notes if note]


def check_logs(folder: Folder, seen: Iterable[Checkpoint]) -> None:
    """Each log is shown up to its last entry, its files and the database give its signed root.

    Each of the checkpoints `seen` is a prefix of its log.
    """
    origins = {logs.origin(log): log for log in logs.logs()}
    for log in origins.values():
        assert shown(folder, log).size == logs.size(log)
    for old in seen:
        hashes = [leaf_hash(data) for data in logs.entries(origins[old.origin], 0, old.size)]
        assert root(hashes) == old.root


def check_proof(folder: Folder, letter: Letter, signatures: int) -> None:
    """The proof that is served now holds, and counts so many."""
    policy = Policy.parse(folder.policy.read_bytes())
    report = verify(proof.letter_zip(letter.id), Trust(policy=policy))
    assert report.exit == 0, report
    assert report.counts["signatures"] == signatures


def shown(folder: Folder, log: str) -> Checkpoint:
    """The checkpoint that the public files of a log give, all of them read and recomputed."""
    read = public_log.read(files(folder.record(log)), logs.origin(log), keys.public(log))
    assert list(map(leaf_hash, logs.entries(log, 0, read.checkpoint.size))) == list(read.hashes)
    return read.checkpoint


def files(record: Path) -> Callable[[str], bytes]:
    """What a reader fetches of a log."""
    return lambda path: (record / path).read_bytes()
