import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import {
  connect,
  SidecarDisconnectedError,
  SidecarStartError,
  type ConnectOptions,
  type Sidecar,
  type WebSocketClass,
} from "qwen-tts-sidecar";
import { WebSocket as FromPackage } from "ws";
import { bytes, collect, COMMAND, eventually, LONG, PACKAGE, REPOSITORY, sidecar } from "../support.js";

const TOKEN = "the-token-of_these.tests";
const HELLO = { text: "Hello there.", seed: 3 };
const PYTHON = resolve(REPOSITORY, ".venv/bin/python");
/** Node 20 has none of its own. */
const WebSocket: WebSocketClass = globalThis.WebSocket ?? FromPackage;

describe("a client over a WebSocket", () => {
  let bridge: ChildProcess;
  let url: string;
  let tts: Sidecar;

  const dial = (options: Partial<ConnectOptions> = {}) =>
    connect(url, { token: TOKEN, WebSocket, restart: { firstDelayMs: 1, maxDelayMs: 1 }, ...options });

  before(async () => {
    const command = COMMAND.map((word) => `'${word}'`).join(" ");
    bridge = spawn(PYTHON, ["-P", "-m", "qwen_tts_client.bridge.main", "--port", "0", "--command", command], {
      cwd: REPOSITORY,
      env: {
        ...process.env,
        PYTHONPATH: [resolve(REPOSITORY, "clients/python"), REPOSITORY].join(":"),
        QWEN_TTS_BRIDGE_TOKEN: TOKEN,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    assert.ok(bridge.stdout);
    const [line] = (await once(createInterface(bridge.stdout), "line")) as [string];
    url = line.replace("Listening on ", "");
    tts = await dial();
  });

  after(async () => {
    await tts?.close();
    bridge?.kill();
  });

  it("hears the bytes that a client of the process hears", async () => {
    const there = await (await sidecar()).synthesize(HELLO).bytes();
    const chunks = await collect(tts.synthesize(HELLO));
    assert.ok(bytes(chunks.map(({ audio }) => audio)).equals(there));
    chunks.forEach(({ audio, samples }) => assert.equal(new Int16Array(audio.buffer).length, samples));
    assert.equal(tts.serverInfo.name, "qwen-tts-sidecar");
    assert.equal(tts.capabilities.limits.maxCreditMs, 30_000);
    assert.equal(tts.pid, undefined);
  });

  it("streams text, reports progress, and gets typed errors", async () => {
    const spoken = tts.synthesizeText(["Hel", "lo there."], { seed: 3 });
    assert.equal((await spoken.final()).sentences.length, 1);
    const stages: string[] = [];
    await tts.models.load({ model: "tiny-voice" }, { onProgress: ({ stage }) => stages.push(stage) });
    assert.ok(stages.includes("resolving"));
    await assert.rejects(tts.synthesize({ text: "Hi.", voice: "nobody" }).final(), { type: "unknownVoice" });
  });

  it("pauses a speech that is not read, and no other, and loses nothing", async () => {
    const params = { text: LONG, seed: 1, maxFrames: 40 };
    const reader = tts.synthesize({ ...params, creditMs: 500 })[Symbol.asyncIterator]();
    const received = [(await reader.next()).value?.audio ?? new Uint8Array()];
    await eventually("it waits", async () => (await tts.status()).streams.some((s) => s.waitsFor === "credit"));
    const whole = await tts.synthesize(params).bytes();
    for (let next = await reader.next(); !next.done; next = await reader.next()) received.push(next.value.audio);
    assert.ok(bytes(received).equals(whole));
  });

  it("cancels by leaving the loop", async () => {
    for await (const _ of tts.synthesize({ text: LONG, creditMs: 500 })) break;
    await eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
  });

  it("is refused with another token", async () => {
    await assert.rejects(dial({ token: "another" }), SidecarStartError);
    await assert.rejects(dial({ token: "two words" }), /1 to 256 letters/);
  });

  const skip = !existsSync("/proc") && "it finds the sidecar's process in /proc";
  it("outlives the sidecar's process, and gets an error for what was open", { skip }, async () => {
    const open = tts.synthesize({ text: LONG, creditMs: 500 }).final();
    await eventually("it is spoken", async () => (await tts.status()).streams.length === 1);
    const children = readFileSync(`/proc/${bridge.pid}/task/${bridge.pid}/children`, "utf8");
    process.kill(Number(children.split(" ")[0]), "SIGKILL");
    await assert.rejects(open, { type: "sidecarExited", code: 1018 });
    assert.equal((await tts.synthesize(HELLO).final()).samples, 23040);
  });

  it("rejects what is open when the connection ends, and what follows once it cannot be opened again", async () => {
    const open = tts.synthesize({ text: LONG, creditMs: 500 }).final();
    await eventually("it is spoken", async () => (await tts.status()).streams.length === 1);
    bridge.kill("SIGKILL");
    await assert.rejects(open, (error) => error instanceof SidecarDisconnectedError && error.closeCode === 1006);
    await assert.rejects(tts.ping());
  });
});

describe("qwen-tts-sidecar/connect", () => {
  it("imports no module of Node, so that a browser can load it", () => {
    const seen = new Set(["remote.js"]);
    for (const file of seen) {
      const text = readFileSync(resolve(PACKAGE, "dist/esm", file), "utf8");
      for (const [, name = ""] of text.matchAll(/(?:from|import)\s*\(?"([^"]+)"/g)) {
        assert.match(name, /^\.\//, file);
        seen.add(name.slice(2));
      }
    }
    assert.ok(seen.size > 15);
    assert.ok(!seen.has("process.js"));
  });
});
