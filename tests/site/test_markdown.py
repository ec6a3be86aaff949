# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.site.letters.markdown import ATTRIBUTES, TAGS, blocks, render


class Seen(HTMLParser):
    """The tags and attributes of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>\n"),
        ("*a* **b** _c_", "<p><em>a</em> <strong>b</strong> <em>c</em></p>\n"),
        ("a  \nb\\\nc\nd", "<p>a<br>\nb<br>\nc\nd</p>\n"),
        ("# Big\n\n## Less\n\n### Small", "<h3>Big</h3>\n<h3>Less</h3>\n<h4>Small</h4>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("7. a", '<ol start="7">\n<li>a</li>\n</ol>\n'),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>\n"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>\n"),
        (r"\*not\*", "<p>*not*</p>\n"),
        ("5 < 6 & 7 > 2", "<p>5 &lt; 6 &amp; 7 &gt; 2</p>\n"),
    ],
)
def test_the_subset_is_rendered(source, html):
    assert render(source) == html


@pytest.mark.parametrize("where", ["https://a.example/?b=1&c=2", "http://a.example/", "mailto:a@b.example"])
def test_a_link_leads_out_and_says_so(where):
    link = f'<a href="{where.replace("&", "&amp;")}" rel="noopener noreferrer nofollow">x</a>'
    assert render(f"[x]({where})") == f"<p>{link}</p>\n"


@pytest.mark.parametrize(
    "where",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "/letters",
        "x.html",
        "#h-count",
        "file:///etc/passwd",
        "blob:https://a.example/x",
    ],
)
def test_a_link_that_is_not_web_or_mail_stays_text(where):
    assert "<a" not in render(f"[x]({where})")


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://a.example/x.png)",
        "<https://auto.example>",
        "`code`",
        "    indented code",
        "```\nfence\n```",
        "| a |\n|---|\n| b |",
        "&#8238;&lt;b&gt;",
        "~~gone~~",
        "<!-- comment -->",
        "<svg/onload=alert(1)>",
        "[x]: https://a.example\n\n[x]",
    ],
)
def test_everything_else_is_text(source):
    seen = Seen(render(source))
    assert seen.tags <= {"p", "a"}
    assert all(value is None or not value.startswith("javascript") for _tag, _name, value in seen.attributes)
    assert "&#" not in source or "\u202e" not in render(source)


@given(st.text(alphabet=st.sampled_from("<>&\"'[]()!#*_-+`~\\/:. \n\t1ajx=hptsr@"), max_size=300))
def test_whatever_is_written_only_the_allowed_tags_come_out(source):
    seen = Seen(render(source))
    assert seen.tags <= TAGS
    allowed = {(tag, name) for tag, names in ATTRIBUTES.items() for name in names} | {("a", "rel")}
    assert {(tag, name) for tag, name, _value in seen.attributes} <= allowed
    assert all(re.match("https?://|mailto:", v or "", re.I) for _t, n, v in seen.attributes if n == "href")


# -- marks of citations -------------------------------------------------------------------------------------


def ref(number, first=True):
    place = f' id="ref-{number}"' if first else ""
    return f'<a class="ref" href="#source-{number}"{place} aria-label="Source {number}">{number}</a>'


def test_marks_are_numbered_by_their_first_place_and_stand_with_their_block():
    found = blocks("One.[^b]\n\nTwo.\n\n- x[^a]\n- y[^b]\n\n> again[^a]", {"a", "b", "c"})
    assert [block.sources for block in found] == [((1, "b"),), (), ((2, "a"),), ()]
    assert found[0].html == f"<p>One.{ref(1)}</p>\n"
    assert found[2].html == f"<ul>\n<li>x{ref(2)}</li>\n<li>y{ref(1, first=False)}</li>\n</ul>\n"
    assert found[3].html == f"<blockquote>\n<p>again{ref(2, first=False)}</p>\n</blockquote>\n"


def test_two_marks_of_one_citation_in_one_block_link_to_it_and_one_can_be_linked_to():
    (block,) = blocks("x[^a] y[^a]", {"a"})
    assert block.html == f"<p>x{ref(1)} y{ref(1, first=False)}</p>\n"


@pytest.mark.parametrize("body", ["x[^b]", r"x\[^a]", "x[^a", "x[^ a]", "x[a]", "<sup>1</sup>", "`[^b]`"])
def test_what_is_no_mark_stays_text(body):
    (block,) = blocks(body, {"a"})
    assert block.sources == ()
    assert "<a" not in block.html
    assert "<sup" not in block.html


@given(st.text(st.sampled_from("[]^a<sup>/1()\\*_# \n>-https:"), max_size=60))
def test_nothing_but_marks_gets_a_class(body):
    html = "".join(block.html for block in blocks(body, {"a"}))
    seen = Seen(html)
    assert seen.tags <= TAGS
    allowed = {"href", "rel", "class", "id", "aria-label", "start"}
    assert {name for _, name, _ in seen.attributes} <= allowed
    assert html.count('class="ref"') <= body.count("[^a]")


@given(st.text(max_size=200))
def test_blocks_without_marks_are_the_body(body):
    assert "".join(block.html for block in blocks(body)) == render(body)
