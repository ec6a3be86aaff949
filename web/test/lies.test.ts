// SPDX-License-Identifier: Apache-2.0
// A server for each lie: the client refuses it, says which, keeps the evidence, and has sent nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, concat, random, utf8 } from "../src/bytes.ts";
import { b64u, decode, type Dict, encode } from "../src/canonical.ts";
import { present, trust } from "../src/checks.ts";
import { cleanCode, dates, enrol } from "../src/enrol.ts";
import { Breach, Declined, FrondeError, Newer, Refused } from "../src/errors.ts";
import { fromFile, type Keep, toFile } from "../src/keep.ts";
import { Member } from "../src/post.ts";
import { withdrawEntry } from "../src/signature.ts";
import { CHALLENGE, device, enter, ID, issuer, joined, memberOf, Place, Signer } from "./place.ts";

const breach = (slug: string, ...evidence: string[]) => (error: unknown) => {
  assert.ok(error instanceof Breach, `${error}`);
  assert.equal(error.slug, slug);
  for (const name of evidence) assert.ok(error.evidence[name], `${name} in ${Object.keys(error.evidence).join()}`);
  return true;
};

test("joining takes a token for every slot on offer, and the same again when asked again", async () => {
  const { place, keep } = await joined();
  const before = await keep.get("kept");
  assert.deepEqual(Object.keys(before!.tokens.works!), ["1", "2", "3"]);
  assert.equal((await enter(place, keep)).held, 0);
  assert.deepEqual((await keep.get("kept"))!.tokens, before!.tokens);
});

test("a closed slot takes no signature, a burned one still does", async () => {
  for (const why of ["closed", "burned"]) {
    const { place, keep } = await joined();
    place.add({ type: "slot.end", workplace: "works", number: 1, why });
    const member = await memberOf(place, keep);
    if (why === "burned") await member.sign(null);
    else await assert.rejects(member.sign(null), (error) => error instanceof Refused && error.slug === "closed");
    assert.equal(place.posts.length, why === "burned" ? 1 : 0);
  }
});

test("another device with other words gets nothing new, and keeps what it has", async () => {
  const { place } = await joined();
  const other = device();
  assert.equal((await enter(place, other)).held, 3);
  assert.deepEqual((await other.get("kept"))!.tokens.works, {});
});

test("the file of a device opens on another one, and gives the same tokens", async () => {
  const { place, keep } = await joined();
  const kept = (await keep.get("kept"))!;
  const other = device();
  const file = fromFile(toFile(kept), await trust(place, other, "https://b.example"));
  assert.equal(file.seed, kept.seed);
  assert.throws(() => fromFile(utf8("{}")), FrondeError);
});

test("an offer that changed is read anew and asked once more; twice is said", async () => {
  const [place, keep] = [await Place.make(), device()];
  let changes = 1;
  place.answer = async (path, honest) => {
    if (!path.endsWith("/enrol") || changes-- <= 0) return honest;
    place.add({ type: "slot.end", workplace: "works", number: 1, why: "season" });
    throw new Declined(409, "offer", null);
  };
  await enter(place, keep);
  assert.deepEqual(Object.keys((await keep.get("kept"))!.tokens.works!), ["2", "3"]);
  place.answer = (path, honest) => {
    if (path.endsWith("/enrol")) throw new Declined(409, "offer", null);
    return honest;
  };
  await assert.rejects(enter(place, keep), (error: unknown) => error instanceof Refused && error.slug === "offer");
});

const changed = (data: Bytes, at: number): Bytes => data.map((byte, i) => (i === at ? byte ^ 1 : byte));

