// The door itself, without a server, and before Node's http. The package `openai` is in another file.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import type { Sidecar } from "qwen-tts-sidecar";
import { openaiHandler, toNodeListener, type OpenAIOptions } from "qwen-tts-sidecar/openai";
import { eventually, launchFake, LONG, sidecar } from "./support.js";

const HELLO = { model: "tiny-voice", input: "Hello there.", voice: "slt", seed: 3 };
const URL_BASE = "http://localhost";

async function ask(path: string, body?: unknown, options?: OpenAIOptions, init: RequestInit = {}, to?: Sidecar) {
  const handler = openaiHandler(to ?? (await sidecar()), options);
  const post = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return handler(new Request(URL_BASE + path, { ...(body === undefined ? {} : post), ...init }));
}

const speech = (body: object, options?: OpenAIOptions, init?: RequestInit, to?: Sidecar) =>
  ask("/v1/audio/speech", { ...HELLO, ...body }, options, init, to);

async function refusal(response: Response) {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  assert.equal(typeof error.message, "string");
  return [response.status, error.type, error.param, error.code];
}

describe("speech", () => {
  it("comes in OpenAI's formats, by default as mp3", async () => {
    const formats = {
      mp3: ["audio/mpeg", /^\xff[\xe2-\xff]/],
      opus: ["audio/ogg", /^OggS[^]+OpusHead/],
      flac: ["audio/flac", /^fLaC/],
      wav: ["audio/wav", /^RIFF....WAVE/s],
      pcm: ["audio/pcm", /^\0/],
    } as const;
    const files: Record<string, Buffer> = {};
    for (const [format, [contentType, start]] of Object.entries(formats)) {
      const response = await speech({ response_format: format });
      assert.deepEqual([response.status, response.headers.get("content-type")], [200, contentType]);
      files[format] = Buffer.from(await response.arrayBuffer());
      assert.match(files[format].toString("latin1", 0, 100), start);
    }
    const { mp3, wav, pcm } = files;
    assert.ok(mp3?.equals(Buffer.from(await (await speech({})).arrayBuffer())));
    assert.ok(pcm && wav?.subarray(44).equals(pcm));
    const file = await (await sidecar()).synthesize({ text: HELLO.input, voice: "slt", seed: 3 }).bytes();
    assert.ok(pcm.equals(file));
  });

  it("is as fast as it is asked to be", async () => {
    const spoken = async (speed?: number) =>
      (await (await speech({ response_format: "pcm", speed })).arrayBuffer()).byteLength;
    const [normal, slow] = [await spoken(), await spoken(0.5)];
    assert.ok(Math.abs(slow / normal - 2) < 0.1, `${normal} and ${slow} bytes`);
  });

  it("may be longer than one utterance", async () => {
    const response = await speech({ input: `${LONG} `.repeat(20), response_format: "pcm" });
    assert.equal(response.status, 200);
    await response.body?.cancel();
  });

  it("comes as events", async () => {
    const response = await speech({ response_format: "pcm", stream_format: "sse" });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const events = (await response.text())
      .split("\n\n")
      .filter(Boolean)
      .map((event) => JSON.parse(event.replace(/^data: /, "")));
    const done = events.pop();
    assert.ok(events.length > 3 && events.every(({ type }) => type === "speech.audio.delta"));
    assert.equal(done.type, "speech.audio.done");
    assert.equal(done.usage.total_tokens, done.result.frames);
    const pcm = Buffer.concat(events.map(({ audio }) => Buffer.from(audio, "base64")));
    assert.equal(pcm.length, 2 * done.result.samples);
  });

  it("maps the names that the app gives", async () => {
    const options = { voices: { onyx: "rms" }, models: { "tts-1": "tiny-voice" } };
    const mapped = await speech({ model: "tts-1", voice: { id: "onyx" } }, options);
    const direct = await speech({ voice: "RMS" });
    assert.ok(Buffer.from(await mapped.arrayBuffer()).equals(Buffer.from(await direct.arrayBuffer())));
  });

  it("is refused in OpenAI's words", async () => {
    const invalid = "invalid_request_error";
    const cases: [object, unknown[]][] = [
      [{ voice: "nobody" }, [400, invalid, "voice", "unknown_voice"]],
      [{ model: "nonesuch" }, [404, invalid, "model", "model_not_found"]],
      [{ model: 1 }, [400, invalid, "model", null]],
      [{ input: "" }, [400, invalid, "input", "empty_text"]],
      [{ input: "a".repeat(1_000_001) }, [400, invalid, "input", "text_too_long"]],
      [{ input: undefined }, [400, invalid, "input", null]],
      [{ instructions: "Sadly." }, [400, invalid, "instructions", "unsupported"]],
      [{ response_format: "aac" }, [400, invalid, "response_format", "unsupported_format"]],
      [{ response_format: "constructor" }, [400, invalid, "response_format", "unsupported_format"]],
      [{ speed: 4 }, [400, invalid, "speed", "invalid_params"]],
      [{ speed: "fast" }, [400, invalid, "speed", "invalid_params"]],
      [{ stream_format: "smoke" }, [400, invalid, "stream_format", null]],
      [{ seed: 1.5 }, [400, invalid, "seed", "invalid_params"]],
    ];
    for (const [body, expected] of cases) {
      assert.deepEqual(await refusal(await speech(body)), expected, JSON.stringify(body).slice(0, 60));
    }
    assert.equal((await speech({ speed: null, instructions: null, stream_format: null })).status, 200);
  });

  it("is refused without JSON, and when there is too much of it", async () => {
    const text = { headers: { "content-type": "text/plain" } };
    assert.equal((await speech({}, {}, text)).status, 400);
    assert.equal((await speech({}, {}, { body: "{" })).status, 400);
    assert.equal((await speech({}, {}, { body: "[]" })).status, 400);
    assert.equal((await speech({ input: "a".repeat(2 ** 23) })).status, 413);
  });

  it("stops when nobody reads it any more", async () => {
    const tts = await sidecar();
    const idle = () =>
      eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
    const response = await speech({ input: LONG });
    await response.body?.cancel();
    await idle();
    const controller = new AbortController();
    const aborted = await speech({ input: LONG }, {}, { signal: controller.signal });
    controller.abort();
    await assert.rejects(aborted.arrayBuffer());
    await idle();
  });
});

