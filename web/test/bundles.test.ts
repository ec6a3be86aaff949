// SPDX-License-Identifier: Apache-2.0
// Every proof of tests/bundles ends here as expected.json says.

import assert from "node:assert/strict";
import { openAsBlob, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Bytes } from "../src/bytes.ts";
import { Policy } from "../src/policy.ts";
import { type Step, Verification } from "../src/proof.ts";

const FOLDER = "../tests/bundles";

interface Expected {
  exit: number;
  step: number;
  entry: string;
  slug: string;
  steps: string;
  key?: string;
  policy?: string;
  compare?: string;
  counts?: Record<string, number>;
}

const expected = JSON.parse(readFileSync(`${FOLDER}/expected.json`, "utf8")) as Record<string, Expected>;
const file = (name: string): Bytes => Uint8Array.from(readFileSync(`${FOLDER}/${name}`));

for (const [name, wanted] of Object.entries(expected))
  test(`${name} ends with exit ${wanted.exit}${wanted.step ? ` at step ${wanted.step}: ${wanted.slug}` : ""}`, async () => {
    const key = wanted.key ?? (wanted.policy ? new TextDecoder().decode(file(wanted.policy)) : "");
    const policy = key ? await Policy.parse(key) : null;
    const proof = await openAsBlob(`${FOLDER}/${name}.zip`);
    const verification = new Verification(proof, policy, wanted.compare ? file(wanted.compare) : null);
    const steps: Step[] = [];
    await verification.run((step) => "values" in step && steps.push(step));
    const { failure, failedStep, exit, counts } = verification;
    assert.deepEqual(
      { exit, step: failedStep, entry: failure?.entry ?? "", slug: failure?.slug ?? "", steps: steps.map(({ result }) => result).join(" "), counts },
      { exit: wanted.exit, step: wanted.step, entry: wanted.entry, slug: wanted.slug, steps: wanted.steps, counts: wanted.counts ?? {} },
    );
  });
