# SPDX-License-Identifier: Apache-2.0
"""The server and the browser of the stories: `fronde serve` as a process, the machine's own Chromium."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

SLUG = "meridian"
LETTER = """+++
title = "{title}"
lang = "{lang}"

[[to]]
name = "Ines Vandermeer"
office = "chief executive"

[[demands]]
id = "customers"
ask = "Tell the staff which public bodies buy what we build."
measure = "A list, once a year."
due = "2030-09-30"

[rules]
batch = {{ min = 5, minutes = 0, tokens = 5 }}
{rules}
+++

Dear Ines,

we would like *to know*.
"""

# Nothing but this machine is ever asked, whatever the browser would like to fetch.
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)


@dataclass(frozen=True)
class Server:
    """A running `fronde serve`. address: http://127.0.0.1:PORT."""

    address: str
    data: Path
    clock: Path  # seconds that the server is ahead of everybody else

    def minutes_pass(self, minutes: int) -> None:
        """It is so much later for the server, from its next request on."""
        later = self.clock.with_suffix(".new")
        later.write_text(f"{float(self.clock.read_text()) + 60 * minutes}")
        later.replace(self.clock)

    def fronde(self, *command: str) -> str:
        """Runs an operator's command on the folder that is served; what it printed."""
        return fronde(*command, data=self.data)

    def open_letter(self, title: str = "Say who buys it", lang: str = "en", rules: str = "") -> str:
        """Opens a small letter; its id."""
        return self.open_text(LETTER.format(title=title, lang=lang, rules=rules))

    def open_text(self, text: str) -> str:
        """Opens a letter; its id."""
        file = self.data.parent / "letter.md"
        file.write_text(text, "utf-8")
        said = self.fronde("letter", "open", str(file), "--workplace", SLUG)
        found = re.search(r"/letters/([a-z2-7]{16})", said)
        assert found, said
        return found[1]


def fronde(*command: str, data: Path | None = None, timeout: float = 300) -> str:
    """Runs `fronde`; what it printed. Fails the test when it exits with anything but 0."""
    env = {**os.environ, **({"FRONDE_DATA": str(data)} if data else {})}
    done = subprocess.run(
        [*_fronde(), *command], env=env, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _fronde() -> list[str]:
    return [sys.executable, "-m", "fronde.cli.main"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    """`fronde serve` as a process of its own, with a clock that can be set forward, until the block ends."""
    bind = f"127.0.0.1:{free_port()}"
    clock = data.with_name(f"{data.name}.clock")
    clock.write_text("0")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.stories.clocked", str(clock), "serve", str(data), "--bind", bind],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        for line in process.stdout:  # it says so when it serves; it ends when it cannot
            if "serves" in line:
                break
        assert process.poll() is None, "the server did not start"
        yield Server(f"http://{bind}", data, clock)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "The stories need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()
