// SPDX-License-Identifier: Apache-2.0
// What a client checks before it sends anything: the key, the instance log, the letter, its record, its heads.
// Names of breaches as in client/checks.py.  # spec: 2, 9, 15

import { type Bytes, equal, text } from "./bytes.ts";
import { b64u, type Dict, unb64u } from "./canonical.ts";
import { openHeads, parseHeads, parseLetter } from "./entry.ts";
import { Breach, Declined, type Evidence, FrondeError, Newer, Refused } from "./errors.ts";
import type { Server } from "./http.ts";
import { Instance, type Slot } from "./instance.ts";
import { type Keep, type Kept, letterOf } from "./keep.ts";
import { Letter } from "./letter.ts";
import * as note from "./note.ts";
import { type Fetch, type Log, read, remember } from "./record.ts";

const TRIES = 3;

/** The instance as it stands: its key, its log, the log replayed. host: the name in origins and tokens. */
export interface Present {
  key: note.Key;
  host: string;
  log: Log;
  instance: Instance;
}

/** A letter that may be signed: its record, its slot, its keys; `last` is the size at its last head. */
export interface Opened {
  letter: Letter;
  record: Log;
  slot: Slot;
  receiptKey: note.Key;
  last: number;
  issued: number;
}

/** Whatever fails inside is a breach with this evidence; what a newer fronde made is not, nor is no answer. */
export async function proving<T>(evidence: Evidence, check: () => Promise<T>, slug = ""): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof FrondeError) || error instanceof Newer || error instanceof Declined || error.slug === "network") throw error;
    const own = error instanceof Breach ? error.evidence : {};
    throw new Breach(slug || error.slug, error.detail, { ...evidence, ...own });
  }
}

/** The `log` line of /policy: what the operator claims. */
async function claimedKey(policy: Bytes): Promise<note.Key> {
  const lines = text(policy).split("\n").map((line) => line.split(/[ \t]+/).filter(Boolean));
  const logs = lines.filter(([word]) => word === "log");
  const key = await note.parseKey(logs[0]?.[1] ?? "");
  if (logs.length !== 1 || key.type !== note.ED25519 || !key.name.endsWith("/log")) throw new Refused("policy", "no one log line");
  return key;
}

/** Keeps the key at the first visit; later another key is refused. */
export async function trust(server: Server, keep: Keep, address: string): Promise<Kept> {
  const policy = await server.get("/policy");
  const key = await proving({ policy }, () => claimedKey(policy), "policy");
  const kept = await keep.trust(key.vkey, address);
  if (kept.vkey !== key.vkey) throw new Breach("other-key", key.vkey, { policy, "kept.txt": new TextEncoder().encode(kept.vkey) });
  return kept;
}

/** Reads a log anew. A partial tile may be gone when the log has grown meanwhile: then again. */
async function readLog(fetch: Fetch, options: Parameters<typeof read>[2], key: note.Key): Promise<Log> {
  for (let tries = 1; ; tries++) {
    try {
      return await read(remember(fetch), key, options);
    } catch (error) {
      if (!(error instanceof Declined && error.status === 404) || tries === TRIES) throw error;
    }
  }
}

/** A log read, with its checkpoint as evidence for what fails. */
async function seenLog(name: string, server: Server, root: string, key: note.Key, kept: string | undefined, options: Parameters<typeof read>[2]) {
  const evidence: Evidence = {};
  if (kept !== undefined) evidence[`${name}-checkpoint-kept`] = unb64u(kept);
  const fetch: Fetch = async (path) => {
    const data = await server.get(`${root}/${path}`);
    if (path === "checkpoint") evidence[`${name}-checkpoint`] = data;
    return data;
  };
  const log = await proving(evidence, async () => {
    const found = await readLog(fetch, options, key);
    // The kept note was verified when it was kept.
    if (kept !== undefined) await found.beginsWith(note.parseCheckpoint(note.parse(unb64u(kept)).text));
    return found;
  });
  return { log, evidence };
}

/** Reads the instance log whole and anew, replays it, and keeps its checkpoint. */
export async function present(server: Server, keep: Keep, kept: Kept): Promise<Present> {
  const key = await note.parseKey(kept.vkey);
  const host = key.name.slice(0, -"/log".length);
  const { log, evidence } = await seenLog("instance", server, "/log", key, kept.checkpoint, {});
  const instance = await proving(evidence, () => Instance.replay(host, log.entries()));
  await keep.change((all) => (all.checkpoint = newer(all.checkpoint, log)));
  return { key, host, log, instance };
}

