// SPDX-License-Identifier: Apache-2.0
// The page `/letters/ID/sign`: how, who would see what, check, done.  # spec: 2, 7, 9

import { unb64u, decode, type Dict } from "./canonical.ts";
import { dates } from "./enrol.ts";
import { Breach, Declined, FrondeError, Refused } from "./errors.ts";
import { type Keep, open } from "./keep.ts";
import { act, busy, checkCrypto, drawQr, fill, filesOf, find, flag, keptBreach, listen, main, moment, problem, save, server, show } from "./page.ts";
import { Member } from "./post.ts";
import { checkShown, type Shown } from "./signature.ts";

// From so many signatures on the count is shown: no smaller number is put before a signer.
const COUNTED = 25;
const LOOK_AGAIN = 20_000;
const LOOKS = 15;

const id = main.dataset.letter!;

let keep: Keep;
let member: Member;
let shown: Shown | null = null;

async function start(): Promise<void> {
  await checkCrypto();
  keep = await open();
  const breach = await keep.get("breach");
  if (breach) return stopped(breach.slug, breach.evidence);
  await enter();
}

/** Reads and checks everything before anything is shown that could be pressed. */
async function enter(): Promise<void> {
  const kept = await keep.get("kept");
  if (!kept?.seed) return noToken({ stranger: true });
  flag({ failed: false });
  show("check-log");
  busy("log");
  member = await Member.at(server, keep, kept, id);
  const { document: letter, rules } = member.opened.letter;
  fill({
    title: letter.title,
    demands: letter.demands.length,
    opens: moment(Date.parse(rules.opens), true),
    "withdraw-until": moment(Date.parse(rules.withdraw_until)),
    address: `${location.origin}/letters/${id}`,
  });
  await go();
}

/** The state that follows from what is kept and from the clock. */
async function go(): Promise<void> {
  const { letter, slot } = member.opened;
  if (member.has("withdraw")) return standing("withdrawn", "withdraw");
  if (member.has("sign")) return standing("done", "sign");
  const now = Date.now();
  if (now < Date.parse(letter.rules.opens)) return show("early");
  if (now >= Date.parse(letter.rules.closes) || slot.end === "closed") return show("closed");
  if (!member.token) return noToken({ later: true });
  chosen();
  show("mode");
}

function noToken(flags: Record<string, boolean>): void {
  const found = member && dates(member.now.instance.offered(member.opened.letter.workplace.id));
  if (found) fill({ next: moment(found.next) });
  flag(flags);
  show("no-token");
}

/** Signed or withdrawn: where the entry is, and until when it will be published. */
async function standing(state: string, type: "sign" | "withdraw"): Promise<void> {
  const { letter } = member.opened;
  const post = member.letter.posts.sign;
  const opening = post && ((decode(unb64u(post.body)) as Dict).opening as { shown: Shown } | undefined);
  fill({ "publish-by": moment(Date.parse(letter.publishBy(type)), true), name: opening?.shown.name ?? "" });
  flag({
    named: opening !== undefined,
    hidden: post !== undefined && opening === undefined,
    seen: member.isSeen(type),
    waiting: !member.isSeen(type),
    receipt: member.receipt(type) !== null,
    "can-withdraw": type === "sign" && Date.now() <= Date.parse(letter.rules.withdraw_until),
  });
  show(state);
  if (member.isVoid) return problem(new Refused("void"));
  if (!member.isSeen(type)) lookLater(LOOKS);
  const svg = find("#qr");
  // The address stands in words below: nobody waits for the picture, nor misses it.
  if (svg && type === "sign") drawQr(svg, `${location.origin}/letters/${id}`).catch(console.error);
}

let looking = 0;

/** While the page stays open it looks for the entry in the record. */
function lookLater(left: number): void {
  clearTimeout(looking);
  if (left) looking = window.setTimeout(() => void look(left), LOOK_AGAIN);
}

async function look(left: number): Promise<void> {
  const type = member.has("withdraw") ? "withdraw" : "sign";
  try {
    await member.read();
  } catch (error) {
    if (error instanceof Breach) return failed(error);
  }
  if (!member.isSeen(type)) return lookLater(left - 1);
  flag({ seen: true, waiting: false, receipt: false });
}

