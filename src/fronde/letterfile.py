# SPDX-License-Identifier: Apache-2.0
"""The letter file that an author writes, and the letter that is frozen from it.  # spec: 16

    +++
    title = "..."                        lang = "en"
    [[to]]        name, office?
    [[demands]]   ask, measure, id?, due?
    [[citations]] id, says, file                 file: a frozen citation, beside the letter file
    [rules]       modes?, opens?, closes?, withdraw_until?, batch?
    +++
    The body, in Markdown (markdown subset: see `bodytext`); a mark [^id] stands for each citation.

Whatever is wrong is said with the number of its line. What only a later version can do is refused as "not
yet".
"""

from __future__ import annotations

import datetime
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from fronde import canonical, form
from fronde.bodytext import check_body
from fronde.citation import Citation, recompute
from fronde.errors import FrondeError, Usage
from fronde.form import Check
from fronde.letter import (
    ADDRESSEE,
    BATCH,
    CITATION,
    DEMAND,
    DEMAND_MAY,
    FLOOR,
    MODES,
    MOST_CITATIONS,
    RULES,
    TEXTS,
    Letter,
)

FENCE = "+++"
OPEN_FOR = datetime.timedelta(days=90)
WITHDRAW_FOR = datetime.timedelta(days=30)
BATCH_DEFAULT = {"min": 20, "minutes": 60, "tokens": 20}

# What a letter may ask for one day, and the word for it.
_LATER = {
    "workplaces": "a joint letter",
    "workplace": "a joint letter",
    "joint": "a joint letter",
    "issuers": "a notary",
    "notary": "a notary",
    "role": "signing by role",
    "roles": "signing by role",
    "facets": "signing by role",
    "sealed": "sealed names",
    "quiet": "a quiet phase",
    "witnesses": "witnesses",
    "goals": "goals",
    "curve": "a curve",
    "timeline": "a timeline",
    "translations": "translations",
    "authors": "authors' keys",
}
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*(?:\.[^=]*)?=")

Path = tuple[str | int, ...]


class BadLetterFile(Usage):
    """Something in a letter file is wrong; the message begins with its line, which `line` gives too."""

    name = "letter-file"

    def __init__(self, line: int, what: str, *, hint: str = "") -> None:
        super().__init__(f"line {line}: {what}", hint=hint)
        self.line = line


def parse(content: str) -> dict[str, Any]:
    """The draft of a letter file: title, lang, body, to, demands, rules (only those given), citations.

    Texts are NFC and without white space around them, times and dates are strings as in protocol.md 14. A
    citation is {id, says, file, line}: `cite` puts what the file holds in its place. Raises BadLetterFile.
    """
    text = unicodedata.normalize("NFC", content.removeprefix("\ufeff").replace("\r\n", "\n"))
    front, body, first = _split(text)
    reader = _Reader(front)
    draft = reader.read(_toml(front))
    for number, line in enumerate(body.split("\n"), start=first):
        reader.check(form.anything, line, ("body",), line=number)
    reader.check(TEXTS["body"], body, ("body",), line=first)
    marks = check_body(body, lambda line, what: BadLetterFile(first + line, what))
    _check_marks([(first + line, name) for line, name in marks], draft["citations"])
    return {**draft, "body": body}


def cite(draft: Mapping[str, Any], read: Callable[[str], bytes]) -> dict[str, Citation]:
    """The citations of a draft by id, each checked and recomputed. read: the bytes of a named file.

    Raises BadLetterFile, with the line of the citation.
    """
    found = {}
    for each in draft.get("citations", ()):
        try:
            found[each["id"]] = Citation.parse(read(each["file"]))
            recompute(found[each["id"]].document)
        except FrondeError as error:
            raise BadLetterFile(
                each["line"], f"{each['file'][:100]}: {error.message}", hint=error.hint
            ) from None
    return found


def freeze(
    draft: Mapping[str, Any],
    *,
    id: str,
    host: str,
    workplace: Mapping[str, Any],
    slot: int,
    log_key: str,
    instance_key: str,
    now: datetime.datetime,
    citations: Mapping[str, Citation] | None = None,
) -> Letter:
    """The letter of a draft. workplace: {id, name, headcount?: {n, source}}; the keys are vkeys.

    citations: as `cite` found them.

    Where the draft is silent: it opens now, closes after 90 days, signatures can be withdrawn for 30 more;
    both modes; batches as protocol.md 8 says. Raises Usage when it would close at once, Unreadable for a
    wrong form.
    """
    frozen = _frozen(draft.get("rules", {}), now)
    nothing: dict[str, Any] = {name: [] for name in ("facets", "translations", "witnesses", "authors")}
    citations = citations or {}
    cited = [
        {"id": each["id"], "says": each["says"], "digest": canonical.b64u(citations[each["id"]].digest)}
        for each in draft.get("citations", ())
    ]
    issuer = {"name": host, "vkey": instance_key}
    written = {name: draft[name] for name in ("title", "to", "lang", "body", "demands")}
    return Letter.make(
        {
            **written,
            **nothing,
            "citations": cited,
            "v": 1,
            "type": "letter",
            "id": id,
            "host": host,
            "rules": frozen,
            "workplaces": [{**workplace, "slot": slot, "issuers": [issuer]}],
            "logs": {"letter": log_key, "instance": instance_key},
        }
    )


