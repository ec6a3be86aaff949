# SPDX-License-Identifier: Apache-2.0
"""Proofs that every step passes."""

from __future__ import annotations

from fronde.record import cosignature, entry
from fronde.record.note import Key
from fronde.tokens import ed25519
from tests.simulator import Record, Workplace, checkpoint, log_files

from .cases import Made, fill, good, proof, signed, small
from .zips import stored

WITNESSES = {f"w{n}": bytes([n]) * 32 for n in (1, 2, 3)}


def of(record: Record, **changes: bytes) -> Made:
    """A proof as it is, and its instance's policy."""
    return Made(proof(record, **changes), policy=record.place.policy())


def cosigned(record: Record, *names: str) -> Made:
    """A proof whose instance log these witnesses have cosigned, for a reader who asks for two of three."""
    made = of(record)
    body = checkpoint(record.place.signer.name, record.place.instance).body
    lines = [cosignature.sign(body, f"{name}.example", WITNESSES[name], 1_790_000_000) for name in names]
    assert isinstance(made.data, dict)
    made.data["instance/checkpoint"] += "".join(lines).encode()
    made.policy = witnessed_policy(record.place)
    return made


def witnessed_policy(place: Workplace) -> str:
    """A policy that asks for two of three witnesses."""
    rows = [f"log {place.signer.vkey}"]
    for name, seed in WITNESSES.items():
        rows.append(f"witness {name} {Key.of(f'{name}.example', ed25519.public_key(seed), 4).vkey}")
    return "\n".join([*rows, "group two 2 w1 w2 w3", "quorum two", ""])


@good("good-fresh")
def fresh() -> Made:
    return of(small().open())


@good("good-open")
def still_open() -> Made:
    return of(signed(7, place=Workplace()))


@good("good-untied", exit=3)
def untied() -> Made:
    made = of(signed())
    made.policy = None
    return made


@good("good-key")
def by_key() -> Made:
    record = signed()
    return Made(proof(record), key=record.place.signer.vkey, policy=None)


@good("good-closed")
def closed() -> Made:
    record = signed(7)
    fill(record, 2)
    record.close()
    record.end()
    return of(record)


@good("good-withdrawn")
def withdrawn() -> Made:
    record = small().open()
    people = fill(record, 8)
    record.publish()
    for member in people[:2]:
        record.withdraw(member)
    record.publish()
    record.close()
    record.withdraw(people[4])
    record.publish()
    record.end()
    return of(record)


@good("good-withdrawn-in-the-same-batch")
def withdrawn_while_waiting() -> Made:
    record = small().open()
    record.withdraw(fill(record, 6)[0])
    record.publish()
    return of(record)


@good("good-void")
def void() -> Made:
    record = small().open()
    record.close()
    record.end()
    return of(record)


@good("good-not-shown")
def not_shown() -> Made:
    record = signed()
    record.openings.popitem()
    return of(record)


@good("good-headcount")
def headcount() -> Made:
    record = signed(7, place=small(headcount=7), issued=7)
    record.close()
    return of(record)


@good("good-two-workplaces")
def two_workplaces() -> Made:
    place = small()
    place.season(workplace="other", count=2)
    elsewhere = place.open(workplace="other")
    record = signed(place=place, workplace="works")
    fill(elsewhere, 5)
    elsewhere.publish()
    return of(record)


@good("good-head-chain")
def head_chain() -> Made:
    place = small()
    record, next_one = signed(5, place=place), signed(5, place=place)
    for count in (5, 6):
        fill(record, count)
        record.publish()
        next_one.head()  # a quiet letter: a head a day, grown or not
    record.head()
    return of(record)


@good("good-burned")
def burned() -> Made:
    record = small().open()
    record.place.instance += [entry.slot_end("works", number, "burned") for number in (1, 2, 3)]
    record.place.season("2027H1", count=2)
    fill(record, 6)
    record.publish()
    return of(record)


@good("good-burned-and-closed")
def burned_and_closed() -> Made:
    record = signed()
    record.place.instance += [entry.slot_end("works", number, "burned") for number in (1, 2, 3)]
    fill(record, 5)
    record.close()
    return of(record)


@good("good-withdrawn-after-the-end")
def withdrawn_after_the_end() -> Made:
    record = small().open()
    people = fill(record, 7)
    record.close()
    record.end()
    record.withdraw(people[0])
    record.publish()
    return of(record)


@good("good-another-letter-closed")
def another_letter_closed() -> Made:
    """The end of another letter's slot says nothing about this one."""
    place = small()
    other, record = signed(5, place=place), signed(5, place=place)
    other.close()
    other.end()
    return of(record)


@good("good-season-ended")
def season_ended() -> Made:
    record = signed()
    record.place.instance.append(entry.slot_end("works", 3, "season"))
    record.place.instance.append(entry.release("0.1.0", bytes(32)))
    record.place.season("2027H1", count=2)
    return of(record)


@good("good-witnessed")
def witnessed() -> Made:
    return cosigned(signed(), "w1", "w3")


@good("good-witnesses-of-others")
def witnesses_of_others() -> Made:
    made = cosigned(signed(), "w1", "w3")
    made.policy = Workplace(slots=0).policy()
    return made


@good("good-compare-instance")
def compare_instance() -> Made:
    record = signed()
    made = of(record)
    made.compare = log_files(record.place.signer, record.place.instance[:4])["checkpoint"]
    return made


@good("good-compare-letter")
def compare_letter() -> Made:
    record = signed()
    made = of(record)
    made.compare = log_files(record.signer, record.entries[:4])["checkpoint"]
    return made


@good("good-compare-same")
def compare_same() -> Made:
    record = signed()
    made = of(record)
    made.compare = record.place.checkpoint()
    return made


@good("good-stored")
def another_writer() -> Made:
    return Made(stored(proof(signed()), flags=0x800, attributes=0, date=0x5D21))


@good("good-readme-changed")
def readme_changed() -> Made:
    return Made(proof(signed()) | {"README.txt": b"Nobody reads this.\n"})


@good("good-other-order")
def other_order() -> Made:
    return Made(stored(dict(reversed(proof(signed()).items()))))


@good("good-two-bundles")
def two_bundles() -> Made:
    return of(signed(260))


@good("good-every-language")
def every_language() -> Made:
    record = small().open(title="Dites-nous à quoi sert notre travail", lang="fr")
    for member, name in zip(
        record.place.people(6), ["Élise Đặng", "李娜", "نور", "Ζωή", "O'Brien-Šimić", "😀 Ada"], strict=True
    ):
        record.sign(member, name=name, note="“Enough.”")
    record.publish()
    return of(record)
