# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde import canonical
from fronde.errors import Stopped
from fronde.record import entry
from fronde.site.folder import INSTANCE, Folder
from fronde.site.letters.models import LetterRow, Workplace
from fronde.site.members import enrolment
from fronde.site.record import store
from fronde.site.signing import issue, slots
from fronde.site.signing.issuer_key import IssuerKey
from fronde.site.signing.slots import Season
from tests.examples import DOCUMENT
from tests.site import issuing
from tests.site.issuing import FEW, HOST, NOW, SLUG

NEXT_YEAR = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def data(tmp_path, monkeypatch) -> Iterator[Folder]:
    with issuing.instance(tmp_path / "data", monkeypatch) as folder:
        yield folder


def there() -> list[tuple[int, str, str | None]]:
    """(number, season, end) of every slot."""
    return [(slot.number, slot.season, slot.end) for slot in store.instance().slots.values()]


def files(data: Folder) -> set[str]:
    return {path.name for path in (data.members / "slots").iterdir()}


def live() -> set[str]:
    return {slot.key_id.hex() for slot in store.instance().slots.values() if slot.end is None}


def bind(letter: str = "a" * 16) -> int:
    """Binds the lowest free slot to a letter."""
    slot = store.instance().lowest_unbound(SLUG)
    index = store.write(lambda: store.append(INSTANCE, [entry.slot_bind(SLUG, slot.number, bytes(32))]))
    data = canonical.encode(DOCUMENT)
    LetterRow.objects.create(
        id=letter, workplace=SLUG, slot=slot.number, data=data, bind=index, nonce=b"", issued=0, state="open"
    )
    return slot.number


def end(number: int, why: str) -> None:
    store.write(lambda: store.append(INSTANCE, [entry.slot_end(SLUG, number, why)]))


# -- seasons


@pytest.mark.parametrize(
    ("moment", "name", "ends"),
    [
        ("2026-01-01T00:00:00+00:00", "2026H1", "2026-07-01T00:00:00+00:00"),
        ("2026-06-30T23:59:59+00:00", "2026H1", "2026-07-01T00:00:00+00:00"),
        ("2026-07-01T00:00:00+00:00", "2026H2", "2027-01-01T00:00:00+00:00"),
        ("2026-12-31T23:59:59+00:00", "2026H2", "2027-01-01T00:00:00+00:00"),
        ("2027-01-01T00:30:00+01:00", "2026H2", "2027-01-01T00:00:00+00:00"),  # Paris is an hour ahead
    ],
)
def test_a_season_is_half_a_year_of_utc(moment, name, ends):
    season = Season.at(datetime.datetime.fromisoformat(moment))
    assert season.name == name
    assert season.ends == datetime.datetime.fromisoformat(ends)


@given(st.integers(0, 32_000_000_000))
def test_every_moment_lies_in_its_season_and_the_next_follows(second):
    moment = datetime.datetime.fromtimestamp(second, datetime.UTC)
    season = Season.at(moment)
    assert moment < season.ends
    assert Season.at(season.ends) == season.next
    assert Season.at(season.ends - datetime.timedelta(seconds=1)) == season
    assert season < season.next
    assert Season.named(season.name) == season


# -- made


def test_two_seasons_are_made_in_order(data):
    assert slots.ensure_seasons(NOW) == 2 * FEW
    assert there() == [
        (number, "2026H2" if number <= FEW else "2027H1", None) for number in range(1, 2 * FEW + 1)
    ]


@pytest.mark.usefixtures("data")
def test_a_real_season_has_twenty_four_slots_with_keys_of_their_own(monkeypatch):
    monkeypatch.undo()
    assert slots.SLOTS == 24
    assert slots.ensure_seasons(NOW) == 48
    assert Counter(slot.season for slot in store.instance().slots.values()) == {"2026H2": 24, "2027H1": 24}
    assert len({slot.spki for slot in store.instance().slots.values()}) == 48
    slots.check()


@pytest.mark.usefixtures("data")
def test_what_is_there_is_not_made_again():
    slots.ensure_seasons(NOW)
    size = store.size(INSTANCE)
    assert slots.ensure_seasons(NOW) == 0
    assert store.size(INSTANCE) == size


@pytest.mark.usefixtures("data")
def test_every_workplace_counts_its_own_numbers():
    slots.ensure_seasons(NOW)
    Workplace.objects.create(
        slug="acme", name="Acme", domains=["acme.example"], shape="", headcount_source=""
    )
    assert slots.ensure_seasons(NOW) == 2 * FEW
    assert [slot.number for slot in store.instance().offered("acme")] == list(range(1, 2 * FEW + 1))


