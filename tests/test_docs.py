# SPDX-License-Identifier: Apache-2.0
"""What README and docs say is so: commands, settings, errors, links, chapters, and what verify.md shows."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fronde.cli.main import parser
from fronde.site import settings
from tests import slugs

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("requirements/*.md"))
    if path.name != "LICENSE.md"
)
BUNDLES = ROOT / "tests" / "bundles"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
CALL = re.compile(r"(?:ExecStart=|[A-Z_]+=\S+ |sudo -u \w+ )*(?:\S*/)?fronde ([a-z-].*)")
RUN = re.compile(r"^<!-- run -->\n```sh\n(.*?)^```\n```text\n(.*?)^```", re.M | re.S)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def page_ids() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in PAGES]


# -- commands -----------------------------------------------------------------------------------------------


def leaves(of: argparse.ArgumentParser, name: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Every command that can be run, such as "slots burn", and its options."""
    inner = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]
    for action in inner:
        for word, sub in action.choices.items():
            yield from leaves(sub, (*name, word))
    if not inner:
        yield " ".join(name), {option for action in of._actions for option in action.option_strings}


COMMANDS = dict(leaves(parser()))


def written_commands() -> Iterator[tuple[str, list[str]]]:
    """The words behind `fronde` wherever a page writes a command, in a block or in a line."""
    for path in PAGES:
        content = path.read_text("utf-8")
        blocks = [body for kind, body in FENCE.findall(content) if kind in ("", "sh", "ini")]
        lines = [line for body in blocks for line in body.replace("\\\n", " ").splitlines()]
        lines += re.findall(r"`([^`\n]+)`", FENCE.sub("", content))
        for line in lines:
            if found := CALL.match(line.strip()):
                yield f"{path.name}: {line}", shlex.split(found[1].replace("'", " "), comments=True)


def command_of(words: list[str]) -> str | None:
    for count in (2, 1):
        if " ".join(words[:count]) in COMMANDS:
            return " ".join(words[:count])
    return None


def test_the_help_in_the_readme_is_what_the_command_prints():
    shown = re.search(r"<!-- help -->\n```text\n(.*?)```\n<!-- /help -->", text("README.md"), re.S)
    assert shown
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "fronde.cli.main", "--help"]
    printed = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
    assert shown[1] == printed.replace("main.py", "fronde")


def test_every_command_that_is_written_exists_with_its_options():
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    wrong = []
    for where, words in written_commands():
        if words == ["COMMAND", "--help"] or words[0] in ("--help", "--version"):
            continue
        name = command_of(words)
        if name is None and len(words) == 1 and words[0] in groups:
            continue
        options = {word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)}
        if name is None or not options <= COMMANDS[name]:
            wrong.append(where)
    assert wrong == []


def test_every_command_stands_in_the_table_of_commands():
    rows = re.findall(r"^\| `fronde ([a-z ]+?)(?: [A-Z-].*?)?` \|", text("docs/README.md"), re.M)
    assert sorted(rows) == sorted(COMMANDS)


def test_every_target_of_make_that_is_written_exists():
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
    for path in PAGES:
        for name in re.findall(r"`make ([a-z-]+)", path.read_text("utf-8")):
            assert name in targets, path.name


# -- errors, settings ---------------------------------------------------------------------------------------


def test_every_error_is_listed_and_every_listed_error_exists():
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", text("docs/errors.md"), re.M)
    assert sorted(listed) == sorted(slugs.python() | slugs.browser())


def test_the_defaults_of_the_settings_are_the_codes():
    values = settings.read({})
    table = dict(re.findall(r"^\| `(FRONDE_[A-Z_]+)` \|[^|]*\|([^|]*)\|", text("docs/settings.md"), re.M))
    assert f"`{values['FRONDE_BIND']}`" in table["FRONDE_BIND"]
    assert values["FRONDE_ORIGINS"] == ["http://127.0.0.1:8000", "http://localhost:8000"]
    assert values["FRONDE_SMTP_URL"] == ""
    assert "none" in table["FRONDE_SMTP_URL"]


def test_the_example_of_the_settings_has_no_unknown_key(tmp_path: Path):
    example = re.search(r"```toml\n(.*?)```", text("docs/settings.md"), re.S)
    assert example
    (tmp_path / "fronde.toml").write_text(example[1])
    values = settings.read({"FRONDE_DATA": str(tmp_path)})
    assert values["FRONDE_PROBLEMS"] == []
    assert values["FRONDE_HOST"] == "letters.example.org"


