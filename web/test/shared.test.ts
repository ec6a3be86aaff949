// SPDX-License-Identifier: Apache-2.0
// The vectors that Python reads too: each language agrees with them, so both agree with each other.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import * as blindrsa from "../src/blindrsa.ts";
import { hex, sha256, unhex, utf8 } from "../src/bytes.ts";
import { b64u, decode, type Dict, encode, unb64u } from "../src/canonical.ts";
import * as ed25519 from "../src/ed25519.ts";
import { FrondeError, Newer } from "../src/errors.ts";
import * as noble from "../src/noble.ts";
import * as note from "../src/note.ts";
import * as privacypass from "../src/privacypass.ts";
import * as secrets from "../src/secrets.ts";
import { checkOpening, checkShown, commitment, OPENING, type Shown } from "../src/signature.ts";
import { countTiles, hashTiles, leaves, path, row, Tree } from "../src/tree.ts";
import { power } from "./vectors.ts";

const done = new Set(["rfc9474", "rfc9577", "rfc9578"]); // tokens.test.ts

function read(name: string) {
  done.add(name);
  return JSON.parse(readFileSync(`../tests/vectors/${name}.json`, "utf8"));
}

const slugs = (...names: string[]) => (error: unknown) => error instanceof FrondeError && names.includes(error.slug);

interface Hex {
  name: string;
  hex: string;
  value?: never;
}

const canonical = read("canonical") as { good: Hex[]; bad: Hex[]; base64url: { text: string; hex: string | null }[] };

test("canonical JSON: what is good reads and writes back, what is bad is refused", () => {
  for (const { hex: digits, value } of canonical.good) {
    const found = decode(unhex(digits));
    if (value !== undefined) assert.deepEqual(found, value);
    assert.equal(hex(encode(found)), digits);
  }
  for (const { name, hex: digits } of canonical.bad) assert.throws(() => decode(unhex(digits)), slugs("not-canonical"), name);
});

test("base64url is read as strictly", () => {
  for (const { text, hex: digits } of canonical.base64url) {
    if (digits === null) assert.throws(() => unb64u(text), slugs("not-canonical"), text);
    else assert.equal(hex(unb64u(text)), digits);
  }
});

for (const v of read("ed25519").cases as { name: string; key: string; message: string; signature: string; valid: boolean; equation: boolean }[])
  test(`Ed25519, ${v.name}: ${v.valid ? "verifies" : "is refused"}`, async () => {
    const [key, signature, message] = [unhex(v.key), unhex(v.signature), unhex(v.message)];
    const verified = ed25519.verify(key, signature, message);
    await (v.valid ? verified : assert.rejects(verified, slugs("bad-signature", "bad-ed25519-key")));
    // The fallback stands behind the same checks of bytes: it must accept what holds, and never what fails the equation.
    if (v.valid || !v.equation) assert.equal(await noble.verify(key, signature, message), v.valid);
  });

for (const v of read("secrets").cases as Record<string, string>[])
  test(`secrets, ${v.name}: every value is the same`, async () => {
    const seed = await secrets.importSeed(unhex(v.seed!));
    const key = await blindrsa.PublicKey.fromSpki(unhex(v.spki!));
    const signSeed = await secrets.signSeed(seed, v.origin!, v.workplace!, Number(v.number));
    assert.equal(hex(signSeed), v.sign_seed);
    assert.equal(hex(await ed25519.publicKey(signSeed)), v.public_key);
    const request = await secrets.request(seed, v.host!, v.workplace!, Number(v.number), key);
    assert.equal(hex(request.input), v.input);
    assert.equal(hex(request.input.slice(2, 34)), v.nonce);
    const context = await privacypass.slotContext(v.origin!, v.workplace!, Number(v.number));
    assert.equal(hex(context), v.context);
    assert.equal(hex(privacypass.challenge(v.host!, context)), v.challenge);
    assert.equal(hex(await sha256(unhex(v.challenge!))), v.challenge_digest);
    assert.equal(hex(key.keyId), v.key_id);
    assert.equal(hex(await privacypass.slotInput(v.host!, v.workplace!, Number(v.number), unhex(v.public_key!), key.keyId)), v.input);
    const blinding = await blindrsa.blind(key, request.input, unhex(v.salt!), BigInt(`0x${v.blinding}`));
    assert.deepEqual(blinding, request.blinding);
    assert.equal(hex(request.blinding.blinded), v.blinded);
    const answer = blindrsa.fromInteger(power(blindrsa.toInteger(request.blinding.blinded), BigInt(`0x${v.d}`), key.n), 256);
    assert.equal(hex(answer), v.blind_signature);
    assert.equal(hex(secrets.token(key, request, answer)), v.token);
    await privacypass.checkToken(unhex(v.token!), request.input, key);
  });

