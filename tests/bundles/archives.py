# SPDX-License-Identifier: Apache-2.0
"""Archives and documents that cannot be read: step 1."""

from __future__ import annotations

from functools import partial

from fronde import canonical
from fronde.canonical import b64u
from fronde.record.tree import leaf_hash

from .cases import NEWER, Members, bad, fill, flipped, proof, signed, small
from .zips import File, archive, deflated, files_of, stored


def files() -> dict[str, File]:
    """The files of an honest proof, by name."""
    return {file.name.decode(): file for file in files_of(proof(signed(5)))}


def zipped_with(name: str, **changes: object) -> bytes:
    """An honest proof, but for one file."""
    found = files()
    for attribute, value in changes.items():
        setattr(found[name], attribute, value)
    return archive(list(found.values()))


@bad("archive-empty", 1, "not-a-zip")
def empty() -> tuple[bytes, str]:
    return b"", ""


@bad("archive-not-a-zip", 1, "not-a-zip")
def not_a_zip() -> tuple[bytes, str]:
    return b"%PDF-1.7 is no proof of anything, however long it may be.\n" * 3, ""


@bad("archive-cut", 1, "not-a-zip")
def cut() -> tuple[bytes, str]:
    return archive(list(files().values()))[:-40], ""


@bad("archive-bytes-after", 1, "not-a-zip")
def bytes_after() -> tuple[bytes, str]:
    return archive(list(files().values()), suffix=b"\0"), ""


@bad("archive-comment", 1, "not-a-zip")
def comment() -> tuple[bytes, str]:
    return archive(list(files().values()), comment=b"hello"), ""


@bad("archive-bytes-before", 1, "not-contiguous")
def bytes_before() -> tuple[bytes, str]:
    return archive(list(files().values()), prefix=b"#!/bin/sh\n"), "README.txt"


@bad("archive-gap", 1, "not-contiguous")
def gap() -> tuple[bytes, str]:
    return zipped_with("README.txt", after=b"\0"), "letter.json"


@bad("archive-gap-before-directory", 1, "not-contiguous")
def gap_before_directory() -> tuple[bytes, str]:
    return archive(list(files().values()), gap=b"\0"), ""


@bad("archive-extra-field", 1, "directory")
def extra_field() -> tuple[bytes, str]:
    return zipped_with("letter.json", extra=b"\x75\x70\x04\0\1abc"), "letter.json"


@bad("archive-file-comment", 1, "directory")
def file_comment() -> tuple[bytes, str]:
    return zipped_with("letter.json", comment=b"look here"), "letter.json"


@bad("archive-encrypted", 1, "member-flags")
def encrypted() -> tuple[bytes, str]:
    return zipped_with("letter.json", flags=1), "letter.json"


@bad("archive-data-descriptor", 1, "member-flags")
def data_descriptor() -> tuple[bytes, str]:
    return zipped_with("letter.json", flags=8), "letter.json"


@bad("archive-other-method", 1, "member-method")
def other_method() -> tuple[bytes, str]:
    return zipped_with("letter.json", method=12), "letter.json"


@bad("archive-headers-differ", 1, "headers-differ")
def headers_differ() -> tuple[bytes, str]:
    return zipped_with("letter.json", local_name=b"hidden.json"), "letter.json"


@bad("archive-same-name", 1, "same-name")
def same_name() -> tuple[bytes, str]:
    found = list(files().values())
    return archive([*found, File(b"letter.json", b"{}")]), "letter.json"


@bad("archive-symlink", 1, "not-a-plain-file")
def symlink() -> tuple[bytes, str]:
    return zipped_with("openings.json", attributes=0o120777 << 16), "openings.json"


@bad("archive-directory", 1, "not-a-plain-file")
def directory() -> tuple[bytes, str]:
    return archive([*files().values(), File(b"log/", b"", attributes=0o040755 << 16 | 0x10)]), "log/"


def _one_more(name: str) -> tuple[bytes, str]:
    return archive([*files().values(), File(name.encode(), b"more")]), name


bad("archive-traversal", 1, "unknown-file")(partial(_one_more, "../../letter.json"))
bad("archive-absolute-path", 1, "unknown-file")(partial(_one_more, "/etc/passwd"))
bad("archive-extra-file", 1, "unknown-file")(partial(_one_more, "log/tile/notes.txt"))
bad("archive-older-partial", 1, "unknown-file")(partial(_one_more, "log/tile/0/000.p/1"))
bad("archive-other-spelling", 1, "unknown-file")(partial(_one_more, "Letter.json"))
bad("archive-documents", 1, NEWER)(lambda: (_one_more("documents/response.txt")[0], ""))
bad("archive-evidence", 1, NEWER)(lambda: (_one_more("evidence/award-1.json")[0], ""))


