// SPDX-License-Identifier: Apache-2.0
// `npm run build` writes the scripts of the site, the same bytes every time; `npm test` bundles and runs the tests.
// Each page loads one file; noble, words and qr are files of their own, loaded only where they are needed.

import { readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { build } from "esbuild";

const STATIC = "../src/fronde/site/static";
const TESTS = "node_modules/.test";

const common = { bundle: true, format: "esm", target: "es2022", charset: "utf8", logLevel: "warning" };

if (process.argv[2] === "test") {
  rmSync(TESTS, { recursive: true, force: true });
  const entryPoints = readdirSync("test").filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: TESTS, platform: "node", sourcemap: "inline" });
  const files = readdirSync(TESTS).map((name) => `${TESTS}/${name}`);
  process.exit(spawnSync("node", ["--test", "--enable-source-maps", ...files], { stdio: "inherit" }).status ?? 1);
}

const entryPoints = ["join", "sign", "verify", "noble", "words", "qr"].map((name) => `src/${name}.ts`);
await build({ ...common, entryPoints, outdir: STATIC, minify: true, legalComments: "none", banner: { js: "// SPDX-License-Identifier: Apache-2.0" } });
