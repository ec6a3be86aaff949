// SPDX-License-Identifier: Apache-2.0
// Merkle trees of RFC 6962 section 2.1, and how they lie in files: c2sp.org/tlog-tiles.  # spec: 7

import { type Bytes, concat, sha256 } from "./bytes.ts";
import { Unreadable } from "./errors.ts";

export const HASH = 32;
export const FULL = 256;

// So many digests are in flight at once: WebCrypto answers later, and the page stays responsive.
const CHUNK = 512;

export const leafHash = (entry: Bytes): Promise<Bytes> => sha256(concat(Uint8Array.of(0), entry));
export const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(concat(Uint8Array.of(1), left, right));

/** A whole tree: at level l the hash of every full subtree of 2^l leaves, end to end. */
export class Tree {
  private constructor(
    readonly size: number,
    private readonly levels: Bytes[],
  ) {}

  /** The tree of leaf hashes laid end to end. */
  static async of(leaves: Bytes): Promise<Tree> {
    const levels = [leaves];
    for (let level = leaves; level.length >= 2 * HASH; ) levels.push((level = await parents(level)));
    return new Tree(leaves.length / HASH, levels);
  }

  /** The hash of full subtree `index` of 2^level leaves. */
  node(level: number, index: number): Bytes {
    return this.levels[level]!.subarray(index * HASH, (index + 1) * HASH);
  }

  /** The root of the first `size` leaves; size is at most that of this tree. */
  async root(size = this.size): Promise<Bytes> {
    let value: Bytes | undefined;
    for (let level = 0, rest = size; rest; level++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue;
      const node = this.node(level, rest - 1);
      value = value ? await nodeHash(node, value) : node;
    }
    return value ?? sha256(new Uint8Array(0));
  }

  /** The bytes that the hash tile at this level of tiles has. */
  tile(tile: Tile): Bytes {
    return this.levels[8 * tile.level!]!.subarray(tile.index * FULL * HASH, (tile.index * FULL + tile.width) * HASH);
  }
}

async function parents(level: Bytes): Promise<Bytes> {
  const count = Math.floor(level.length / (2 * HASH));
  const above = new Uint8Array(count * HASH);
  for (let from = 0; from < count; from += CHUNK) {
    const pairs = Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => level.subarray(2 * (from + i) * HASH, 2 * (from + i + 1) * HASH));
    const nodes = await Promise.all(pairs.map((pair) => sha256(concat(Uint8Array.of(1), pair))));
    nodes.forEach((node, i) => above.set(node, (from + i) * HASH));
  }
  return above;
}

/** The leaf hashes of entries, end to end. */
export const leaves = async (entries: Bytes[]): Promise<Bytes> => concat(...(await Promise.all(entries.map(leafHash))));

/** A hash tile, or an entry bundle (level null). */
export interface Tile {
  level: number | null;
  index: number;
  width: number;
}

/** The path of a tile: "tile/0/x001/x234/067.p/5", "tile/entries/000". */
export function path({ level, index, width }: Tile): string {
  let digits = `${index % 1000}`.padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest; rest = Math.floor(rest / 1000)) digits = `x${`${rest % 1000}`.padStart(3, "0")}/${digits}`;
  return `tile/${level ?? "entries"}/${digits}${width === FULL ? "" : `.p/${width}`}`;
}

/** The tiles of `count` items at one level, the partial one last. */
export const row = (level: number | null, count: number): Tile[] =>
  Array.from({ length: Math.ceil(count / FULL) }, (_, index) => ({ level, index, width: Math.min(FULL, count - index * FULL) }));

/** The hash tiles of a tree, level by level; with `above`, those of higher levels only. */
export function hashTiles(size: number, above = -1): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0, count = size; count; level++, count = Math.floor(count / FULL)) if (level > above) tiles.push(...row(level, count));
  return tiles;
}

/** How many files a log of `size` entries has: asked before a size from anywhere fills the memory. */
export function countTiles(size: number): number {
  let total = Math.ceil(size / FULL);
  for (let count = size; count; count = Math.floor(count / FULL)) total += Math.ceil(count / FULL);
  return total;
}

/** The entries of a bundle; throws `bad-bundle` when it holds more or fewer than `count`, or half of one. */
export function unpack(data: Bytes, count: number): Bytes[] {
  const entries: Bytes[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = at + 2 + data[at]! * 256 + data[at + 1]!;
    if (!(end <= data.length)) throw new Unreadable("bad-bundle", "cut off");
    entries.push(data.subarray(at + 2, end));
    at = end;
  }
  if (at !== data.length) throw new Unreadable("bad-bundle", `more than ${count} entries`);
  return entries;
}
