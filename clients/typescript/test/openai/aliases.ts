// The names that OpenAI's clients use, and what they mean here.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPENAI_VOICES, openaiVoices } from "qwen-tts-sidecar/openai";
import { ask, refusal, speech } from "./asking.js";
import { RecordingEngine } from "./engine.js";

const FEMININE = ["alloy", "coral", "marin", "nova", "sage", "shimmer"];
const OTHERS = ["ash", "ballad", "cedar", "echo", "fable", "onyx", "verse"];

/** Return the speech call that reaches a fake engine with certain voices. */
async function spoken(body: object, kind: "preset" | "saved", ...names: string[]): Promise<string | undefined> {
  const recording = new RecordingEngine();
  recording.loadsAtOnce = true;
  recording.voicesOf["a-model"] = names.map((voice) => ({ voice, kind, model: "a-model" }));
  recording.voicesOf["default-model"] = recording.voicesOf["a-model"];
  const asked = { model: "a-model", input: "Hi.", ...body };
  assert.equal((await ask("/v1/audio/speech", asked, {}, {}, recording.engine)).status, 200);
  return recording.calls.find((call) => call.startsWith("synthesize"));
}

describe("OpenAI's voices", () => {
  it("are thirteen, and stand for the model's by gender", () => {
    assert.deepEqual([...FEMININE, ...OTHERS].sort(), [...OPENAI_VOICES]);
    const table: Record<string, string> = openaiVoices(["slt", "rms"]);
    for (const name of FEMININE) assert.equal(table[name], "slt");
    for (const name of OTHERS) assert.equal(table[name], "rms");
    const qwen = ["vivian", "serena", "uncle_fu", "dylan", "eric", "ryan", "aiden", "ono_anna", "sohee"];
    const many: Record<string, string> = openaiVoices(qwen);
    assert.deepEqual(FEMININE.map((name) => many[name]), ["vivian", "serena", "ono_anna", "sohee", "vivian", "serena"]);
    assert.deepEqual(
      OTHERS.map((name) => many[name]),
      ["uncle_fu", "dylan", "eric", "ryan", "aiden", "uncle_fu", "dylan"],
    );
    const kokoro: Record<string, string> = openaiVoices(["am_adam", "af_heart", "bf_emma"]);
    assert.deepEqual([kokoro.alloy, kokoro.coral, kokoro.onyx], ["af_heart", "bf_emma", "am_adam"]);
    const gendered: Record<string, string> = openaiVoices([
      { voice: "robin", gender: "male" },
      { voice: "kim", gender: "female" },
    ]);
    assert.deepEqual([gendered.alloy, gendered.onyx], ["kim", "robin"]);
    const unknown: Record<string, string> = openaiVoices(["somebody"]);
    assert.deepEqual(new Set(Object.values(unknown)), new Set(["somebody"]));
    assert.deepEqual(openaiVoices([]), {});
  });

  it("speak with the bundled voice, in any case, without a table", async () => {
    const bytes = async (body: object) => {
      const response = await speech({ input: "Hi.", response_format: "pcm", ...body });
      assert.equal(response.status, 200, JSON.stringify(body));
      return Buffer.from(await response.arrayBuffer());
    };
    const own = { slt: await bytes({ voice: "slt" }), rms: await bytes({ voice: "rms" }) };
    for (const voice of OPENAI_VOICES) {
      const expected = FEMININE.includes(voice) ? own.slt : own.rms;
      assert.ok((await bytes({ voice, model: "gpt-4o-mini-tts" })).equals(expected), voice);
    }
    assert.ok((await bytes({ voice: "Shimmer", model: "tts-1-hd" })).equals(own.slt));
    assert.ok((await bytes({ voice: { id: "ASH" }, model: "gpt-4o-mini-tts-2025-12-15" })).equals(own.rms));
  });

  it("yield to the app's table, whose names match in any case", async () => {
    const options = { voices: { Nova: "rms", narrator: "slt" }, models: { "tts-1": "tiny-voice" } };
    const bytes = async (body: object) =>
      Buffer.from(await (await speech({ input: "Hi.", model: "tts-1", ...body }, options)).arrayBuffer());
    const rms = await bytes({ voice: "RMS" });
    assert.ok((await bytes({ voice: "nova" })).equals(rms));
    assert.ok((await bytes({ voice: { id: "NOVA" } })).equals(rms));
    assert.ok((await bytes({ voice: "Narrator" })).equals(await bytes({ voice: "slt" })));
  });

  it("yield to a voice with exactly that name, and mean no voice if a model has none", async () => {
    assert.equal(await spoken({ voice: "Nova" }, "preset", "nova", "other"), "synthesize a-model Nova");
    assert.equal(await spoken({ voice: "nova" }, "saved", "mine"), "synthesize a-model mine");
    assert.equal(await spoken({ voice: "nova" }, "saved"), "synthesize a-model undefined");
    assert.equal(await spoken({ voice: "nobody" }, "saved"), "synthesize a-model nobody");
    // Without a model, a saved voice speaks with its own model.
    assert.equal(await spoken({ voice: "nova", model: "tts-1" }, "saved", "Nova"), "synthesize undefined nova");
  });

  it("are listed with the model's own, under both keys that clients read", async () => {
    const options = { voices: { narrator: "SLT", other: "somebody else", slt: "rms" } };
    const listed = await (await ask("/v1/audio/voices?model=tiny-voice", undefined, options)).json();
    assert.deepEqual(listed.voices, listed.data);
    const ids = listed.data.map(({ id }: { id: string }) => id);
    assert.deepEqual(ids, ["slt", "rms", "narrator", ...OPENAI_VOICES]);
    for (const { id, name } of listed.voices) assert.equal(name, id);
    assert.deepEqual(listed.data.at(-1), { id: "verse", object: "voice", name: "verse", alias_of: "rms" });
  });

  it("are listed when a voice is unknown", async () => {
    const response = await speech({ voice: "nobody" }, { voices: { narrator: "slt" } });
    const { error } = await response.clone().json();
    assert.match(error.message, /Known: slt, rms\.\n.*accepted, too: narrator, alloy, ash, .*, verse\./);
    assert.deepEqual(await refusal(response), [400, "invalid_request_error", "voice", "unknown_voice"]);
  });
});

describe("instructions that the model cannot follow", () => {
  it("are ignored if configured, and the response says so", async () => {
    const ignore = { unsupportedInstructions: "ignore" as const };
    const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());
    const response = await speech({ instructions: "Sadly." }, ignore);
    assert.deepEqual([response.status, response.headers.get("x-ignored-parameters")], [200, "instructions"]);
    const without = await speech({}, ignore);
    assert.equal(without.headers.get("x-ignored-parameters"), null);
    assert.ok((await bytes(response)).equals(await bytes(without)));
    const events = await speech({ instructions: "Sadly.", stream_format: "sse" }, ignore);
    assert.equal(events.headers.get("x-ignored-parameters"), "instructions");
    await events.text();
    const wrong = await speech({ instructions: "Sadly.", voice: "nobody" }, ignore);
    assert.deepEqual(await refusal(wrong), [400, "invalid_request_error", "voice", "unknown_voice"]);
  });
});
