import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { LoadProgress, Sidecar, SidecarOptions } from "qwen-tts-sidecar";
import { Hub } from "../hub.js";
import { launch, launchFake, nextEvent, within } from "../support.js";

const MODEL = "0.6b-customvoice";
const REPO = "mlx-community/Qwen3-TTS-12Hz-0.6B-CustomVoice-bf16";
/** Repositories for one test each, since each has to find them missing. */
const [ABORTED, CRASHED, SHARED, WRONG, LOADED, LARGE] = [1, 2, 3, 4, 5, 6].map((n) => `someone/voice-${n}`) as [
  string, string, string, string, string, string,
];
const QUICK = { firstDelayMs: 1, maxDelayMs: 1 };

describe("ensureModel", () => {
  const hub = new Hub(REPO, ABORTED, CRASHED, SHARED, WRONG, LOADED, LARGE);
  before(() => hub.start());
  after(() => hub.stop());

  const start = (options: SidecarOptions = {}, env: Record<string, string> = {}) =>
    launch({ restart: QUICK, ...options, env: { ...hub.environment, ...env } });

  /** Resolves when some bytes of large files have arrived. */
  const someBytes = (tts: Sidecar) =>
    within(
      30_000,
      "some bytes",
      new Promise<LoadProgress>((resolve) => {
        tts.on("progress", (progress) => {
          if (progress.bytesPerSecond && (progress.receivedBytes ?? 0) > 1_500_000) resolve(progress);
        });
      }),
    );

  it("downloads a model with its progress, and finds it from then on without the network", async () => {
    await using tts = await start();
    const seen: LoadProgress[] = [];
    await hub.tell("slow");
    const ensured = tts.ensureModel(MODEL, { onProgress: (progress) => seen.push(progress) });
    const { bytesPerSecond = 0 } = await someBytes(tts);
    await hub.tell("fine");
    const { path, source, loaded } = await ensured;
    assert.ok(existsSync(join(path, "model.safetensors")));
    assert.deepEqual([source, loaded], ["cache", undefined]);
    assert.ok(bytesPerSecond > 0);
    const last = seen.at(-1);
    assert.equal(last?.receivedBytes, last?.totalBytes);
    assert.equal(seen[0]?.stage, "resolving");
    await using offline = await start({}, { HF_HUB_OFFLINE: "1", HF_ENDPOINT: "http://127.0.0.1:9" });
    assert.equal((await offline.ensureModel(MODEL)).path, path);
    const { models, usedBytes } = await offline.models.listing();
    const entry = models.find(({ model }) => model === MODEL);
    assert.deepEqual([entry?.state, entry?.source], ["cached", "cache"]);
    assert.equal((await offline.models.delete(MODEL)).freedBytes, usedBytes);
    await assert.rejects(offline.ensureModel(MODEL), { type: "modelNotDownloaded", code: 1002 });
  });

  it("keeps what has arrived when it is aborted, and goes on from there", async () => {
    await using tts = await start();
    await hub.tell("slow");
    const controller = new AbortController();
    const some = someBytes(tts);
    const aborted = tts.ensureModel(ABORTED, { signal: controller.signal });
    await some;
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, { message: "enough" });
    await hub.tell("fine");
    const before = (await hub.tell("sent")).ranges.length;
    await tts.ensureModel(ABORTED);
    const { ranges } = await hub.tell("sent");
    assert.match(ranges.slice(before).join(), /^bytes=\d{6,}-$/);
    await assert.rejects(tts.ensureModel(ABORTED, { signal: AbortSignal.abort(new Error("no")) }), { message: "no" });
  });

  it("goes on after a crash of the sidecar", async () => {
    await using tts = await start();
    await hub.tell("slow");
    const some = someBytes(tts);
    const ensured = tts.ensureModel(CRASHED);
    const pending = tts.models.load(CRASHED);
    await some;
    const restart = nextEvent(tts, "restart");
    process.kill(tts.pid ?? 0, "SIGKILL");
    await assert.rejects(pending, { name: "SidecarExitedError" });
    await hub.tell("fine");
    assert.equal((await ensured).model, CRASHED);
    await restart;
  });

  it("shares one download, which ends with its last caller", async () => {
    await using tts = await start();
    await hub.tell("slow");
    const one = new AbortController();
    const requests: string[] = [];
    tts.on("progress", ({ stage, model }) => stage === "resolving" && requests.push(model ?? ""));
    const some = someBytes(tts);
    const first = tts.ensureModel(SHARED, { signal: one.signal });
    await some;
    const heard: LoadProgress[] = [];
    const second = tts.ensureModel(SHARED, { onProgress: (progress) => heard.push(progress) });
    one.abort(new Error("not me"));
    await assert.rejects(first, { message: "not me" });
    await hub.tell("fine");
    assert.equal((await second).source, "cache");
    assert.deepEqual(requests, [SHARED]);
    assert.ok((heard[0]?.receivedBytes ?? 0) > 1_500_000);
  });

  it("rejects with types that an app can decide by", async () => {
    await using tts = await start({ args: ["--models-budget", "1GB"] });
    await assert.rejects(tts.ensureModel("nobody/has-this"), { type: "unknownModel" });
    await assert.rejects(tts.ensureModel("0.6b-custmvoice"), { type: "unknownModel", message: /Did you mean/ });
    await hub.tell("wrong");
    await assert.rejects(tts.ensureModel(WRONG), { type: "corruptDownload" });
    await hub.tell("fine");
    await using frugal = await start({ args: ["--models-budget", "1MB"] });
    await assert.rejects(frugal.ensureModel(LARGE), ({ type, figures }) => {
      assert.equal(type, "budgetExceeded");
      return figures.limitBytes === 1_000_000 && figures.neededBytes > 1_000_000;
    });
    await using alone = await start({}, { HF_ENDPOINT: "http://127.0.0.1:9" });
    await assert.rejects(alone.ensureModel(LARGE), { type: "hubUnreachable" });
  });

  it("loads the model, too, if it is asked to", async () => {
    await using tts = await start();
    const stages = new Set<string>();
    const { loaded } = await tts.ensureModel(LOADED, { load: true, onProgress: ({ stage }) => stages.add(stage) });
    assert.deepEqual(loaded?.voices, ["slt", "rms"]);
    assert.deepEqual([...stages], ["resolving", "downloading", "loading"]);
    assert.equal((await tts.status()).models.length, 1);
    assert.equal((await tts.ensureModel("tiny-voice")).source, "bundled");
  });
});

describe("ensureModel with a sidecar that always crashes", () => {
  it("rejects when it is not started again, or is closed", async () => {
    await using tts = await launchFake("crash", { restart: QUICK });
    await assert.rejects(tts.ensureModel(MODEL), { name: "SidecarExitedError", message: /too often/ });
    await using once = await launchFake("crash", { restart: false });
    await assert.rejects(once.ensureModel(MODEL), { name: "SidecarExitedError", exitCode: 3 });
    const closed = await launchFake("silent");
    const ensured = closed.ensureModel(MODEL);
    const rejected = assert.rejects(ensured, { name: "SidecarClosedError" });
    await closed.close();
    await rejected;
  });
});
