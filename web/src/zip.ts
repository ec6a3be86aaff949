// SPDX-License-Identifier: Apache-2.0
// The container of a proof, read strictly, as bundle.py: one shape of ZIP only, so that no two readers can see
// different files in it. Members are read one at a time and never grow beyond the size they state.  # spec: 13

import { type Bytes, concat, equal } from "./bytes.ts";
import { Newer, Unreadable } from "./errors.ts";
import { countTiles, hashTiles, path, row } from "./tree.ts";

const MOST_FILES = 20_000;
const MOST_BYTES = 2 * 1024 ** 3;
const MOST_OF_ONE = 256 * 1024 ** 2;
const MOST_RATIO = 100;
const SPARED = 1024; // bytes beyond the ratio: a small file may be very regular

const LOCAL = 30;
const DIRECTORY = 46;
const END = 22;
const NAME = /^[A-Za-z0-9._/-]{1,100}$/;

/** A container that is not of the strict shape. entry: the member's name, or "". */
export class BadArchive extends Unreadable {
  constructor(
    slug: string,
    readonly entry = "",
  ) {
    super(slug, entry);
  }
}

interface Member {
  name: string;
  method: number;
  crc: number;
  packed: number;
  size: number;
  start: number;
  /** What the local header must repeat. */
  shared: Bytes;
}

const bytesOf = async (file: Blob, from: number, to: number): Promise<Bytes> => new Uint8Array(await file.slice(from, to).arrayBuffer());
const viewOf = (data: Bytes): DataView => new DataView(data.buffer, data.byteOffset, data.length);

/** An opened proof: its container is of the strict shape; the data of a member is checked when it is read. */
export class Archive {
  private constructor(
    private readonly file: Blob,
    private readonly members: Map<string, Member>,
  ) {}

  static async open(file: Blob): Promise<Archive> {
    const { directory, count } = await readEnd(file);
    const members = new Map<string, Member>();
    let total = 0;
    for (const member of readDirectory(directory, count)) {
      if (members.has(member.name)) throw new BadArchive("same-name", member.name);
      total += member.size;
      if (total > MOST_BYTES) throw new BadArchive("too-large");
      members.set(member.name, member);
    }
    await checkLocalHeaders(file, [...members.values()], file.size - END - directory.length);
    return new Archive(file, members);
  }

  get names(): string[] {
    return [...this.members.keys()];
  }

  /** Bytes of all members in the archive. */
  get packed(): number {
    return [...this.members.values()].reduce((sum, { packed }) => sum + packed, 0);
  }

  /** The bytes of one member; throws when it is missing or damaged. */
  async read(name: string): Promise<Bytes> {
    const member = this.members.get(name);
    if (!member) throw new BadArchive("file-missing", name);
    const packed = this.file.slice(member.start, member.start + member.packed);
    const data = member.method ? await deflated(packed, member.size) : new Uint8Array(await packed.arrayBuffer());
    if (data?.length !== member.size || crc32(data) !== member.crc) throw new BadArchive("member-damaged", name);
    return data;
  }

  /** Throws unless the names are exactly those of a proof with logs of these sizes; evidence/ has its own look. */
  checkNames(sizes: Record<string, number>): void {
    const have = new Set(this.names.filter((name) => !name.startsWith("evidence/")));
    for (const name of [...have].sort()) if (name.startsWith("documents/")) throw new Newer(`the proof holds ${name}`);
    // An invented size must not make us list a million names.
    for (const [folder, size] of Object.entries(sizes)) if (countTiles(size) > have.size) throw new BadArchive("file-missing", `${folder}/checkpoint`);
    const wanted = new Set(expectedNames(sizes));
    const odd = [...have, ...wanted].filter((name) => have.has(name) !== wanted.has(name)).sort()[0];
    if (odd !== undefined) throw new BadArchive(wanted.has(odd) ? "file-missing" : "unknown-file", odd);
  }

  /** Throws unless what lies under evidence/ is exactly what the letter cites. */
  checkEvidence(cited: string[]): void {
    const have = this.names.filter((name) => name.startsWith("evidence/")).sort();
    const wanted = cited.map(evidenceName).sort();
    for (const name of have) if (!wanted.includes(name)) throw new Newer(`the proof holds ${name}`);
    for (const name of wanted) if (!have.includes(name)) throw new BadArchive("file-missing", name);
  }
}

export const evidenceName = (id: string): string => `evidence/${id}.json`;

function expectedNames(sizes: Record<string, number>): string[] {
  const logs = Object.entries(sizes).flatMap(([folder, size]) => {
    const tiles = [...row(null, size), ...hashTiles(size)].map(path);
    return ["checkpoint", ...tiles].map((name) => `${folder}/${name}`);
  });
  return ["README.txt", "heads.json", "letter.json", "openings.json", ...logs];
}

