// SPDX-License-Identifier: Apache-2.0
// What a member signs and withdraws, what a commitment hides, what a receipt says.  # spec: 7, 9, 14

import type { PublicKey } from "./blindrsa.ts";
import { base64, type Bytes, concat, sha256 } from "./bytes.ts";
import { b64u, type Dict, encode, unb64u } from "./canonical.ts";
import * as ed25519 from "./ed25519.ts";
import { Refused, Unreadable } from "./errors.ts";
import * as form from "./form.ts";
import type { Letter } from "./letter.ts";
import { checkToken, slotInput } from "./privacypass.ts";

// Characters that are not seen, or that turn the direction of a line.
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

// What a text that looks like none could begin with: spaces, fillers, what only changes its neighbours.
const BLANK =
  /^[ \u00a0\u00ad\u034f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202f\u205f\u2800\u3000\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/u;

const shownText =
  (most: number): form.Check =>
  (value, at) => {
    form.string(most)(value, at);
    const shown = value as string;
    if (INVISIBLE.test(shown)) throw new Unreadable("bad-form", `${at}: an invisible character`);
    if (BLANK.test(shown) || shown.endsWith(" ")) throw new Unreadable("bad-form", `${at}: a blank at the edge`);
  };

const SHOWN = form.fields({ name: shownText(80) }, { note: shownText(280) }, ["role", "facets"]);
export const OPENING = form.fields({ salt: form.data(32), shown: SHOWN });

export type Shown = { name: string; note?: string };
export type Opening = { salt: string; shown: Shown };

/** Throws bad-form for a name or a note that may not be shown. */
export const checkShown = (shown: Shown): void => {
  encode(shown as Dict);
  SHOWN(shown as Dict, "");
};

/** H("fronde/shown/1\n" key salt shown): what a named sign carries. */
export const commitment = (key: Bytes, salt: Bytes, shown: Shown): Promise<Bytes> =>
  sha256(concat("fronde/shown/1\n", key, salt, encode(shown as Dict)));

/** The bytes of a sign entry. mode "named" goes with a commitment, "hidden" without. */
export const signEntry = (letter: Letter, seed: Bytes, token: Bytes, mode: string, shown?: Bytes): Promise<Dict> =>
  signed(letter, seed, "sign", { as: mode, tokens: [b64u(token)], ...(shown ? { commitment: b64u(shown) } : {}) });

export const withdrawEntry = (letter: Letter, seed: Bytes): Promise<Dict> => signed(letter, seed, "withdraw", {});

async function signed(letter: Letter, seed: Bytes, type: string, more: Dict): Promise<Dict> {
  const key = await ed25519.publicKey(seed);
  const entry: Dict = { v: 1, type, letter: b64u(letter.digest), key: b64u(key), ...more };
  return { ...entry, sig: b64u(await ed25519.sign(seed, statement(entry))) };
}

const statement = (entry: Dict): Bytes => concat(`fronde/${entry.type as string}/1\n`, encode(entry));

/** What the receipt of an entry says, to the byte. */
export const receiptText = (letter: Letter, leaf: Bytes, type: string): string =>
  `fronde/receipt/1\n${letter.origin}\n${base64(leaf)}\n${letter.publishBy(type)}\n`;

/** Throws unless a parsed sign or withdraw is of this letter, with a token of this slot's key, signed by its key. */
export async function checkEntry(entry: Dict, letter: Letter, slotKey: PublicKey): Promise<void> {
  if (entry.letter !== b64u(letter.digest)) throw new Refused("other-letter", "of another letter");
  const key = unb64u(entry.key as string);
  if (entry.type === "sign") {
    if (!letter.rules.modes.includes(entry.as as string)) throw new Refused("bad-mode", `as ${entry.as as string}`);
    if ((entry.as === "named") !== ("commitment" in entry)) throw new Refused("bad-commitment", "named without, or hidden with a commitment");
    const { id, slot } = letter.workplace;
    const input = await slotInput(letter.document.host, id, slot, key, slotKey.keyId);
    await checkToken(unb64u((entry.tokens as string[])[0]!), input, slotKey);
  }
  const { sig, ...rest } = entry;
  await ed25519.verify(key, unb64u(sig as string), statement(rest));
}

/** Throws `bad-opening` unless the opening is of this entry's commitment. */
export async function checkOpening(entry: Dict, opening: Opening): Promise<void> {
  const named = entry.type === "sign" && entry.as === "named";
  const found = named && (await commitment(unb64u(entry.key as string), unb64u(opening.salt), opening.shown));
  if (!found || b64u(found) !== entry.commitment) throw new Refused("bad-opening", "it does not open the commitment");
}

