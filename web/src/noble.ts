// SPDX-License-Identifier: Apache-2.0
// Ed25519 for browsers whose WebCrypto has none. Loaded only there. Verifies without the cofactor, as WebCrypto and
// libsodium do: @noble/curves' own verify multiplies by 8 and would accept more.

import { ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, concat, equal, hex } from "./bytes.ts";

const Point = ed25519.Point;
const L = Point.Fn.ORDER;

export const publicKey = async (seed: Bytes): Promise<Bytes> => Uint8Array.from(ed25519.getPublicKey(seed));

export const sign = async (seed: Bytes, message: Bytes): Promise<Bytes> => Uint8Array.from(ed25519.sign(message, seed));

export async function verify(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const r = signature.slice(0, 32);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-512", concat(r, key, message)));
    const k = little(hash) % L;
    const a = Point.fromBytes(key).negate().multiplyUnsafe(k);
    return equal(Uint8Array.from(Point.BASE.multiplyUnsafe(little(signature.slice(32))).add(a).toBytes()), r);
  } catch {
    return false; // bytes that are no point of the curve
  }
}

const little = (data: Bytes): bigint => BigInt(`0x${hex(data.slice().reverse())}`);