async function readEnd(file: Blob): Promise<{ directory: Bytes; count: number }> {
  if (file.size < END) throw new BadArchive("not-a-zip");
  const end = viewOf(await bytesOf(file, file.size - END, file.size));
  if (end.getUint32(0) !== 0x504b0506 || end.getUint16(20, true)) throw new BadArchive("not-a-zip");
  const [count, size, start] = [end.getUint16(10, true), end.getUint32(12, true), end.getUint32(16, true)];
  if (end.getUint16(4, true) || end.getUint16(6, true) || end.getUint16(8, true) !== count || start + size !== file.size - END)
    throw new BadArchive("end-record");
  if (count > MOST_FILES) throw new BadArchive("too-large");
  if (size > count * (DIRECTORY + 100)) throw new BadArchive("end-record");
  return { directory: await bytesOf(file, start, start + size), count };
}

function* readDirectory(directory: Bytes, count: number): Generator<Member> {
  let at = 0;
  let dataAt = 0;
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY > directory.length) throw new BadArchive("directory");
    const record = viewOf(directory.subarray(at, at + DIRECTORY));
    const length = record.getUint16(28, true);
    const raw = directory.subarray(at + DIRECTORY, at + DIRECTORY + length);
    const name = String.fromCharCode(...raw.subarray(0, 101));
    if (raw.length !== length || !NAME.test(name)) throw new BadArchive("unknown-file");
    if (record.getUint32(42, true) !== dataAt) throw new BadArchive("not-contiguous", name);
    const shared = concat(directory.slice(at + 8, at + 12), directory.slice(at + 16, at + 30), raw.slice());
    const found = member(name, record, dataAt + LOCAL + length, shared);
    yield found;
    at += DIRECTORY + length;
    dataAt = found.start + found.packed;
  }
  if (at !== directory.length) throw new BadArchive("directory");
}

function member(name: string, record: DataView, start: number, shared: Bytes): Member {
  const [flags, method] = [record.getUint16(8, true), record.getUint16(10, true)];
  const [crc, packed, size] = [record.getUint32(16, true), record.getUint32(20, true), record.getUint32(24, true)];
  const attributes = record.getUint32(38, true);
  const demand = (holds: boolean, slug: string) => {
    if (!holds) throw new BadArchive(slug, name);
  };
  // extra field, comment, disk
  demand(record.getUint32(0) === 0x504b0102 && !record.getUint16(30, true) && !record.getUint16(32, true) && !record.getUint16(34, true), "directory");
  demand(flags === 0 || flags === 0x800, "member-flags");
  demand(method === 8 || (method === 0 && packed === size), "member-method");
  demand(!(attributes & 0x18) && [0, 8].includes(attributes >>> 28), "not-a-plain-file");
  demand(size <= MOST_OF_ONE && size <= MOST_RATIO * packed + SPARED, "too-large");
  return { name, method, crc, packed, size, start, shared };
}

async function checkLocalHeaders(file: Blob, members: Member[], fileEnd: number): Promise<void> {
  let end = 0;
  for (const { name, start, packed, shared } of members) {
    const header = await bytesOf(file, end, start);
    const own = concat(header.slice(6, 10), header.slice(14, 28), header.slice(LOCAL));
    if (header.length !== start - end || viewOf(header).getUint32(0) !== 0x504b0304 || header[28] || header[29] || !equal(own, shared))
      throw new BadArchive("headers-differ", name);
    end = start + packed;
  }
  if (end !== fileEnd) throw new BadArchive("not-contiguous");
}

/** What a member inflates to; null unless its stream ends exactly where its data ends. */
async function deflated(packed: Blob, size: number): Promise<Bytes | null> {
  // Some engines overlook what follows the end of a stream; but then it also ends without its last byte.
  const short = await inflate(packed.slice(0, -1), size);
  return short ? null : inflate(packed, size);
}

/** Inflates hardly further than `size`; null for what is not deflated, cut off, or goes on after its end. */
async function inflate(packed: Blob, size: number): Promise<Bytes | null> {
  const parts: Bytes[] = [];
  let length = 0;
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  try {
    for (let part = await reader.read(); !part.done && length <= size; part = await reader.read()) {
      parts.push(part.value as Bytes);
      length += part.value.length;
    }
  } catch {
    return null;
  }
  if (length > size) await reader.cancel().catch(() => {});
  return concat(...parts);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(data: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The size that a checkpoint states, signed or not. */
export function statedSize(data: Bytes, name: string): number {
  const stated = /^[^\n]*\n(0|[1-9][0-9]{0,15})\n/.exec(new TextDecoder("latin1").decode(data));
  if (!stated) throw new BadArchive("no-size", name);
  return Number(stated[1]);
}
