// The npm package `openai`, unchanged, with the example server in Bun.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import OpenAI from "openai";
import { startServer } from "./server.js";
import { eventually, LONG } from "./support.js";

const KEY = "a key of this test";
const HELLO = { model: "gpt-4o-mini-tts", voice: "alloy", input: "Hello there. How are you today?" };

let server: Awaited<ReturnType<typeof startServer>>;
let client: OpenAI;

before(async () => {
  server = await startServer({ SPEECH_API_KEY: KEY });
  client = new OpenAI({ apiKey: KEY, baseURL: `${server.url}/v1`, maxRetries: 0 });
});

after(() => server?.stop());

it("speaks to a file", async () => {
  const response = await client.audio.speech.create({ ...HELLO, response_format: "wav" });
  assert.equal(response.headers.get("content-type"), "audio/wav");
  const file = join(mkdtempSync(join(tmpdir(), "openai-")), "hello.wav");
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  const wav = readFileSync(file);
  assert.equal(wav.toString("latin1", 0, 4), "RIFF");
  assert.ok(wav.length > 24_000, "half a second at least");
});

it("speaks as mp3, at another speed, by default", async () => {
  const response = await client.audio.speech.create({ ...HELLO, speed: 1.5 });
  assert.equal(response.headers.get("content-type"), "audio/mpeg");
  assert.equal(Buffer.from(await response.arrayBuffer())[0], 0xff);
});

it("streams", async () => {
  const response = await client.audio.speech.create({ ...HELLO, response_format: "pcm" });
  const sizes: number[] = [];
  const reader = response.body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    sizes.push(part.value.length);
  }
  assert.ok(sizes.length > 3, `${sizes.length} pieces`);
  // The first frame arrives by itself, except for the 5 ms that are held back for a fade. A slow reader gets the next
  // ones with it.
  const first = sizes[0]!;
  assert.ok(first >= 3600 && first % 2 === 0, `${first} bytes`);
});

it("stops speaking when the client goes away", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const response = await client.audio.speech.create({ ...HELLO, input: LONG }, { signal });
  await response.body!.getReader().read();
  // Between two sentences there is no stream.
  await eventually("it is spoken", async () => (await server.health()).streams === 1);
  controller.abort();
  await eventually("nothing is spoken", async () => (await server.health()).streams === 0);
});

it("streams events", async () => {
  const response = await client.audio.speech.create({ ...HELLO, stream_format: "sse" });
  const text = await response.text();
  assert.match(text, /^data: \{"type":"speech\.audio\.delta","audio":"/);
  assert.match(text, /data: \{"type":"speech\.audio\.done","usage":\{[^\n]*\n\n$/);
});

it("lists, gets, and unloads models", async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("tiny-voice") && ids.includes("gpt-4o-mini-tts"));
  assert.equal((await client.models.retrieve("tiny-voice")).object, "model");
  assert.equal((await client.models.delete("tiny-voice")).deleted, true);
});

it("throws its own errors", async () => {
  const bad = client.audio.speech.create({ ...HELLO, voice: "nobody" });
  await assert.rejects(bad, (error: unknown) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.deepEqual([error.param, error.code], ["voice", "unknown_voice"]);
    assert.match(error.message, /Unknown voice 'nobody'/);
    return true;
  });
  const stranger = new OpenAI({ apiKey: "wrong", baseURL: `${server.url}/v1`, maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  await assert.rejects(client.models.retrieve("none/such"), OpenAI.NotFoundError);
});
