// Vercel's package `ai` with `@ai-sdk/openai`, as they are, against a server with the bundled voice.

import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, experimental_generateSpeech as generateSpeech } from "ai";

const { DOOR_URL, DOOR_KEY } = process.env;
const openai = createOpenAI({ baseURL: `${DOOR_URL}/v1`, apiKey: DOOR_KEY });
const speak = (params = {}, model = "tts-1") =>
  generateSpeech({ model: openai.speech(model), text: "Hello there.", maxRetries: 0, ...params });

const starts = { mp3: "\xff", opus: "OggS", flac: "fLaC", wav: "RIFF", pcm: "" };
for (const [outputFormat, start] of Object.entries(starts)) {
  const { audio } = await speak({ outputFormat });
  const bytes = Buffer.from(audio.uint8Array);
  assert.ok(bytes.toString("latin1").startsWith(start) && bytes.length > 1000, outputFormat);
}
for (const model of ["tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tiny-voice"]) {
  const { audio, responses } = await speak({ voice: "coral", speed: 1.5, instructions: "Sadly." }, model);
  assert.ok(audio.uint8Array.length > 1000, model);
  assert.equal(responses[0].headers["x-ignored-parameters"], "instructions");
  assert.ok(responses[0].headers["x-request-id"]);
}

const refused = (status, params, model) =>
  assert.rejects(speak(params, model), (error) => {
    assert.ok(APICallError.isInstance(error), error);
    assert.equal(error.statusCode, status);
    return true;
  });
await refused(400, { voice: "nobody" });
await refused(400, { speed: 4 });
await refused(404, {}, "nonesuch");
const stranger = createOpenAI({ baseURL: `${DOOR_URL}/v1`, apiKey: "wrong" });
await refused(401, { model: stranger.speech("tts-1") });
console.log("ai");
