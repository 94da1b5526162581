// Builds dist/esm and dist/cjs from the same sources, with source maps. The package contains src, too, so that
// "go to definition" and stack traces lead to TypeScript.

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const MAPS = ["--sourceMap", "--declarationMap"];

rmSync(join(root, "dist"), { recursive: true, force: true });
for (const [project, folder, type] of [
  ["tsconfig.json", "esm", "module"],
  ["tsconfig.cjs.json", "cjs", "commonjs"],
]) {
  execFileSync(process.execPath, [tsc, "-p", project, ...MAPS], { cwd: root, stdio: "inherit" });
  // Node and TypeScript take a folder's module format from the nearest package.json.
  writeFileSync(join(root, "dist", folder, "package.json"), `{ "type": "${type}" }\n`);
}