def test_a_slot_has_its_key_in_a_file_of_its_own(data):
    slots.ensure_seasons(NOW)
    assert files(data) == live()
    for slot in store.instance().slots.values():
        assert slots.path_of(slot).stat().st_mode & 0o777 == 0o600
        assert IssuerKey.load(slots.path_of(slot)).public.spki == slot.spki
    assert (data.members / "slots").stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("data")
def test_the_log_names_the_host_as_issuer():
    slots.ensure_seasons(NOW)
    made = [entry.parse_instance(each) for each in store.entries(INSTANCE)]
    assert {each["issuer"] for each in made} == {HOST}
    assert {each["type"] for each in made} == {"slot.new"}


def test_keys_are_on_the_disk_before_the_log_names_them(data, monkeypatch):
    seen = []
    append = store.append

    def spy(log, entries):
        seen.append((len(files(data)), len(entries)))
        return append(log, entries)

    monkeypatch.setattr(store, "append", spy)
    slots.ensure_seasons(NOW)
    assert seen == [(2 * FEW, 2 * FEW)]


def test_a_crash_before_the_commit_leaves_keys_that_the_sweep_destroys(data, monkeypatch):
    def crash(log, entries):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(store, "append", crash)
        with pytest.raises(RuntimeError):
            slots.ensure_seasons(NOW)
    assert len(files(data)) == 2 * FEW
    assert there() == []
    slots.sweep()
    assert files(data) == set()
    slots.ensure_seasons(NOW)
    slots.check()


def test_two_that_make_seasons_at_once_make_them_once(data, monkeypatch):
    drawn = slots._generate

    def meanwhile(count):
        monkeypatch.setattr(slots, "_generate", drawn)
        slots.ensure_seasons(NOW)  # another process was faster
        return drawn(count)

    monkeypatch.setattr(slots, "_generate", meanwhile)
    assert slots.ensure_seasons(NOW) == 0
    assert len(there()) == 2 * FEW
    assert files(data) == live()


# -- ended


def test_a_season_ends_with_its_unbound_slots(data):
    slots.ensure_seasons(NOW)
    bound = bind()
    issue.issue(SLUG, "anne@x", issuing.blinded())
    assert slots.end_season(NEXT_YEAR) == FEW - 1
    assert [(n, e) for n, s, e in there() if s == "2026H2"] == [(1, None), (2, "season"), (3, "season")]
    assert all(e is None for _, s, e in there() if s == "2027H1")
    assert files(data) == live()
    assert [enrolment.issued(SLUG, n) for n in (bound, 2, 3, 4)] == [1, 0, 0, 1]


@pytest.mark.usefixtures("data")
def test_a_season_that_is_not_over_does_not_end():
    slots.ensure_seasons(NOW)
    assert slots.end_season(NEXT_YEAR - datetime.timedelta(seconds=1)) == 0
    assert all(e is None for _, _, e in there())


@pytest.mark.usefixtures("data")
def test_a_season_ends_once_and_the_next_but_one_is_made():
    slots.ensure_seasons(NOW)
    slots.end_season(NEXT_YEAR)
    assert slots.end_season(NEXT_YEAR) == 0
    assert slots.ensure_seasons(NEXT_YEAR) == FEW
    assert {s for _, s, e in there() if e is None} == {"2027H1", "2027H2"}
    assert [n for n, s, _ in there() if s == "2027H2"] == [7, 8, 9]


@pytest.mark.usefixtures("data")
def test_a_server_that_slept_for_years_catches_up():
    slots.ensure_seasons(NOW)
    late = datetime.datetime(2029, 3, 1, tzinfo=datetime.UTC)
    assert slots.end_season(late) == 2 * FEW
    assert slots.ensure_seasons(late) == 2 * FEW
    assert {s for _, s, e in there() if e is None} == {"2029H1", "2029H2"}


def test_a_closed_slot_is_destroyed(data):
    slots.ensure_seasons(NOW)
    number = bind()
    issue.issue(SLUG, "anne@x", issuing.blinded())
    end(number, "closed")
    slots.sweep()
    assert files(data) == live()
    assert (enrolment.issued(SLUG, number), enrolment.issued(SLUG, number + 1)) == (0, 1)


def test_a_closed_slot_is_not_made_again(data):
    slots.ensure_seasons(NOW)
    end(bind(), "closed")
    assert slots.ensure_seasons(NOW) == 0


