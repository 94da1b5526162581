// Builds the tests into build/esm and build/cjs, for a Node that cannot run TypeScript. Bun runs the sources.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

rmSync(join(root, "build"), { recursive: true, force: true });
for (const [project, folder, type] of [
  ["test/tsconfig.json", "esm", "module"],
  ["test/tsconfig.cjs.json", "cjs", "commonjs"],
]) {
  execFileSync(process.execPath, [tsc, "-p", project], { cwd: root, stdio: "inherit" });
  writeFileSync(join(root, "build", folder, "package.json"), `{ "type": "${type}" }\n`);
}
// The package.json above hides the package's own, through which the tests would find the package.
mkdirSync(join(root, "build", "node_modules"));
symlinkSync("../..", join(root, "build", "node_modules", "qwen-tts-sidecar"));
