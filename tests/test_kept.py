# SPDX-License-Identifier: Apache-2.0
"""What a server keeps cannot tell who signed: on the raw bytes of its data folder, after a campaign.

The campaign is real (tests/campaign.py); what is looked for stands in tests/leaks.py and tests/orders.py.
Leaks that a careless change could bring in are planted, and must be found by the same checks.
# trust: 2, 3, 10, 11
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import campaign, leaks, orders
from tests.campaign import Town
from tests.seizure import Seizure, Truth

Scene = tuple[Seizure, Truth]
pytestmark = pytest.mark.xdist_group("kept")  # one town for all of them


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A hundred members have enrolled; a letter is open."""
    return campaign.found(tmp_path_factory.mktemp("town") / "data")


@pytest.fixture(scope="module")
def honest(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The folder of an honest server, seized while some signatures wait."""
    return campaign.play(town, tmp_path_factory.mktemp("honest") / "data")


def test_nothing_on_the_disk_joins_a_signature_to_an_enrolment(honest: Scene) -> None:
    assert leaks.findings(*honest) == {}


def test_the_campaign_was_one_and_its_bytes_are_where_they_are_looked_for(honest: Scene) -> None:
    seized, truth = honest
    waiting = [each for each in truth.signed if each.batch is None]
    assert len(truth.enrolled) == campaign.MEMBERS
    assert len(truth.published) == campaign.BATCHES * campaign.BATCH
    assert len(waiting) == 1 + campaign.WAITING
    for some in (waiting, [each for _, each in truth.published]):
        assert {bool(each.name) for each in some} == {each.withdrawn for each in some} == {True, False}
    covered = orders.covered(seized, truth)
    assert {f"{form} fronde.sqlite3" for form in ("keys", "written keys", "written tokens")} < covered
    assert "rows members/enrolment.sqlite3" in covered
    assert any(where.startswith("leaves public/letters/") for where in covered)


def test_nothing_tells_when_or_in_which_order_members_came_after_the_night(town: Town) -> None:
    assert leaks.findings(*town.night) == {}
    assert orders.covered(*town.night) == {"rows members/enrolment.sqlite3"}


def test_on_the_day_only_the_order_of_enrolments_stands_on_the_disk(town: Town) -> None:
    assert leaks.findings(*town.day).keys() <= {"order of enrolments"}  # docs/kept.md says so


@pytest.mark.parametrize(
    ("plant", "found_by"),
    [
        ("rowid", {"rowids", "order of files", "order of tables"}),
        ("time", {"times"}),
        ("unsorted", {"order of files", "order of tables"}),
    ],
)
def test_a_leak_that_is_planted_in_the_server_is_found(
    town: Town, tmp_path: Path, plant: str, found_by: set[str]
) -> None:
    seized, truth = campaign.play(town, tmp_path / "data", "--plant", plant)
    assert found_by <= leaks.findings(seized, truth).keys()


# -- leaks written into what was seized ---------------------------------------------------------------------


def _file(seized: Seizure, name: str, data: bytes) -> Seizure:
    return replace(seized, files={**seized.files, name: data})


def _more(seized: Seizure, name: str, data: bytes) -> Seizure:
    """Where the file has free bytes."""
    return _file(seized, name, seized.files[name] + data)


def _moments(truth: Truth) -> Iterator[float]:
    yield from (truth.since + (truth.until - truth.since) * part for part in (0.2, 0.5, 0.8))


def _iso(moment: float) -> bytes:
    return datetime.fromtimestamp(moment, UTC).isoformat().encode()


Leak = Callable[[Seizure, Truth], Seizure]
WRITTEN: dict[str, tuple[str, Leak]] = {
    "a log with a mailbox": (
        "identities",
        lambda seized, truth: _file(seized, "serve.log", truth.enrolled[7].mailbox.encode()),
    ),
    "the hash of a mailbox without the pepper": (
        "identities",
        lambda seized, truth: _more(seized, "fronde.sqlite3", leaks.hashed(truth.enrolled[7].mailbox)),
    ),
    "a code": ("identities", lambda seized, truth: _more(seized, "policy", truth.enrolled[3].code.encode())),
    "a blinded value": (
        "identities",
        lambda seized, truth: _more(seized, "members/enrolment.sqlite3", truth.enrolled[3].sent[1]),
    ),
    "a user agent": (
        "identities",
        lambda seized, truth: _more(seized, "fronde.sqlite3-wal", truth.signed[3].agent.encode()),
    ),
    "a name that was taken back, in a free page": (
        "identities",
        lambda seized, truth: _more(
            seized,
            "fronde.sqlite3",
            next(each.name for each in truth.signed if each.withdrawn and each.name).encode(),
        ),
    ),
    "a row of members beside the signatures": (
        "joins",
        lambda seized, truth: _more(seized, "fronde.sqlite3", truth.enrolled[9].row[0]),
    ),
    "a key beside the members": (
        "joins",
        lambda seized, truth: _more(seized, "members/enrolment.sqlite3", truth.signed[9].key),
    ),
    "a file for each key": (
        "dates",
        lambda seized, truth: replace(seized, dates={"spent/1": (truth.until - 1, truth.until - 1)}),
    ),
    "times as floats": (
        "times",
        lambda seized, truth: _more(
            seized, "fronde.sqlite3", b"".join(struct.pack(">d", moment) for moment in _moments(truth))
        ),
    ),
    "times in milliseconds, the wrong way round": (
        "times",
        lambda seized, truth: _more(
            seized, "policy", b"".join(int(moment * 1000).to_bytes(8, "little") for moment in _moments(truth))
        ),
    ),
    "a time in words": (
        "times",
        lambda seized, truth: _more(seized, "policy", _iso(next(_moments(truth)))),
    ),
    "a time in digits": (
        "times",
        lambda seized, truth: _more(seized, "policy", b" %d " % next(_moments(truth))),
    ),
    "rows in the order in which members came": (
        "order of enrolments",
        lambda seized, truth: _file(
            seized, "members/enrolment.sqlite3", b"".join(each.row[0] for each in truth.enrolled)
        ),
    ),
    "keys in the order in which their members enrolled": (
        "order of files",
        lambda seized, truth: _file(
            seized,
            "fronde.sqlite3",
            b"".join(each.key for each in sorted(truth.signed, key=lambda each: each.member)),
        ),
    ),
}


@pytest.mark.parametrize("leak", WRITTEN)
def test_a_leak_that_is_written_into_what_was_seized_is_found(honest: Scene, leak: str) -> None:
    seized, truth = honest
    check, write = WRITTEN[leak]
    assert list(leaks.CHECKS[check](write(seized, truth), truth))
