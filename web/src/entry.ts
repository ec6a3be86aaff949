// SPDX-License-Identifier: Apache-2.0
// What stands in a log: the forms of entries, and the hashes that hide. As entry.py and heads.py.  # spec: 7, 14

import { type Bytes, concat, equal, sha256 } from "./bytes.ts";
import { b64u, decode, type Dict, encode, unb64u } from "./canonical.ts";
import { Breach, Newer, Unreadable } from "./errors.ts";
import * as form from "./form.ts";
import { body, checkVkey, vkey } from "./note.ts";
import type { Tree } from "./tree.ts";

const LIMIT = 65_535;
const D = form.data(32);
const NUMBER = form.integer(1);
const ISSUED = form.array(form.fields({ workplace: form.slug, issuer: form.host, n: form.integer(0) }), { fixed: 1 });

type Forms = Record<string, form.Check>;

const build = (kinds: Record<string, [Forms, Forms?, string[]?]>): Forms =>
  Object.fromEntries(Object.entries(kinds).map(([kind, [required, optional, reserved]]) => [kind, form.document(kind, required, optional, reserved)]));

const INSTANCE = build({
  "slot.new": [{ workplace: form.slug, issuer: form.host, season: form.pattern(/^[0-9]{4}H[12]$/), number: NUMBER, spki: form.data(342) }],
  "slot.bind": [{ workplace: form.slug, number: NUMBER, hash: D }],
  "slot.end": [{ workplace: form.slug, number: NUMBER, why: form.oneOf(["season", "closed", "burned"]) }],
  head: [{ bind: form.integer(0), hash: D }],
  release: [{ version: form.string(40), script: D }],
});

const LETTER = build({
  "letter.open": [
    { letter: D, slots: form.array(form.fields({ bind: form.integer(0), nonce: D }), { fixed: 1 }), receipt_key: vkey, issued: ISSUED },
  ],
  sign: [
    { letter: D, key: D, tokens: form.array(form.data(354), { fixed: 1 }), as: form.oneOf(["named", "hidden"], true), sig: form.data(64) },
    { commitment: D },
    ["box"],
  ],
  withdraw: [{ letter: D, key: D, sig: form.data(64) }],
  "letter.close": [{ signatures: form.integer(0), withdrawn: form.integer(0), issued: ISSUED, void: form.boolean }],
});

const HEADS = form.document("heads", {
  heads: form.array(form.fields({ nonce: D, size: form.integer(0) }), { most: 1_000_000 }),
});

export const parseInstance = (entry: Bytes): Dict => parse(entry, INSTANCE);

export async function parseLetter(entry: Bytes): Promise<Dict> {
  const value = parse(entry, LETTER);
  if (value.type === "letter.open") await checkVkey(value.receipt_key as string, "receipt_key");
  return value;
}

function parse(entry: Bytes, known: Forms): Dict {
  if (entry.length > LIMIT || entry.some((byte) => byte > 127)) throw new Unreadable("bad-entry", "too long or not ASCII");
  const value = decode(entry) as Dict;
  form.whole(value, "");
  const kind = value.type as string;
  if (!Object.hasOwn(known, kind)) throw new Newer(`an entry of type ${kind.slice(0, 40)}`);
  known[kind]!(value, "");
  return value;
}

/** The nonce and size of every head of a letter, in the order of the instance log. */
export interface Head {
  nonce: Bytes;
  size: number;
}

export function parseHeads(data: Bytes): Head[] {
  const value = decode(data) as Dict;
  HEADS(value, "");
  return (value.heads as Dict[]).map(({ nonce, size }) => ({ nonce: unb64u(nonce as string), size: size as number }));
}

/** What a slot.bind shows of its purpose. */
export const bindHash = (nonce: Bytes, digest: Bytes): Promise<Bytes> =>
  sha256(concat(nonce, encode({ digest: b64u(digest), kind: "letter" })));

/** A rule broken by the head at `position`; 0 when no single one is to blame. */
export class HeadBreach extends Breach {
  constructor(
    slug: string,
    readonly position = 0,
  ) {
    super(slug, `head ${position}`, {});
  }
}

/** Checks that every head of a letter opens to a beginning of its log; returns the size of the last one. */
export async function openHeads(found: Bytes[], claimed: Head[], origin: string, tree: Tree): Promise<number> {
  if (!found.length) throw new HeadBreach("head-missing");
  if (found.length !== claimed.length) throw new HeadBreach("heads-number");
  let last = 0;
  for (const [i, { nonce, size }] of claimed.entries()) {
    if (size < Math.max(1, last)) throw new HeadBreach("head-shrunk", i);
    if (size > tree.size) throw new HeadBreach("head-beyond", i);
    const shown = body({ origin, size, root: await tree.root(size) });
    if (!equal(await sha256(concat(nonce, shown)), found[i]!)) throw new HeadBreach("head-other-version", i);
    last = size;
  }
  return last;
}
