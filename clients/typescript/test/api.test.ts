// What an editor shows of this package: types that can be imported, doc comments, units, examples.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { Compiler, type Documented, PublicApi } from "./declarations.js";
import { PACKAGE } from "./support.js";

let api: PublicApi;
let all: Documented[];

before(() => {
  api = new PublicApi();
  assert.deepEqual(api.problems(), []);
  all = api.documented();
  assert.ok(all.length > 300, `${all.length} documented things`);
});

after(() => api?.close());

it("exports every type that an exported one mentions", () => {
  const reachable = api.reachable();
  for (const name of ["Sidecar", "Metrics", "Warning"]) assert.ok(reachable.has(name), name);
  assert.deepEqual([...reachable].filter((name) => !api.exported.includes(name)), []);
});

/** Parts of Node's own classes, which the comments of their interfaces explain. */
const ELSEWHERE = /^Node(Request|Response)\./;

const paths = (some: Documented[]) => some.map(({ path }) => path);

it("has a doc comment on everything", () => {
  assert.deepEqual(paths(all.filter(({ doc, path }) => !doc && !isTable(path) && !ELSEWHERE.test(path))), []);
});

/** Rows of tables, whose names say what they are. */
const isTable = (path: string) => /^(Requests|Notifications|PRESET_GENDERS)\./.test(path);

const UNIT = /\b(milliseconds|seconds|bytes|Hz|dBFS|bits|codec frames|UTF-16 code units|characters \(Unicode code points\))/i;
/** Counts, places in a row, and numbers without a unit. */
const WITHOUT_UNIT = /^Number of |^Index of |^Process id |dimensionless|seed|Version of|process id|exit code/i;

it("has the unit of every number", () => {
  const numbers = all.filter(({ isNumber, path }) => isNumber && !isTable(path) && !ELSEWHERE.test(path));
  assert.ok(numbers.length > 80, `${numbers.length} numbers`);
  assert.deepEqual(paths(numbers.filter(({ doc }) => !UNIT.test(doc) && !WITHOUT_UNIT.test(doc))), []);
});

it("has the default of every option", () => {
  const isOption = (path: string) => /(Options|Params|Policy|Input)\./.test(path);
  const options = all.filter(({ isOptional, path }) => isOptional && isOption(path));
  assert.ok(options.length > 60, `${options.length} options`);
  assert.deepEqual(paths(options.filter(({ doc }) => !/default|either this or/i.test(doc))), []);
});

const has = ({ tags }: Documented, tag: string) => tags.some(({ name }) => name === tag);

/** Functions and methods of classes, but not functions that a caller passes in. */
const functions = () =>
  all.filter(({ kind, path }) => kind === "function" && !ELSEWHERE.test(path) && !/Options\.|^Handler$/.test(path));

it("has an example of every function", () => {
  const alike = /\.(once|off|\[Symbol\.\w+\])$/;
  assert.ok(functions().length > 20);
  assert.deepEqual(paths(functions().filter((one) => !has(one, "example") && !alike.test(one.path))), []);
});

it("says what every asynchronous function rejects with", () => {
  const disposes = /\[Symbol\.asyncDispose\]$/;
  const promises = functions().filter(({ returns, path }) => returns.startsWith("Promise<") && !disposes.test(path));
  assert.ok(promises.length > 10);
  assert.deepEqual(paths(promises.filter((one) => !has(one, "throws") && !/Never rejects/.test(one.doc))), []);
});

/** What examples may use without declaring it. */
const DECLARED = {
  tts: 'import("qwen-tts-sidecar").Sidecar',
  stream: 'import("qwen-tts-sidecar").SpeechStream',
};
const AMBIENT = `
  declare module "node:http" {
    export function createServer(listener: (request: any, response: any) => void): { listen(port: number, host: string): void };
  }
  declare const process: { env: Record<string, string | undefined> };`;

