// The Electron example's speech process, without Electron: electron-app.test.ts has the whole app.

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { it } from "node:test";
import type { Reply } from "../examples/electron/messages.js";
import { retrying, serveSpeech, type Port } from "../examples/electron/speech.js";
import { eventually, LONG, sidecar, within } from "./support.js";

/** The speech process's end of a page's port; the test is the page. */
class PagePort extends EventEmitter implements Port {
  readonly replies: Reply[] = [];
  start = () => {};
  ask = (data: object) => this.emit("message", { data });
  of = (id: number) => this.replies.filter((reply) => reply.id === id);

  postMessage(reply: Reply): void {
    this.replies.push(reply);
    this.emit(`reply ${reply.id}`, reply);
  }

  /** Wait for the last reply to a text. */
  end(id: number): Promise<Reply> {
    const ended = new Promise<Reply>((resolve) =>
      this.on(`reply ${id}`, (reply: Reply) => reply.kind !== "chunk" && resolve(reply)),
    );
    return within(60_000, `the end of ${id}`, ended);
  }
}

it("speaks, cancels, refuses, and notices a page that is left", async () => {
  const port = new PagePort();
  serveSpeech(port, sidecar);
  const ends = [1, 2, 3, 4].map((id) => port.end(id));
  port.ask({ kind: "speak", id: 1, params: { text: "Hello there.", seed: 3 } });
  port.ask({ kind: "speak", id: 2, params: { text: LONG } });
  port.on("reply 2", () => port.ask({ kind: "cancel", id: 2 }));
  port.ask({ kind: "speak", id: 3, params: { text: "Hi.", voice: "nobody" } });
  assert.deepEqual((await Promise.all(ends.slice(0, 3))).map(({ kind }) => kind), ["end", "cancelled", "error"]);
  const seqs = port.of(1).flatMap((reply) => (reply.kind === "chunk" ? [reply.seq] : []));
  assert.deepEqual(seqs, seqs.map((_, i) => i));
  port.ask({ kind: "speak", id: 4, params: { text: LONG } });
  port.emit("close");
  assert.equal((await ends[3])?.kind, "cancelled");
});

it("keeps no more than some seconds ahead of what the page has played", async () => {
  const port = new PagePort();
  const samples = 24_000;
  let taken = 0;
  let isCancelled = false;
  /** A stream that never ends. */
  const stream = {
    async *[Symbol.asyncIterator]() {
      for (let seq = 0; !isCancelled; seq++, taken++) yield { seq, samples, audio: new Uint8Array(2) };
    },
    cancel: () => (isCancelled = true),
    final: async () => ({ durationMs: 0, seed: 0 }),
  };
  serveSpeech(port, async () => ({ synthesize: () => stream }) as never);
  const ended = port.end(1);
  port.ask({ kind: "speak", id: 1, params: { text: "Any." } });
  await eventually("ten seconds", () => taken === 10);
  port.ask({ kind: "played", id: 1, samples: 3 * samples });
  await eventually("three more", () => taken === 13);
  assert.equal(port.of(1).length, 14);
  port.ask({ kind: "cancel", id: 1 });
  assert.equal((await ended).kind, "end");
});

it("tries to start the sidecar again after a start that failed", async () => {
  let starts = 0;
  const start = retrying(async () => {
    starts += 1;
    if (starts === 1) throw new Error("No sidecar was found.");
    return sidecar();
  });
  const port = new PagePort();
  serveSpeech(port, start);
  for (const kind of ["error", "end", "end"]) {
    const ended = port.end(starts);
    port.ask({ kind: "speak", id: starts, params: { text: "Hi." } });
    const reply = await ended;
    assert.equal(reply.kind, kind);
    if (reply.kind === "error") assert.equal(reply.message, "No sidecar was found.");
    port.removeAllListeners(`reply ${starts}`);
  }
  assert.equal(starts, 2);
});
