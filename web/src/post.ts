// SPDX-License-Identifier: Apache-2.0
// Signing and withdrawing: what is posted, kept until it is seen in the record, and posted again.  # spec: 7, 9, 15

import { type Bytes, random } from "./bytes.ts";
import { b64u, decode, type Dict, encode, unb64u } from "./canonical.ts";
import { checkReceipt, openLetter, type Opened, type Present, proving } from "./checks.ts";
import * as ed25519 from "./ed25519.ts";
import { parseLetter } from "./entry.ts";
import { Breach, Declined, Refused } from "./errors.ts";
import type { Server } from "./http.ts";
import { type Keep, type Kept, type KeptLetter, letterOf } from "./keep.ts";
import { checkToken, slotInput } from "./privacypass.ts";
import { importSeed, signSeed } from "./secrets.ts";
import { commitment, type Opening, receiptText, type Shown, signEntry, withdrawEntry } from "./signature.ts";
import { FULL, leafHash } from "./tree.ts";

/** A member at the page of one letter. */
export class Member {
  now!: Present;
  opened!: Opened;
  /** The letter closed with fewer than the floor: nothing of it is published, receipts or not. */
  isVoid = false;

  private constructor(
    private readonly server: Server,
    private readonly keep: Keep,
    public kept: Kept,
    readonly id: string,
  ) {}

  /** Reads and checks everything about the letter, then posts again what is not yet seen. */
  static async at(server: Server, keep: Keep, kept: Kept, id: string): Promise<Member> {
    const member = new Member(server, keep, kept, id);
    await member.read();
    for (const type of Object.keys(member.letter.posts)) await member.deliver(type);
    return member;
  }

  get letter(): KeptLetter {
    return letterOf(this.kept, this.id);
  }

  /** The token of the letter's slot; null when this browser holds none. */
  get token(): Bytes | null {
    const { id, slot } = this.opened.letter.workplace;
    const kept = this.kept.tokens[id]?.[slot];
    return kept === undefined ? null : unb64u(kept);
  }

  has(type: string): boolean {
    return type in this.letter.posts || type in this.letter.seen;
  }

  isSeen(type: string): boolean {
    return type in this.letter.seen;
  }

  /** Reads the logs anew; what is seen in the record is no longer kept. */
  async read(): Promise<void> {
    const { now, opened } = await openLetter(this.server, this.keep, this.kept, this.id);
    Object.assign(this, { now, opened });
    for (const [type, post] of Object.entries(this.letter.posts)) {
      const index = opened.record.find(await leafOf(unb64u(post.body)));
      // Below the last head only: a record shown to one signer alone opens none.
      if (index >= 0 && index < opened.last) await this.saw(type, index);
      else if (index < 0 && post.receipt) await this.demandKept(type, unb64u(post.body), unb64u(post.receipt));
    }
    this.kept = await this.keep.change(() => {});
  }

  private async saw(type: string, index: number): Promise<void> {
    this.kept = await this.keep.change((all) => {
      const own = letterOf(all, this.id);
      own.seen[type] = index;
      delete own.posts[type];
    });
  }

  /** A receipt whose entry is missing although the record is closed, not void, and its time is past, is a breach. */
  private async demandKept(type: string, body: Bytes, receipt: Bytes): Promise<void> {
    const { letter, record } = this.opened;
    const close = await this.closing();
    this.isVoid = close?.void === true;
    if (!close || this.isVoid) return;
    if (type === "withdraw" && Date.now() < Date.parse(letter.publishBy(type))) return;
    const entry = encode((decode(body) as Dict).entry!);
    const evidence = { "entry.json": entry, "receipt.txt": receipt, "letter.json": letter.data, "record-checkpoint": record.note };
    throw new Breach("left-out", `a receipt for a ${type}, and no such entry`, evidence);
  }

  /** The letter.close of the record; null while it is open. Only withdrawals follow it. */
  private async closing(): Promise<Dict | null> {
    const { record } = this.opened;
    for (let index = Math.ceil(record.tree.size / FULL) - 1; index >= 0; index--) {
      for (const data of (await record.bundle(index)).reverse()) {
        const entry = await parseLetter(data);
        if (entry.type !== "withdraw") return entry.type === "letter.close" ? entry : null;
      }
    }
    return null;
  }

