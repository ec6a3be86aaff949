# SPDX-License-Identifier: Apache-2.0
"""[[citations]] of a letter file, and their marks in its body."""

import pytest

from fronde import canonical, letterfile
from fronde.canonical import b64u
from fronde.citation import Citation
from fronde.errors import Usage
from fronde.letterfile import BadLetterFile
from tests.citations import NEAREST, RECORD, changed
from tests.test_letterfile import FILE, frozen, wrong

CITING = FILE.replace(
    "[rules]",
    """[[citations]]
id = "award"
says = "The order, and what was obligated under it."
file = "evidence/award.json"

[[citations]]
id = "frame"
says = "The framework."
file = "frame.json"

[rules]""",
).replace("*you* for", "*you*[^award] for it, and once more,[^frame][^award] for")
CITED = {"evidence/award.json": Citation.make(NEAREST), "frame.json": Citation.make(RECORD)}
FILES = {name: each.data for name, each in CITED.items()}


def test_a_letter_file_may_cite() -> None:
    draft = letterfile.parse(CITING)
    assert [(each["id"], each["file"], each["line"]) for each in draft["citations"]] == [
        ("award", "evidence/award.json", 20),
        ("frame", "frame.json", 25),
    ]
    citations = letterfile.cite(draft, FILES.__getitem__)
    letter = frozen(draft, citations=citations)
    letter.check_rules()
    assert {name: each.data for name, each in citations.items()} == {
        "award": FILES["evidence/award.json"],
        "frame": FILES["frame.json"],
    }
    assert letter.citations == [
        {
            "id": "award",
            "says": "The order, and what was obligated under it.",
            "digest": b64u(CITED["evidence/award.json"].digest),
        },
        {"id": "frame", "says": "The framework.", "digest": b64u(CITED["frame.json"].digest)},
    ]
    assert "*you*[^award] for it" in letter.document["body"]


def test_a_letter_that_cites_nothing_is_what_it_was() -> None:
    plain = letterfile.parse(FILE)
    assert letterfile.cite(plain, FILES.__getitem__) == {}
    assert frozen(plain).citations == []


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("^award] for it", "^awards] for it", 36, "the mark [^awards] names no citation"),
        ("^award] for it", "^Award] for it", 36, "the mark [^Award] names no citation"),
        ("[^frame]", "", 25, "the citation 'frame' is marked nowhere in the body"),
        ("[^frame]", "\\[^frame]", 25, "the citation 'frame' is marked nowhere in the body"),
        ("Dear Sam,", "# Dear Sam[^frame]", 34, "a mark [^frame] in a heading is not possible"),
        ("*you*[^award]", "[you[^award]](https://example.org)", 36, "a mark [^award] in a link is not"),
        ('id = "frame"', 'id = "award"', 26, "two citations have the id 'award'"),
        ('id = "frame"', 'id = "a frame"', 26, "id: not a slug"),
        ('file = "frame.json"', "", 25, "the field 'file' of citations is missing"),
        ('says = "The framework."', 'says = "' + "x" * 501 + '"', 27, "says: 501 characters, at most 500"),
        ('says = "The framework."', 'said = "x"', 27, "'said' is not a field of citations"),
        ('[[citations]]\nid = "frame"', '[[citation]]\nid = "frame"', 25, "'citation' is not a field"),
    ],
)
def test_what_is_wrong_with_a_citation_is_said_with_its_line(
    old: str, new: str, line: int, what: str
) -> None:
    assert old in CITING
    error = wrong(CITING.replace(old, new))
    assert (error.line, error.message.removeprefix(f"line {error.line}: ")[: len(what)]) == (line, what)


def test_a_mark_without_citations_is_refused() -> None:
    error = wrong(FILE.replace("*you*", "*you*[^1]"))
    assert error.message == "line 26: the mark [^1] names no citation"
    assert "[[citations]]" in error.hint


def test_at_most_a_hundred_citations() -> None:
    tables = [f'[[citations]]\nid = "c{n}"\nsays = "x"\nfile = "x"\n' for n in range(101)]
    error = wrong(FILE.replace("[rules]", "".join(tables) + "[rules]"))
    assert error.message == "line 420: at most 100 citations a letter"


def test_citations_that_are_no_list_are_refused() -> None:
    error = wrong(FILE.replace('lang = "en"', 'lang = "en"\ncitations = 5'))
    assert error.message == "line 4: citations is a list of tables: [[citations]]"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"{}", "the top: v or type is missing"),
        (FILES["frame.json"] + b"\n", "not in canonical form"),
        (canonical.encode(changed(RECORD, figure__cents=5)), "its rows sum to -12.50, not to 0.05"),
        (canonical.encode(changed(RECORD, state="x")), "made by a newer fronde"),
    ],
)
def test_a_citation_that_does_not_hold_is_refused_with_its_line(data: bytes, what: str) -> None:
    draft = letterfile.parse(CITING)
    with pytest.raises(BadLetterFile) as caught:
        letterfile.cite(draft, {**FILES, "frame.json": data}.__getitem__)
    assert caught.value.message.startswith(f"line 25: frame.json: {what}")


def test_a_citation_that_cannot_be_read_is_named_with_its_line() -> None:
    def read(name: str) -> bytes:
        raise Usage(f"{name} cannot be read")

    with pytest.raises(BadLetterFile, match=r"line 20: evidence/award\.json: "):
        letterfile.cite(letterfile.parse(CITING), read)