const LOG_LIES: Record<string, [string, (place: Place) => unknown]> = {
  "one key under two numbers": ["key-twice", (place) => place.slotNew(4, 1)],
  "one number twice": ["number-twice", (place) => place.slotNew(3, 4)],
  "a number left out": ["slot-number-gap", (place) => place.slotNew(5, 4)],
  "a slot bound twice": ["bind-twice", (place) => place.add({ type: "slot.bind", workplace: "works", number: 1, hash: CHALLENGE })],
  "a slot bound that is not the lowest": ["bind-not-lowest", (place) => place.add({ type: "slot.bind", workplace: "works", number: 3, hash: CHALLENGE })],
  "a slot bound that does not exist": ["bind-without-slot", (place) => place.add({ type: "slot.bind", workplace: "works", number: 9, hash: CHALLENGE })],
  "a slot ended twice": [
    "end-twice",
    (place) => [1, 2].map(() => place.add({ type: "slot.end", workplace: "works", number: 2, why: "burned" })),
  ],
  "a slot bound after its end": [
    "bind-after-end",
    (place) => {
      place.add({ type: "slot.end", workplace: "works", number: 2, why: "season" });
      place.add({ type: "slot.bind", workplace: "works", number: 2, hash: CHALLENGE });
    },
  ],
  "a bound slot ended by its season": ["end-season-bound", (place) => place.add({ type: "slot.end", workplace: "works", number: 1, why: "season" })],
  "an unbound slot closed": ["end-closed-unbound", (place) => place.add({ type: "slot.end", workplace: "works", number: 2, why: "closed" })],
  "a slot ended that does not exist": ["end-without-slot", (place) => place.add({ type: "slot.end", workplace: "works", number: 9, why: "burned" })],
  "a head that points at nothing": ["head-without-bind", (place) => place.add({ type: "head", bind: 0, hash: CHALLENGE })],
  "a key that cannot be one": [
    "bad-slot-key",
    (place) => place.add({ type: "slot.new", workplace: "works", issuer: "letters.example", season: "2026H2", number: 4, spki: b64u(new Uint8Array(342)) }),
  ],
  "an entry that is not canonical": ["not-canonical", (place) => place.instance.push(utf8('{"v": 1}'))],
  "a log that lost its past": ["log-shrunk", (place) => place.instance.pop()],
  "a log with another past": ["log-forked", (place) => place.instance.splice(2, 1, changedEntry(place))],
  "a checkpoint of another key": ["bad-note", (place) => (place.log = new Signer(place.log.name))],
};

const changedEntry = (place: Place): Bytes => encode({ ...(decode(place.instance[2]!) as Dict), season: "2027H1" });

for (const [what, [slug, lie]] of Object.entries(LOG_LIES))
  test(`${what}: refused before anything is sent`, async () => {
    const { place, keep } = await joined();
    const kept = (await keep.get("kept"))!;
    await issuer(4);
    await lie(place);
    await assert.rejects(present(place, keep, kept), breach(slug, "instance-checkpoint"));
    await assert.rejects(enrol(place, keep, kept, "works", CHALLENGE, "ABCDEFGH", () => {}), breach(slug));
    assert.deepEqual(place.posts, []);
    assert.equal((await keep.get("kept"))!.checkpoint, kept.checkpoint);
  });

test("a checkpoint whose root is not that of its entries is refused", async () => {
  const { place, keep } = await joined();
  place.answer = (path, honest) => (path.includes("/tile/entries/") ? changed(honest, 100) : honest);
  await assert.rejects(present(place, keep, (await keep.get("kept"))!), breach("bad-root", "instance-checkpoint"));
});

test("an issuer that is not the host, and an entry of an unknown type, mean a newer fronde", async () => {
  const { place, keep } = await joined();
  place.add({ type: "slot.merge" });
  await assert.rejects(present(place, keep, (await keep.get("kept"))!), Newer);
});

test("another key at a later visit is refused", async () => {
  const { place, keep } = await joined();
  place.log = new Signer(place.log.name);
  await assert.rejects(trust(place, keep, "https://a.example"), breach("other-key", "policy", "kept.txt"));
});

for (const policy of ["", "quorum none\n", "log nonsense\n", "log a\nlog b\n"])
  test(`a policy such as ${JSON.stringify(policy)} is refused`, async () => {
    const place = await Place.make();
    place.answer = () => utf8(policy);
    await assert.rejects(trust(place, device(), "https://a.example"), breach("policy", "policy"));
  });

const ANSWER_LIES: Record<string, [string, (answer: Dict, place: Place) => unknown]> = {
  "another key for one member": ["enrol-signature", async (answer, place) => {
    const [one, two] = Object.keys(answer.signatures as Dict);
    (answer.signatures as Dict)[one!] = b64u(await place.blindSign(two!, new Uint8Array(256).fill(9)));
  }],
  "a slot left out": ["enrol-set", (answer) => delete (answer.signatures as Dict)[Object.keys(answer.signatures as Dict)[0]!]],
  "a slot in both": ["enrol-set", (answer) => (answer.held as string[]).push(Object.keys(answer.signatures as Dict)[0]!)],
  "a slot that was not asked": ["enrol-set", (answer) => (answer.held as string[]).push(CHALLENGE)],
  "a short signature": ["enrol-signature", (answer) => ((answer.signatures as Dict)[Object.keys(answer.signatures as Dict)[0]!] = "AAAA")],
  "another form": ["enrol-unreadable", (answer) => (answer.more = 1)],
};

