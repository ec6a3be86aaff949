// SPDX-License-Identifier: Apache-2.0
// A server in memory, with real keys, and hooks to make it lie.

import { fromInteger, PublicKey, toInteger } from "../src/blindrsa.ts";
import { base64, type Bytes, concat, hex, random, sha256, uint, unhex, utf8 } from "../src/bytes.ts";
import { b64u, type Dict, encode, unb64u } from "../src/canonical.ts";
import { trust } from "../src/checks.ts";
import * as ed25519 from "../src/ed25519.ts";
import { enrol } from "../src/enrol.ts";
import { bindHash } from "../src/entry.ts";
import { Declined } from "../src/errors.ts";
import type { Server } from "../src/http.ts";
import { Keep, type Store } from "../src/keep.ts";
import { Letter } from "../src/letter.ts";
import { body, vkeyOf } from "../src/note.ts";
import { Member } from "../src/post.ts";
import { receiptText } from "../src/signature.ts";
import { FULL, hashTiles, leafHash, leaves, path, row, Tree } from "../src/tree.ts";
import { cases, power } from "./vectors.ts";

export const HOST = "letters.example";
export const ID = "abcdefghijklmnop";

/** Values in memory. Copies go in and out, as in IndexedDB. */
export class MemoryStore implements Store {
  private readonly values = new Map<string, unknown>();

