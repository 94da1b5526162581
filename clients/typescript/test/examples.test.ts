// The examples, unchanged, and the main process of the Electron example.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { CHANNELS, type Reply } from "../examples/electron/messages.js";
import { serveSpeech } from "../examples/electron/speech.js";
import { BUN, exampleEnv } from "./server.js";
import { LONG, PACKAGE, sidecar, within } from "./support.js";

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

it("electron: the main process speaks, cancels, and notices a closed window", async () => {
  const ipc = new EventEmitter();
  serveSpeech(ipc, await sidecar());
  const replies: [number, Reply][] = [];
  class Page extends EventEmitter {
    readonly id = 1;
    isDestroyed = () => false;
    send = (_channel: string, id: number, reply: Reply) => {
      replies.push([id, reply]);
      this.emit(`reply ${id}`, reply);
    };
  }
  const sender = new Page();
  const last = (id: number) =>
    within(
      30_000,
      `the end of ${id}`,
      new Promise<Reply>((resolve) =>
        sender.on(`reply ${id}`, (reply: Reply) => reply.kind !== "chunk" && resolve(reply)),
      ),
    );
  const ends = [1, 2, 3, 4].map(last);
  ipc.emit(CHANNELS.speak, { sender }, 1, { text: "Hello there.", seed: 3 });
  ipc.emit(CHANNELS.speak, { sender }, 2, { text: LONG });
  sender.on("reply 2", () => ipc.emit(CHANNELS.cancel, { sender }, 2));
  ipc.emit(CHANNELS.speak, { sender }, 3, { text: "Hi.", voice: "nobody" });
  assert.deepEqual((await Promise.all(ends.slice(0, 3))).map(({ kind }) => kind), ["end", "cancelled", "error"]);
  const seqs = replies.flatMap(([id, reply]) => (id === 1 && reply.kind === "chunk" ? [reply.seq] : []));
  assert.deepEqual(seqs, seqs.map((_, i) => i));
  ipc.emit(CHANNELS.speak, { sender }, 4, { text: LONG });
  sender.emit("destroyed");
  assert.equal((await ends[3])?.kind, "cancelled");
  assert.equal(sender.listenerCount("destroyed"), 0);
});

it("electron: everything can be bundled", async () => {
  const cwd = resolve(PACKAGE, "examples/electron");
  const out = join(scratch, "electron");
  const PATH = `${resolve(PACKAGE, "node_modules/.bin")}:${process.env.PATH}`;
  await run("sh", [join(cwd, "build.sh"), out], { env: { ...process.env, PATH } });
  for (const file of ["main.js", "preload.js", "page/renderer.js", "page/pcm-worklet.js"]) {
    assert.ok(readFileSync(join(out, file)).length > 0, file);
  }
});
