// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, text, utf8 } from "../src/bytes.ts";
import { b64u, decode, encode, type Json, unb64u } from "../src/canonical.ts";
import { Newer, Unreadable } from "../src/errors.ts";
import * as form from "../src/form.ts";

const notCanonical = (error: unknown) => error instanceof Unreadable && error.slug === "not-canonical";

test("fields are sorted, texts keep their characters, and it reads back", () => {
  const value = { b: [1, true, "é\n\"\\\u2028"], a: { __proto__: 1 } };
  assert.equal(text(encode({ b: 1, a: 2, B: 3 })), '{"B":3,"a":2,"b":1}');
  const data = encode({ ...value, a: JSON.parse('{"__proto__":1}') as Json });
  assert.equal(text(data), '{"a":{"__proto__":1},"b":[1,true,"é\\n\\"\\\\\u2028"]}');
  assert.deepEqual(encode(decode(data)), data);
});

const BAD = [
  '{"a":1,"a":1}', '{"b":1,"a":2}', '{"a": 1}', '{"a":1}\n', "\ufeff{}", "1.0", "1e3", "-0", "9007199254740992", "null", '{"a":null}', "NaN",
  "Infinity", '"\\u0041"', '"\\t"', '"\u007f"', '"\\ud800"', '{"é":1}', "[[[[[[[[[]]]]]]]]]", "", "[1,]", "01", '"\\/"', '"a', "1.5", "[".repeat(100_000),
];
for (const bad of BAD)
  test(`${JSON.stringify(bad.slice(0, 30))} is refused`, () => {
    assert.throws(() => decode(utf8(bad)), notCanonical);
  });

test("bytes that are not UTF-8 are refused", () => {
  assert.throws(() => decode(Uint8Array.of(0x22, 0xff, 0x22)), notCanonical);
  assert.throws(() => decode(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)), notCanonical);
});

test("eight levels are read", () => assert.deepEqual(decode(utf8("[[[[[[[[]]]]]]]]")), [[[[[[[[]]]]]]]]));

test("base64url is strict", () => {
  const data: Bytes = Uint8Array.of(251, 255, 1);
  assert.equal(b64u(data), "-_8B");
  assert.deepEqual(unb64u("-_8B", 3), data);
  for (const bad of ["-_8B=", "+/8B", "-_8", "-_8b\n", "AB", "A", "é", "====", "A==="]) assert.throws(() => unb64u(bad, 3), notCanonical);
  assert.deepEqual(unb64u(""), new Uint8Array(0));
});

const thing = form.document("thing", { n: form.integer(1, 3), at: form.time }, { list: form.array(form.slug, { fixed: 1 }) }, ["later"]);
const good = { v: 1, type: "thing", n: 1, at: "2026-02-28T10:00:00Z" };
const reading = (value: Json) => () => thing(value, "");

test("a document of the form passes", () => {
  thing(good, "");
  thing({ ...good, list: ["a-1"] }, "");
});

for (const [what, value] of Object.entries<Json>({
  version: { ...good, v: 2 },
  type: { ...good, type: "other" },
  reserved: { ...good, later: 1 },
  length: { ...good, list: [] },
}))
  test(`another ${what} means a newer fronde`, () => assert.throws(reading(value), Newer));

for (const [what, value] of Object.entries<Json>({
  "an unknown field": { ...good, more: 1 },
  "a field that every object inherits": { ...good, toString: 1 },
  "a missing field": { v: 1, type: "thing", n: 1 },
  "true for one": { ...good, n: true },
  "a number out of range": { ...good, n: 4 },
  "a day that does not exist": { ...good, at: "2026-02-30T10:00:00Z" },
  "an hour that does not exist": { ...good, at: "2026-02-28T24:00:00Z" },
  "a list": [],
  "no version": { type: "thing" },
  "true for the version": { ...good, v: true },
}))
  test(`${what} is an error`, () =>
    assert.throws(reading(value), (error: unknown) => error instanceof Unreadable && error.slug === "bad-form"));