  async update<T>(key: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined> {
    const value = change(structuredClone(this.values.get(key)) as T | undefined);
    this.values.set(key, structuredClone(value));
    return value;
  }

  async clear(): Promise<void> {
    this.values.clear();
  }
}

/** A key of the vectors of RFC 9578: n and d. */
interface Issuer {
  key: PublicKey;
  d: bigint;
}

const issuers: Issuer[] = [];
export async function issuer(index: number): Promise<Issuer> {
  if (!issuers[index]) {
    const algorithm = { name: "RSA-PSS", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-384" };
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign"]);
    const { n, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
    const head = unhex(cases("rfc9578")[0]!.spki!).slice(0, 81);
    const key = await PublicKey.fromSpki(concat(head, unb64u(n!), unhex("0203010001")));
    issuers[index] = { key, d: toInteger(unb64u(d!)) };
  }
  return issuers[index]!;
}

export class Signer {
  constructor(
    readonly name: string,
    readonly seed = random(32),
  ) {}

  key = (): Promise<Bytes> => ed25519.publicKey(this.seed);
  vkey = async (): Promise<string> => vkeyOf(this.name, await this.key());

  async sign(text: string): Promise<Bytes> {
    const id = unhex((await this.vkey()).split("+")[1]!);
    return utf8(`${text}\n— ${this.name} ${base64(concat(id, await ed25519.sign(this.seed, utf8(text))))}\n`);
  }
}

/** The files of a log of these entries, by path. */
export async function files(signer: Signer, entries: Bytes[]): Promise<Map<string, Bytes>> {
  const tree = await Tree.of(await leaves(entries));
  const found = new Map<string, Bytes>();
  found.set("checkpoint", await signer.sign(body({ origin: signer.name, size: entries.length, root: await tree.root() })));
  for (const tile of row(null, entries.length)) {
    const own = entries.slice(tile.index * FULL, tile.index * FULL + tile.width);
    found.set(path(tile), concat(...own.flatMap((entry) => [uint(entry.length, 2), entry])));
  }
  for (const tile of hashTiles(entries.length)) found.set(path(tile), tree.tile(tile));
  return found;
}

/** An honest instance with one workplace, three slots, one letter. Lies are changes of its parts, or of `answer`. */
export class Place implements Server {
  log = new Signer(`${HOST}/log`);
  record = new Signer(`${HOST}/letters/${ID}/record`);
  receipts = new Signer(`${HOST}/receipts`);
  instance: Bytes[] = [];
  entries: Bytes[] = [];
  heads: { nonce: Bytes; size: number }[] = [];
  letter!: Letter;
  bind = 0;
  nonce = random(32);
  posts: string[] = [];
  accepted: Bytes[] = [];
  known = new Map<string, string>();
  answer: (path: string, honest: Bytes) => Bytes | Promise<Bytes> = (_, honest) => honest;

  static async make(slots = 3): Promise<Place> {
    const place = new Place();
    for (let number = 1; number <= slots; number++) await place.slotNew(number);
    return place;
  }

  add(entry: Dict): void {
    this.instance.push(encode({ v: 1, ...entry }));
  }

  async slotNew(number: number, of = number): Promise<void> {
    const { key } = await issuer(of);
    this.add({ type: "slot.new", workplace: "works", issuer: HOST, season: "2026H2", number, spki: b64u(key.spki) });
  }

  async document(changes: Dict = {}): Promise<Dict> {
    const vkey = await this.log.vkey();
    const rules = { modes: ["named", "hidden"], opens: "2020-01-01T00:00:00Z", closes: "2099-01-01T00:00:00Z", withdraw_until: "2099-02-01T00:00:00Z" };
    return {
      v: 1, type: "letter", id: ID, host: HOST, title: "Title", to: [{ name: "Board", office: "" }], lang: "en", body: "Body.",
      demands: [{ id: "one", ask: "Ask.", measure: "Measure." }], facets: [], citations: [], translations: [],
      rules: { ...rules, floor: 5, batch: { min: 5, minutes: 0, tokens: 5 } },
      workplaces: [{ id: "works", name: "Works", slot: 1, issuers: [{ name: HOST, vkey }] }],
      logs: { letter: await this.record.vkey(), instance: vkey }, witnesses: [], authors: [], ...changes,
    };
  }

  async open(changes: Dict = {}, number = 1): Promise<void> {
    this.letter = await Letter.parse(encode(await this.document(changes)));
    this.bind = this.instance.length;
    this.add({ type: "slot.bind", workplace: "works", number, hash: b64u(await bindHash(this.nonce, this.letter.digest)) });
    await this.publish([await this.opening()]);
  }

  async opening(changes: Dict = {}): Promise<Dict> {
    const issued = [{ workplace: "works", issuer: HOST, n: 10 }];
    const slots = [{ bind: this.bind, nonce: b64u(this.nonce) }];
    return { v: 1, type: "letter.open", letter: b64u(this.letter.digest), slots, receipt_key: await this.receipts.vkey(), issued, ...changes };
  }

  /** Appends entries to the record, and a head to the instance log. */
  async publish(entries: (Dict | Bytes)[]): Promise<void> {
    this.entries.push(...entries.map((entry) => (entry instanceof Uint8Array ? (entry as Bytes) : encode(entry))));
    await this.head();
  }

  async head(size = this.entries.length): Promise<void> {
    const nonce = random(32);
    const tree = await Tree.of(await leaves(this.entries.slice(0, size)));
    const shown = body({ origin: this.record.name, size, root: await tree.root() });
    this.add({ type: "head", bind: this.bind, hash: b64u(await sha256(concat(nonce, shown))) });
    this.heads.push({ nonce, size });
  }

  async get(path: string): Promise<Bytes> {
    const found = await this.honest(path);
    if (!found) throw new Declined(404, "not-found", null);
    return this.answer(path, found);
  }

  private async honest(path: string): Promise<Bytes | undefined> {
    if (path === "/policy") return utf8(`log ${await this.log.vkey()}\nquorum none\n`);
    if (path.startsWith("/log/")) return (await files(this.log, this.instance)).get(path.slice(5));
    const [, , id, ...rest] = path.split("/");
    if (id !== ID || !this.letter) return undefined;
    if (rest[0] === "record") return (await files(this.record, this.entries)).get(rest.slice(1).join("/"));
    if (rest[0] === "letter.json") return this.letter.data;
    const heads = this.heads.map(({ nonce, size }) => ({ nonce: b64u(nonce), size }));
    return rest[0] === "heads.json" ? encode({ v: 1, type: "heads", heads }) : undefined;
  }

  async post(path: string, document: Dict): Promise<Bytes> {
    this.posts.push(path);
    return this.answer(path, path.endsWith("/enrol") ? await this.enrolled(document) : await this.receipt(document));
  }

  private async enrolled(document: Dict): Promise<Bytes> {
    const signatures: Dict = {};
    const held: string[] = [];
    for (const [id, blinded] of Object.entries(document.blinded as Record<string, string>)) {
      if ((this.known.get(id) ?? blinded) !== blinded) held.push(id);
      else signatures[id] = b64u(await this.blindSign(id, unb64u(blinded)));
      if (!this.known.has(id)) this.known.set(id, blinded);
    }
    return encode({ v: 1, type: "enrolled", signatures, held: held.sort() });
  }

  async blindSign(id: string, blinded: Bytes): Promise<Bytes> {
    const { key, d } = issuers.find((each) => each && b64u(each.key.keyId) === id)!;
    return fromInteger(power(toInteger(blinded), d, key.n), 256);
  }

  private async receipt(document: Dict): Promise<Bytes> {
    const entry = document.entry as Dict;
    const data = encode(entry);
    if (!this.accepted.some((other) => hex(other) === hex(data))) this.accepted.push(data);
    return this.receipts.sign(receiptText(this.letter, await leafHash(data), entry.type as string));
  }
}

/** A member's device, empty. */
export const device = (): Keep => new Keep(new MemoryStore());

export const CHALLENGE = b64u(new Uint8Array(32));

export async function enter(place: Place, keep: Keep) {
  return enrol(place, keep, await trust(place, keep, "https://a.example"), "works", CHALLENGE, "ABCDEFGH", () => {});
}

export async function memberOf(place: Place, keep: Keep): Promise<Member> {
  return Member.at(place, keep, (await keep.get("kept"))!, ID);
}

/** A place with a letter, and a member who has joined. */
export async function joined(): Promise<{ place: Place; keep: Keep }> {
  const [place, keep] = [await Place.make(), device()];
  await place.open();
  await enter(place, keep);
  place.posts = [];
  return { place, keep };
}
