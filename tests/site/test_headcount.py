# SPDX-License-Identifier: Apache-2.0
"""A headcount that changes while a letter is open: what that letter states stays true.  # spec: 3, 13.8"""

from __future__ import annotations

import secrets

import pytest

from fronde.errors import Declined
from fronde.letter import Letter
from fronde.site.letters.models import Workplace
from fronde.site.members import enrolment
from fronde.site.record import store
from fronde.site.signing import issue, sequence
from tests.site.commands import refused, run
from tests.site.village import HOST, SLUG, Village

pytestmark = pytest.mark.usefixtures("own_settings")

SOURCE = ("--headcount-source", "annual report 2027")


@pytest.fixture
def change(village: Village, capsys):
    def changing(*words: str) -> tuple[int, str, str]:
        return run(capsys, "workplace", "change", SLUG, *words, "--data", str(village.folder.path))

    return changing


def join(held: list[int]) -> None:
    """Somebody joins; these slots, by number, are held."""
    numbers = {slot.key_id: slot.number for slot in store.instance().offered(SLUG)}
    signatures, kept = issue.issue(
        SLUG, f"{secrets.token_hex(8)}@x", {key: bytes(255) + b"\2" for key in numbers}
    )
    assert [numbers[key] for key in kept] == held
    assert len(signatures) == len(numbers) - len(held)


def issued(letter: Letter, village: Village, entry: int) -> int:
    return village.entries(letter)[entry]["issued"][0]["n"]


def test_a_letter_with_the_smaller_headcount_stays_provable_when_more_people_join(village: Village, change):
    assert change("--headcount", "12", *SOURCE)[0] == 0
    letter = village.open()
    members = village.members(12)
    with pytest.raises(Declined) as full:
        village.members(1)
    assert full.value.name == "headcount"

    assert change("--headcount", "30", *SOURCE)[0] == 0
    for _ in range(8):
        join(held=[letter.slot])
    assert enrolment.issued(SLUG, letter.slot) == 12
    assert enrolment.issued(SLUG, letter.slot + 1) == 20

    later = village.open()
    assert (letter.headcount, later.headcount) == (12, 30)
    assert (issued(letter, village, 0), issued(later, village, 0)) == (0, 20)
    for member in members:
        village.sign(letter, member)
        village.sign(later, member)
    village.step()
    for each, tokens in ((letter, 12), (later, 20)):
        sequence.close_letter(each.id)
        assert village.counts(each)["signatures"] == 12
        assert issued(each, village, -1) == tokens
        report = village.verify(each)
        assert report.exit == 0, report


def test_who_joined_before_gets_the_same_answer_when_the_letter_s_headcount_is_reached(
    village: Village, change
):
    change("--headcount", "12", *SOURCE)
    village.open()
    keys = [slot.key_id for slot in store.instance().offered(SLUG)]
    asked = {key: bytes(255) + b"\3" for key in keys}
    first = issue.issue(SLUG, "anne@x", asked)
    village.members(11)
    change("--headcount", "30", *SOURCE)
    assert issue.issue(SLUG, "anne@x", asked) == first
    assert first[1] == []


def test_a_letter_without_headcount_gives_tokens_to_all_who_join_later(village: Village, change):
    Workplace.objects.update(headcount=None, headcount_source="")
    letter = village.open()
    village.members(6)
    assert change("--headcount", "6", *SOURCE)[0] == 0
    with pytest.raises(Declined):
        village.members(1)
    assert change("--headcount", "7", *SOURCE)[0] == 0
    village.members(1)
    assert enrolment.issued(SLUG, letter.slot) == 7
    assert village.verify(letter).exit == 0


def test_a_headcount_below_those_who_joined_is_refused_and_nothing_changes(village: Village, change):
    village.members(6)
    code, _, err = change("--headcount", "5", *SOURCE, "--name", "Other")
    assert code == 1
    assert f"6 members have joined {SLUG}: a headcount of 5 is less than that." in err
    assert "  id: headcount-below" in err
    place = Workplace.objects.get()
    assert (place.name, place.headcount) == ("Meridian", 400)
    assert change("--headcount", "6", *SOURCE)[0] == 0


def test_nobody_joins_between_the_count_and_the_change(village: Village):
    village.members(5)
    with enrolment.counting(SLUG) as joined:
        assert joined == 5
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(enrolment, "TIMEOUT", 0.01)
            with pytest.raises(Exception, match="written") as busy:
                village.members(1)
    assert busy.value.name == "members-unwritable"
    assert enrolment.issued(SLUG, 1) == 5


def test_without_the_rows_of_members_no_headcount_is_changed(village: Village, change):
    (village.folder.members / "enrolment.sqlite3").unlink()
    code, _, err = change("--headcount", "500", *SOURCE)
    assert code == 1
    assert "  id: members-lost" in err
    assert change("--name", "Meridian Group")[0] == 0
    place = Workplace.objects.get()
    assert (place.name, place.headcount) == ("Meridian Group", 400)


def test_another_name_stands_in_later_letters(village: Village, change):
    first = village.open()
    code, out, _ = change("--name", "Meridian Group")
    assert code == 0
    assert "Meridian Group; headcount 400 (annual report, page 3)." in out
    second = village.open()
    assert [letter.document["workplaces"][0]["name"] for letter in (first, second)] == [
        "Meridian", "Meridian Group",
    ]  # fmt: skip
    assert village.client.get(f"/w/{SLUG}.json", headers={"host": HOST}).json()["name"] == "Meridian Group"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([SLUG], (64, "workplace")),
        ([SLUG, "--headcount", "0", *SOURCE], (64, "workplace")),
        ([SLUG, "--headcount", "-3", *SOURCE], (64, "workplace")),
        ([SLUG, "--headcount", "9" * 30, *SOURCE], (64, "workplace")),
        ([SLUG, "--headcount", "500"], (64, "workplace")),
        ([SLUG, *SOURCE], (64, "workplace")),
        ([SLUG, "--name", ""], (64, "workplace")),
        ([SLUG, "--name", "x" * 201], (64, "workplace")),
        (["nowhere", "--name", "Nowhere"], (1, "no-workplace")),
    ],
)
def test_a_wrong_change_is_refused_whole(village: Village, capsys, words, expected):
    before = Workplace.objects.values().get()
    assert refused(capsys, "workplace", "change", *words, "--data", str(village.folder.path)) == expected
    assert Workplace.objects.values().get() == before
