# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import fronde
from fronde.cli import main as cli
from fronde.errors import Breach, Newer, Refused, Stopped, Unreadable, Usage


def ending(error):
    """A parser whose only command raises this."""

    def run(args):
        raise error

    return lambda: SimpleNamespace(parse_args=lambda argv: SimpleNamespace(run=run))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Usage("wrong"), 64),
        (Refused("no"), 1),
        (Breach("cookie", "a cookie"), 1),
        (Unreadable("what"), 2),
        (Newer("a type"), 2),
        (Stopped("stopped"), 1),
    ],
)
def test_each_error_has_its_exit_code(monkeypatch, error, code):
    monkeypatch.setattr(cli, "parser", ending(error))
    assert cli.main([]) == code


def test_an_error_is_one_sentence_one_next_step_one_id(monkeypatch, capsys):
    monkeypatch.setattr(cli, "parser", ending(Refused("It is closed.", hint="Read it.", name="closed")))
    cli.main([])
    assert capsys.readouterr().err == "fronde: It is closed.\n  next: Read it.\n  id: closed\n"


def test_an_error_without_a_hint_has_no_empty_line(monkeypatch, capsys):
    monkeypatch.setattr(cli, "parser", ending(Refused("It is closed.", name="closed")))
    cli.main([])
    assert capsys.readouterr().err == "fronde: It is closed.\n  id: closed\n"


@pytest.mark.parametrize(
    ("module", "extra"), [("httpx", "member"), ("mnemonic.x", "member"), ("django", "site")]
)
def test_a_missing_package_names_the_extra_that_has_it(monkeypatch, capsys, module, extra):
    monkeypatch.setattr(cli, "parser", ending(ModuleNotFoundError("no", name=module)))
    assert cli.main([]) == 64
    assert f"pip install 'fronde[{extra}]'" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["fronde.nothing", "", None])
def test_a_missing_module_of_our_own_is_a_bug_and_shows(monkeypatch, module):
    monkeypatch.setattr(cli, "parser", ending(ModuleNotFoundError("no", name=module)))
    with pytest.raises(ModuleNotFoundError):
        cli.main([])


def test_an_interrupt_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(cli, "parser", ending(KeyboardInterrupt()))
    assert cli.main([]) == 130
    assert "stopped" in capsys.readouterr().err


def test_a_reader_who_went_away_is_no_traceback(monkeypatch, tmp_path):
    with open(tmp_path / "out", "w") as file:
        monkeypatch.setattr(sys, "stdout", file)
        monkeypatch.setattr(cli, "parser", ending(BrokenPipeError()))
        assert cli.main([]) == 1
        os.write(file.fileno(), b"more")
    assert (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize(
    "argv", [[], ["dance"], ["verify"], ["join"], ["letter"], ["demo", "--members", "x"]]
)
def test_wrong_usage_exits_64_and_not_2(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 64
    assert "usage: fronde" in capsys.readouterr().err


def test_the_version_is_the_packages(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"fronde {fronde.__version__}\n")


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    said = capsys.readouterr().out
    members = "verify record join sign withdraw look words"
    operators = "init workplace letter serve proof doctor slots demo"
    assert [name for name in f"{members} {operators}".split() if f"\n    {name}" not in said] == []


def test_the_command_line_starts_without_any_extra():
    """Help and `verify` work where only the bare package is: no extra is loaded to build the parser."""
    extras = {"httpx", "mnemonic", "segno", "django", "gmpy2", "waitress"}
    code = f"import sys; from fronde.cli.main import parser; parser(); print({extras} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
