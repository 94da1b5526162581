// Packs the extension into a .vsix: `npm run package [-- FOLDER]`, by default into build.
// REPOSITORY is the address of the repository on GitHub, for the links of README.md; without one they are left as they
// are. REVISION is the tag or commit that they lead to.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const vsce = join(root, "packing", "node_modules", "@vscode", "vsce", "vsce");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { REPOSITORY, REVISION = "HEAD" } = process.env;
const out = resolve(process.argv[2] ?? join(root, "build"));
const file = join(out, `qwen-tts-vscode-${version}.vsix`);

if (!existsSync(vsce)) {
  console.error("The packer is missing: run `npm ci` in clients/vscode/packing.");
  process.exit(1);
}
mkdirSync(out, { recursive: true });
// Everything is in the bundle. vsce itself runs `vscode:prepublish`, which makes it.
const options = ["--no-dependencies", "--allow-missing-repository", "--out", file];
const links = REPOSITORY
  ? [
      "--baseContentUrl",
      `${REPOSITORY}/blob/${REVISION}/clients/vscode`,
      "--baseImagesUrl",
      `${REPOSITORY}/raw/${REVISION}/clients/vscode`,
    ]
  : ["--no-rewrite-relative-links"];
execFileSync(process.execPath, [vsce, "package", ...options, ...links], { cwd: root, stdio: "inherit" });
console.log(`${file}: ${(statSync(file).size / 1e3).toFixed(0)} kB`);
