// SPDX-License-Identifier: Apache-2.0
// The instance log replayed: which slots exist, what they are bound to, which heads were shown. Rules and names of
// breaches as in instance.py; the first breach, anybody's, ends it.  # spec: 2, 13.4

import { PublicKey } from "./blindrsa.ts";
import { type Bytes, equal } from "./bytes.ts";
import { type Dict, encode, unb64u } from "./canonical.ts";
import { Breach, Newer, Refused } from "./errors.ts";
import { bindHash, parseInstance } from "./entry.ts";

export interface Slot {
  workplace: string;
  number: number;
  season: string;
  key: PublicKey;
  bind: number | null;
  hash: Bytes | null;
  end: string | null;
  ended: number;
  heads: Bytes[];
}

/** A rule of the log broken by the entry at `index`. */
export class LogBreach extends Breach {
  constructor(
    slug: string,
    detail: string,
    readonly index: number,
    evidence: Record<string, Bytes> = {},
  ) {
    super(slug, detail, evidence);
  }
}

/** The instance log of `host` as far as it was applied. */
export class Instance {
  size = 0;
  private readonly slots = new Map<string, Map<number, Slot>>();
  private readonly binds = new Map<number, Slot>();
  private readonly keys = new Set<string>();
  private readonly last = new Map<string, number>();

  constructor(readonly host: string) {}

  static async replay(host: string, entries: AsyncIterable<Bytes> | Iterable<Bytes>): Promise<Instance> {
    const instance = new Instance(host);
    for await (const data of entries) await instance.apply(parseInstance(data));
    return instance;
  }

  /** Applies the next entry; throws a breach, or newer. */
  async apply(entry: Dict): Promise<void> {
    if (entry.type === "slot.new") await this.new(entry);
    else if (entry.type === "slot.bind") this.bind(entry);
    else if (entry.type === "slot.end") this.end(entry);
    else if (entry.type === "head") this.head(entry);
    this.size++;
  }

  private demand(holds: boolean, slug: string, entry: Dict): asserts holds {
    if (holds) return;
    const name = `instance-entry-${this.size}.json`;
    throw new LogBreach(slug, `entry ${this.size} of the instance log`, this.size, { [name]: encode(entry) });
  }

  private find(entry: Dict): Slot | undefined {
    return this.slots.get(entry.workplace as string)?.get(entry.number as number);
  }

  private async new(entry: Dict): Promise<void> {
    const { workplace, number, season, spki } = entry as { workplace: string; number: number; season: string; spki: string };
    if (entry.issuer !== this.host) throw new Newer(`an issuer other than ${this.host}`);
    const last = this.last.get(workplace) ?? 0;
    this.demand(number > last, "number-twice", entry);
    this.demand(number === last + 1, "slot-number-gap", entry);
    this.demand(!this.keys.has(spki), "key-twice", entry);
    const key = await PublicKey.fromSpki(unb64u(spki)).catch((error: unknown) => {
      if (error instanceof Refused) return null;
      throw error;
    });
    this.demand(key !== null, "bad-slot-key", entry);
    this.keys.add(spki);
    this.last.set(workplace, number);
    const own = this.slots.get(workplace) ?? new Map<number, Slot>();
    this.slots.set(workplace, own.set(number, { workplace, number, season, key, bind: null, hash: null, end: null, ended: -1, heads: [] }));
  }

  private bind(entry: Dict): void {
    const slot = this.find(entry);
    this.demand(slot !== undefined, "bind-without-slot", entry);
    this.demand(slot.bind === null, "bind-twice", entry);
    this.demand(slot.end === null, "bind-after-end", entry);
    this.demand(slot === this.lowestUnbound(slot.workplace), "bind-not-lowest", entry);
    slot.bind = this.size;
    slot.hash = unb64u(entry.hash as string);
    this.binds.set(this.size, slot);
  }

  private end(entry: Dict): void {
    const slot = this.find(entry);
    this.demand(slot !== undefined, "end-without-slot", entry);
    this.demand(slot.end === null, "end-twice", entry);
    this.demand(entry.why !== "season" || slot.bind === null, "end-season-bound", entry);
    this.demand(entry.why !== "closed" || slot.bind !== null, "end-closed-unbound", entry);
    slot.end = entry.why as string;
    slot.ended = this.size;
  }

  private head(entry: Dict): void {
    const slot = this.binds.get(entry.bind as number);
    this.demand(slot !== undefined, "head-without-bind", entry);
    slot.heads.push(unb64u(entry.hash as string));
  }

  /** Every slot with a slot.new and no slot.end, bound or not, in the order of numbers. */
  offered(workplace: string): Slot[] {
    return [...(this.slots.get(workplace)?.values() ?? [])].filter((slot) => slot.end === null);
  }

  slot(workplace: string, number: number): Slot | undefined {
    return this.slots.get(workplace)?.get(number);
  }

  private lowestUnbound(workplace: string): Slot | undefined {
    return this.offered(workplace).find((slot) => slot.bind === null);
  }

  /** The slot of a letter: `bind` and `nonce` of its letter.open, the rest of the letter. */
  async bound(bind: number, workplace: string, number: number, digest: Bytes, nonce: Bytes): Promise<Slot> {
    const slot = this.binds.get(bind);
    if (!slot) throw new LogBreach("open-without-bind", `entry ${bind} is no slot.bind`, bind);
    if (slot.workplace !== workplace || slot.number !== number) throw new LogBreach("open-other-slot", `entry ${bind}`, bind);
    if (!equal(await bindHash(nonce, digest), slot.hash!)) throw new LogBreach("bind-other-letter", `entry ${bind}`, bind);
    return slot;
  }
}
