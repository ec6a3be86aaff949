# SPDX-License-Identifier: Apache-2.0
"""Letters, capacity, openings and closes that break a rule, each properly signed: steps 5, 8, 9 and 12."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fronde import canonical
from fronde.canonical import b64u
from fronde.record.note import Signer
from fronde.record.tree import leaf_hash
from tests.simulator import HOST, Record

from .cases import Members, bad, fill, newest, proof, signed, small, sorted_batch

# The letter, step 5


@bad("text-changed", 5, "other-text")
def text_changed() -> tuple[Members, str]:
    record = signed()
    return proof(record, letter=record.letter.data.replace(b"We build", b"We built")), "letter.json"


@bad("text-of-another-headcount", 5, "other-text")
def other_headcount() -> tuple[Members, str]:
    record = signed(place=small(headcount=100))
    return proof(record, letter=record.letter.data.replace(b'"n":100', b'"n":900')), "letter.json"


def _letter(**changes: Any) -> tuple[Members, str]:
    return proof(signed(**changes)), "letter.json"


_demand = {"id": "list", "ask": "Publish the contracts.", "measure": "A public list."}
_late, _early = "2026-12-01T00:00:00Z", "2026-08-01T00:00:00Z"

bad("letter-closes-before-it-opens", 5, "bad-times")(partial(_letter, rules={"closes": _early}))
bad("letter-withdrawals-end-early", 5, "bad-times")(
    partial(_letter, rules={"closes": _late, "withdraw_until": _early})
)
bad("letter-lower-floor", 5, "bad-floor")(partial(_letter, rules={"floor": 4}))
bad("letter-higher-floor", 5, "bad-floor")(partial(_letter, rules={"floor": 6}))
bad("letter-batch-below-floor", 5, "bad-batch")(
    partial(_letter, rules={"batch": {"min": 4, "minutes": 0, "tokens": 5}})
)
bad("letter-first-batch-below-floor", 5, "bad-batch")(
    partial(_letter, rules={"batch": {"min": 5, "minutes": 0, "tokens": 4}})
)
bad("letter-demand-twice", 5, "demand-twice")(partial(_letter, demands=[_demand, _demand]))
bad("letter-mode-twice", 5, "mode-twice")(partial(_letter, rules={"modes": ["named", "hidden", "named"]}))


def _issuer(name: str, vkey: str) -> tuple[Members, str]:
    place = {"id": "works", "name": "Example Works", "slot": 1, "issuers": [{"name": name, "vkey": vkey}]}
    return proof(signed(workplaces=[place])), "letter.json"


bad("letter-other-issuer", 5, "other-issuer")(
    partial(_issuer, "notary.example", Signer(f"{HOST}/log", bytes(32)).vkey)
)
bad("letter-other-issuer-key", 5, "other-issuer")(
    partial(_issuer, HOST, Signer(f"{HOST}/log", bytes(32)).vkey)
)


@bad("receipt-key-of-another-name", 5, "receipt-key")
def receipt_key() -> tuple[Members, str]:
    record = small().open()
    record.entries.clear()
    record.heads.clear()
    del record.place.instance[-1]
    record.add([record.opening(receipt_key=Signer(f"{HOST}/log", bytes(32)).vkey)])
    return proof(record), "letter/0"


# Capacity, step 8


@bad("count-above-headcount", 8, "above-headcount")
def above_headcount() -> tuple[Members, str]:
    record = signed(place=small(headcount=5), issued=5)
    return proof(record), "letter/6"


@bad("count-above-issued", 8, "above-issued")
def above_issued() -> tuple[Members, str]:
    record = signed(11, issued=10)
    record.close()
    return proof(record), "letter/11"


@bad("count-above-issued-though-withdrawn", 8, "above-issued")
def above_issued_withdrawn() -> tuple[Members, str]:
    record = small().open(issued=10)
    record.withdraw(fill(record, 11)[0])
    record.publish()
    record.close()
    return proof(record), "letter/11"


def _closed(close: dict[str, Any], **open: Any) -> tuple[Members, str]:
    record = signed(**open)
    record.close(**close)
    return proof(record), f"letter/{len(record.entries) - 1}"


bad("issued-not-rounded", 8, "issued-not-rounded")(partial(_closed, {"issued": 23}))
bad("issued-falls", 8, "issued-falls")(partial(_closed, {"issued": 10}))
bad("issued-of-another-workplace", 8, "issued-elsewhere")(partial(_closed, {"workplace": "other"}))
bad("issued-of-another-issuer", 8, "issued-elsewhere")(partial(_closed, {"issuer": "notary.example"}))
bad("issued-above-headcount", 8, "issued-above-headcount")(
    lambda: _closed({"issued": 40}, place=small(headcount=33), issued=20)
)
bad("issued-when-opened-not-rounded", 8, "issued-not-rounded")(lambda: (proof(signed(issued=23)), "letter/0"))
bad("issued-when-opened-above-headcount", 8, "issued-above-headcount")(
    lambda: (proof(signed(place=small(headcount=17), issued=20)), "letter/0")
)


# Openings and floor, step 9


def _opened(change: Callable[[Record], str]) -> tuple[Members, str]:
    record = signed()
    entry = change(record)
    return proof(record), entry


def _first(record: Record, mode: str) -> int:
    return next(i for i, each in enumerate(record.entries) if canonical.decode(each).get("as") == mode)


@bad("opening-of-another-name", 9, "bad-opening")
def other_name() -> tuple[Members, str]:
    def change(record: Record) -> str:
        index = _first(record, "named")
        record.openings[leaf_hash(record.entries[index])]["shown"]["name"] = "Grace Hopper"
        return f"letter/{index}"

    return _opened(change)


@bad("opening-of-another-salt", 9, "bad-opening")
def other_salt() -> tuple[Members, str]:
    def change(record: Record) -> str:
        index = _first(record, "named")
        record.openings[leaf_hash(record.entries[index])]["salt"] = b64u(bytes(32))
        return f"letter/{index}"

    return _opened(change)


@bad("opening-with-a-note-added", 9, "bad-opening")
def note_added() -> tuple[Members, str]:
    def change(record: Record) -> str:
        index = _first(record, "named")
        record.openings[leaf_hash(record.entries[index])]["shown"]["note"] = "I never wrote this."
        return f"letter/{index}"

    return _opened(change)


@bad("opening-of-hidden", 9, "bad-opening")
def of_hidden() -> tuple[Members, str]:
    def change(record: Record) -> str:
        index = _first(record, "hidden")
        record.openings[leaf_hash(record.entries[index])] = {
            "salt": b64u(bytes(32)),
            "shown": {"name": "Ada"},
        }
        return f"letter/{index}"

    return _opened(change)


@bad("opening-of-the-first-entry", 9, "bad-opening")
def of_the_first_entry() -> tuple[Members, str]:
    def change(record: Record) -> str:
        record.openings[leaf_hash(record.entries[0])] = {"salt": b64u(bytes(32)), "shown": {"name": "Ada"}}
        return "letter/0"

    return _opened(change)


@bad("opening-without-leaf", 9, "opening-without-leaf")
def without_leaf() -> tuple[Members, str]:
    def change(record: Record) -> str:
        record.openings[bytes(32)] = {"salt": b64u(bytes(32)), "shown": {"name": "Ada"}}
        return "openings.json"

    return _opened(change)


@bad("opening-of-withdrawn", 9, "opening-of-withdrawn")
def of_withdrawn() -> tuple[Members, str]:
    record = small().open()
    people = fill(record, 6)
    record.publish()
    shown = dict(record.openings)
    record.withdraw(people[0])
    (gone,) = set(shown) - set(record.openings)
    record.publish()
    record.openings = shown
    index = [leaf_hash(each) for each in record.entries].index(gone)
    return proof(record), f"letter/{index}"


@bad("floor-broken-by-a-head", 9, "floor-broken")
def floor_broken() -> tuple[Members, str]:
    record = signed()
    fill(record, 4)
    record.publish()
    return proof(record), newest(record)


@bad("floor-broken-in-all", 9, "floor-broken")
def floor_in_all() -> tuple[Members, str]:
    record = small().open()
    fill(record, 4)
    record.close()
    return proof(record), "letter/5"


@bad("batch-in-order-of-arrival", 9, "batch-order")
def order_of_arrival() -> tuple[Members, str]:
    record = small().open()
    fill(record, 6)
    batch = record.batch()
    batch[2], batch[3] = batch[3], batch[2]
    record.add(batch)
    return proof(record), "letter/4"


@bad("batch-withdrawal-before-signatures", 9, "batch-order")
def withdrawal_first() -> tuple[Members, str]:
    record = small().open()
    people = fill(record, 6)
    record.publish()
    gone = record.withdraw(people[0])
    record.waiting.clear()
    fill(record, 5)
    record.add([gone, *record.batch()])
    return proof(record), "letter/8"


@bad("batch-two-in-one-head", 9, "batch-order")
def two_in_one_head() -> tuple[Members, str]:
    record = small().open()
    fill(record, 10)
    batch = record.batch()
    record.add([*sorted_batch(batch[1::2]), *sorted_batch(batch[::2])])
    return proof(record), "letter/6"


# The close, step 12


bad("close-too-many-signatures", 12, "close-counts")(partial(_closed, {"signatures": 7}))
bad("close-too-few-signatures", 12, "close-counts")(partial(_closed, {"signatures": 5}))
bad("close-withdrawals", 12, "close-counts")(partial(_closed, {"withdrawn": 1}))
bad("close-void-with-signatures", 12, "close-void")(partial(_closed, {"void": True}))


@bad("close-empty-but-not-void", 12, "close-void")
def empty_but_not_void() -> tuple[Members, str]:
    record = small().open()
    record.close(void=False)
    return proof(record), "letter/1"


@bad("close-twice", 12, "after-close")
def close_twice() -> tuple[Members, str]:
    record = signed()
    record.close()
    record.add([record.closing()])
    return proof(record), "letter/8"


@bad("ended-without-a-close", 12, "ended-unclosed")
def ended_without_a_close() -> tuple[Members, str]:
    """The slot ends, and signing goes on."""
    record = signed()
    record.end()
    end = newest(record)
    fill(record, 5)
    record.publish()
    return proof(record), end


@bad("ended-before-the-close", 12, "ended-unclosed")
def ended_before_the_close() -> tuple[Members, str]:
    record = signed()
    record.end()
    end = newest(record)
    fill(record, 5)
    record.close()
    return proof(record), end


@bad("ended-before-the-head-of-the-close", 12, "ended-unclosed")
def ended_before_the_head() -> tuple[Members, str]:
    """The record holds the close already, and nobody was shown it."""
    record = signed()
    record.entries.append(record.closing())
    record.end()
    end = newest(record)
    record.head()
    return proof(record), end


@bad("ended-before-any-head", 12, "ended-unclosed")
def ended_before_any_head() -> tuple[Members, str]:
    record = small().open()
    del record.place.instance[-1]
    record.heads.clear()
    record.end()
    end = newest(record)
    record.close()
    return proof(record), end


@bad("ended-unclosed-and-counted-wrong", 12, "ended-unclosed")
def ended_and_counted_wrong() -> tuple[Members, str]:
    record = signed()
    record.end()
    end = newest(record)
    record.close(signatures=7)
    return proof(record), end


@bad("close-counts-later-withdrawals", 12, "close-counts")
def counts_later_withdrawals() -> tuple[Members, str]:
    record = small().open()
    people = fill(record, 6)
    record.publish()
    record.close(withdrawn=1)
    record.withdraw(people[0])
    record.publish()
    return proof(record), "letter/7"
