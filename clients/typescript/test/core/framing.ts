import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeFrame, FrameReader } from "../../src/framing.js";

const texts = (bodies: Buffer[]) => bodies.map((body) => body.toString("utf8"));

describe("framing", () => {
  const messages = [{ a: "ä – 你好 🎧" }, {}, { b: "x".repeat(5000) }];
  const wire = Buffer.concat(messages.map(encodeFrame));
  const expected = messages.map((message) => JSON.stringify(message));

  it("reads many frames in one piece", () => {
    assert.deepEqual(texts(new FrameReader().push(wire)), expected);
  });

  it("reads frames cut at every byte", () => {
    for (const size of [1, 2, 3, 7]) {
      const reader = new FrameReader();
      const bodies: Buffer[] = [];
      for (let at = 0; at < wire.length; at += size) {
        bodies.push(...reader.push(wire.subarray(at, at + size)));
      }
      assert.deepEqual(texts(bodies), expected);
    }
  });

  it("accepts other headers, in any case and order", () => {
    const frame = "content-type: x\r\nCONTENT-LENGTH :\t2 \r\nfoo: 1\r\n\r\n{}";
    assert.deepEqual(texts(new FrameReader().push(Buffer.from(frame))), ["{}"]);
  });

  it("refuses anything that is not a frame, at once", () => {
    const wrong = [
      "Hello.\n",
      "\n",
      "Content-Length: 2\n\n{}",
      "Content-Length: -1\r\n\r\n",
      "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
      "Content-Length: 99999999999\r\n\r\n",
      "x".repeat(4096),
    ];
    for (const text of wrong) {
      const push = () => new FrameReader().push(Buffer.from(text));
      assert.throws(push, { name: "SidecarProtocolError" }, text.slice(0, 40));
    }
  });

  it("reads a big frame in small pieces without copying it again and again", () => {
    const frame = encodeFrame({ audio: "A".repeat(40_000_000) });
    const reader = new FrameReader();
    const start = performance.now();
    let bodies: Buffer[] = [];
    for (let at = 0; at < frame.length; at += 16_384) {
      bodies = reader.push(frame.subarray(at, at + 16_384));
    }
    assert.equal(bodies[0]?.length, frame.length - "Content-Length: 40000012\r\n\r\n".length);
    assert.ok(performance.now() - start < 10_000);
  });
});
