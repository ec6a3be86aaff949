// SPDX-License-Identifier: Apache-2.0
// The vectors that both languages read.

import { readFileSync } from "node:fs";

export type Case = Record<string, string>;

/** The cases of tests/vectors/NAME.json. */
export function cases(name: string): Case[] {
  return (JSON.parse(readFileSync(`../tests/vectors/${name}.json`, "utf8")) as { cases: Case[] }).cases;
}

export function power(base: bigint, exponent: bigint, n: bigint): bigint {
  let value = 1n;
  for (; exponent; exponent >>= 1n, base = (base * base) % n) if (exponent & 1n) value = (value * base) % n;
  return value;
}
