// SPDX-License-Identifier: Apache-2.0
// Enrolling, renewing, recovering and asking for a lost answer: one request, always for every slot on offer.
// # spec: 2, 3, 15

import type { Bytes } from "./bytes.ts";
import { b64u, decode, type Dict, encode, unb64u } from "./canonical.ts";
import { type Present, present, proving } from "./checks.ts";
import { Breach, Declined, type Evidence, Refused } from "./errors.ts";
import * as form from "./form.ts";
import type { Server } from "./http.ts";
import type { Slot } from "./instance.ts";
import type { Keep, Kept } from "./keep.ts";
import * as secrets from "./secrets.ts";

const KEY_ID = form.data(32);
const ENROLLED = form.document("enrolled", { signatures: form.mapping(KEY_ID, form.string(1000)), held: form.array(KEY_ID) });

/** The eight characters that a person meant.  # spec: 3 */
export function cleanCode(typed: string): string {
  const code = typed.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (!/^[0-9A-HJKMNP-TV-Z]{8}$/.test(code)) throw new Refused("code-length");
  return code;
}

export interface Enrolled {
  now: Present;
  held: number;
}

/** What is told while it goes on. */
export type Tell = (what: "log" | "tokens" | "send") => void;

/**
 * Asks for the tokens of every slot on offer and keeps them. held: slots where other secrets came before.
 * When the offer changed meanwhile the log is read anew and it is asked once more, with the same code.
 */
export async function enrol(server: Server, keep: Keep, kept: Kept, workplace: string, challenge: string, code: string, tell: Tell): Promise<Enrolled> {
  const once = () => ask(server, keep, kept, workplace, { challenge, code }, tell);
  try {
    return await once().catch((error: unknown) => (offerChanged(error) ? once() : Promise.reject(error)));
  } catch (error) {
    throw offerChanged(error) ? new Refused("offer") : error;
  }
}

const offerChanged = (error: unknown): boolean => error instanceof Declined && error.status === 409;

interface Asked {
  slot: Slot;
  request: secrets.Request;
}

async function ask(server: Server, keep: Keep, kept: Kept, workplace: string, proof: { challenge: string; code: string }, tell: Tell): Promise<Enrolled> {
  tell("log");
  const now = await present(server, keep, kept);
  const slots = now.instance.offered(workplace);
  if (!slots.length) throw new Refused("no-slots");
  tell("tokens");
  // On the disk before anything leaves: a lost answer is asked for again with the same bytes.
  const seed = await secrets.importSeed(await keep.seed());
  const asked = new Map<string, Asked>();
  for (const slot of slots) {
    const request = await secrets.request(seed, now.host, workplace, slot.number, slot.key);
    asked.set(b64u(slot.key.keyId), { slot, request });
  }
  const blinded = Object.fromEntries([...asked].map(([id, { request }]) => [id, b64u(request.blinding.blinded)]));
  const body: Dict = { v: 1, type: "enrol", ...proof, blinded };
  tell("send");
  const answer = await server.post(`/w/${workplace}/enrol`, body);
  const evidence = { "enrol-request.json": encode({ ...body, code: "" }), "enrol-answer.json": answer };
  const { signatures, held } = await answered(answer, [...asked.keys()], evidence);
  const tokens = await finalize(asked, signatures, evidence);
  await keep.change((all) => Object.assign((all.tokens[workplace] ??= {}), tokens));
  return { now, held: held.length };
}

interface Answer {
  signatures: Map<string, Bytes>;
  held: string[];
}

/** An answer that covers exactly what was asked, each slot once. */
async function answered(answer: Bytes, asked: string[], evidence: Evidence): Promise<Answer> {
  const { signatures, held } = await proving(
    evidence,
    async () => {
      const value = decode(answer) as Dict;
      ENROLLED(value, "");
      const listed = Object.entries(value.signatures as Record<string, string>);
      return { signatures: new Map(listed.map(([id, text]) => [id, unb64u(text)])), held: value.held as string[] };
    },
    "enrol-unreadable",
  );
  const covered = [...signatures.keys(), ...held].sort();
  if (held.join() !== [...new Set(held)].sort().join() || covered.join() !== asked.sort().join()) throw new Breach("enrol-set", "", evidence);
  return { signatures, held };
}

async function finalize(asked: Map<string, Asked>, signatures: Map<string, Bytes>, evidence: Evidence): Promise<Record<string, string>> {
  const tokens: Record<string, string> = {};
  for (const [id, signature] of signatures) {
    const { slot, request } = asked.get(id)!;
    const made = async () => secrets.token(slot.key, request, signature);
    tokens[slot.number] = b64u(await proving({ ...evidence, "slot.txt": slot.key.spki }, made, "enrol-signature"));
  }
  return tokens;
}

/** When a season such as "2026H2" ends, as milliseconds. */
export function seasonEnd(season: string): number {
  const year = Number(season.slice(0, 4));
  return season.endsWith("1") ? Date.UTC(year, 6, 1) : Date.UTC(year + 1, 0, 1);
}

/** Until when the tokens of these slots are good, and when slots come that nobody has taken; null without a slot. */
export function dates(slots: Slot[]): { until: number; next: number } | null {
  const ends = slots.map(({ season }) => seasonEnd(season));
  return ends.length ? { until: Math.max(...ends), next: Math.min(...ends) } : null;
}
