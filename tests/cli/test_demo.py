# SPDX-License-Identifier: Apache-2.0
import ast
import csv
import datetime
import hashlib
import random
import re
import signal
import socket
import subprocess
import sys
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest

from fronde import canonical, letterfile
from fronde.citation import words
from fronde.cli import demo, demo_people
from fronde.cli.demo_members import Postman, read_mail
from fronde.cli.main import main
from fronde.errors import Refused, Usage
from tests.evidence.sources import real

SOURCE = Path(demo.__file__).parents[1]
# What only a server may touch.
FORBIDDEN = ("fronde.site", "django", "sqlite3", "fronde.cli.operator")
NOW = datetime.datetime(2026, 11, 24, 9, tzinfo=datetime.UTC)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def imported(path):
    """Every module that a file imports, also inside functions, with its full name."""
    package = ["fronde", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{name.name}" for name in node.names)


@pytest.mark.parametrize("pattern", ["cli/demo*.py", "cli/member.py", "client/*.py"])
def test_members_reach_the_server_by_http_and_mail_only(pattern):
    files = sorted(SOURCE.glob(pattern))
    assert files
    for path in files:
        bad = [n for n in imported(path) if any(n == f or n.startswith(f + ".") for f in FORBIDDEN)]
        assert (path.name, bad) == (path.name, [])
        assert "fronde.sqlite3" not in path.read_text(encoding="utf-8")
        assert "import_module" not in path.read_text(encoding="utf-8")


def test_the_check_of_imports_sees_them(tmp_path):
    """The test above can fail: it finds an import in a function, a relative one and a renamed one."""
    path = SOURCE / "cli" / "operator.py"
    assert any(name.startswith("fronde.site") for name in imported(path))


# --- the story as it runs ---


def test_the_demonstration_leaves_a_proof_that_verifies(tmp_path):
    data = tmp_path / "town"
    bind = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "fronde.cli.main"]
    played = subprocess.run(
        [*command, "demo", "--once", "--members", "12", "--data", str(data), "--bind", bind],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert (played.returncode, played.stderr) == (0, "")
    verify = f"verify {data}/letter.zip --policy {data}/policy"
    assert f"fronde {verify}" in played.stdout
    assert re.search(r" 6  OK    every signature +[5-7],", played.stdout)
    assert (data / "public" / "log" / "checkpoint").is_file()
    checked = subprocess.run([*command, *verify.split()], capture_output=True, check=False, timeout=60)
    assert checked.returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(bind.rpartition(":")[2]))) != 0


# --- its folder ---


def test_a_folder_of_somebody_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(Usage):
        demo.fresh(str(tmp_path))
    with pytest.raises(Usage):
        demo.fresh(str(tmp_path / "thesis.txt"))
    assert (tmp_path / "thesis.txt").read_text() == "x"


def test_an_earlier_demonstration_is_replaced(tmp_path):
    (tmp_path / demo.MARK).write_text(demo.MARKED)
    (tmp_path / "fronde.sqlite3").write_text("x")
    assert demo.fresh(str(tmp_path)) == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_without_a_name_the_folder_is_new():
    data = demo.fresh(None)
    assert list(data.iterdir()) == []
    data.rmdir()


def test_too_few_members_are_refused(tmp_path, capsys):
    handler = signal.getsignal(signal.SIGTERM)
    assert main(["demo", "--once", "--members", "9", "--data", str(tmp_path / "x")]) == 64
    assert not (tmp_path / "x").exists()
    assert signal.getsignal(signal.SIGTERM) is handler


def test_settings_of_another_instance_do_not_reach_its_commands(monkeypatch):
    monkeypatch.setenv("FRONDE_SMTP_URL", "smtps://mail.example")
    assert not [name for name in demo._environment() if name.startswith("FRONDE_")]


# --- its letter ---


def test_the_letter_is_one_that_can_be_frozen():
    draft = letterfile.parse(demo.letter_file(NOW))
    assert draft["title"] == "Tell us who uses what we build"
    assert len(draft["demands"]) == 3
    assert [each["due"] for each in draft["demands"]] == ["2027-03-24", "2027-01-23", "2027-06-22"]
    assert draft["rules"]["batch"] == {"min": 5, "minutes": 0, "tokens": 5}
    assert draft["rules"]["closes"] == "2027-02-22T12:00:00Z"


def test_the_fact_that_it_cites_is_the_public_one_and_the_rest_is_said_to_be_invented():
    text = demo.letter_file(NOW)
    for fact in ("HSCETE17J00341", "HSHQDC15A00017", "19,705,037.30", "22 June 2017", "15 June 2018"):
        assert fact in text
    assert "invented for a demonstration" in text
    assert "$" not in text


