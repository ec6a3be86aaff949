# SPDX-License-Identifier: Apache-2.0
"""Django's settings: what is fixed, and what the environment or DIR/fronde.toml says.  # spec: 16, 17

FRONDE_DATA is the data folder. FRONDE_HOST, FRONDE_ORIGINS, FRONDE_BIND, FRONDE_SMTP_URL, FRONDE_MAIL_FROM,
FRONDE_OPERATOR and FRONDE_CONTACT come from the environment or, as `host`, `origins`, `bind`, `smtp_url`,
`mail_from`, `operator`, `contact`, from DIR/fronde.toml. Nothing here raises: what is wrong is listed in
FRONDE_PROBLEMS and shown by the system checks. No sessions, no accounts, no administration, no content types:
nothing that keeps who did what.
# trust: 10-11
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KEYS = ("host", "origins", "bind", "smtp_url", "mail_from", "operator", "contact")
BIND = "127.0.0.1:8000"

# Every connection: a receipt survives a power cut, what is deleted is overwritten.  # trust: 10-11
PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY"
)


def read(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that depend on the data folder: name -> value."""
    problems: list[tuple[str, str, str]] = []
    data = Path(environ["FRONDE_DATA"]).resolve() if environ.get("FRONDE_DATA") else None
    values = _toml(data / "fronde.toml", problems) if data else {}
    values |= {key: environ[f"FRONDE_{key.upper()}"] for key in KEYS if f"FRONDE_{key.upper()}" in environ}
    origins = _origins(values)
    return {
        "FRONDE_DATA": data,
        "FRONDE_HOST": str(values.get("host", "")),
        "FRONDE_BIND": str(values.get("bind", BIND)),
        "FRONDE_ORIGINS": origins,
        "FRONDE_SMTP_URL": str(values.get("smtp_url", "")),
        "FRONDE_MAIL_FROM": str(values.get("mail_from", "")),
        "FRONDE_OPERATOR": str(values.get("operator", "")),
        "FRONDE_CONTACT": str(values.get("contact", "")),
        "FRONDE_PROBLEMS": problems,
    }


def _toml(path: Path, problems: list[tuple[str, str, str]]) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(
            ("fronde.E002", f"fronde.toml cannot be read: {error}", "Mend the line that is named.")
        )
        return {}
    for key in sorted(set(values) - set(KEYS)):
        problems.append(
            ("fronde.E003", f"fronde.toml has an unknown key: {key}", f"Known are {', '.join(KEYS)}.")
        )
    return {key: values[key] for key in KEYS if key in values}


def _origins(values: Mapping[str, Any]) -> list[str]:
    """The addresses this instance is reached under; without a word of the operator's, those it answers at."""
    given = values.get("origins")
    if given is not None:
        addresses = given.replace(",", " ").split() if isinstance(given, str) else given
        return [str(address).rstrip("/") for address in addresses]
    bind = str(values.get("bind", BIND))
    name, _, port = bind.rpartition(":")
    origins = [f"http://{bind}"]
    if name == "127.0.0.1":
        origins.append(f"http://localhost:{port}")
    if values.get("host"):
        origins.append(f"https://{values['host']}")
    return origins


_READ = read(os.environ)
FRONDE_DATA: Path | None = _READ["FRONDE_DATA"]
FRONDE_HOST: str = _READ["FRONDE_HOST"]
FRONDE_BIND: str = _READ["FRONDE_BIND"]
FRONDE_ORIGINS: list[str] = _READ["FRONDE_ORIGINS"]
FRONDE_SMTP_URL: str = _READ["FRONDE_SMTP_URL"]
FRONDE_MAIL_FROM: str = _READ["FRONDE_MAIL_FROM"]
FRONDE_OPERATOR: str = _READ["FRONDE_OPERATOR"]
FRONDE_CONTACT: str = _READ["FRONDE_CONTACT"]
FRONDE_PROBLEMS: list[tuple[str, str, str]] = _READ["FRONDE_PROBLEMS"]  # (id, message, hint)

# Compared exactly, port and all, by fronde.site.http.Hosts, which comes before any view.
ALLOWED_HOSTS = ["*"]

SITE = Path(__file__).parent

DEBUG = False
# Nothing is signed with it: there are no sessions, no cookies, no password links. Django insists on one.
SECRET_KEY = secrets.token_urlsafe(32)
INSTALLED_APPS = [
    "fronde.site",
    "fronde.site.letters",
    "fronde.site.record",
    "fronde.site.signing",
    "fronde.site.members",
]
MIDDLEWARE = [
    "fronde.site.headers.Headers",
    "fronde.site.language.Language",
    "fronde.site.http.Hosts",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]
ROOT_URLCONF = "fronde.site.urls"
WSGI_APPLICATION = None
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(SITE / "templates")],
        "OPTIONS": {
            "context_processors": [
                "fronde.site.language.context",
                "fronde.site.operator.context",
                "fronde.site.evidence.reading.context",
            ],
            "libraries": {
                "fronde": "fronde.site.templatetags.fronde",
                "evidence": "fronde.site.evidence.tags",
            },
            "builtins": ["fronde.site.templatetags.fronde", "django.templatetags.i18n"],
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(FRONDE_DATA / "fronde.sqlite3") if FRONDE_DATA else ":memory:",
        "CONN_MAX_AGE": None,
        "OPTIONS": {"init_command": PRAGMAS, "transaction_mode": "IMMEDIATE", "timeout": 30},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [str(SITE / "locale")]

USE_THOUSAND_SEPARATOR = False

# The package's own folder, as it is; how long a file may be kept says fronde.site.headers.
STATIC_URL = "/static/"
STATIC_ROOT = str(SITE / "static")
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 0
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Nothing larger than an enrolment is ever read (fronde.site.http); no file is ever uploaded.
DATA_UPLOAD_MAX_MEMORY_SIZE = 65_536
FILE_UPLOAD_HANDLERS: list[str] = []
# A query is short (fronde.site.http.plain); counting its fields raises even where the error page reads them.
DATA_UPLOAD_MAX_NUMBER_FIELDS = None

# No access log: what was asked for, and by whom, is written nowhere; only that something broke.  # trust: 10
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "ERROR"},
    "loggers": {
        "django": {"level": "ERROR"},
        "django.request": {"level": "CRITICAL"},
        "fronde": {"level": "INFO"},
        "waitress": {"level": "ERROR"},
    },
}
