// OpenAI's speech API and a playground, on this machine only: `bun examples/bun-server.ts`.
// PORT (8787; 0 takes any), SPEECH_API_KEY (asked for as a bearer token; none by default).

import { createSidecar } from "qwen-tts-sidecar";
import { openaiHandler } from "qwen-tts-sidecar/openai";
import playground from "./playground/index.html";

const apiKey = process.env.SPEECH_API_KEY || undefined;
const tts = await createSidecar({ onLog: (line) => console.error(line) });
const door = openaiHandler(tts, {
  apiKey,
  models: { "tts-1": "tiny-voice", "gpt-4o-mini-tts": "tiny-voice" },
  voices: { alloy: "slt", nova: "slt", onyx: "rms", echo: "rms" },
});

// An AudioWorklet is a script of its own, which the page's bundle cannot hold.
const worklet = await Bun.build({ entrypoints: [Bun.fileURLToPath(new URL("pcm-worklet.ts", import.meta.url))] });
const script = await worklet.outputs[0]?.text();

/** A web page whose name was made to point here could otherwise use what is bound to this machine. */
function fromHere(request: Request): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.headers.get("host") ?? "");
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 8787),
  idleTimeout: 0, // A model that is loaded is silent for longer than the default.
  development: false,
  routes: {
    "/": playground,
    "/pcm-worklet.js": () => new Response(script, { headers: { "content-type": "text/javascript" } }),
  },
  fetch: (request) => (fromHere(request) ? door(request) : new Response("Wrong host.", { status: 403 })),
});
console.log(`listening on ${server.url}`);

const stop = async () => {
  await server.stop(true);
  await tts.close();
  process.exit(0);
};
process.once("SIGINT", stop).once("SIGTERM", stop);
