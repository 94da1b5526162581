// Builds dist/esm and dist/cjs from the same sources, with source maps. The package contains src, too, so that
// "go to definition" and stack traces lead to TypeScript.

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
// Comments are in the declarations and in src, to which the maps lead; in the code they would only take up room.
const CODE = ["--declaration", "false", "--sourceMap", "--removeComments"];
const DECLARATIONS = ["--emitDeclarationOnly", "--declarationMap"];

rmSync(join(root, "dist"), { recursive: true, force: true });
for (const [project, folder, type] of [
  ["tsconfig.json", "esm", "module"],
  ["tsconfig.cjs.json", "cjs", "commonjs"],
]) {
  for (const output of [CODE, DECLARATIONS]) {
    execFileSync(process.execPath, [tsc, "-p", project, ...output], { cwd: root, stdio: "inherit" });
  }
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