def _frozen(rules: Mapping[str, Any], now: datetime.datetime) -> dict[str, Any]:
    """The rules with what the draft left out."""
    try:
        opens = form.parse_time(rules.get("opens", form.format_time(now)))
        closes = form.parse_time(rules["closes"]) if "closes" in rules else opens + OPEN_FOR
        until = (
            form.parse_time(rules["withdraw_until"]) if "withdraw_until" in rules else closes + WITHDRAW_FOR
        )
    except OverflowError:
        raise Usage(
            "The letter's times are beyond the calendar.", hint="Set earlier ones under [rules]."
        ) from None
    if closes <= now:
        raise Usage("The letter would close before it opens.", hint="Set a later `closes` under [rules].")
    return {
        "modes": rules.get("modes", list(MODES)),
        "opens": form.format_time(opens),
        "closes": form.format_time(closes),
        "withdraw_until": form.format_time(until),
        "floor": FLOOR,
        "batch": {**BATCH_DEFAULT, **rules.get("batch", {})},
    }


def _split(text: str) -> tuple[str, str, int]:
    """Front matter, body, and the number of the body's first line."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise BadLetterFile(1, "a letter file begins with a line +++", hint="See docs/self-hosting.md.")
    ends = [i for i, line in enumerate(lines) if i and line.rstrip() == FENCE]
    if not ends:
        raise BadLetterFile(
            text.rstrip().count("\n") + 1, "the line +++ that ends the front matter is missing"
        )
    body = lines[ends[0] + 1 :]
    blank = next((i for i, line in enumerate(body) if line.strip()), 0)
    return "\n".join(lines[1 : ends[0]]), "\n".join(body[blank:]).rstrip(), ends[0] + 2 + blank


def _toml(front: str) -> dict[str, Any]:
    try:
        return tomllib.loads(front)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = int(place[1]) if place and place[1] else front.count("\n") + 1
        raise BadLetterFile(line + 1, f"not TOML: {str(error)[: place.start() if place else None]}") from None


class _Reader:
    """Turns the values of the front matter into a draft and knows on which line each of them stands."""

    def __init__(self, front: str) -> None:
        self._lines = _places(front)

    def line(self, path: Path) -> int:
        """The line of a value, else of what it stands in."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        parts = ("to", "demands", "citations", "rules")
        allowed = {**TEXTS, **dict.fromkeys(parts, form.anything)}
        del allowed["body"]
        draft = self._table(values, (), allowed, required=("title", "lang", "to", "demands"))
        draft["to"] = self._tables(draft["to"], "to", ADDRESSEE, required=("name",))
        for addressee in draft["to"]:
            addressee.setdefault("office", "")
        demand = {**DEMAND, **DEMAND_MAY}
        draft["demands"] = self._tables(draft["demands"], "demands", demand, required=("ask", "measure"))
        self._number(draft["demands"])
        draft["citations"] = self._citations(draft.get("citations", []))
        draft["rules"] = self._rules(draft.get("rules", {}))
        return draft

    def check(self, check: Check, value: Any, path: Path, *, line: int | None = None) -> None:
        """Raises BadLetterFile where a check of the letter's form, or the JSON profile, says no."""
        try:
            check(value, str(path[-1]))
            if isinstance(value, str):
                canonical.encode(value)
        except FrondeError as error:
            raise BadLetterFile(line or self.line(path), error.message) from None

    def _rules(self, rules: Any) -> dict[str, Any]:
        self._no_later_modes(rules)
        modes = form.array(form.one_of(MODES), least=1)
        out = self._table(rules, ("rules",), {**RULES, "modes": modes, "batch": form.anything})
        if "modes" in out and len(set(out["modes"])) < len(out["modes"]):
            raise self._bad(("rules", "modes"), "a mode is listed twice")
        if "batch" in out:
            out["batch"] = self._table(out["batch"], ("rules", "batch"), BATCH)
            for name in ("min", "tokens"):
                if out["batch"].get(name, FLOOR) < FLOOR:
                    raise self._bad(("rules", "batch", name), f"{name} is below the floor of {FLOOR}")
        return out

    def _citations(self, values: Any) -> list[dict[str, Any]]:
        if values == []:
            return []
        fields = {**CITATION, "file": form.text(1000)}
        out = self._tables(values, "citations", fields, required=tuple(fields))
        if len(out) > MOST_CITATIONS:
            raise self._bad(("citations", MOST_CITATIONS), f"at most {MOST_CITATIONS} citations a letter")
        self._differ(out, "citations")
        return [{**each, "line": self.line(("citations", i))} for i, each in enumerate(out)]

    def _no_later_modes(self, rules: Any) -> None:
        modes = rules.get("modes", []) if isinstance(rules, Mapping) else []
        for mode in modes if isinstance(modes, list) else []:
            if mode in ("role", "sealed"):
                raise self._not_yet(("rules", "modes"), _LATER[mode])

    def _number(self, demands: list[dict[str, Any]]) -> None:
        """Gives a demand without an id its number; two with the same id are refused."""
        for i, demand in enumerate(demands):
            demand.setdefault("id", f"d{i + 1}")
        self._differ(demands, "demands")

    def _differ(self, tables: list[dict[str, Any]], name: str) -> None:
        seen: set[str] = set()
        for i, table in enumerate(tables):
            if table["id"] in seen:
                raise self._bad((name, i, "id"), f"two {name} have the id {table['id']!r}")
            seen.add(table["id"])

    def _tables(
        self, values: Any, name: str, checks: Mapping[str, Check], required: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        if not isinstance(values, list) or not values:
            raise self._bad((name,), f"{name} is a list of tables: [[{name}]]")
        return [self._table(value, (name, i), checks, required) for i, value in enumerate(values)]

    def _table(
        self, values: Any, path: Path, checks: Mapping[str, Check], required: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """A table whose fields are all known, present where required, and pass their checks."""
        place = f" of {path[0]}" if path else ""
        if not isinstance(values, Mapping):
            raise self._bad(path, f"{path[-1]} is not a table")
        out = {}
        for name, value in values.items():
            here = (*path, name)
            if name in _LATER and name not in checks:
                raise self._not_yet(here, _LATER[name])
            if name not in checks:
                known = ", ".join(checks)
                raise self._bad(here, f"{name[:40]!r} is not a field{place}; there are {known}")
            out[name] = self._plain(value, here)
            self.check(checks[name], out[name], here)
        for name in required:
            if name not in out:
                raise self._bad(path, f"the field {name!r}{place} is missing")
        return out

    def _plain(self, value: Any, path: Path) -> Any:
        """A value of TOML as the letter holds it."""
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, datetime.datetime):
            if value.tzinfo is None:
                raise self._bad(path, "a time without its zone: write it as 2027-01-31T12:00:00Z")
            return form.format_time(value)
        return value.isoformat() if isinstance(value, datetime.date) else value

    def _bad(self, path: Path, what: str) -> BadLetterFile:
        return BadLetterFile(self.line(path), what)

    def _not_yet(self, path: Path, what: str) -> BadLetterFile:
        return BadLetterFile(self.line(path), f"not yet: this version of fronde does not know {what}")


def _check_marks(marks: list[tuple[int, str]], citations: list[dict[str, Any]]) -> None:
    """Each mark names a citation, each citation is marked. Raises BadLetterFile."""
    known = {each["id"] for each in citations}
    for line, name in marks:
        if name not in known:
            raise BadLetterFile(
                line,
                f"the mark [^{name[:40]}] names no citation",
                hint="Add it under [[citations]], or write \\[ for a bracket.",
            )
    for each in citations:
        if each["id"] not in {name for _, name in marks}:
            raise BadLetterFile(
                each["line"],
                f"the citation {each['id']!r} is marked nowhere in the body",
                hint=f"Write [^{each['id']}] where it belongs.",
            )


def _places(front: str) -> dict[Path, int]:
    """On which line of the file each table and field of the front matter stands; it begins on line 2."""
    places: dict[Path, int] = {}
    counts: dict[str, int] = {}
    table: Path = ()
    inside = ""  # the quotes of an open multi-line string
    for number, line in enumerate(front.split("\n"), start=2):
        if not inside:
            if header := _HEADER.match(line):
                table = tuple(header[2].split("."))
                if header[1] == "[[":
                    table = (header[2], counts.get(header[2], 0))
                    counts[header[2]] = counts.get(header[2], 0) + 1
                places.setdefault(table[:1], number)
                places[table] = number
            elif key := _KEY.match(line):
                places.setdefault((*table, key[1]), number)
        inside = _open_string(line, inside)
    return places


def _open_string(line: str, inside: str) -> str:
    """The quotes of the multi-line string that is open after this line, "" when none is."""
    for quotes in re.findall("\"\"\"|'''", line):
        inside = "" if inside == quotes else inside or quotes
    return inside
