# SPDX-License-Identifier: Apache-2.0
"""What goes wrong is said in one sentence with one next step, and nothing is lost."""

from __future__ import annotations

import datetime
import json
import re

import pytest

from fronde import canonical
from tests.stories.server import SLUG

BUSY = "the server responded with a status of"


@pytest.mark.parametrize(
    ("typed", "said", "step"),
    [
        ("chidi.nwachuku@elsewhere.example", "not at a mail domain of this workplace", "@meridian.example"),
        (
            "chidi.nwachuku@mail.meridian.example",
            "not at a mail domain of this workplace",
            "@meridian.example",
        ),
        ("press.office@meridian.example", "of a team or a role, not of one person", "your own mailbox"),
        ("chidi@meridian.example", "not of the form", "must look like first.last"),
        ("chidi.nwachuku", "not a mailbox", "anne.meyer@meridian.example"),
    ],
)
def test_a_mailbox_that_breaks_the_rule_is_told_which_rule(visitors, typed, said, step):
    chidi = visitors()
    chidi.goes_to_join()
    chidi.type("Work mailbox", typed)
    chidi.button("Send me a code")
    chidi.sees_problem(re.compile(said), step)
    chidi.accept(f"{BUSY} 422")
    field = chidi.page.get_by_label("Work mailbox")
    assert field.input_value() == typed
    assert field.get_attribute("aria-invalid") == "true"


def test_what_no_mailbox_can_be_is_said_without_asking_the_server(visitors):
    chidi = visitors()
    chidi.goes_to_join()
    for typed in ("chidi nwachuku@meridian.example", "chidé@meridian.example", "c" * 255):
        chidi.type("Work mailbox", typed)
        chidi.button("Send me a code")
        chidi.sees_problem(re.compile("not a mailbox"), "Type it as in anne.meyer@meridian.example")


def test_a_wrong_mailbox_is_told_in_french_on_a_french_page(visitors):
    francoise = visitors()  # her browser speaks English, she chose French
    francoise.opens(f"/w/{SLUG}/join?lang=fr")
    francoise.type("Adresse de travail", "presse@meridian.example")
    francoise.button("Envoyez-moi un code")
    francoise.sees_problem(re.compile("Cette adresse n’a pas la forme"), "prenom.nom")
    francoise.accept(f"{BUSY} 422")


def answers(visitor, path, status, name):
    """From now on the server answers like this, in English, as it always does."""
    said = {"v": 1, "type": "error", "id": name, "message": "This is English.", "hint": "So is this."}
    headers = {"Content-Type": "application/json"}
    visitor.page.route(
        path, lambda route: route.fulfill(status=status, headers=headers, body=canonical.encode(said))
    )


@pytest.mark.parametrize(
    ("status", "name", "said", "step"),
    [
        (422, "headcount", "Autant de personnes se sont inscrites", "dites-le à qui tient ce serveur"),
        (403, "origin", "Cette requête vient d’un autre site", "Ouvrez la page ici"),
        (503, "members-unwritable", "Ce serveur a cessé de signer", "Réessayez plus tard"),
        (400, "bad-form", "quelque chose d’imprévu", "Rechargez la page"),
    ],
)
def test_whatever_a_server_answers_is_told_in_french_on_a_french_page(visitors, status, name, said, step):
    aicha = visitors()
    aicha.opens(f"/w/{SLUG}/join?lang=fr")
    answers(aicha, "**/join", status, name)
    aicha.type("Adresse de travail", "aicha.brontean@meridian.example")
    aicha.button("Envoyez-moi un code")
    aicha.sees_problem(re.compile(said), step)
    assert "This is English" not in aicha.page.content()
    aicha.accept(f"{BUSY} {status}")


@pytest.mark.parametrize(
    ("status", "name", "said", "step"),
    [
        (422, "not-open", "Pas encore ouverte", "Sa page dit"),
        (422, "bad-token", "quelque chose d’imprévu", "Rechargez la page"),
        (410, "full", "Autant de personnes ont signé", "dites-le à ses auteurs"),
    ],
)
def test_a_signature_that_is_refused_is_told_in_french_on_a_french_page(
    visitors, village, status, name, said, step
):
    letter = village.uncounted
    odile = visitors()
    odile.joins(f"odile.{name.replace('-', '')}@meridian.example")
    odile.opens(f"/letters/{letter}/sign?lang=fr")
    for button in ("Montrez-moi qui verrait quoi", "Continuer"):
        odile.button(button)
    answers(odile, f"**/{letter}/sign", status, name)
    odile.button("Signer maintenant")
    odile.sees_problem(re.compile(said), step)
    assert "This is English" not in odile.page.content()
    odile.accept(f"{BUSY} {status}")


