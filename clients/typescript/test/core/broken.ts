import assert from "node:assert/strict";
import { ChildProcess, execFile } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { createSidecar, type Sidecar, type SidecarOptions } from "qwen-tts-sidecar";
import { early, eventually, FAKE, isAlive, launchFake, nextEvent, NODE, PACKAGE, within } from "../support.js";

const QUICK = { firstDelayMs: 1, maxDelayMs: 1 };
const scratch = mkdtempSync(join(tmpdir(), "broken-"));
let marks = 0;

/** Misbehaves only the first time that it is started. */
const launchOnce = (mode: string, options: SidecarOptions = {}) =>
  launchFake(mode, { restart: QUICK, args: [join(scratch, `mark ${marks++}`)], ...options });

const IS_BUN = process.versions.bun !== undefined;
const SILENT = /The client killed it: it sent nothing for 4000 ms, not even the answer to a ping\./;
const LOST = (pipe: string) => new RegExp(`The client killed it: it had closed its ${pipe} but kept running\\.`);

describe("a sidecar that runs but does not respond", () => {
  /** How each is lost, and the message about it. Bun does not report a pipe without a reader. */
  const WAYS: Record<string, RegExp> = {
    "loses stdout": LOST("stdout"),
    "loses stdin": IS_BUN ? SILENT : LOST("stdin"),
    "loses its ears": SILENT,
  };

  async function comesBack(tts: Sidecar, reason: RegExp, calls: Promise<unknown>[]) {
    const dead = tts.pid ?? 0;
    const exit = nextEvent(tts, "exit");
    const killed = { name: "SidecarExitedError", signal: "SIGKILL", message: reason };
    const rejected = calls.map((call) => assert.rejects(call, killed));
    await within(20_000, "the end of what is pending", Promise.all(rejected));
    const { signal, willRestart, error } = await exit;
    assert.deepEqual([signal, willRestart], ["SIGKILL", true]);
    assert.match(error.message, reason);
    assert.equal((await within(20_000, "an answer", tts.ping())).uptimeMs, 1);
    assert.equal(isAlive(dead), false);
    assert.notEqual(tts.pid, dead);
  }

  // All at once, since most of the time is waiting.
  it("is killed and started again, whether calls are pending or not", async () => {
    const lose = async (mode: string, reason: RegExp, isBusy: boolean) => {
      await using tts = await launchOnce(mode, { silenceTimeoutMs: 4000 });
      await comesBack(tts, reason, isBusy ? [tts.ping(), tts.synthesize({ text: "Hi." }).final()] : []);
    };
    const freeze = async () => {
      await using patient = await launchFake("fine", { silenceTimeoutMs: 0 });
      await using tts = await launchFake("fine", { silenceTimeoutMs: 4000, restart: QUICK });
      process.kill(patient.pid ?? 0, "SIGSTOP");
      const waiting = patient.ping();
      process.kill(tts.pid ?? 0, "SIGSTOP");
      await comesBack(tts, SILENT, [tts.ping()]);
      process.kill(patient.pid ?? 0, "SIGCONT");
      assert.equal((await waiting).uptimeMs, 1);
    };
    const losses = Object.entries(WAYS).flatMap(([mode, reason]) => [true, false].map((is) => lose(mode, reason, is)));
    await Promise.all([freeze(), ...losses]);
  });

  it("during the handshake is reported at once", async () => {
    const command = [NODE, "-e", "require('fs').closeSync(1); setTimeout(() => {}, 60_000)"];
    const start = createSidecar({ command });
    await assert.rejects(within(20_000, "the reason", start), { name: "SidecarExitedError", message: LOST("stdout") });
  });
});

describe("the reason of an end", () => {
  it("is the unexpected output on stdout, for the event and for every later call", async () => {
    const printed = { name: "SidecarProtocolError", message: /Warning: something printed/ };
    await using tts = await launchFake("prints", { restart: false });
    const { error, signal, willRestart } = await nextEvent(tts, "exit");
    assert.deepEqual([error.name, signal, willRestart], ["SidecarProtocolError", "SIGKILL", false]);
    assert.match(error.message, printed.message);
    await assert.rejects(tts.ping(), printed);
    await assert.rejects(tts.synthesize({ text: "Hi." }).final(), printed);
  });

  it("is still reported after too many crashes", async () => {
    await using tts = await launchFake("prints", { restart: QUICK });
    for (let isOver = false; !isOver; isOver = !(await nextEvent(tts, "exit")).willRestart);
    await assert.rejects(tts.ping(), {
      name: "SidecarExitedError",
      message: /crashed too often and is not started again\. .*something printed/,
    });
  });

  it("is the exit, not a cancellation that the caller did not request", async () => {
    for (const call of [
      (tts: Sidecar) => tts.synthesize({ text: "Hi." }).final(),
      (tts: Sidecar) => tts.synthesize({ text: "Hi." }).bytes(),
      (tts: Sidecar) => tts.models.load("tiny-voice"),
    ]) {
      await using tts = await launchFake("cancels", { restart: false });
      await assert.rejects(call(tts), { name: "SidecarExitedError", exitCode: 76 });
    }
  });

  it("is waited for, up to a time limit", early(async () => {
    await using tts = await launchFake("only cancels");
    const stream = tts.synthesize({ text: "Hi." });
    const waits = assert.rejects(tts.models.load("tiny-voice"), { name: "SidecarResponseError", type: "cancelled" });
    await assert.rejects(within(20_000, "the end", tts.models.load("x", { signal: AbortSignal.timeout(500) })), {
      name: "TimeoutError",
    });
    await within(20_000, "the end of the stream", stream.cancel());
    await within(20_000, "the answer", waits);
  }));
});

