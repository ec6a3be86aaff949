# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from fronde import canonical
from fronde.proof.policy import Policy
from fronde.proof.verify import Trust, verify
from fronde.record import log as public_log
from fronde.record import tlogproof
from fronde.record.entry import parse_heads
from fronde.record.note import Key
from fronde.record.tiles import layout
from fronde.site.folder import INSTANCE
from fronde.site.letters import proof, reading
from fronde.site.record import logs, store
from tests.site.village import HOST, Village, client

FOR_EVER = "public, max-age=31536000, immutable"
TEXT = "text/plain; charset=utf-8"


def signed(village: Village, count: int = 6):
    """A letter with published signatures, the first by name."""
    letter = village.open()
    members = village.members(count + 6)
    for number, member in enumerate(members[:count]):
        village.sign(letter, member, name="" if number else "Grace Example")
    village.step()
    return letter, members


def places(letter) -> list[tuple[str, str]]:
    return [("/log", INSTANCE), (f"/letters/{letter.id}/record", letter.id)]


def test_anybody_reads_both_logs_whole_over_http(village: Village):
    letter, _ = signed(village)
    for base, log in places(letter):

        def fetch(path: str, base: str = base) -> bytes:
            answer = client().get(f"{base}/{path}")
            assert answer.status_code == 200
            return bytes(answer.content)

        found = public_log.read(fetch, logs.origin(log), logs.signer(log).key, exactly_one=True)
        assert list(found.entries) == list(store.entries(log))


def test_every_file_has_its_type_and_may_be_read_from_anywhere(village: Village):
    letter, _ = signed(village)
    for base, log in places(letter):
        files = dict.fromkeys(layout(store.size(log)), ("application/octet-stream", FOR_EVER))
        files["checkpoint"] = (TEXT, "public, max-age=5")
        files["0.tlog-proof"] = (TEXT, "public, max-age=5")
        for path, expected in files.items():
            answer = client().get(f"{base}/{path}")
            assert (answer["Content-Type"], answer["Cache-Control"]) == expected
            assert answer["Access-Control-Allow-Origin"] == "*"
            assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert "Content-Encoding" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/000", "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/00/000.p/4", "tile/0/000.p/04",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/255", "tile/64/000", "tile/entries/000.p/99",
        "tile/0/001", "tile/", "tile/0/000.p", "tile/0/000.p/4/", "tile/entries/../../checkpoint",
        "checkpoint.sig", "Checkpoint", "99.tlog-proof", "00.tlog-proof", "-1.tlog-proof",
        "9" * 20 + ".tlog-proof",
    ],
)  # fmt: skip
def test_what_is_not_there_is_404_and_not_kept(village: Village, path):
    letter = village.open()
    for base, _ in places(letter):
        answer = client().get(f"{base}/{path}")
        assert answer.status_code == 404
        assert answer["Cache-Control"] == "no-store"


def test_a_file_that_is_missing_is_404_that_any_page_can_read(village: Village):
    (village.folder.record(INSTANCE) / "checkpoint").unlink()
    village.folder.policy.unlink()
    for path in (
        "/log/checkpoint",
        "/log/0.tlog-proof",
        "/policy",
        "/letters/aaaaaaaaaaaaaaaa/record/checkpoint",
    ):
        answer = client().get(path)
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (404, "*")


def test_the_record_is_only_read(village: Village):
    for method in ("post", "put", "delete", "options"):
        answer = getattr(client(), method)("/log/checkpoint")
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
        assert canonical.decode(answer.content)["type"] == "error"
    assert client().post("/nothing").status_code == 404
    assert canonical.decode(client().post("/nothing").content)["id"] == "not-found"


def test_every_entry_has_a_proof_of_its_own(village: Village):
    letter, _ = signed(village)
    for base, log in places(letter):
        for index, data in enumerate(store.entries(log)):
            answer = client().get(f"{base}/{index}.tlog-proof")
            found = tlogproof.check(answer.content, data, logs.signer(log).key)
            assert found.size == store.size(log)


def test_the_policy_names_the_key_of_the_instance_log(village: Village):
    answer = client().get("/policy")
    policy = Policy.parse(answer.content)
    origin, vkey, _ = reading.instance_identity()
    assert policy.log_keys(origin) == [Key.parse(vkey)]
    assert answer["Content-Type"] == TEXT


# -- a letter's files


def test_letter_json_is_the_frozen_bytes(village: Village):
    letter = village.open()
    answer = client().get(f"/letters/{letter.id}/letter.json")
    assert answer.content == letter.data
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == FOR_EVER


