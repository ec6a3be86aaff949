# SPDX-License-Identifier: Apache-2.0
"""The body of a letter as HTML: a small Markdown, two walls.  # trust: 28

Allowed: paragraphs, `#` headings, lists, quotations, rules; emphasis, links (https, http, mailto), backslash
escapes, hard line breaks. Everything else is text: raw HTML, images, code, tables, entities, bare addresses.
The first wall is the parser, which knows nothing else; the second is nh3's allow list over what it wrote.
"""

from __future__ import annotations

from collections.abc import Sequence

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

RULES = ("heading", "list", "blockquote", "hr", "newline", "escape", "emphasis", "balance_pairs", "link")
SCHEMES = ("https://", "http://", "mailto:")
TAGS = {"p", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "em", "strong", "a", "br"}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "linkify": False, "typographer": False, "maxNesting": 8})
    parser.enable(RULES)
    # A letter is read in many places: an address relative to this one leads nowhere there.
    parser.validateLink = lambda url: url.lower().startswith(SCHEMES)  # type: ignore[method-assign]
    parser.core.ruler.push("page_headings", lambda state: _lower(state.tokens))
    return parser


def _lower(tokens: Sequence[Token]) -> None:
    # The page's own h1 is the title and its h2 is "The letter": the letter's headings stand below them.
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3" if token.tag in ("h1", "h2") else "h4"


_PARSER = _parser()


def render(body: str) -> SafeString:
    """The HTML of a letter's body (Markdown, at most 100,000 code points), safe to stand in a page."""
    html = nh3.clean(
        _PARSER.render(body),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return mark_safe(html)  # noqa: S308  cleaned just above
