import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toSrt, type Sentence } from "qwen-tts-sidecar";
import { bytes, eventually, launch, LONG, pause, sidecar } from "../support.js";

describe("text that is still being written", () => {
  it("is spoken before its end, as one stream, like the whole text", async () => {
    const tts = await sidecar();
    let onFirstAudio!: () => void;
    const firstAudio = new Promise<void>((resolve) => (onFirstAudio = resolve));
    const text = "Hello there, my friend. And more to come, as you see. Bye for today.";
    async function* pieces() {
      yield* text.slice(0, 30).match(/.{1,3}/g) ?? [];
      await firstAudio; // This would never resolve if the speech waited for the whole text.
      yield* text.slice(30).match(/.{1,4}/g) ?? [];
    }
    const stream = tts.synthesizeText(pieces(), { seed: 5, voice: "slt" });
    let offset = 0;
    let count = 0;
    const parts: Uint8Array[] = [];
    for await (const chunk of stream) {
      onFirstAudio();
      assert.deepEqual([chunk.seq, chunk.offset], [count++, offset]);
      offset += chunk.samples;
      parts.push(chunk.audio);
    }
    const result = await stream.final();
    assert.deepEqual([result.samples, result.seed, result.finishReason], [offset, 5, "stop"]);
    const whole = tts.synthesize({ text, seed: 5, voice: "slt" });
    assert.ok(bytes(parts).equals(await whole.bytes()));
    assert.deepEqual(result.sentences, (await whole.final()).sentences);
  });

  it("reports its sentences in both text modes, whatever the pieces", async () => {
    const tts = await sidecar();
    const short = "I say 😀 to you. 你好! How are you today? ";
    // A segment that is fed token by token ends after 240 characters.
    const texts = { full: short, stream: short + LONG.slice(0, 260) };
    for (const textMode of ["full", "stream"] as const) {
      const text = texts[textMode];
      const events: Sentence[] = [];
      // In UTF-16 units, so that every character beyond the basic plane is cut.
      const stream = tts.synthesizeText(text.split(""), { textMode, seed: 1, language: "english" });
      stream.on("sentence", (sentence) => events.push(sentence));
      const { sentences, durationMs } = await stream.final();
      assert.deepEqual(events, sentences);
      assert.ok(sentences.length > 1, textMode);
      assert.equal(sentences.map((sentence) => sentence.text).join(""), text);
      const starts = [...sentences.map(({ startMs }) => startMs), durationMs];
      assert.deepEqual(starts, starts.toSorted((a, b) => a - b));
    }
  });

  it("continues after a long part that is not spoken", async () => {
    const code = Array(600).fill("x = y + 1\n");
    const pieces = ["Look at this one.\n\n", "```\n", ...code, "```\n\n", "That was ", "it."];
    const stream = (await sidecar()).synthesizeText(pieces, { seed: 1, textTimeoutMs: 5000 });
    const { sentences, durationMs } = await stream.final();
    assert.equal(sentences.map(({ text }) => text).join(""), pieces.join(""));
    assert.equal(toSrt({ sentences, durationMs }).match(/-->/g)?.length, 2);
  });

  it("is not read while the audio is not read", async () => {
    let asked = 0;
    let released = false;
    function* pieces() {
      try {
        for (;;) yield `This is sentence ${asked++} of a text without an end. `;
      } finally {
        released = true;
      }
    }
    await using tts = await launch({ highWaterMark: 50_000 });
    const chunks = tts.synthesizeText(pieces(), { seed: 1 })[Symbol.asyncIterator]();
    await chunks.next();
    const first = asked;
    assert.ok(first > 50 && first < 150, `${first} pieces, for a window of 4000 characters`);
    await eventually("the bound is reached", () => tts.bufferedBytes > 50_000);
    let last = -1;
    await eventually("nothing more is asked for", async () => {
      const before = (last = asked);
      await pause(500);
      return asked === before;
    });
    const buffered = tts.bufferedBytes;
    assert.ok(buffered < 400_000, `${buffered}`);
    // Reading the audio resumes it.
    while (asked === last) await chunks.next();
    await chunks.return?.();
    assert.ok(released);
    assert.equal(tts.bufferedBytes, 0);
  });

  /** Records that it was released. */
  function watched(first: string) {
    const source = {
      released: false,
      async *[Symbol.asyncIterator]() {
        try {
          for (let text = first; ; text = " And so on.") yield text;
        } finally {
          source.released = true;
        }
      },
    };
    return source;
  }

  it("is released when the speech ends, for whatever reason", async () => {
    const tts = await sidecar();
    const [left, cut, refused] = [watched("Hello there. This is one. "), watched("Hello."), watched("Hello.")];
    for await (const _ of tts.synthesizeText(left)) break;
    await eventually("it is let go", () => left.released);
    const result = await tts.synthesizeText(cut, { maxFrames: 4 }).final();
    assert.equal(result.finishReason, "length");
    await eventually("it is let go", () => cut.released);
    await assert.rejects(tts.synthesizeText(refused, { voice: "nobody" }).final(), { type: "unknownVoice" });
    await eventually("it is let go", () => refused.released);
    const early = watched("Hello.");
    const aborted = tts.synthesizeText(early, {}, { signal: AbortSignal.abort(new Error("no")) });
    await assert.rejects(aborted.final(), /no/);
    await eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
  });

  it("may hang: cancelling does not wait for it", async () => {
    async function* pieces() {
      yield "Hello there, you. And so ";
      await new Promise(() => {});
    }
    const tts = await sidecar();
    const controller = new AbortController();
    const stream = tts.synthesizeText(pieces(), {}, { signal: controller.signal });
    const loop = async () => {
      for await (const _ of stream) controller.abort();
    };
    await assert.rejects(loop(), { name: "AbortError" });
    await eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
    await assert.rejects(tts.synthesizeText(pieces(), { textTimeoutMs: 100 }).final(), {
      name: "SidecarResponseError",
      type: "textTimeout",
      code: 1016,
    });
  });

  it("passes on errors, after the audio so far", async () => {
    const tts = await sidecar();
    let onFirstAudio!: () => void;
    const firstAudio = new Promise<void>((resolve) => (onFirstAudio = resolve));
    async function* broken() {
      yield "Hello there, you. And so ";
      await firstAudio;
      throw new Error("the model of language has left");
    }
    const loop = async () => {
      for await (const _ of tts.synthesizeText(broken())) onFirstAudio();
    };
    await assert.rejects(loop(), /has left/);
    const objects = [{ delta: "Hi." }] as unknown as string[];
    await assert.rejects(tts.synthesizeText(objects).final(), { name: "TypeError", message: /is a object/ });
    await assert.rejects(tts.synthesizeText(["…"]).final(), { type: "emptyText" });
    await assert.rejects(tts.synthesizeText([]).final(), { type: "emptyText" });
    await eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
  });
});