def test_the_key_of_an_ended_slot_is_overwritten(data, monkeypatch):
    slots.ensure_seasons(NOW)
    number = bind()
    path = slots.path_of(store.instance().slots[SLUG, number])
    with path.open("rb") as still_open:
        pem = still_open.read()
        end(number, "closed")
        slots.sweep()
        still_open.seek(0)
        assert still_open.read() != pem
    assert not path.exists()


# -- burned


def test_a_burn_ends_every_slot_and_makes_new_ones(data):
    slots.ensure_seasons(NOW)
    bind()
    old = files(data)
    assert slots.burn(NOW) == 2 * FEW
    ends = there()
    assert [e for n, _, e in ends if n <= 2 * FEW] == ["burned"] * (2 * FEW)
    assert [(n, s) for n, s, e in ends if e is None] == [
        (n, "2026H2" if n <= 3 * FEW else "2027H1") for n in range(2 * FEW + 1, 4 * FEW + 1)
    ]
    assert files(data) == live()
    assert not old & files(data)
    slots.check()


def test_a_burn_destroys_pepper_and_rows(data):
    slots.ensure_seasons(NOW)
    issue.issue(SLUG, "anne@x", issuing.blinded())
    pepper = (data.members / "pepper").read_bytes()
    slots.burn(NOW)
    assert (data.members / "pepper").read_bytes() != pepper
    assert enrolment.issued(SLUG, 1) == 0


@pytest.mark.usefixtures("data")
def test_a_burn_keeps_how_many_tokens_an_open_letter_has_out():
    slots.ensure_seasons(NOW)
    number = bind()
    for who in ("anne@x", "bob@x", "eve@x"):
        issue.issue(SLUG, who, issuing.blinded())
    slots.burn(NOW)
    assert LetterRow.objects.get(slot=number).issued == 3


def test_a_burn_never_lowers_that_count(data):
    slots.ensure_seasons(NOW)
    bind()
    LetterRow.objects.update(issued=7)
    (data.members / "enrolment.sqlite3").unlink()
    slots.burn(NOW)
    assert LetterRow.objects.get().issued == 7


@pytest.mark.usefixtures("data")
def test_after_a_burn_a_member_takes_the_new_tokens():
    slots.ensure_seasons(NOW)
    issue.issue(SLUG, "anne@x", issuing.blinded())
    slots.burn(NOW)
    signatures, held = issue.issue(SLUG, "anne@x", issuing.blinded())
    assert (len(signatures), held) == (2 * FEW, [])


@pytest.mark.parametrize("lost", ["pepper", "enrolment.sqlite3", "slots", "members"])
def test_a_burn_repairs_what_was_lost(data, lost):
    slots.ensure_seasons(NOW)
    lose(data, lost)
    with pytest.raises(Stopped):
        slots.check()
    slots.burn(NOW)
    slots.check()
    assert len(issue.issue(SLUG, "anne@x", issuing.blinded())[0]) == 2 * FEW


def lose(data: Folder, what: str) -> None:
    path = data.members if what == "members" else data.members / what
    if path.is_dir():
        for file in sorted(path.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        path.rmdir()
    else:
        path.unlink()


def test_a_burn_that_was_killed_is_done_again(data, monkeypatch):
    slots.ensure_seasons(NOW)

    def killed():
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(enrolment, "create", killed)
        with pytest.raises(KeyboardInterrupt):
            slots.burn(NOW)
    assert live() == set()
    assert len(files(data)) == 2 * FEW  # the keys are still there
    assert slots.burn(NOW) == 0
    assert files(data) == live()
    assert len(live()) == 2 * FEW
    slots.check()


# -- lost


@pytest.mark.usefixtures("data")
def test_a_missing_key_stops_issuing_and_names_the_slot():
    slots.ensure_seasons(NOW)
    slots.path_of(store.instance().slots[SLUG, 4]).unlink()
    with pytest.raises(Stopped) as why:
        slots.check()
    assert why.value.name == "issuer-key"
    assert f"slot 4 of {SLUG}" in why.value.message
    assert "fronde doctor" in why.value.hint


@pytest.mark.usefixtures("data")
def test_the_key_of_an_ended_slot_is_not_missed():
    slots.ensure_seasons(NOW)
    number = bind()
    end(number, "closed")
    slots.sweep()
    slots.check()


def test_the_name_of_a_key_file_is_the_key_id(data):
    slots.ensure_seasons(NOW)
    slot = store.instance().slots[SLUG, 1]
    assert slots.path_of(slot).name == hashlib.sha256(slot.spki).hexdigest()
