# SPDX-License-Identifier: Apache-2.0
"""What an enrolment costs a member's browser, and what the signing page weighs.

    python bench/browser.py [--runs N]

Blinds and finalizes 48 tokens in Chromium with the code that join.js is built from, with the JIT and with
--js-flags=--jitless. Figures: <= 200 ms, <= 1 s; all scripts of the signing page <= 25 kB gzip.
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Page, sync_playwright

from fronde.canonical import b64u, unb64u
from fronde.tokens.blindrsa import PublicKey

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "src/fronde/site/static"
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


def measure(page: Page, keys: list[rsa.RSAPrivateNumbers], spkis: list[str]) -> tuple[float, float]:
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
        times = [measure(page, keys, spkis) for _ in range(runs)]
        browser.close()
    return min(t[0] for t in times), min(t[1] for t in times)


def processor() -> str:
    """The name of the processor, as Linux gives it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def weigh() -> bool:
    """Prints the gzip size of each script; whether those of the signing page are within 25 kB."""
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in sorted(STATIC.glob("*.js"))}
    for name, size in sizes.items():
        print(f"  {name:12} {size / 1000:6.1f} kB gzip")
    page = sizes["sign.js"] + sizes["qr.js"]
    print(f"  {'signing page':12} {page / 1000:6.1f} kB gzip (limit 25; sign.js and qr.js)")
    return page <= 25_000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="runs, of which the fastest counts")
    runs = parser.parse_args().runs
    print(processor())
    script = bundle()
    met = True
    for what, flags, limit in (("JIT", [], 200), ("jitless", ["--js-flags=--jitless"], 1000)):
        blinded, finalized = in_browser(script, flags, runs)
        total = blinded + finalized
        met = met and total <= limit
        print(
            f"  {SLOTS} tokens, {what:8} blind {blinded:6.1f} ms  finalize {finalized:6.1f} ms"
            f"  together {total:6.1f} ms (limit {limit})"
        )
    return 0 if weigh() and met else 1


if __name__ == "__main__":
    sys.exit(main())
