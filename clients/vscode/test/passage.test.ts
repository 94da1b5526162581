import assert from "node:assert/strict";
import { test } from "node:test";
import { BETWEEN, Passage, type Edit } from "../src/passage.js";

/** A document as a string, edited beside a passage. */
class Edited {
  constructor(
    public text: string,
    readonly passage: Passage,
  ) {}

  replace(offset: number, length: number, inserted: string): void {
    this.text = this.text.slice(0, offset) + inserted + this.text.slice(offset + length);
    this.passage.edit({ offset, length, inserted: inserted.length } satisfies Edit);
  }

  at(written: string): string[] {
    const textStart = this.passage.text.indexOf(written);
    assert.notEqual(textStart, -1);
    const spans = this.passage.locate({ textStart, textEnd: textStart + written.length });
    return spans.map(({ start, end }) => this.text.slice(start, end));
  }
}

const DOCUMENT = "Title\n\nFirst one. Second one.  Third one.\n";

function edited(): Edited {
  const start = DOCUMENT.indexOf("First");
  return new Edited(DOCUMENT, new Passage([{ start, text: DOCUMENT.slice(start) }]));
}

test("a sentence is found where it is, without the white space around it", () => {
  assert.deepEqual(edited().at("Second one.  "), ["Second one."]);
});

test("white space alone is nowhere", () => {
  assert.deepEqual(edited().passage.locate({ textStart: 10, textEnd: 11 }), []);
});

test("edits before it move it, and edits behind it do not", () => {
  const { passage } = edited();
  const document = new Edited(DOCUMENT, passage);
  document.replace(0, 5, "A longer title");
  document.replace(document.text.length - 1, 1, "");
  assert.deepEqual(document.at("Second one."), ["Second one."]);
});

test("what is written directly before or behind it does not belong to it, and what is written into it does", () => {
  const document = edited();
  document.replace(document.text.indexOf("Second"), 0, "New. ");
  document.replace(document.text.indexOf("Second one.") + "Second one.".length, 0, "!!");
  document.replace(document.text.indexOf("Second") + "Second".length, 0, " and better");
  assert.deepEqual(document.at("Second one."), ["Second and better one."]);
});

test("a deleted sentence is nowhere, and what is left of one is found", () => {
  const document = edited();
  document.replace(document.text.indexOf("First one. Se"), "First one. Se".length, "");
  assert.deepEqual(document.at("First one."), []);
  assert.deepEqual(document.at("Second one."), ["cond one."]);
});

test("a document that was replaced has nothing of it", () => {
  const document = edited();
  document.replace(0, document.text.length, "Something else.");
  assert.deepEqual(document.at("Third one."), []);
});

test("several selections are parts, and a sentence over two of them is in both", () => {
  const passage = new Passage([
    { start: 0, text: "Ti" },
    { start: 7, text: "First" },
  ]);
  assert.equal(passage.text, `Ti${BETWEEN}First`);
  assert.deepEqual(passage.locate({ textStart: 0, textEnd: passage.text.length }), [
    { start: 0, end: 2 },
    { start: 7, end: 12 },
  ]);
});

test("after random edits, each character that was not deleted is where it was moved to", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 200; round++) {
    // Each character occurs once, so that the document itself shows where it is.
    const text = String.fromCharCode(...Array.from({ length: 40 }, (_, i) => 0x4e00 + i));
    const document = new Edited(text, new Passage([{ start: 0, text }]));
    for (let n = random(12); n >= 0; n--) {
      const offset = random(document.text.length + 1);
      const length = random(Math.min(8, document.text.length - offset) + 1);
      document.replace(offset, length, "x".repeat(random(4)));
    }
    for (const character of text) {
      assert.deepEqual(document.at(character), document.text.includes(character) ? [character] : []);
    }
  }
});
