// SPDX-License-Identifier: Apache-2.0
// The frozen letter: its form, its digest, its rules.  # spec: 6, 14, 13.5

import { type Bytes, sha256 } from "./bytes.ts";
import { decode, type Dict } from "./canonical.ts";
import { Refused } from "./errors.ts";
import * as form from "./form.ts";
import { checkVkey, vkey } from "./note.ts";

const NONE = form.array(form.anything, { fixed: 0 });
const LINES = { lines: true };
const ONE = { least: 1 };

const FORM = form.document("letter", {
  id: form.pattern(/^[a-z2-7]{16}$/),
  host: form.host,
  title: form.string(200),
  to: form.array(form.fields({ name: form.string(200), office: form.string(200, { empty: true }) }), ONE),
  lang: form.pattern(/^[A-Za-z0-9-]{1,35}$/),
  body: form.string(100_000, LINES),
  demands: form.array(form.fields({ id: form.slug, ask: form.string(2000, LINES), measure: form.string(2000, LINES) }, { due: form.date }), ONE),
  facets: NONE,
  citations: form.array(form.fields({ id: form.slug, says: form.string(500), digest: form.data(32) }), { most: 100 }),
  translations: NONE,
  rules: form.fields({
    modes: form.array(form.oneOf(["named", "hidden"], true), ONE),
    opens: form.time,
    closes: form.time,
    withdraw_until: form.time,
    floor: form.integer(0),
    batch: form.fields({ min: form.integer(0), minutes: form.integer(0), tokens: form.integer(0) }),
  }),
  workplaces: form.array(
    form.fields(
      { id: form.slug, name: form.string(200), slot: form.integer(1), issuers: form.array(form.fields({ name: form.host, vkey }), { fixed: 1 }) },
      { headcount: form.fields({ n: form.integer(1), source: form.string(500) }) },
    ),
    { fixed: 1 },
  ),
  logs: form.fields({ letter: vkey, instance: vkey }),
  witnesses: NONE,
  authors: NONE,
});

interface Rules {
  modes: string[];
  opens: string;
  closes: string;
  withdraw_until: string;
  floor: number;
  batch: { min: number; minutes: number; tokens: number };
}

interface Document {
  id: string;
  host: string;
  title: string;
  lang: string;
  demands: { id: string }[];
  citations: { id: string; says: string; digest: string }[];
  rules: Rules;
  workplaces: { id: string; name: string; slot: number; issuers: { name: string; vkey: string }[]; headcount?: { n: number } }[];
  logs: { letter: string; instance: string };
}

const HOUR = 3_600_000;

export class Letter {
  private constructor(
    readonly data: Bytes,
    readonly digest: Bytes,
    readonly document: Document,
  ) {}

  /** The letter of its frozen bytes; throws unreadable or newer. */
  static async parse(data: Bytes): Promise<Letter> {
    const value = decode(data) as Dict;
    FORM(value, "");
    const document = value as unknown as Document;
    for (const key of [document.logs.letter, document.logs.instance, document.workplaces[0]!.issuers[0]!.vkey]) await checkVkey(key, "logs");
    return new Letter(data, await sha256(data), document);
  }

  get workplace() {
    return this.document.workplaces[0]!;
  }

  get rules(): Rules {
    return this.document.rules;
  }

  get origin(): string {
    return `${this.document.host}/letters/${this.document.id}/record`;
  }

  get headcount(): number | null {
    return this.workplace.headcount?.n ?? null;
  }

  /** Until when what was received is published, for an entry of this type: the same for all.  # spec: 9 */
  publishBy(type: string): string {
    return form.formatTime(Date.parse(type === "sign" ? this.rules.closes : this.rules.withdraw_until) + HOUR);
  }

  /** Step 5 of the verifier, but for the receipt key, which stands in letter.open. */
  checkRules(): void {
    const { host, demands, citations, logs } = this.document;
    const { opens, closes, withdraw_until, floor, batch, modes } = this.rules;
    demand(opens <= closes && closes <= withdraw_until, "bad-times");
    demand(floor === 5, "bad-floor");
    demand(batch.min >= floor && batch.tokens >= floor, "bad-batch");
    demand(new Set(demands.map(({ id }) => id)).size === demands.length, "demand-twice");
    demand(new Set(citations.map(({ id }) => id)).size === citations.length, "citation-twice");
    demand(new Set(modes).size === modes.length, "mode-twice");
    const [issuer] = this.workplace.issuers;
    demand(issuer!.name === host && issuer!.vkey === logs.instance, "other-issuer");
  }
}

function demand(holds: boolean, slug: string): void {
  if (!holds) throw new Refused(slug, "a rule of the letter");
}
