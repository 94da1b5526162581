import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { launch, sidecar } from "../support.js";

describe("calls", () => {
  it("list models and voices", async () => {
    const tts = await sidecar();
    const tiny = (await tts.models.list()).find(({ model }) => model === "tiny-voice");
    assert.match(tiny?.state ?? "", /bundled|loaded/);
    assert.deepEqual(tiny?.abilities, ["presets", "textStreaming", "batching", "seed"]);
    const voices = (await tts.voices.list()).map(({ voice }) => voice);
    assert.deepEqual(voices, ["slt", "rms"]);
    assert.deepEqual(await tts.voices.list("tiny-voice"), await tts.voices.list());
    await assert.rejects(tts.voices.list("nonesuch"), { type: "unknownModel", code: 1001 });
    const recording = { audio: new Uint8Array([1, 2, 3]), text: "Not a recording." };
    const voice = { voice: "mine", model: "tiny-voice", reference: recording };
    await assert.rejects(tts.voices.create(voice), { type: "badReferenceAudio" });
    await assert.rejects(tts.voices.delete("nobody's"), { type: "unknownVoice" });
  });

  it("list files that cannot be used as voices", async () => {
    const folder = mkdtempSync(join(tmpdir(), "voices-"));
    writeFileSync(join(folder, "odd.safetensors"), "junk");
    const tts = await launch({ args: ["--voices-dir", folder] });
    try {
      const { voices, skipped, omitted } = await tts.voices.listing("tiny-voice");
      assert.deepEqual(voices, await tts.voices.list("tiny-voice"));
      assert.deepEqual(skipped?.map(({ file }) => file), ["odd.safetensors"]);
      assert.match(skipped?.[0]?.reason ?? "", /not a voice file/);
      assert.equal(omitted, undefined);
    } finally {
      await tts.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("load a model and report its stages", async () => {
    const tts = await sidecar();
    const stages: string[] = [];
    const events: string[] = [];
    const note = (event: { model?: string; stage: string }) => events.push(`${event.model} ${event.stage}`);
    tts.on("progress", note);
    const loaded = await tts.models.load("tiny-voice", {
      onProgress: ({ stage }) => stages.push(stage),
    });
    tts.off("progress", note);
    assert.equal(loaded.sampleRate, 24000);
    assert.equal(stages[0], "resolving");
    assert.deepEqual(events, stages.map((stage) => `tiny-voice ${stage}`));
    await assert.rejects(tts.models.unload("nonesuch"), { type: "unknownModel" });
    const pinned = { model: "owner/name@v1", revision: "v1" };
    await assert.rejects(tts.models.load(pinned), { type: "invalidParams", field: "revision", figures: {} });
  });

  it("return the status", async () => {
    const tts = await sidecar();
    assert.ok((await tts.ping()).uptimeMs > 0);
    assert.equal((await tts.status()).backend, "cpu");
    assert.equal(tts.serverInfo.name, "qwen-tts-sidecar");
    assert.ok(tts.capabilities.methods.includes("speech/synthesize"));
  });
});