def test_no_mailbox_and_half_a_code_are_said_without_asking_the_server(visitors):
    mihai = visitors()
    mihai.goes_to_join()
    mihai.button("Send me a code")
    mihai.sees_problem("No mailbox was typed", "Type your mailbox at work")
    mihai.asks_for_a_code("mihai.szabolcsi@meridian.example")
    for typed in ("", "ABCD-123", "ABCD 1234 5", "ABCD-123U"):
        mihai.types_the_code(typed)
        mihai.sees_problem("The code is not complete", "Type all eight characters of the code")


def test_a_code_typed_as_people_type_is_understood(visitors):
    eleni = visitors()
    eleni.goes_to_join()
    eleni.asks_for_a_code("eleni.arslanbek@meridian.example")
    code = eleni.reads_the_mail("eleni.arslanbek@meridian.example")
    eleni.types_the_code(f" {code[:4].lower().replace('0', 'o').replace('1', 'l')}-{code[4:]} ")
    eleni.is_in()


def test_a_wrong_code_five_times_is_over_and_a_new_one_works(visitors):
    mailbox = "kofi.mbekwe@meridian.example"
    kofi = visitors()
    kofi.goes_to_join()
    kofi.asks_for_a_code(mailbox)
    code = kofi.reads_the_mail(mailbox)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    for _ in range(5):
        kofi.types_the_code(wrong)
        kofi.sees_problem("This code does not work", "Type it again, or ask for a new one")
    kofi.types_the_code(code)  # the right one, too late
    kofi.sees_problem("This code does not work", "Type it again, or ask for a new one")
    kofi.accept(f"{BUSY} 403")

    # When he asks for another one
    kofi.button("No mail came")
    kofi.asks_for_a_code(mailbox)
    kofi.types_the_code(kofi.reads_the_mail(mailbox))
    kofi.is_in()


def test_a_code_that_is_older_than_ten_minutes_is_refused(visitors, village):
    mailbox = "oksana.tagliaferro@meridian.example"
    oksana = visitors()
    oksana.goes_to_join()
    oksana.asks_for_a_code(mailbox)
    code = oksana.reads_the_mail(mailbox)
    village.server.minutes_pass(11)
    oksana.types_the_code(code)
    oksana.sees_problem("This code does not work", "older than ten minutes")
    oksana.accept(f"{BUSY} 403")
    oksana.button("No mail came")
    oksana.asks_for_a_code(mailbox)
    oksana.types_the_code(oksana.reads_the_mail(mailbox))
    oksana.is_in()


def test_a_code_works_after_the_page_was_closed_and_opened_again(visitors):
    """Telephones drop a page while its owner reads the mail."""
    mailbox = "rafal.zielonka@meridian.example"
    rafal = visitors()
    rafal.goes_to_join()
    rafal.asks_for_a_code(mailbox)
    rafal.page.reload()
    rafal.sees_heading("Type the code")
    rafal.types_the_code(rafal.reads_the_mail(mailbox))
    rafal.is_in()


def test_a_code_of_another_browser_does_not_work_here(visitors):
    mailbox = "hana.ekwensi@meridian.example"
    hana, thief = visitors(), visitors()
    for each in (hana, thief):
        each.goes_to_join()
    thief.asks_for_a_code("hana.phiriwa@meridian.example")
    hana.asks_for_a_code(mailbox)
    thief.types_the_code(hana.reads_the_mail(mailbox))
    thief.sees_problem("This code does not work", "was asked for in another browser")
    thief.accept(f"{BUSY} 403")


def test_a_closed_letter_says_so_even_to_somebody_who_was_about_to_sign(visitors, village):
    letter = village.server.open_letter()
    darius = visitors()
    darius.joins("darius.kirwanson@meridian.example")
    darius.goes_to_sign(letter)
    darius.goes_on_to_the_last_page()

    # Given that it closes while he reads
    village.server.fronde("letter", "close", letter)
    darius.button("Sign now")
    darius.sees_heading("Closed")
    darius.sees("This letter takes no more signatures.")
    darius.accept(f"{BUSY} 410")

    # Then so it stays, and the letter's page has no button
    darius.link("Read the result")
    darius.sees("This letter closed without the five signatures that it takes to publish any")
    assert darius.page.get_by_role("link", name="Sign this letter").count() == 0
    darius.opens(f"/letters/{letter}/sign")
    darius.sees_heading("Closed")