describe("the other routes", () => {
  it("list models, load and unload them", async () => {
    const options = { models: { "tts-1": "tiny-voice" } };
    const { object, data } = await (await ask("/v1/models", undefined, options)).json();
    assert.equal(object, "list");
    assert.deepEqual(data.at(-1), {
      id: "tts-1",
      object: "model",
      created: 0,
      owned_by: "qwen-tts-sidecar",
      state: "loaded",
    });
    const one = await (await ask("/v1/models/tiny-voice")).json();
    assert.equal(one.id, "tiny-voice");
    const loaded = await (await ask("/v1/models/tts-1", undefined, options, { method: "POST" })).json();
    assert.deepEqual([loaded.id, loaded.state, loaded.voices], ["tts-1", "loaded", ["slt", "rms"]]);
    const gone = await ask("/v1/models/tts-1", undefined, options, { method: "DELETE" });
    assert.deepEqual(await gone.json(), { id: "tts-1", object: "model", deleted: true });
    const unknown = [404, "invalid_request_error", "model", "model_not_found"];
    assert.deepEqual(await refusal(await ask("/v1/models/no%2Fsuch")), unknown);
    assert.deepEqual(await refusal(await ask("/v1/models/no/such", undefined, {}, { method: "DELETE" })), unknown);
  });

  it("list voices", async () => {
    const options = { voices: { alloy: "slt", other: "somebody else" } };
    const { data } = await (await ask("/v1/audio/voices?model=tiny-voice", undefined, options)).json();
    assert.deepEqual(data.map(({ id }: { id: string }) => id), ["slt", "rms", "alloy"]);
  });

  it("tell its health, and what they do not know", async () => {
    assert.equal((await (await ask("/health")).json()).status, "ok");
    assert.deepEqual(await refusal(await ask("/v2")), [404, "invalid_request_error", null, "unknown_url"]);
  });

  it("ask for the key, if there is one", async () => {
    const key = { apiKey: "secret" };
    const get = (authorization: string) => ask("/v1/models", undefined, key, { headers: { authorization } });
    assert.equal((await get("Bearer secret")).status, 200);
    const refused = [401, "invalid_request_error", null, "invalid_api_key"];
    assert.deepEqual(await refusal(await get("Bearer wrong")), refused);
    assert.deepEqual(await refusal(await ask("/v1/models", undefined, key)), refused);
    assert.equal((await ask("/health", undefined, key)).status, 200);
  });

  it("are not for pages from elsewhere", async () => {
    const load = (origin: string, options?: OpenAIOptions) =>
      ask("/v1/models/tiny-voice", undefined, options, { method: "POST", headers: { origin } });
    const refused = [403, "invalid_request_error", null, "wrong_origin"];
    assert.deepEqual(await refusal(await load("https://example.org")), refused);
    assert.deepEqual(await refusal(await load("null")), refused);
    assert.equal((await load(URL_BASE)).status, 200);
    assert.equal((await load("https://example.org", { origins: ["https://example.org"] })).status, 200);
  });

  it("say 503 when the sidecar is gone", async () => {
    await using fake = await launchFake("crash", { restart: false });
    const expected = [503, "server_error", null, "sidecar_unavailable"];
    assert.deepEqual(await refusal(await speech({}, {}, {}, fake)), expected);
  });
});

describe("Node's http", () => {
  const server = createServer();
  after(() => server.close());

  it("takes the handler", async () => {
    const tts = await sidecar();
    server.on("request", toNodeListener(openaiHandler(tts)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/audio/speech`;
    const post = (body: object, signal?: AbortSignal) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...HELLO, response_format: "pcm", ...body }),
        signal,
      });
    const pcm = Buffer.from(await (await post({})).arrayBuffer());
    const direct = Buffer.from(await (await speech({ response_format: "pcm" })).arrayBuffer());
    assert.ok(pcm.equals(direct));
    assert.equal((await post({ voice: "nobody" })).status, 400);
    const controller = new AbortController();
    await post({ input: LONG }, controller.signal);
    controller.abort();
    await eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
  });
});
