import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { PACKAGE, REPOSITORY, COMMAND, within } from "./support.js";

export const BUN = resolve(PACKAGE, "node_modules/.bin/bun");

/** The environment of the examples, with the sidecar under test. */
export const exampleEnv = {
  ...process.env,
  QWEN_TTS_SIDECAR: COMMAND.map((word) => `"${word}"`).join(" "),
};

/** The example server in Bun, the same after a failed start, and what the README has for Node. */
const SERVERS = {
  bun: [BUN, resolve(PACKAGE, "examples/bun-server.ts")],
  bunAgain: [BUN, resolve(PACKAGE, "test/fixtures/run-twice.mjs")],
  node: [process.execPath, resolve(PACKAGE, "test/fixtures/node-server.mjs")],
} as const;

/** A server with the bundled voice, on a free port. */
export async function startServer(env: Record<string, string> = {}, runtime: keyof typeof SERVERS = "bun") {
  const [program, script] = SERVERS[runtime];
  const child = spawn(program, [script], {
    cwd: REPOSITORY,
    env: { ...exampleEnv, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = new Promise<string>((resolve) => {
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
      const found = /listening on (\S+)\/\n/.exec(text)?.[1];
      if (found) resolve(found);
    });
  });
  const base = await within(40_000, "the server", url);
  return {
    url: base,
    health: async (): Promise<{ streams: number }> => (await fetch(`${base}/health`)).json(),
    async stop() {
      child.kill("SIGTERM");
      await within(10_000, "the end of the server", ended);
    },
  };
}