/** An example as a module: a block of TypeScript, or of a property its value. */
function moduleOf({ path, kind }: Documented, example: string): string {
  const code = /^```ts\n([^]*)\n```$/.exec(example.trim())?.[1];
  if (code !== undefined) {
    const missing = Object.entries(DECLARED).filter(([name]) => !new RegExp(`const ${name}\\b`).test(code));
    return [...missing.map(([name, type]) => `declare const ${name}: ${type};`), code, "export {};"].join("\n");
  }
  const [owner, name] = path.split(".");
  assert.ok(kind === "property", `the example of ${path} is no block of TypeScript`);
  const entry = api.entryOf(owner ?? "");
  return `export const example: import("${entry}").${owner}["${name}"] = ${example.trim()};`;
}

it("has examples that compile", () => {
  const texts: Record<string, string> = { "ambient.d.ts": AMBIENT };
  for (const one of all) {
    const examples = one.tags.filter(({ name }) => name === "example");
    for (const [i, { text }] of examples.entries()) {
      texts[`${one.path.replace(/\W/g, "_")}-${i}.mts`] = moduleOf(one, text);
    }
  }
  assert.ok(Object.keys(texts).length > 20);
  const compiler = new Compiler([], texts);
  assert.deepEqual(compiler.problems(), []);
  compiler.close();
});

/** Return the completions that an editor offers at the mark. */
function completions(code: string): string[] {
  const text = `import type { Sidecar } from "qwen-tts-sidecar";\ndeclare const tts: Sidecar;\n${code}\n`;
  const at = text.indexOf("│");
  const compiler = new Compiler([], { "completed.mts": text.replace("│", "") });
  const found = compiler.checker.getCompletionsAtPosition(join(compiler.folder, "completed.mts"), at);
  compiler.close();
  return found?.entries.map(({ name }) => name.replaceAll('"', "")) ?? [];
}

it("completes the names in the catalogue, and accepts others", () => {
  const models = completions('tts.synthesize({ text: "a", model: "│" });');
  for (const name of ["tiny-voice", "0.6b-base", "1.7b-customvoice-8bit"]) assert.ok(models.includes(name), name);
  assert.ok(completions('tts.models.load("│");').includes("0.6b-base"));
  assert.ok(completions('tts.synthesize({ text: "a", voice: "│" });').includes("vivian"));
  assert.ok(completions('tts.synthesizeText([], { language: "│" });').includes("japanese"));
  const compiler = new Compiler([], {
    "others.mts": `import type { Sidecar } from "qwen-tts-sidecar";
      declare const [tts, name]: [Sidecar, string];
      tts.synthesize({ text: "a", model: "./mine", voice: name, language: "Klingon" });
      tts.models.load(name);`,
  });
  assert.deepEqual(compiler.problems(), []);
  compiler.close();
});

it("has source maps from the declarations and the code to the sources", () => {
  const places: [string, string, RegExp][] = [
    ["client.d.ts", "declare class Sidecar", /^export class Sidecar /],
    ["client.d.ts", " synthesizeText", /^ {2}synthesizeText\($/],
    ["protocol.gen.d.ts", " firstFrames", /^ {2}firstFrames\?/],
    ["client.js", "class Sidecar", /^export class Sidecar /],
  ];
  for (const format of ["esm", "cjs"]) {
    for (const [file, generated, source] of places) {
      const folder = join(PACKAGE, "dist", format);
      const lines = readFileSync(join(folder, file), "utf8").split("\n");
      const line = lines.findIndex((text) => text.includes(generated));
      const map = new SourceMap(JSON.parse(readFileSync(join(folder, `${file}.map`), "utf8")));
      const entry = map.findEntry(line, lines[line]!.indexOf(generated) + generated.length - 1);
      assert.ok("originalSource" in entry, `${file} has no mapping for ${generated}`);
      const original = readFileSync(join(folder, entry.originalSource), "utf8").split("\n")[entry.originalLine];
      assert.match(original ?? "", source, `${format}/${file}`);
    }
  }
});
