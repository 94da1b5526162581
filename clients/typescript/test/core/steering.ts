import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findHeard } from "../../src/heard.js";
import { bytes, collect, eventually, sidecar } from "../support.js";

const TEXT = "One 😀 two three. Four five.";
const params = { text: TEXT, seed: 3, chunk: { maxFrames: 1 } };

describe("steering a speech", () => {
  it("speaks at a flush what the source has given", async () => {
    const tts = await sidecar();
    let spoken = () => {};
    const first = new Promise<void>((resolve) => (spoken = resolve));
    async function* answer() {
      yield "Let me ";
      yield "see";
      stream.flush();
      await first; // without the flush, this would wait for ever
      yield " now.";
    }
    const stream = tts.synthesizeText(answer(), { textMode: "full", seed: 3 });
    for await (const _ of stream) spoken();
    const { sentences } = await stream.final();
    assert.deepEqual(sentences.map(({ text }) => text), ["Let me see", " now."]);
  });

  it("goes on after a pause where it was", async () => {
    const tts = await sidecar();
    const whole = await tts.synthesize(params).bytes();
    const stream = tts.synthesize(params);
    stream.pause(); // even before it was sent
    await eventually("it is paused", async () => (await tts.status()).streams[0]?.waitsFor === "resume");
    assert.equal(tts.bufferedBytes, 0);
    stream.resume();
    assert.ok(bytes((await collect(stream)).map(({ audio }) => audio)).equals(whole));
  });

  it("says what was heard of a speech that is stopped", async () => {
    const tts = await sidecar();
    const stopped = tts.synthesize(params);
    for await (const { sentence } of stopped) if (sentence === 1) break;
    const begun = await stopped.cancel();
    assert.equal(begun?.sentence, 1);
    assert.ok(begun.text.startsWith("One 😀 two three."));
    // A listener who stops after the end of the generation has not heard all of it, either.
    const stream = tts.synthesize(params);
    const { sentences, samples } = await stream.final();
    const { startMs } = sentences[1]!;
    const first = { text: sentences[0]!.text, samples: Math.round(startMs * 24), sentence: 1 };
    assert.deepEqual(await stream.cancel({ playedMs: startMs }), first);
    assert.deepEqual(await stream.cancel(), { text: TEXT, samples, sentence: 1 });
    const never = tts.synthesize(params);
    assert.equal(await never.cancel(), undefined);
  });

  it("places what was heard before the word that was not heard to its end", () => {
    const text = "One two three. 四五六七。";
    const sentences = [
      { index: 0, text: text.slice(0, 15), textStart: 0, textEnd: 15, startMs: 0 },
      { index: 1, text: text.slice(15), textStart: 15, textEnd: 20, startMs: 1500 },
    ];
    const endsMs = new Map([[0, 1000], [1, 2500]]);
    const heard = (samples: number) => findHeard({ text, sentences, endsMs, sampleRate: 1000 }, samples).text;
    assert.deepEqual([0, 500, 999].map(heard), ["", "One ", "One two "]);
    assert.deepEqual([1000, 1500, 1900, 2500].map(heard), [text.slice(0, 15), text.slice(0, 15), text.slice(0, 17), text]);
  });
});
