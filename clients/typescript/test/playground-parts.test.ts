// The playground without a browser: its timeline and its build.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { it } from "node:test";
import { whyNot } from "../examples/playground/copy-as.js";
import { Timeline } from "../examples/playground/timeline.js";
import { PACKAGE, REPOSITORY } from "./support.js";

const PAGE = resolve(REPOSITORY, "sidecar/bundled/playground");
const MOST_BYTES = 150_000;

it("the built page is what its sources say, and small", () => {
  const built = mkdtempSync(join(tmpdir(), "playground-built-"));
  execFileSync(process.execPath, ["scripts/build-playground.mjs", built], { cwd: PACKAGE, stdio: "pipe" });
  const read = (folder: string) =>
    Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  const isSame = JSON.stringify(read(built)) === JSON.stringify(read(PAGE));
  assert.ok(isSame, "sidecar/bundled/playground is not what its sources say: run node scripts/build-playground.mjs");
  const bytes = Object.values(read(PAGE)).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  // Nothing in it asks another server.
  for (const content of Object.values(read(PAGE))) {
    const addresses = content.match(/(?:https?|wss?):\/\/[^\s"'`)]+/g) ?? [];
    assert.deepEqual(addresses.filter((address) => !/w3\.org|^http:\/\/127\.0\.0\.1:8787\/|\$\{/.test(address)), []);
  }
});

/** A timeline of 1000 samples a second, so that a sample is a millisecond. */
const timeline = () => new Timeline(1000);

it("a gap is the time in which the audio had run out", () => {
  const line = timeline();
  line.arrive(100, 200);
  line.report({ played: 50, underrun: 0 }, 160);
  line.report({ played: 200, underrun: 30 }, 340);
  line.arrive(400, 300);
  line.report({ played: 200, underrun: 95 }, 405);
  line.report({ played: 500, underrun: 95 }, 705);
  assert.deepEqual(line.stretches(), [
    { kind: "played", from: 110, to: 310 },
    { kind: "gap", from: 310, to: 405 },
    { kind: "played", from: 405, to: 705 },
  ]);
  assert.deepEqual([line.gapCount, line.gapMs, line.aheadMs, line.startedAt], [1, 95, 0, 110]);
});

it("silence after the end is no gap", () => {
  const line = timeline();
  line.arrive(0, 100);
  line.report({ played: 100, underrun: 50 }, 150);
  assert.equal(line.gapMs, 50);
  line.isComplete = true;
  assert.equal(line.gapMs, 0);
});

it("a pause of the listener is no gap, and time goes on in it", () => {
  const line = timeline();
  line.arrive(0, 1000);
  line.report({ played: 100, underrun: 0 }, 100);
  line.pause(120);
  line.report({ played: 120, underrun: 0 }, 125); // was on its way
  line.resume();
  line.report({ played: 200, underrun: 0 }, 700);
  assert.deepEqual(line.stretches(), [
    { kind: "played", from: 0, to: 120 },
    { kind: "paused", from: 120, to: 620 },
    { kind: "played", from: 620, to: 700 },
  ]);
  assert.equal(line.gapMs, 0);
  assert.equal(line.playedBy(), 1500);
});

it("a report that comes late moves nothing", () => {
  const line = timeline();
  line.arrive(0, 1000);
  line.report({ played: 10, underrun: 0 }, 90);
  line.report({ played: 100, underrun: 0 }, 130);
  assert.deepEqual(line.stretches(), [{ kind: "played", from: 30, to: 130 }]);
});

it("what OpenAI's API would ignore is not copied as curl", () => {
  const params = { text: "Hi.", voice: "slt", seed: 3, lexicon: undefined };
  assert.equal(whyNot("curl", params), undefined);
  assert.match(whyNot("curl", { ...params, speakers: { Ann: {} } }) ?? "", /has no speakers/);
  assert.equal(whyNot("python", { ...params, speakers: { Ann: {} } }), undefined);
});