for (const [what, [slug, lie]] of Object.entries(ANSWER_LIES))
  test(`an answer with ${what} is refused, and no token of it is kept`, async () => {
    const [place, keep] = [await Place.make(), device()];
    place.answer = async (path, honest) => {
      if (!path.endsWith("/enrol")) return honest;
      const answer = decode(honest) as Dict;
      await lie(answer, place);
      return encode(answer);
    };
    await assert.rejects(enter(place, keep), breach(slug, "enrol-request.json", "enrol-answer.json"));
    const kept = (await keep.get("kept"))!;
    assert.deepEqual(kept.tokens, {});
    assert.ok(kept.seed, "the seed was stored before the request left");
  });

const LETTER_LIES: Record<string, [string, (place: Place) => unknown]> = {
  "another id": ["other-letter", async (place) => reletter(place, { id: "ponmlkjihgfedcba" })],
  "another host": ["other-host", async (place) => reletter(place, { host: "other.example" })],
  "another instance": ["other-instance", async (place) => {
    const logs = { letter: await place.record.vkey(), instance: await new Signer(place.log.name).vkey() };
    await reletter(place, { logs });
  }],
  "a broken rule": ["bad-rules", async (place) => {
    const { rules } = await place.document();
    await reletter(place, { rules: { ...(rules as Dict), floor: 1 } });
  }],
  "a form of its own": ["bad-letter", (place) => (place.answer = (path, honest) => (path.endsWith("letter.json") ? utf8("{}") : honest))],
  "another text": ["other-digest", async (place) => reletter(place, { title: "Another title" })],
  "a record of another key": ["bad-note", (place) => (place.record = new Signer(place.record.name))],
  "two signatures under its checkpoint": ["bad-note", (place) => (place.answer = (path, honest) => path.endsWith("record/checkpoint") ? concat(honest, utf8(new TextDecoder().decode(honest).split("\n\n")[1]!)) : honest)],
  "hash tiles that do not give the root": ["bad-root", (place) => (place.answer = (path, honest) => (path.includes("record/tile/0/") ? changed(honest, 3) : honest))],
  "a first entry that is not its leaf": ["bad-leaf", (place) => (place.answer = (path, honest) => (path.includes("record/tile/entries/") ? changed(honest, 40) : honest))],
  "a record without letter.open": ["open-missing", async (place) => reopen(place, encode({ v: 1, type: "letter.close", signatures: 0, withdrawn: 0, void: true, issued: [{ workplace: "works", issuer: "letters.example", n: 1 }] }))],
  "a receipt key of another name": ["open-missing", async (place) => reopen(place, encode(await place.opening({ receipt_key: await new Signer("elsewhere").vkey() })))],
  "a bind that is none": ["open-without-bind", async (place) => reopen(place, encode(await place.opening({ slots: [{ bind: 0, nonce: b64u(place.nonce) }] })))],
  "a nonce that does not open the bind": ["bind-other-letter", async (place) => reopen(place, encode(await place.opening({ slots: [{ bind: place.bind, nonce: CHALLENGE }] })))],
  "a second version of its record": ["head-other-version", async (place) => {
    await place.publish([encode({ v: 1, type: "withdraw", letter: CHALLENGE, key: CHALLENGE, sig: b64u(random(64)) })]);
    place.entries[1] = encode({ v: 1, type: "withdraw", letter: CHALLENGE, key: CHALLENGE, sig: b64u(random(64)) });
  }],
  "a head that is not opened": ["heads-number", (place) => place.heads.pop()],
  "a head beyond its end": ["head-beyond", (place) => (place.heads[0]!.size = 9)],
  "heads that are not of their form": ["bad-heads", (place) => (place.answer = (path, honest) => (path.endsWith("heads.json") ? utf8("[]") : honest))],
  "sizes that fall": ["head-shrunk", (place) => (place.heads[0]!.size = 0)],
};

