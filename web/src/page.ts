// SPDX-License-Identifier: Apache-2.0
// The page and its states. Every text stands in the page, in its language: here things are shown, hidden and filled.

import { base64, type Bytes, hex, random } from "./bytes.ts";
import { b64u, encode } from "./canonical.ts";
import * as ed25519 from "./ed25519.ts";
import { Breach, Declined, type Evidence, FrondeError, Refused } from "./errors.ts";
import { Http } from "./http.ts";
import { fingerprint } from "./note.ts";

export const find = <T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T | null => within.querySelector<T>(selector);
const all = (selector: string, within: ParentNode = document): HTMLElement[] => [...within.querySelectorAll<HTMLElement>(selector)];

export const main = find("#main")!;
const lang = document.documentElement.lang || "en";
export const server = new Http(location.origin, (url, options) => fetch(url, options));

const flags = new Set<string>();
let evidence: { slug: string; files: Evidence } | null = null;

/** A number, or a text, in the page's language. */
export const number = (value: number): string => new Intl.NumberFormat(lang).format(value);

/** Cents as people write them, exactly, with their currency. */
export function amount(cents: number, currency: string): string {
  const all = BigInt(cents);
  const size = all < 0n ? -all : all;
  const point = new Intl.NumberFormat(lang).format(1.5).slice(1, -1);
  const whole = new Intl.NumberFormat(lang).format(size / 100n);
  return `${all < 0n ? "\u2212" : ""}${whole}${point}${`${size % 100n}`.padStart(2, "0")}\u00a0${currency}`;
}

export interface Moment {
  text: string;
  iso: string;
}

/** A day, or a day and an hour, of UTC, set as the pages of the server set them; ms since 1970. */
export function moment(ms: number, hour = false): Moment {
  const iso = new Date(ms).toISOString();
  const [year, , day] = iso.slice(0, 10).split("-").map(Number);
  const month = new Intl.DateTimeFormat(lang, { month: "long", timeZone: "UTC" }).format(ms);
  const text = `${lang === "fr" && day === 1 ? "1er" : day}\u00a0${month} ${year}`;
  return hour ? { text: `${text}, ${clock(iso.slice(11, 16))}`, iso } : { text, iso: iso.slice(0, 10) };
}

/** 09:30 in English, 9 h 30 in French. */
function clock(time: string): string {
  if (lang !== "fr") return time;
  const [hours, minutes] = time.split(":");
  return `${Number(hours)}\u00a0h${minutes === "00" ? "" : `\u00a0${minutes}`}`;
}

/** Shows one state and what is flagged in it; focus goes to its heading, where a screen reader goes on. */
export function show(state: string): void {
  main.dataset.state = state;
  for (const element of all("[data-in]")) element.hidden = !element.dataset.in!.split(" ").includes(state);
  hideProblem();
  focus(all("[data-in]").filter((element) => !element.hidden));
}

function focus(shown: HTMLElement[]): void {
  scrollTo(0, 0);
  const isSeen = (element: HTMLElement) => !element.closest("[hidden]");
  for (const part of shown) {
    const heading = [part, ...all("*", part)].find((element) => element.matches("h1,h2,[data-focus]") && element.tabIndex === -1 && element.hasAttribute("tabindex") && isSeen(element));
    if (heading) return heading.focus();
  }
}

/** Sets or clears a flag: what is seen inside a state. */
export function flag(values: Record<string, boolean>, within: ParentNode = document): void {
  for (const [name, on] of Object.entries(values)) on ? flags.add(name) : flags.delete(name);
  for (const element of all("[data-when]", within)) element.hidden = !element.dataset.when!.split(" ").some((name) => flags.has(name));
}

/** Puts values into their places. */
export function fill(values: Record<string, string | number | Moment>, within: ParentNode = document): void {
  for (const [name, value] of Object.entries(values))
    for (const element of all(`[data-fill="${name}"]`, within)) {
      element.textContent = typeof value === "number" ? number(value) : typeof value === "string" ? value : value.text;
      if (typeof value === "object") element.setAttribute("datetime", value.iso);
    }
}

const template = (id: string): DocumentFragment | null => {
  const found = find<HTMLTemplateElement>(`template#${CSS.escape(id)}`);
  return found && (found.content.cloneNode(true) as DocumentFragment);
};

/** What went wrong, in the page's words and never in a server's: of this slug, of this status, or of its kind. */
export function problem(error: unknown): void {
  const known = error instanceof FrondeError ? error : new FrondeError("unexpected", `${error}`);
  if (!(error instanceof FrondeError)) console.error(error);
  const kind = error instanceof Breach ? "breach" : "other";
  const said = template(`problem-${known.slug}`) ?? (known instanceof Declined ? template(`problem-${known.status}`) : null);
  const content = said ?? template(`problem-${kind}`) ?? template("problem-other")!;
  if (error instanceof Breach) evidence = { slug: error.slug, files: error.evidence };
  fill({ name: known.slug }, content);
  if (known instanceof Declined) tell(known, content);
  const field = find("[data-field]", content)?.dataset.field;
  if (field) document.getElementById(field)?.setAttribute("aria-invalid", "true");
  const box = find("#problem")!;
  box.replaceChildren(content);
  box.hidden = false;
  scrollTo(0, 0);
  find("[tabindex]", box)?.focus();
}

