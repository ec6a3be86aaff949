# SPDX-License-Identifier: Apache-2.0
"""What an enrolment costs a member's browser: python -m bench.browser [--runs N]

Blinds and finalizes 48 tokens in Chromium with the code that join.js is built from, with the JIT and with
--js-flags=--jitless.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.figures import Figure, at_most, tell
from fronde.canonical import b64u, unb64u
from fronde.tokens.blindrsa import PublicKey

ROOT = Path(__file__).parent.parent
SLOTS = 48
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ADDRESS = "https://bench.example/"  # never asked for: the test answers in its place


def bundle() -> str:
    """web/test/bench.ts as one module."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bench.js"
        esbuild = ROOT / "web/node_modules/.bin/esbuild"
        options = ["--bundle", "--format=esm", "--target=es2022", "--minify", f"--outfile={out}"]
        subprocess.run(
            [esbuild, "test/bench.ts", *options], cwd=ROOT / "web", check=True, capture_output=True
        )
        return out.read_text()


def one(page: Page, keys: list[rsa.RSAPrivateNumbers], spkis: list[str]) -> tuple[float, float]:
    """Milliseconds to blind and to finalize one token for each key."""
    asked = page.evaluate("async (spkis) => (await import('/bench.js')).blind(spkis)", spkis)
    answers = []
    for key, blinded in zip(keys, asked["blinded"], strict=True):
        value = int.from_bytes(unb64u(blinded), "big")
        answers.append(b64u(pow(value, key.d, key.public_numbers.n).to_bytes(256, "big")))
    made = page.evaluate("async (answers) => (await import('/bench.js')).finalize(answers)", answers)
    assert len(set(made["tokens"])) == SLOTS
    return asked["ms"], made["ms"]


def in_browser(script: str, flags: list[str], runs: int) -> tuple[float, float]:
    """The fastest of several runs, each part for itself."""
    keys = [rsa.generate_private_key(65537, 2048).private_numbers() for _ in range(SLOTS)]
    spkis = [b64u(PublicKey.from_modulus(key.public_numbers.n).spki) for key in keys]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=[*CHROMIUM, *flags])
        page = browser.new_page()
        page.route(
            ADDRESS + "**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
        )
        page.route(
            ADDRESS + "bench.js", lambda route: route.fulfill(body=script, content_type="text/javascript")
        )
        page.goto(ADDRESS)
        times = [one(page, keys, spkis) for _ in range(runs)]
        browser.close()
    return min(t[0] for t in times), min(t[1] for t in times)


def measure(runs: int) -> Iterator[Figure]:
    """Every figure of this file."""
    script = bundle()
    for what, flags, most in (("Chromium", [], 200), ("Chromium --jitless", ["--js-flags=--jitless"], 1000)):
        blinded, finalized = in_browser(script, flags, runs)
        said = f"{SLOTS} tokens, {what} (blinded {blinded:.0f} ms, finalized {finalized:.0f} ms)"
        yield at_most(said, blinded + finalized, most, "ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="of which the fastest counts")
    sys.exit(tell(measure(parser.parse_args().runs)))
