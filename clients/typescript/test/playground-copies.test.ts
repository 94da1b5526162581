// What the playground copies is run, and speaks what the page has spoken.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { it } from "node:test";
import type { SpeechParams } from "qwen-tts-sidecar/connect";
import { copyAs } from "../examples/playground/copy-as.js";
import { startServer } from "./server.js";
import { COMMAND, PACKAGE, REPOSITORY, sidecar } from "./support.js";

const HARD = `It's "quoted", \\back, $HOME \`x\` 5 %.\nLine two: 😀 {}.`;
const PARAMS: SpeechParams = { text: HARD, model: "tiny-voice", voice: "rms", language: undefined, seed: 7, speed: 1.25 };

/** What the sidecar speaks with these params, as a WAV file. */
const expected = async (params: SpeechParams) => Buffer.from(await (await sidecar()).synthesize(params).toWav());

/** Run a command in a folder, and return the file that it writes. */
function written(folder: string, command: string, args: string[], env: Record<string, string> = {}): Buffer {
  execFileSync(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: "pipe", timeout: 60_000 });
  return readFileSync(join(folder, "speech.wav"));
}

const quoted = COMMAND.map((word) => `"${word}"`).join(" ");

it("the TypeScript that is copied speaks the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "copied-ts-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGE, join(folder, "node_modules", "qwen-tts-sidecar"));
  // What is copied has no types in it, so that Node runs it as it is.
  writeFileSync(join(folder, "speech.mjs"), copyAs("typescript", PARAMS));
  const env = { QWEN_TTS_SIDECAR: quoted, PYTHONPATH: REPOSITORY };
  assert.deepEqual(written(folder, process.execPath, ["speech.mjs"], env), await expected(PARAMS));
});

it("the Python that is copied speaks the same, with two speakers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "copied-py-"));
  const speakers = { Ann: { voice: "slt" }, "Bob B": { voice: "rms" } };
  const params: SpeechParams = { ...PARAMS, text: `[Ann] Hi. [Bob B] ${HARD}`, speakers, sampling: { topK: 20 }, inputFormat: "text" };
  writeFileSync(join(folder, "speech.py"), copyAs("python", params));
  const env = { QWEN_TTS_SIDECAR: COMMAND.join(" "), PYTHONPATH: `${REPOSITORY}:${resolve(REPOSITORY, "clients/python")}` };
  assert.deepEqual(written(folder, COMMAND[0]!, ["speech.py"], env), await expected(params));
});

it("the messages that are copied are taken by the sidecar", async () => {
  const [program = "", ...args] = COMMAND;
  const child = spawn(program, args, { cwd: REPOSITORY, stdio: ["pipe", "pipe", "ignore"] });
  for (const message of copyAs("rpc", PARAMS).trim().split("\n")) {
    child.stdin.write(`Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
  }
  let received = "";
  for await (const data of child.stdout) {
    received += data;
    if (/"finishReason":"\w+".*\}$/s.test(received)) break;
    assert.doesNotMatch(received, /"error":/);
  }
  child.stdin.end();
  const parts = [...received.matchAll(/"audio":"([^"]*)"/g)].map(([, audio = ""]) => Buffer.from(audio, "base64"));
  assert.deepEqual(Buffer.concat(parts), (await expected(PARAMS)).subarray(44));
});

it("the curl that is copied speaks the same by OpenAI's API", async () => {
  const server = await startServer({}, "node");
  try {
    const folder = mkdtempSync(join(tmpdir(), "copied-curl-"));
    const command = copyAs("curl", PARAMS);
    assert.ok(command.includes("http://127.0.0.1:8787/"));
    const params = { ...PARAMS, encoding: "wav" } as const;
    const file = written(folder, "sh", ["-c", command.replace("http://127.0.0.1:8787", server.url)]);
    assert.deepEqual(file.subarray(44), Buffer.from(await (await sidecar()).synthesize(params).bytes()).subarray(44));
  } finally {
    await server.stop();
  }
});
