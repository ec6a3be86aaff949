# SPDX-License-Identifier: Apache-2.0
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.bodytext import check_body


class Wrong(Exception):
    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Dear *Sam*,\n\nwe **ask** you.\nNow.",
        "# Why\n\n## And how\n",
        "- one\n- two\n\n1. one\n2. two\n",
        "> said\n> so\n\nby whom",
        "above\n\n---\n\nbelow",
        "[words](https://example.com/a?b=c#d)",
        "[words](HTTPS://example.com 'title')",
        "a line\\\nand another  \nand another",
        "1 < 2 and 3 > 2, a<b, AT&T, &amp;, 5 * 3 * 2, [x], [x](y z), !no",
        "\\<b\\> \\*plain\\*",
        "https://example.com stays text",
    ],
)
def test_what_belongs_in_a_letter_is_accepted(body: str) -> None:
    check_body(body, Wrong)


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("<div>\nx\n</div>", 0, "raw HTML"),
        ("x\n\n<!-- hidden -->", 2, "raw HTML"),
        ("one\ntwo <b>three</b>", 1, "raw HTML"),
        ("one\\\ntwo  \nthree <br>", 2, "raw HTML"),
        ("- a\n- b\n  <script>x</script>", 2, "raw HTML"),
        ("> q\n>\n> <img src=x>", 2, "raw HTML"),
        ("x ![y](https://example.com/z.png)", 0, "an image"),
        ("x\n\n    four spaces", 2, "code"),
        ("```\nx\n```", 0, "code"),
        ("x `y`", 0, "code"),
        ("x\n\nTitle\n=====", 2, "an underlined heading"),
        ("Title\n---", 0, "an underlined heading"),
        ("a\n[x](http://example.com)", 1, "a link to 'http://example.com'"),
        ("[x](mailto:a@example.com)", 0, "a link to 'mailto:"),
        ("[x](/here)", 0, "a link to '/here'"),
        ("[x](javascript:alert(1))", 0, "a link to 'javascript"),
        ("[x]( <java&#115;cript:x> )", 0, "a link to 'javascript"),
        ("[x]()", 0, "a link to ''"),
        ("a\n<https://example.com>", 1, "an address in angle brackets"),
        ("see <a@example.com>", 0, "an address in angle brackets"),
        ("[x][y]\n\n[y]: https://example.com", 2, "a link reference"),
        ("a\n\nb\n\n[y]: https://example.com", 4, "a link reference"),
    ],
)
def test_what_pages_would_not_show_is_refused_with_its_line(body: str, line: int, what: str) -> None:
    with pytest.raises(Wrong) as caught:
        check_body(body, Wrong)
    assert (caught.value.line, str(caught.value)[: len(what)]) == (line, what)


@given(st.text(alphabet="ab<>[]()!`*_#-=+.:&;/\\\"' \n1", max_size=60))
def test_any_body_is_accepted_or_refused_with_one_of_its_lines(body: str) -> None:
    lines: list[int] = []

    def note(line: int, what: str) -> Exception:
        lines.append(line)
        return Wrong(line, what)

    with contextlib.suppress(Wrong):
        check_body(body, note)
    assert all(0 <= line < len(body.split("\n")) for line in lines)


def test_marks_are_found_with_their_lines() -> None:
    body = "One[^a] two\nthree[^b-2].\n\n> said[^a]\n\n- *x[^c]*\n\n\\[^no] [^ no] [not ^this]"
    assert check_body(body, Wrong) == [(0, "a"), (1, "b-2"), (3, "a"), (5, "c")]


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("x\n\n## Why[^a]", 2, "a mark [^a] in a heading"),
        ("x\n[words[^a]](https://example.com)", 1, "a mark [^a] in a link"),
    ],
)
def test_a_mark_stands_in_a_paragraph(body: str, line: int, what: str) -> None:
    with pytest.raises(Wrong) as caught:
        check_body(body, Wrong)
    assert caught.value.line == line
    assert str(caught.value).startswith(what)


def test_a_mark_before_brackets_is_a_mark_and_no_link() -> None:
    assert check_body("x[^a](javascript:no)", Wrong) == [(0, "a")]
