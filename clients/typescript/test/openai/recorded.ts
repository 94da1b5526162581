// The requests of clients that cannot be installed here, written after their public sources, and what they need from
// the responses. The server is like the example: without tables, and without a key unless stated.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPENAI_VOICES, type OpenAIOptions } from "qwen-tts-sidecar/openai";
import { ask } from "./asking.js";

interface Recorded {
  name: string;
  path: string;
  headers?: Record<string, string>;
  body?: object;
  options?: OpenAIOptions;
  expect: { status: number; type?: string; headers?: Record<string, string>; code?: string };
  /** What the client reads from the JSON. */
  reads?: (json: any) => void;
}

const TEXT = "Hi.";
const JSON_TYPE = "application/json";
const ids = (list: { id: string }[]) => list.map(({ id }) => id);

/** open-webui/open-webui, backend/open_webui/routers/audio.py. The requests come from its server, not from its page. */
const USER = {
  "X-OpenWebUI-User-Name": "A%20Person",
  "X-OpenWebUI-User-Id": "5e1d8a3c",
  "X-OpenWebUI-User-Email": "person@example.org",
  "X-OpenWebUI-User-Role": "user",
};
const openWebUI: Recorded[] = [
  ...["tts-1", "tts-1-hd"].flatMap((model) =>
    ["alloy", "echo", "fable", "onyx", "nova", "shimmer"].map((voice) => ({
      name: `speaks with ${model} and ${voice}`,
      path: "/v1/audio/speech",
      headers: { authorization: "Bearer sk-anything", ...USER },
      body: { input: TEXT, voice, model },
      expect: { status: 200, type: "audio/mpeg" },
    })),
  ),
  {
    name: "lists voices: data.get('voices'), each with id and name",
    path: "/v1/audio/voices",
    expect: { status: 200, type: JSON_TYPE },
    reads: ({ voices }) => {
      assert.deepEqual(ids(voices), ["slt", "rms", ...OPENAI_VOICES]);
      for (const { name } of voices) assert.equal(typeof name, "string");
    },
  },
  {
    name: "lists models: data.get('models'), each with an id",
    path: "/v1/audio/models",
    expect: { status: 200, type: JSON_TYPE },
    reads: ({ models }) => assert.ok(ids(models).includes("tts-1-hd") && ids(models).includes("tiny-voice")),
  },
  {
    name: "asks from a container by host.docker.internal",
    path: "/v1/audio/speech",
    headers: { host: "host.docker.internal:8787" },
    options: { hosts: ["host.docker.internal"] },
    body: { input: TEXT, voice: "alloy", model: "tts-1" },
    expect: { status: 200, type: "audio/mpeg" },
  },
  {
    name: "is told why where that name is not allowed: res['error']['message']",
    path: "/v1/audio/speech",
    headers: { host: "host.docker.internal:8787" },
    body: { input: TEXT, voice: "alloy", model: "tts-1" },
    expect: { status: 403, type: JSON_TYPE, code: "wrong_host" },
    reads: ({ error }) => assert.match(error.message, /host\.docker\.internal.*ALLOWED_HOSTS/),
  },
  {
    name: "lists with the key in newer versions",
    path: "/v1/audio/voices",
    headers: { authorization: "Bearer secret" },
    options: { apiKey: "secret" },
    expect: { status: 200, type: JSON_TYPE },
  },
  {
    name: "falls back to its own six voices in older versions, which list without the key",
    path: "/v1/audio/voices",
    options: { apiKey: "secret" },
    expect: { status: 401, code: "invalid_api_key", headers: { "www-authenticate": "Bearer" } },
  },
];

