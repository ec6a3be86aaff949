// SPDX-License-Identifier: Apache-2.0
// A proof verified in twelve steps, as verify.py: the same step, entry and slug for every file.  # spec: 13

import { type Bytes, base64, equal, sha256 } from "./bytes.ts";
import { b64u, decode, type Dict, unb64u } from "./canonical.ts";
import * as citation from "./citation.ts";
import { FrondeError, Newer, Refused } from "./errors.ts";
import { type Head, HeadBreach, openHeads, parseHeads, parseInstance, parseLetter } from "./entry.ts";
import * as form from "./form.ts";
import { Instance, type Slot } from "./instance.ts";
import { Letter } from "./letter.ts";
import * as note from "./note.ts";
import type { Policy } from "./policy.ts";
import { type Log, read } from "./record.ts";
import { checkEntry, checkOpening, OPENING, type Opening } from "./signature.ts";
import { Failure, Tally, checkBatches, checkCapacity, checkClose, checkEnd } from "./tally.ts";
import { FULL, leaves, HASH, path, row, unpack } from "./tree.ts";
import { Archive, BadArchive, evidenceName, statedSize } from "./zip.ts";

export type Result = "OK" | "FAIL" | "NONE";

/** What a step says; values: what the page shows with it. */
export interface Step {
  n: number;
  result: Result;
  values: Record<string, string | number>;
  failure?: Failure;
}

export type Tell = (step: Step | { n: number; result: "RUN" }) => void;

const STEPS = 12;
const OPENINGS = form.document("openings", { openings: form.mapping(form.data(32), OPENING) });
const FOLDERS = { instance: "instance", letter: "log" } as const;
type Which = keyof typeof FOLDERS;

/** Every error inside becomes a failure at `entry`; a failure keeps the entry it has. */
async function at<T>(entry: string | (() => string), run: () => Promise<T> | T): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof FrondeError)) throw error;
    throw new Failure(typeof entry === "string" ? entry : entry(), error.slug, error.detail, error instanceof Newer);
  }
}

type Outcome = { result: Result; values?: Record<string, string | number> };
const ok = (values: Record<string, string | number>): Outcome => ({ result: "OK", values });
const NONE: Outcome = { result: "NONE" };

/** One proof while it is verified. policy: null when the reader brings nothing. compare: a checkpoint seen earlier. */
export class Verification {
  letter!: Letter;
  tied = false;
  fingerprint = "";
  counts: Record<string, number> = {};
  /** What the letter cites, recomputed; empty unless step 10 is OK. */
  citations: { says: string; citation: citation.Citation }[] = [];
  failure: Failure | null = null;
  failedStep = 0;
  private archive!: Archive;
  private heads!: Head[];
  private openings!: Map<string, Opening>;
  private instance!: Log;
  private record!: Log;
  private opened!: Dict;
  private slot!: Slot;
  private positions: number[] = [];
  private tally!: Tally;

  constructor(
    private readonly file: Blob,
    private readonly policy: Policy | null,
    private readonly compare: Bytes | null,
  ) {}

  /** 0 proved, 1 failed, 2 cannot be read, 3 proved but tied to nobody.  # spec: 17 */
  get exit(): number {
    if (this.failure) return this.failedStep === 1 || this.failure.newer ? 2 : 1;
    return this.tied ? 0 : 3;
  }

  /** Takes the steps in order; the first that fails ends it, later ones are NONE. */
  async run(tell: Tell): Promise<void> {
    const steps = [this.archived, this.instanceLog, this.letterLog, this.replayed, this.lettered, this.signatures, this.withdrawals, this.capacity, this.openingsKept, this.cited];
    for (let n = 1; n <= STEPS; n++) {
      const step = n === STEPS ? this.closed : (steps[n - 1] ?? (() => NONE));
      if (this.failure) {
        tell({ n, result: "NONE", values: {} });
        continue;
      }
      tell({ n, result: "RUN" });
      tell(await this.take(n, step));
    }
    if (this.failure && this.failedStep <= 9) this.counts = {};
  }

