// A load continues when the requests that wait for it are gone.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openaiHandler } from "qwen-tts-sidecar/openai";
import { eventually, launch } from "../support.js";
import { BASE, refusal } from "./asking.js";
import { RecordingEngine } from "./engine.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

function door(recording = new RecordingEngine()) {
  const handler = openaiHandler(recording.engine);
  const speak = (body: object = {}, signal?: AbortSignal) =>
    handler(
      new Request(`${BASE}/v1/audio/speech`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "big", input: "Hi.", voice: "slt", ...body }),
        signal,
      }),
    );
  const send = (method: string, id: string) => handler(new Request(`${BASE}/v1/models/${id}`, { method }));
  const loading = (count: number) => eventually(`${count} loads`, () => recording.loads.length >= count);
  return { recording, speak, send, loading };
}

describe("a load", () => {
  it("finishes although every client gives up before", async () => {
    await using tts = await launch();
    const handler = openaiHandler(tts);
    const request = (signal?: AbortSignal) =>
      handler(
        new Request(`${BASE}/v1/audio/speech`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "tts-1", input: "Hi.", voice: "alloy" }),
          signal,
        }),
      );
    const controller = new AbortController();
    const impatient = request(controller.signal);
    await eventually("it is being loaded", async () => {
      const { engine, models } = await tts.status();
      return models.length > 0 || /load/.test(engine.task ?? "");
    });
    controller.abort();
    await impatient;
    await eventually("it is loaded", async () => (await tts.status()).models.length > 0, 60_000);
    assert.equal((await request()).status, 200);
  });

  it("is shared by all waiting requests, and continues when they are gone", async () => {
    const { recording, speak, send, loading } = door();
    const controllers = [new AbortController(), new AbortController()];
    const leaving = controllers.map(({ signal }) => speak({}, signal));
    await loading(1);
    controllers.forEach((controller) => controller.abort());
    await Promise.all(leaving);
    const staying = [speak(), speak(), send("POST", "big")];
    await turn();
    assert.equal(recording.loads[0]?.signal?.aborted, false);
    recording.loads[0]?.resolve();
    assert.deepEqual((await Promise.all(staying)).map(({ status }) => status), [200, 200, 200]);
    assert.deepEqual(recording.calls.filter((call) => /load/.test(call)), ["models.load big"]);
    assert.equal((await speak()).status, 200);
    assert.equal(recording.loads.length, 1);
  });

  it("that fails is reported to all waiting requests, and repeated by the next", async () => {
    const { recording, speak, loading } = door();
    const waiting = [speak(), speak()];
    await loading(1);
    const failure = { name: "SidecarResponseError", type: "hubUnreachable", message: "No connection." };
    recording.loads[0]?.reject(Object.assign(new Error(failure.message), failure));
    for (const response of await Promise.all(waiting)) {
      assert.deepEqual(await refusal(response), [502, "server_error", null, "hub_unreachable"]);
    }
    const again = speak();
    await loading(2);
    recording.loads[1]?.resolve();
    assert.equal((await again).status, 200);
  });

  it("that fails without a waiting request has no effect", async () => {
    const { recording, speak, loading } = door();
    const controller = new AbortController();
    const leaving = speak({}, controller.signal);
    await loading(1);
    controller.abort();
    await leaving;
    recording.loads[0]?.reject(new Error("late"));
    await turn();
    void speak();
    await loading(2);
  });

  it("of the default model needs no name", async () => {
    const recording = new RecordingEngine();
    const { speak, loading } = door(recording);
    const first = speak({ model: "tts-1" });
    await loading(1);
    assert.equal(recording.loads[0]?.model, undefined);
    recording.loads[0]?.resolve();
    assert.equal((await first).status, 200);
    assert.equal((await speak({ model: "gpt-4o-mini-tts" })).status, 200);
    assert.equal(recording.loads.length, 1);
  });

  it("loads a saved voice's own model if it is in the catalogue", async () => {
    const recording = new RecordingEngine();
    recording.listed = ["1.7b-base", "owner/cached"];
    recording.voicesOf["default-model"] = [
      { voice: "Mine", kind: "saved", model: "1.7b-base" },
      { voice: "foreign", kind: "saved", model: "owner/cached" },
      { voice: "elsewhere", kind: "saved", model: "/folder/of/somebody" },
    ];
    const { speak, loading } = door(recording);
    const first = speak({ model: "tts-1", voice: "mine" });
    await loading(1);
    assert.equal(recording.loads[0]?.model, "1.7b-base");
    recording.loads[0]?.resolve();
    assert.equal((await first).status, 200);
    // The sidecar decides whether to load these, and refuses.
    for (const voice of ["foreign", "elsewhere"]) assert.equal((await speak({ model: "tts-1", voice })).status, 200);
    assert.equal(recording.loads.length, 1);
  });

  it("is stopped by DELETE", async () => {
    const { recording, speak, send, loading } = door();
    const waiting = speak();
    await loading(1);
    const deleted = await send("DELETE", "big");
    assert.equal(deleted.status, 200);
    assert.equal(recording.loads[0]?.signal?.aborted, true);
    assert.deepEqual(await refusal(await waiting), [409, "invalid_request_error", null, "model_unloaded"]);
    assert.equal((await send("DELETE", "big")).status, 404);
  });

  it("of the default model is stopped by DELETE of its name, and by that of an alias", async () => {
    for (const [asked, deleted] of [["tts-1", "default-model"], ["default-model", "tts-1"]]) {
      const recording = new RecordingEngine();
      recording.voicesOf["default-model"] = [{ voice: "slt", kind: "preset", model: "default-model" }];
      const { speak, send, loading } = door(recording);
      const waiting = speak({ model: asked });
      await loading(1);
      assert.equal((await send("DELETE", deleted!)).status, 200);
      assert.equal(recording.loads[0]?.signal?.aborted, true);
      assert.equal((await waiting).status, 409);
    }
  });
});
