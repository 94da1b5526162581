// A stream, a cancelled stream and a clean end through vscode-jsonrpc, under Node or Bun.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import rpc from "vscode-jsonrpc/node"; // CommonJS: it has no named exports for Bun and Node alike

const child = spawn(process.env.SIDECAR_PYTHON, ["-m", "sidecar"], {
  stdio: ["pipe", "pipe", "inherit"],
});
const exited = new Promise((resolve) => child.on("close", resolve));
const connection = rpc.createMessageConnection(child.stdout, child.stdin);

// The library swallows what a handler throws: handlers collect, the checks come afterwards.
const faults = [];
connection.onError((error) => faults.push(error));
connection.onUnhandledNotification((message) => faults.push(message));
connection.onUnhandledProgress((progress) => faults.push(progress));
connection.listen();

/** The chunks of a stream, while they arrive. */
function collect(token, onChunk = () => {}) {
  const chunks = [];
  connection.onProgress(new rpc.ProgressType(), token, (value) => {
    if (value.kind === "audio") onChunk(chunks.push(value));
  });
  return chunks;
}

/** Checks the chunks of a stream; returns how many samples they have. */
function samplesOf(chunks) {
  let samples = 0;
  for (const [index, chunk] of chunks.entries()) {
    assert.equal(chunk.seq, index);
    const pcm = Buffer.from(chunk.audio, "base64");
    assert.equal(pcm.toString("base64"), chunk.audio); // the decoder passes over errors
    assert.equal(pcm.length, 2 * chunk.samples);
    samples += chunk.samples;
  }
  return samples;
}

const { protocolVersion } = await connection.sendRequest("initialize", {
  protocolVersion: 1,
  clientInfo: { name: "vscode-jsonrpc" },
  processId: process.pid,
});
assert.equal(protocolVersion, 1);
await connection.sendNotification("initialized");

const whole = collect("whole");
const result = await connection.sendRequest("speech/synthesize", {
  text: "Good evening, and welcome to the reading room.",
  seed: 1,
  maxFrames: 12,
  chunk: { maxFrames: 2 },
  partialResultToken: "whole",
});
const samples = samplesOf(whole);
assert.equal(samples, result.samples);

const canceller = new rpc.CancellationTokenSource();
let cancelledAfter = 0;
const cut = collect("cut", (count) => {
  if (count !== 3) return;
  cancelledAfter = count;
  canceller.cancel();
});
const params = {
  text: "He finished reading the long letter, and put it back. ".repeat(8),
  seed: 2,
  chunk: { firstFrames: 1, maxFrames: 1 },
  partialResultToken: "cut",
};
await assert.rejects(
  connection.sendRequest("speech/synthesize", params, canceller.token),
  (error) => error instanceof rpc.ResponseError && error.code === -32800,
);
const answeredAfter = cut.length;

await connection.sendRequest("shutdown");
await connection.sendNotification("exit");
const exitCode = await exited;

samplesOf(cut);
assert.equal(cut.length, answeredAfter, "audio came after the answer");
assert.deepEqual(faults, []);
assert.equal(exitCode, 0);
console.log(JSON.stringify({ chunks: whole.length, samples, cancelledAfter, exitCode }));