  private async take(n: number, step: () => Promise<Outcome> | Outcome): Promise<Step> {
    try {
      const { result, values = {} } = await at("", () => step.call(this));
      return { n, result, values };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.failure = error;
      this.failedStep = n;
      return { n, result: "FAIL", values: {}, failure: error };
    }
  }

  // 1

  private async archived(): Promise<Outcome> {
    try {
      this.archive = await Archive.open(this.file);
      const sizes: Record<string, number> = {};
      for (const folder of ["instance", "log"]) sizes[folder] = statedSize(await this.archive.read(`${folder}/checkpoint`), `${folder}/checkpoint`);
      this.archive.checkNames(sizes);
      for (const name of this.archive.names) await this.archive.read(name);
    } catch (error) {
      throw error instanceof BadArchive ? new Failure(error.entry, error.slug) : error;
    }
    this.letter = await at("letter.json", async () => Letter.parse(await this.archive.read("letter.json")));
    this.heads = await at("heads.json", async () => parseHeads(await this.archive.read("heads.json")));
    this.openings = await at("openings.json", async () => openingsOf(await this.archive.read("openings.json")));
    await at("", () => this.checkEvidence());
    this.fingerprint = await note.fingerprint(this.letter.document.logs.instance);
    return ok({ files: this.archive.names.length, bytes: this.archive.packed });
  }

  private checkEvidence(): void {
    try {
      this.archive.checkEvidence(this.letter.document.citations.map(({ id }) => id));
    } catch (error) {
      throw error instanceof BadArchive ? new Failure(error.entry, error.slug) : error;
    }
  }

  // 2, 3

  private async instanceLog(): Promise<Outcome> {
    const { host, logs } = this.letter.document;
    const origin = `${host}/log`;
    if (this.policy) {
      const keys = this.policy.keys(origin);
      if (!keys.length) throw new Failure("letter.json", "log-not-in-policy");
      if (!keys.some(({ vkey }) => vkey === logs.instance)) throw new Failure("letter.json", "other-key");
      this.tied = true;
    }
    this.instance = await this.readLog("instance", origin, logs.instance);
    const cosigned = this.policy ? await at("instance/checkpoint", () => this.policy!.checkQuorum(this.instance.note)) : 0;
    await this.comparing("instance", this.instance, logs.instance);
    return ok({ "instance-size": this.instance.tree.size, root: base64(this.instance.checkpoint.root), cosigned });
  }

  private async letterLog(): Promise<Outcome> {
    this.record = await this.readLog("letter", this.letter.origin, this.letter.document.logs.letter, true);
    if (!this.record.tree.size) throw new Failure("log/checkpoint", "not-one-open");
    await this.comparing("letter", this.record, this.letter.document.logs.letter);
    return ok({ size: this.record.tree.size, root: base64(this.record.checkpoint.root) });
  }

  /** The root from the leaf hashes first; then every entry is held against its leaf hash. */
  private async readLog(which: Which, origin: string, vkey: string, one = false): Promise<Log> {
    let last = "letter.json"; // a key under another name than the origin is letter.json's fault
    const fetch = async (name: string) => {
      const data = await this.archive.read((last = `${FOLDERS[which]}/${name}`));
      if (name === "checkpoint") checkLines(data);
      return data;
    };
    const key = await at("letter.json", () => note.parseKey(vkey));
    if (key.name !== origin) throw new Failure("letter.json", "other-origin");
    let whole = "";
    const log = await at(
      () => whole || last,
      () =>
        read(fetch, key, { one, from: "tiles", compare: true, atOnce: 1 }).catch((error: unknown) => {
          if (error instanceof FrondeError && ["bad-root", "log-too-long"].includes(error.slug)) whole = `${FOLDERS[which]}/checkpoint`;
          throw error;
        }),
    );
    for (let index = 0; index * FULL < log.tree.size; index++) await this.scan(which, log, index);
    return log;
  }

