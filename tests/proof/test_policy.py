# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fronde.proof.policy import BadPolicy, NoQuorum, Policy, default_path
from fronde.record import cosignature
from fronde.record.checkpoint import Checkpoint
from fronde.record.note import BadNote, Key, Signer
from fronde.tokens import ed25519

ORIGIN = "letters.example/log"
LOG = Signer(ORIGIN, bytes([1]) * 32)
WITNESSES = {f"w{n}": bytes([n]) * 32 for n in range(2, 8)}
HEAD = Checkpoint(ORIGIN, 7, bytes(32))


def vkey(name: str) -> str:
    return Key.of(f"witness.example/{name}", ed25519.public_key(WITNESSES[name]), 4).vkey


def cosigned(*names: str, body: str = HEAD.body) -> bytes:
    lines = [cosignature.sign(body, f"witness.example/{n}", WITNESSES[n], 1_700_000_000) for n in names]
    return HEAD.sign(LOG) + "".join(lines).encode()


def lines(*extra: str) -> str:
    witnesses = [f"witness {name} {vkey(name)}" for name in WITNESSES]
    return "\n".join([f"log {LOG.vkey}", *witnesses, *extra]) + "\n"


TWO_LEVELS = lines("group x 2 w2 w3 w4", "group y any w5 w6", "group both all x y", "quorum both")


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (f"log {LOG.vkey}\nquorum none\n", []),
        (lines("quorum w2"), ["w2"]),
        (lines("group g any w2 w3", "quorum g"), ["w3"]),
        (lines("group g all w2 w3", "quorum g"), ["w3", "w2"]),
        (TWO_LEVELS, ["w2", "w4", "w6"]),
        (TWO_LEVELS, list(WITNESSES)),
    ],
)
def test_a_met_quorum_counts_the_witnesses(policy: str, names: list[str]) -> None:
    assert Policy.parse(policy).check_quorum(cosigned(*names)) == len(names)


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        (lines("quorum w2"), ["w3"]),
        (lines("group g all w2 w3", "quorum g"), ["w3"]),
        (TWO_LEVELS, ["w2", "w6", "w5", "w7"]),
        (TWO_LEVELS, ["w2", "w3", "w4"]),
    ],
)
def test_a_quorum_that_is_not_met_is_refused(policy: str, names: list[str]) -> None:
    with pytest.raises(NoQuorum):
        Policy.parse(policy).check_quorum(cosigned(*names))


def test_a_wrong_line_of_a_listed_witness_is_refused_even_when_no_quorum_is_asked() -> None:
    other = Checkpoint(ORIGIN, 8, bytes(32)).body
    with pytest.raises(BadNote):
        Policy.parse(lines("quorum none")).check_quorum(cosigned("w2", body=other))


def test_a_wrong_line_of_a_witness_that_is_not_listed_is_ignored() -> None:
    policy = Policy.parse(f"log {LOG.vkey}\nwitness w3 {vkey('w3')}\nquorum w3\n")
    other = cosigned("w2", body=Checkpoint(ORIGIN, 8, bytes(32)).body)
    assert policy.check_quorum(other + cosigned("w3").removeprefix(HEAD.sign(LOG))) == 1


def test_the_key_of_a_log_is_found_by_its_origin() -> None:
    second = Signer(ORIGIN, bytes([9]) * 32)
    policy = Policy.parse(f"log {LOG.vkey}\nlog {second.vkey} https://letters.example/\nquorum none\n")
    assert policy.log_keys(ORIGIN) == [LOG.key, second.key]
    assert policy.log_keys("other.example/log") == []


def test_space_tabs_comments_urls_and_other_bytes_are_allowed() -> None:
    text = f"\n \t# caf\u00e9\nwitness \u212a\t {vkey('w2')}   https://\u00e9.example \t\n\n quorum\t\u212a"
    assert Policy.parse(text).quorum == "\u212a".encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "quorum none\nquorum none\n",
        "quorum someone\n",
        "quorum\n",
        "quorum none extra\n",
        "QUORUM none\n",
        "quorum none\r\n",
        "quorum\x0bnone\n",
        "quorum\xa0none\n",
        "quorum none\nlog\n",
        "quorum none\nlog not-a-key\n",
        f"quorum none\nlog {LOG.vkey} url more\n",
        f"quorum none\nlog {LOG.vkey}\nlog {LOG.vkey}\n",
        f"quorum none\nlog {vkey('w2')}\n",
        f"quorum none\nlog {LOG.vkey}\nlog {Signer('b.example/log', bytes([1]) * 32).vkey}\n",
        f"quorum none\nwitness none {vkey('w2')}\n",
        f"quorum none\nwitness w {LOG.vkey}\n",
        f"quorum none\nwitness a {vkey('w2')}\nwitness b {vkey('w2')}\n",
        f"quorum none\nwitness a {vkey('w2')}\nwitness a {vkey('w3')}\n",
        f"quorum w\nwitness w {vkey('w2')}\n",
        lines("group w2 any w3", "quorum none"),
        lines("group g 0 w2", "quorum none"),
        lines("group g 3 w2 w3", "quorum none"),
        lines("group g +1 w2 w3", "quorum none"),
        lines("group g some w2 w3", "quorum none"),
        lines("group g any", "quorum none"),
        lines("group g any w2 w2", "quorum none"),
        lines("group g any none", "quorum none"),
        lines("group g any h", "group h any w2", "quorum none"),
        lines("group g any g", "quorum none"),
        lines("group g any w2", "group h any w2", "quorum none"),
    ],
)
def test_a_policy_that_breaks_a_rule_is_refused(text: str) -> None:
    with pytest.raises(BadPolicy):
        Policy.parse(text)


def test_the_line_that_is_wrong_is_named() -> None:
    with pytest.raises(BadPolicy, match="line 3 of the policy"):
        Policy.parse("# one\nquorum none\nnonsense\n")


def test_thirty_two_logs_witnesses_and_groups_are_supported() -> None:
    seeds = [bytes([n, 77]) + bytes(30) for n in range(32)]
    rows = [f"log {Signer(f'{n}.example/log', seed).vkey}" for n, seed in enumerate(seeds)]
    for n, seed in enumerate(seeds):
        rows.append(f"witness w{n} {Key.of(f'w{n}.example', ed25519.public_key(seed), 4).vkey}")
        rows.append(f"group g{n} all w{n}" + (f" g{n - 1}" if n else ""))
    policy = Policy.parse("\n".join([*rows, "quorum g31"]))
    assert len(policy.logs) == len(policy.witnesses) == len(policy.groups) == 32


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_refused(data: bytes) -> None:
    with contextlib.suppress(BadPolicy):
        assert Policy.parse(data + b"\nquorum none\n").quorum == b"none"


def test_the_users_own_policy_lies_in_their_home() -> None:
    assert default_path().parts[-3:] == (".config", "fronde", "policy")
