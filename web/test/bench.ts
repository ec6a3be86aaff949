// SPDX-License-Identifier: Apache-2.0
// What bench/browser.py measures: the tokens of one enrolment, as join.ts makes them.

import * as blindrsa from "../src/blindrsa.ts";
import { b64u, unb64u } from "../src/canonical.ts";
import * as secrets from "../src/secrets.ts";

const asked: { key: blindrsa.PublicKey; request: secrets.Request }[] = [];

/** Blinds one token for each of these keys (SPKI as base64url); milliseconds and what would be sent. */
export async function blind(spkis: string[]): Promise<{ ms: number; blinded: string[] }> {
  asked.length = 0;
  const seed = await secrets.importSeed(new Uint8Array(16).fill(7));
  const from = performance.now();
  for (const [i, spki] of spkis.entries()) {
    const key = await blindrsa.PublicKey.fromSpki(unb64u(spki));
    asked.push({ key, request: await secrets.request(seed, "bench.example", "works", i + 1, key) });
  }
  const ms = performance.now() - from;
  return { ms, blinded: asked.map(({ request }) => b64u(request.blinding.blinded)) };
}

/** Finalizes the answers, each verified; milliseconds. */
export async function finalize(signatures: string[]): Promise<{ ms: number; tokens: string[] }> {
  const answers = signatures.map((text) => unb64u(text));
  const from = performance.now();
  const tokens = asked.map(({ key, request }, i) => secrets.token(key, request, answers[i]!));
  return { ms: performance.now() - from, tokens: tokens.map(b64u) };
}
