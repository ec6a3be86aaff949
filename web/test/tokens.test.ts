// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { RSABSSA } from "@cloudflare/blindrsa-ts";
import * as blindrsa from "../src/blindrsa.ts";
import { type Bytes, concat, hex, random, sha256, unhex, utf8 } from "../src/bytes.ts";
import { Refused } from "../src/errors.ts";
import * as privacypass from "../src/privacypass.ts";
import * as secrets from "../src/secrets.ts";
import { type Case, cases, power } from "./vectors.ts";

const integer = (digits: string): bigint => BigInt(`0x${digits}`);
const slug = (name: string) => (error: unknown) => error instanceof Refused && error.slug === name;

function inverse(value: bigint, n: bigint): bigint {
  let [a, b, x, y] = [n, value % n, 0n, 1n];
  while (b) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return ((x % n) + n) % n;
}

for (const v of cases("rfc9474"))
  test(`RFC 9474, ${v.name}: blinds and finalizes to the same bytes`, async () => {
    const key = blindrsa.PublicKey.ofModulus(integer(v.n!));
    const made = await blindrsa.blind(key, unhex(v.input_msg!), unhex(v.salt!), inverse(integer(v.inv!), key.n));
    assert.equal(hex(made.blinded), v.blinded_msg);
    assert.equal(hex(blindrsa.finalize(key, made, unhex(v.blind_sig!))), v.sig);
  });

for (const v of cases("rfc9578"))
  test(`RFC 9578, ${v.name}: request and token are the same bytes`, async () => {
    const key = await blindrsa.PublicKey.fromSpki(unhex(v.spki!));
    const input = await privacypass.tokenInput(unhex(v.nonce!), unhex(v.token_challenge!), key.keyId);
    const blinding = await blindrsa.blind(key, input, unhex(v.salt!), integer(v.blind!));
    assert.equal(hex(blinding.blinded), v.token_request!.slice(6));
    const token = secrets.token(key, { input, blinding }, unhex(v.token_response!));
    assert.equal(hex(token), v.token);
    await privacypass.checkToken(token, input, key);
  });

for (const v of cases("rfc9577"))
  test(`RFC 9577, ${v.name}: what is signed are the same bytes`, async () => {
    const challenge = concat(
      privacypass.challenge(v.issuer_name!, unhex(v.redemption_context!)).slice(0, -2),
      unhex((v.origin_info!.length + 0x10000).toString(16).slice(1)),
      v.origin_info!,
    );
    assert.equal(hex(await privacypass.tokenInput(unhex(v.nonce!), challenge, unhex(v.token_key_id!))), v.token_input);
  });

/** The issuer of the first vector of RFC 9578. */
async function issuer(): Promise<{ key: blindrsa.PublicKey; sign: (blinded: Bytes) => Bytes; v: Case }> {
  const v = cases("rfc9578")[0]!;
  const key = await blindrsa.PublicKey.fromSpki(unhex(v.spki!));
  const sign = (blinded: Bytes) => blindrsa.fromInteger(power(blindrsa.toInteger(blinded), integer(v.d!), key.n), 256);
  return { key, sign, v };
}

test("a token made here verifies with @cloudflare/blindrsa-ts, and the other way round", async () => {
  const { key, sign } = await issuer();
  const suite = RSABSSA.SHA384.PSS.Deterministic();
  const algorithm = { name: "RSA-PSS", hash: "SHA-384" };
  const jwk = { kty: "RSA", e: "AQAB", n: Buffer.from(blindrsa.fromInteger(key.n, 256)).toString("base64url") };
  const theirs = await crypto.subtle.importKey("jwk", jwk, algorithm, true, ["verify"]);
  const message = random(98);

  const made = await blindrsa.blind(key, message, random(48), blindrsa.toInteger(random(256)) % key.n);
  assert.equal(await suite.verify(theirs, blindrsa.finalize(key, made, sign(made.blinded)), message), true);

  const { blindedMsg, inv } = await suite.blind(theirs, message);
  const signature = await suite.finalize(theirs, message, sign(Uint8Array.from(blindedMsg)), inv);
  await blindrsa.verify(key, message, Uint8Array.from(signature));
});

test("an answer of another message, another length or above the modulus is refused", async () => {
  const { key, sign } = await issuer();
  const made = await blindrsa.blind(key, utf8("message"), random(48), 12345n);
  assert.throws(() => blindrsa.finalize(key, made, sign(utf8("another"))), slug("bad-token"));
  assert.throws(() => blindrsa.finalize(key, made, sign(made.blinded).slice(1)), slug("bad-token"));
  const above = blindrsa.fromInteger(blindrsa.toInteger(sign(made.blinded)) + key.n, 256);
  assert.throws(() => blindrsa.finalize(key, made, above), slug("bad-token"));
});

test("a factor or a padded message that shares a divisor with the modulus is refused", async () => {
  const { key, v } = await issuer();
  await assert.rejects(blindrsa.blind(key, utf8("m"), random(48), integer(v.p!)), slug("not-coprime"));
  await assert.rejects(blindrsa.blind(key, utf8("m"), random(48), 0n), slug("not-coprime"));
});

test("any other encoding of a key is refused", async () => {
  const spki = unhex(cases("rfc9578")[0]!.spki!);
  const changed = (at: number, to: number) => spki.map((byte, i) => (i === at ? to : byte));
  const even = changed(336, spki[336]! & 0xfe);
  const short = changed(81, 0x7f);
  for (const bad of [even, short, changed(0, 0x31), changed(341, 3), spki.slice(1), concat(spki, spki), new Uint8Array(0)])
    await assert.rejects(blindrsa.PublicKey.fromSpki(bad), slug("bad-issuer-key"));
});

test("the same seed, slot and key give the same bytes; another slot or key gives other nonces and factors", async () => {
  const { key, sign } = await issuer();
  const seed = await secrets.importSeed(new Uint8Array(16));
  const one = await secrets.request(seed, "a.example", "works", 1, key);
  const same = await secrets.request(seed, "a.example", "works", 1, key);
  assert.deepEqual(one, same);
  const two = await secrets.request(seed, "a.example", "works", 2, key);
  assert.notDeepEqual(one.input.slice(2, 34), two.input.slice(2, 34));
  assert.notDeepEqual(one.blinding.blinded, two.blinding.blinded);
  const token = secrets.token(key, one, sign(one.blinding.blinded));
  await privacypass.checkToken(token, one.input, key);
  await assert.rejects(privacypass.checkToken(token, two.input, key), slug("bad-token"));
  await assert.rejects(privacypass.checkToken(concat(one.input, random(256)), one.input, key), slug("bad-token"));
});

test("the nonce is the hash of the key, the context is in the challenge", async () => {
  const { key } = await issuer();
  const signer = random(32);
  const input = await privacypass.slotInput("a.example", "works", 7, signer, key.keyId);
  assert.equal(input.length, privacypass.INPUT_BYTES);
  assert.deepEqual(input.slice(2, 34), await sha256(concat("fronde/nonce/1", signer)));
  const context = await sha256(concat("fronde/slot/1\0a.example/log\0works\0", unhex("00000007")));
  assert.deepEqual(input.slice(34, 66), await sha256(privacypass.challenge("a.example", context)));
});