const shown = read("shown") as { cases: { name: string; key: string; salt: string; shown: Shown; canonical: string; commitment: string }[]; refused: { name: string; shown: Shown; error: string }[] };

for (const v of shown.cases)
  test(`commitment, ${v.name}: is the same`, async () => {
    checkShown(v.shown);
    assert.equal(hex(encode(v.shown as Dict)), v.canonical);
    const entry = { type: "sign", as: "named", key: b64u(unhex(v.key)), commitment: b64u(unhex(v.commitment)) };
    await checkOpening(entry, { salt: b64u(unhex(v.salt)), shown: v.shown });
    assert.equal(hex(await commitment(unhex(v.key), unhex(v.salt), v.shown)), v.commitment);
  });

for (const v of shown.refused)
  test(`shown, ${v.name}: is refused`, () => {
    assert.throws(() => checkShown(v.shown), slugs(v.error, "not-canonical"));
    // In a file a lone surrogate or a control character is not even canonical JSON.
    if (!/U\+(00(00|1F|7F|85|9F)|D800) in/.test(v.name)) assert.throws(() => OPENING({ salt: "A".repeat(43), shown: v.shown } as unknown as Dict, ""), slugs(v.error));
  });

const notes = read("note") as {
  example: { vkey: string; text: string; note: string };
  fingerprint: string;
  keys: string[];
  bad_keys: string[];
  newer_keys: string[];
  accepted: [string, string][];
  refused: [string, string][];
  checkpoint: { note: string; vkey: string; origin: string; size: number; cosignatures: { vkey: string }[] };
};

test("keys are read strictly, and have the same fingerprint", async () => {
  assert.equal(await note.fingerprint(notes.example.vkey), notes.fingerprint);
  for (const vkey of notes.keys) assert.equal((await note.parseKey(vkey)).vkey, vkey);
  for (const vkey of notes.bad_keys) await assert.rejects(note.parseKey(vkey), slugs("bad-vkey"), vkey);
  for (const vkey of notes.newer_keys) await assert.rejects(note.parseKey(vkey), Newer, vkey);
});

test("notes are opened strictly", async () => {
  const key = await note.parseKey(notes.example.vkey);
  assert.equal(await note.open(utf8(notes.example.note), key, true), notes.example.text);
  for (const [what, data] of notes.accepted) {
    await note.open(utf8(data), key);
    await assert.rejects(note.open(utf8(data), key, true), slugs("bad-note"), what);
  }
  for (const [what, data] of notes.refused) await assert.rejects(note.open(utf8(data), key), slugs("bad-note"), what);
});

test("a checkpoint of a public log and its witnesses' lines are read", async () => {
  const { checkpoint } = notes;
  const found = await note.checkpoint(utf8(checkpoint.note), await note.parseKey(checkpoint.vkey));
  assert.equal(found.origin, checkpoint.origin);
  assert.equal(found.size, checkpoint.size);
  const parsed = note.parse(utf8(checkpoint.note));
  for (const { vkey } of checkpoint.cosignatures) assert.equal(await note.isCosigned(parsed, await note.parseKey(vkey)), true);
});

test("the tree of the reference tests has the same roots", async () => {
  const { entries, roots } = read("tree") as { entries: string[]; roots: string[] };
  const tree = await Tree.of(await leaves(entries.map(unhex)));
  for (const [size, root] of roots.entries()) {
    assert.equal(hex(await tree.root(size)), root);
    assert.equal(hex(await (await Tree.of(await leaves(entries.slice(0, size).map(unhex)))).root()), root);
  }
});

test("tiles have the same paths and layouts", () => {
  const { paths, layouts } = read("tlog") as { paths: { level: number | null; index: number; width: number; path: string }[]; layouts: Dict[] };
  for (const { path: wanted, ...tile } of paths) assert.equal(path(tile), wanted);
  for (const layout of layouts) {
    const size = layout.size as number;
    const all = [...row(null, size), ...hashTiles(size)].map(path);
    assert.equal(countTiles(size), all.length);
    if (layout.paths) assert.deepEqual(all, layout.paths);
    else for (const last of layout.last as string[]) assert.ok(all.includes(last), last);
    if (layout.count) assert.equal(all.length, layout.count);
  }
});

test("every file of vectors is read here", () => {
  const files = readdirSync("../tests/vectors").filter((name) => name.endsWith(".json"));
  assert.deepEqual(files.map((name) => name.slice(0, -5)).sort(), [...done].sort());
});
