// Errors of the sidecar, in the words of this API: its clients know no other names.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ask, refusal, speech } from "./asking.js";
import { RecordingEngine } from "./engine.js";

const messageOf = async (response: Response): Promise<string> =>
  ((await response.clone().json()) as { error: { message: string } }).error.message;

/** Request speech from a fake sidecar that answers with an error. */
function refused(message: string, field?: string) {
  const recording = new RecordingEngine();
  recording.loadsAtOnce = true;
  recording.synthesize = () => {
    throw Object.assign(new Error(message), { name: "SidecarResponseError", type: "invalidParams", field });
  };
  const body = { model: "a-model", input: "Hi." };
  return ask("/v1/audio/speech", body, {}, {}, recording.engine);
}

describe("an error's words", () => {
  it("are this API's params", async () => {
    const response = await speech({ instructions: "Sadly." });
    assert.match(await messageOf(response), /`instructions`/);
    assert.doesNotMatch(await messageOf(response), /`instruct`/);
    assert.deepEqual(await refusal(response), [400, "invalid_request_error", "instructions", "unsupported"]);
    const empty = await speech({ input: " " });
    assert.deepEqual(await refusal(empty), [400, "invalid_request_error", "input", "empty_text"]);
    const message = await messageOf(await refused("Leave `text` out, or `encoding`. `reference` or `voice` is needed."));
    assert.equal(message, "Leave `input` out, or `response_format`. `voice` is needed.");
  });

  it("are this API's requests", async () => {
    const response = await speech({ model: "no-such-model" });
    assert.match(await messageOf(response), /GET \/v1\/models/);
    assert.doesNotMatch(await messageOf(response), /model\/list|on the wire/);
    assert.deepEqual(await refusal(response), [404, "invalid_request_error", "model", "model_not_found"]);
    const message = await messageOf(await refused("Use model/load first, or voice/list on the wire, not ./model/load."));
    assert.equal(message, "Use POST /v1/models/{model} first, or GET /v1/audio/voices, not ./model/load.");
  });

  it("name no param that cannot be sent", async () => {
    assert.deepEqual(await refusal(await refused("It needs one.", "reference")), [
      400,
      "invalid_request_error",
      null,
      "invalid_params",
    ]);
  });
});
