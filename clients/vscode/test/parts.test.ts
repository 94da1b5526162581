import assert from "node:assert/strict";
import { test } from "node:test";
import { Follower } from "../src/following.js";
import { isTextSource, LiveText } from "../src/live-text.js";
import { checked } from "../src/options.js";
import { page, policy } from "../src/page.js";
import { shownOf } from "../src/shown.js";
import { Tape } from "../src/tape.js";
import { targetOf } from "../src/target.js";
import { Timeline } from "../src/timeline.js";
import { SAMPLE_RATE } from "../src/types.js";

test("a timeline knows what is heard, with places in the whole text", () => {
  const timeline = new Timeline(100);
  timeline.addSentence({ index: 0, text: "One two. ", textStart: 0, textEnd: 9, startMs: 0 });
  timeline.addSentence({ index: 1, text: "---\n", textStart: 9, textEnd: 13, startMs: 900 });
  timeline.addSentence({ index: 2, text: "Three.", textStart: 13, textEnd: 19, startMs: 900 });
  timeline.addWords({ sentence: 0, words: [word("One", 80, 0), word("two", 400, 4)] });
  timeline.addWords({ sentence: 2, words: null });
  assert.equal(timeline.at(40).word, undefined);
  assert.deepEqual(timeline.at(399).word, { word: "One", startMs: 80, textStart: 100, textEnd: 103 });
  assert.equal(timeline.at(899).word?.word, "two");
  const last = timeline.at(900);
  assert.deepEqual([last.sentence?.index, last.sentence?.textStart, last.word], [2, 113, undefined]);
  assert.equal(timeline.after(timeline.at(0).sentence!)?.index, 2); // The ruler is silent.
  assert.equal(timeline.after(last.sentence!), undefined);
  assert.equal(timeline.starting(113)?.index, 2);
});

const word = (text: string, startMs: number, textStart: number) => ({
  word: text,
  startMs,
  textStart,
  textEnd: textStart + text.length,
});

test("a tape returns the audio from any sample on, and forgets what was heard a minute ago", () => {
  const tape = new Tape();
  tape.push(Uint8Array.of(1, 0, 2, 0, 3, 0));
  tape.push(Uint8Array.of(4, 0));
  assert.deepEqual(Buffer.concat(tape.from(1)), Buffer.from([2, 0, 3, 0, 4, 0]));
  assert.deepEqual(tape.from(4), []);
  tape.forget(60 * SAMPLE_RATE + 2);
  assert.equal(tape.start, 0);
  tape.forget(60 * SAMPLE_RATE + 3);
  assert.deepEqual([tape.start, tape.end], [3, 4]);
});

test("a text that is being written can be read twice, and its source is asked once", async () => {
  const asked: string[] = [];
  async function* source() {
    for (const piece of ["One ", "two ", "three."]) {
      asked.push(piece);
      yield piece;
    }
  }
  const text = new LiveText(source());
  const first = text.from(0);
  assert.equal((await first.next()).value, "One ");
  const [again, next] = [text.from(2), first.next()];
  assert.equal((await again.next()).value, "e ");
  assert.equal((await again.next()).value, "two ");
  assert.equal((await next).value, "two ");
  assert.equal((await again.next()).value, "three.");
  assert.equal((await again.next()).done, true);
  assert.deepEqual(asked, ["One ", "two ", "three."]);
  assert.deepEqual([text.text, text.isWhole], ["One two three.", true]);
});

test("the source of a text is closed when it is not read any further, and a wrong piece is an error", async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield "One ";
      yield 2 as unknown as string;
    } finally {
      isClosed = true;
    }
  }
  const text = new LiveText(source());
  const reader = text.from(0);
  await reader.next();
  await assert.rejects(reader.next(), /a piece of it is of the type number/);
  await text.close();
  assert.ok(isClosed);
});

test("half a surrogate pair does not change the places", () => {
  assert.equal(new LiveText("a\ud83db").text, "a\ufffdb");
});

