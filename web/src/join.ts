// SPDX-License-Identifier: Apache-2.0
// The page `/w/SLUG/join`: mailbox, code, tokens; words, file, forgetting.  # spec: 3, 4

import { type Bytes, random } from "./bytes.ts";
import { b64u, unb64u } from "./canonical.ts";
import { present, trust } from "./checks.ts";
import { cleanCode, dates, enrol } from "./enrol.ts";
import { Breach, FrondeError, Refused } from "./errors.ts";
import type { Slot } from "./instance.ts";
import { fromFile, type Keep, type Kept, open, toFile } from "./keep.ts";
import { busy, checkCrypto, drawQr, fill, fillIdentity, find, flag, keptBreach, listen, main, moment, module, problem, save, server, show, act } from "./page.ts";

interface Words {
  write(seed: Bytes, lang: string): string[];
  read(typed: string): Bytes | null;
}

const CODE_LIVES = 600_000;
const workplace = main.dataset.workplace!;
const value = (id: string): string => find<HTMLInputElement>(id)!.value;

let keep: Keep;
let kept: Kept | undefined;
let before = "start";

const tokens = (): number[] => Object.keys(kept?.tokens[workplace] ?? {}).map(Number);

async function start(): Promise<void> {
  await checkCrypto();
  keep = await open();
  kept = await keep.get("kept");
  const breach = await keep.get("breach");
  if (breach) return stopped(breach.slug, breach.evidence);
  await enter();
}

/** What this visit begins with: a code on its way, tokens that are here already, or the mailbox. */
async function enter(): Promise<void> {
  const waiting = await keep.get("waiting");
  if (waiting && waiting.until > Date.now()) return show("code");
  if (tokens().length) return inside({ again: true });
  flag({ restored: kept?.seed !== undefined });
  show("start");
}

function stopped(slug: string, evidence: Record<string, Bytes>): void {
  before = "stopped";
  // After a failed finalize the same nonce is never used under another key.
  flag({ retry: slug !== "enrol-signature" });
  show("stopped");
  keptBreach(slug, evidence);
}

/** A breach is kept and stops everything; anything else is said where one is. */
async function failed(error: unknown): Promise<void> {
  if (!(error instanceof Breach)) return problem(error);
  await keep.remember(error);
  stopped(error.slug, error.evidence);
}

async function sendMailbox(): Promise<void> {
  const mailbox = value("#mailbox").trim();
  if (!mailbox) throw new Refused("mailbox-empty");
  if (!/^[!-~]{1,254}$/.test(mailbox)) throw new Refused("mailbox-form");
  busy("log");
  // Nothing is sent, not even a mailbox, before the instance log was read and replayed.
  kept = await trust(server, keep, location.origin);
  await present(server, keep, kept);
  busy("send");
  const waiting = await keep.get("waiting");
  // The same challenge again: a new code takes the place of the one before.
  const challenge = waiting && waiting.until > Date.now() ? waiting.challenge : b64u(random(32));
  await server.post(`/w/${workplace}/join`, { v: 1, type: "join", mailbox, challenge });
  await keep.set("waiting", { challenge, until: Date.now() + CODE_LIVES });
  find<HTMLInputElement>("#mailbox")!.value = "";
  show("code");
}

async function sendCode(): Promise<void> {
  const code = cleanCode(value("#code-in"));
  const waiting = await keep.get("waiting");
  if (!waiting) throw new Refused("code");
  busy("log");
  kept = await trust(server, keep, location.origin);
  const { held } = await enrol(server, keep, kept, workplace, waiting.challenge, code, busy);
  await keep.set("waiting", undefined);
  kept = await keep.get("kept");
  fill({ held });
  const some = tokens().length > 0;
  await inside({ fresh: some, held: held > 0 && some, none: !some, again: false });
  find<HTMLInputElement>("#code-in")!.value = "";
}

async function inside(flags: Record<string, boolean>): Promise<void> {
  before = "in";
  await fillIdentity(kept!.vkey);
  fill({ slots: tokens().length });
  flag({ ...flags, words: false, cookie: document.cookie !== "" });
  show("in"); // words and forgetting need no network
  busy("log");
  const { instance } = await present(server, keep, kept!);
  const own = tokens().map((number) => instance.slot(workplace, number)).filter((slot) => slot?.end === null) as Slot[];
  const found = dates(own.length ? own : instance.offered(workplace));
  fill({ slots: own.length, ...(found ? { until: moment(found.until), next: moment(found.next) } : {}) });
}

async function restore(): Promise<void> {
  const typed = value("#words-in");
  const file = find<HTMLInputElement>("#file-in")!.files?.[0];
  kept = await trust(server, keep, location.origin);
  if (typed.trim()) {
    const seed = (await module<Words>("words")).read(typed);
    if (!seed) throw new Refused("words");
    await adopt({ ...kept, seed: b64u(seed), tokens: {} });
  } else {
    await adopt(fromFile(file ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array(0), kept));
  }
  find<HTMLTextAreaElement>("#words-in")!.value = "";
  await enter();
}

/** Takes the secret of another device, and its tokens; what is here of another secret would be lost, so it stays. */
async function adopt(other: Kept): Promise<void> {
  kept = await keep.change((all) => {
    const foreign = all.seed !== undefined && all.seed !== other.seed;
    if (foreign && isUsed(all)) throw new Refused("other-words");
    all.seed = other.seed!;
    for (const [place, own] of Object.entries(other.tokens)) all.tokens[place] = { ...own, ...all.tokens[place] };
    for (const [id, letter] of Object.entries(other.letters)) all.letters[id] ??= letter;
  });
}

/** Whether the secret that is here has tokens, or has signed: a record that was only read is none of it. */
const isUsed = ({ tokens, letters }: Kept): boolean =>
  [...Object.values(tokens), ...Object.values(letters).flatMap(({ posts, seen }) => [posts, seen])].some((own) => Object.keys(own).length > 0);

const words = async (): Promise<string[]> =>
  (await module<Words>("words")).write(unb64u((await keep.get("kept"))!.seed!), document.documentElement.lang);

async function showWords(): Promise<void> {
  const list = find("#words")!;
  list.replaceChildren(
    ...(await words()).map((word) => {
      const item = document.createElement("li");
      item.textContent = word;
      return item;
    }),
  );
  list.hidden = false;
  flag({ words: true });
}

async function forget(): Promise<void> {
  await keep.forget();
  kept = undefined;
  for (const element of ["#words", "#qr path"]) find(element)?.replaceChildren();
  show("gone");
}

listen(
  {
    start: () => show("start"),
    restore: () => show("restore"),
    renew: () => show("start"),
    forget: () => show("forget"),
    back: () => (before === "stopped" ? start() : show(before)),
    again: enter,
    "forget-yes": forget,
    "show-words": showWords,
    "show-qr": async () => drawQr(find("#qr")!, (await words()).join(" ")),
    "save-file": async () => save("keep", "json", toFile((await keep.get("kept"))!)),
  },
  { mailbox: sendMailbox, code: sendCode, words: restore },
  failed,
);

void act(start, async (error) => {
  const unable = error instanceof FrondeError && ["crypto", "storage"].includes(error.slug);
  if (unable || main.dataset.state === undefined) show(unable ? "unable" : before);
  await failed(error);
});