  private async scan(which: Which, log: Log, index: number): Promise<void> {
    for await (const [i, data] of this.entries(which, log, index))
      await at(`${which}/${i}`, async () => {
        if (which === "instance") return void parseInstance(data);
        const { type } = await parseLetter(data);
        if ((i === 0) !== (type === "letter.open")) throw new Failure(`letter/${i}`, "not-one-open");
      });
  }

  /** The entries of a bundle with their indices, each that of its leaf. */
  private async *entries(which: Which, log: Log, index: number): AsyncGenerator<[number, Bytes]> {
    const tile = row(null, log.tree.size)[index]!;
    const name = `${FOLDERS[which]}/${path(tile)}`;
    const entries = await at(name, async () => unpack(await this.archive.read(name), tile.width));
    const hashes = await leaves(entries);
    for (const [i, entry] of entries.entries()) {
      const position = index * FULL + i;
      if (!equal(hashes.subarray(i * HASH, (i + 1) * HASH), log.tree.node(0, position))) throw new Failure(`${which}/${position}`, "bad-leaf");
      yield [position, entry];
    }
  }

  private async comparing(which: Which, log: Log, vkey: string): Promise<void> {
    if (!this.compare) return;
    const place = `${FOLDERS[which]}/checkpoint`;
    await at(place, async () => {
      const { origin } = note.parseCheckpoint(note.parse(this.compare!).text);
      if (![this.letter.origin, `${this.letter.document.host}/log`].includes(origin)) throw new Failure(place, "compare-elsewhere");
      if (origin !== log.checkpoint.origin) return;
      const seen = await note.checkpoint(this.compare!, await note.parseKey(vkey));
      if (seen.size > log.tree.size) throw new Failure(place, "older");
      await log.beginsWith(seen);
    });
  }

  // 4

  private async replayed(): Promise<Outcome> {
    this.opened = decode((await this.record.bundle(0))[0]!) as Dict;
    const [{ bind, nonce }] = this.opened.slots as [{ bind: number; nonce: string }];
    const instance = new Instance(this.letter.document.host);
    for (let index = 0; index * FULL < this.instance.tree.size; index++)
      for await (const [i, data] of this.entries("instance", this.instance, index)) {
        const entry = decode(data) as Dict;
        await at(`instance/${i}`, () => instance.apply(entry));
        if (entry.type === "head" && entry.bind === bind) this.positions.push(i);
      }
    const { id, slot } = this.letter.workplace;
    const digest = unb64u(this.opened.letter as string);
    this.slot = await at("letter/0", () => instance.bound(bind, id, slot, digest, unb64u(nonce)));
    await this.openAll();
    return ok({ heads: this.heads.length });
  }

  private async openAll(): Promise<void> {
    let last: number;
    try {
      last = await openHeads(this.slot.heads, this.heads, this.letter.origin, this.record.tree);
    } catch (error) {
      if (!(error instanceof HeadBreach)) throw error;
      const whole = ["head-missing", "heads-number"].includes(error.slug);
      throw new Failure(whole ? "heads.json" : `instance/${this.positions[error.position]}`, error.slug, error.detail);
    }
    if (last !== this.record.tree.size) throw new Failure(`instance/${this.positions.at(-1)}`, "head-not-last");
  }

  // 5

  private async lettered(): Promise<Outcome> {
    if (this.opened.letter !== b64u(this.letter.digest)) throw new Failure("letter.json", "other-text");
    await at("letter.json", () => this.letter.checkRules());
    const receipts = await note.parseKey(this.opened.receipt_key as string);
    if (receipts.name !== `${this.letter.document.host}/receipts`) throw new Failure("letter/0", "receipt-key");
    return ok({ demands: this.letter.document.demands.length });
  }

  // 6, 7

  private async signatures(): Promise<Outcome> {
    const { tree } = this.record;
    const opened = new Map<number, Opening>();
    for (let i = 0; i < tree.size; i++) {
      const opening = this.openings.size ? this.openings.get(b64u(tree.node(0, i))) : undefined;
      if (opening) opened.set(i, opening);
    }
    this.tally = new Tally(new Set(opened.keys()));
    for (let index = 0; index * FULL < tree.size; index++) await this.checkBundle(index, opened);
    this.tally.check(6);
    return this.tally.signatures ? ok({ signs: this.tally.signatures }) : NONE;
  }

