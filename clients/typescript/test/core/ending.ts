import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { createSidecar, type SidecarExitedError } from "qwen-tts-sidecar";
import * as support from "../support.js";

const { early, eventually, FAKE, isAlive, launch, launchFake, LONG, nextEvent, PACKAGE } = support;
/** Without delays, so that five crashes are fast. */
const QUICK = { firstDelayMs: 1, maxDelayMs: 1 };

describe("a crash", () => {
  it("mid-stream rejects what is pending, and the next call finds a new process", async () => {
    await using tts = await launch({ restart: QUICK });
    const dead = tts.pid ?? 0;
    const stream = tts.synthesize({ text: LONG });
    const other = tts.synthesize({ text: LONG }).final();
    const exit = nextEvent(tts, "exit");
    const restart = nextEvent(tts, "restart");
    const loop = async () => {
      for await (const { seq } of stream) if (seq === 1) process.kill(dead, "SIGKILL");
    };
    const killed = { name: "SidecarExitedError", signal: "SIGKILL", exitCode: null };
    await Promise.all([assert.rejects(loop(), killed), assert.rejects(other, killed)]);
    await assert.rejects(stream.final(), killed);
    const { error, ...how } = await exit;
    assert.deepEqual(how, { exitCode: null, signal: "SIGKILL", stderr: "", willRestart: true });
    assert.equal(error.message, "The sidecar ended by SIGKILL.");
    assert.equal((await tts.synthesize({ text: "Hi.", maxFrames: 1 }).final()).frames, 1);
    assert.deepEqual(await restart, { pid: tts.pid, restarts: 1 });
    assert.notEqual(tts.pid, dead);
  });

  it("reports the exit code and the last lines of stderr", async () => {
    await using tts = await launchFake("crash", { restart: false });
    const crashed = { name: "SidecarExitedError", exitCode: 3, signal: null, stderr: "the last words" };
    await assert.rejects(tts.ping(), crashed);
    await assert.rejects(tts.ping(), crashed);
    await assert.rejects(tts.synthesize({ text: "Hi." }).final(), crashed);
  });

  it("is final after the fifth time", async () => {
    await using tts = await launchFake("crash", { restart: QUICK });
    let restarts = 0;
    tts.on("restart", () => restarts++);
    for (let i = 0; i < 5; i++) await assert.rejects(tts.ping(), { exitCode: 3 });
    await assert.rejects(tts.ping(), (error: SidecarExitedError) => /too often/.test(error.message));
    assert.equal(restarts, 4);
  });

  it("is the result of unexpected output on stdout", async () => {
    await using tts = await launchFake("nonsense", { restart: QUICK });
    await assert.rejects(tts.ping(), { name: "SidecarProtocolError", message: /Traceback/ });
    await assert.rejects(tts.ping(), { name: "SidecarProtocolError" });
  });
});

describe("the start", () => {
  it("rejects when the process dies, with the last lines of stderr", async () => {
    const died = { name: "SidecarExitedError", exitCode: 1, message: /No module named 'sidecar'/ };
    await assert.rejects(launchFake("dies"), died);
  });

  it("rejects another program, and another version", async () => {
    await assert.rejects(launchFake("babbles"), { name: "SidecarProtocolError", message: /other program/ });
    await assert.rejects(launchFake("old"), { name: "SidecarVersionError" });
    await assert.rejects(launchFake("newer"), { name: "SidecarVersionError" });
  });

  it("rejects when there is no answer", async () => {
    const command = [process.execPath, "-e", "process.stdin.resume()"];
    await assert.rejects(createSidecar({ command, startTimeoutMs: 200 }), {
      name: "SidecarStartError",
      message: /did not answer in 200 ms/,
    });
  });

  it("rejects when the program cannot be started", async () => {
    await assert.rejects(createSidecar({ command: "/no/such/file" }), { name: "SidecarNotFoundError" });
    const cwd = "/no/such/folder";
    await assert.rejects(createSidecar({ command: [process.execPath], cwd }), { name: "SidecarStartError" });
  });

  it("rejects invalid times and sizes", async () => {
    for (const value of [-1, NaN, "60000", null]) {
      for (const name of ["highWaterMark", "startTimeoutMs", "silenceTimeoutMs"]) {
        const error = { name: "SidecarError", message: `${name} must be a number that is 0 or more; it is ${value}.` };
        await assert.rejects(launchFake("fine", { [name]: value }), error);
      }
    }
    await using tts = await launchFake("fine", { startTimeoutMs: Infinity, silenceTimeoutMs: Infinity });
    await tts.ping();
  });

  it("finds the sidecar in a .venv above, by the environment, or not at all", async () => {
    const app = mkdtempSync(join(tmpdir(), "app with blanks "));
    const bin = join(app, ".venv/bin");
    const script = join(bin, "qwen-tts-sidecar");
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(app, "deep/er"), { recursive: true });
    writeFileSync(script, `#!/bin/sh\nexec "${process.execPath}" "${FAKE}" "$@"\n`);
    chmodSync(script, 0o755);
    const cwd = join(app, "deep/er");
    const env = { QWEN_TTS_SIDECAR: undefined, PATH: "/nowhere" };
    await using fromVenv = await createSidecar({ cwd, env });
    assert.equal(fromVenv.serverInfo.version, "9");
    cpSync(script, join(cwd, "a copy"));
    await using named = await createSidecar({ cwd, env: { QWEN_TTS_SIDECAR: "./a copy" } });
    assert.equal(named.serverInfo.version, "9");
    const words = `"${process.execPath}" '${FAKE}' newer`;
    const newer = createSidecar({ cwd, env: { QWEN_TTS_SIDECAR: words } });
    await assert.rejects(newer, { name: "SidecarVersionError" });
    const wrong = createSidecar({ cwd, env: { QWEN_TTS_SIDECAR: "no-such-program" } });
    await assert.rejects(wrong, { looked: ["QWEN_TTS_SIDECAR: no-such-program"] });
  });
});