/** Serves another letter.json than the one that was opened. */
async function reletter(place: Place, changes: Dict): Promise<void> {
  const other = encode(await place.document(changes));
  place.answer = (path, honest) => (path.endsWith("letter.json") ? other : honest);
}

/** A record that begins with this entry. */
async function reopen(place: Place, entry: Bytes): Promise<void> {
  place.entries = [];
  place.heads = [];
  place.instance.pop();
  await place.publish([entry]);
}

for (const [what, [slug, lie]] of Object.entries(LETTER_LIES))
  test(`a letter with ${what} is refused, and nothing is sent`, async () => {
    const [place, keep] = [await Place.make(), device()];
    await place.open();
    const kept = await trust(place, keep, "https://a.example");
    await lie(place);
    await assert.rejects(Member.at(place, keep, kept, ID), breach(slug, "letter.json"));
    assert.deepEqual(place.posts, []);
  });

test("a letter under another slot than its bind is refused", async () => {
  const [place, keep] = [await Place.make(), device()];
  const { workplaces } = await place.document();
  await place.open({ workplaces: [{ ...(workplaces as Dict[])[0]!, slot: 2 }] });
  await assert.rejects(Member.at(place, keep, await trust(place, keep, "a"), ID), breach("open-other-slot"));
});

test("a record that shrinks or forks between two visits is refused", async () => {
  const { place, keep } = await joined();
  await memberOf(place, keep);
  const entries = place.entries;
  place.entries = [encode(await place.opening({ issued: [{ workplace: "works", issuer: "letters.example", n: 20 }] }))];
  await assert.rejects(memberOf(place, keep), breach("log-forked", "record-checkpoint", "record-checkpoint-kept"));
  place.entries = [];
  await assert.rejects(memberOf(place, keep), breach("log-shrunk"));
  place.entries = entries;
  await memberOf(place, keep);
});

test("a token of another key than the slot's is not spent", async () => {
  const { place, keep } = await joined();
  await keep.change((kept) => (kept.tokens.works![1] = kept.tokens.works![2]!));
  const member = await memberOf(place, keep);
  await assert.rejects(member.sign(null), breach("other-slot-key", "token"));
  assert.deepEqual(place.posts, []);
});

test("a signature is kept before it is sent, sent again until it is seen, and then no longer kept", async () => {
  const { place, keep } = await joined();
  place.answer = (path, honest) => {
    if (path.endsWith("/sign")) throw new FrondeError("network");
    return honest;
  };
  const member = await memberOf(place, keep);
  await assert.rejects(member.sign({ name: "Ada" }));
  const { body } = (await keep.get("kept"))!.letters[ID]!.posts.sign!;
  place.answer = (_, honest) => honest;
  const again = await memberOf(place, keep);
  assert.equal(again.letter.posts.sign!.body, body);
  assert.equal(place.accepted.length, 1);
  assert.ok(again.receipt("sign"));
  assert.equal(again.isSeen("sign"), false);
  await place.publish(place.accepted);
  const seen = await memberOf(place, keep);
  assert.equal(seen.isSeen("sign"), true);
  assert.deepEqual(seen.letter.posts, {});
  assert.equal(seen.letter.seen.sign, 1);
});

test("a leaf above the last head does not count as seen", async () => {
  const { place, keep } = await joined();
  await (await memberOf(place, keep)).sign(null);
  place.entries.push(...place.accepted);
  assert.equal((await memberOf(place, keep)).isSeen("sign"), false);
});

test("a server that says no has not taken it: it is not sent again", async () => {
  const { place, keep } = await joined();
  place.answer = (path, honest) => {
    if (path.endsWith("/sign")) throw new Declined(410, "closed", null);
    return honest;
  };
  const member = await memberOf(place, keep);
  await assert.rejects(member.sign(null), Declined);
  assert.deepEqual(member.letter.posts, {});
});

