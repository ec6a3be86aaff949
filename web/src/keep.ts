// SPDX-License-Identifier: Apache-2.0
// What this browser remembers: the same document as the command line's file, so that one opens in the other.
// IndexedDB, because a transaction there is atomic over tabs and, when asked, on the disk before it ends.  # spec: 4

import { type Bytes, random } from "./bytes.ts";
import { b64u, decode, type Dict, encode, unb64u } from "./canonical.ts";
import { type Breach, FrondeError, Refused } from "./errors.ts";
import * as form from "./form.ts";

export interface Post {
  body: string;
  receipt?: string;
}

/** What was seen of a letter's record and posted to it. seen: index in the log, by type of entry. */
export interface KeptLetter {
  checkpoint?: string;
  posts: Record<string, Post>;
  seen: Record<string, number>;
}

/** What is kept of the instance. tokens: workplace -> number of the slot -> token. Bytes as base64url. */
export interface Kept {
  vkey: string;
  addresses: string[];
  seed?: string;
  checkpoint?: string;
  tokens: Record<string, Record<string, string>>;
  letters: Record<string, KeptLetter>;
}

/** A breach that was met, with its evidence. */
export interface KeptBreach {
  slug: string;
  evidence: Record<string, Bytes>;
}

/** The challenge of a mail code on its way: phones drop a page while its owner reads the mail. until: milliseconds. */
export interface Waiting {
  challenge: string;
  until: number;
}

interface Values {
  kept: Kept;
  breach: KeptBreach;
  waiting: Waiting;
}

/** Where values lie. `update` is one transaction, on the disk when it resolves; undefined deletes. */
export interface Store {
  update<T>(key: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined>;
  clear(): Promise<void>;
}

export class Keep {
  constructor(private readonly store: Store) {}

  get<K extends keyof Values>(key: K): Promise<Values[K] | undefined> {
    return this.store.update<Values[K]>(key, (old) => old);
  }

  set<K extends keyof Values>(key: K, value: Values[K] | undefined): Promise<unknown> {
    return this.store.update<Values[K]>(key, () => value);
  }

  /** Changes what is kept of the instance, which must be there. */
  async change(change: (kept: Kept) => void): Promise<Kept> {
    const kept = await this.store.update<Kept>("kept", (old) => {
      if (old) change(old);
      return old;
    });
    if (!kept) throw new Refused("forgotten", "this device was forgotten meanwhile");
    return kept;
  }

  /** Takes the first key that is seen, and keeps it; later the kept one stands. */
  async trust(vkey: string, address: string): Promise<Kept> {
    const fresh: Kept = { vkey, addresses: [address], tokens: {}, letters: {} };
    return (await this.store.update<Kept>("kept", (old) => old ?? fresh))!;
  }

  /** The seed of 16 bytes; drawn when there is none, and on the disk before anything derived from it is sent. */
  async seed(): Promise<Bytes> {
    return unb64u((await this.change((kept) => (kept.seed ??= b64u(random(16))))).seed!);
  }

  /** Keeps a breach and its evidence. */
  async remember({ slug, evidence }: Breach): Promise<void> {
    await this.set("breach", { slug, evidence });
  }

  forget(): Promise<void> {
    return this.store.clear();
  }
}

/** What is kept of a letter; empty at first. */
export const letterOf = (kept: Kept, id: string): KeptLetter => (kept.letters[id] ??= { posts: {}, seen: {} });

const bytes: form.Check = (value, at) => {
  form.string(1_000_000, { empty: true })(value, at);
  unb64u(value as string);
};
const TYPES = form.oneOf(["sign", "withdraw"]);
const LETTER = form.fields(
  { posts: form.mapping(TYPES, form.fields({ body: bytes }, { receipt: bytes })), seen: form.mapping(TYPES, form.integer(0)) },
  { checkpoint: bytes },
);
const KEPT = form.fields(
  {
    vkey: form.string(500),
    addresses: form.array(form.string(500)),
    tokens: form.mapping(form.slug, form.mapping(form.pattern(/^[1-9][0-9]{0,8}$/), form.data(354))),
    letters: form.mapping(form.slug, LETTER),
  },
  { seed: form.data(16), checkpoint: bytes },
);
const FILE = form.document("keep", { instances: form.mapping(form.anything, KEPT) });

const origin = (kept: Kept): string => kept.vkey.split("+")[0]!;

/** The member's file: as `fronde --keep FILE` reads and writes it. */
export const toFile = (kept: Kept): Bytes =>
  encode({ v: 1, type: "keep", instances: { [origin(kept)]: kept as unknown as Dict } });

/** What a member's file keeps of an instance, or the first one's; throws `file`. */
export function fromFile(data: Bytes, known?: Kept): Kept {
  try {
    const file = decode(data) as Dict;
    FILE(file, "");
    const instances = file.instances as Dict;
    const found = instances[known ? origin(known) : Object.keys(instances)[0]!] as unknown as Kept | undefined;
    if (found?.seed && (!known || known.vkey === found.vkey)) return found;
  } catch (error) {
    if (!(error instanceof FrondeError)) throw error;
  }
  throw new Refused("file", "not a member's file of this instance");
}

const NAME = "fronde";
const OBJECTS = "kept";

/** IndexedDB of this site; throws `storage` where there is none. */
export async function open(): Promise<Keep> {
  try {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(OBJECTS);
    const database = await result(request);
    // Another tab that forgets this device must not wait for this one.
    database.onversionchange = () => database.close();
    const keep = new Keep(new Database(database));
    await keep.get("kept"); // some browsers open and then refuse
    return keep;
  } catch (error) {
    throw new Refused("storage", `${error}`);
  }
}

class Database implements Store {
  constructor(private readonly database: IDBDatabase) {}

  update<T>(key: string, change: (old: T | undefined) => T | undefined): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const transaction = this.begin();
      const store = transaction.objectStore(OBJECTS);
      const request = store.get(key);
      let value: T | undefined;
      request.onsuccess = () => {
        try {
          value = change(request.result as T | undefined);
          if (value !== undefined) store.put(value, key);
          else store.delete(key);
        } catch (error) {
          reject(error); // what the change says; the transaction leaves everything as it was
          transaction.abort();
        }
      };
      transaction.oncomplete = () => resolve(value);
      transaction.onabort = () => reject(new Refused("storage", `${transaction.error}`));
    });
  }

  private begin(): IDBTransaction {
    try {
      return this.database.transaction(OBJECTS, "readwrite", { durability: "strict" });
    } catch (error) {
      throw new Refused("forgotten", `${error}`); // closed, because another tab forgets this device
    }
  }

  async clear(): Promise<void> {
    this.database.close();
    await result(indexedDB.deleteDatabase(NAME));
  }
}

const result = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
