// Bundles the extension, its webview and the worklet into dist; with --tests, the unit tests into build/test.

import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const client = join(root, "..", "typescript");
const common = { absWorkingDir: root, bundle: true, logLevel: "warning", legalComments: "none", target: "es2023" };
const node = {
  ...common,
  platform: "node",
  alias: { "qwen-tts-sidecar": join(client, "src/index.ts") },
  // The client looks for the sidecar from its own file, which is the bundle now.
  define: { "import.meta.url": "bundleUrl" },
  banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  format: "cjs",
};

if (process.argv.includes("--tests")) {
  rmSync(join(root, "build/test"), { recursive: true, force: true });
  const tests = readdirSync(join(root, "test")).filter((name) => name.endsWith(".test.ts"));
  await build({ ...node, entryPoints: tests.map((name) => `test/${name}`), outdir: "build/test", sourcemap: "inline" });
} else {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  await build({ ...node, entryPoints: ["src/extension.ts"], outdir: "dist", external: ["vscode"], minify: true, keepNames: true });
  await build({
    ...common,
    entryPoints: { player: "src/webview/player.ts", worklet: join(client, "examples/pcm-worklet.ts") },
    outdir: "dist/webview",
    format: "iife",
    minify: true,
  });
  copyFileSync(join(root, "src/webview/player.css"), join(root, "dist/webview/player.css"));
}
