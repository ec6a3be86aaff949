// SPDX-License-Identifier: Apache-2.0
// Tokens of RFC 9577 and RFC 9578, type 0x0002, and how they are bound to a slot.  # spec: 5

import * as blindrsa from "./blindrsa.ts";
import { type Bytes, concat, equal, sha256, uint, utf8 } from "./bytes.ts";
import { Refused } from "./errors.ts";

export const INPUT_BYTES = 98;
export const TOKEN_BYTES = 354;
const TYPE = uint(2, 2);

/** TokenChallenge of RFC 9577 section 2.1 with an empty origin_info. redemptionContext: 0 or 32 bytes. */
export function challenge(issuerName: string, redemptionContext: Bytes): Bytes {
  const name = utf8(issuerName);
  return concat(TYPE, uint(name.length, 2), name, uint(redemptionContext.length, 1), redemptionContext, uint(0, 2));
}

/** The 98 bytes that are signed: type, nonce, digest of the challenge, key id. */
export const tokenInput = async (nonce: Bytes, challengeBytes: Bytes, keyId: Bytes): Promise<Bytes> =>
  concat(TYPE, nonce, await sha256(challengeBytes), keyId);

/** H("fronde/slot/1" 0 origin 0 workplace 0 u32 number): what the token of a slot is for.  # spec: 4 */
export const slotContext = (origin: string, workplace: string, number: number): Promise<Bytes> =>
  sha256(concat(`fronde/slot/1\0${origin}\0${workplace}\0`, uint(number, 4)));

/** The 98 bytes of the token that an Ed25519 key has for a slot. host: in the origin of the instance log. */
export async function slotInput(host: string, workplace: string, number: number, key: Bytes, keyId: Bytes): Promise<Bytes> {
  const context = await slotContext(`${host}/log`, workplace, number);
  return tokenInput(await sha256(concat("fronde/nonce/1", key)), challenge(host, context), keyId);
}

/** Throws `bad-token` unless the token is of exactly this input and verifies under the key. */
export async function checkToken(token: Bytes, input: Bytes, key: blindrsa.PublicKey): Promise<void> {
  if (token.length !== TOKEN_BYTES || !equal(token.slice(0, INPUT_BYTES), input))
    throw new Refused("bad-token", "the token is of another key or slot");
  await blindrsa.verify(key, input, token.slice(INPUT_BYTES));
}
