# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.errors import Usage
from fronde.site.members.mailbox import ROLES, SHAPES, BadMailbox, Rule, canonical

OPEN = Rule.make(["meridian.example", "meridian-systems.example"])
SHAPED = Rule.make(["meridian.example"], "first.last")
ANNE = "anne.meyer@meridian.example"

ONE_PERSON = [
    ANNE,
    "Anne.Meyer@meridian.example",
    "ANNE.MEYER@MERIDIAN.EXAMPLE",
    "anne.meyer+letters@meridian.example",
    "anne.meyer+a+b@meridian.example",
    "anne.meyer+@meridian.example",
    "anne.meyer+a.b@meridian.example",
    "anne.meyer+A!#$%&'*/=?^_`{|}~-@Meridian.Example",
    "  anne.meyer@meridian.example ",
]

MALFORMED = [
    "",
    " ",
    "anne.meyer",
    "@meridian.example",
    "+tag@meridian.example",
    "anne.meyer@@meridian.example",
    "anne.meyer@meridian.example@meridian.example",
    "anne@evil.example@meridian.example",
    '"anne.meyer"@meridian.example',
    '"anne meyer"@meridian.example',
    '"anne@evil.example"@meridian.example',
    'anne."meyer"@meridian.example',
    "'anne.meyer'@meridian.example",
    "anne\\.meyer@meridian.example",
    "anne.meyer(work)@meridian.example",
    "(work)anne.meyer@meridian.example",
    "anne.meyer+(work)@meridian.example",
    "anne. meyer@meridian.example",
    "anne.meyer @meridian.example",
    "anne.meyer\t@meridian.example",
    "anne.meyer\n@meridian.example",
    ".anne.meyer@meridian.example",
    "anne.meyer.@meridian.example",
    "anne..meyer@meridian.example",
    "anne._meyer@meridian.example",
    "anne-@meridian.example",
    "mailto:anne.meyer@meridian.example",
    "anne.meyer,bob.roy@meridian.example",
    "anne.meyer;bob@meridian.example",
    "anne%evil.example@meridian.example",
    "evil.example!anne@meridian.example",
    "ann\u0435.meyer@meridian.example",  # Cyrillic e
    "anne.me\u0443er@meridian.example",  # Cyrillic u
    "\uff41nne.meyer@meridian.example",  # full width a
    "anne.meyer\u200b@meridian.example",
    "anne.meyer\u00ad@meridian.example",
    "an\u0301ne.meyer@meridian.example",
    "ma\u00dfmann@meridian.example",
    "an\u212ae.meyer@meridian.example",  # Kelvin sign, whose lower case is k
    "\u0130rem.kaya@meridian.example",  # its lower case is i and a dot
    "anne.meyer@mer\u0131dian.example",
    "anne.meyer@meridian\u3002example",  # an ideographic full stop, a dot to IDNA
    "anne.meyer\uff20meridian.example",
    "a" * 65 + "@meridian.example",
    "anne+" + "t" * 60 + "@meridian.example",
    "a" * 300 + "@meridian.example",
]

ELSEWHERE = [
    "<anne.meyer@meridian.example>",
    "Anne Meyer <anne.meyer@meridian.example>",
    "anne.meyer@meridian.example\n",
    "@",
    "anne.meyer@mail.meridian.example",
    "anne.meyer@meridian.example.",
    "anne.meyer@.meridian.example",
    "anne.meyer@meridian.example.evil.example",
    "anne.meyer@evilmeridian.example",
    "anne.meyer@meridian.exampl",
    "anne.meyer@meridian.examples",
    "anne.meyer@meridian..example",
    "anne.meyer@meridian",
    "anne.meyer@example",
    "anne.meyer@xn--meridian-x.example",
    "anne.meyer@[127.0.0.1]",
    "anne.meyer@meridian.example:25",
    "anne.meyer@meridian.example(x)",
    "anne.meyer@ meridian.example",
    "anne.meyer@meridian.example>",
    "anne.meyer@",
]

GROUPS = [
    *("info", "Info", "info+anne", "hr", "hr.berlin", "support-eu", "team_alpha", "it", "it2", "sales"),
    *("no-reply", "no.reply", "noreply", "no_reply", "mailer-daemon", "postmaster", "abuse", "webmaster"),
    *(
        "all",
        "everyone",
        "staff",
        "all-staff",
        "office.lyon",
        "press",
        "jobs",
        "helpdesk",
        "help.desk",
        "root",
    ),
    *(
        "security",
        "billing01",
        "group-7",
        "list.dev",
        "human-resources",
        "customer.service",
        "dpo",
        "contact",
    ),
]


@pytest.mark.parametrize("typed", ONE_PERSON)
@pytest.mark.parametrize("rule", [OPEN, SHAPED])
def test_every_spelling_of_one_mailbox_has_one_form(typed, rule):
    assert canonical(typed, rule) == ANNE


@pytest.mark.parametrize("typed", MALFORMED)
def test_what_is_no_plain_mailbox_is_refused(typed):
    with pytest.raises(BadMailbox) as refused:
        canonical(typed, OPEN)
    assert refused.value.name == "mailbox-form"


@pytest.mark.parametrize("typed", ELSEWHERE)
def test_another_domain_is_refused_and_the_rule_is_named(typed):
    with pytest.raises(BadMailbox) as refused:
        canonical(typed, OPEN)
    assert refused.value.name == "mailbox-domain"
    assert "@meridian.example / @meridian-systems.example" in refused.value.hint


