// Things that are written in two places agree.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { VERSION } from "qwen-tts-sidecar";
import { PACKAGE } from "./support.js";

it("the generated types are what the schema says", () => {
  execFileSync(process.execPath, [join(PACKAGE, "scripts/generate-types.mjs"), "--check"], { stdio: "pipe" });
});

it("the version is the package's", () => {
  assert.equal(VERSION, JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")).version);
});

it("the lock file names no registry", () => {
  assert.doesNotMatch(readFileSync(join(PACKAGE, "package-lock.json"), "utf8"), /"resolved": "http/);
});
