# SPDX-License-Identifier: Apache-2.0
"""Mathilde signs by name, in French, and later takes her name off the page."""

from __future__ import annotations

import re

NAME = "Mathilde Œillet-N’Guyen"
NOTE = "ingénierie du stockage, à Évry ; quinze ans ici"
WAY_OUT = "Type one of 1 to 80 characters, none of them invisible"


def test_mathilde_signs_by_name_and_her_name_leaves_at_once(visitors, village):
    letter = village.server.open_letter("Dites-nous à qui nous vendons", lang="fr")
    mathilde = visitors(locale="fr")

    # Given that she has joined, in French
    mathilde.opens("/w/meridian/join")
    mathilde.village.postman.expect("mathilde.oeillet@meridian.example")
    mathilde.type("Adresse de travail", "mathilde.oeillet@meridian.example")
    mathilde.button("Envoyez-moi un code")
    mathilde.sees_heading("Saisissez le code")
    mathilde.type("Code", mathilde.reads_the_mail("mathilde.oeillet@meridian.example"))
    mathilde.button("Continuer")
    mathilde.sees("C’est fait. Ce navigateur peut signer.")

    # When she chooses to sign with her name and a line about her work
    mathilde.opens(f"/letters/{letter}/sign")
    mathilde.sees_heading("Comment voulez\u2011vous signer ?")
    mathilde.page.get_by_label("Avec mon nom", exact=True).check()
    mathilde.type("Votre nom, tel que les lecteurs le verront", NAME)
    mathilde.type("Une ligne sur votre travail, si vous voulez", NOTE)
    mathilde.button("Montrez-moi qui verrait quoi")

    # Then she is told who would see what, and what is not promised
    mathilde.sees_heading("Qui verrait quoi")
    readers, colleagues, mail, network, operator, court = mathilde.rows("Si vous signez avec votre nom")
    assert f"{NAME}, {NOTE}, dans la liste sous la lettre." in readers
    assert "Une signature de plus au registre" in readers  # a count below 25 is not shown
    assert "La même chose que les lecteurs." in colleagues
    assert "un bref courriel avec un code, qui ne nomme aucune lettre" in mail
    assert "Signez depuis votre propre téléphone" in network
    assert "le nom que vous saisissez" in operator
    assert "qui est inscrit" in court
    mathilde.sees("Ce qui n’est pas promis")
    mathilde.button("Continuer")

    # Then she checks what will stand on the page, and signs
    mathilde.sees("Sur la page, cette ligne sera la vôtre")
    mathilde.button("Signer maintenant")
    mathilde.sees_heading("Vous avez signé")
    mathilde.sees(f"Vous avez signé sous le nom de {NAME}.")
    assert re.search(
        r"publiée le \d{1,2}(er)?\u00a0\w+ \d{4}, \d{1,2}\u00a0h(\u00a0\d\d)?\u00a0UTC", mathilde.text()
    )

    # Then her name stands on the page after the next group, not before
    mathilde.link("Retour à la lettre")
    assert NAME not in mathilde.names()
    village.colleagues_sign(letter, 4)
    village.publishes(letter, signatures=5)
    mathilde.page.reload()
    assert mathilde.names()[NAME] == NOTE

    # When she withdraws
    mathilde.link("Signer cette lettre")
    mathilde.sees_heading("Vous avez signé")
    mathilde.button("Retirer ma signature")
    mathilde.sees_heading("Vous avez retiré votre signature")

    # Then her name is gone for everybody at once, before anything else is published
    reader = visitors()
    reader.opens(f"/letters/{letter}")
    assert NAME not in reader.names()
    assert village.counts(letter) | {"signatures": 5, "withdrawn": 0, "not_shown": 1} == village.counts(
        letter
    )


def test_a_name_that_cannot_be_shown_is_said_at_the_field(visitors, village):
    letter = village.uncounted
    noor = visitors()
    noor.joins("noor.fennimore@meridian.example")

    # When she leaves the name empty, or puts into it what nobody can see
    noor.goes_to_sign(letter)
    noor.page.get_by_label("With my name", exact=True).check()
    for name in ("", "  ", "Noor\u202eemornef", "N" * 81):
        noor.type("Your name, as readers see it", name)
        noor.button("Show me who would see what")
        noor.sees_problem(
            "This name cannot be shown", "Type one of 1 to 80 characters, none of them invisible"
        )
    noor.link("Type one of 1 to 80 characters, none of them invisible")
    assert noor.page.get_by_label("Your name, as readers see it").get_attribute("aria-invalid") == "true"

    # Then the same of the note; what she typed is still there
    noor.type("Your name, as readers see it", "Noor")
    noor.type("A line about your work, if you like", "x" * 281)
    noor.button("Show me who would see what")
    noor.sees_problem("This line cannot be shown", "Keep it to 280 characters")
    noor.type("A line about your work, if you like", "\N{GRINNING FACE}" * 280)
    noor.button("Show me who would see what")
    noor.sees_heading("Who would see what")
    noor.button("Change how I sign")
    assert noor.page.get_by_label("Your name, as readers see it").input_value() == "Noor"


def test_a_letter_that_takes_one_mode_offers_that_one(visitors, village):
    letter = village.server.open_letter(rules='modes = ["named"]')
    otto = visitors()
    otto.joins("otto.jankovics@meridian.example")
    otto.goes_to_sign(letter)
    assert otto.page.get_by_role("radio").count() == 1
    otto.type("Your name, as readers see it", "Otto Jankovics")
    otto.goes_on_to_the_last_page()
    otto.button("Sign now")
    otto.has_signed()
