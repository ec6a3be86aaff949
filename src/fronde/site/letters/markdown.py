# SPDX-License-Identifier: Apache-2.0
"""The body of a letter as HTML: a small Markdown, two walls.  # trust: 28

Allowed: paragraphs, `#` headings, lists, quotations, rules; emphasis, links (https, http, mailto), backslash
escapes, hard line breaks. Everything else is text: raw HTML, images, code, tables, entities, bare addresses.
The first wall is the parser, which knows nothing else; the second is nh3's allow list over what it wrote.

A mark `[^id]` of a citation that is known becomes a link to its source, which stands beside its block. The
parser writes it as <sup>, which nothing else can: the link is put in its place behind the second wall.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, MutableMapping, Sequence
from typing import Any, NamedTuple

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fronde.bodytext import mark_rule

RULES = ("heading", "list", "blockquote", "hr", "newline", "escape", "emphasis", "balance_pairs", "link")
SCHEMES = ("https://", "http://", "mailto:")
TAGS = {"p", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "em", "strong", "a", "br"}
MARK = re.compile("<sup>([0-9]{1,3})</sup>")
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "linkify": False, "typographer": False, "maxNesting": 8})
    parser.enable(RULES)
    # A letter is read in many places: an address relative to this one leads nowhere there.
    parser.validateLink = lambda url: url.lower().startswith(SCHEMES)  # type: ignore[method-assign]
    parser.core.ruler.push("page_headings", lambda state: _lower(state.tokens))
    parser.inline.ruler.before("link", "mark", mark_rule(lambda id, env: id in env["known"]))
    parser.inline.ruler.enable("mark")
    parser.add_render_rule("mark", _mark)
    return parser


def _mark(
    renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    """The number of a citation, by the order of first marks; env: known, numbers."""
    numbers: dict[str, int] = env["numbers"]
    number = numbers.setdefault(tokens[index].content, len(numbers) + 1)
    return f"<sup>{number}</sup>"


def _lower(tokens: Sequence[Token]) -> None:
    # The page's own h1 is the title and its h2 is "The letter": the letter's headings stand below them.
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h3" if token.tag in ("h1", "h2") else "h4"


_PARSER = _parser()


class Block(NamedTuple):
    """A paragraph, a list, a heading: its HTML, and the citations first marked in it (number, id)."""

    html: SafeString
    sources: tuple[tuple[int, str], ...]


def render(body: str) -> SafeString:
    """The HTML of a letter's body (Markdown, at most 100,000 code points), safe to stand in a page."""
    return mark_safe("".join(block.html for block in blocks(body)))  # noqa: S308  each of them is safe


def blocks(body: str, known: Collection[str] = ()) -> list[Block]:
    """The blocks of a letter's body. known: ids of what it cites."""
    env: dict[str, Any] = {"known": known, "numbers": {}}
    return [_block(tokens, env) for tokens in _blocks(_PARSER.parse(body, env))]


def _blocks(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    start = depth = 0
    for end, token in enumerate(tokens, 1):
        depth += token.nesting
        if not depth:
            yield tokens[start:end]
            start = end


def _block(tokens: Sequence[Token], env: dict[str, Any]) -> Block:
    before = len(env["numbers"])
    html = nh3.clean(
        _PARSER.renderer.render(tokens, _PARSER.options, env),
        tags=TAGS | {"sup"},
        attributes=ATTRIBUTES,
        url_schemes={"https", "http", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    new = tuple((number, name) for name, number in env["numbers"].items() if number > before)
    firsts = {number for number, _ in new}
    linked = MARK.sub(lambda found: _reference(int(found[1]), firsts), html)
    return Block(mark_safe(linked), new)  # noqa: S308  cleaned just above; what came after is our own


def _reference(number: int, firsts: set[int]) -> str:
    """The link from a mark to its source; the first of a number can be linked to."""
    place = format_html(' id="ref-{}"', number) if number in firsts else ""
    firsts.discard(number)
    return format_html(
        '<a class="ref" href="#source-{0}"{1} aria-label="{2}">{0}</a>',
        number,
        place,
        gettext("Source %(number)s") % {"number": number},
    )