  private async checkBundle(index: number, opened: Map<number, Opening>): Promise<void> {
    const checks: Promise<void>[] = [];
    for await (const [i, data] of this.entries("letter", this.record, index)) {
      const entry = decode(data) as Dict;
      this.tally.add(entry);
      if (entry.type === "sign" || entry.type === "withdraw")
        checks.push(this.judge(entry.type === "sign" ? 6 : 7, i, () => checkEntry(entry, this.letter, this.slot.key)));
      const opening = opened.get(i);
      if (opening) checks.push(this.judge(9, i, () => checkOpening(entry, opening)));
    }
    await Promise.all(checks);
  }

  private async judge(step: number, index: number, check: () => Promise<void>): Promise<void> {
    try {
      await at(`letter/${index}`, check);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.tally.keep(step, index, error);
    }
  }

  private withdrawals(): Outcome {
    this.tally.check(7);
    return this.tally.withdrawals ? ok({ withdraws: this.tally.withdrawals }) : NONE;
  }

  // 8, 9

  private capacity(): Outcome {
    const { close, kinds, signatures } = this.tally;
    const issued = (close?.entry.issued ?? this.opened.issued) as Dict[];
    const closed = close && { index: close.index, issued };
    const { headcount } = this.letter;
    checkCapacity(kinds, this.letter.workplace.id, this.letter.document.host, headcount, this.opened.issued as Dict[], closed);
    return ok({ signs: signatures, issued: issued[0]!.n as number, ...(headcount === null ? {} : { headcount }) });
  }

  private openingsKept(): Outcome {
    this.tally.check(9);
    const { tree } = this.record;
    const known = new Set(Array.from({ length: this.openings.size ? tree.size : 0 }, (_, i) => b64u(tree.node(0, i))));
    for (const leaf of this.openings.keys()) if (!known.has(leaf)) throw new Failure("openings.json", "opening-without-leaf");
    const sizes = this.heads.map(({ size }) => size);
    checkBatches(this.tally.kinds, tree, sizes, this.positions, this.letter.rules.floor);
    const { named, hidden } = this.tally.left();
    const shown = this.openings.size;
    this.counts = { signatures: this.tally.signatures, withdrawn: this.tally.withdrawals, shown, not_shown: named - shown, hidden };
    return ok({ shown, "not-shown": named - shown, hidden });
  }

  // 10, 12

  private async cited(): Promise<Outcome> {
    const found = [];
    for (const { id, says, digest } of this.letter.document.citations)
      found.push(await at(evidenceName(id), async () => ({ says, citation: await this.cite(evidenceName(id), digest) })));
    this.citations = found;
    return found.length ? ok({ citations: found.length }) : NONE;
  }

  private async cite(name: string, digest: string): Promise<citation.Citation> {
    const data = await this.archive.read(name);
    if (b64u(await sha256(data)) !== digest) throw new Refused("citation-digest");
    return citation.read(data);
  }

  private closed(): Outcome {
    const { close, kinds } = this.tally;
    const { end, ended } = this.slot;
    const sizes = this.heads.filter((_, i) => this.positions[i]! < ended).map(({ size }) => size);
    if (end === "closed") checkEnd(close?.index, sizes.at(-1) ?? 0, ended);
    if (!close) return NONE;
    checkClose(kinds, close);
    return ok({ signatures: close.entry.signatures as number, withdrawn: close.entry.withdrawn as number });
  }
}

/** No key signs a checkpoint twice: so nothing can be added to it but the lines of strangers. */
function checkLines(checkpoint: Bytes): void {
  const lines = note.parse(checkpoint).signatures.map(({ name, id }) => `${name} ${id}`);
  if (new Set(lines).size !== lines.length) throw new Refused("signed-twice");
}

function openingsOf(data: Bytes): Map<string, Opening> {
  const document = decode(data) as Dict;
  OPENINGS(document, "");
  return new Map(Object.entries(document.openings as unknown as Record<string, Opening>));
}
