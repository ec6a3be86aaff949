# SPDX-License-Identifier: Apache-2.0
"""The house: licences, lock files, walls, and what README and docs say about the commands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "fronde"


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in names.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    found = tracked()
    assert len(found) > 50
    return found


def test_every_source_file_names_its_licence(files: list[Path]) -> None:
    ours = [f for f in files if f.suffix in {".py", ".ts", ".mjs"} and "migrations" not in f.parts]
    without = [f for f in ours if "SPDX-License-Identifier: Apache-2.0" not in f.read_text()[:200]]
    assert without == []


def test_lock_files_carry_hashes_and_no_download_address() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_no_file_names_a_registry_or_a_path_of_one_machine(files: list[Path]) -> None:
    registries = r"registry\.npm" + r"js|files\.python" + r"hosted|pypi\.org/simple|deb\.deb" + r"ian"
    private = r"(?<![\w./-])/(work|root|home/\w+)/"
    bad = re.compile(f"{registries}|{private}")
    text = (
        f for f in files if f.suffix in {".py", ".ts", ".md", ".toml", ".txt", ".json", ".html", ".css", ""}
    )
    assert [f for f in text if f != Path(__file__) and bad.search(f.read_text("utf-8", "replace"))] == []


def test_files_stay_short_enough_to_read(files: list[Path]) -> None:
    ours = [f for f in files if f.suffix in {".py", ".ts"} and "locale" not in f.parts]
    assert [f"{f.relative_to(ROOT)}: {n}" for f in ours if (n := len(f.read_text().splitlines())) > 400] == []


BROKEN = {
    "layers": ("canonical.py", "from fronde import letter\n"),
    "demo-site": ("cli/demo.py", "from fronde.site import settings\n"),
    "client-django": ("client/__init__.py", "import django\n"),
    "accept-members": ("site/signing/accept.py", "from fronde.site.members import enrolment\n"),
    "accept-issue-through-store": ("site/record/store.py", "from fronde.site.signing import issue\n"),
    "issuer-key": ("site/signing/sequence.py", "from fronde.site.signing import issuer_key\n"),
    "verifier-django": ("proof/verify.py", "import django\n"),
    "verifier-evidence": ("proof/verify.py", "from fronde.evidence import names\n"),
    "verifier-duckdb": ("record/tree.py", "import duckdb\n"),
    "evidence-django": ("evidence/store.py", "import django\n"),
    "evidence-proof": ("evidence/build.py", "from fronde.proof import bundle\n"),
}


@pytest.mark.parametrize("wall", BROKEN)
def test_each_wall_stands_when_somebody_breaks_it(wall: str, tmp_path: Path) -> None:
    shutil.copytree(SOURCE, tmp_path / "fronde", ignore=shutil.ignore_patterns("static", "*.pyc"))
    name, line = BROKEN[wall]
    with (tmp_path / "fronde" / name).open("a") as file:
        file.write("\n" + line)
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "BROKEN" in run.stdout
