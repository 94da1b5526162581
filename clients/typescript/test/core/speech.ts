import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toSrt, wavHeader, type Sentence } from "qwen-tts-sidecar";
import { bytes, collect, eventually, launch, LONG, pause, sidecar } from "../support.js";

const HELLO = { text: "Hello there.", seed: 3, language: "english" };

describe("a stream", () => {
  it("returns chunks without gaps, then a result", async () => {
    const tts = await sidecar();
    const stream = tts.synthesize(HELLO);
    const chunks = await collect(stream);
    const result = await stream.final();
    let offset = 0;
    chunks.forEach((chunk, i) => {
      assert.deepEqual([chunk.seq, chunk.offset], [i, offset]);
      assert.equal(chunk.audio.length, 2 * chunk.samples);
      assert.equal(new Int16Array(chunk.audio.buffer).length, chunk.samples);
      assert.equal(chunk.sentence, 0);
      offset += chunk.samples;
    });
    assert.ok(chunks.length > 3);
    assert.equal(offset, result.samples);
    assert.deepEqual([result.seed, result.finishReason, result.sampleRate], [3, "stop", 24000]);
  });

  it("is the same as a file, and as a ReadableStream", async () => {
    const tts = await sidecar();
    const pcm = bytes((await collect(tts.synthesize(HELLO))).map((chunk) => chunk.audio));
    const wav = await tts.synthesize(HELLO).toWav();
    const header = wavHeader({ sampleRate: 24000, encoding: "pcm_s16le" }, pcm.length);
    assert.ok(bytes([header, pcm]).equals(wav));
    assert.ok(pcm.equals(await tts.synthesize(HELLO).bytes()));
    const response = new Response(tts.synthesize(HELLO).toReadableStream());
    assert.ok(pcm.equals(Buffer.from(await response.arrayBuffer())));
  });

  it("of floats gives a file of floats", async () => {
    const wav = await (await sidecar()).synthesize({ ...HELLO, encoding: "pcm_f32le", maxFrames: 2 }).toWav();
    const view = new DataView(wav.buffer);
    assert.deepEqual([view.getUint16(20, true), view.getUint16(34, true)], [3, 32]);
    assert.deepEqual([view.getUint32(40, true), wav.length], [4 * 3840, 44 + 4 * 3840]);
  });

  it("with a file encoding is one file, and counts its samples", async () => {
    const tts = await sidecar();
    const pcm = await tts.synthesize(HELLO).bytes();
    const starts = { flac: /^fLaC/, mp3: /^\xff[\xe2-\xff]/, ogg_opus: /^OggS/, wav: /^RIFF/ };
    for (const [name, start] of Object.entries(starts)) {
      const encoding = name as keyof typeof starts;
      const stream = tts.synthesize({ ...HELLO, encoding });
      const chunks = await collect(stream);
      const file = bytes(chunks.map(({ audio }) => audio));
      assert.match(file.toString("latin1", 0, 16), start);
      assert.equal(chunks.reduce((sum, { samples }) => sum + samples, 0), pcm.length / 2);
      assert.equal((await stream.final()).encoding, encoding);
      if (encoding !== "wav") {
        assert.ok(file.length < pcm.length / 1.2);
        const refused = tts.synthesize({ ...HELLO, encoding });
        await assert.rejects(refused.toWav(), { name: "SidecarError", message: /bytes\(\) is the file/ });
        await refused.cancel();
      }
    }
  });

  it("with `wav` gets a header with its length", async () => {
    const tts = await sidecar();
    const whole = await tts.synthesize({ ...HELLO, encoding: "wav", sampleRate: 16000 }).toWav();
    const view = new DataView(whole.buffer);
    assert.equal(view.getUint32(24, true), 16000);
    assert.deepEqual([view.getUint32(4, true), view.getUint32(40, true)], [whole.length - 8, whole.length - 44]);
    const same = await tts.synthesize({ ...HELLO, sampleRate: 16000 }).toWav();
    assert.ok(bytes([whole]).equals(same));
  });

  it("has the requested speed", async () => {
    const tts = await sidecar();
    const [normal, fast] = await Promise.all(
      [1, 2].map((speed) => tts.synthesize({ ...HELLO, speed }).final()),
    );
    assert.equal(fast?.frames, normal?.frames);
    assert.ok(Math.abs((fast?.durationMs ?? 0) * 2 - (normal?.durationMs ?? 0)) < 50);
  });

  it("reports its sentences and their starts in the audio", async () => {
    const tts = await sidecar();
    const text = "Hello 😀 there. How are you today?\n\n***\n\nI am fine, thank you.";
    const stream = tts.synthesize({ text, seed: 3, pauses: { sentenceMs: 200, paragraphMs: 500 } });
    const events: Sentence[] = [];
    stream.on("sentence", (sentence) => events.push(sentence));
    const starts = new Map<number, number>();
    for await (const { sentence, frames, offset } of stream) {
      assert.ok(events.some(({ index }) => index === sentence), `sentence ${sentence} was reported before its audio`);
      if (frames > 0 && !starts.has(sentence)) starts.set(sentence, offset / 24);
    }
    const { sentences, durationMs } = await stream.final();
    assert.deepEqual(events, sentences);
    const words = sentences.map((sentence) => sentence.text.trim());
    assert.deepEqual(words, ["Hello 😀 there.", "How are you today?", "***", "I am fine, thank you."]);
    assert.equal(sentences.map((sentence) => sentence.text).join(""), text);
    for (const sentence of sentences) {
      assert.equal(text.slice(sentence.textStart, sentence.textEnd), sentence.text);
    }
    assert.deepEqual(sentences.map(({ index }) => index), [0, 1, 2, 3]);
    // 5 ms of each sentence may be in the chunk before or after.
    for (const [index, startMs] of starts) {
      assert.ok(Math.abs((sentences[index]?.startMs ?? -100) - startMs) <= 5, `sentence ${index} at ${startMs} ms`);
    }
    assert.equal(toSrt({ sentences, durationMs }).match(/-->/g)?.length, 3);
  });

  it("has silence between its sentences", async () => {
    const tts = await sidecar();
    const spoken = (sentenceMs: number) =>
      tts.synthesize({ text: "Hello there. How are you today?", seed: 3, pauses: { sentenceMs } }).final();
    const [none, second] = await Promise.all([spoken(0), spoken(1000)]);
    assert.equal(second.samples - none.samples, 24000);
  });

  it("can be left unread", async () => {
    const tts = await sidecar();
    assert.equal((await tts.synthesize({ ...HELLO, maxFrames: 2 }).final()).frames, 2);
    assert.equal(tts.bufferedBytes, 0);
  });

  it("is read once", async () => {
    const stream = (await sidecar()).synthesize({ ...HELLO, maxFrames: 1 });
    await collect(stream);
    await assert.rejects(collect(stream), /already read by a loop/);
    await assert.rejects(stream.toWav(), /already read by a loop/);
    assert.throws(() => stream.toReadableStream(), /already read by a loop/);
  });

  it("rejects with the sidecar's error", async () => {
    const tts = await sidecar();
    const wrong = { name: "SidecarResponseError", type: "unknownVoice", code: 1003, field: "voice" };
    await assert.rejects(tts.synthesize({ text: "Hi.", voice: "nobody" }).final(), wrong);
    await assert.rejects(collect(tts.synthesize({ text: "Hi.", voice: "nobody" })), wrong);
    await assert.rejects(tts.synthesize({ text: "Hi.", voice: "nobody" }).toWav(), wrong);
    const unknown = { text: "Hi.", colour: "red" } as { text: string };
    await assert.rejects(tts.synthesize(unknown).final(), { type: "unknownField", field: "colour" });
    await assert.rejects(tts.synthesize({ text: " " }).final(), { type: "emptyText" });
  });

  it("takes a reference as bytes", async () => {
    const reference = { audio: new Uint8Array([1, 2, 3]) };
    // This error shows that the sidecar could decode the bytes.
    const speech = (await sidecar()).synthesize({ text: "Hi.", reference });
    await assert.rejects(speech.final(), { type: "badReferenceAudio", field: "reference.audio" });
  });
});