  private async seed(): Promise<Bytes> {
    const { id, slot } = this.opened.letter.workplace;
    return signSeed(await importSeed(await this.keep.seed()), this.now.key.name, id, slot);
  }

  /** Signs: with `shown` by name, without it with the name hidden. */
  async sign(shown: Shown | null): Promise<void> {
    const { letter, slot } = this.opened;
    const mode = shown ? "named" : "hidden";
    if (!letter.rules.modes.includes(mode)) throw new Refused("mode");
    if (slot.end === "closed") throw new Refused("closed");
    const token = this.token;
    if (!token) throw new Refused("no-token");
    const seed = await this.seed();
    const key = await ed25519.publicKey(seed);
    const input = await slotInput(this.now.host, slot.workplace, slot.number, key, slot.key.keyId);
    await proving({ token, "slot.txt": slot.key.spki }, () => checkToken(token, input, slot.key), "other-slot-key");
    if (!shown) return this.post("sign", { entry: await signEntry(letter, seed, token, mode) });
    const salt = random(32);
    const opening: Opening = { salt: b64u(salt), shown };
    const entry = await signEntry(letter, seed, token, mode, await commitment(key, salt, shown));
    await this.post("sign", { entry, opening: opening as unknown as Dict });
  }

  async withdraw(): Promise<void> {
    await this.post("withdraw", { entry: await withdrawEntry(this.opened.letter, await this.seed()) });
  }

  /** Kept before it is sent: whether an answer comes or not, the same bytes can be sent again. */
  private async post(type: string, fields: Dict): Promise<void> {
    const body = encode({ v: 1, type: "post", ...fields });
    this.kept = await this.keep.change((all) => {
      letterOf(all, this.id).posts[type] ??= { body: b64u(body) };
    });
    await this.deliver(type, [...FINAL, ...BUSY]);
  }

  /**
   * Sends what is kept. Declined by the server with one of `final` it was never taken in: forgotten, unless a
   * receipt is there. An answer that is no error of ours may be a gateway's, after the server took it in: kept.
   */
  async deliver(type: string, final = FINAL): Promise<void> {
    const body = unb64u(this.letter.posts[type]!.body);
    const document = decode(body) as Dict;
    let receipt: Bytes;
    try {
      receipt = await this.server.post(`/letters/${this.id}/${type}`, document);
    } catch (error) {
      if (error instanceof Declined && error.slug !== "declined" && final.includes(error.status)) await this.drop(type);
      throw error;
    }
    const { letter, receiptKey } = this.opened;
    const evidence = { "entry.json": encode(document.entry!), "receipt.txt": receipt };
    await checkReceipt(receipt, receiptKey, receiptText(letter, await leafOf(body), type), evidence);
    this.kept = await this.keep.change((all) => {
      const kept = letterOf(all, this.id).posts[type];
      if (kept) kept.receipt = b64u(receipt);
    });
  }

  private async drop(type: string): Promise<void> {
    this.kept = await this.keep.change((all) => {
      const { posts } = letterOf(all, this.id);
      if (!posts[type]?.receipt) delete posts[type];
    });
  }

  /** Looks through the whole record for what was signed with these words on another device. */
  async find(): Promise<boolean> {
    const key = b64u(await ed25519.publicKey(await this.seed()));
    let index = 0;
    for await (const data of this.opened.record.entries()) {
      const entry = await parseLetter(data);
      if (entry.key === key && index < this.opened.last) await this.saw(entry.type as string, index);
      index++;
    }
    return this.isSeen("sign");
  }

  /** What shows later that an entry was left out: the entry and the answer to it; null when both are not here. */
  receipt(type: string): Record<string, Bytes> | null {
    const post = this.letter.posts[type];
    if (!post?.receipt) return null;
    return { "entry.json": encode((decode(unb64u(post.body)) as Dict).entry!), "receipt.txt": unb64u(post.receipt) };
  }
}

/** After these a post will never be accepted as it is. Anything else (busy, stopped, broken) may pass. */
const FINAL = [404, 409, 410, 422];
/** After these it was not taken in; but an earlier sending of the same may have been. */
const BUSY = [429, 503];

const leafOf = (body: Bytes): Promise<Bytes> => leafHash(encode((decode(body) as Dict).entry!));