test("a text, an iterable and an asynchronous one can be read; nothing else", () => {
  assert.deepEqual(["", ["a"], new LiveText("a").from(0)].map(isTextSource), [true, true, true]);
  assert.deepEqual([1, null, undefined, {}].map(isTextSource), [false, false, false, false]);
});

const lines = (first: number, last = first) => ({ first, last });

test("the editor follows until the person scrolls away, and again when they have come back", () => {
  const [top, below] = [[lines(0, 20)], [lines(50, 70)]];
  const follower = new Follower();
  assert.equal(follower.shouldReveal(lines(5), top), false);
  assert.equal(follower.shouldReveal(lines(21), top), true);
  assert.equal(follower.shouldReveal(lines(22), top), true); // The editor has not come there yet.
  follower.moved([lines(12, 32)]);
  assert.equal(follower.shouldReveal(lines(23), [lines(12, 32)]), false);
  follower.moved(below);
  assert.equal(follower.shouldReveal(lines(24), below), false); // The person is elsewhere.
  assert.equal(follower.shouldReveal(lines(60), below), false); // They have come back, and are followed again.
  assert.equal(follower.shouldReveal(lines(71), below), true);
});

test("an editor that was scrolled to the first sentence, and back by the person, stays there", () => {
  const [top, middle] = [[lines(0, 20)], [lines(90, 110)]];
  const follower = new Follower();
  assert.equal(follower.shouldReveal(lines(100), top), true); // The first sentence is always shown.
  follower.moved(middle);
  follower.moved(top);
  assert.equal(follower.shouldReveal(lines(101), top), false);
  follower.revealed(lines(101), top); // By the command.
  follower.moved(middle);
  assert.equal(follower.shouldReveal(lines(111), middle), true);
});

test("the page may load the extension's own files only", () => {
  const files = { script: "https://x/player.js", worklet: "https://x/worklet.js", style: "https://x/s.css" };
  const options = { ...files, files: "'self' https://*.x", nonce: "abc" };
  assert.equal(
    policy(options),
    "default-src 'none'; script-src 'nonce-abc' 'self' https://*.x; style-src 'self' https://*.x",
  );
  const html = page(options);
  assert.doesNotMatch(html, /unsafe|<style|style="|\son\w+="/);
  assert.deepEqual(
    html.match(/<script.*/g)?.map((line) => line.trim()),
    ['<script nonce="abc" src="https://x/player.js"></script>'],
  );
  assert.match(page({ ...options, style: 'https://x/"><script>' }), /href="https:\/\/x\/&quot;>&lt;script>"/);
});

test("the word that is heard is marked in the sentence that is shown", () => {
  const sentence = { index: 0, text: "\n One two. ", textStart: 10, textEnd: 21, startMs: 0 };
  const shown = shownOf("speaking", { sentence, word: word("two", 0, 16) }, { voice: "slt" });
  assert.deepEqual(shown, {
    status: "speaking",
    sentence: "One two.",
    word: { start: 4, end: 7 },
    voice: "slt",
    speed: 1,
  });
  assert.equal(shown.sentence.slice(4, 7), "two");
});

test("an option that has no effect is an error", () => {
  assert.deepEqual(checked(), {});
  assert.deepEqual(checked({ voice: "slt", speed: 1.5, model: undefined }), { voice: "slt", speed: 1.5 });
  assert.throws(() => checked({ encoding: "mp3" }), /no option encoding\. Its options are: voice, model, language/);
  assert.throws(() => checked({ toString: "a" }), /no option toString/);
  assert.throws(() => checked({ speed: "2" }), /speed of qwenTts\.speak must be a number/);
  assert.throws(() => checked("slt"), /must be an object/);
});

test("a setting is changed where it counts", () => {
  assert.deepEqual(targetOf({}), { place: "global", isForLanguage: false });
  assert.deepEqual(targetOf({ globalValue: "a", workspaceValue: "" }), { place: "workspace", isForLanguage: false });
  assert.deepEqual(targetOf({ workspaceFolderValue: 1, globalLanguageValue: 2 }), {
    place: "global",
    isForLanguage: true,
  });
});
