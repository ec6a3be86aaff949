# SPDX-License-Identifier: Apache-2.0
"""Every id of an error that the code can show a person, found in its source: for docs/errors.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

# Calls whose argument at this place is a slug; in other calls it is the keyword `name`.
PLACES = {
    "Breach": 0,
    "HeadBreach": 0,
    "Said": 0,
    "_blame": 2,
    "_demand_that": 1,
    "_form": 0,
    "_refuse": 0,
    "_told": 1,
    "error_response": 1,
    "fail": 1,
    "refuse": 1,
    "stopped": 0,
}
# Calls with a keyword `name` that is something else.
OTHERS = {"path", "re_path", "Thread", "create", "_replace", "parse", "draft_signature", "add_workplace"}
BROWSER = re.compile(r"new [A-Z]\w*\(\s*\"([a-z][a-z0-9-]*)\"")
NO_ERRORS = {"deflate-raw", "latin1", "utf-8"}  # of DecompressionStream and TextDecoder
TEMPLATE = re.compile(r'id="problem-([a-z-]+)"')
KINDS = {"breach", "other"}  # templates for every error of a kind


def python() -> set[str]:
    """The slugs in src/fronde."""
    return {slug for path in (ROOT / "src" / "fronde").rglob("*.py") for slug in of(path)}


def of(path: Path) -> set[str]:
    """The slugs in one Python file."""
    tree = ast.parse(path.read_text("utf-8"))
    constants = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    values = (constants.get(v.id, v) if isinstance(v, ast.Name) else v for v in _values(tree))
    return {text for value in values for text in _texts(value) if SLUG.fullmatch(text)}


def browser() -> set[str]:
    """The slugs of errors made in web/src, and those that a page has its own words for."""
    found: set[str] = set()
    for path in (ROOT / "web" / "src").glob("*.ts"):
        found |= set(BROWSER.findall(path.read_text("utf-8")))
    for path in (ROOT / "src" / "fronde" / "site" / "templates").rglob("*.html"):
        found |= set(TEMPLATE.findall(path.read_text("utf-8")))
    return found - NO_ERRORS - KINDS


def _values(tree: ast.Module) -> Iterator[ast.expr]:
    """Every expression that stands where a slug belongs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            if {"NamedTuple", "Model"}.isdisjoint(ast.unparse(base).split(".")[-1] for base in node.bases):
                yield from _names(node.body)
        elif isinstance(node, ast.FunctionDef):
            yield from _defaults(node.args)
            if any(isinstance(each, ast.Raise) for each in ast.walk(node)):
                yield from _names([each for each in ast.walk(node) if isinstance(each, ast.Assign)])
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).split(".")[-1]
            if called in PLACES and len(node.args) > PLACES[called]:
                yield node.args[PLACES[called]]
            if called not in OTHERS:
                yield from (keyword.value for keyword in node.keywords if keyword.arg == "name")


def _names(body: list[ast.stmt] | list[ast.Assign]) -> Iterator[ast.expr]:
    """What is assigned to `name`."""
    for each in body:
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "name":
            yield each.value


def _defaults(args: ast.arguments) -> Iterator[ast.expr]:
    """What the keyword parameter `name` is when nothing is said."""
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if arg.arg == "name" and default is not None:
            yield default


def _texts(value: ast.expr) -> Iterator[str]:
    """The texts that an expression may be: itself, or either side of a condition."""
    if isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