def test_what_it_cites_is_the_real_award_and_says_that_it_is_the_nearest():
    draft = letterfile.parse(demo.letter_file(NOW))
    cited = letterfile.cite(draft, lambda name: resources.files("fronde.cli").joinpath(name).read_bytes())
    document = cited["award"].document
    assert words(document) == (
        "19,705,037.30 USD obligated, 2 rows, nearest record to a reported 19,400,000.00 USD"
    )
    assert [(row["date"], row["mod"], row["cents"]) for row in document["rows"]] == [
        ("2017-06-22", "0", 946_420_284),
        ("2018-06-15", "P00001", 1_024_083_446),
    ]
    assert document["filters"]["vehicle"] == "HSHQDC15A00017"
    assert {row["vendor"] for row in document["rows"]} == {"DELL FEDERAL SYSTEMS L.P."}
    # The record's own words end with the address of an official, who has no place in it.
    assert b"@" not in cited["award"].data


def test_what_it_cites_stands_in_the_public_file():
    award = canonical.decode(resources.files("fronde.cli").joinpath(demo.AWARD).read_bytes())
    (source,) = award["files"]
    extract = real.file("usaspending-ice-2013-2018/ice_contracts_fy13_fy18_258cols.csv")
    assert canonical.b64u(hashlib.sha256(extract.read_bytes()).digest()) == source["sha256"]
    with extract.open(encoding="utf-8", newline="") as file:
        numbered = dict(enumerate(csv.DictReader(file), start=1))
    found = {n: row for n, row in numbered.items() if row["award_id_piid"] == "HSCETE17J00341"}
    assert [each["row"] for each in award["rows"]] == list(found)
    for each, row in zip(award["rows"], found.values(), strict=True):
        assert each["cents"] == int(Decimal(row["federal_action_obligation"]) * 100)
        assert (each["date"], each["mod"]) == (row["action_date"], row["modification_number"])
        assert (each["vendor"], each["buyer"]) == (row["recipient_name"], row["awarding_sub_agency_name"])
        assert row["award_description"].startswith(each["quote"].removesuffix("[\u2026]"))


# --- its people ---


def test_everybody_has_a_mailbox_of_the_shape_of_their_own():
    everybody = list(demo_people.people(random.Random(1)))  # noqa: S311 - invented names
    mailboxes = {person.mailbox for person in everybody}
    assert len(mailboxes) == len(everybody) > 4_180
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+@meridian\.example", mailbox) for mailbox in mailboxes)


@pytest.mark.parametrize("count", [120, 1000])
def test_half_to_two_thirds_sign_by_name(count):
    everybody = demo_people.people(random.Random(1))  # noqa: S311 - invented names
    shown = sum(next(everybody).shown for _ in range(count))
    assert 0.5 <= shown / count <= 2 / 3


@pytest.mark.parametrize("signers", [7, 120, 339, 2900])
def test_all_sign_and_the_peak_hour_is_as_measured(signers):
    counts = demo_people.hours(signers)
    assert sum(counts) == signers
    assert min(counts) >= 0
    if signers >= 120:
        assert 0.04 <= max(counts) / signers <= 0.05


# --- its mail ---

MAIL = b"""To: ada.smith@meridian.example\r
Subject: Your code\r
Content-Type: text/plain; charset="utf-8"\r
\r
The code you asked for:\r
\r
%s\r
\r
Type it only here.\r
"""


def test_the_code_is_read_from_a_line_of_its_own():
    assert read_mail(MAIL % b"ABCD2345") == ("ada.smith@meridian.example", "ABCD2345")


@pytest.mark.parametrize("line", [b"ABCD234", b"code ABCD2345", b"", b"ABCD2345\r\nABCD2346"])
def test_a_mail_without_one_code_is_refused(line):
    with pytest.raises(Refused):
        read_mail(MAIL % line)


def test_the_postman_knows_members_from_visitors(tmp_path):
    strangers = []
    postman = Postman(tmp_path, lambda mailbox, code: strangers.append((mailbox, code)))
    try:
        postman.expect("ada.smith@meridian.example")
        (tmp_path / "1.eml").write_bytes((MAIL % b"ABCD2345").replace(b"ada", b"eve"))
        (tmp_path / "2.eml").write_bytes(MAIL % b"ABCD2346")
        assert postman.code("ada.smith@meridian.example") == "ABCD2346"
    finally:
        postman.stop()
    postman._round()
    assert strangers == [("eve.smith@meridian.example", "ABCD2345")]
