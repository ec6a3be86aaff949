# SPDX-License-Identifier: Apache-2.0
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.client.keep import Keep, KeptInstance, KeptLetter, Post, Unkept
from fronde.errors import Refused

ORIGIN = "rome.example/log"


def full():
    return KeptInstance(
        vkey="rome.example/log+00000000+AA",
        seed=bytes(16),
        addresses=["https://rome.example"],
        checkpoint=b"note\n",
        tokens={"meridian": {1: bytes(354), 12: b"\1" * 354}},
        letters={"abc": KeptLetter(b"note 2\n", {"sign": Post(b"{}", b"receipt")}, {"withdraw": 3})},
    )


def test_what_was_saved_is_there_again(tmp_path):
    keep = Keep(tmp_path / "new" / "folder" / "keep.json")
    keep.instances[ORIGIN] = full()
    keep.instances["bare/log"] = KeptInstance("k")
    keep.save()
    assert Keep(keep.path).instances == {ORIGIN: full(), "bare/log": KeptInstance("k")}


def test_the_file_is_for_its_owner_alone(tmp_path):
    keep = Keep(tmp_path / "folder" / "keep.json")
    keep.instances[ORIGIN] = full()
    keep.save()
    keep.save()
    assert keep.path.stat().st_mode & 0o777 == 0o600
    assert keep.path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(keep.path.parent) == ["keep.json"]


def test_a_missing_file_is_an_empty_one(tmp_path):
    assert Keep(tmp_path / "none").instances == {}


def test_a_seed_is_drawn_once_and_is_on_the_disk_at_once(tmp_path):
    keep = Keep(tmp_path / "keep.json")
    keep.instances[ORIGIN] = KeptInstance("k")
    keep.draw_seed(keep.instances[ORIGIN])
    seed = keep.instances[ORIGIN].seed
    keep.draw_seed(keep.instances[ORIGIN])
    assert len(seed) == 16
    assert keep.instances[ORIGIN].seed == seed == Keep(keep.path).instances[ORIGIN].seed


def test_two_writers_do_not_take_each_others_seed(tmp_path):
    one, two = Keep(tmp_path / "keep.json"), Keep(tmp_path / "keep.json")
    for keep in (one, two):
        keep.instances[ORIGIN] = KeptInstance("k")
    one.draw_seed(one.instances[ORIGIN])
    with pytest.raises(Unkept, match="changed by another"):
        two.draw_seed(two.instances[ORIGIN])
    assert Keep(one.path).instances == one.instances


def test_words_do_not_replace_a_seed_that_is_in_use(tmp_path):
    keep = Keep(tmp_path / "keep.json")
    keep.instances[ORIGIN] = full()
    with pytest.raises(Refused) as caught:
        keep.restore(keep.instances[ORIGIN], b"\1" * 16)
    assert caught.value.name == "other-words"
    keep.restore(keep.instances[ORIGIN], full().seed)
    assert Keep(keep.path).instances[ORIGIN] == full()


def test_words_replace_a_seed_that_was_never_used(tmp_path):
    keep = Keep(tmp_path / "keep.json")
    keep.instances[ORIGIN] = KeptInstance("k", seed=bytes(16))
    keep.restore(keep.instances[ORIGIN], b"\1" * 16)
    assert Keep(keep.path).instances[ORIGIN].seed == b"\1" * 16


def test_an_instance_is_found_by_each_of_its_addresses(tmp_path):
    keep = Keep(tmp_path / "keep.json")
    keep.instances[ORIGIN] = KeptInstance("k", addresses=["https://rome.example", "http://abc.onion"])
    assert keep.at("http://abc.onion") is keep.instances[ORIGIN]
    assert keep.at("https://paris.example") is None


@given(st.binary(min_size=1, max_size=200))
def test_any_other_file_is_left_alone(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("keep") / "keep.json"
    path.write_bytes(data)
    with pytest.raises(Unkept):
        Keep(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"type": "letter"},
        {"instances": {ORIGIN: {"vkey": "k"}}},
        {"instances": {ORIGIN: {"vkey": "k", "addresses": [], "tokens": {}, "letters": {}, "seed": "AA"}}},
        {"instances": {ORIGIN: {"vkey": "k", "addresses": [], "tokens": {}, "letters": {}, "checkpoint": 1}}},
        {"instances": {ORIGIN: {"vkey": "k", "addresses": [], "tokens": {"w": {"0": "AA"}}, "letters": {}}}},
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, change):
    path = tmp_path / "keep.json"
    document = {"v": 1, "type": "keep", "instances": {}} | change
    path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")))
    with pytest.raises(Unkept):
        Keep(path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(Unkept, match="cannot be read"):
        Keep(tmp_path)


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    keep = Keep(tmp_path / "keep.json")
    keep.path = tmp_path / "file" / "below.json"
    keep.path.parent.symlink_to(tmp_path / "nowhere" / "at-all")
    with pytest.raises(Unkept, match="cannot be written"):
        keep.save()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    keep = Keep(tmp_path / "keep.json")
    keep.instances[ORIGIN] = full()
    keep.save()

    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    keep.instances.clear()
    with pytest.raises(Unkept, match="No space left"):
        keep.save()
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["keep.json"]
    assert Keep(keep.path).instances == {ORIGIN: full()}


def test_where_the_file_lies():
    home = os.path.expanduser("~")
    assert str(Keep.default({})) == f"{home}/.local/share/fronde/member.json"
    assert str(Keep.default({"XDG_DATA_HOME": "/x"})) == "/x/fronde/member.json"
    assert str(Keep.default({"XDG_DATA_HOME": "relative"})) == f"{home}/.local/share/fronde/member.json"
    assert str(Keep.default({"XDG_DATA_HOME": "/x", "FRONDE_KEEP": "/y/z"})) == "/y/z"


def test_keep_wins_over_the_environment(tmp_path):
    assert Keep.open(str(tmp_path / "a"), {"FRONDE_KEEP": str(tmp_path / "b")}).path == tmp_path / "a"
