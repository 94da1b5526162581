import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Sidecar } from "qwen-tts-sidecar";
import { SidecarHost } from "../src/sidecar-host.js";
import { settled } from "./fakes.js";

class FakeSidecar {
  isClosed = false;
  onExit = (_: { error: Error; willRestart: boolean }) => {};
  constructor(readonly pid: number) {}
  on(_: "exit", listener: FakeSidecar["onExit"]) {
    this.onExit = listener;
  }
  async close() {
    this.isClosed = true;
  }
}

function hosted({ mock }: TestContext, idleMs = 60_000) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const opened: FakeSidecar[] = [];
  const log: string[] = [];
  const failures: Error[] = [];
  const host = new SidecarHost({
    async open() {
      const failure = failures.shift();
      if (failure) throw failure;
      const sidecar = new FakeSidecar(100 + opened.length);
      opened.push(sidecar);
      return sidecar as unknown as Sidecar;
    },
    idleMs: () => idleMs,
    log: (line) => log.push(line),
  });
  const use = () => host.use(async (sidecar) => sidecar.pid);
  return { host, opened, log, failures, use, tick: (ms: number) => mock.timers.tick(ms) };
}

test("one sidecar serves all, and is started by the first use", async (t) => {
  const { host, opened, use } = hosted(t);
  assert.deepEqual([opened.length, host.pid], [0, undefined]);
  assert.deepEqual(await Promise.all([use(), use()]), [100, 100]);
  assert.equal(host.pid, 100);
});

test("after a crash, the next use starts another one", async (t) => {
  const { host, opened, log, use } = hosted(t);
  await use();
  opened[0]!.onExit({ error: new Error("The sidecar ended by SIGKILL."), willRestart: false });
  assert.equal(host.pid, undefined);
  assert.equal(await use(), 101);
  assert.ok(log.includes("The sidecar ended by SIGKILL."));
});

test("a start that failed is tried again by the next use", async (t) => {
  const { failures, use } = hosted(t);
  failures.push(new Error("not there"));
  await assert.rejects(use(), /not there/);
  assert.equal(await use(), 100);
});

test("it is ended when nobody has used it for a while, but not while it is used", async (t) => {
  const { host, opened, use, tick } = hosted(t, 1000);
  let finish = () => {};
  const long = host.use(() => new Promise<void>((resolve) => (finish = resolve)));
  await use();
  tick(5000);
  assert.equal(opened[0]!.isClosed, false);
  finish();
  await long;
  tick(999);
  assert.equal(opened[0]!.isClosed, false);
  await use();
  tick(999);
  tick(1);
  await settled();
  assert.deepEqual([opened[0]!.isClosed, host.pid], [true, undefined]);
  assert.equal(await use(), 101);
});

test("with 0 minutes it stays", async (t) => {
  const { opened, use, tick } = hosted(t, 0);
  await use();
  tick(10 ** 9);
  assert.equal(opened[0]!.isClosed, false);
});

test("it is ended while it starts, too", async (t) => {
  const { host, opened, use } = hosted(t);
  const [used] = [use(), host.end()];
  await used;
  await host.end();
  await settled();
  assert.deepEqual([opened.length, opened[0]!.isClosed, host.pid], [1, true, undefined]);
});
