import assert from "node:assert/strict";
import { test } from "node:test";
import { SidecarResponseError } from "qwen-tts-sidecar";
import { LiveText, type TextSource } from "../src/live-text.js";
import { Reading } from "../src/reading.js";
import { SAMPLE_RATE } from "../src/types.js";
import { FakeSound, FakeSpeaker, settled } from "./fakes.js";

const TEXT = "A one. B two. C three. D four.";

function reader(source: TextSource = TEXT, start = 0) {
  const [speaker, sound] = [new FakeSpeaker(), new FakeSound()];
  const ends: unknown[] = [];
  let speed = 1;
  const reading = new Reading({
    text: new LiveText(source),
    start,
    speaker,
    params: () => ({ speed }),
    sound,
    onChange: () => {},
    onEnd: (error) => ends.push(error),
  });
  reading.start();
  /** Play up to a time of the present take. */
  const play = async (seconds: number) => {
    const played = Math.min(Math.round(seconds * SAMPLE_RATE), sound.samples.length);
    const queued = sound.samples.length - played;
    reading.onPosition({ take: sound.take, played, queued, underrun: 0, latencyMs: 0 });
    await settled();
  };
  const setSpeed = (value: number) => (speed = value);
  return { reading, speaker, sound, ends, play, setSpeed };
}

const heard = ({ heard: { sentence } }: Reading) => sentence?.text.trim();

test("a text is read to its end, sentence by sentence", async () => {
  const { reading, sound, ends, play, speaker } = reader();
  await settled();
  assert.equal(sound.letters, "ABCD");
  assert.deepEqual([heard(reading), reading.isHeard], [undefined, false]);
  await play(0.5);
  assert.deepEqual([heard(reading), reading.isHeard], ["A one.", true]);
  await play(3);
  assert.equal(heard(reading), "D four.");
  assert.deepEqual(ends, []);
  await play(4);
  assert.deepEqual(ends, [undefined]);
  assert.equal(sound.state, "stopped");
  assert.deepEqual(reading.outcome, { finished: true, heardMs: 4000, heardText: TEXT });
  assert.equal(speaker.asked.length, 1);
});

test("no more than ten seconds are asked for ahead of the listener", async () => {
  const { sound, play } = reader("A b. ".repeat(40));
  await settled();
  assert.equal(sound.letters.length, 11); // The last one exceeds the limit.
  await play(5);
  assert.equal(sound.letters.length, 16);
});

test("the highlight is as late as the sound", async () => {
  const { reading, sound } = reader();
  await settled();
  const report = { take: sound.take, played: 1.1 * SAMPLE_RATE, queued: 1, underrun: 0 };
  reading.onPosition({ ...report, latencyMs: 200 });
  assert.equal(heard(reading), "A one.");
  reading.onPosition({ ...report, latencyMs: 50 });
  assert.equal(heard(reading), "B two.");
});

test("a sentence that is here is skipped to at once", async () => {
  const { reading, sound, play, speaker, ends } = reader();
  await settled();
  await play(0.5);
  reading.next();
  assert.deepEqual([heard(reading), sound.letters], ["B two.", "BCD"]);
  reading.next();
  reading.next();
  assert.deepEqual([heard(reading), sound.letters], ["D four.", "D"]);
  reading.previous();
  assert.deepEqual([heard(reading), speaker.asked.length], ["A one.", 1]); // The others have not been heard.
  await play(4);
  assert.deepEqual(ends, [undefined]);
  assert.equal(reading.outcome.heardMs, 4500);
});

test("the last sentence is skipped to the end", async () => {
  const { reading, play, ends } = reader();
  await settled();
  await play(3.5);
  reading.next();
  assert.deepEqual(ends, [undefined]);
  assert.equal(reading.outcome.finished, true);
});

test("back is to the start of the sentence, and soon after that to the one before", async () => {
  const { reading, sound, play } = reader();
  await settled();
  await play(0.1);
  await play(1.2);
  reading.previous();
  assert.equal(heard(reading), "A one.");
  await play(1);
  assert.equal(heard(reading), "B two.");
  reading.onPosition({ take: sound.take, played: 2.9 * SAMPLE_RATE, queued: 0, underrun: 0, latencyMs: 950 });
  reading.previous();
  assert.deepEqual([heard(reading), sound.letters], ["B two.", "BCD"]);
});

test("a sentence that is not generated yet is asked for, and so is one that was forgotten", async () => {
  const { reading, speaker, sound, play } = reader("A one. B two. C three.");
  speaker.allowed = 0;
  await settled();
  speaker.allow(1);
  await settled();
  await play(0.5);
  speaker.allowed = Infinity;
  reading.next();
  await settled();
  assert.deepEqual(
    speaker.asked.map(({ text, isCancelled }) => [text, isCancelled]),
    [
      ["A one. B two. C three.", true],
      ["B two. C three.", false],
    ],
  );
  await play(0.5);
  assert.deepEqual([heard(reading), sound.letters], ["B two.", "BC"]);
  reading.previous();
  await settled();
  assert.equal(speaker.asked.at(-1)?.text, "A one. B two. C three."); // Another request has its audio.
});

