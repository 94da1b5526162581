import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OPENAI_MODELS } from "qwen-tts-sidecar/openai";
import { launchFake, sidecar } from "../support.js";
import { ask, HELLO, refusal, speech } from "./asking.js";

const MODEL_NOT_FOUND = [404, "invalid_request_error", "model", "model_not_found"];

describe("the routes", () => {
  it("list models, load and unload them", async () => {
    const options = { models: { mine: "tiny-voice" } };
    const loaded = await (await ask("/v1/models/mine", undefined, options, { method: "POST" })).json();
    assert.deepEqual([loaded.id, loaded.state, loaded.voices], ["mine", "loaded", ["slt", "rms"]]);
    const { object, data } = await (await ask("/v1/models", undefined, options)).json();
    assert.equal(object, "list");
    const abilities = ["presets", "textStreaming", "batching", "seed"];
    const alias = { object: "model", created: 0, owned_by: "qwen-tts-sidecar", state: "loaded", abilities };
    assert.deepEqual(data.slice(-6), ["mine", ...OPENAI_MODELS].map((id) => ({ id, ...alias })));
    for (const id of ["tiny-voice", "mine", "tts-1", "tts-1-hd-1106", "gpt-4o-mini-tts-2031-01-31"]) {
      assert.deepEqual(await (await ask(`/v1/models/${id}`, undefined, options)).json(), { id, ...alias });
    }
    const gone = await ask("/v1/models/mine", undefined, options, { method: "DELETE" });
    assert.deepEqual(await gone.json(), { id: "mine", object: "model", deleted: true });
    const after = await (await ask("/v1/models/tts-1", undefined, options)).json();
    assert.equal(after.state, "bundled");
    assert.deepEqual(await refusal(await ask("/v1/models/no%2Fsuch")), MODEL_NOT_FOUND);
    assert.deepEqual(await refusal(await ask("/v1/models/no/such", undefined, {}, { method: "DELETE" })), MODEL_NOT_FOUND);
  });

  it("load and unload the default model by OpenAI's name", async () => {
    const loaded = await (await ask("/v1/models/tts-1", undefined, {}, { method: "POST" })).json();
    assert.deepEqual([loaded.id, loaded.voices], ["tts-1", ["slt", "rms"]]);
    const gone = await ask("/v1/models/gpt-4o-mini-tts", undefined, {}, { method: "DELETE" });
    assert.deepEqual(await gone.json(), { id: "gpt-4o-mini-tts", object: "model", deleted: true });
    assert.deepEqual((await (await sidecar()).status()).models, []);
  });

  it("list models at /v1/audio/models", async () => {
    const { data, models } = await (await ask("/v1/audio/models")).json();
    assert.deepEqual(models, data.map(({ id }: { id: string }) => ({ id, name: id })));
    assert.ok(models.some(({ id }: { id: string }) => id === "tts-1-hd"));
  });

  it("accept a path with a slash at its end, and one from a base URL with one", async () => {
    for (const path of ["/health/", "/v1/models/", "/v1/models/tiny-voice/", "/v1/audio/voices/", "/v1/audio/models/"]) {
      assert.equal((await ask(path)).status, 200, path);
    }
    for (const path of ["//v1/models", "/v1//models", "//v1//audio/voices", "//v1/models/tiny-voice"]) {
      assert.equal((await ask(path)).status, 200, path);
    }
    for (const path of ["/v1/audio/speech/", "//v1/audio/speech", "/v1//audio/speech"]) {
      assert.equal((await ask(path, { ...HELLO, input: "Hi." })).status, 200, path);
    }
  });

  it("refuse any other path that begins with two slashes", async () => {
    for (const path of ["//", "//health", "//evil.example/v1/models/tiny-voice", "///v1/models", "//v1"]) {
      assert.deepEqual(await refusal(await ask(path)), [400, "invalid_request_error", null, null], path);
    }
    for (const path of ["/", "/v1", "/v2", "/v1/audio", "/v1/models/%ff"]) {
      assert.deepEqual(await refusal(await ask(path)), [404, "invalid_request_error", null, "unknown_url"], path);
    }
  });

  it("return the allowed methods", async () => {
    const cases: [string, string, string][] = [
      ["GET", "/v1/audio/speech", "POST, OPTIONS"],
      ["POST", "/v1/models", "GET, HEAD, OPTIONS"],
      ["PUT", "/v1/models/tiny-voice", "GET, HEAD, POST, DELETE, OPTIONS"],
      ["DELETE", "/health", "GET, HEAD, OPTIONS"],
      ["PATCH", "/v1/audio/voices/", "GET, HEAD, OPTIONS"],
      ["HEAD", "/v1/audio/speech", "POST, OPTIONS"],
    ];
    for (const [method, path, allow] of cases) {
      const response = await ask(path, undefined, {}, { method });
      assert.deepEqual([response.status, response.headers.get("allow")], [405, allow], `${method} ${path}`);
      const asked = await ask(path, undefined, {}, { method: "OPTIONS" });
      assert.deepEqual([asked.status, asked.headers.get("allow")], [204, allow]);
    }
    const refused = [405, "invalid_request_error", null, "method_not_allowed"];
    assert.deepEqual(await refusal(await ask("/v1/audio/speech")), refused);
  });

  it("answer HEAD like GET, without the body", async () => {
    for (const path of ["/health", "/v1/models", "/v1/models/tiny-voice", "/v1/audio/voices", "/v1/models/nonesuch"]) {
      const get = await ask(path);
      const head = await ask(path, undefined, {}, { method: "HEAD" });
      const about = ({ status, headers }: Response) => [status, headers.get("content-type")];
      assert.deepEqual(about(head), about(get), path);
      assert.ok(Number(head.headers.get("content-length")) > 0);
      assert.equal(await head.text(), "");
    }
  });

  it("send the length of their JSON", async () => {
    for (const path of ["/v1/models", "/v1/audio/voices", "/nonesuch"]) {
      const response = await ask(path);
      const { byteLength } = await response.clone().arrayBuffer();
      assert.equal(response.headers.get("content-length"), String(byteLength), path);
    }
  });

  it("send an id with every response, the client's own if that is safe", async () => {
    const id = async (path: string, given?: string) => {
      const headers: Record<string, string> = given === undefined ? {} : { "x-request-id": given };
      return (await ask(path, undefined, {}, { headers })).headers.get("x-request-id");
    };
    for (const path of ["/health", "/v1/models", "/nonesuch"]) {
      assert.match((await id(path)) ?? "", /^req_[0-9a-f]{32}$/);
      assert.equal(await id(path, "4f1c-22.b"), "4f1c-22.b");
      assert.match((await id(path, "a b")) ?? "", /^req_/);
      assert.match((await id(path, "x".repeat(129))) ?? "", /^req_/);
    }
    assert.notEqual(await id("/health"), await id("/health"));
    const spoken = await speech({ input: "Hi." }, {}, { headers: { "content-type": "application/json", "x-request-id": "s" } });
    assert.equal(spoken.headers.get("x-request-id"), "s");
    await spoken.arrayBuffer();
  });

  it("answer 503 when the sidecar is gone", async () => {
    await using fake = await launchFake("crash", { restart: false });
    const expected = [503, "server_error", null, "sidecar_unavailable"];
    assert.deepEqual(await refusal(await speech({}, {}, {}, fake)), expected);
  });

  it("answer 413 if the sidecar cannot accept a message of that size", async () => {
    const tooLong = Object.assign(new Error("The message is too long."), {
      name: "SidecarResponseError",
      type: "messageTooLong",
      field: "text",
    });
    const tts = await sidecar();
    const engine = { ...tts, models: tts.models, voices: tts.voices, status: () => tts.status() } as typeof tts;
    engine.synthesize = () => {
      throw tooLong;
    };
    const expected = [413, "invalid_request_error", "input", "message_too_long"];
    assert.deepEqual(await refusal(await speech({}, {}, {}, engine)), expected);
  });
});