/** SillyTavern/SillyTavern, src/endpoints/openai.js and public/scripts/extensions/tts/openai-compatible.js. */
const sillyTavern: Recorded[] = [
  ...["alloy", "echo", "fable", "onyx", "nova", "shimmer"].map((voice) => ({
    name: `speaks with ${voice}, and without a key`,
    path: "/v1/audio/speech",
    headers: { authorization: "Bearer " },
    body: { input: TEXT, response_format: "mp3", voice, speed: 1, model: "tts-1" },
    expect: { status: 200, type: "audio/mpeg" },
  })),
  ...[0.25, 0.45, 2.05, 4].map((speed) => ({
    name: `is refused where its slider is at ${speed}`,
    path: "/v1/audio/speech",
    headers: { authorization: "Bearer undefined" },
    body: { input: TEXT, response_format: "mp3", voice: "alloy", speed, model: "tts-1" },
    expect: { status: 400, type: JSON_TYPE, code: "invalid_params" },
    reads: ({ error }: any) => assert.match(error.message, /0\.5.*2/),
  })),
  ...[0.5, 2].map((speed) => ({
    name: `speaks where its slider is at ${speed}`,
    path: "/v1/audio/speech",
    headers: { authorization: "Bearer undefined" },
    body: { input: TEXT, response_format: "mp3", voice: "alloy", speed, model: "tts-1" },
    expect: { status: 200, type: "audio/mpeg" },
  })),
];

/** sfortis/openai_tts and home-assistant/core, components/openai_conversation/tts.py (by OpenAI's SDK). */
const AGENT = { "user-agent": "HomeAssistant-OpenAI-TTS" };
const homeAssistant: Recorded[] = [
  {
    name: "tries the key with a full stop, and takes a 400 for a sign that the key is good",
    path: "/v1/audio/speech",
    headers: { authorization: "Bearer secret" },
    options: { apiKey: "secret" },
    body: { model: "tts-1", input: ".", voice: "alloy", response_format: "mp3" },
    expect: { status: 400, type: JSON_TYPE, code: "empty_text" },
  },
  {
    name: "is told that the key is wrong",
    path: "/v1/audio/speech",
    headers: { authorization: "Bearer wrong" },
    options: { apiKey: "secret" },
    body: { model: "tts-1", input: ".", voice: "alloy", response_format: "mp3" },
    expect: { status: 401, type: JSON_TYPE, code: "invalid_api_key" },
  },
  {
    name: "lists voices, up to a hundred: items, data or voices",
    path: "/v1/audio/voices?limit=100",
    headers: AGENT,
    expect: { status: 200, type: JSON_TYPE },
    reads: (json) => assert.ok(ids(json.items ?? json.data ?? json.voices).includes("shimmer")),
  },
  {
    name: "speaks as wav, with shimmer",
    path: "/v1/audio/speech",
    headers: AGENT,
    body: { model: "tts-1", input: TEXT, voice: "shimmer", response_format: "wav", speed: 1.0 },
    expect: { status: 200, type: "audio/wav" },
  },
  {
    name: "speaks as events",
    path: "/v1/audio/speech",
    headers: { ...AGENT, accept: "text/event-stream" },
    body: { model: "gpt-4o-mini-tts", input: TEXT, voice: "coral", response_format: "mp3", stream_format: "sse" },
    expect: { status: 200, type: "text/event-stream" },
  },
  {
    name: "speaks with its core's defaults, whose prompt may be the word None",
    path: "/v1/audio/speech",
    headers: { "x-stainless-lang": "python", "x-stainless-raw-response": "stream" },
    options: { unsupportedInstructions: "ignore" },
    body: {
      model: "gpt-4o-mini-tts",
      input: TEXT,
      voice: "marin",
      instructions: "None",
      speed: 1.0,
      response_format: "mp3",
    },
    expect: { status: 200, type: "audio/mpeg", headers: { "x-ignored-parameters": "instructions" } },
  },
];

for (const [client, requests] of Object.entries({ openWebUI, sillyTavern, homeAssistant })) {
  describe(`the requests of ${client}`, () => {
    for (const { name, path, headers, body, options, expect, reads } of requests) {
      it(name, async () => {
        const init = body
          ? { method: "POST", body: JSON.stringify(body), headers: { "content-type": JSON_TYPE, ...headers } }
          : { headers };
        const response = await ask(path, undefined, options, init);
        assert.equal(response.status, expect.status, await response.clone().text());
        if (expect.type) assert.equal(response.headers.get("content-type"), expect.type);
        for (const [header, value] of Object.entries(expect.headers ?? {})) {
          assert.equal(response.headers.get(header), value);
        }
        if (expect.type?.startsWith("audio/")) assert.ok((await response.arrayBuffer()).byteLength > 1000);
        else if (expect.type === "text/event-stream") assert.match(await response.text(), /"speech\.audio\.done"/);
        else {
          const json = await response.json();
          if (expect.code) assert.equal(json.error.code, expect.code);
          reads?.(json);
        }
      });
    }
  });
}