/** Of two checkpoints of one log the longer one: another tab may have seen more. */
function newer(kept: string | undefined, log: Log): string {
  const size = kept === undefined ? -1 : note.parseCheckpoint(note.parse(unb64u(kept)).text).size;
  return size > log.tree.size ? kept! : b64u(log.note);
}

/** The letter of letter.json: of this address and of the kept instance. */
async function frozenLetter(data: Bytes, id: string, now: Present): Promise<Letter> {
  const evidence = { "letter.json": data };
  const letter = await proving(evidence, () => Letter.parse(data), "bad-letter");
  const { document, workplace } = letter;
  const demand = (holds: boolean, slug: string) => {
    if (!holds) throw new Breach(slug, "letter.json", evidence);
  };
  demand(document.id === id, "other-letter");
  demand(document.host === now.host, "other-host");
  const [issuer] = workplace.issuers;
  demand(document.logs.instance === now.key.vkey && issuer!.vkey === now.key.vkey && issuer!.name === now.host, "other-instance");
  await proving(evidence, async () => letter.checkRules(), "bad-rules");
  return letter;
}

/** Everything about a letter that is checked before a signature; keeps the checkpoint of its record. */
export async function openLetter(server: Server, keep: Keep, kept: Kept, id: string): Promise<{ now: Present; opened: Opened }> {
  for (let tries = 1; ; tries++) {
    try {
      return await openOnce(server, keep, kept, id);
    } catch (error) {
      // A head may have come between the two requests; a lie stays one.
      if (!(error instanceof Breach && error.slug === "heads-number") || tries === TRIES) throw error;
    }
  }
}

async function openOnce(server: Server, keep: Keep, kept: Kept, id: string): Promise<{ now: Present; opened: Opened }> {
  const now = await present(server, keep, kept);
  const heads = await server.get(`/letters/${id}/heads.json`);
  const data = await server.get(`/letters/${id}/letter.json`);
  const letter = await frozenLetter(data, id, now);
  const key = await note.parseKey(letter.document.logs.letter);
  const before = kept.letters[id]?.checkpoint;
  const named = async () => {
    if (key.name !== letter.origin) throw new Refused("other-origin", key.name);
  };
  await proving({ "letter.json": data }, named);
  const reading = () => seenLog("record", server, `/letters/${id}/record`, key, before, { one: true, from: "tiles" });
  const { log: record, evidence } = await proving({ "letter.json": data }, reading);
  Object.assign(evidence, { "letter.json": data, "instance-checkpoint": now.log.note, "heads.json": heads });
  const first = await proving(evidence, async () => (record.tree.size ? (await record.bundle(0))[0]! : new Uint8Array(0)));
  evidence["record-entry-0.json"] = first;
  const open = await proving(evidence, () => opening(first, letter));
  const { bind, nonce } = (open.slots as { bind: number; nonce: string }[])[0]!;
  const slot = await proving(evidence, () => now.instance.bound(bind, letter.workplace.id, letter.workplace.slot, letter.digest, unb64u(nonce)));
  const claimed = await proving(evidence, async () => parseHeads(heads), "bad-heads");
  const last = await proving(evidence, () => openHeads(slot.heads, claimed, letter.origin, record.tree));
  await keep.change((all) => {
    const own = letterOf(all, id);
    own.checkpoint = newer(own.checkpoint, record);
  });
  const issued = (open.issued as { n: number }[])[0]!.n;
  return { now, opened: { letter, record, slot, receiptKey: await note.parseKey(open.receipt_key as string), last, issued } };
}

/** The letter.open of the first entry, of this letter. */
async function opening(entry: Bytes, letter: Letter): Promise<Dict> {
  const open = await parseLetter(entry).catch((error: unknown) => {
    throw error instanceof FrondeError && !(error instanceof Newer) ? new Refused("open-missing", error.detail) : error;
  });
  const named = open.type === "letter.open" && (open.receipt_key as string).split("+")[0] === `${letter.document.host}/receipts`;
  if (!named) throw new Refused("open-missing", "no letter.open with a receipt key of the host");
  if (!equal(unb64u(open.letter as string), letter.digest)) throw new Refused("other-digest", "the record is of another text");
  return open;
}

/** The receipt is one signature of the receipt key over exactly this text. */
export async function checkReceipt(receipt: Bytes, key: note.Key, expected: string, evidence: Evidence): Promise<void> {
  const found = await proving(evidence, () => note.open(receipt, key, true), "receipt-note");
  if (found !== expected) throw new Breach("receipt-text", "the receipt is for something else", evidence);
}
