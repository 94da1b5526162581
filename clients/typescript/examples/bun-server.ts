// OpenAI's speech API, on this machine only: `bun examples/bun-server.ts`.
// Environment variables: PORT (default 8787; 0 is any free port); SPEECH_API_KEY (a bearer token that clients must send;
// default none); ALLOWED_HOSTS (host names, besides localhost, that the server answers to, separated by commas, e.g.
// host.docker.internal); ALLOWED_ORIGINS (other origins whose web pages may use the server, likewise);
// UNSUPPORTED_INSTRUCTIONS ("ignore": speak without instructions that a model cannot follow).

import { createSidecar, type Sidecar } from "qwen-tts-sidecar";
import { openaiHandler, type OpenAIOptions } from "qwen-tts-sidecar/openai";

const list = (name: string) => process.env[name]?.split(/[\s,]+/).filter(Boolean);

// `bun --hot` runs this file again in the same process, and keeps the sidecar. A failed start is not kept: the next run
// tries again.
const held = globalThis as { tts?: Promise<Sidecar>; stop?: () => Promise<void> };
held.tts ??= createSidecar({ onLog: (line) => console.error(line) });
held.tts.catch(() => delete held.tts);
const tts = await held.tts;
const door = openaiHandler(tts, {
  apiKey: process.env.SPEECH_API_KEY || undefined,
  hosts: list("ALLOWED_HOSTS"),
  origins: list("ALLOWED_ORIGINS"),
  unsupportedInstructions: (process.env.UNSUPPORTED_INSTRUCTIONS || undefined) as OpenAIOptions["unsupportedInstructions"],
});

const ABOUT = "OpenAI's speech API is at /v1. For a page to try voices, run qwen-tts-sidecar playground.\n";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 8787),
  idleTimeout: 0, // While a model loads, nothing is sent for longer than the default.
  development: false,
  routes: { "/": () => new Response(ABOUT) },
  fetch: door,
});
console.log(`listening on ${server.url}`);

// Each run replaces what the one listener does; a listener for each run would keep all of them in memory.
if (!held.stop) for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => held.stop?.());
held.stop = async () => {
  await server.stop(true);
  await tts.close();
  process.exit(0);
};
