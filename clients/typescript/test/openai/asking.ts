import assert from "node:assert/strict";
import type { Sidecar } from "qwen-tts-sidecar";
import { openaiHandler, type OpenAIOptions, type SpeechEngine } from "qwen-tts-sidecar/openai";
import { sidecar } from "../support.js";

export const HELLO = { model: "tiny-voice", input: "Hello there.", voice: "slt", seed: 3 };
export const BASE = "http://localhost";

/** Send a request to the handler, by default with the sidecar that all tests share. With a body, it is a POST. */
export async function ask(
  path: string,
  body?: unknown,
  options?: OpenAIOptions,
  init: RequestInit = {},
  to?: SpeechEngine,
): Promise<Response> {
  const handler = openaiHandler(to ?? (await sidecar()), options);
  const post = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return handler(new Request(BASE + path, { ...(body === undefined ? {} : post), ...init }));
}

export const speech = (body: object, options?: OpenAIOptions, init?: RequestInit, to?: Sidecar) =>
  ask("/v1/audio/speech", { ...HELLO, ...body }, options, init, to);

/** Return status, type, param and code of an error in OpenAI's form. */
export async function refusal(response: Response) {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  assert.equal(typeof error.message, "string");
  return [response.status, error.type, error.param, error.code];
}
