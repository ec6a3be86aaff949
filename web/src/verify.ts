// SPDX-License-Identifier: Apache-2.0
// The page `/verify`: a dropped letter.zip, twelve steps, a verdict. Nothing is sent anywhere.  # spec: 13

import type { Citation } from "./citation.ts";
import { FrondeError, Refused } from "./errors.ts";
import * as note from "./note.ts";
import { act, amount, checkCrypto, fill, find, flag, listen, main, moment, number, problem, show } from "./page.ts";
import { Policy } from "./policy.ts";
import { type Step, Verification } from "./proof.ts";

const RESULTS = ["verified", "refused", "unreadable", "untied"];
const MOST_NOTE = 256 * 1024;

let dropped: File | null = null;

const chosen = (id: string): File | null => find<HTMLInputElement>(id)!.files?.[0] ?? null;

async function verify(): Promise<void> {
  const file = dropped ?? chosen("#zip");
  if (!file) throw new Refused("no-file");
  const key = find<HTMLTextAreaElement>("#vkey")!.value.trim();
  const policy = key ? await Policy.parse(key) : null;
  const verification = new Verification(file, policy, await earlier());
  clear();
  show("run");
  await verification.run(tell);
  await end(verification);
}

/** The checkpoint to compare with, if one was chosen. */
async function earlier() {
  const file = chosen("#compare");
  if (!file) return null;
  try {
    if (file.size > MOST_NOTE) throw new Refused("compare");
    const data = new Uint8Array(await file.arrayBuffer());
    note.parseCheckpoint(note.parse(data).text);
    return data;
  } catch (error) {
    throw error instanceof FrondeError ? new Refused("compare") : error;
  }
}

const lineOf = (n: number): HTMLElement => find(`[data-step="${n}"]`)!;

function clear(): void {
  flag({ issued: false, headcount: false, "no-headcount": false, newer: false, cited: false });
  find("#cited")!.replaceChildren();
  for (let n = 1; n <= 12; n++) mark(n, "");
}

function mark(n: number, result: string): void {
  for (const part of lineOf(n).querySelectorAll<HTMLElement>("[data-result]")) part.hidden = part.dataset.result !== result;
}

function tell(step: Step | { n: number; result: "RUN" }): void {
  mark(step.n, step.result);
  if (!("values" in step)) return;
  fill(step.values, lineOf(step.n));
  if (step.n === 8 && step.result === "OK") flag({ issued: "issued" in step.values, headcount: "headcount" in step.values });
  if (step.failure) blame(step.n, step.failure);
}

/** A figure that was recomputed, with its measure and dates, under step 10. */
function cite({ says, citation }: { says: string; citation: Citation }): void {
  const { figure, reported } = citation;
  const content = find<HTMLTemplateElement>("template#figure")!.content.cloneNode(true) as DocumentFragment;
  const [from, to] = [figure.from, figure.to].map((day) => moment(Date.parse(day)));
  fill({ says, amount: amount(figure.cents, figure.currency), from: from!, to: to!, rows: figure.rows }, content);
  if (reported) fill({ reported: amount(reported.cents, reported.currency) }, content);
  const said = [figure.measure.replaceAll(" ", "-"), figure.rows === 1 ? "one" : "many", reported ? "nearest" : ""];
  for (const part of content.querySelectorAll<HTMLElement>("[data-when]")) {
    if (said.includes(part.dataset.when!)) part.hidden = false;
    else part.remove();
    delete part.dataset.when; // what a figure says stays, whatever is flagged later
  }
  find("#cited")!.append(content);
}

function blame(n: number, { slug, entry, detail }: { slug: string; entry: string; detail: string }): void {
  const template = find<HTMLTemplateElement>(`template#${CSS.escape(`fail-${slug}`)}`) ?? find<HTMLTemplateElement>("template#fail")!;
  const content = template.content.cloneNode(true) as DocumentFragment;
  fill({ name: slug, entry, detail }, content);
  find('p[data-result="FAIL"]', lineOf(n))!.replaceChildren(content);
}

async function end(verification: Verification): Promise<void> {
  const { citations, counts, letter, failure, exit } = verification;
  citations.forEach(cite);
  if (letter) {
    fill({ origin: `${letter.document.host}/log`, fingerprint: verification.fingerprint, title: letter.document.title });
    flag({ headcount: letter.headcount !== null, "no-headcount": letter.headcount === null });
  }
  const { signatures = 0, withdrawn = 0, shown = 0, hidden = 0 } = counts;
  const verdict = { signatures, withdrawn, shown, hidden, net: signatures - withdrawn };
  for (const [name, value] of Object.entries(verdict))
    for (const place of document.querySelectorAll(`[data-fill="${name}"]`)) if (!place.closest("[data-step]")) place.textContent = number(value);
  flag({ newer: failure?.newer ?? false, cited: citations.length > 0 });
  show(RESULTS[exit]!);
}

function take(file: File): void {
  dropped = file;
  void act(verify);
}

const drop = find("#drop")!;
drop.addEventListener("dragover", (event) => event.preventDefault());
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (file) take(file);
});
find("#zip")!.addEventListener("change", () => (dropped = null));

listen({ again: () => ((dropped = null), show("ask")) }, { verify });

void act(
  async () => {
    await checkCrypto();
    show("ask");
  },
  (error) => {
    show("ask");
    problem(error);
  },
);
main.dataset.ready = "";
