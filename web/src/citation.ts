// SPDX-License-Identifier: Apache-2.0
// A citation: rows of public records, and the figure that they give, as citation.py.  # spec: 10

import type { Bytes } from "./bytes.ts";
import { decode } from "./canonical.ts";
import { Refused, Unreadable } from "./errors.ts";
import * as form from "./form.ts";

const ADDED = ["obligated", "subaward"];
const ONCE = ["obligated in all", "outlayed in all", "award value"];
const ALONE = ["current", "ceiling", "maximum"];
const MOST_BYTES = 2 ** 20;

const address = form.pattern(/^https?:\/\/[!#-;=?-~]{1,1990}$/);
const cents = form.integer(Number.MIN_SAFE_INTEGER);
const currency = form.pattern(/^[A-Z]{3}$/);
const measure = form.oneOf([...ADDED, ...ONCE, ...ALONE], true);
const MAY_BE_EMPTY = { empty: true };

const FORM = form.document(
  "citation",
  {
    state: form.oneOf(["record", "nearest"], true),
    question: form.string(500),
    filters: form.fields(
      { measure, currency },
      {
        award: form.string(200),
        vehicle: form.string(200),
        buyer: form.string(300),
        vendor: form.string(300),
        from: form.date,
        to: form.date,
        words: form.string(500),
      },
    ),
    figure: form.fields({ cents, measure, currency, from: form.date, to: form.date, rows: form.integer(1) }),
    files: form.array(
      form.fields({
        sha256: form.data(32),
        name: form.string(200),
        publisher: form.string(200),
        url: address,
        retrieved: form.date,
        licence: form.string(200),
      }),
      { least: 1, most: 100 },
    ),
    rows: form.array(
      form.fields(
        {
          file: form.integer(0),
          row: form.integer(1),
          award: form.string(200, MAY_BE_EMPTY),
          mod: form.string(50, MAY_BE_EMPTY),
          date: form.date,
          cents,
          buyer: form.string(300, MAY_BE_EMPTY),
          vendor: form.string(300, MAY_BE_EMPTY),
          quote: form.string(2000, { lines: true, empty: true }),
        },
        { url: address },
      ),
      { least: 1, most: 2000 },
    ),
  },
  { reported: form.fields({ cents, currency, says: form.string(500) }) },
);

interface Row {
  file: number;
  row: number;
  award: string;
  date: string;
  cents: number;
  buyer: string;
  vendor: string;
}

export interface Citation {
  state: "record" | "nearest";
  filters: { measure: string; currency: string; award?: string; buyer?: string; vendor?: string; from?: string; to?: string };
  figure: { cents: number; measure: string; currency: string; from: string; to: string; rows: number };
  reported?: { cents: number; currency: string; says: string };
  files: { sha256: string }[];
  rows: Row[];
}

/** The citation of these bytes, its figure recomputed; throws unreadable, newer, or the rule that is broken. */
export function read(data: Bytes): Citation {
  if (data.length > MOST_BYTES) throw new Unreadable("bad-form", `more than ${MOST_BYTES} bytes`);
  const value = decode(data);
  FORM(value, "");
  const citation = value as unknown as Citation;
  for (const rule of [stated, asked, placed, filtered, summed, added, nearest]) rule(citation);
  return citation;
}

function demand(holds: boolean, slug: string, detail = ""): void {
  if (!holds) throw new Refused(slug, detail);
}

function stated({ state, reported }: Citation): void {
  demand(state !== "nearest" || reported !== undefined, "citation-nearest-to-nothing");
  demand(state === "nearest" || reported === undefined, "citation-reported");
}

function asked({ filters, figure }: Citation): void {
  demand(filters.measure === figure.measure, "citation-measure");
  demand(filters.currency === figure.currency, "citation-currency");
}

/** Rows in the order of (file, row), none twice, in files that are all there, all used, none twice. */
function placed({ files, rows }: Citation): void {
  let before = { file: 0, row: 0 };
  for (const { file, row } of rows) {
    const where = `row ${row} of file ${file}`;
    demand(file < files.length, "citation-no-such-file", where);
    demand(file !== before.file || row !== before.row, "citation-row-twice", where);
    demand(file > before.file || (file === before.file && row > before.row), "citation-order", where);
    before = { file, row };
  }
  demand(new Set(rows.map(({ file }) => file)).size === files.length, "citation-file-unused");
  demand(new Set(files.map(({ sha256 }) => sha256)).size === files.length, "citation-file-twice");
}

/** Each row is one that was asked for, as far as a row shows it. */
function filtered({ filters, rows }: Citation): void {
  const same = ["award", "buyer", "vendor"] as const;
  for (const row of rows) {
    const fits = same.every((name) => filters[name] === undefined || filters[name] === row[name]);
    const inTime = (filters.from ?? row.date) <= row.date && row.date <= (filters.to ?? row.date);
    demand(fits && inTime, "citation-filter", `row ${row.row} of file ${row.file}`);
  }
}

function summed({ figure, rows }: Citation): void {
  const total = rows.reduce((sum, { cents: each }) => sum + BigInt(each), 0n);
  const dates = rows.map(({ date }) => date).sort();
  demand(figure.rows === rows.length, "citation-rows", `${rows.length} rows`);
  demand(BigInt(figure.cents) === total, "citation-sum", `its rows sum to ${total} cents`);
  demand(figure.from === dates[0] && figure.to === dates.at(-1), "citation-dates", `${dates[0]} to ${dates.at(-1)}`);
}

/** Only what may be added is added. */
function added({ figure, rows }: Citation): void {
  demand(!ALONE.includes(figure.measure) || rows.length === 1, "citation-not-added");
  const awards = new Set(rows.map(({ award, buyer }) => JSON.stringify([award, buyer])));
  demand(!ONCE.includes(figure.measure) || awards.size === rows.length, "citation-award-twice");
}

/** A figure that a record gives, alone or as the sum, has no nearest record. */
function nearest({ figure, reported, rows }: Citation): void {
  if (reported?.currency !== figure.currency) return;
  demand(reported.cents !== figure.cents && rows.every((row) => row.cents !== reported.cents), "citation-not-nearest");
}
