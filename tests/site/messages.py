# SPDX-License-Identifier: Apache-2.0
"""The texts of the pages, for translators: found, merged into locale/LANG, compiled. Needs Babel alone.

python -m tests.site.messages    after a text was changed or translated
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

SITE = Path(__file__).parents[2] / "src" / "fronde" / "site"
LANGUAGES = ("fr",)
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    "npgettext": ((1, "c"), 2, 3),
}


def texts() -> Catalog:
    """Every text of templates and Python under site/, without a translation."""
    catalog = Catalog(project="fronde", charset="utf-8")
    for path in sorted([*SITE.rglob("*.html"), *SITE.rglob("*.py")]):
        source = path.read_text("utf-8")
        if path.suffix == ".html":
            source = templatize(source, origin=path.name)
        where = path.relative_to(SITE).as_posix()
        for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            catalog.add(message, locations=[(where, 0)], context=context)
    return catalog


def po(language: str) -> Path:
    return SITE / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The translations as they stand."""
    with po(language).open("rb") as file:
        return read_po(file, locale=language)


def merged(language: str) -> Catalog:
    """The translations, with the texts of today and no others; what is new is empty, nothing is guessed."""
    old = read(language) if po(language).exists() else Catalog(locale=language)
    new = Catalog(locale=language, project="fronde", charset="utf-8", fuzzy=False)
    new.header_comment = "# SPDX-License-Identifier: Apache-2.0"
    for text in texts():
        if text.id:
            known = old.get(text.id, text.context)
            string = known.string if known is not None else text.string
            new.add(text.id, string, locations=sorted(set(text.locations)), context=text.context)
    return new


def written(catalog: Catalog) -> bytes:
    """The bytes of the .po file; no date and no line numbers, so that it changes only with a text."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, sort_output=True, include_lineno=False, omit_header=True)
    head = (
        f"{catalog.header_comment}\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalog.locale}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return head.encode() + file.getvalue()


def compiled(language: str) -> bytes:
    """The bytes of the .mo file for the .po file as it stands."""
    file = io.BytesIO()
    catalog = read_po(io.BytesIO(po(language).read_bytes()), locale=language)
    write_mo(file, _plain(catalog))
    return file.getvalue()


def _plain(catalog: Catalog) -> Catalog:
    # Babel writes today's date into the header of what it compiles; this one has none.
    plain = _Dateless(locale=catalog.locale, charset="utf-8", fuzzy=False)
    for message in catalog:
        if message.id:
            plain.add(message.id, message.string, context=message.context)
    return plain


class _Dateless(Catalog):
    @property
    def mime_headers(self) -> list[tuple[str, str]]:  # type: ignore[override]
        return [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
        ]


if __name__ == "__main__":
    for each in LANGUAGES:
        po(each).parent.mkdir(parents=True, exist_ok=True)
        po(each).write_bytes(written(merged(each)))
        po(each).with_suffix(".mo").write_bytes(compiled(each))
