// SPDX-License-Identifier: Apache-2.0
// RSABSSA-SHA384-PSS-Deterministic of RFC 9474, the client's side, on BigInt and WebCrypto.  # spec: 5
// Only public values and blinding factors are computed with: e = 65537, so a power is 17 multiplications.

import { type Bytes, concat, hex, sha256, uint, unhex } from "./bytes.ts";
import { Refused } from "./errors.ts";

const HASH = 48;

// 342 bytes: this head (id-RSASSA-PSS, SHA-384, MGF1-SHA-384, salt 48, hashes without parameters), n, e = 65537.
const HEAD = unhex(
  "30820152303d06092a864886f70d01010a3030a00d300b0609608648016503040202a11a301806092a864886f70d010108300b0609608648016503040202a2030201300382010f003082010a0282010100",
);
const TAIL = unhex("0203010001");

/** An issuer's key. n: modulus. size: its length in bytes. keyId: SHA-256 of the SPKI (RFC 9578). */
export class PublicKey {
  private constructor(
    readonly n: bigint,
    readonly spki: Bytes,
    readonly keyId: Bytes,
    readonly size: number,
  ) {}

  /** Exactly 342 bytes of the one encoding, 2048 bits, odd; else throws `bad-issuer-key`. */
  static async fromSpki(spki: Bytes): Promise<PublicKey> {
    const modulus = spki.slice(HEAD.length, HEAD.length + 256);
    if (hex(spki) !== hex(concat(HEAD, modulus, TAIL)) || modulus.length !== 256 || modulus[0]! < 128 || modulus[255]! % 2 === 0)
      throw new Refused("bad-issuer-key", "not a 2048 bit RSASSA-PSS key of the one encoding");
    return new PublicKey(toInteger(modulus), spki, await sha256(spki), 256);
  }

  /** A key of any size: for the vectors of RFC 9474, which have 4096 bits. */
  static ofModulus(n: bigint): PublicKey {
    return new PublicKey(n, new Uint8Array(0), new Uint8Array(0), n.toString(16).length / 2);
  }
}

/** What is kept between the request and its answer. encoded: the padded message. inverse: of r, mod n. */
export interface Blinding {
  blinded: Bytes;
  encoded: bigint;
  inverse: bigint;
}

export const toInteger = (data: Bytes): bigint => BigInt(`0x${hex(data) || "0"}`);
export const fromInteger = (value: bigint, length: number): Bytes => unhex(value.toString(16).padStart(2 * length, "0"));

/** Blind of RFC 9474 section 4.2. Throws `not-coprime` when r or the padded message has no inverse mod n. */
export async function blind(key: PublicKey, message: Bytes, salt: Bytes, r: bigint): Promise<Blinding> {
  const encoded = toInteger(await emsaPssEncode(message, salt, 8 * key.size - 1));
  // One inversion serves three: a product has an inverse if and only if both factors have one.
  const product = inverse((encoded * r) % key.n, key.n);
  return {
    blinded: fromInteger((encoded * power(r, key.n)) % key.n, key.size),
    encoded,
    inverse: (product * encoded) % key.n,
  };
}

/** Finalize of RFC 9474 section 4.4: the signature of the message, verified; throws `bad-token`. */
export function finalize(key: PublicKey, blinding: Blinding, blindSignature: Bytes): Bytes {
  const z = toInteger(blindSignature);
  if (blindSignature.length !== key.size || z >= key.n) throw new Refused("bad-token", "not a number below the modulus");
  const signature = (z * blinding.inverse) % key.n;
  // The padding is known bit for bit, so s^e = m is the whole of RSASSA-PSS verification for this salt.
  if (power(signature, key.n) !== blinding.encoded) throw new Refused("bad-token", "the signature does not verify");
  return fromInteger(signature, key.size);
}

/** RSASSA-PSS verification with a salt of 48 bytes, by WebCrypto; throws `bad-token`. */
export async function verify(key: PublicKey, message: Bytes, signature: Bytes): Promise<void> {
  const good = await crypto.subtle.verify({ name: "RSA-PSS", saltLength: HASH }, await verifier(key), signature, message);
  if (!good) throw new Refused("bad-token", "the token does not verify");
}

const verifiers = new WeakMap<PublicKey, Promise<CryptoKey>>();

function verifier(key: PublicKey): Promise<CryptoKey> {
  let made = verifiers.get(key);
  if (!made) {
    // As rsaEncryption: WebCrypto takes no SPKI with the PSS identifier.
    const spki = concat(unhex("30820122300d06092a864886f70d01010105000382010f00"), key.spki.slice(72));
    made = crypto.subtle.importKey("spki", spki, { name: "RSA-PSS", hash: "SHA-384" }, false, ["verify"]);
    verifiers.set(key, made);
  }
  return made;
}

/** EMSA-PSS-ENCODE of RFC 8017 section 9.1.1 with SHA-384 and MGF1-SHA-384; the salt is given. */
export async function emsaPssEncode(message: Bytes, salt: Bytes, bits: number): Promise<Bytes> {
  const length = Math.ceil(bits / 8);
  const hash = await sha384(concat(new Uint8Array(8), await sha384(message), salt));
  const block = concat(new Uint8Array(length - salt.length - HASH - 2), uint(1, 1), salt);
  const mask = await mgf1(hash, block.length);
  const masked = block.map((byte, i) => byte ^ mask[i]!);
  masked[0]! &= 0xff >> (8 * length - bits);
  return concat(masked, hash, uint(0xbc, 1));
}

async function mgf1(seed: Bytes, length: number): Promise<Bytes> {
  const blocks = Array.from({ length: Math.ceil(length / HASH) }, (_, i) => sha384(concat(seed, uint(i, 4))));
  return concat(...(await Promise.all(blocks))).slice(0, length);
}

const sha384 = async (data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest("SHA-384", data));

function power(base: bigint, n: bigint): bigint {
  let value = base;
  for (let i = 0; i < 16; i++) value = (value * value) % n;
  return (value * base) % n; // 65537 = 2^16 + 1
}

function inverse(value: bigint, n: bigint): bigint {
  let [a, b, x, y] = [n, value, 0n, 1n];
  while (b) {
    const q = a / b;
    [a, b, x, y] = [b, a - q * b, y, x - q * y];
  }
  if (a !== 1n) throw new Refused("not-coprime", "no inverse");
  return x < 0n ? x + n : x;
}

