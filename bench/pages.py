# SPDX-License-Identifier: Apache-2.0
"""What pages weigh: python -m bench.pages

The letter's page with everything that it loads, as a real server sends it to a browser that takes gzip, with
a whole page of sixty names under the letter; and the scripts of the page one signs on, packed by gzip -9.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.figures import Figure, at_most, noted, tell
from bench.load import drive
from bench.place import Server, place
from bench.publishing import Log
from fronde.site.record.writer import Writer

SIGNATURES = 1000
WHERE_NEEDED = ("noble.js", "words.js")  # a browser without Ed25519; somebody who moves by words
LOADED = {"stylesheet", "icon", "modulepreload"}


class Page(HTMLParser):
    """What a page loads: `now` with it, `later` when its script asks for it (it stands in a <template>)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.now: list[str] = []
        self.later: list[str] = []
        self._templates = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an address; whatever has a `src`, and links that a browser follows by itself."""
        values = dict(attrs)
        self._templates += tag == "template"
        address = values.get("src")
        if tag == "link" and values.get("rel") in LOADED:
            address = values["href"]
        if address:
            (self.later if self._templates else self.now).append(address)

    def handle_endtag(self, tag: str) -> None:
        """Leaves a <template>."""
        self._templates -= tag == "template"


def get(server: Server, path: str) -> bytes:
    """The body that a browser gets."""
    return drive(server.port, [server.request("GET", path, Accept_Encoding="gzip", Accept="*/*")], 1).bodies[
        0
    ]


def name(address: str) -> str:
    """/static/sign.js?v=... -> sign.js"""
    return address.partition("?")[0].rpartition("/")[2]


def letter_page(server: Server, path: str) -> Iterator[Figure]:
    """Bytes of the letter's page and of all that it loads."""
    html = get(server, path)
    page = Page(html.decode())
    assert b"Ada Byron" in html
    assert not page.later
    parts = {"html": len(html)} | {name(each): len(get(server, each)) for each in page.now}
    said = ", ".join(f"{part} {size / 1000:.1f}" for part, size in parts.items())
    yield at_most(f"letter page in all ({said})", sum(parts.values()) / 1000, 60, "kB")


def signing_page(server: Server, path: str) -> Iterator[Figure]:
    """Bytes of the scripts of the page that one signs on."""
    page = Page(get(server, path).decode())
    scripts = [each for each in page.now + page.later if name(each).endswith(".js")]
    sizes = {name(each): len(gzip.compress(get(server, each), 9)) / 1000 for each in scripts}
    assert "sign.js" in sizes
    always = {script: size for script, size in sizes.items() if script not in WHERE_NEEDED}
    said = ", ".join(f"{script} {size:.1f}" for script, size in always.items())
    yield at_most(f"scripts of the signing page, gzip ({said})", sum(always.values()), 25, "kB")
    for script in sorted(sizes.keys() - always.keys()):
        yield noted(f"{script}, only where needed, gzip", sizes[script], "kB")


def measure() -> Iterator[Figure]:
    """Every figure of this file."""
    with place() as here:
        letter = here.open()
        with Writer():
            Log(letter).fill(SIGNATURES)
        with here.serve() as server:
            yield from letter_page(server, f"/letters/{letter.id}")
            yield from signing_page(server, f"/letters/{letter.id}/sign")


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    sys.exit(tell(measure()))