test("a signature is not forgotten after a gateway's error: it may be in, so the same bytes go out again", async () => {
  for (const status of [500, 502, 504]) {
    const { place, keep } = await joined();
    let lost = 1;
    place.answer = (path, honest) => {
      if (path.endsWith("/sign") && lost-- > 0) throw new Declined(status, "declined", null);
      return honest;
    };
    const member = await memberOf(place, keep);
    await assert.rejects(member.sign({ name: "Ada Example" }), Declined);
    await member.sign(null); // what was sent first stands
    assert.equal(place.accepted.length, 1);
    assert.match(new TextDecoder().decode(place.accepted[0]), /"as":"named"/);
    assert.ok(member.receipt("sign"));
  }
});

const RECEIPT_LIES: Record<string, [string, (place: Place, honest: Bytes) => Bytes | Promise<Bytes>]> = {
  "of another key": ["receipt-note", (place) => new Signer(place.receipts.name).sign("fronde/receipt/1\n")],
  "for another entry": ["receipt-text", (place, honest) => place.receipts.sign(new TextDecoder().decode(honest).split("\n\n")[0]!.replace(/\n.{43}=\n/, `\n${"A".repeat(43)}=\n`) + "\n")],
  "with another date": ["receipt-text", (place, honest) => place.receipts.sign(new TextDecoder().decode(honest).split("\n\n")[0]!.replace("2099", "2199") + "\n")],
  "that is none": ["receipt-note", () => utf8("thanks")],
};

for (const [what, [slug, lie]] of Object.entries(RECEIPT_LIES))
  test(`a receipt ${what} is refused`, async () => {
    const { place, keep } = await joined();
    place.answer = (path, honest) => (path.endsWith("/sign") ? lie(place, honest) : honest);
    await assert.rejects((await memberOf(place, keep)).sign(null), breach(slug, "entry.json", "receipt.txt"));
  });

const close = (fields: Dict): Dict => ({ v: 1, type: "letter.close", withdrawn: 0, issued: [{ workplace: "works", issuer: "letters.example", n: 10 }], ...fields });

test("a signature with a receipt that is missing at the close is shown to be left out", async () => {
  const { place, keep } = await joined();
  await (await memberOf(place, keep)).sign(null);
  await place.publish([close({ signatures: 0, void: false })]);
  await assert.rejects(memberOf(place, keep), breach("left-out", "entry.json", "receipt.txt", "record-checkpoint"));
});

test("a void letter leaves everything out, and that is no breach", async () => {
  const { place, keep } = await joined();
  await (await memberOf(place, keep)).sign(null);
  await place.publish([close({ signatures: 0, void: true })]);
  assert.equal((await memberOf(place, keep)).isVoid, true);
});

test("withdrawing needs the words alone, and waits in the record as the signature did", async () => {
  const { place, keep } = await joined();
  await (await memberOf(place, keep)).sign({ name: "Ada", note: "Engineer" });
  await place.publish(place.accepted.splice(0));
  const other = device();
  await trust(place, other, "https://b.example");
  const { seed } = (await keep.get("kept"))!;
  await other.change((kept) => (kept.seed = seed!));
  const member = await memberOf(place, other);
  assert.equal(member.token, null);
  assert.equal(await member.find(), true);
  await member.withdraw();
  await place.publish(place.accepted);
  assert.equal((await memberOf(place, other)).isSeen("withdraw"), true);
  assert.equal((await memberOf(place, keep)).isSeen("sign"), true);
});

test("a withdrawal is the same bytes on every device", async () => {
  const { place } = await joined();
  const seed = random(32);
  assert.deepEqual(await withdrawEntry(place.letter, seed), await withdrawEntry(place.letter, seed));
});

test("what is typed as a code is cleaned", () => {
  assert.equal(cleanCode(" 7kq4-m2xd "), "7KQ4M2XD");
  assert.equal(cleanCode("oil00000"), "01100000");
  for (const bad of ["7KQ4M2X", "7KQ4M2XDD", "7KQ4M2XU", ""]) assert.throws(() => cleanCode(bad), Refused);
});

test("dates follow from seasons", async () => {
  const place = await Place.make(1);
  const { instance } = await present(place, ...(await kept(place)));
  const found = dates(instance.offered("works"))!;
  assert.equal(new Date(found.until).toISOString(), "2027-01-01T00:00:00.000Z");
  assert.equal(found.next, found.until);
  assert.equal(dates([]), null);
});

async function kept(place: Place): Promise<[Keep, Awaited<ReturnType<typeof trust>>]> {
  const keep = device();
  return [keep, await trust(place, keep, "https://a.example")];
}
