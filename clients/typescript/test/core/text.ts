import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { collect, sidecar } from "../support.js";

describe("text that is still being written", () => {
  it("is heard before its end, as one stream", async () => {
    const tts = await sidecar();
    let heard!: () => void;
    const firstAudio = new Promise<void>((resolve) => (heard = resolve));
    async function* pieces() {
      yield* ["Hel", "lo th", "ere. ", "And"];
      await firstAudio; // Would never come if the whole text were awaited.
      yield* [" more", " to", " come. ", "Bye."];
    }
    const stream = tts.synthesizeText(pieces(), { seed: 5, voice: "slt" });
    let offset = 0;
    let count = 0;
    for await (const chunk of stream) {
      heard();
      assert.deepEqual([chunk.seq, chunk.offset], [count++, offset]);
      offset += chunk.samples;
    }
    const result = await stream.final();
    assert.deepEqual([result.samples, result.seed, result.finishReason], [offset, 5, "stop"]);
    assert.equal(result.durationMs, offset / 24);
    const alone = ["Hello there.", "And more to come.", "Bye."].map((text) =>
      tts.synthesize({ text, seed: 5, voice: "slt" }).final(),
    );
    const samples = (await Promise.all(alone)).map((sentence) => sentence.samples);
    assert.equal(offset, samples.reduce((sum, n) => sum + n, 0));
  });

  it("is not asked for when nobody listens", async () => {
    let asked = 0;
    function* pieces() {
      for (; asked < 50; asked++) yield "This is one more of these sentences. ";
    }
    const tts = await sidecar();
    const chunks = tts.synthesizeText(pieces(), { maxFrames: 2 })[Symbol.asyncIterator]();
    await chunks.next();
    await tts.synthesize({ text: "Hi.", maxFrames: 20 }).final();
    assert.ok(asked <= 4, `${asked} pieces`);
    await chunks.return?.();
  });

  it("is let go when the speech is cancelled", async () => {
    let released = false;
    async function* pieces() {
      try {
        yield "Hello there. This is ";
        yield "one. ";
        yield "Two. ";
        yield "Three. Four.";
      } finally {
        released = true;
      }
    }
    const tts = await sidecar();
    for await (const _ of tts.synthesizeText(pieces())) break;
    await tts.ping();
    assert.ok(released);
  });

  it("may hang: cancelling does not wait for it", async () => {
    async function* pieces() {
      yield "Hello there. And";
      await new Promise(() => {});
    }
    const controller = new AbortController();
    const { signal } = controller;
    const stream = (await sidecar()).synthesizeText(pieces(), { maxFrames: 1 }, { signal });
    const loop = async () => {
      for await (const _ of stream) setTimeout(() => controller.abort(), 50);
    };
    await assert.rejects(loop(), { name: "AbortError" });
  });

  it("passes errors on", async () => {
    const tts = await sidecar();
    async function* broken() {
      yield "Hello there. And";
      throw new Error("the model of language has left");
    }
    await assert.rejects(collect(tts.synthesizeText(broken())), /has left/);
    await assert.rejects(tts.synthesizeText(["Hi. ", "Hi."], { voice: "nobody" }).final(), {
      type: "unknownVoice",
    });
    await assert.rejects(tts.synthesizeText(["…"]).final(), { type: "emptyText" });
  });
});
