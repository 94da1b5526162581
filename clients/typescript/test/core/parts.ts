import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Backoff } from "../../src/backoff.js";
import { Channel } from "../../src/channel.js";
import { FlowGate } from "../../src/flow.js";
import { SentenceSplitter } from "../../src/sentences.js";

describe("sentences", () => {
  const split = (pieces: string[], maxChars = 4096) => {
    const splitter = new SentenceSplitter(maxChars, "en");
    return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.flush()];
  };

  it("are the same, however the text arrives", () => {
    const text = 'Hello there. Dr. Smith paid 3.5 dollars! "Really?" he asked. 1. First J. K. Rowling.\n\nEnd';
    const expected = [
      "Hello there.",
      "Dr. Smith paid 3.5 dollars!",
      '"Really?" he asked.',
      "1. First J. K. Rowling.",
      "End",
    ];
    assert.deepEqual(split([text]), expected);
    assert.deepEqual(split([...text]), expected);
    assert.deepEqual(split(text.split(/(?<= )/)), expected);
  });

  it("come as soon as the next one begins", () => {
    const splitter = new SentenceSplitter(4096, "en");
    assert.deepEqual(splitter.push("It is late. "), []);
    assert.deepEqual(splitter.push("I"), ["It is late."]);
  });

  it("are cut at blanks when they are too long", () => {
    const parts = split(["one two three four five six seven"], 10);
    assert.deepEqual(parts, ["one two", "three four", "five six", "seven"]);
    assert.deepEqual(split(["😀".repeat(3) + "a".repeat(9)], 6), ["😀😀😀aaa", "aaaaaa"]);
  });

  it("without a word are left out", () => {
    assert.deepEqual(split(["***\n\n- Well. 🎉"]), ["***\n\n- Well."]);
    assert.deepEqual(split(["…", " – "]), []);
  });

  it("are found in other scripts", () => {
    assert.deepEqual(split(["你好。", "我很好。谢谢"]), ["你好。", "我很好。", "谢谢"]);
  });
});

describe("back-off", () => {
  it("doubles, and ends at the fifth crash in three minutes", () => {
    const backoff = new Backoff();
    assert.deepEqual([0, 1, 2, 3, 4].map((t) => backoff.crashed(t)), [200, 400, 800, 1600, undefined]);
  });

  it("forgets old crashes", () => {
    const backoff = new Backoff();
    for (let minute = 0; minute < 20; minute++) {
      assert.ok(backoff.crashed(minute * 60_000) !== undefined);
    }
  });

  it("never starts again if told so", () => {
    assert.equal(new Backoff(false).crashed(), undefined);
  });
});

describe("the flow gate", () => {
  it("closes over its limit, and opens for whoever waits", async () => {
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
  it("gives each reader one item, in order, then the end", async () => {
    const channel = new Channel<number>();
    const early = [channel.next(), channel.next()];
    channel.push(1);
    channel.push(2);
    channel.push(3);
    channel.end();
    assert.deepEqual(await Promise.all([...early, channel.next(), channel.next()]), [1, 2, 3, undefined]);
  });

  it("gives what was pushed before the error", async () => {
    const channel = new Channel<number>();
    channel.push(1);
    channel.end(new Error("broken"));
    assert.equal(await channel.next(), 1);
    await assert.rejects(channel.next(), /broken/);
    await assert.rejects(channel.next(), /broken/);
  });
});
