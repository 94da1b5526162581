import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Position } from "../src/types.js";
import { Sound } from "../src/webview/sound.js";

/** An AudioContext that may refuse to start, as a browser's does before a click. */
class Context {
  state: AudioContextState = "suspended";
  isAllowed: boolean;
  onstatechange: (() => void) | null = null;
  baseLatency = 0.01;
  outputLatency = 0.02;
  sampleRate = 24_000;
  currentTime = 0;
  destination = {};
  audioWorklet = { addModule: async () => {} };
  constructor(isAllowed: boolean) {
    this.isAllowed = isAllowed;
  }
  createAnalyser() {
    return { fftSize: 2048, connect: () => {}, getFloatTimeDomainData: (into: Float32Array) => into.fill(0.5) };
  }
  set(state: AudioContextState) {
    this.state = state;
    this.onstatechange?.();
  }
  async resume() {
    if (this.isAllowed) this.set("running");
    else await new Promise(() => {});
  }
  async suspend() {
    this.set("suspended");
  }
}

function sound({ mock }: TestContext, isAllowed: boolean) {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  const context = new Context(isAllowed);
  const posted: unknown[] = [];
  const port = { postMessage: (message: unknown) => posted.push(message), onmessage: (_: { data: object }) => {} };
  const node = { port, connect: (next: object) => next };
  const positions: Position[] = [];
  const blocked: boolean[] = [];
  const made = new Sound(
    "worklet.js",
    { onPosition: (position) => positions.push(position), onBlocked: (is) => blocked.push(is) },
    {
      createContext: () => context as unknown as AudioContext,
      createNode: () => node as unknown as AudioWorkletNode,
      now: () => now,
    },
  );
  const report = (at: number, played: number, queued: number) => {
    now = at;
    port.onmessage({ data: { played, queued, underrun: 0 } });
  };
  return { made, context, posted, positions, blocked, report, tick: (ms: number) => mock.timers.tick(ms) };
}

const PCM = Int16Array.of(0, 16384, -32768).buffer;

test("sound that is refused is reported, and heard after a click", async (t) => {
  const { made, context, posted, blocked, tick } = sound(t, false);
  await made.begin(1);
  await made.push(1, PCM);
  assert.deepEqual(blocked, []);
  tick(500);
  assert.deepEqual(blocked, [true]);
  assert.deepEqual([made.measure()?.isBlocked, made.measure()?.queued], [true, 3]);
  assert.deepEqual(posted, ["clear", Float32Array.of(0, 0.5, -1)]); // It waits to be heard.
  context.isAllowed = true; // The person clicks.
  made.unblock();
  assert.deepEqual(blocked, [true, false]);
  assert.equal(made.measure()?.state, "running");
});

test("a refusal ends with the reading, and a pause is none", async (t) => {
  const { made, blocked, tick } = sound(t, false);
  await made.begin(1);
  tick(500);
  made.pause();
  assert.deepEqual(blocked, [true, false]);
  made.resume();
  tick(500);
  await made.stop();
  tick(5000);
  assert.deepEqual(blocked, [true, false, true, false]);
});

test("sound that is allowed is never reported as refused, and sleeps after the end", async (t) => {
  const { made, context, blocked, tick } = sound(t, true);
  await made.begin(1);
  tick(500);
  assert.equal(context.state, "running");
  made.pause();
  assert.equal(context.state, "suspended");
  made.resume();
  assert.equal(context.state, "running");
  await made.stop();
  assert.equal(context.state, "running"); // What was played last is on its way.
  tick(2000);
  assert.equal(context.state, "suspended");
  assert.deepEqual(blocked, []);
});

test("positions are those of the present take, and not too many", async (t) => {
  const { made, positions, report } = sound(t, true);
  await made.begin(1);
  report(0, 0, 0);
  report(60, 100, 900);
  report(90, 200, 800);
  report(100, 1000, 0); // Nothing is left, which is never held back.
  await made.begin(2);
  report(130, 1000, 0); // It was on its way when the queue was cleared.
  report(140, 0, 0);
  report(170, 50, 10);
  report(200, 60, 0);
  const seen = positions.map(({ take, played }) => [take, played]);
  assert.deepEqual(seen, [
    [1, 0],
    [1, 100],
    [1, 1000],
    [2, 0],
    [2, 60],
  ]);
  assert.equal(Math.round(positions.at(-1)!.latencyMs), 30);
  assert.equal(made.measure()?.totalPlayed, 1060);
});

test("samples of an earlier take are thrown away", async (t) => {
  const { made, posted } = sound(t, true);
  await made.begin(1);
  await made.begin(2);
  await made.push(1, PCM);
  await made.stop();
  await made.push(2, PCM);
  assert.deepEqual(posted, ["clear", "clear", "clear"]);
});