const mode = (): string | undefined => find<HTMLInputElement>('input[name="as"]:checked')?.value;

function chosen(): void {
  flag({ named: mode() === "named", hidden: mode() === "hidden" });
}

/** What will be shown: nothing, or a name and perhaps a note, in NFC. */
function typed(): Shown | null {
  if (mode() === "hidden") return null;
  if (mode() !== "named") throw new Refused("mode");
  const [name, note] = ["#name", "#note"].map((field) => find<HTMLInputElement>(field)!.value.trim().normalize("NFC"));
  try {
    checkShown({ name: name! });
  } catch {
    throw new Refused("name");
  }
  if (!note) return { name: name! };
  try {
    checkShown({ name: name!, note });
  } catch {
    throw new Refused("note");
  }
  return { name: name!, note };
}

async function toExposure(): Promise<void> {
  shown = typed();
  chosen();
  fill({ name: shown?.name ?? "", note: shown?.note ?? "", issued: member.opened.issued });
  flag({ note: shown?.note !== undefined, ...(await published()) });
  show("exposure");
}

/** The numbers that are public now. The preview does without them when they are not there or too small. */
async function published(): Promise<Record<string, boolean>> {
  try {
    const { counts } = decode(await server.get(`/letters/${id}.json`)) as { counts: Record<string, number> };
    const [count, hidden] = [counts.signatures! - counts.withdrawn!, counts.hidden!];
    if (count >= COUNTED) {
      fill({ count, "count-next": count + 1, "hidden-count": hidden, "hidden-next": hidden + 1 });
      return { counted: true, uncounted: false };
    }
  } catch (error) {
    if (!(error instanceof FrondeError)) throw error;
  }
  return { counted: false, uncounted: true };
}

/** Sends, and shows what came of it. Without an answer nobody knows: the same bytes can be sent again. */
async function sending(type: "sign" | "withdraw", send: () => Promise<void>): Promise<void> {
  busy(type === "sign" ? "sign" : "send");
  try {
    await send();
  } catch (error) {
    if (error instanceof Declined && error.status === 409) return show("spent");
    if (error instanceof Declined && error.slug === "closed") return show("closed");
    const isOpen = type in member.letter.posts && !member.receipt(type);
    if (error instanceof FrondeError && !(error instanceof Breach) && isOpen) show("unsure");
    throw error;
  }
  await go();
}

async function resend(): Promise<void> {
  const type = "withdraw" in member.letter.posts ? "withdraw" : "sign";
  await sending(type, () => member.deliver(type));
}

async function findIt(): Promise<void> {
  busy("record");
  if (!(await member.find())) throw new Refused("not-in-record");
  await go();
}

function receipt(): void {
  const type = member.has("withdraw") ? "withdraw" : "sign";
  const files = member.receipt(type);
  const stem = find('[data-act="receipt"]')?.dataset.stem ?? "notes";
  if (files) save(stem, "txt", filesOf("receipt", files));
}

function stopped(slug: string, evidence: Breach["evidence"]): void {
  flag({ retry: slug !== "enrol-signature" });
  show("stopped");
  keptBreach(slug, evidence);
}

async function failed(error: unknown): Promise<void> {
  flag({ failed: true }); // of what is read first: it can be tried again
  if (!(error instanceof Breach)) return problem(error);
  await keep.remember(error);
  stopped(error.slug, error.evidence);
}

listen(
  {
    "to-check": () => show("check"),
    "to-mode": () => show("mode"),
    withdraw: () => sending("withdraw", () => member.withdraw()),
    resend,
    find: findIt,
    again: () => (main.dataset.state === "stopped" ? enter() : start()),
    receipt,
  },
  { mode: toExposure, sign: () => sending("sign", () => member.sign(shown)) },
  failed,
);
main.addEventListener("change", chosen);

void act(start, async (error) => {
  const unable = error instanceof FrondeError && ["crypto", "storage"].includes(error.slug);
  if (unable || main.dataset.state === undefined) show(unable ? "unable" : "check-log");
  await failed(error);
});
