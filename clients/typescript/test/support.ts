import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { createSidecar, type Sidecar, type SidecarOptions } from "qwen-tts-sidecar";

/** Tests are run in the folder of the package. */
export const PACKAGE = process.cwd();
export const REPOSITORY = resolve(PACKAGE, "../..");
export const FAKE = resolve(PACKAGE, "test/fixtures/fake-sidecar.mjs");

const DEFAULT = `"${resolve(REPOSITORY, ".venv/bin/python")}" -m sidecar`;

/** The words of the command under test; quotes keep spaces together. */
export const COMMAND = [
  ...(process.env.QWEN_TTS_SIDECAR ?? DEFAULT).matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
].map(([, double, single, plain]) => double ?? single ?? plain ?? "");

/** Half a minute of speech, unless it is stopped. */
export const LONG = Array(8).fill("Nobody is going to listen to all of this text here.").join(" ");

/** An empty folder, so that voices saved on this machine do not affect the tests. */
const voicesDir = mkdtempSync(join(tmpdir(), "voices-"));

export const launch = (options: SidecarOptions = {}) =>
  createSidecar({ command: COMMAND, args: ["--voices-dir", voicesDir], cwd: REPOSITORY, ...options });

/** Bun, as a sidecar, would keep copies of the pipes that it closes. */
export const NODE = process.versions.bun === undefined ? process.execPath : "node";

/** A fake sidecar: see the fixture for its modes. */
export const launchFake = (mode: string, options: SidecarOptions = {}) =>
  createSidecar({ command: [NODE, FAKE, mode], ...options });

let shared: Promise<Sidecar> | undefined;

/** One process for all tests that do not change its state. */
export const sidecar = () => (shared ??= launch());

after(async () => (await shared)?.close());

/** Wait for the next event, up to a time limit. */
export function nextEvent<E extends "exit" | "restart" | "log" | "progress">(
  sidecar: Sidecar,
  event: E,
): Promise<Parameters<Parameters<typeof sidecar.on<E>>[1]>[0]> {
  return within(20_000, `the event ${event}`, new Promise((resolve) => sidecar.once(event, resolve)));
}

export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Poll until the condition holds. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  ms = 20_000,
): Promise<void> {
  for (const end = Date.now() + ms; !(await check()); await pause(20)) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
  }
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Begin at once a test that mostly waits for a time limit, so that other tests use the time. */
export function early(test: () => Promise<void>): () => Promise<void> {
  const running = test();
  running.catch(() => {}); // It is reported when the test has its turn.
  return () => running;
}

/** A zombie counts as gone, because its parent is gone as well. */
export function isAlive(pid: number): boolean {
  if (!existsSync("/proc")) return spawnSync("kill", ["-0", String(pid)]).status === 0;
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export const bytes = (parts: readonly Uint8Array[]) => Buffer.concat(parts);