@pytest.mark.parametrize("local", GROUPS)
def test_a_mailbox_of_a_group_is_refused(local):
    with pytest.raises(BadMailbox) as refused:
        canonical(f"{local}@meridian.example", OPEN)
    assert refused.value.name == "mailbox-role"


def test_a_group_that_has_the_shape_of_a_person_is_refused():
    with pytest.raises(BadMailbox) as refused:
        canonical("hr.berlin@meridian.example", SHAPED)
    assert refused.value.name == "mailbox-role"


@pytest.mark.parametrize(
    "local",
    ["anne", "a.meyer", "anne-marie.de-la-cruz", "maria.sales", "dev.patel", "x1", "o'brien"],
)
def test_people_are_let_through(local):
    assert canonical(f"{local}@meridian.example", OPEN) == f"{local}@meridian.example"


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (
            "first.last",
            ["anne.meyer", "anne-marie.o'brien", "anne.meyer2", "anne.meyer12", "jo.li"],
            ["anne", "a.meyer", "anne_meyer", "anne.m.meyer", "anne2.meyer", "anne.meyer123", "anne.meyer-2"],
        ),
        ("f.last", ["a.meyer", "a.meyer3", "a.o'brien"], ["anne.meyer", "ameyer", "a.b.meyer", "1.meyer"]),
        ("flast", ["ameyer", "ameyer2", "ao'brien"], ["a.meyer", "a", "a2", "anne_meyer", "2ameyer"]),
        ("first_last", ["anne_meyer", "anne_meyer2"], ["anne.meyer", "a_meyer", "anne_m_meyer", "annemeyer"]),
    ],
)
def test_a_shape_lets_only_its_own_mailboxes_through(shape, good, bad):
    rule = Rule.make(["meridian.example"], shape)
    for local in good:
        assert canonical(f"{local}@meridian.example", rule) == f"{local}@meridian.example"
    for local in bad:
        with pytest.raises(BadMailbox) as refused:
            canonical(f"{local}@meridian.example", rule)
        assert refused.value.name == "mailbox-shape"
        assert shape in refused.value.hint


def test_no_mailbox_has_two_shapes():
    for local in ("anne.meyer", "a.meyer", "ameyer", "anne_meyer", "anne-marie.meyer"):
        assert sum(bool(rx.fullmatch(local)) for rx in SHAPES.values()) == 1


def test_the_list_of_roles_is_plain_words():
    assert all(role.isascii() and role.isalpha() and role.islower() for role in ROLES)


def test_the_rule_is_published_as_it_is():
    assert SHAPED.document == {"domains": ["meridian.example"], "shape": "first.last"}
    assert OPEN.document == {"domains": ["meridian.example", "meridian-systems.example"]}


@pytest.mark.parametrize(
    "domains",
    [
        [],
        ["example"],
        ["Meridian.example"],
        ["meridian.example."],
        ["-a.example"],
        ["a-.example"],
        ["m\u00e9ridian.example"],
        ["*.example"],
        ["a.example\n"],
        ["a.example", "a.example"],
        ["a" * 64 + ".example"],
        [".".join(["a" * 60] * 4)],
        [f"{i}.example" for i in range(11)],
    ],
)
def test_a_rule_with_bad_domains_is_refused(domains):
    with pytest.raises(Usage) as refused:
        Rule.make(domains)
    assert refused.value.name == "mail-domains"


def test_a_shape_that_is_not_known_is_refused():
    with pytest.raises(Usage) as refused:
        Rule.make(["meridian.example"], ".*")
    assert refused.value.name == "mail-shape"


LOCALS = st.from_regex(r"[a-z]{2,8}(-[a-z]{1,5})?\.[a-z]{2,10}[0-9]?", fullmatch=True).filter(
    lambda local: local.split(".")[0].split("-")[0] not in ROLES
)


@given(
    LOCALS,
    st.randoms(use_true_random=False),
    st.text(string.ascii_letters + string.digits + "+.-", max_size=9),
)
def test_case_and_tags_never_make_a_second_member(local, random, tag):
    typed = "".join(random.choice((c, c.upper())) for c in f"{local}@meridian.example")
    name, _, domain = typed.partition("@")
    assert canonical(typed, SHAPED) == f"{local}@meridian.example"
    assert canonical(f"{name}+{tag}@{domain}", SHAPED) == f"{local}@meridian.example"


@given(st.text(max_size=60) | st.text(string.printable, max_size=20).map(lambda t: t + "@meridian.example"))
def test_whatever_is_typed_becomes_a_plain_mailbox_or_is_refused(typed):
    try:
        form = canonical(typed, OPEN)
    except BadMailbox:
        return
    assert canonical(form, OPEN) == form
    assert form.isascii()
    assert form == form.lower()
    assert set(form) <= set(string.ascii_lowercase + string.digits + ".'_-@")
    assert typed.strip(" ").lower().startswith(form.partition("@")[0])


@given(LOCALS, st.integers(0, 40), st.characters(min_codepoint=0x80))
def test_one_foreign_character_anywhere_is_refused(local, at, character):
    typed = f"{local}@meridian.example"
    at = min(at, len(typed))
    with pytest.raises(BadMailbox):
        canonical(typed[:at] + character + typed[at:], OPEN)
