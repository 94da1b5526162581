import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import { openaiHandler, toNodeListener } from "qwen-tts-sidecar/openai";
import { eventually, LONG, sidecar } from "../support.js";
import { HELLO, speech } from "./asking.js";

describe("Node's http", () => {
  const server = createServer();
  after(() => server.close());

  it("runs the handler", async () => {
    const tts = await sidecar();
    server.on("request", toNodeListener(openaiHandler(tts)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/audio/speech`;
    const post = (body: object, signal?: AbortSignal) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...HELLO, response_format: "pcm", ...body }),
        signal,
      });
    const pcm = Buffer.from(await (await post({})).arrayBuffer());
    const direct = Buffer.from(await (await speech({ response_format: "pcm" })).arrayBuffer());
    assert.ok(pcm.equals(direct));
    assert.equal((await post({ voice: "nobody" })).status, 400);
    const controller = new AbortController();
    await post({ input: LONG }, controller.signal);
    controller.abort();
    await eventually("nothing is spoken", async () => (await tts.status()).streams.length === 0);
  });
});
