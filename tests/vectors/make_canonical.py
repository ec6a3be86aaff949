# SPDX-License-Identifier: Apache-2.0
"""Writes canonical.json: bytes that are canonical JSON of the profile, and bytes that are not.  # spec: 1

The bytes are written out by hand, nothing here encodes or decodes. `hex` are the bytes (some are not UTF-8);
`value` of a good one is what they mean. Run it to write the file anew; a test demands the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("canonical.json")

GOOD: list[tuple[str, str, Any]] = [
    ("an empty object", "{}", {}),
    ("an empty list", "[]", []),
    ("an empty string", '""', ""),
    ("true", "true", True),
    ("false", "false", False),
    ("zero", "0", 0),
    ("minus one", "-1", -1),
    ("the greatest integer", "9007199254740991", 2**53 - 1),
    ("the least integer", "-9007199254740991", -(2**53) + 1),
    ("sorted keys", '{"a":1,"b":2}', {"b": 2, "a": 1}),
    (
        "keys by code",
        '{"":0," ":1,"A":2,"Z":3,"a":4,"aa":5}',
        {"aa": 5, "a": 4, "Z": 3, "A": 2, " ": 1, "": 0},
    ),
    ("digits sort as text", '{"10":1,"2":2}', {"2": 2, "10": 1}),
    ("a quote and a backslash", '"\\"\\\\"', '"\\'),
    ("a slash is not escaped", '"/"', "/"),
    ("a line feed", '"a\\nb"', "a\nb"),
    ("a line feed in a key", '{"a\\nb":1}', {"a\nb": 1}),
    ("HTML is not escaped", '"<b>&\'"', "<b>&'"),
    ("two bytes", '"é"', "é"),
    ("not composed", '"e\u0301"', "e\u0301"),
    ("line separators stand for themselves", '"\u2028\u2029"', "\u2028\u2029"),
    ("beyond the first plane", '"😀"', "😀"),
    ("the first after the controls", '"\u00a0"', "\u00a0"),
    ("noncharacters", '"\ufffe\uffff"', "\ufffe\uffff"),
    ("a byte order mark inside", '"\ufeff"', "\ufeff"),
    ("__proto__ is a key", '{"__proto__":1}', None),
    ("mixed", '{"a":[1,true,"x",{"b":[]}],"c":{}}', {"a": [1, True, "x", {"b": []}], "c": {}}),
    ("eight levels of lists", "[" * 8 + "]" * 8, None),
    ("eight levels of objects", '{"a":' * 7 + "{}" + "}" * 7, None),
    ("a scalar below eight levels", "[" * 8 + "1" + "]" * 8, None),
]

BAD: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("null", b"null"),
    ("null inside", b'{"a":null}'),
    ("a float", b"1.5"),
    ("one as a float", b"1.0"),
    ("an exponent", b"1e2"),
    ("an exponent of zero", b"1E0"),
    ("minus zero", b"-0"),
    ("a leading zero", b"01"),
    ("a plus sign", b"+1"),
    ("beyond the greatest integer", b"9007199254740992"),
    ("beyond the least integer", b"-9007199254740992"),
    ("5,000 digits", b"1" * 5000),
    ("NaN", b"NaN"),
    ("Infinity", b"Infinity"),
    ("minus Infinity", b"-Infinity"),
    ("white space before", b" {}"),
    ("white space after", b"{} "),
    ("a line feed after", b"{}\n"),
    ("white space inside", b'{"a": 1}'),
    ("a comma too many in a list", b"[1,]"),
    ("a comma too many in an object", b'{"a":1,}'),
    ("two values", b"{}{}"),
    ("keys not sorted", b'{"b":1,"a":2}'),
    ("a key twice", b'{"a":1,"a":1}'),
    ("a key twice, other values", b'{"a":1,"a":2}'),
    ("a key twice by an escape", b'{"a":1,"\\u0061":1}'),
    ("a key that is not ASCII", '{"é":1}'.encode()),
    ("a key that is a number", b"{1:1}"),
    ("a key with a control", b'{"a\\tb":1}'),
    ("a key with DEL", b'{"\x7f":1}'),
    ("single quotes", b"'a'"),
    ("a comment", b"[/*a*/]"),
    ("a letter escaped", b'"\\u0061"'),
    ("a slash escaped", b'"\\/"'),
    ("a line feed by number", b'"\\u000a"'),
    ("a line feed as itself", b'"a\nb"'),
    ("not ASCII escaped", b'"\\u00e9"'),
    ("a pair of surrogates escaped", b'"\\ud83d\\ude00"'),
    ("a lone surrogate escaped", b'"\\ud800"'),
    ("a lone low surrogate escaped", b'"\\udc00"'),
    ("a surrogate as bytes", b'"\xed\xa0\x80"'),
    ("an unknown escape", b'"\\x41"'),
    ("a string without an end", b'"a'),
    ("NUL", b'"\\u0000"'),
    ("a tab", b'"\\t"'),
    ("a carriage return", b'"\\r"'),
    ("U+001F", b'"\\u001f"'),
    ("U+001F as itself", b'"\x1f"'),
    ("U+007F", b'"\x7f"'),
    ("U+0080", b'"\xc2\x80"'),
    ("U+009F", b'"\xc2\x9f"'),
    ("not UTF-8", b'"\xff"'),
    ("a long form in UTF-8", b'"\xc0\xaf"'),
    ("beyond U+10FFFF", b'"\xf4\x90\x80\x80"'),
    ("UTF-8 cut short", b'"\xc3"'),
    ("a byte order mark before", b"\xef\xbb\xbf{}"),
    ("UTF-16", b"\xff\xfe{\x00}\x00"),
    ("nine levels of lists", b"[" * 9 + b"]" * 9),
    ("nine levels of objects", b'{"a":' * 8 + b"{}" + b"}" * 8),
    ("a great depth", b"[" * 3000 + b"]" * 3000),
    ("a great depth, open", b"[" * 3000),
    ("Python's words", b"True"),
    ("other JSON words", b"TRUE"),
]

# base64url without padding: text -> bytes in hex, None where it is refused
BASE64: list[tuple[str, str | None]] = [
    ("", ""),
    ("AA", "00"),
    ("AAA", "0000"),
    ("AAAA", "000000"),
    ("_-8", "ffef"),
    ("A", None),
    ("AAAAA", None),
    ("AB", None),
    ("AAB", None),
    ("AA==", None),
    ("AA=", None),
    ("/+8", None),
    ("A A", None),
    ("AA\n", None),
    ("AA\u00e9", None),
    ("A\u0100A", None),
    ("AA.A", None),
]


def document() -> dict[str, Any]:
    """The whole file."""
    good = []
    for name, text, value in GOOD:
        one = {"name": name, "hex": text.encode().hex()}
        good.append(one if value is None else {**one, "value": value})
    return {
        "source": "Fronde; made by make_canonical.py",
        "section": "docs/protocol.md 1; RFC 8785",
        "encoding": "hex",
        "good": good,
        "bad": [{"name": name, "hex": data.hex()} for name, data in BAD],
        "base64url": [{"text": text, "hex": data} for text, data in BASE64],
    }


def text() -> str:
    """The file's text."""
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text())