def test_heads_json_opens_every_head(village: Village):
    letter, _ = signed(village)
    answer = client().get(f"/letters/{letter.id}/heads.json")
    assert [size for _, size in parse_heads(answer.content)] == [1, 7]
    assert answer["Cache-Control"] == "no-cache"
    (village.folder.letter(letter.id) / "heads.json").unlink()
    assert client().get(f"/letters/{letter.id}/heads.json").status_code == 404


def test_letter_zip_is_a_proof(village: Village, tmp_path):
    letter, _ = signed(village)
    answer = client().get(f"/letters/{letter.id}/letter.zip")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Cache-Control"] == "no-cache"
    assert "Last-Modified" not in answer
    path = tmp_path / "letter.zip"
    path.write_bytes(b"".join(answer.streaming_content))
    answer.close()
    assert int(answer["Content-Length"]) == path.stat().st_size
    policy = Policy.parse(client().get("/policy").content)
    assert verify(path, Trust(policy=policy)).exit == 0


def test_letter_zip_by_head_has_no_body(village: Village):
    letter = village.open()
    answer = client().head(f"/letters/{letter.id}/letter.zip")
    assert int(answer["Content-Length"]) > 1000
    assert b"".join(answer.streaming_content) == b""
    answer.close()


def test_the_proof_is_made_once_for_each_head_and_each_name_taken_back(village: Village, monkeypatch):
    letter, members = signed(village)
    written = []
    real = proof.write
    monkeypatch.setattr(proof, "write", lambda *args: (written.append(1), real(*args)))
    proof.letter_zip(letter.id)
    path = proof.letter_zip(letter.id)
    assert len(written) == 1
    village.withdraw(letter, members[0])
    assert not path.exists()
    proof.letter_zip(letter.id)
    proof.letter_zip(letter.id)
    assert len(written) == 2
    path.unlink()
    proof.letter_zip(letter.id)
    assert len(written) == 3


def test_a_name_that_is_taken_back_while_the_proof_is_written_is_not_in_it(village: Village, monkeypatch):
    letter, members = signed(village)
    real = proof.write

    def slow(letter_id, path):
        real(letter_id, path)
        monkeypatch.setattr(proof, "write", real)
        village.withdraw(letter, members[0])

    monkeypatch.setattr(proof, "write", slow)
    assert village.verify(letter).counts["shown"] == 0


def test_without_a_published_head_there_is_no_proof(village: Village):
    letter = village.open()
    store.write(lambda: store.append(letter.id, [store.entry(letter.id, 0)]))
    with village.folder.publishing():
        store.publish(letter.id)
    assert client().get(f"/letters/{letter.id}/letter.zip").status_code == 404


@pytest.mark.parametrize("name", ["letter.json", "heads.json", "letter.zip", "record/checkpoint"])
def test_of_an_unknown_letter_there_is_nothing(village: Village, name):
    assert client().get(f"/letters/aaaaaaaaaaaaaaaa/{name}").status_code == 404


# -- what pages are made of


def test_standings_come_from_what_is_published(village: Village):
    letter, _ = signed(village)
    later = village.open()
    assert [each.letter.id for each in reading.standings()] == [later.id, letter.id]
    standing = reading.standing(letter.id)
    assert standing.size == 7
    assert standing.names == (("Grace Example", None),)
    assert (standing.issued, standing.headcount, standing.closed, standing.void) == (0, 400, False, False)
    assert (standing.as_of.minute, standing.as_of.second) == (0, 0)
    store.write(lambda: store.append(letter.id, [store.entry(letter.id, 1)]))
    assert reading.standing(letter.id).size == 7


def test_names_stand_in_alphabetical_order_whatever_their_accents(village: Village):
    letter = village.open()
    names = ["Émile", "zoe", "Eva", "Ada", "Ångström", "ada"]
    for name, member in zip(names, village.members(12)[:6], strict=True):
        village.sign(letter, member, name=name)
    village.step()
    assert [name for name, _ in reading.standing(letter.id).names] == [
        "Ada", "ada", "Ångström", "Émile", "Eva", "zoe",
    ]  # fmt: skip


def test_of_what_is_not_there_nothing_stands(village: Village):
    assert reading.standing("a" * 16) is None
    (village.folder.record("a" * 16)).mkdir(parents=True)
    (village.folder.record("a" * 16) / "checkpoint").write_bytes(b"x\n1\n")
    assert reading.standing("a" * 16) is None
    assert reading.workplace("nowhere") is None
    assert [place.slug for place in reading.workplaces()] == ["meridian"]
    assert reading.instance_identity()[0] == f"{HOST}/log"