describe("the end", () => {
  it("is orderly, and ends everything that is pending", async () => {
    const tts = await launch();
    const pid = tts.pid ?? 0;
    const exit = nextEvent(tts, "exit");
    const pending = [tts.synthesize({ text: LONG }).final(), tts.models.load("tiny-voice")];
    const settled = Promise.allSettled(pending);
    await Promise.all([tts.close(), tts.close()]);
    assert.equal(isAlive(pid), false);
    const { error, ...how } = await exit;
    assert.deepEqual(how, { exitCode: 0, signal: null, stderr: "", willRestart: false });
    assert.equal(error.name, "SidecarClosedError");
    for (const outcome of await settled) {
      assert.equal(outcome.status === "rejected" && outcome.reason.name, "SidecarClosedError");
    }
    await assert.rejects(tts.ping(), { name: "SidecarClosedError" });
    await tts.close();
  });

  it("also comes to a sidecar that does not respond", early(async () => {
    const tts = await launchFake("stubborn");
    const start = performance.now();
    await tts.close();
    assert.equal(isAlive(tts.pid ?? 0), false);
    assert.ok(performance.now() - start < 10_000);
  }));

  it("may come between a crash and the restart", async () => {
    const tts = await launchFake("crash", { restart: { firstDelayMs: 60_000, maxDelayMs: 60_000 } });
    await assert.rejects(tts.ping(), { exitCode: 3 });
    const waiting = tts.ping();
    await tts.close();
    await assert.rejects(waiting, { name: "SidecarClosedError" });
  });
});

describe("the host", () => {
  /** Runs test/fixtures/host.mjs, which prints the pid of its sidecar when it has one. */
  async function host(mode: string) {
    const child = spawn(process.execPath, [resolve(PACKAGE, "test/fixtures/host.mjs"), mode], {
      env: { ...process.env, SIDECAR: JSON.stringify(support.COMMAND) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    const pid = new Promise<number>((resolve) => {
      child.stdout.once("data", (data) => resolve(Number(data)));
    });
    return { child, ended, pid: await support.within(30_000, "the pid", pid) };
  }

  it("can end while a client exists, and takes the sidecar with it", async () => {
    const { ended, pid } = await host("idle");
    assert.equal(await support.within(10_000, "the end of the host", ended), 0);
    await eventually("the sidecar is gone", () => !isAlive(pid), 5000);
  });

  it("takes the sidecar with it when it is killed mid-stream", async () => {
    const { child, ended, pid } = await host("speaks");
    child.kill("SIGKILL");
    assert.equal(await ended, "SIGKILL");
    await eventually("the sidecar is gone", () => !isAlive(pid), 5000);
  });
});

describe("the log", () => {
  it("arrives in whole lines of whole characters", async () => {
    const lines: string[] = [];
    await using tts = await launchFake("umlauts", { onLog: (line) => lines.push(line) });
    tts.on("log", (line) => lines.push(`event ${line}`));
    await tts.ping();
    await eventually("the line is there", () => lines.length === 2);
    assert.deepEqual(lines, ["lädt …", "event lädt …"]);
  });

  it("has progress bars, and a limit for lines without an end", async () => {
    const lines: string[] = [];
    await using tts = await launchFake("draws bars", { onLog: (line) => lines.push(line) });
    await tts.ping();
    await eventually("it is there", () => lines.at(-1) === "done");
    assert.deepEqual(lines.slice(0, 3), ["  0 %", " 50 %", "100 %"]);
    assert.equal(lines.slice(3, -1).join("").length, 200_000);
    assert.ok(lines.every((line) => line.length <= 65_536));
    const exit = nextEvent(tts, "exit");
    process.kill(tts.pid ?? 0, "SIGKILL");
    assert.ok((await exit).stderr.length < 70_000);
  });
});
