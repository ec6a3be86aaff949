# SPDX-License-Identifier: Apache-2.0
"""Joining and enrolling through the site, as a browser does it."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage

from django.test import Client

from fronde import canonical
from fronde.canonical import b64u
from fronde.site.folder import Folder
from fronde.site.members.ways import email_code
from tests.site.issuing import SLUG

ANNE = "anne.meyer@meridian.example"


def post(browser: Client, address: str, body: object, **more):
    data = body if isinstance(body, bytes) else canonical.encode(body)
    return browser.post(f"/w/{SLUG}/{address}", data, content_type="application/json", **more)


def join(browser: Client, mailbox: str = ANNE, challenge: bytes = b"c" * 32, **more):
    body = {"v": 1, "type": "join", "mailbox": mailbox, "challenge": b64u(challenge)}
    return post(browser, "join", body, **more)


def enrol_body(code: str, blinded: dict[bytes, bytes], challenge: bytes = b"c" * 32) -> dict:
    listed = {b64u(key_id): b64u(value) for key_id, value in blinded.items()}
    return {"v": 1, "type": "enrol", "challenge": b64u(challenge), "code": code, "blinded": listed}


def mails(data: Folder) -> list[EmailMessage]:
    email_code.room().post.stop()
    files = data.outbox.glob("*.eml") if data.outbox.exists() else []
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def code(data: Folder, to: str = ANNE) -> str:
    """The code of the one mail to this mailbox; the mail is read and gone."""
    (mail,) = [mail for mail in mails(data) if mail["To"] == to]
    for file in data.outbox.glob("*.eml"):
        file.unlink()
    return code_in(mail)


def code_in(mail: EmailMessage) -> str:
    (found,) = [line for line in lines(mail) if re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", line)]
    return found


def lines(mail: EmailMessage) -> list[str]:
    return mail.get_content().splitlines()


def another(typed: str) -> str:
    return ("1" if typed[0] == "0" else "0") + typed[1:]


def refused(response, status: int) -> str:
    """The id of a well-formed error of this status."""
    assert response.status_code == status, response.content
    error = canonical.decode(response.content)
    assert error.keys() == {"v", "type", "id", "message", "hint"}
    assert response["Cache-Control"] == "no-store"
    return error["id"]


def code_of_last(data: Folder) -> str:
    """Of two codes for one challenge the older is wrong, so the newer is the one in memory."""
    typed = [code_in(mail) for mail in mails(data)]
    (pending,) = email_code.room().codes._book.values()
    assert pending.code in typed
    return pending.code
