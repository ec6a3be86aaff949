# SPDX-License-Identifier: Apache-2.0
"""Jūratė, a journalist, counts the signatures herself: in her browser, with a key that she got elsewhere."""

from __future__ import annotations

import base64
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fronde.record.note import fingerprint
from tests.stories.people import Visitor
from tests.stories.server import fronde

DROP = """([data, type]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], 'letter.zip', {type}));
  document.querySelector('#drop').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true}));
}"""


def downloads_the_proof(reader: Visitor, letter: str) -> Path:
    reader.opens(f"/letters/{letter}")
    return reader.saves(lambda: reader.link("Download letter.zip"))


def chooses(reader: Visitor, proof: Path, key: str = "") -> None:
    reader.page.get_by_label("Drop letter.zip here, or choose it").set_input_files(proof)
    reader.type("Whose key do you trust?", key)
    reader.button("Check the file")


def results(page: Page) -> list[str]:
    """OK, FAIL or none of the twelve steps, as they are read."""
    return page.locator("#steps li b").filter(visible=True).all_inner_texts()


@pytest.fixture
def key(village):
    """The key of the instance's log, as a newspaper would print it."""
    return (village.server.data / "policy").read_text().split()[1]


def test_jurate_counts_the_letter_of_the_running_server(visitors, village, key):
    jurate = visitors()
    proof = downloads_the_proof(jurate, village.letter)
    counts = village.counts(village.letter)
    net = counts["signatures"] - counts["withdrawn"]

    # When she checks it with the key that she got elsewhere, and without a network
    jurate.link("Check it in this browser")
    jurate.sees_heading("The file")
    jurate.page.context.set_offline(True)
    chooses(jurate, proof, key)

    # Then she has the number, and what it does not prove stands beside it
    jurate.state("verified")
    withdrawals = "OK" if counts["withdrawn"] else "none"
    assert results(jurate.page) == ["OK"] * 6 + [withdrawals] + ["OK"] * 3 + ["none"] * 2
    jurate.sees(f"{net} verified colleagues stand behind this letter")
    jurate.sees("That a typed name is its signer’s.")
    jurate.sees("no member was invented")

    # And the figure that the letter cites was recomputed here, from the rows of the public record
    figure = jurate.page.locator("#cited li").inner_text()
    assert figure.startswith("The award to Dell Federal Systems")
    assert "19,705,037.30\u00a0USD obligated, 22\u00a0June 2017" in figure
    assert "nearest record: none gives the reported 19,400,000.00\u00a0USD" in figure
    jurate.page.context.set_offline(False)

    # Then the command line says the same
    assert f"{net} colleagues stand under" in fronde("verify", str(proof), "--key", key)


def test_without_a_key_the_file_is_tied_to_nobody(visitors, village, key):
    jurate = visitors()
    proof = downloads_the_proof(jurate, village.letter)
    jurate.opens("/verify")
    chooses(jurate, proof)
    jurate.state("untied")
    jurate.sees("Not tied to anybody: anyone could have made this file")
    jurate.sees(fingerprint(key))  # to be compared in two other places
    assert not jurate.page.get_by_text("Verified.", exact=True).is_visible()

    # When she compares it, and then types the key
    jurate.button("Check another file")
    chooses(jurate, proof, key)
    jurate.state("verified")


def test_a_file_that_was_dropped_is_counted_at_once(visitors, village, key):
    jurate = visitors()
    proof = downloads_the_proof(jurate, village.letter)
    jurate.opens("/verify")
    jurate.type("Whose key do you trust?", key)
    data = base64.b64encode(proof.read_bytes()).decode()
    jurate.page.evaluate(DROP, [data, "application/zip"])
    jurate.state("verified")


def test_a_proof_that_somebody_changed_is_refused_and_the_step_named(visitors, village, key, tmp_path):
    jurate = visitors()
    proof = downloads_the_proof(jurate, village.letter)
    bad = tmp_path / "letter.zip"
    with zipfile.ZipFile(proof) as good, zipfile.ZipFile(bad, "w") as changed:
        for info in good.infolist():
            data = good.read(info)
            changed.writestr(info, data.replace(b"Ines Vandermeer", b"Ines Vandermoor"))
    jurate.opens("/verify")
    chooses(jurate, bad, key)
    jurate.state("refused")
    jurate.sees("Do not quote a number from this file.")
    assert results(jurate.page) == ["OK"] * 4 + ["FAIL"] + ["none"] * 7
    expect(jurate.page.locator("#steps li").nth(4)).to_contain_text("Id:")

    # When it is no proof at all
    jurate.button("Check another file")
    bad.write_bytes(b"not a zip")
    chooses(jurate, bad, key)
    jurate.state("unreadable")
    jurate.sees("Nothing can be said about a number in this file.")


def test_an_earlier_checkpoint_shows_that_nothing_was_taken_away(visitors, village, key, tmp_path):
    jurate = visitors()
    letter = village.server.open_letter()
    early = tmp_path / "checkpoint"
    jurate.opens("/")
    early.write_bytes(jurate.page.request.get("/log/checkpoint").body())
    village.colleagues_sign(letter, 5)
    village.publishes(letter, signatures=5)
    proof = downloads_the_proof(jurate, letter)
    jurate.opens("/verify")
    jurate.page.get_by_text("Compare with an earlier checkpoint").click()
    jurate.page.get_by_label("A checkpoint that you kept").set_input_files(early)
    chooses(jurate, proof, key)
    jurate.state("verified")
    jurate.button("Check another file")
    early.write_text("not a checkpoint")
    jurate.page.get_by_label("A checkpoint that you kept").set_input_files(early)
    chooses(jurate, proof, key)
    jurate.sees_problem("This is not a checkpoint", "Choose a file named checkpoint")
