// SPDX-License-Identifier: Apache-2.0
// Everything that is derived from the 16 bytes a member keeps.  # spec: 4

import * as blindrsa from "./blindrsa.ts";
import { type Bytes, concat, sha256, uint, utf8 } from "./bytes.ts";
import * as ed25519 from "./ed25519.ts";
import { Refused } from "./errors.ts";
import { slotContext, slotInput } from "./privacypass.ts";

/** The seed as HKDF key: every secret is HKDF-SHA256(seed, "fronde/1", info). */
export const importSeed = (seed: Bytes): Promise<CryptoKey> => crypto.subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]);

async function derive(seed: CryptoKey, info: Bytes, length: number): Promise<Bytes> {
  const params = { name: "HKDF", hash: "SHA-256", salt: utf8("fronde/1"), info };
  return new Uint8Array(await crypto.subtle.deriveBits(params, seed, 8 * length));
}

/** The Ed25519 seed of a slot, 32 bytes. origin: of the instance log. */
export const signSeed = async (seed: CryptoKey, origin: string, workplace: string, number: number): Promise<Bytes> =>
  derive(seed, concat("sign\0", await slotContext(origin, workplace, number)), 32);

/** A token asked for: input (98 bytes, what will be signed) and its blinding. */
export interface Request {
  input: Bytes;
  blinding: blindrsa.Blinding;
}

/** What is sent for a slot. The same seed, slot and key give the same bytes, so asking again is harmless. */
export async function request(seed: CryptoKey, host: string, workplace: string, number: number, key: blindrsa.PublicKey): Promise<Request> {
  const signer = await ed25519.publicKey(await signSeed(seed, `${host}/log`, workplace, number));
  const input = await slotInput(host, workplace, number, signer, key.keyId);
  // Salt and factor hang on all that is blinded: one factor never meets two messages.
  const hash = await sha256(input);
  const salt = await derive(seed, concat("salt\0", hash), 48);
  for (let counter = 0; counter < 256; counter++) {
    const r = blindrsa.toInteger(await derive(seed, concat("blind\0", hash, uint(counter, 1)), 272)) % key.n;
    try {
      return { input, blinding: await blindrsa.blind(key, input, salt, r) };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  throw new Refused("bad-issuer-key", "nothing is invertible");
}

/** The token of 354 bytes; throws `bad-token` when the answer does not finalize to one that verifies. */
export const token = (key: blindrsa.PublicKey, { input, blinding }: Request, answer: Bytes): Bytes =>
  concat(input, blindrsa.finalize(key, blinding, answer));
