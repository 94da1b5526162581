import type { SpeechParams } from "qwen-tts-sidecar/connect";

/** What a speech can be copied as. */
export type Target = "rpc" | "typescript" | "python" | "curl";

/** Params of the protocol that OpenAI's route has by another name. */
const OPENAI_NAMES: Record<string, string> = {
  text: "input",
  instruct: "instructions",
  encoding: "response_format",
};

/** What OpenAI's route takes. It ignores anything else, so that the speech would be another one. */
const OPENAI_PARAMS = ["text", "model", "voice", "language", "instruct", "seed", "speed"];

/** Return why a speech cannot be copied as this; undefined if it can. */
export function whyNot(target: Target, params: SpeechParams): string | undefined {
  const missing = Object.keys(withoutEmpty(params)).filter((name) => !OPENAI_PARAMS.includes(name));
  return target === "curl" && missing.length > 0
    ? `OpenAI's API has no ${missing.join(", ")}: copy it as something else.`
    : undefined;
}

/** Return a program, a command or the messages that speak the same; all but the messages write `speech.wav`. */
export function copyAs(target: Target, params: SpeechParams): string {
  return { rpc, typescript, python, curl }[target](withoutEmpty(params));
}

type Given = Record<string, unknown>;

/** Return the params that have a value. */
export const withoutEmpty = (params: object): Given =>
  Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined && value !== null));

/** Two messages, one a line, for frames of stdio. */
function rpc(params: Given): string {
  const message = (id: number, method: string, params: object) => JSON.stringify({ jsonrpc: "2.0", id, method, params });
  return [
    message(1, "initialize", { protocolVersion: 1, clientInfo: { name: "my-app" } }),
    message(2, "speech/synthesize", { ...params, partialResultToken: "a" }),
    "",
  ].join("\n");
}

function typescript(params: Given): string {
  return `import { writeFile } from "node:fs/promises";
import { createSidecar } from "qwen-tts-sidecar";

const tts = await createSidecar();
const speech = tts.synthesize(${literal(params, (name) => name, ["true", "false"])});
await writeFile("speech.wav", await speech.toWav());
await tts.close();
`;
}

function python({ text, ...params }: Given): string {
  const names = Object.entries(params).map(
    ([name, value]) => `            ${snake(name)}=${literal(value, (key) => JSON.stringify(key), ["True", "False"])},\n`,
  );
  return `import asyncio
from pathlib import Path

from qwen_tts_client import Sidecar


async def main() -> None:
    async with Sidecar() as tts:
        stream = tts.synthesize(
            ${JSON.stringify(text)},
${names.join("")}        )
        Path("speech.wav").write_bytes(await stream.to_wav())


asyncio.run(main())
`;
}

/** A command for OpenAI's speech API, as clients/typescript serves it. */
function curl(params: Given): string {
  const { model = "tts-1", ...rest } = params;
  const body = Object.fromEntries(
    Object.entries({ model, ...rest, encoding: "wav" }).map(([name, value]) => [OPENAI_NAMES[name] ?? snake(name), value]),
  );
  const data = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return `# The server: bun clients/typescript/examples/bun-server.ts
curl http://127.0.0.1:8787/v1/audio/speech --fail-with-body \\
  --header 'content-type: application/json' --output speech.wav --data '${data}'
`;
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Return a value as a literal of a language. JSON's strings are literals in both. */
function literal(value: unknown, key: (name: string) => string, [yes, no]: [string, string]): string {
  if (typeof value === "boolean") return value ? yes : no;
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, key, [yes, no])).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, item]) => {
      const isName = /^[A-Za-z_]\w*$/.test(name);
      return `${isName ? key(name) : JSON.stringify(name)}: ${literal(item, key, [yes, no])}`;
    });
    return fields.length > 0 ? `{ ${fields.join(", ")} }` : "{}";
  }
  return JSON.stringify(value);
}