function tell(declined: Declined, content: ParentNode): void {
  fill({ seconds: declined.seconds ?? 0 }, content);
  flag({ later: declined.seconds !== null, anytime: declined.seconds === null }, content);
}

function hideProblem(): void {
  const box = find("#problem");
  if (box) box.hidden = true;
  for (const field of all("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** A breach that was kept at an earlier visit. */
export function keptBreach(slug: string, files: Evidence): void {
  problem(new Breach(slug, "", files));
}

/** Says what is going on; nothing when it is done. */
export function busy(what: "" | "log" | "tokens" | "send" | "record" | "sign"): void {
  for (const element of all("#busy, #progress")) element.hidden = !what;
  for (const element of all("[data-busy]")) element.hidden = element.dataset.busy !== what;
}

let working = false;

/** Runs one act at a time: buttons are off meanwhile; what it throws is shown. */
export async function act(run: () => unknown, failed: (error: unknown) => unknown = problem): Promise<void> {
  if (working) return;
  working = true;
  main.setAttribute("aria-busy", "true");
  const buttons = all("button").filter((button) => !(button as HTMLButtonElement).disabled) as HTMLButtonElement[];
  for (const button of buttons) button.disabled = true;
  hideProblem();
  try {
    await run();
  } catch (error) {
    await failed(error);
  }
  for (const button of buttons) button.disabled = false;
  busy("");
  main.removeAttribute("aria-busy");
  working = false;
}

/** What buttons and forms do. */
export function listen(acts: Record<string, () => unknown>, forms: Record<string, () => unknown>, failed?: (error: unknown) => unknown): void {
  document.addEventListener("click", (event) => {
    const name = (event.target as Element).closest<HTMLElement>("[data-act]")?.dataset.act;
    if (name === "evidence") save("evidence", "json", evidenceFile());
    else if (name !== undefined && Object.hasOwn(acts, name)) void act(acts[name]!, failed);
  });
  for (const form of all("form[data-form]"))
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const run = forms[form.dataset.form!];
      if (run) void act(run, failed);
    });
}

const evidenceFile = (): Bytes => filesOf(evidence?.slug ?? "", evidence?.files ?? {});

/** Files in one, as {v, type: "evidence", name, files: {name: base64url}}. */
export const filesOf = (name: string, files: Evidence): Bytes =>
  encode({ v: 1, type: "evidence", name, files: Object.fromEntries(Object.entries(files).map(([file, data]) => [file, b64u(data)])) });

/** Hands a file to the person, under a name that says nothing. */
export function save(stem: string, end: string, data: Bytes): void {
  const link = document.createElement("a");
  // A data: address, not a blob: one: nothing has to be taken back later.
  link.href = `data:application/octet-stream;base64,${base64(data)}`;
  link.download = `${stem}-${hex(random(2))}.${end}`;
  link.click();
}

/** A module that is loaded only now, of the bytes that the page's integrity value names. */
export async function module<T>(name: string): Promise<T> {
  const fragment = template(`module-${name}`);
  const link = fragment && find<HTMLLinkElement>("link", fragment);
  if (!link) throw new Refused("module", name);
  await new Promise((resolve, reject) => {
    link.addEventListener("load", resolve);
    link.addEventListener("error", () => reject(new FrondeError("network", link.href)));
    document.head.append(link);
  });
  return (await import(link.href)) as T;
}

/** Whether this browser can do it at all; throws `crypto`. */
export async function checkCrypto(): Promise<void> {
  ed25519.setFallback(() => module<ed25519.Fallback>("noble"));
  try {
    await ed25519.publicKey(random(32));
  } catch (error) {
    throw error instanceof FrondeError && error.slug === "network" ? error : new Refused("crypto", `${error}`);
  }
}

/** Draws a code into an <svg>. */
export async function drawQr(svg: Element, text: string): Promise<void> {
  const { path } = await module<{ path: (text: string) => { size: number; path: string } }>("qr");
  const drawn = path(text);
  const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
  element.setAttribute("d", drawn.path);
  svg.setAttribute("viewBox", `-4 -4 ${drawn.size + 8} ${drawn.size + 8}`);
  find("path", svg)?.remove();
  svg.append(element);
  svg.removeAttribute("hidden");
}

/** Whose log this is, to be compared elsewhere. */
export async function fillIdentity(vkey: string): Promise<void> {
  fill({ origin: vkey.split("+")[0]!, fingerprint: await fingerprint(vkey) });
}