def test_a_letter_that_is_not_open_yet_says_when(visitors, village):
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    letter = village.server.open_letter(rules=f"opens = {tomorrow:%Y-%m-%dT08:30:00Z}")
    ioana = visitors()
    ioana.joins("ioana.branzan@meridian.example")
    ioana.opens(f"/letters/{letter}/sign")
    ioana.sees_heading("Not open yet")
    ioana.sees(f"This letter can be signed from {tomorrow.day} {tomorrow:%B %Y}")
    ioana.sees("08:30")


def test_a_letter_that_closed_with_too_few_tells_its_signer(visitors, village):
    letter = village.server.open_letter()
    zofia = visitors()
    zofia.joins("zofia.bielecki@meridian.example")
    zofia.signs_hidden(letter)
    village.server.fronde("letter", "close", letter)
    zofia.page.reload()
    zofia.sees_problem("This letter publishes no signature", "There is nothing to do.")


def test_a_server_that_breaks_its_rules_is_not_trusted_and_the_evidence_can_be_saved(visitors, village):
    gokhan = visitors()
    gokhan.joins("gokhan.hellgren@meridian.example")

    # Given a log that somebody has changed on its way
    def change(route):
        route.fulfill(body=route.fetch().body().replace(b"fronde.example/log\n", b"fronde.example/dog\n"))

    gokhan.page.route("**/log/checkpoint", change)
    gokhan.opens(f"/letters/{village.uncounted}/sign")
    gokhan.sees_problem(
        "This server broke its own rules", "Save the evidence and show it to somebody you trust"
    )
    gokhan.sees_heading("Stopped")
    saved = gokhan.saves(lambda: gokhan.button("Save the evidence"))
    assert saved.name.startswith("evidence-")
    assert json.loads(saved.read_bytes())["files"]["instance-checkpoint"]

    # Then it stays so in every page of this browser, until he tries again himself
    gokhan.page.unroute("**/log/checkpoint")
    gokhan.opens(f"/w/{SLUG}/join")
    gokhan.sees_problem("This server broke its own rules")
    gokhan.button("Try again")
    gokhan.sees_heading("You are in")


NO_CRYPTO = "Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined})"
NO_STORAGE = """Object.defineProperty(self, 'indexedDB',
  {get() { throw new DOMException('denied', 'SecurityError'); }})"""
DENIED = "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'InvalidStateError'); }"


@pytest.mark.parametrize(
    ("lacking", "title"),
    [
        (NO_CRYPTO, "This browser cannot do the arithmetic"),
        (NO_STORAGE, "This browser keeps nothing"),
        (DENIED, "This browser keeps nothing"),
    ],
    ids=["crypto", "storage", "private window"],
)
def test_a_browser_that_cannot_is_told_and_shown_another_way(visitors, village, lacking, title):
    nils = visitors()
    nils.page.context.add_init_script(lacking)
    nils.opens(f"/w/{SLUG}/join")
    nils.sees_problem(title, "the command line below")
    nils.sees_heading("Another way in")
    nils.sees(f"fronde join {village.server.address}/w/{SLUG}")
    nils.opens(f"/letters/{village.letter}/sign")
    nils.sees_problem(title, "the command line below")
    nils.sees_heading("Another way to sign")
    nils.sees(f"fronde sign {village.server.address}/letters/{village.letter}")


OLD = """for (const name of ['importKey', 'sign', 'verify']) {
  const real = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = function (...given) {
    if (given.includes('Ed25519')) return Promise.reject(new DOMException('no', 'NotSupportedError'));
    return real.apply(this, given);
  };
}"""


def test_an_older_browser_joins_and_signs_with_the_module_that_it_lacks(visitors, village):
    letter = village.uncounted
    owen = visitors()
    owen.page.context.add_init_script(OLD)
    owen.joins("owen.fennimore@meridian.example")
    owen.signs_hidden(letter)


def test_a_device_that_is_forgotten_in_another_window_signs_nothing_here(visitors, village):
    letter = village.uncounted
    lars = visitors()
    lars.joins("lars.hellgren@meridian.example")
    lars.goes_to_sign(letter)
    other = lars.page.context.new_page()
    other.goto(f"/w/{SLUG}/join")
    other.get_by_role("button", name="Forget this device").click()
    other.get_by_role("button", name="Forget everything").click()
    other.get_by_role("heading", name="Everything is removed").wait_for()
    lars.goes_on_to_the_last_page()
    lars.button("Sign now")
    lars.sees_problem("This device was forgotten in another window", "bring your words or your file")
