// SPDX-License-Identifier: Apache-2.0
// Text signed by a key (c2sp.org/signed-note), the head of a log (tlog-checkpoint, without extension lines), and
// witnesses' lines under it (tlog-cosignature v1). Read strictly, as note.py.  # spec: 7

import { base64, type Bytes, concat, hex, sha256, text, uint, unbase64, utf8 } from "./bytes.ts";
import * as ed25519 from "./ed25519.ts";
import { Newer, Refused, Unreadable } from "./errors.ts";
import type { Check } from "./form.ts";

export const ED25519 = 1;
export const COSIGNATURE = 4;
const LINES = 100;
const LIMIT = 256 * 1024;

// What Python counts as white space: JavaScript's \s differs.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const NAME = `[^${SPACE}+\\x00-\\x1f\\x7f-\\x9f]+`;
const VKEY = new RegExp(`^(${NAME})\\+([0-9a-f]{8})\\+([A-Za-z0-9+/]+={0,2})$`);
const LINE = new RegExp(`^— (${NAME}) ([A-Za-z0-9+/]+={0,2})$`);
const BODY = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;

/** A verifier key: its name, 4 bytes of id (hex), type of signature, 32 bytes. */
export interface Key {
  name: string;
  id: string;
  type: number;
  public: Bytes;
  vkey: string;
}

export interface Signature {
  name: string;
  id: string;
  data: Bytes;
}

/** A note taken apart; nothing is verified yet. */
export interface Note {
  text: string;
  signatures: Signature[];
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}

const bad = (what: string): Refused => new Refused("bad-note", what);

/** The key of a C2SP string; throws `bad-vkey`, or newer for a type of signature that is not Ed25519's. */
export async function parseKey(vkey: string): Promise<Key> {
  const key = splitKey(vkey);
  const id = hex((await sha256(concat(key.name, "\n", uint(key.type, 1), key.public))).slice(0, 4));
  if (id !== key.id) throw new Unreadable("bad-vkey", "the id is not that of name and bytes");
  return key;
}

function splitKey(vkey: string): Key {
  const match = VKEY.exec(vkey);
  const data = match && unbase64(match[3]!);
  if (!match || !data) throw new Unreadable("bad-vkey", "not name+id+base64");
  if (data[0] !== ED25519 && data[0] !== COSIGNATURE) throw new Newer(`a key of type ${data[0]}`);
  if (data.length !== 33) throw new Unreadable("bad-vkey", "not 32 bytes");
  return { name: match[1]!, id: match[2]!, type: data[0], public: data.slice(1), vkey };
}

/** The form of a field that holds a key of type 1, but for its id: a hash, which WebCrypto gives later. */
export const vkey: Check = (value, at) => {
  let type = 0;
  try {
    if (typeof value === "string") type = splitKey(value).type;
  } catch (error) {
    if (error instanceof Newer) throw error;
  }
  if (type !== ED25519) throw new Unreadable("bad-form", `${at}: not a key for signatures`);
};

/** The rest of that form: the id. */
export async function checkVkey(vkey: string, at: string): Promise<void> {
  await parseKey(vkey).catch(() => {
    throw new Unreadable("bad-form", `${at}: the id of a key is not that of name and bytes`);
  });
}

/** What people compare: the first 16 bytes of H(vkey), hex in fours. */
export const fingerprint = async (vkey: string): Promise<string> =>
  hex((await sha256(utf8(vkey))).slice(0, 16)).match(/..../g)!.join(" ");

/** Takes a note apart; throws `bad-note`. */
export function parse(data: Bytes): Note {
  if (data.length > LIMIT) throw bad("too long");
  let whole: string;
  try {
    whole = text(data);
  } catch {
    throw bad("not UTF-8");
  }
  const gap = whole.lastIndexOf("\n\n");
  if (/[\x00-\x09\x0b-\x1f]/.test(whole) || gap < 0 || !whole.endsWith("\n")) throw bad("no signature lines");
  const lines = whole.slice(gap + 2, -1).split("\n");
  if (lines.length > LINES) throw bad("too many lines");
  return { text: whole.slice(0, gap + 1), signatures: lines.map(signature) };
}

function signature(line: string): Signature {
  const match = LINE.exec(line);
  const data = match && unbase64(match[2]!);
  if (!match || !data || data.length < 5) throw bad("a line that is no signature line");
  return { name: match[1]!, id: hex(data.slice(0, 4)), data: data.slice(4) };
}

/** The text of a note that `key` signed; with `one` there is no other line. Throws `bad-note`. */
export async function open(data: Bytes, key: Key, one = false): Promise<string> {
  const note = parse(data);
  const own = note.signatures.filter(({ name, id }) => name === key.name && id === key.id);
  if (key.type !== ED25519 || !own.length || (one && note.signatures.length !== 1)) throw bad(`not signed by ${key.name}`);
  for (const each of own) await verify(key, each.data, utf8(note.text));
  return note.text;
}

async function verify(key: Key, signature: Bytes, message: Bytes): Promise<void> {
  try {
    await ed25519.verify(key.public, signature, message);
  } catch (error) {
    if (error instanceof Refused && error.slug !== "crypto") throw bad(`the signature of ${key.name} does not verify`);
    throw error;
  }
}

/** The three lines that are signed and that a head hides. */
export const body = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${base64(root)}\n`;

/** The checkpoint of exactly three lines; throws `bad-note`. */
export function parseCheckpoint(text: string): Checkpoint {
  const match = BODY.exec(text);
  const root = match && unbase64(match[3]!);
  if (!match || !root || Number(match[2]) > Number.MAX_SAFE_INTEGER) throw bad("not the three lines of a checkpoint");
  return { origin: match[1]!, size: Number(match[2]), root };
}

/** The checkpoint of a note that `key`, whose name is its origin, signed. */
export async function checkpoint(data: Bytes, key: Key, one = false): Promise<Checkpoint> {
  const found = parseCheckpoint(await open(data, key, one));
  if (found.origin !== key.name) throw bad("a checkpoint of another origin");
  return found;
}

/** Whether a witness cosigned the note; a wrong line of it throws `bad-note`. */
export async function isCosigned(note: Note, witness: Key): Promise<boolean> {
  const own = note.signatures.filter(({ name, id }) => name === witness.name && id === witness.id);
  for (const { data } of own) {
    if (data.length !== 72 || data[0]! > 127) throw bad(`the cosignature of ${witness.name} is not of 72 bytes`);
    const time = BigInt(`0x${hex(data.slice(0, 8))}`);
    await verify(witness, data.slice(8), utf8(`cosignature/v1\ntime ${time}\n${note.text}`));
  }
  return own.length > 0;
}

/** The string of a key of type 1. */
export async function vkeyOf(name: string, key: Bytes): Promise<string> {
  const typed = concat(uint(ED25519, 1), key);
  const id = hex((await sha256(concat(name, "\n", typed))).slice(0, 4));
  return `${name}+${id}+${base64(typed)}`;
}
