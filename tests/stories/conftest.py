# SPDX-License-Identifier: Apache-2.0
"""A real server, a real browser: what a story needs, made once for all of them."""

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

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is a story, and all of them share one worker: one server, one browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.story)
            item.add_marker(pytest.mark.xdist_group("stories"))


@dataclass(frozen=True)
class Server:
    """A running `fronde serve`. address: http://127.0.0.1:PORT."""

    address: str
    data: Path

    def fronde(self, *command: str) -> str:
        """Runs an operator's command on the folder that is served; what it printed."""
        return fronde(*command, data=self.data)

    def open_letter(self, title: str = "Tell us who uses what we build", lang: str = "en") -> str:
        """Opens a small letter; its id."""
        file = self.data.parent / f"letter-{lang}.md"
        file.write_text(LETTER.format(title=title, lang=lang), "utf-8")
        said = self.fronde("letter", "open", str(file), "--workplace", SLUG)
        found = re.search(r"/letters/([a-z2-7]{16})", said)
        assert found, said
        return found[1]

    def letters(self) -> list[str]:
        """The ids of all letters, in no order that means anything."""
        return sorted(path.name for path in (self.data / "public" / "letters").iterdir())

    def mails(self) -> list[str]:
        """Every mail that was put into the outbox."""
        return [path.read_text() for path in sorted((self.data / "outbox").glob("*.eml"))]


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
    """`fronde serve` as a process of its own, until the block ends."""
    bind = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [*_fronde(), "serve", str(data), "--bind", bind],
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
        yield Server(f"http://{bind}", data)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture(scope="session")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demonstration, played with forty members: one letter, thirty signatures, published."""
    data = tmp_path_factory.mktemp("campaign") / "data"
    fronde("demo", "--once", "--members", "40", "--data", str(data), "--bind", f"127.0.0.1:{free_port()}")
    with serving(data) as server:
        yield server


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Server]:
    """A new instance with one workplace and no letter."""
    data = tmp_path / "data"
    fronde("init", str(data), "--host", "fronde.example")
    fronde(
        "workplace", "add", SLUG, "--name", "Meridian Systems", "--domain", "meridian.example",
        "--shape", "first.last", "--headcount", "4180", "--headcount-source", "annual report, page 31",
        data=data,
    )  # fmt: skip
    with serving(data) as server:
        yield server


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "The stories need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all stories; each story opens contexts of its own, which share nothing."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new visitor on a telephone; the story fails when the console complains."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="en")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on(
        "console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    )
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []
