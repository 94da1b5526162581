import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Backoff } from "../../src/backoff.js";
import { Channel } from "../../src/channel.js";
import { FlowGate } from "../../src/flow.js";
import { Heartbeat } from "../../src/heartbeat.js";
import { LineReader, MAX_LINE_CHARS } from "../../src/lines.js";
import type { WordsProgress } from "../../src/protocol.gen.js";
import { SpokenText } from "../../src/sentences.js";
import { TextFeed } from "../../src/text-feed.js";
import { toSentenceWords } from "../../src/words.js";
import { toSrt, toVtt } from "qwen-tts-sidecar";
import { eventually, pause, REPOSITORY } from "../support.js";

describe("a text that is fed", () => {
  const SCRIPTS = "Hi 😀 there. 你好。 \ud800 e\u0301 👩‍👧\udc00";

  it("is the same for any pieces, and no character is cut", async () => {
    for (const size of [1, 2, 3, 5, 100]) {
      const pieces = Array.from({ length: Math.ceil(SCRIPTS.length / size) }, (_, i) =>
        SCRIPTS.slice(i * size, (i + 1) * size),
      );
      const sent: string[] = [];
      assert.equal(await new TextFeed(pieces, new SpokenText()).run((text) => sent.push(text)), true);
      assert.equal(sent.join(""), SCRIPTS.toWellFormed());
      assert.ok(sent.every((text) => text && text.isWellFormed()));
    }
  });

  it("waits while the voice is far behind, and continues with it", async () => {
    let asked = 0;
    let released = false;
    function* pieces() {
      try {
        for (;;) yield `${asked++}`.padStart(100);
      } finally {
        released = true;
      }
    }
    const text = new SpokenText();
    const feed = new TextFeed(pieces(), text);
    const ended = feed.run(() => {});
    await pause(5);
    assert.equal(asked, 41);
    text.take({ kind: "sentence", index: 0, textStart: 0, textEnd: 1000, startMs: 0 });
    feed.update();
    await pause(5);
    assert.equal(asked, 51);
    feed.stop();
    assert.equal(await ended, false);
    assert.ok(released);
  });

  it("is divided into sentences by JavaScript indices", () => {
    const text = new SpokenText();
    const mark = (index: number, textStart: number, textEnd: number) =>
      text.take({ kind: "sentence", index, textStart, textEnd, startMs: index });
    text.add("A 😀. ");
    assert.deepEqual(mark(0, 0, 5), { index: 0, text: "A 😀. ", textStart: 0, textEnd: 6, startMs: 0 });
    text.add("👩‍👧");
    text.add("!");
    assert.deepEqual(mark(1, 5, 9), { index: 1, text: "👩‍👧!", textStart: 6, textEnd: 12, startMs: 1 });
    assert.equal(text.waiting, 0);
  });
});

describe("captions", () => {
  interface Case {
    name: string;
    isSsml?: boolean;
    sentences: { startMs: number; text: string; speaker?: string }[];
    words?: WordsProgress[];
    durationMs: number;
    srt: string;
    vtt: string;
  }
  const cases = JSON.parse(readFileSync(join(REPOSITORY, "clients/cases/captions.json"), "utf8")) as Case[];
  for (const { name, durationMs, srt, vtt, ...given } of cases) {
    it(name, () => {
      const text = new SpokenText(given.isSsml);
      const starts: number[] = [];
      let textStart = 0;
      const sentences = given.sentences.map(({ text: written, startMs, speaker }, index) => {
        text.add(written);
        starts.push(textStart);
        const textEnd = textStart + [...written].length;
        const sentence = text.take({ kind: "sentence", index, textStart, textEnd, startMs, speaker });
        textStart = textEnd;
        return sentence;
      });
      const words = given.words?.map((one) => {
        const sentence = sentences[one.sentence];
        assert.ok(sentence);
        return toSentenceWords(one, sentence, starts[one.sentence] ?? 0);
      });
      const speech = { sentences, durationMs, ...(words && { words }) };
      const options = { wordTimes: true };
      assert.deepEqual([toSrt(speech, options), toVtt(speech, options)], [srt, vtt]);
    });
  }
});

describe("back-off", () => {
  it("doubles the delay, and ends at the fifth crash in three minutes", () => {
    const backoff = new Backoff();
    assert.deepEqual([0, 1, 2, 3, 4].map((t) => backoff.crashed(t)), [200, 400, 800, 1600, undefined]);
  });

  it("forgets old crashes", () => {
    const backoff = new Backoff();
    for (let minute = 0; minute < 20; minute++) {
      assert.ok(backoff.crashed(minute * 60_000) !== undefined);
    }
  });

  it("never starts again if that is turned off", () => {
    assert.equal(new Backoff(false).crashed(), undefined);
  });
});

describe("the flow gate", () => {
  it("closes over its limit, and opens for any waiting call", async () => {
    const states: boolean[] = [];
    const gate = new FlowGate(10);
    gate.attach((paused) => states.push(paused));
    gate.buffer(10);
    assert.deepEqual(states, [false]);
    gate.buffer(1);
    assert.deepEqual(states, [false, true]);
    await gate.waitFor(Promise.resolve());
    assert.deepEqual(states, [false, true, false, true]);
    gate.buffer(-1);
    assert.deepEqual(states, [false, true, false, true, false]);
  });
});

describe("the channel", () => {
  it("returns one item to each reader, in order, then the end", async () => {
    const channel = new Channel<number>();
    const early = [channel.next(), channel.next()];
    channel.push(1);
    channel.push(2);
    channel.push(3);
    channel.end();
    assert.deepEqual(await Promise.all([...early, channel.next(), channel.next()]), [1, 2, 3, undefined]);
  });

  it("returns what was pushed before the error", async () => {
    const channel = new Channel<number>();
    channel.push(1);
    channel.end(new Error("broken"));
    assert.equal(await channel.next(), 1);
    await assert.rejects(channel.next(), /broken/);
    await assert.rejects(channel.next(), /broken/);
  });
});

describe("the heartbeat", () => {
  /** Simulate a process that answers, one that does not, and one whose output is not read. */
  const watch = (onPing: (heart: Heartbeat) => void, isListening = () => true) => {
    const state = { pings: 0, silent: 0, looks: 0 };
    const heart: Heartbeat = new Heartbeat(4, {
      ping: () => {
        state.pings++;
        onPing(heart);
      },
      isListening: () => (state.looks++, isListening()),
      onSilent: () => {
        state.silent++;
        heart.stop();
      },
    });
    return { state, heart };
  };

  it("continues while the process answers", async () => {
    const { state, heart } = watch((heart) => heart.onData());
    await eventually("it was asked often", () => state.pings > 20);
    heart.stop();
    assert.equal(state.silent, 0);
  });

  it("reports a process that does not answer, four checks after the ping", async () => {
    const { state } = watch(() => {});
    await eventually("it is over", () => state.silent === 1);
    assert.deepEqual([state.pings, state.looks], [1, 5]);
  });

  it("expects nothing while stdout is not read", async () => {
    const { state, heart } = watch(() => {}, () => false);
    await eventually("it was looked at often", () => state.looks > 20);
    heart.stop();
    assert.deepEqual([state.pings, state.silent], [0, 0]);
  });
});

describe("lines", () => {
  const read = (pieces: (string | Uint8Array)[]) => {
    const reader = new LineReader();
    const lines = pieces.flatMap((piece) => reader.push(typeof piece === "string" ? Buffer.from(piece) : piece));
    return [...lines, ...reader.end()];
  };

  it("end with a line feed, a carriage return, or both", () => {
    const text = "one\n\ntwo\r\nthree\r 5 %\r\r 6 %\r\r\nlast – ä";
    const expected = ["one", "", "two", "three", " 5 %", " 6 %", "last – ä"];
    assert.deepEqual(read([text]), expected);
    const bytes = Buffer.from(text);
    assert.deepEqual(read([...bytes].map((byte) => Uint8Array.of(byte))), expected);
    assert.deepEqual(read(["\r 5 %", "\r 6 %", "\r"]), [" 5 %", " 6 %"]);
    assert.deepEqual(read(["a\n"]), ["a"]);
  });

  it("are cut if they have no end, but not inside a character", () => {
    const text = `x${"😀".repeat(MAX_LINE_CHARS)}`;
    const reader = new LineReader();
    const first = reader.push(Buffer.from(text));
    assert.ok(first.length > 0, "a line without an end is reported before its end");
    const pieces = [...first, ...reader.push(Buffer.from("\nend\n"))];
    assert.equal(pieces.pop(), "end");
    assert.equal(pieces.join(""), text);
    assert.ok(pieces.every((piece) => piece.length <= MAX_LINE_CHARS && piece.isWellFormed()));
  });
});
