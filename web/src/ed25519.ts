// SPDX-License-Identifier: Apache-2.0
// Strict Ed25519 (RFC 8032): bytes are checked here, WebCrypto signs and verifies; @noble/curves only where
// WebCrypto lacks Ed25519. Cofactorless, as libsodium.  # spec: 5

import { type Bytes, concat, hex, unhex } from "./bytes.ts";
import { Refused } from "./errors.ts";

/** What the fallback offers (noble.ts); seed and key are 32 bytes, a signature 64. */
export interface Fallback {
  publicKey(seed: Bytes): Promise<Bytes>;
  sign(seed: Bytes, message: Bytes): Promise<Bytes>;
  verify(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean>;
}

const NAME = "Ed25519";
const PKCS8 = unhex("302e020100300506032b657004220420");
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;

// y of the points whose order divides 8; the sign bit of x is left out.
const Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const SMALL = [0n, 1n, P - 1n, Y8, P - Y8];

let fallback: (() => Promise<Fallback>) | undefined;
let native: Promise<boolean> | undefined;

/** Where to get the fallback from: the page that loads lazy modules says so. */
export const setFallback = (load: () => Promise<Fallback>): void => void (fallback = load);

/** Whether this browser's WebCrypto has Ed25519; asked once. */
const isNative = (): Promise<boolean> =>
  (native ??= crypto.subtle.importKey("pkcs8", concat(PKCS8, new Uint8Array(32)), NAME, false, ["sign"]).then(
    () => true,
    () => false,
  ));

async function other(): Promise<Fallback> {
  if (!fallback) throw new Refused("crypto", "no Ed25519");
  return fallback();
}

export async function publicKey(seed: Bytes): Promise<Bytes> {
  if (!(await isNative())) return (await other()).publicKey(seed);
  const key = await crypto.subtle.importKey("pkcs8", concat(PKCS8, seed), NAME, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return Uint8Array.from(atob(x!.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}

export async function sign(seed: Bytes, message: Bytes): Promise<Bytes> {
  if (!(await isNative())) return (await other()).sign(seed, message);
  const key = await crypto.subtle.importKey("pkcs8", concat(PKCS8, seed), NAME, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign(NAME, key, message));
}

/** Throws `bad-signature`, or `bad-ed25519-key`, unless key, R and S are canonical, none is of small order, and it verifies. */
export async function verify(key: Bytes, signature: Bytes, message: Bytes): Promise<void> {
  checkKey(key);
  if (signature.length !== 64) throw new Refused("bad-signature", "not 64 bytes");
  if (!isGoodPoint(signature.slice(0, 32))) throw new Refused("bad-signature", "R is not canonical or of small order");
  if (little(signature.slice(32)) >= L) throw new Refused("bad-signature", "S is not below the order");
  const good = (await isNative()) ? await nativeVerify(key, signature, message) : await (await other()).verify(key, signature, message);
  if (!good) throw new Refused("bad-signature", "it does not verify");
}

/** Throws `bad-ed25519-key` for a key that is not canonical or of small order. */
export function checkKey(key: Bytes): void {
  if (key.length !== 32 || !isGoodPoint(key)) throw new Refused("bad-ed25519-key", "not canonical or of small order");
}

function isGoodPoint(point: Bytes): boolean {
  const y = little(point) & (2n ** 255n - 1n);
  return y < P && !SMALL.includes(y);
}

const little = (data: Bytes): bigint => BigInt(`0x${hex(data.slice().reverse())}`);

async function nativeVerify(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey("raw", key, NAME, false, ["verify"]);
    return await crypto.subtle.verify(NAME, imported, signature, message);
  } catch {
    return false; // bytes that are no point of the curve
  }
}
