import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually, LONG, sidecar } from "../support.js";
import { HELLO, refusal, speech } from "./asking.js";

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

  it("has the requested speed", async () => {
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

  it("comes as events with the times of its sentences and words, if they are asked for", async () => {
    const response = await speech({ response_format: "pcm", stream_format: "sse", timing: "word" });
    const events = (await response.text())
      .split("\n\n")
      .filter(Boolean)
      .map((event) => JSON.parse(event.replace(/^data: /, "")));
    const { result } = events.pop();
    const sentences = events.filter(({ type }) => type === "speech.sentence").map(({ type: _, ...sentence }) => sentence);
    assert.deepEqual(sentences, result.sentences);
    const spoken = events.filter(({ type }) => type === "speech.words");
    assert.deepEqual(spoken.map(({ sentence }) => sentence), result.sentences.map(({ index }: { index: number }) => index));
    const words = spoken.flatMap((one) => one.words);
    assert.deepEqual(words.map(({ word }) => word), HELLO.input.match(/[\w']+/g));
    assert.ok(words.every(({ textStart, textEnd, word }) => HELLO.input.slice(textStart, textEnd) === word));
    assert.ok(words.every(({ startMs, endMs }) => startMs <= endMs && endMs <= result.durationMs));
    for (const body of [{ timing: "word" }, { timing: "syllable", stream_format: "sse" }]) {
      assert.equal((await speech(body)).status, 400);
    }
  });

  it("maps the app's names", async () => {
    const options = { voices: { onyx: "rms" }, models: { "tts-1": "tiny-voice" } };
    const mapped = await speech({ model: "tts-1", voice: { id: "onyx" } }, options);
    const direct = await speech({ voice: "RMS" });
    assert.ok(Buffer.from(await mapped.arrayBuffer()).equals(Buffer.from(await direct.arrayBuffer())));
  });

  it("is refused in OpenAI's form", async () => {
    const invalid = "invalid_request_error";
    const cases: [object, unknown[]][] = [
      [{ voice: "nobody" }, [400, invalid, "voice", "unknown_voice"]],
      [{ model: "nonesuch" }, [404, invalid, "model", "model_not_found"]],
      [{ model: 1 }, [400, invalid, "model", null]],
      [{ input: "" }, [400, invalid, "input", "empty_text"]],
      [{ input: "a".repeat(1_000_001) }, [400, invalid, "input", "text_too_long"]],
      [{ input: undefined }, [400, invalid, "input", null]],
      [{ instructions: "Sadly." }, [400, invalid, "instructions", "unsupported"]],
      [{ response_format: null, voice: 7 }, [400, invalid, "voice", null]],
      ...[["slt"], {}, { name: "slt" }, { id: null }].map((voice): [object, unknown[]] => [{ voice }, [400, invalid, "voice", null]]),
      [{ response_format: "aac" }, [400, invalid, "response_format", "unsupported_format"]],
      [{ response_format: "constructor" }, [400, invalid, "response_format", "unsupported_format"]],
      [{ speed: 0.25 }, [400, invalid, "speed", "invalid_params"]],
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

  it("stops when it is no longer read", async () => {
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