describe("cancelling", () => {
  const idle = async () => {
    const tts = await sidecar();
    await eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
  };

  it("happens when a loop is left", async () => {
    const stream = (await sidecar()).synthesize({ text: LONG });
    for await (const chunk of stream) if (chunk.seq === 1) break;
    await assert.rejects(stream.final(), { name: "SidecarCancelledError" });
    await idle();
  });

  it("ends a loop in other code", async () => {
    const stream = (await sidecar()).synthesize({ text: LONG });
    let seen = 0;
    for await (const chunk of stream) {
      seen = chunk.seq;
      if (seen === 1) await stream.cancel();
    }
    assert.equal(seen, 1);
    await assert.rejects(stream.final(), { name: "SidecarCancelledError" });
    await idle();
  });

  it("after the end changes nothing", async () => {
    const stream = (await sidecar()).synthesize({ ...HELLO, maxFrames: 1 });
    await collect(stream);
    await stream.cancel();
    assert.equal((await stream.final()).frames, 1);
  });

  it("also happens with a ReadableStream", async () => {
    const tts = await sidecar();
    const reader = tts.synthesize({ text: LONG }).toReadableStream().getReader();
    // A frame is 1920 samples; the last 5 ms are kept, since they would be faded if it ended here.
    assert.equal((await reader.read()).value?.length, 2 * (1920 - 120));
    await reader.cancel();
    await idle();
    assert.equal(tts.bufferedBytes, 0);
  });

  it("by a signal throws its reason, and leaves other streams alone", async () => {
    const tts = await sidecar();
    const other = collect(tts.synthesize(HELLO));
    const controller = new AbortController();
    const stream = tts.synthesize({ text: LONG }, { signal: controller.signal });
    const loop = async () => {
      for await (const chunk of stream) if (chunk.seq === 1) controller.abort();
    };
    await assert.rejects(loop(), { name: "AbortError" });
    await assert.rejects(stream.final(), { name: "AbortError" });
    const alone = await collect(tts.synthesize(HELLO));
    assert.ok(bytes((await other).map((c) => c.audio)).equals(bytes(alone.map((c) => c.audio))));
    await idle();
  });

  it("before anything was sent prevents the request", async () => {
    const tts = await sidecar();
    const reason = new Error("changed my mind");
    const early = tts.synthesize({ text: LONG }, { signal: AbortSignal.abort(reason) });
    await assert.rejects(early.final(), reason);
    const controller = new AbortController();
    const late = tts.synthesize({ text: LONG }, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(collect(late), reason);
    await assert.rejects(tts.ping({ signal: controller.signal }), reason);
    assert.equal((await tts.status()).streams.length, 0);
  });

  it("leaves no listener on the signal", async () => {
    const tts = await sidecar();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    await tts.ping({ signal });
    await collect(tts.synthesize({ ...HELLO, maxFrames: 1 }, { signal }));
    await tts.synthesize({ ...HELLO, maxFrames: 1 }, { signal }).final();
    await tts.synthesize({ text: "Hi.", voice: "nobody" }, { signal }).final().catch(() => {});
    assert.equal(listeners, 0);
  });
});

describe("many streams", () => {
  it("are spoken at the same time, each as when it is alone", async () => {
    const tts = await sidecar();
    const params = (i: number) => ({ text: `Number ${i}.`, seed: i, maxFrames: 8 });
    const streams = Array.from({ length: 20 }, (_, i) => tts.synthesize(params(i)));
    const together = await Promise.all(streams.map((stream) => stream.toWav()));
    for (const i of [0, 13]) {
      const alone = await tts.synthesize(params(i)).toWav();
      assert.ok(Buffer.from(alone).equals(Buffer.from(together[i] ?? [])), `stream ${i}`);
    }
  });

  it("are not delayed by a slow consumer", async () => {
    const tts = await sidecar();
    const sleeper = tts.synthesize({ text: LONG, seed: 1 })[Symbol.asyncIterator]();
    await sleeper.next();
    assert.ok((await tts.synthesize(HELLO).final()).samples > 0);
    await tts.ping();
    await sleeper.return?.();
    assert.equal(tts.bufferedBytes, 0);
  });
});

describe("back-pressure", () => {
  it("limits the unread audio, and loses nothing", async () => {
    const limit = 50_000;
    await using tts = await launch({ highWaterMark: limit });
    const params = { text: LONG, seed: 1, maxFrames: 50 };
    const chunks = tts.synthesize(params)[Symbol.asyncIterator]();
    const received = [(await chunks.next()).value?.audio ?? new Uint8Array()];
    await eventually("the bound is reached", () => tts.bufferedBytes > limit);
    await pause(1500); // As long as the rest would need.
    assert.ok(tts.bufferedBytes < limit + 100_000, `${tts.bufferedBytes}`);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      received.push(next.value.audio);
    }
    const whole = await (await sidecar()).synthesize(params).toWav();
    assert.ok(bytes(received).equals(whole.subarray(44)));
  });

  it("of one stream with credit leaves others alone, and loses nothing", async () => {
    const tts = await sidecar();
    const params = { text: LONG, seed: 1, maxFrames: 50 };
    const chunks = tts.synthesize({ ...params, creditMs: 500 })[Symbol.asyncIterator]();
    const received = [(await chunks.next()).value?.audio ?? new Uint8Array()];
    const streams = async () => (await tts.status()).streams;
    await eventually("the credit is spent", async () => (await streams()).some((s) => s.waitsFor === "credit"));
    const whole = await tts.synthesize(params).toWav();
    assert.ok(tts.bufferedBytes < 48 * (500 + 960), `${tts.bufferedBytes}`);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      received.push(next.value.audio);
    }
    assert.ok(bytes(received).equals(whole.subarray(44)));
  });
});
