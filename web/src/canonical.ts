// SPDX-License-Identifier: Apache-2.0
// The JSON profile of everything that is hashed or signed: RFC 8785 without floats and null.  # spec: 1

import { base64, type Bytes, equal, sha256, text, unbase64, utf8 } from "./bytes.ts";
import { Unreadable } from "./errors.ts";

export type Json = string | number | boolean | Json[] | { [key: string]: Json };
export type Dict = { [key: string]: Json };

const DEPTH = 8;

// A few bytes of JSON can become much memory: beyond LARGE, at most one value in SPARSE bytes.
const LARGE = 2 ** 20;
const SPARSE = 20;

// U+0000-001F but LF, U+007F-009F, lone surrogates
const FORBIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ud800-\udfff]/u;
const ASCII = /^[\u0000-\u007f]*$/;

/** The bytes are not canonical JSON. */
const refuse = (what: string): never => {
  throw new Unreadable("not-canonical", what);
};

/** The canonical bytes of a value. Throws `not-canonical` for what the profile does not know. */
export function encode(value: Json): Bytes {
  check(value, DEPTH);
  return utf8(dump(value));
}

/** The value of canonical bytes. Throws `not-canonical` when they are not exactly what `encode` writes. */
export function decode(data: Bytes): Json {
  if (crowded(data)) refuse("more values than any document has");
  let value: Json;
  try {
    value = JSON.parse(text(data)) as Json;
  } catch {
    return refuse("not JSON");
  }
  return equal(encode(value), data) ? value : refuse("not in canonical form");
}

/** SHA-256 of the canonical bytes. */
export const digest = (value: Json): Promise<Bytes> => sha256(encode(value));

/** base64url without padding. */
export const b64u = (data: Bytes): string => base64(data).replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_");

/** Strict inverse of `b64u`; `length` in bytes. */
export function unb64u(digits: string, length?: number): Bytes {
  const plain = /[^A-Za-z0-9_-]/.test(digits) ? "!" : digits.replace(/-/g, "+").replace(/_/g, "/");
  const data = unbase64(plain.padEnd(Math.ceil(plain.length / 4) * 4, "="));
  if (data === null || (length !== undefined && data.length !== length)) return refuse("not strict base64url");
  return data;
}

/** What begins or divides values, counted outside strings. */
function crowded(data: Bytes): boolean {
  if (data.length <= LARGE) return false;
  let values = 0;
  let inside = false;
  for (let at = 0; at < data.length; at++) {
    const char = String.fromCharCode(data[at]!);
    if (char === '"') inside = !inside;
    else if (inside) at += char === "\\" ? 1 : 0;
    else if ("[{,".includes(char)) values++;
  }
  return values > Math.floor(data.length / SPARSE);
}

function dump(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(dump).join(",")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${dump(value[key]!)}`).join(",")}}`;
}

function check(value: Json, depth: number): void {
  if (typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) refuse("a number that is not an integer of the profile");
  } else if (typeof value === "string") {
    if (FORBIDDEN.test(value)) refuse("a control character or a lone surrogate");
  } else if (typeof value === "object" && value !== null) {
    if (!depth) refuse(`more than ${DEPTH} levels`);
    if (!Array.isArray(value)) {
      for (const key of Object.keys(value)) if (!ASCII.test(key) || FORBIDDEN.test(key)) refuse("a key that is not plain ASCII");
    }
    for (const inner of Object.values(value)) check(inner, depth - 1);
  } else refuse(`${value === null ? "null" : typeof value} is not of the profile`);
}
