// Every conversation of protocol/vectors, by a runner written from its README alone.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { converse, parseVector } from "./vectors/conversation.js";
import { REPOSITORY } from "./support.js";

const folder = join(REPOSITORY, "protocol/vectors");

// Two at a time: most of the time is the start of the processes.
describe("vectors", { concurrency: 2 }, () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".jsonl"))) {
    const vector = parseVector(readFileSync(join(folder, file), "utf8"));
    it(`${file}: ${vector.header.vector}`, () => converse(vector));
  }
});