@bad("archive-strange-name", 1, "unknown-file")
def strange_name() -> tuple[bytes, str]:
    return archive([*files().values(), File(b"letter.json\0.txt", b"more")]), ""


@bad("archive-file-missing", 1, "file-missing")
def file_missing() -> tuple[bytes, str]:
    found = files()
    del found["log/tile/entries/000.p/6"]
    return archive(list(found.values())), "log/tile/entries/000.p/6"


@bad("archive-no-openings", 1, "file-missing")
def no_openings() -> tuple[bytes, str]:
    found = files()
    del found["openings.json"]
    return archive(list(found.values())), "openings.json"


@bad("archive-ratio", 1, "too-large")
def ratio() -> tuple[bytes, str]:
    return zipped_with("openings.json", method=8, packed=bytes(200), size=10_000_000), "openings.json"


@bad("archive-large-member", 1, "too-large")
def large_member() -> tuple[bytes, str]:
    return zipped_with("openings.json", method=8, packed=bytes(200), size=300 * 1024**2), "openings.json"


@bad("archive-bomb", 1, "member-damaged")
def bomb() -> tuple[bytes, str]:
    return zipped_with("openings.json", method=8, packed=deflated(bytes(3000)), size=100), "openings.json"


@bad("archive-stream-goes-on", 1, "member-damaged")
def stream_goes_on() -> tuple[bytes, str]:
    data = files()["heads.json"].data
    return zipped_with("heads.json", method=8, packed=deflated(data) + b"more"), "heads.json"


@bad("archive-stream-cut", 1, "member-damaged")
def stream_cut() -> tuple[bytes, str]:
    data = files()["heads.json"].data
    return zipped_with("heads.json", method=8, packed=deflated(data)[:-1]), "heads.json"


@bad("archive-wrong-crc", 1, "member-damaged")
def wrong_crc() -> tuple[bytes, str]:
    return zipped_with("README.txt", crc=1), "README.txt"


@bad("archive-size-invented", 1, "file-missing")
def size_invented() -> tuple[bytes, str]:
    return zipped_with(
        "log/checkpoint", data=b"letters.example/x\n9007199254740991\nAAAA\n\n"
    ), "log/checkpoint"


@bad("archive-no-size", 1, "no-size")
def no_size() -> tuple[bytes, str]:
    return zipped_with(
        "instance/checkpoint", data=b"letters.example/log\n011\nAAAA\n\n"
    ), "instance/checkpoint"


def _replaced(name: str, old: str, new: str) -> tuple[bytes, str]:
    members: Members = proof(signed(5))
    assert old.encode() in members[name]
    return stored(members | {name: members[name].replace(old.encode(), new.encode(), 1)}), name


_letter = partial(partial, _replaced, "letter.json")
_heads = partial(partial, _replaced, "heads.json")
_openings = partial(partial, _replaced, "openings.json")


@bad("letter-crowded", 1, "not-canonical")
def crowded() -> tuple[Members, str]:
    """Of its form, canonical, and above a megabyte: nothing is wrong with it but the number of its values."""
    record = signed(5)
    document = record.letter.document
    demands = [{"id": f"{n:040}", "ask": "a", "measure": "b"} for n in range(10_000)]
    many = {**document, "demands": demands, "to": [{"name": f"{n:07}", "office": ""} for n in range(10_000)]}
    # `canonical.encode` writes what `decode` refuses: only readers count.
    return proof(record, letter=canonical.encode(many)), "letter.json"


