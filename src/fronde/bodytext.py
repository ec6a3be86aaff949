# SPDX-License-Identifier: Apache-2.0
"""The Markdown of a letter's body: what authors may write.  # trust: 28

Paragraphs, # headings, lists, quotations, rules, emphasis, strong emphasis, line breaks, backslash escapes,
and links to https addresses. Pages show nothing else as markup, so whatever a full Markdown reader would
make more of is refused when the letter file is read: raw HTML, images, code, underlined headings, link
references, `<address>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Found = tuple[int, str]  # the line, from 0, and what is wrong there

_REFUSED = {
    "html_block": "raw HTML",
    "html_inline": "raw HTML",
    "image": "an image",
    "code_block": "code (a paragraph does not begin with four spaces)",
    "fence": "code",
    "code_inline": "code",
}


def check_body(body: str, error: Callable[[int, str], Exception]) -> None:
    """Raises `error(line, what)`, lines counted from 0, for the first thing that does not belong in a letter.

    Needs markdown-it-py, which comes with `fronde[site]`.
    """
    for line, what in _findings(body):
        raise error(line, f"{what} is not possible in a letter")


def _findings(body: str) -> Iterator[Found]:
    from markdown_it import MarkdownIt  # only operators need it: the bare package does without

    parser = MarkdownIt("commonmark")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # so that every link is seen here
    env: dict[str, Any] = {}
    for token in parser.parse(body, env):
        line = token.map[0] if token.map else 0
        if token.type in _REFUSED:
            yield line, _REFUSED[token.type]
        elif token.type == "heading_open" and not token.markup.startswith("#"):
            yield line, "an underlined heading (begin the line with # instead)"
        else:
            yield from _inline(token.children or (), line)
    for reference in env.get("references", {}).values():
        yield reference["map"][0], "a link reference (write the address in the link)"


def _inline(tokens: Any, line: int) -> Iterator[Found]:
    for token in tokens:
        if token.type in _REFUSED:
            yield line, _REFUSED[token.type]
        elif token.type == "link_open" and token.markup == "autolink":
            yield line, "an address in angle brackets (write [words](https://...))"
        elif token.type == "link_open" and not token.attrs["href"].lower().startswith("https://"):
            yield line, f"a link to {token.attrs['href'][:60]!r} (only https:// addresses are links)"
        if token.type in ("softbreak", "hardbreak"):
            line += 1
