// Bundles the extension, its webview and the worklet into dist; with --tests, the unit tests into build/test.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const client = join(root, "..", "typescript");
const common = {
  absWorkingDir: root,
  bundle: true,
  logLevel: "warning",
  legalComments: "none",
  target: "es2023",
  write: false,
};
const node = {
  ...common,
  platform: "node",
  alias: { "qwen-tts-sidecar": join(client, "src/index.ts") },
  // The client looks for the sidecar from its own file, which is the bundle now.
  define: { "import.meta.url": "bundleUrl" },
  banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  format: "cjs",
};

async function outputs() {
  if (process.argv.includes("--tests")) {
    const tests = readdirSync(join(root, "test")).filter((name) => name.endsWith(".test.ts"));
    const entryPoints = tests.map((name) => `test/${name}`);
    const { outputFiles } = await build({ ...node, entryPoints, outdir: "build/test", sourcemap: "inline" });
    return ["build/test", outputFiles];
  }
  const minified = { minify: true, keepNames: true };
  const extension = await build({
    ...node,
    ...minified,
    entryPoints: ["src/extension.ts"],
    outdir: "dist",
    external: ["vscode"],
  });
  const entryPoints = { player: "src/webview/player.ts", worklet: join(client, "examples/pcm-worklet.ts") };
  const webview = await build({ ...common, entryPoints, outdir: "dist/webview", format: "iife", minify: true });
  const style = {
    path: join(root, "dist/webview/player.css"),
    contents: readFileSync(join(root, "src/webview/player.css")),
  };
  return ["dist", [...extension.outputFiles, ...webview.outputFiles, style]];
}

// Another build, or a test that packs, may run beside this one: each file is there all the time, and whole.
const [folder, files] = await outputs();
for (const { path, contents } of files) {
  const scratch = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(scratch, contents);
  renameSync(scratch, path);
}
const built = new Set(files.map(({ path }) => relative(join(root, folder), path)));
for (const name of readdirSync(join(root, folder), { recursive: true })) {
  if (/\.(js|css)$/.test(name) && !built.has(name)) rmSync(join(root, folder, name));
}
