# SPDX-License-Identifier: Apache-2.0
"""What a letter cites, from the operator's files to the proof; kept, served, and got back."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections

from fronde import canonical
from fronde.canonical import unb64u
from fronde.citation import Citation
from fronde.site.headers import FOR_EVER
from fronde.site.letters import citations, proof, reading
from fronde.site.letters.models import CitationRow
from fronde.site.signing.alone import Alone
from fronde.site.signing.sequence import keep_house, publish_instance
from tests.citations import NEAREST, RECORD, changed
from tests.site.commands import refused, run
from tests.site.village import FILE, SLUG, Village, client

pytestmark = pytest.mark.usefixtures("own_settings")

CITED = {"award": Citation.make(NEAREST), "frame": Citation.make(RECORD)}
TABLE = '[[citations]]\nid = "award"\nsays = "The order."\nfile = "evidence/award.json"\n\n[rules]'


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A letter file that cites a file beside it."""
    content = FILE.format(least=5, minutes=0, tokens=5, rules="").replace("[rules]", TABLE)
    path = tmp_path / "letter.md"
    path.write_text(content.replace("cancel the contract.\n", "cancel the contract.[^award]\n"))
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "award.json").write_bytes(CITED["award"].data)
    return path


def opened(draft: Path, village: Village) -> tuple[str, ...]:
    return ("letter", "open", str(draft), "--workplace", SLUG, "--data", str(village.folder.path))


def test_a_letter_file_with_a_citation_beside_it_is_opened_and_proved(village: Village, draft: Path, capsys):
    code, _, err = run(capsys, *opened(draft, village))
    assert code == 0, err
    (letter_id,) = reading.letter_ids()
    letter = reading.letter(letter_id)
    assert letter
    (cited,) = letter.citations
    assert (cited["id"], cited["says"]) == ("award", "The order.")
    assert unb64u(cited["digest"]) == CITED["award"].digest
    assert "contract.[^award]" in letter.document["body"]
    step = village.verify(letter).steps[9]
    assert step.detail.startswith(
        "1 citation recomputed: 19,705,037.30 USD obligated, 2 rows, nearest record"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot be read"),
        (b"{}", "v or type is missing"),
        (CITED["award"].data.ljust(2**20 + 5), "at most 1,048,576"),
        (canonical.encode(changed(NEAREST, figure__cents=1)), "its rows sum to 19,705,037.30"),
    ],
)
def test_a_citation_that_does_not_hold_opens_nothing(village: Village, draft: Path, capsys, data, words):
    file = draft.parent / "evidence" / "award.json"
    file.unlink() if data is None else file.write_bytes(data)
    code, _, err = run(capsys, *opened(draft, village))
    assert code == 64
    assert "line 14: evidence/award.json: " in err
    assert words in err
    assert "id: letter-file" in err
    assert reading.letter_ids() == []


def test_the_proof_holds_what_is_served_beside_the_letter(village: Village):
    letter = village.open(cited=CITED)
    with zipfile.ZipFile(proof.letter_zip(letter.id)) as archive:
        for name, citation in CITED.items():
            answer = client().get(f"/letters/{letter.id}/evidence/{name}.json")
            assert answer.content == archive.read(f"evidence/{name}.json") == citation.data
            assert answer["Content-Type"] == "application/json"
            assert answer["Cache-Control"] == FOR_EVER
            assert answer["Access-Control-Allow-Origin"] == "*"
    assert village.verify(letter).exit == 0
    assert len(village.verify(letter).citations) == 2


def test_the_proof_of_a_letter_that_cites_nothing_has_no_evidence(village: Village):
    letter, citing = village.open(), village.open(cited=CITED)
    with zipfile.ZipFile(proof.letter_zip(letter.id)) as archive:
        assert [name for name in archive.namelist() if "evidence" in name] == []
    assert village.verify(letter).steps[9].result == "NONE"
    assert citations.parsed(letter.id) == {}
    assert citations.parsed(citing.id).keys() == CITED.keys()
    assert not (village.folder.letter(letter.id) / "evidence").exists()


@pytest.mark.parametrize("name", ["other.json", "Award.json", "award", "award.csv", "../letter.json", ""])
def test_what_is_not_cited_is_not_there(village: Village, name):
    letter = village.open(cited=CITED)
    assert client().get(f"/letters/{letter.id}/evidence/{name}").status_code == 404
    assert client().get("/letters/aaaaaaaaaaaaaaaa/evidence/award.json").status_code == 404


def test_a_file_that_public_has_lost_is_not_there_until_it_is_written_again(village: Village):
    letter = village.open(cited=CITED)
    path = citations.path(letter.id, "award")
    path.unlink()
    citations.path(letter.id, "frame").write_bytes(b"damaged")
    assert client().get(f"/letters/{letter.id}/evidence/award.json").status_code == 404
    keep_house(village.now, Alone(publish_instance))
    assert path.read_bytes() == CITED["award"].data
    assert citations.path(letter.id, "frame").read_bytes() == CITED["frame"].data


def test_the_published_folder_and_a_copy_of_it_are_checked_as_before(village: Village, capsys, tmp_path):
    letter = village.open(cited=CITED)
    shutil.copytree(village.folder.path / "public", tmp_path / "mirror")
    for place in (village.folder.path, tmp_path / "mirror", tmp_path / "mirror" / "letters" / letter.id):
        code, out, err = run(capsys, "record", "check", str(place))
        assert code in (0, 3), err
        assert f"letters/{letter.id}/record" in out
    copied = tmp_path / "mirror" / "letters" / letter.id / "evidence" / "award.json"
    assert copied.read_bytes() == CITED["award"].data


# -- an old backup came back --------------------------------------------------------------------------------


def the_letter_was_opened_after_the_backup(village: Village):
    village.open()
    connections.close_all()
    backup = village.folder.database.read_bytes()
    letter = village.open(cited=CITED)
    connections.close_all()
    for extra in village.folder.path.glob("fronde.sqlite3-*"):
        extra.unlink()
    village.folder.database.write_bytes(backup)
    return letter


def test_citations_come_back_from_the_public_folder(village: Village, capsys):
    letter = the_letter_was_opened_after_the_backup(village)
    assert CitationRow.objects.count() == 0
    code, _, err = run(capsys, "doctor", "--yes", "--data", str(village.folder.path))
    assert code == 0, err
    assert citations.data(letter.id) == {name: each.data for name, each in CITED.items()}
    assert village.verify(letter).exit == 0


@pytest.mark.parametrize("data", [None, b"{}", canonical.encode(changed(RECORD, question="Which?"))])
def test_without_its_citations_a_letter_cannot_be_restored(village: Village, capsys, data):
    letter = the_letter_was_opened_after_the_backup(village)
    path = citations.path(letter.id, "frame")
    path.unlink() if data is None else path.write_bytes(data)
    assert refused(capsys, "doctor", "--yes", "--data", str(village.folder.path)) == (1, "not-restorable")


def test_a_folder_of_an_earlier_version_can_open_a_letter_that_cites(village: Village, draft: Path, capsys):
    call_command("migrate", "letters", "0001", verbosity=0)
    assert "fronde_citation" not in connection.introspection.table_names()
    code, _, err = run(capsys, *opened(draft, village))
    assert code == 0, err
    assert CitationRow.objects.count() == 1
