# SPDX-License-Identifier: Apache-2.0
import os
import stat
from pathlib import Path
from typing import Any

import gmpy2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from fronde.errors import Refused, Stopped
from fronde.site.signing import issuer_key
from fronde.site.signing.issuer_key import IssuerKey
from fronde.tokens import blindrsa
from fronde.tokens.secrets import SlotSecrets
from tests.vectors.read import vectors

RFC9474 = vectors("rfc9474")["cases"]
RFC9578 = vectors("rfc9578")["cases"]
PEM, PKCS8, OPEN = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)


def names(case: dict[str, Any]) -> str:
    return str(case["name"])


def private(case: dict[str, Any]) -> rsa.RSAPrivateKey:
    p, q, n, d = (int(case[name], 16) for name in "pqnd")
    parts = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *parts, rsa.RSAPublicNumbers(case["e"], n)).private_key()


@pytest.fixture(scope="module")
def key() -> IssuerKey:
    return IssuerKey(private(RFC9578[0]))


@pytest.mark.parametrize("case", RFC9578, ids=names)
def test_the_blind_signatures_of_rfc_9578_are_made_again(case: dict[str, Any]) -> None:
    mine = IssuerKey(private(case))
    assert mine.public.spki.hex() == case["spki"]
    assert mine.sign(bytes.fromhex(case["token_request"])[3:]).hex() == case["token_response"]


@pytest.mark.parametrize("case", RFC9474, ids=names)
def test_the_private_operation_of_rfc_9474_is_the_same(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # RFC 9474's key has 4096 bits; the product takes 2048 only, so the two limits are moved for this test.
    monkeypatch.setattr(blindrsa, "SIZE", 512)
    monkeypatch.setattr(blindrsa, "BITS", 4096)
    assert IssuerKey(private(case)).sign(bytes.fromhex(case["blinded_msg"])).hex() == case["blind_sig"]


def test_every_operation_is_blinded_anew_and_gives_the_same_signature(
    key: IssuerKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    power = key._power

    def watched(x: gmpy2.mpz) -> gmpy2.mpz:
        seen.append(int(x))
        return power(x)

    monkeypatch.setattr(key, "_power", watched)
    message = (5).to_bytes(256)
    assert key.sign(message) == key.sign(message)
    assert len(set(seen)) == 2
    assert 5 not in seen


def test_what_is_not_below_the_modulus_is_refused(key: IssuerKey) -> None:
    n = key.public.n
    for bad in (b"", bytes(255), bytes(257), n.to_bytes(256), b"\xff" * 256):
        with pytest.raises(Refused) as caught:
            key.sign(bad)
        assert caught.value.name == "not-below-n"
    assert key.sign((n - 1).to_bytes(256)) == (n - 1).to_bytes(256)
    assert key.sign(bytes(256)) == bytes(256)


@pytest.mark.parametrize("half", ["_dp", "_dq", "_q_inverse"])
def test_a_fault_in_one_half_leaves_nothing(half: str) -> None:
    faulty = IssuerKey(private(RFC9578[0]))
    setattr(faulty, half, getattr(faulty, half) ^ 2)
    with pytest.raises(Stopped) as caught:
        faulty.sign((5).to_bytes(256))
    assert caught.value.name == "issuer-fault"


def test_a_new_key_issues_a_token_to_a_member() -> None:
    issuer = IssuerKey.generate()
    member = SlotSecrets(bytes(16), "fronde.example", "works", 1, issuer.public)
    assert len(member.token(issuer.sign(member.blinded))) == 354


def test_a_saved_key_comes_back_and_is_only_its_owners(key: IssuerKey, tmp_path: Path) -> None:
    path = tmp_path / "1.pem"
    key.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["1.pem"]
    again = IssuerKey.load(path)
    assert again.public == key.public
    assert again.sign((7).to_bytes(256)) == key.sign((7).to_bytes(256))


def test_a_key_is_durable_before_it_has_its_name(
    key: IssuerKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def watched_fsync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        order.append("folder" if folder else f"file of {os.fstat(descriptor).st_size > 1000}")
        fsync(descriptor)

    def watched_rename(self: Path, target: Path) -> Path:
        order.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "rename", watched_rename)
    key.save(tmp_path / "1.pem")
    assert order == ["file of True", "rename", "folder"]


def test_no_key_is_written_over_another(key: IssuerKey, tmp_path: Path) -> None:
    path = tmp_path / "1.pem"
    path.write_text("another")
    with pytest.raises(FileExistsError):
        key.save(path)
    assert path.read_text() == "another"


def test_what_a_crash_left_behind_does_not_hinder(key: IssuerKey, tmp_path: Path) -> None:
    path = tmp_path / "1.pem"
    (tmp_path / "1.pem.new").write_text("half a key")
    key.save(path)
    assert os.listdir(tmp_path) == ["1.pem"]
    IssuerKey.load(path)


def other_keys() -> list[Any]:
    three = rsa.generate_private_key(3, 2048)
    edwards = ed25519.Ed25519PrivateKey.generate()
    good = IssuerKey(private(RFC9578[0]))._private
    locked = good.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"x"))
    rest = [each.private_bytes(PEM, PKCS8, OPEN) for each in (private(RFC9474[0]), three, edwards)]
    return [b"", b"half a key", locked, *rest]


def test_a_file_that_holds_no_issuer_key_stops_the_issuing(tmp_path: Path) -> None:
    path = tmp_path / "1.pem"
    for content in other_keys():
        path.write_bytes(content)
        with pytest.raises(Stopped, match=r"1\.pem is missing or damaged") as caught:
            IssuerKey.load(path)
        assert caught.value.name == "issuer-key"
        assert "doctor" in caught.value.hint


def test_a_key_that_is_not_there_stops_the_issuing(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        IssuerKey.load(tmp_path / "2.pem")


def test_a_destroyed_key_is_overwritten_and_gone(key: IssuerKey, tmp_path: Path) -> None:
    path, witness = tmp_path / "1.pem", tmp_path / "witness"
    key.save(path)
    before = path.read_bytes()
    os.link(path, witness)  # a second name for the same bytes on the disk
    issuer_key.destroy(path)
    assert not path.exists()
    after = witness.read_bytes()
    assert len(after) == len(before)
    assert after != before
    assert b"PRIVATE" not in after


def test_destroying_twice_is_destroying_once(tmp_path: Path) -> None:
    issuer_key.destroy(tmp_path / "1.pem")
    issuer_key.destroy(tmp_path / "1.pem")
