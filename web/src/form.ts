// SPDX-License-Identifier: Apache-2.0
// The form of documents, as in form.py: which fields, of which type, how long.  # spec: 1, 14
// A check takes a value and the path to it and throws `newer` for what a later version may have added, else `bad-form`.

import { type Dict, type Json, unb64u } from "./canonical.ts";
import { Newer, Unreadable } from "./errors.ts";

export type Check = (value: Json, at: string) => void;

const bad = (at: string, what: string): never => {
  throw new Unreadable("bad-form", `${at || "the top"}: ${what}`);
};

const isDict = (value: Json | undefined): value is Dict =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// "x" in object also finds what every object inherits: "toString" is not a field.
const has = (object: object, name: string): boolean => Object.hasOwn(object, name);

/** Any whole object of version 1 with a type. */
export function whole(value: Json, at: string): void {
  if (!isDict(value)) return bad(at, "not an object");
  if (!has(value, "v") || !Number.isInteger(value.v) || !has(value, "type") || typeof value.type !== "string")
    bad(at, "v or type is missing or of another type");
  if (value.v !== 1) throw new Newer(`version ${value.v}`);
}

/** A whole object: `v` 1, `type` kind, then the fields (see `fields`). */
export function document(kind: string, required: Record<string, Check>, optional: Record<string, Check> = {}, reserved: string[] = []): Check {
  const inner = fields({ v: anything, type: anything, ...required }, optional, reserved);
  return (value, at) => {
    whole(value, at);
    if ((value as Dict).type !== kind) throw new Newer(`type ${(value as Dict).type}`);
    inner(value, at);
  };
}

/** An object with exactly these fields; a reserved one means a newer fronde. */
export function fields(required: Record<string, Check>, optional: Record<string, Check> = {}, reserved: string[] = []): Check {
  const known: Record<string, Check> = { ...required, ...optional };
  return (value, at) => {
    if (!isDict(value)) return bad(at, "not an object");
    const names = Object.keys(value).sort();
    for (const name of names) {
      if (has(known, name)) continue;
      if (reserved.includes(name)) throw new Newer(`the field ${at}${at && "."}${name}`);
      bad(at, `unknown field ${name.slice(0, 40)}`);
    }
    for (const name of Object.keys(required)) if (!has(value, name)) bad(at, `the field ${name} is missing`);
    for (const name of names) known[name]!(value[name]!, at ? `${at}.${name}` : name);
  };
}

/** No rule beyond the profile's. */
export const anything: Check = () => {};

/** An integer within [low, high]; true is not 1. */
export const integer =
  (low: number, high = Number.MAX_SAFE_INTEGER): Check =>
  (value, at) => {
    if (typeof value !== "number") return bad(at, "not an integer");
    if (value < low || value > high) bad(at, `${value} is not within ${low} and ${high}`);
  };

export const boolean: Check = (value, at) => {
  if (typeof value !== "boolean") bad(at, "neither true nor false");
};

/** A string of at most `most` code points; LF only with `lines`, the empty one only with `empty`. */
export const string =
  (most: number, { lines = false, empty = false } = {}): Check =>
  (value, at) => {
    if (typeof value !== "string") return bad(at, "not a string");
    if ([...value].length > most) bad(at, `more than ${most} characters`);
    if (!value && !empty) bad(at, "empty");
    if (!lines && value.includes("\n")) bad(at, "a line break");
  };

/** Strict base64url of `length` bytes. */
export const data =
  (length: number): Check =>
  (value, at) => {
    if (typeof value !== "string") return bad(at, "not a string");
    try {
      unb64u(value, length);
    } catch {
      bad(at, `not base64url of ${length} bytes`);
    }
  };

/** A string that the whole of `rx` matches. */
export const pattern =
  (rx: RegExp): Check =>
  (value, at) => {
    if (typeof value !== "string" || !rx.test(value)) bad(at, `not ${rx.source}`);
  };

export const slug = pattern(/^[a-z0-9-]{1,40}$/);
export const host = pattern(/^[a-z0-9.-]{1,200}(:(0|[1-9][0-9]{0,4}))?$/);

/** One of these strings; with `newer`, any other string means a newer fronde. */
export const oneOf =
  (known: string[], newer = false): Check =>
  (value, at) => {
    if (typeof value !== "string") return bad(at, "not a string");
    if (known.includes(value)) return;
    if (newer) throw new Newer(`${value.slice(0, 40)} at ${at}`);
    bad(at, `none of ${known.join(", ")}`);
  };

/** YYYY-MM-DDThh:mm:ssZ, a time that exists. */
export const time: Check = (value, at) => {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) || !exists(value)) bad(at, "not a time");
};

/** YYYY-MM-DD, a day that exists. */
export const date: Check = (value, at) => {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d$/.test(value) || !exists(`${value}T00:00:00Z`)) bad(at, "not a date");
};

function exists(moment: string): boolean {
  const parsed = Date.parse(moment);
  return moment >= "0001" && Number.isFinite(parsed) && formatTime(parsed) === moment;
}

/** The T string of milliseconds since 1970. */
export const formatTime = (moment: number): string => new Date(moment).toISOString().replace(/\.\d+Z$/, "Z");

/** A list. `fixed`: a length that this version fixes; another one means a newer fronde. */
export const array =
  (inner: Check, { least = 0, most = 10_000, fixed = undefined as number | undefined } = {}): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return bad(at, "not a list");
    if (fixed !== undefined && value.length !== fixed) throw new Newer(`${value.length} of ${at}, where this version knows ${fixed}`);
    if (value.length < least || value.length > most) bad(at, `${value.length} items, from ${least} to ${most}`);
    value.forEach((item, i) => inner(item, `${at}[${i}]`));
  };

/** An object whose keys are data: each passes `key`, each value `inner`. */
export const mapping =
  (key: Check, inner: Check, most = 1_000_000): Check =>
  (value, at) => {
    if (!isDict(value)) return bad(at, "not an object");
    const names = Object.keys(value).sort();
    if (names.length > most) bad(at, `more than ${most} items`);
    for (const name of names) {
      key(name, `${at}[${name.slice(0, 50)}]`);
      inner(value[name]!, `${at}[${name.slice(0, 50)}]`);
    }
  };
