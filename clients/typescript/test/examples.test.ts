// The examples, unchanged.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { BUN, exampleEnv } from "./server.js";
import { PACKAGE } from "./support.js";

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), "examples-"));

/** In Node, compiled for these tests; in Bun, unchanged. */
const RUNTIMES = {
  node: (name: string) => [process.execPath, resolve(PACKAGE, `build/esm/examples/${name}.js`)] as const,
  bun: (name: string) => [BUN, resolve(PACKAGE, `examples/${name}.ts`)] as const,
};

for (const [runtime, command] of Object.entries(RUNTIMES)) {
  it(`speak.ts in ${runtime}`, async () => {
    const file = join(scratch, `${runtime}.wav`);
    const [program, script] = command("speak");
    const { stdout } = await run(program, [script, "Good morning.", file], { env: exampleEnv });
    assert.match(stdout, /: \d+ ms, first audio after \d+ ms, seed \d+\n$/);
    assert.equal(readFileSync(file).toString("latin1", 0, 4), "RIFF");
  });
}

it("llm-stream.ts: audio before the last piece of text", async () => {
  const [program, script] = RUNTIMES.bun("llm-stream");
  const isEarly = (stdout: string) => stdout.indexOf("audio: chunk 0") < stdout.indexOf("text: complete");
  let { stdout } = await run(program, [script], { env: exampleEnv });
  // The text is complete after two seconds, however busy the machine is.
  for (let left = 2; left > 0 && !isEarly(stdout); left--) {
    ({ stdout } = await run(program, [script], { env: exampleEnv }));
  }
  assert.ok(stdout.includes("audio: chunk 0") && isEarly(stdout), stdout);
  assert.match(stdout, /sentence: 0 ms, The sky is blue\.\n/);
  assert.match(stdout, /end: \d+ ms\nWEBVTT\n\n00:00:00\.000 --> [\d:.]+\nThe sky is blue\.\n/);
});
