# SPDX-License-Identifier: Apache-2.0
"""Wrong settings, each with an id and a hint: shown by `fronde serve` and `fronde doctor`."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from fronde.errors import Usage
from fronde.form import HOST
from fronde.record.note import Key

from .folder import Folder
from .members.post import Smtp
from .operator import CONTACT, LONGEST

_MAILBOX = re.compile(r"[^@\s<>]+@[^@\s<>]+")


@register("fronde")
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every check of this file; without a data folder only that it is missing."""
    if not settings.FRONDE_DATA:
        return [
            Warning("No data folder is named.", hint="Set FRONDE_DATA or say --data DIR.", id="fronde.W001")
        ]
    return [message for check in CHECKS for message in check()]


def _file() -> Iterator[CheckMessage]:
    for id, message, hint in settings.FRONDE_PROBLEMS:
        yield Error(message, hint=hint, id=id)


def _folder() -> Iterator[CheckMessage]:
    if not Folder.current().policy.is_file():
        yield Error(
            f"{settings.FRONDE_DATA} is no data folder.", hint="Make one: fronde init DIR.", id="fronde.E001"
        )


def _host() -> Iterator[CheckMessage]:
    if not HOST.fullmatch(settings.FRONDE_HOST):
        yield Error(
            "The host is missing or not a host name.",
            hint="Set `host` in fronde.toml as it was at `fronde init`: a-z, 0-9, . and -, perhaps :port.",
            id="fronde.E004",
        )
        return
    fixed = fixed_host(Folder.current().policy)
    if fixed not in (None, settings.FRONDE_HOST):
        yield Error(
            f"The host is {settings.FRONDE_HOST}, but this folder was made for {fixed}.",
            hint="A host never changes: set it back. The address people visit is set in `origins`.",
            id="fronde.E005",
        )


def fixed_host(policy: Path) -> str | None:
    """The host in the folder's policy file: what `fronde init` fixed."""
    try:
        line = policy.read_text("utf-8").split("\n")[0]
    except OSError:
        return None
    return Key.parse(line.removeprefix("log ")).name.removesuffix("/log")


def _origins() -> Iterator[CheckMessage]:
    for origin in settings.FRONDE_ORIGINS:
        parts = urlsplit(origin)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or origin != f"{parts.scheme}://{parts.netloc}"
        ):
            yield Error(
                f"{origin} is not an origin.",
                hint="Write https://HOST or http://HOST:PORT.",
                id="fronde.E008",
            )


def _bind() -> Iterator[CheckMessage]:
    if not re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\s]+):[0-9]{1,5}", settings.FRONDE_BIND):
        yield Error(
            f"{settings.FRONDE_BIND} is not an address to listen at.",
            hint="Write A:P, for example 127.0.0.1:8000.",
            id="fronde.E009",
        )


def _mail() -> Iterator[CheckMessage]:
    url, sender = settings.FRONDE_SMTP_URL, settings.FRONDE_MAIL_FROM
    if url:
        try:
            Smtp.parse(url)
        except Usage as error:
            yield Error(error.message, hint=error.hint, id="fronde.E006")
    if (url or sender) and not _MAILBOX.fullmatch(sender):
        yield Error(
            "The sender of mails is missing or not a mailbox.",
            hint="Set mail_from to a mailbox such as post@example.org.",
            id="fronde.E007",
        )


def _operator() -> Iterator[CheckMessage]:
    name, contact = settings.FRONDE_OPERATOR, settings.FRONDE_CONTACT
    if (contact and not name) or len(name) > LONGEST or name != name.strip() or not name.isprintable():
        yield Error(
            "The name of who runs this instance is missing or cannot be shown.",
            hint=f"Set `operator` to a name of at most {LONGEST} characters, in one line.",
            id="fronde.E011",
        )
    if contact and not CONTACT.fullmatch(contact):
        yield Error(
            f"{contact} is no way to reach whoever runs this instance.",
            hint="Set `contact` to mailto:MAILBOX or https://HOST/PATH.",
            id="fronde.E012",
        )


def _modes() -> Iterator[CheckMessage]:
    folder = Folder.current()
    for path in (folder.keys, folder.members):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Error(
                f"{path.name}/ can be read by other users of this machine.",
                hint=f"chmod 700 {path}",
                id="fronde.E010",
            )


CHECKS = (_file, _folder, _host, _origins, _bind, _mail, _operator, _modes)