bad("letter-nan", 1, "not-canonical")(_letter('"floor":5', '"floor":NaN'))
bad("letter-float", 1, "not-canonical")(_letter('"floor":5', '"floor":5.0'))
bad("letter-exponent", 1, "not-canonical")(_letter('"floor":5', '"floor":5e0'))
bad("letter-null", 1, "not-canonical")(_letter('"facets":[]', '"facets":null'))
bad("letter-large-integer", 1, "not-canonical")(_letter('"floor":5', '"floor":9007199254740993'))
bad("letter-minus-zero", 1, "not-canonical")(_letter('"minutes":0', '"minutes":-0'))
bad("letter-deep", 1, "not-canonical")(_letter('"facets":[]', f'"facets":{"[" * 5000}{"]" * 5000}'))
bad("letter-nine-levels", 1, "not-canonical")(_letter('"facets":[]', f'"facets":{"[" * 9}{"]" * 9}'))
bad("letter-same-key-twice", 1, "not-canonical")(_letter('"lang":"en"', '"lang":"fr","lang":"en"'))
bad("letter-white-space", 1, "not-canonical")(_letter('"lang":"en"', '"lang": "en"'))
bad("letter-other-escape", 1, "not-canonical")(_letter("We build", "\\u0057e build"))
bad("letter-lone-surrogate", 1, "not-canonical")(_letter("We build", "\\ud800e build"))
bad("letter-control-character", 1, "not-canonical")(_letter("We build", "\\u001b[2Jbuild"))
bad("letter-unsorted", 1, "not-canonical")(_letter('"lang":"en","', '"zz":1,"lang":"en","'))
bad("letter-unknown-field", 1, "bad-form")(_letter('"lang":"en"', '"lang":"en","list":[]'))
bad("letter-true-for-one", 1, "bad-form")(_letter('"v":1', '"v":true'))
bad("letter-field-missing", 1, "bad-form")(_letter('"lang":"en",', ""))
bad("letter-title-too-long", 1, "bad-form")(_letter("Tell us", "Tell us" * 60))
bad("letter-version-2", 1, NEWER)(_letter('"v":1', '"v":2'))
bad("letter-other-type", 1, NEWER)(_letter('"type":"letter"', '"type":"joint.letter"'))
bad("letter-sealed-mode", 1, NEWER)(_letter('"hidden"]', '"hidden","sealed"]'))
bad("letter-with-witnesses", 1, NEWER)(_letter('"witnesses":[]', '"witnesses":["paper"]'))
bad("letter-two-workplaces", 1, NEWER)(_letter('"workplaces":[{', '"workplaces":[{},{'))
bad("heads-negative-size", 1, "bad-form")(_heads('"size":1', '"size":-1'))
bad("heads-short-nonce", 1, "bad-form")(_heads('"nonce":"', '"nonce":"AAAA'))
bad("openings-role", 1, NEWER)(_openings('"name":"Ada Byron 0"', '"name":"Ada Byron 0","role":"Legal"'))
bad("openings-invisible-character", 1, "bad-form")(_openings("Ada Byron", "Ada\u202eByron"))
bad("openings-line-break", 1, "bad-form")(_openings("Ada Byron", "Ada\\nByron"))
bad("openings-empty-name", 1, "bad-form")(_openings("Ada Byron 0", ""))
bad("openings-long-name", 1, "bad-form")(_openings("Ada Byron", "A" * 90))
bad("openings-name-of-a-space", 1, "bad-form")(_openings("Ada Byron 0", " "))
bad("openings-name-of-a-hard-space", 1, "bad-form")(_openings("Ada Byron 0", "\u00a0"))
bad("openings-name-of-a-filler", 1, "bad-form")(_openings("Ada Byron 0", "\u3164"))
bad("openings-name-of-a-selector", 1, "bad-form")(_openings("Ada Byron 0", "\U000e0100"))
bad("openings-name-begins-soft", 1, "bad-form")(_openings("Ada Byron 0", "\u00adAda"))
bad("openings-name-ends-with-a-space", 1, "bad-form")(_openings("Ada Byron 0", "Ada "))
bad("openings-note-blank", 1, "bad-form")(_openings('"name":"Ada Byron 0"', '"name":"Ada","note":"\u2800"'))
bad("openings-other-leaf-spelling", 1, "bad-form")(_openings('{"openings":{"', '{"openings":{"+'))


@bad("letter-not-utf8", 1, "not-canonical")
def not_utf8() -> tuple[bytes, str]:
    members = proof(signed(5))
    return stored(
        members | {"letter.json": members["letter.json"].replace(b"We", b"W\xff", 1)}
    ), "letter.json"


@bad("openings-without-name", 1, "bad-form")
def without_name() -> tuple[bytes, str]:
    record = small().open()
    fill(record, 5)
    record.openings[leaf_hash(record.waiting[0])] = {"salt": b64u(bytes(32)), "shown": {"note": "no name"}}
    record.publish()
    return stored(proof(record)), "openings.json"


@bad("openings-not-json", 1, "not-canonical")
def not_json() -> tuple[bytes, str]:
    return stored(proof(signed(5), openings=b"")), "openings.json"


@bad("heads-trailing-newline", 1, "not-canonical")
def trailing_newline() -> tuple[bytes, str]:
    record = signed(5)
    return stored(proof(record, heads=record.heads_file() + b"\n")), "heads.json"


@bad("archive-damaged-tile", 1, "member-damaged")
def damaged_tile() -> tuple[bytes, str]:
    name = "log/tile/0/000.p/6"
    data = files()[name].data
    return zipped_with(name, packed=flipped(data)), name


@bad("archive-damaged-tile-and-no-letter", 1, "member-damaged")
def damaged_tile_and_no_letter() -> tuple[bytes, str]:
    """Every member is whole before a document is read."""
    name = "log/tile/0/000.p/6"
    found = files()
    found["letter.json"].data = b"{}"
    found[name].packed = flipped(found[name].data)
    return archive(list(found.values())), name
