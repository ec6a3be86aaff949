# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.site.letters.markdown import ATTRIBUTES, TAGS, render


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
