// SPDX-License-Identifier: Apache-2.0
// A whole log read and checked: its checkpoint, and every entry or every leaf hash. As log.py.  # spec: 2, 13.2

import { type Bytes, concat, equal } from "./bytes.ts";
import { Refused, Unreadable } from "./errors.ts";
import * as note from "./note.ts";
import { FULL, HASH, hashTiles, leaves, path, row, type Tile, Tree, unpack } from "./tree.ts";

/** The bytes of a path of tlog-tiles ("checkpoint", "tile/0/000", ...). */
export type Fetch = (path: string) => Promise<Bytes>;

const MOST = 5_000_000;
const AT_ONCE = 6;

/** one: exactly one signature line. from: what the root is recomputed from. compare: whether the other hash tiles are
 *  read and compared too. atOnce: so many requests at a time. */
interface Options {
  one?: boolean;
  from?: "entries" | "tiles";
  compare?: boolean;
  atOnce?: number;
}

/** A log whose root was recomputed. note: the signed checkpoint. */
export class Log {
  constructor(
    private readonly fetch: Fetch,
    readonly checkpoint: note.Checkpoint,
    readonly note: Bytes,
    readonly tree: Tree,
  ) {}

  /** The entries of one bundle; each has the leaf hash that gave the root. */
  async bundle(index: number): Promise<Bytes[]> {
    const tile = row(null, this.tree.size)[index]!;
    const entries = await unpackTile(this.fetch, tile);
    const hashes = await leaves(entries);
    for (let i = 0; i < tile.width; i++)
      if (!equal(hashes.subarray(i * HASH, (i + 1) * HASH), this.tree.node(0, index * FULL + i)))
        throw new Refused("bad-leaf", `${path(tile)}: entry ${index * FULL + i}`);
    return entries;
  }

  /** Every entry, a bundle at a time. */
  async *entries(): AsyncGenerator<Bytes> {
    for (let index = 0; index * FULL < this.tree.size; index++) yield* await this.bundle(index);
  }

  /** The index of a leaf; -1 when it is not there. */
  find(leaf: Bytes): number {
    for (let i = 0; i < this.tree.size; i++) if (equal(this.tree.node(0, i), leaf)) return i;
    return -1;
  }

  /** Throws `log-shrunk` or `log-forked` unless this log begins with a checkpoint seen earlier. */
  async beginsWith(seen: note.Checkpoint): Promise<void> {
    if (seen.size > this.tree.size) throw new Refused("log-shrunk", `${seen.size} entries before, ${this.tree.size} now`);
    if (!equal(await this.tree.root(seen.size), seen.root)) throw new Refused("log-forked", `the first ${seen.size} entries are others`);
  }
}

/** Reads a log signed by `key`, whose name is the origin. */
export async function read(fetch: Fetch, key: note.Key, { one = false, from = "entries", compare = false, atOnce = AT_ONCE }: Options = {}): Promise<Log> {
  const signed = await fetch("checkpoint");
  const found = await note.checkpoint(signed, key, one);
  if (found.size > MOST) throw new Refused("log-too-long", `${found.size} entries`);
  const load = from === "entries" ? async (tile: Tile) => leaves(await unpackTile(fetch, tile)) : (tile: Tile) => hashes(fetch, tile);
  const tiles = row(from === "entries" ? null : 0, found.size);
  const parts: Bytes[] = [];
  for (let at = 0; at < tiles.length; at += atOnce) parts.push(...(await Promise.all(tiles.slice(at, at + atOnce).map(load))));
  const tree = await Tree.of(concat(...parts));
  for (const tile of compare ? hashTiles(found.size, from === "entries" ? -1 : 0) : [])
    if (!equal(await fetch(path(tile)), tree.tile(tile))) throw new Refused("bad-tile", path(tile));
  if (!equal(await tree.root(), found.root)) throw new Refused("bad-root", `the entries of ${found.origin} give another root`);
  return new Log(fetch, found, signed, tree);
}

async function unpackTile(fetch: Fetch, tile: Tile): Promise<Bytes[]> {
  return unpack(await fetch(path(tile)), tile.width);
}

async function hashes(fetch: Fetch, tile: Tile): Promise<Bytes> {
  const data = await fetch(path(tile));
  if (data.length !== tile.width * HASH) throw new Unreadable("bad-tile", `${path(tile)}: ${data.length} bytes`);
  return data;
}

/** A fetch that asks for each path once. */
export function remember(fetch: Fetch): Fetch {
  const known = new Map<string, Promise<Bytes>>();
  return (path) => {
    if (!known.has(path)) known.set(path, fetch(path));
    return known.get(path)!;
  };
}
