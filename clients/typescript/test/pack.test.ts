// What npm would publish, in an empty project: installs, runs in both formats, and has types.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { before, it } from "node:test";
import { BUN, exampleEnv } from "./server.js";
import { PACKAGE } from "./support.js";

const project = mkdtempSync(join(tmpdir(), "pack-"));
const TSC = resolve(PACKAGE, "node_modules/typescript/bin/tsc");
let archive = "";

const run = (file: string, args: readonly string[]) =>
  execFileSync(file, args, { cwd: project, encoding: "utf8", env: exampleEnv });

before(() => {
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
    cwd: PACKAGE,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [info] = [JSON.parse(packed)].flat().map((all) => all.filename ? all : Object.values(all)[0]);
  archive = join(project, info.filename);
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  const dependencies = Object.keys(manifest.dependencies ?? {}).length;
  console.log(`package: ${info.size} bytes packed, ${info.unpackedSize} unpacked, ${info.files.length} files`);
  console.log(`dependencies: ${dependencies}`);
  assert.equal(dependencies, 0);
  // With the sources and their maps, twice; only a tenth of it is loaded.
  assert.ok(info.size < 250_000 && info.unpackedSize < 1_400_000, "the package has grown");
  writeFileSync(join(project, "package.json"), '{ "private": true }');
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", archive]);
});

it("contains only what is needed", () => {
  const files = run("tar", ["-tzf", archive]).trim().split("\n");
  const strange = files.filter((file) => !/^package\/(dist\/|src\/[\w./-]+\.ts$|package\.json|README\.md|LICENSE)/.test(file));
  assert.deepEqual(strange, []);
});

it("runs as ESM and CommonJS, in Node and Bun, with the same exports", () => {
  const body = `
    const tts = await createSidecar();
    const { samples } = await tts.synthesize({ text: "Hi.", seed: 1, maxFrames: 2 }).final();
    await tts.close();
    console.log(samples, Object.keys({ ...all, ...door }).sort().join());`;
  writeFileSync(
    join(project, "esm.mjs"),
    `import * as all from "qwen-tts-sidecar"; import * as door from "qwen-tts-sidecar/openai";
    const { createSidecar } = all; ${body}`,
  );
  writeFileSync(
    join(project, "cjs.cjs"),
    `const all = require("qwen-tts-sidecar"), door = require("qwen-tts-sidecar/openai");
    const { createSidecar } = all; (async () => {${body}})();`,
  );
  const outputs = [process.execPath, BUN].flatMap((runtime) =>
    ["esm.mjs", "cjs.cjs"].map((file) => run(runtime, [file])),
  );
  assert.match(outputs[0] ?? "", /^3840 .*createSidecar.*openaiHandler/);
  assert.deepEqual(new Set(outputs).size, 1, outputs.join("\n"));
});

it("has stack traces that lead to TypeScript", () => {
  writeFileSync(
    join(project, "stack.mjs"),
    `import { createSidecar } from "qwen-tts-sidecar";
    await createSidecar({ command: ["/nonexistent"] }).catch((error) => console.log(error.stack));`,
  );
  const stack = run(process.execPath, ["--enable-source-maps", "stack.mjs"]);
  const [, file = "", line = ""] = /\((\S*qwen-tts-sidecar\/src\/\w+\.ts):(\d+):\d+\)/.exec(stack) ?? [];
  const source = readFileSync(file.replace(/^file:\/\//, ""), "utf8").split("\n")[Number(line) - 1];
  assert.match(source ?? "", /Error\(|await|new /, stack);
});

/** The TypeScript of the README, each block a file. */
function snippets(): string[] {
  const readme = readFileSync(join(project, "node_modules/qwen-tts-sidecar/README.md"), "utf8");
  return [...readme.matchAll(/```ts\n([^]*?)```/g)].map((match) => match[1] ?? "");
}

it("has types for the README's snippets, as ESM and as CommonJS", () => {
  const blocks = snippets();
  assert.ok(blocks.length >= 5);
  for (const [format, extension] of [["esm", "mts"], ["cjs", "cts"]] as const) {
    const folder = join(project, format);
    mkdirSync(folder);
    for (const [i, text] of blocks.entries()) {
      writeFileSync(join(folder, `snippet${i}.${extension}`), format === "esm" ? text : inFunction(text));
    }
  }
  // The parts of Node and Bun that the snippets use.
  writeFileSync(
    join(project, "ambient.d.ts"),
    `declare module "node:fs/promises" { export function writeFile(file: string, data: Uint8Array): Promise<void>; }
     declare module "node:http" { export function createServer(listener: (request: any, response: any) => void): { listen(port: number, host: string): void }; }
     declare const Bun: { write(file: string, data: Uint8Array): Promise<number> };
     declare const process: { env: Record<string, string | undefined> };`,
  );
  const options = { strict: true, noEmit: true, module: "nodenext", target: "es2022", types: [] };
  const tsconfig = { compilerOptions: { ...options, lib: ["es2022", "dom"] }, include: ["esm", "cjs", "*.d.ts"] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
  run(process.execPath, [TSC]);
});

/** CommonJS has no top-level await. */
function inFunction(text: string): string {
  const lines = text.split("\n");
  const isOutside = (line: string) => /^(import|declare) /.test(line);
  const [outside, inside] = [lines.filter(isOutside), lines.filter((line) => !isOutside(line))];
  return [...outside, "export async function snippet() {", ...inside, "}"].join("\n");
}
