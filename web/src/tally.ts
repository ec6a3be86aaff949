// SPDX-License-Identifier: Apache-2.0
// The signatures of a record counted, as tally.py: what steps 6 to 9 and 12 need that no entry shows alone.
// `kinds` spells the record: o letter.open, n named sign, h hidden sign, w withdraw, c letter.close.  # spec: 13

import type { Bytes } from "./bytes.ts";
import type { Dict } from "./canonical.ts";
import type { Tree } from "./tree.ts";

/** What is wrong, and where: "letter/17", "heads.json", or "". */
export class Failure extends Error {
  constructor(
    readonly entry: string,
    readonly slug: string,
    readonly detail = "",
    readonly newer = false,
  ) {
    super(slug);
  }
}

// Signatures, then withdrawals, and it may end with the close. The first entry stands alone or before a batch.
const BATCH = /^o?[nh]*w*c?/;

export class Tally {
  kinds = "";
  close: { index: number; entry: Dict } | null = null;
  private readonly signed = new Map<string, number>();
  private readonly withdrawn = new Set<string>();
  private readonly faults = new Map<number, { index: number; failure: Failure }>();

  /** opened: the indices of entries that have an opening. */
  constructor(private readonly opened: Set<number>) {}

  add(entry: Dict): void {
    const index = this.kinds.length;
    const key = entry.key as string;
    if (entry.type === "sign") {
      if (this.close) this.blame(6, index, "sign-after-close");
      if (this.signed.has(key)) this.blame(6, index, "signed-twice");
      else this.signed.set(key, index);
      this.kinds += entry.as === "named" ? "n" : "h";
    } else if (entry.type === "withdraw") {
      this.withdraw(index, key);
      this.kinds += "w";
    } else {
      if (entry.type === "letter.close") this.close ??= { index, entry };
      this.kinds += entry.type === "letter.close" ? "c" : "o";
    }
  }

  private withdraw(index: number, key: string): void {
    const signed = this.signed.get(key);
    if (signed === undefined) this.blame(7, index, "withdraw-without-sign");
    else if (this.withdrawn.has(key)) this.blame(7, index, "withdrawn-twice");
    else {
      this.withdrawn.add(key);
      if (this.opened.has(signed)) this.blame(9, signed, "opening-of-withdrawn");
    }
  }

  private blame(step: number, index: number, slug: string): void {
    this.keep(step, index, new Failure(`letter/${index}`, slug));
  }

  /** Keeps for each step the first entry that fails it. */
  keep(step: number, index: number, failure: Failure): void {
    const kept = this.faults.get(step);
    if (!kept || index < kept.index) this.faults.set(step, { index, failure });
  }

  check(step: number): void {
    const fault = this.faults.get(step);
    if (fault) throw fault.failure;
  }

  get signatures(): number {
    return count(this.kinds);
  }

  get withdrawals(): number {
    return this.kinds.split("w").length - 1;
  }

  /** How many named and how many hidden signatures are not withdrawn. */
  left(): { named: number; hidden: number } {
    const gone = [...this.withdrawn].map((key) => this.kinds[this.signed.get(key)!]!);
    const of = (kind: string) => this.kinds.split(kind).length - 1 - gone.filter((each) => each === kind).length;
    return { named: of("n"), hidden: of("h") };
  }
}

const count = (kinds: string): number => kinds.replace(/[^nh]/g, "").length;

/** Step 8. closed: index and `issued` of letter.close. */
export function checkCapacity(kinds: string, workplace: string, issuer: string, headcount: number | null, opened: Dict[], closed: { index: number; issued: Dict[] } | null): void {
  const before = issuedOf("letter/0", opened, workplace, issuer, headcount);
  const after = closed && issuedOf(`letter/${closed.index}`, closed.issued, workplace, issuer, headcount);
  if (after !== null && after < before) throw new Failure(`letter/${closed!.index}`, "issued-falls");
  const signs = [...kinds.matchAll(/[nh]/g)].map(({ index }) => index);
  if (headcount !== null && signs.length > headcount) throw new Failure(`letter/${signs[headcount]}`, "above-headcount");
  if (after !== null && signs.length > after) throw new Failure(`letter/${signs[after]}`, "above-issued");
}

function issuedOf(place: string, [stated]: Dict[], workplace: string, issuer: string, headcount: number | null): number {
  const n = stated!.n as number;
  if (stated!.workplace !== workplace || stated!.issuer !== issuer) throw new Failure(place, "issued-elsewhere");
  if (headcount !== null && n > headcount) throw new Failure(place, "issued-above-headcount");
  if (n % 10 && n !== headcount) throw new Failure(place, "issued-not-rounded");
  return n;
}

/** Step 9: what each head added is one batch in order, of 0 or at least `floor` signatures, and so is all. */
export function checkBatches(kinds: string, tree: Tree, sizes: number[], heads: number[], floor: number): void {
  let start = 0;
  sizes.forEach((size, i) => {
    const batch = kinds.slice(start, size);
    checkOrder(batch, start, tree);
    const added = count(batch);
    if (added && added < floor && !batch.endsWith("c")) throw new Failure(`instance/${heads[i]}`, "floor-broken");
    start = size;
  });
  const all = count(kinds);
  if (all && all < floor) throw new Failure(`letter/${kinds.length - 1}`, "floor-broken");
}

function checkOrder(batch: string, start: number, tree: Tree): void {
  const end = BATCH.exec(batch)![0].length;
  if (end < batch.length) throw new Failure(`letter/${start + end}`, "batch-order");
  for (let i = 1; i < batch.length; i++) {
    const [one, two] = [batch[i - 1]!.replace("h", "n"), batch[i]!.replace("h", "n")];
    const sorted = one !== two || "oc".includes(two) || below(tree.node(0, start + i - 1), tree.node(0, start + i));
    if (!sorted) throw new Failure(`letter/${start + i}`, "batch-order");
  }
}

function below(a: Bytes, b: Bytes): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return false;
}

/** Step 12: a slot that ends "closed", at `end` of the instance log, has a letter.close below `covered`, the size of the
 *  last head before it. */
export function checkEnd(close: number | undefined, covered: number, end: number): void {
  if (close === undefined || close >= covered) throw new Failure(`instance/${end}`, "ended-unclosed");
}

/** Step 12: the counts of letter.close are those before it, and only withdrawals follow. */
export function checkClose(kinds: string, { index, entry }: { index: number; entry: Dict }): void {
  const before = kinds.slice(0, index);
  const signatures = count(before);
  if (entry.signatures !== signatures || entry.withdrawn !== before.split("w").length - 1) throw new Failure(`letter/${index}`, "close-counts");
  if (entry.void !== (signatures === 0)) throw new Failure(`letter/${index}`, "close-void");
  const rest = kinds.slice(index + 1).replace(/^w*/, "");
  if (rest) throw new Failure(`letter/${kinds.length - rest.length}`, "after-close");
}
