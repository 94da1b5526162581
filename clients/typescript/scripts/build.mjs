// Builds dist/esm and dist/cjs from the same sources, with source maps. The package contains src, too, so that
// "go to definition" and stack traces lead to TypeScript.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
// Comments are in the declarations and in src, to which the maps lead; in the code they would only take up room.
const CODE = ["--declaration", "false", "--sourceMap", "--removeComments"];
const DECLARATIONS = ["--emitDeclarationOnly", "--declarationMap"];

/** Keep the declarations that the package's entries lead to: no program can import those of other modules. */
function removeInternalDeclarations(folder) {
  const reached = new Set(["index.d.ts", "openai.d.ts"]);
  // A set is iterated up to what is added meanwhile.
  for (const file of reached) {
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, path] of text.matchAll(/(?:from |import\()"(\.[^"]+)\.js"/g)) {
      reached.add(join(dirname(file), `${path}.d.ts`));
    }
  }
  for (const file of readdirSync(folder, { recursive: true })) {
    if (/\.d\.ts(\.map)?$/.test(file) && !reached.has(file.replace(/\.map$/, ""))) rmSync(join(folder, file));
  }
}

rmSync(join(root, "dist"), { recursive: true, force: true });
for (const [project, folder, type] of [
  ["tsconfig.json", "esm", "module"],
  ["tsconfig.cjs.json", "cjs", "commonjs"],
]) {
  for (const output of [CODE, DECLARATIONS]) {
    execFileSync(process.execPath, [tsc, "-p", project, ...output], { cwd: root, stdio: "inherit" });
  }
  removeInternalDeclarations(join(root, "dist", folder));
  // Node and TypeScript take a folder's module format from the nearest package.json.
  writeFileSync(join(root, "dist", folder, "package.json"), `{ "type": "${type}" }\n`);
}
// The one module that is written differently in the two formats. tsc has copied its import.meta as it is.
rmSync(join(root, "dist/cjs/own-file.js.map"));
writeFileSync(
  join(root, "dist/cjs/own-file.js"),
  `"use strict";
exports.OWN_URL = require("node:url").pathToFileURL(__filename).href;
`,
);
