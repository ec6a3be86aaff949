# SPDX-License-Identifier: Apache-2.0
"""The bare package is the verifier: no other package, no network. A wheel holds all that the site needs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUNDLES = ROOT / "tests" / "bundles"
PROOF = str(BUNDLES / "good-open.zip")
POLICY = str(BUNDLES / "keys" / "policy")

# Only what pip brings with the bare package can be imported; no socket can be opened.
BARE = """
import socket, sys
from importlib.abc import MetaPathFinder

ALLOWED = {"fronde", "cryptography", "nacl", "cffi", "_cffi_backend", "pycparser", *sys.stdlib_module_names}

class Bare(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def no_network(*args, **kwargs):
    raise AssertionError("the network was asked for")

sys.meta_path.insert(0, Bare())
socket.socket.connect = socket.getaddrinfo = no_network
sys.path.insert(0, sys.argv.pop(1))
from fronde.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip builds it, offline."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-index"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    (made,) = folder.glob("fronde-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The wheel unpacked, as an installation has it."""
    folder = wheel.parent / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def bare(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the bare package, in an empty folder that is its home."""
    home = installed.parent / "home"
    (home / "data").mkdir(parents=True, exist_ok=True)
    (home / "data" / "policy").write_bytes(Path(POLICY).read_bytes())
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-c", BARE, str(installed), *words],
        cwd=home, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_verifies_a_proof(installed: Path):
    run = bare(installed, "verify", PROOF, "--policy", POLICY)
    assert run.returncode == 0, run.stderr
    assert "\nVERIFIED\n" in run.stdout


def test_it_refuses_a_wrong_proof(installed: Path):
    run = bare(installed, "verify", str(BUNDLES / "text-changed.zip"), "--policy", POLICY)
    assert run.returncode == 1
    assert "NOT VERIFIED" in run.stdout


def test_it_verifies_in_several_processes(installed: Path):
    run = bare(installed, "verify", PROOF, "--policy", POLICY, "--processes", "2", "--json")
    assert run.returncode == 0, run.stderr
    assert '"exit":0' in run.stdout


def test_it_shows_the_help_of_every_command(installed: Path):
    assert "doctor" in bare(installed, "--help").stdout


def test_it_checks_a_record_in_a_folder(installed: Path):
    public = installed.parent / "public"
    with zipfile.ZipFile(PROOF) as archive:
        archive.extractall(public)
    run = bare(installed, "record", "check", str(public / "instance"), "--policy", POLICY)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("join https://letters.example/w/works", "member"),
        ("sign https://letters.example/letters/aaaaaaaaaaaaaaaa", "member"),
        ("words https://letters.example/w/works --restore", "member"),
        ("record check https://letters.example", "member"),
        ("init new", "site"),
        ("doctor --data data", "site"),
    ],
)
def test_another_command_says_which_extra_it_needs(installed: Path, command: str, extra: str):
    run = bare(installed, *command.split())
    assert run.returncode == 64
    assert f"next: pip install 'fronde[{extra}]'" in run.stderr


def test_the_wheel_holds_the_whole_package(wheel: Path):
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "src/fronde"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wanted = {name.removeprefix("src/") for name in tracked.stdout.split("\0") if (ROOT / name).is_file()}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert wanted - packed == set()
    assert [name for name in packed if name.endswith(".pyc")] == []
    for name in (
        "fronde/py.typed",
        "fronde/cli/demo_letter.md",
        "fronde/site/templates/letters/letter.html",
        "fronde/site/static/sign.js",
        "fronde/site/locale/fr/LC_MESSAGES/django.mo",
    ):
        assert name in packed
