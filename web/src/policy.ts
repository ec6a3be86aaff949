// SPDX-License-Identifier: Apache-2.0
// Whom a reader trusts: a key, or a policy of c2sp.org/tlog-policy. As policy.py.  # spec: 13, 16

import type { Bytes } from "./bytes.ts";
import { FrondeError, Refused } from "./errors.ts";
import * as note from "./note.ts";

interface Group {
  least: number;
  members: string[];
}

const bad = (): never => {
  throw new Refused("key", "neither a key nor a policy");
};

/** Keys of logs, witnesses, and the quorum of a policy. */
export class Policy {
  readonly logs: note.Key[] = [];
  /** A key that was given alone is meant for the log at hand, whatever its name. */
  isOneKey = false;
  private readonly witnesses = new Map<string, note.Key>();
  private readonly groups = new Map<string, Group>();
  private quorum = "";

  /** A vkey alone, or a policy; throws `key`. */
  static async parse(text: string): Promise<Policy> {
    const policy = new Policy();
    const words = text.trim().split(/\s+/);
    if (words.length === 1) {
      policy.quorum = "none";
      policy.isOneKey = true;
      await policy.addLog(words[0]!);
      return policy;
    }
    if (/[^\t\n\x20-\x7e\x80-\uffff]/.test(text)) bad();
    for (const line of text.split("\n")) {
      const found = line.split(/[ \t]+/).filter(Boolean);
      if (found.length && !found[0]!.startsWith("#")) await policy.add(found);
    }
    return policy.quorum ? policy : bad();
  }

  keys(origin: string): note.Key[] {
    return this.isOneKey ? this.logs : this.logs.filter(({ name }) => name === origin);
  }

  /** How many listed witnesses cosigned; throws `no-quorum`, or bad-note for a wrong line of one. */
  async checkQuorum(checkpoint: Bytes): Promise<number> {
    const parsed = note.parse(checkpoint);
    const seen = new Set<string>();
    for (const [name, key] of this.witnesses) if (await note.isCosigned(parsed, key)) seen.add(name);
    if (this.quorum !== "none" && !this.isMet(this.quorum, seen)) throw new Refused("no-quorum", `${seen.size} of ${this.witnesses.size}`);
    return seen.size;
  }

  private isMet(name: string, seen: Set<string>): boolean {
    const group = this.groups.get(name);
    return group ? group.members.filter((member) => this.isMet(member, seen)).length >= group.least : seen.has(name);
  }

  private async add([kind, first, second, ...rest]: string[]): Promise<void> {
    const all = [first, second, ...rest].filter((word) => word !== undefined);
    if (kind === "log" && (all.length === 1 || all.length === 2)) return this.addLog(first!);
    if (kind === "witness" && (all.length === 2 || all.length === 3)) return this.addWitness(first!, second!);
    if (kind === "group" && rest.length) return this.addGroup(first!, second!, rest);
    if (kind === "quorum" && all.length === 1) return this.setQuorum(first!);
    bad();
  }

  private async addLog(vkey: string): Promise<void> {
    const key = await keyOf(vkey, note.ED25519);
    if (this.logs.some((other) => same(other, key))) bad();
    this.logs.push(key);
  }

  private async addWitness(name: string, vkey: string): Promise<void> {
    this.demandNew(name);
    const key = await keyOf(vkey, note.COSIGNATURE);
    if ([...this.witnesses.values()].some((other) => same(other, key))) bad();
    this.witnesses.set(name, key);
  }

  private addGroup(name: string, least: string, members: string[]): void {
    this.demandNew(name);
    const taken = [...this.groups.values()].flatMap((group) => group.members);
    members.forEach((member, i) => {
      if (!this.isKnown(member) || taken.includes(member) || members.indexOf(member) !== i) bad();
    });
    const number = least === "all" ? members.length : least === "any" ? 1 : /^[1-9][0-9]{0,5}$/.test(least) ? Number(least) : 0;
    if (number < 1 || number > members.length) bad();
    this.groups.set(name, { least: number, members });
  }

  private setQuorum(name: string): void {
    if (this.quorum || (name !== "none" && !this.isKnown(name))) bad();
    this.quorum = name;
  }

  private demandNew(name: string): void {
    if (name === "none" || this.isKnown(name)) bad();
  }

  private isKnown(name: string): boolean {
    return this.witnesses.has(name) || this.groups.has(name);
  }
}

const same = (a: note.Key, b: note.Key): boolean => a.public.every((byte, i) => byte === b.public[i]);

async function keyOf(vkey: string, type: number): Promise<note.Key> {
  const key = await note.parseKey(vkey).catch((error: unknown) => (error instanceof FrondeError ? bad() : Promise.reject(error)));
  return key.type === type ? key : bad();
}