test("another speed takes effect with the sentence that is heard", async () => {
  const { reading, speaker, play, setSpeed } = reader();
  await settled();
  await play(1.5);
  setSpeed(2);
  reading.again();
  const last = speaker.asked.at(-1);
  assert.equal(last?.text, "B two. C three. D four.");
  assert.deepEqual(last?.params, { speed: 2, sampleRate: 24000, encoding: "pcm_s16le", creditMs: 5000 });
});

test("pause and go on; a skip goes on, too", async () => {
  const { reading, sound, play } = reader();
  await settled();
  await play(0.5);
  reading.pause();
  assert.deepEqual([reading.isPaused, sound.state], [true, "paused"]);
  reading.resume();
  assert.deepEqual([reading.isPaused, sound.state], [false, "playing"]);
  reading.pause();
  reading.next();
  assert.deepEqual([reading.isPaused, sound.state], [false, "playing"]);
});

test("stop says what was heard, and ends the request", async () => {
  const { reading, speaker, ends, play } = reader();
  await settled();
  await play(1.5);
  reading.stop();
  reading.stop();
  assert.deepEqual(reading.outcome, { finished: false, heardMs: 1500, heardText: "A one. B two. " });
  assert.deepEqual(ends, [undefined]);
  assert.equal(speaker.asked[0]?.isCancelled, true);
});

test("after an error, another reading goes on with the sentence that was heard", async () => {
  const { reading, speaker, ends, play } = reader();
  speaker.allowed = 2;
  await settled();
  await play(1.5);
  const error = new Error("The sidecar ended.");
  speaker.fail(error);
  await settled();
  assert.deepEqual(ends, [error]);
  assert.equal(reading.place, "A one. ".length);
});

test("a text is read while it is written, and can be skipped in", async () => {
  let go = () => {};
  let isClosed = false;
  async function* written() {
    try {
      yield "A one. B";
      await new Promise<void>((resolve) => (go = resolve));
      yield " two. C three.";
    } finally {
      isClosed = true;
    }
  }
  const { reading, sound, play, ends, speaker } = reader(written());
  await settled();
  assert.equal(sound.letters, "A");
  await play(0.5);
  reading.next(); // There is more to come, as far as anybody knows.
  await settled();
  go();
  await settled();
  assert.equal(sound.letters, "BC");
  assert.deepEqual(
    speaker.asked.map(({ text }) => text),
    [undefined, undefined],
  );
  await play(2);
  assert.deepEqual(ends, [undefined]);
  assert.ok(isClosed);
  assert.equal(reading.outcome.heardText, "A one. B two. C three.");
});

test("a sentence is spoken when the writer pauses behind it, and not when it pauses within one", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const pieces: ((piece: string) => void)[] = [];
  async function* written() {
    for (;;) yield await new Promise<string>((resolve) => pieces.push(resolve));
  }
  const { speaker, reading } = reader(written());
  const write = async (piece: string) => {
    await settled();
    pieces.shift()?.(piece);
    await settled();
  };
  await write("A one.");
  mock.timers.tick(1499);
  await write(" B");
  mock.timers.tick(5000);
  assert.equal(speaker.asked[0]?.flushes, undefined);
  await write(" two. ");
  mock.timers.tick(1500);
  assert.equal(speaker.asked[0]?.flushes, 1);
  reading.stop();
});

test("the reading ends after the last sentence that can be spoken", async () => {
  const { reading, speaker, ends, play } = reader("A one. `code`");
  await settled();
  await play(0.5);
  speaker.failure = new SidecarResponseError("Nothing in the text can be spoken.", -32602, "invalidParams", "text");
  reading.next();
  await settled();
  assert.deepEqual(ends, [undefined]);
});

test("a text in which nothing can be spoken is an error", async () => {
  const { speaker, ends } = reader("code.");
  speaker.failure = new SidecarResponseError("Nothing in the text can be spoken.", -32602, "invalidParams", "text");
  await settled();
  assert.equal(ends[0], speaker.failure);
});

test("a source that fails ends the reading with its error", async () => {
  async function* written() {
    yield "A one. ";
    throw new Error("the model is gone");
  }
  const { ends } = reader(written());
  await settled();
  assert.match(String(ends[0]), /the model is gone/);
});

test("a text without anything to say is over at once", async () => {
  const { reading, ends } = reader("---");
  await settled();
  assert.deepEqual(ends, [undefined]);
  assert.deepEqual(reading.outcome, { finished: true, heardMs: 0, heardText: "" });
});
