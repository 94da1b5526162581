// Builds the playground into sidecar/bundled/playground, or into the folder that is named: what the command
// `qwen-tts-sidecar playground` serves. The result is committed, so that nobody needs Bun to use it; a test builds it again
// and compares.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "examples", "playground");
const target = resolve(process.argv[2] ?? join(root, "../../sidecar/bundled/playground"));
const bun = join(root, "node_modules", ".bin", "bun");

const build = (entry, name) =>
  execFileSync(bun, ["build", entry, "--minify", "--target=browser", `--outdir=${target}`, `--entry-naming=${name}`], {
    cwd: source,
    stdio: ["ignore", "ignore", "inherit"],
  });

mkdirSync(target, { recursive: true });
for (const file of readdirSync(target)) rmSync(join(target, file), { recursive: true });
build("main.ts", "playground.js");
build("../pcm-worklet.ts", "pcm-worklet.js");
build("playground.css", "playground.css");
for (const file of ["index.html", "icon.svg"]) copyFileSync(join(source, file), join(target, file));
