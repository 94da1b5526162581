import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeMessage } from "../../src/outgoing.js";
import { collect, launchFake, LONG, sidecar } from "../support.js";

const MIB = 1024 * 1024;

describe("a message that is too long", () => {
  it("is refused before it is sent, and affects no other call", async () => {
    const tts = await sidecar();
    const { pid } = tts;
    const other = collect(tts.synthesize({ text: LONG, seed: 1, maxFrames: 60 }));
    const tooLong = (field: string) => ({ name: "SidecarResponseError", type: "messageTooLong", code: -32600, field });
    const recording = { audio: new Uint8Array(51 * MIB), text: "Nothing at all." };
    const cloned = tts.synthesize({ text: "Hi.", reference: recording });
    await assert.rejects(cloned.final(), tooLong("reference.audio"));
    await assert.rejects(tts.voices.create({ voice: "mine", model: "tiny-voice", reference: recording }), tooLong("reference.audio"));
    const text = "Hello. ".repeat(10 * MIB);
    await assert.rejects(tts.synthesize({ text }).bytes(), tooLong("text"));
    await assert.rejects(tts.synthesizeText(["One. ", text]).final(), tooLong("text"));
    await assert.rejects(tts.voices.delete(text), tooLong("voice"));
    // Longer than any string can be.
    const huge = tts.synthesize({ text: "Hi.", reference: { audio: new Uint8Array(500 * MIB) } });
    await assert.rejects(huge.final(), tooLong("reference.audio"));
    assert.ok((await other).length > 3);
    assert.equal(tts.pid, pid);
    assert.equal((await tts.status()).streams.length, 0);
  });

  it("is one with more bytes than this sidecar accepts", async () => {
    await using tts = await launchFake("small");
    const calls = [
      tts.voices.delete("\u0001".repeat(1000)), // Six bytes each.
      tts.voices.delete("€".repeat(1700)),
    ];
    for (const call of calls) await assert.rejects(call, { type: "messageTooLong", message: /whose limit is 5000; the largest field is voice of/ });
    await tts.voices.delete("€".repeat(1600));
    await tts.ping();
  });

  it("may be exactly as long as the limit", () => {
    const message = { id: 1, method: "voice/delete", params: { voice: "x" } };
    const bytes = JSON.stringify({ jsonrpc: "2.0", ...message }).length;
    assert.equal(encodeMessage(message, bytes).bytes, bytes);
    const figures = { messageBytes: bytes, limitBytes: bytes - 1 };
    assert.throws(() => encodeMessage(message, bytes - 1), { type: "messageTooLong", field: "voice", figures });
  });

  it("is reported with its largest field", () => {
    const params = (reference: object) => ({ text: "four", instruct: "eleven chars", reference });
    const field = (reference: object) => {
      try {
        encodeMessage({ method: "speech/synthesize", params: params(reference) }, 10);
      } catch (error) {
        return (error as { field: string }).field;
      }
    };
    assert.equal(field({ audio: "x", text: "y" }), "instruct");
    assert.equal(field({ audio: new Uint8Array(12), text: "thirteen char" }), "reference.audio");
    assert.equal(field({ path: "a path of twenty char" }), "reference.path");
  });

  it("contains bytes as base64, also those of a part of a buffer", () => {
    const audio = new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4);
    const reference = { audio, text: "t" };
    const { json } = encodeMessage({ id: 1, method: "voice/create", params: { voice: "v", reference } }, 1000);
    assert.deepEqual(JSON.parse(json), {
      jsonrpc: "2.0",
      id: 1,
      method: "voice/create",
      params: { voice: "v", reference: { audio: "AQID", text: "t" } },
    });
    assert.equal(reference.audio, audio);
  });
});

describe("an error that names no call", () => {
  it("is logged, and fails no call", async () => {
    const lines: string[] = [];
    await using tts = await launchFake("refuses", { onLog: (line) => lines.push(line) });
    assert.equal((await tts.ping()).uptimeMs, 1);
    assert.deepEqual(lines, ["The sidecar could not read a message: Too long. (messageTooLong)"]);
  });
});
