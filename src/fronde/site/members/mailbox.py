# SPDX-License-Identifier: Apache-2.0
"""One person, one mailbox: the canonical form of what somebody typed.  # spec: 3  # trust: 2-4

A workplace publishes its rule: a short list of exact domains and, where all its mailboxes look alike, one
shape of the part before the @. Whatever breaks the rule is refused and told what it breaks. The mail goes to
the canonical form, never to what was typed. Two people of one name are told apart by the number that their
company gives them (anne.meyer2), so one is allowed at the end of every shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from fronde.errors import Refused, Usage

DOMAINS = 10  # a rule that people can read at a glance

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,190}}\Z){_LABEL}(\.{_LABEL})+")
# What may be typed at all: RFC 5321's Dot-string without the characters that no workplace uses in a name.
_LOCAL = re.compile(r"[a-z0-9]+(['._-][a-z0-9]+)*")
_TAG = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]*")

_NAME = "[a-z]+(?:['-][a-z]+)*"
_NUMBER = "[0-9]{0,2}"
# In `first.last` the first name has two letters or more: a.meyer beside anne.meyer would be a second mailbox.
SHAPES = {
    gettext_noop("first.last"): re.compile(rf"(?=[a-z]['a-z-]){_NAME}\.{_NAME}{_NUMBER}"),
    gettext_noop("first_last"): re.compile(rf"(?=[a-z]['a-z-]){_NAME}_{_NAME}{_NUMBER}"),
    gettext_noop("f.last"): re.compile(rf"[a-z]\.{_NAME}{_NUMBER}"),
    gettext_noop("flast"): re.compile(rf"(?=[a-z]['a-z-]){_NAME}{_NUMBER}"),
}

# RFC 2142 and what companies add: a mailbox that more than one person reads. The first word decides
# (hr.berlin, support-eu), so no word stands here that is somebody's first name.
_ROLES = """
abuse accounting accounts admin administration administrator alert alerts all assistance billing board bot
build career careers ceo cfo ciso comms communication communications company compliance contact contacts
counsel cto customer customerservice daemon datenschutz devnull devops direction distribution dpo dsgvo
einkauf empfang enquiries everybody everyone facilities faktura feedback finance ftp gdpr group groups hello
help helpdesk hostmaster hr humanresources info information inquiries invoice invoices it itsupport jobs
kontakt legal list listmaster lists mail mailbox mailerdaemon mailman majordomo management marketing
moderator news newsletter nobody noc noreply notification notifications office operations operator ops
orders owner payroll people personal personnel postmaster poststelle press presse privacy procurement
purchasing reception recruiting recruitment reply request root rssi sales secretariat secretary security
service services shared shop soc spam staff subscribe support sysadmin system systems team teams tech test
tous training travel undisclosed unsubscribe usenet user users uucp vertrieb vorstand webmaster work www
"""
ROLES = frozenset(_ROLES.split())


class BadMailbox(Refused):
    """What was typed breaks the workplace's published rule. Nothing is mailed."""

    name = "mailbox"


@dataclass(frozen=True)
class Rule:
    """What a workplace accepts as a member's mailbox; published in `/w/SLUG.json`."""

    domains: tuple[str, ...]
    shape: str | None = None

    @classmethod
    def make(cls, domains: Sequence[str], shape: str | None = None) -> Rule:
        """The rule of these domains (ASCII, lower case) and this shape. Raises Usage."""
        if not 1 <= len(domains) <= DOMAINS or len(set(domains)) != len(domains):
            raise Usage(f"A workplace has from 1 to {DOMAINS} mail domains, each once.", name="mail-domains")
        for domain in domains:
            if not _DOMAIN.fullmatch(domain):
                raise Usage(
                    f"{domain[:80]!r} is not a mail domain.",
                    hint="Write it in lower case, as in meridian.example; one with other letters as xn--...",
                    name="mail-domains",
                )
        if shape is not None and shape not in SHAPES:
            raise Usage(f"{shape[:40]!r} is none of {', '.join(SHAPES)}.", name="mail-shape")
        return cls(tuple(domains), shape)

    @property
    def document(self) -> dict[str, Any]:
        """{domains, shape?} as `/w/SLUG.json` carries it."""
        shape = {} if self.shape is None else {"shape": self.shape}
        return {"domains": list(self.domains), **shape}


def canonical(mailbox: str, rule: Rule) -> str:
    """The one form of a mailbox: lower case, without +tag, at one of the rule's domains.

    Idempotent. Raises BadMailbox, naming the part of the rule that is broken.
    """
    local, domain = _split(mailbox)
    if domain not in rule.domains:
        raise BadMailbox(
            "The mailbox is not at a mail domain of this workplace.",
            hint=f"It must end in {' / '.join(f'@{one}' for one in rule.domains)}.",
            name="mailbox-domain",
        )
    local = _without_tag(local)
    if rule.shape is not None and not SHAPES[rule.shape].fullmatch(local):
        raise BadMailbox(
            "The mailbox is not of the form that mailboxes of people have at this workplace.",
            hint=f"The part before the @ must look like {rule.shape}.",
            name="mailbox-shape",
        )
    if _is_role(local):
        raise BadMailbox(
            "This is a mailbox of a team or a role, not of one person.",
            hint="Use your own mailbox at work.",
            name="mailbox-role",
        )
    return f"{local}@{domain}"


def _split(mailbox: str) -> tuple[str, str]:
    """What was typed, without spaces around it, lower case, cut at its one @."""
    typed = mailbox.strip(" ")
    # ASCII first: str.lower() would turn the Kelvin sign into a plain k.
    if not typed.isascii() or len(typed) > 254 or typed.count("@") != 1:
        raise _malformed()
    local, _, domain = typed.lower().partition("@")
    return local, domain


def _without_tag(local: str) -> str:
    name, _, tag = local.partition("+")
    if len(local) > 64 or not _LOCAL.fullmatch(name) or not _TAG.fullmatch(tag):
        raise _malformed()
    return name


def _is_role(local: str) -> bool:
    words = re.split("['._-]", local)
    joined = "".join(words)
    return any(word.rstrip("0123456789") in ROLES or word in ROLES for word in (words[0], joined))


def _malformed() -> BadMailbox:
    return BadMailbox(
        "This is not a mailbox in plain letters, digits, dots, hyphens and underscores.",
        hint="Type it as in anne.meyer@meridian.example.",
        name="mailbox-form",
    )
