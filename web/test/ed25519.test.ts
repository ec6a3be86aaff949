// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 as curve } from "@noble/curves/ed25519.js";
import { type Bytes, concat, hex, random, unhex, utf8 } from "../src/bytes.ts";
import * as ed25519 from "../src/ed25519.ts";
import { Refused } from "../src/errors.ts";
import * as noble from "../src/noble.ts";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const little = (value: bigint): Bytes => unhex(value.toString(16).padStart(64, "0")).reverse() as Bytes;
const refused = (error: unknown) => error instanceof Refused && ["bad-ed25519-key", "bad-signature"].includes(error.slug);

// RFC 8032, section 7.1, test 2
const SEED = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
const KEY = unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
const MESSAGE = unhex("72");
const SIGNATURE = unhex(
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
);

test("RFC 8032: key and signature are the same bytes, also without WebCrypto", async () => {
  for (const with_ of [ed25519, noble]) {
    assert.equal(hex(await with_.publicKey(SEED)), hex(KEY));
    assert.equal(hex(await with_.sign(SEED, MESSAGE)), hex(SIGNATURE));
  }
  await ed25519.verify(KEY, SIGNATURE, MESSAGE);
  assert.equal(await noble.verify(KEY, SIGNATURE, MESSAGE), true);
  assert.equal(await noble.verify(KEY, SIGNATURE, utf8("another")), false);
});

test("another message, another key, a changed byte and another length are refused", async () => {
  const other = await ed25519.publicKey(random(32));
  await assert.rejects(ed25519.verify(KEY, SIGNATURE, utf8("another")), refused);
  await assert.rejects(ed25519.verify(other, SIGNATURE, MESSAGE), refused);
  await assert.rejects(ed25519.verify(KEY, SIGNATURE.slice(1), MESSAGE), refused);
  await assert.rejects(ed25519.verify(KEY.slice(1), SIGNATURE, MESSAGE), refused);
  for (let i = 0; i < 64; i++) await assert.rejects(ed25519.verify(KEY, SIGNATURE.map((b, at) => (at === i ? b ^ 4 : b)), MESSAGE), refused);
});

test("the identity as key, which would accept S = 0 for every statement, is refused", async () => {
  const identity = little(1n);
  await assert.rejects(ed25519.verify(identity, concat(identity, new Uint8Array(32)), MESSAGE), refused);
});

test("every small-order point is refused as key and as R, with either sign", async () => {
  const torsion = curve.Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const points = new Set<string>();
  for (let i = 0, point = torsion; i < 8; i++, point = point.add(torsion)) points.add(point.toHex());
  assert.equal(points.size, 8);
  for (const point of points)
    for (const sign of [0, 128]) {
      const bytes = unhex(point).map((b, i) => (i === 31 ? (b & 127) | sign : b));
      assert.throws(() => ed25519.checkKey(bytes), refused);
      await assert.rejects(ed25519.verify(KEY, concat(bytes, SIGNATURE.slice(32)), MESSAGE), refused);
    }
});

test("keys and R that are not canonical are refused", async () => {
  for (const value of [P, P + 1n, P + 3n, 2n ** 255n - 1n]) {
    assert.throws(() => ed25519.checkKey(little(value)), refused);
    await assert.rejects(ed25519.verify(KEY, concat(little(value), SIGNATURE.slice(32)), MESSAGE), refused);
  }
  ed25519.checkKey(little(P - 3n));
});

test("S + L is refused", async () => {
  const s = BigInt(`0x${hex(SIGNATURE.slice(32).reverse() as Bytes)}`);
  await assert.rejects(ed25519.verify(KEY, concat(SIGNATURE.slice(0, 32), little(s + L)), MESSAGE), refused);
});

test("a key that is no point of the curve is refused", async () => {
  let y = 2n;
  while (await isPoint(little(y))) y++;
  await assert.rejects(ed25519.verify(little(y), SIGNATURE, MESSAGE), refused);
  assert.equal(await noble.verify(little(y), SIGNATURE, MESSAGE), false);
});

async function isPoint(bytes: Bytes): Promise<boolean> {
  try {
    curve.Point.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}

test("the fallback has no cofactor: R moved by a small-order point is refused, as WebCrypto refuses it", async () => {
  // A = a B and R = r B + T with T of order 8: 8 S B = 8 R + 8 k A holds, S B = R + k A does not.
  const a = 5n, r = 7n;
  const torsion = curve.Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const key = Uint8Array.from(curve.Point.BASE.multiply(a).toBytes());
  const moved = Uint8Array.from(curve.Point.BASE.multiply(r).add(torsion).toBytes());
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", concat(moved, key, MESSAGE)));
  const k = BigInt(`0x${hex(hash.reverse() as Bytes)}`) % L;
  const signature = concat(moved, little((r + k * a) % L));
  assert.equal(curve.verify(signature, MESSAGE, key, { zip215: true }), true);
  assert.equal(await noble.verify(key, signature, MESSAGE), false);
  await assert.rejects(ed25519.verify(key, signature, MESSAGE), refused);
});
