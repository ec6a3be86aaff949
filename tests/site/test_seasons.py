# SPDX-License-Identifier: Apache-2.0
"""Time passes while a server runs, and while none does: seasons change, letters close.  # spec: 2, 8, 15"""

from __future__ import annotations

import datetime
import secrets

import pytest

from fronde import canonical
from fronde.canonical import b64u
from fronde.record.instance import Instance
from fronde.site import setup
from fronde.site.folder import INSTANCE
from fronde.site.letters.models import LetterRow
from fronde.site.record import publish, store
from fronde.site.signing import slots
from fronde.site.signing.sequence import Sequencer
from tests.site.logbook import read
from tests.site.village import HOST, SLUG, Village, post

JANUARY = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


def published() -> Instance:
    """The instance log as a client reads it, whole and anew."""
    return Instance.replay(HOST, read(INSTANCE).entries)


def blinded(instance: Instance) -> dict[str, str]:
    return {
        b64u(slot.key_id): b64u(secrets.token_bytes(255).rjust(256, b"\0")) for slot in instance.offered(SLUG)
    }


def enrol(village: Village, values: dict[str, str]) -> tuple[int, str]:
    """Status and id of an enrolment with a code that nobody was sent."""
    body = {"v": 1, "type": "enrol", "challenge": b64u(bytes(32)), "code": "0" * 8, "blinded": values}
    answer = post(village.client, f"/w/{SLUG}/enrol", body)
    return answer.status_code, canonical.decode(answer.content)["id"]


def test_a_season_that_changes_under_a_running_server(village: Village):
    letter = village.open()
    members = village.members(20)
    for member in members[:6]:
        village.sign(letter, member)
    village.step()
    signed = village.counts(letter)["signatures"]
    before, asked = published(), blinded(published())
    assert [(slot.number, slot.season) for slot in before.offered(SLUG)] == [
        (1, "2026H2"), (2, "2026H2"), (3, "2027H1"), (4, "2027H1"),
    ]  # fmt: skip
    village.now = JANUARY - datetime.timedelta(seconds=1)
    village.step()
    assert published().size == before.size
    village.now = JANUARY
    village.step()
    # Between two looks it is decided, and not published yet: whoever read the old log is told to read anew.
    assert enrol(village, asked) == (409, "offer")
    village.step()
    after = published()
    assert [(slot.number, slot.season) for slot in after.offered(SLUG)] == [
        (1, "2026H2"), (3, "2027H1"), (4, "2027H1"), (5, "2027H2"), (6, "2027H2"),
    ]  # fmt: skip
    assert after.slots[SLUG, 2].end == "season"
    assert not slots.path_of(after.slots[SLUG, 2]).exists()
    assert enrol(village, blinded(after)) == (403, "code")
    # The bound slot's tokens are as good as before; new members take it too.
    for member in [*members[6:12], *village.members(1)]:
        village.sign(letter, member)
    village.step()
    assert village.counts(letter)["signatures"] > signed
    assert village.verify(letter).exit == 0
    second = village.open()
    assert second.slot == 3
    for member in members[:6]:
        village.sign(second, member)  # with tokens taken last year
    village.step()
    assert village.verify(second).exit == 0
    village.now = letter.closes
    village.step()
    assert published().slots[SLUG, 1].end == "closed"
    assert village.verify(letter).closed


def test_a_change_that_failed_is_tried_again_on_the_same_day(village: Village, monkeypatch):
    village.step()
    village.now = JANUARY
    with monkeypatch.context() as patch:
        patch.setattr(slots, "_generate", lambda count: (_ for _ in ()).throw(OSError("the disk is full")))
        with pytest.raises(OSError, match="full"):
            village.step()
    village.step()  # not four times a second: it may be members/ that is lost
    assert published().offered(SLUG)[-1].season == "2027H1"
    village.wait(minutes=1)
    village.step()
    assert [slot.season for slot in published().offered(SLUG)] == ["2027H1"] * 2 + ["2027H2"] * 2


@pytest.mark.parametrize("late", [datetime.timedelta(), datetime.timedelta(days=400)])
def test_a_letter_whose_close_passes_while_no_server_runs_closes_at_the_next_start(village: Village, late):
    letter = village.open(least=20, minutes=60)
    for member in village.members(7):
        village.sign(letter, member)
    village.now = letter.closes + late
    setup.start()
    store.ready()
    for _ in range(3):
        Sequencer().step(village.now)
    assert village.types(letter) == ["letter.open", *["sign"] * 7, "letter.close"]
    assert LetterRow.objects.get().state == (LetterRow.OVER if late else LetterRow.CLOSED)
    assert published().slots[SLUG, letter.slot].end == "closed"
    assert publish.shown(letter.id)
    report = village.verify(letter)
    assert (report.exit, report.closed) == (0, True)
    assert village.post(letter, "sign", {"v": 1, "type": "post", "entry": {}}).status_code == 422