describe("a message that no sidecar sends", () => {
  for (const mode of ["answers nothing", "answers a list", "sends no audio"]) {
    it(`ends only the sidecar that ${mode}`, async () => {
      await using tts = await launchFake(mode, { restart: false });
      const stream = within(20_000, "an end", tts.synthesize({ text: "Hi." }).final());
      await assert.rejects(stream, { name: "SidecarProtocolError" });
    });
  }

  it("is detected in another program that answers, or repeats its input", async () => {
    await assert.rejects(launchFake("foreign"), {
      name: "SidecarProtocolError",
      message: /fake-sidecar\.mjs foreign is another program: it calls itself "another 9", not qwen-tts-sidecar\./,
    });
    const cat = within(20_000, "the reason", createSidecar({ command: "cat" }));
    await assert.rejects(cat, { name: "SidecarProtocolError", message: /a program that repeats its input/ });
  });
});

describe("what a newer sidecar adds", () => {
  it("is ignored", async () => {
    await using tts = await launchFake("is newer");
    assert.equal((await tts.ping()).uptimeMs, 1);
    assert.deepEqual((await tts.synthesize({ text: "Hi." }).final()).sentences, []);
  });
});

describe("what an older sidecar does not send", () => {
  it("is absent", async () => {
    await using tts = await launchFake("fine");
    const { timings, alignerLanguages } = tts.capabilities;
    assert.deepEqual([timings, alignerLanguages], [undefined, undefined]);
  });
});

describe("close()", () => {
  it("works while the next process is being started", async () => {
    await using tts = await launchOnce("hangs");
    const restarted: unknown[] = [];
    tts.on("restart", (event) => restarted.push(event));
    const first = tts.pid;
    await assert.rejects(tts.ping(), { exitCode: 3 });
    const waiting = assert.rejects(tts.ping(), { name: "SidecarClosedError" });
    await eventually("the next one is there", () => tts.pid !== undefined && tts.pid !== first);
    const next = tts.pid ?? 0;
    await tts.close();
    await waiting;
    assert.equal(isAlive(next), false);
    await assert.rejects(tts.ping(), { name: "SidecarClosedError" });
    assert.deepEqual(restarted, []);
  });

  it("resolves although the process cannot be killed", early(async () => {
    const tts = await launchFake("stubborn");
    const { pid = 0 } = tts;
    const { kill } = ChildProcess.prototype;
    ChildProcess.prototype.kill = function (signal) {
      return this.pid !== pid && kill.call(this, signal); // As if that process hung in a driver.
    };
    try {
      await within(20_000, "the end", tts.close());
    } finally {
      ChildProcess.prototype.kill = kill;
      process.kill(pid, "SIGKILL");
    }
  }));
});

describe("the app's own functions", () => {
  it("may throw without affecting the client", async () => {
    const script = resolve(PACKAGE, "test/fixtures/careless.mjs");
    const env = { ...process.env, SIDECAR: JSON.stringify([NODE, FAKE, "reports"]) };
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env, timeout: 30_000 });
    assert.equal(stdout, "ok\n");
  });
});

describe("a start that fails", () => {
  it("is repeated like a crash, also if no process was created", async () => {
    const cwd = mkdtempSync(join(scratch, "cwd "));
    await using tts = await launchFake("crash", { cwd, restart: { ...QUICK, maxCrashes: 3 } });
    rmdirSync(cwd);
    await assert.rejects(tts.ping(), { exitCode: 3 });
    let last: unknown;
    await eventually("it is given up", async () => {
      last = await tts.ping().catch((error) => error);
      return /too often/.test(String(last));
    });
    assert.match(String(last), /did not start\. .*too often.*its working folder .*cwd .* does not exist/);
  });
});
