# SPDX-License-Identifier: Apache-2.0
"""The Markdown of a letter's body: what authors may write.  # trust: 28

Paragraphs, # headings, lists, quotations, rules, emphasis, strong emphasis, line breaks, backslash escapes,
and links to https addresses. Pages show nothing else as markup, so whatever a full Markdown reader would
make more of is refused when the letter file is read: raw HTML, images, code, underlined headings, link
references, `<address>`.

A mark `[^id]` stands for a citation: pages put its source beside the paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Found = tuple[int, str]  # the line, from 0, and what is wrong there

# What an author may have meant as a mark; only a slug can be one.
MARK = re.compile(r"\[\^([^\]\[\s]{1,100})\]")
# With a mark in its words a link falls apart: this is what is left behind the mark.
_LINK_GOES_ON = re.compile(r"[^\[\]]*\]\(")

_REFUSED = {
    "html_block": "raw HTML",
    "html_inline": "raw HTML",
    "image": "an image",
    "code_block": "code (a paragraph does not begin with four spaces)",
    "fence": "code",
    "code_inline": "code",
}


def check_body(body: str, error: Callable[[int, str], Exception]) -> list[tuple[int, str]]:
    """The marks of a body, in its order: the line of each, from 0, and what it names.

    Raises `error(line, what)` for the first thing that does not belong in a letter. Needs markdown-it-py,
    which comes with `fronde[site]`.
    """
    marks: list[tuple[int, str]] = []
    for line, what in _findings(body, marks):
        raise error(line, f"{what} is not possible in a letter")
    return marks


def mark_rule(known: Callable[[str, Any], bool]) -> Callable[[Any, bool], bool]:
    """A rule for markdown-it: `[^id]` becomes a token "mark" with the id as its content.

    known(id, env): whether it is one; what is none stays text. It comes before links, and after escapes.
    """

    def rule(state: Any, silent: bool) -> bool:
        found = MARK.match(state.src, state.pos)
        if not found or not known(found[1], state.env):
            return False
        if not silent:
            state.push("mark", "", 0).content = found[1]
        state.pos = found.end()
        return True

    return rule


def _findings(body: str, marks: list[tuple[int, str]]) -> Iterator[Found]:
    from markdown_it import MarkdownIt  # only operators need it: the bare package does without

    parser = MarkdownIt("commonmark")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # so that every link is seen here
    parser.inline.ruler.before("link", "mark", mark_rule(lambda id, env: True))
    env: dict[str, Any] = {}
    heading = False
    for token in parser.parse(body, env):
        line = token.map[0] if token.map else 0
        heading = token.type == "heading_open" or (heading and token.type == "inline")
        if token.type in _REFUSED:
            yield line, _REFUSED[token.type]
        elif token.type == "heading_open" and not token.markup.startswith("#"):
            yield line, "an underlined heading (begin the line with # instead)"
        else:
            yield from _inline(token.children or (), line, marks, heading=heading)
    for reference in env.get("references", {}).values():
        yield reference["map"][0], "a link reference (write the address in the link)"


def _inline(tokens: Any, line: int, marks: list[tuple[int, str]], *, heading: bool) -> Iterator[Found]:
    tokens = list(tokens)
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        if token.type == "mark":
            marks.append((line, token.content))
            if heading or (following and _LINK_GOES_ON.match(following.content)):
                yield line, f"a mark [^{token.content[:40]}] in a {'heading' if heading else 'link'}"
        if token.type in _REFUSED:
            yield line, _REFUSED[token.type]
        elif token.type == "link_open" and token.markup == "autolink":
            yield line, "an address in angle brackets (write [words](https://...))"
        elif token.type == "link_open" and not token.attrs["href"].lower().startswith("https://"):
            yield line, f"a link to {token.attrs['href'][:60]!r} (only https:// addresses are links)"
        if token.type in ("softbreak", "hardbreak"):
            line += 1