def test_the_example_of_a_letter_file_can_be_opened():
    from fronde import letterfile

    example = re.search(r"```text\n(\+\+\+\n.*?)```", text("docs/self-hosting.md"), re.S)
    assert example
    draft = letterfile.parse(example[1])
    assert len(draft["demands"]) == 2
    assert draft["rules"]["modes"] == ["named", "hidden"]


# -- links, chapters ----------------------------------------------------------------------------------------


def anchors(content: str) -> set[str]:
    """What a heading is called in an address, as GitHub makes it."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", content), re.M):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower())
        found.add(plain.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", page_ids())
def test_every_link_within_the_repository_leads_somewhere(page: str):
    content = FENCE.sub("", text(page))
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", content)
    for link in (one or other for one, other in links):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


@pytest.mark.parametrize("page", page_ids())
def test_every_file_that_is_named_exists(page: str):
    named = re.findall(r"`((?:src|tests|docs|bench|web|requirements)/[\w./-]*)`", text(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_picture_of_the_readme_is_small():
    assert (DOCS / "letter.png").stat().st_size < 150_000


def test_every_module_stands_in_the_tree_of_the_architecture():
    tree = FENCE.findall(text("ARCHITECTURE.md"))[0][1]
    modules = {
        path.stem
        for path in (ROOT / "src" / "fronde").rglob("*.py")
        if path.stem != "__init__" and "migrations" not in path.parts
    }
    assert sorted(modules - set(re.findall(r"\w+", tree))) == []


def sources() -> Iterator[tuple[Path, str]]:
    for folder, pattern in (("src", "*.py"), ("tests", "*.py"), ("web/src", "*.ts"), ("bench", "*.py")):
        for path in (ROOT / folder).rglob(pattern):
            yield path, path.read_text("utf-8")


@pytest.mark.parametrize(("word", "page"), [("spec", "docs/protocol.md"), ("trust", "docs/threat-model.md")])
def test_every_chapter_that_the_code_points_at_exists(word: str, page: str):
    known = known_numbers(page)
    pointer = re.compile(rf"(?:# |[(\"]){word}: ([\d.,\u2013 -]*\d)")
    found = {
        (path.name, number)
        for path, content in sources()
        for listed in pointer.findall(content)
        for number in numbers(listed)
    }
    assert len(found) > 20
    assert {each for each in found if each[1] not in known} == set()


def numbers(listed: str) -> Iterator[int]:
    """13.4 is a step of 13; 18-19 means 18 and 19, with a hyphen or a dash."""
    for part in re.split(r"[ ,]+", listed):
        if part:
            first, _, last = part.replace("\u2013", "-").partition("-")
            yield from range(int(first.partition(".")[0]), int((last or first).partition(".")[0]) + 1)


def known_numbers(page: str) -> set[int]:
    """The numbers of chapters, of rows of tables, and of steps."""
    content = text(page)
    headings = re.findall(r"^## ([\d, ]+)", content, re.M)
    rows = re.findall(r"^\| ([\d, \u2013]+) \|", content, re.M)
    return {number for listed in headings + rows for number in numbers(listed.strip())}


# -- verify.md ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two proofs and a policy, as verify.md has them."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(BUNDLES / "good-citations.zip", folder / "cited.zip")
    shutil.copy(BUNDLES / "good-open.zip", folder / "letter.zip")
    shutil.copy(BUNDLES / "keys" / "policy", folder / "policy")
    return folder


def test_everything_that_verify_md_shows_happens(desk: Path):
    blocks = RUN.findall(text("docs/verify.md"))
    assert len(blocks) >= 12
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(desk), "LC_ALL": "C.UTF-8"}
    for script, shown in blocks:
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=desk, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.stdout + run.stderr == shown, script
        assert run.returncode == 0, script


def test_what_verify_md_does_by_hand_finds_a_changed_byte(desk: Path, tmp_path: Path):
    scripts = [script for script, _ in RUN.findall(text("docs/verify.md"))]
    unpack, cut, note = (
        next(s for s in scripts if word in s) for word in ("zipfile -e", "hand.py <<", "rawin -in note")
    )
    shutil.copy(desk / "letter.zip", tmp_path)
    shutil.copy(desk / "policy", tmp_path)
    for script in (unpack, cut):
        subprocess.run(["bash", "-euc", script], cwd=tmp_path, capture_output=True, check=True)
    checkpoint = tmp_path / "proof" / "instance" / "checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes().replace(b"\n27\n", b"\n28\n"))
    run = subprocess.run(["bash", "-euc", note], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "Verification Failure" in run.stdout + run.stderr
