// The Electron example as it is built, with Node and Chromium in place of Electron: see electron-stand-in.ts.
// SCREENSHOTS names a folder for pictures of it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { after, before, it } from "node:test";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { CHROMIUM } from "./chromium.js";
import { standIn } from "./electron-stand-in.js";
import { COMMAND, eventually, isAlive, LONG, PACKAGE } from "./support.js";

const scratch = join(mkdtempSync(join(tmpdir(), "electron-")), "Mön's App (1)");
const resources = join(scratch, "resources");
const program = join(resources, "qwen-tts-sidecar/bin/qwen-tts-sidecar");

let browser: Browser;
let host: ReturnType<typeof standIn>;
let page: Page;

before(async () => {
  const dist = join(scratch, "dist");
  const PATH = [resolve(PACKAGE, "node_modules/.bin"), process.env.PATH].join(delimiter);
  execFileSync("sh", [resolve(PACKAGE, "examples/electron/build.sh"), dist], { env: { ...process.env, PATH } });
  mkdirSync(join(scratch, "node_modules/electron"), { recursive: true });
  writeFileSync(join(scratch, "node_modules/electron/index.js"), "module.exports = globalThis.electronStandIn;");
  mkdirSync(join(program, ".."), { recursive: true });
  const words = COMMAND.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  writeFileSync(program, `#!/bin/sh\nexec ${words} "$@"\n`);
  chmodSync(program, 0o755);
  const args = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"];
  browser = await puppeteer.launch({ executablePath: CHROMIUM, args });
  host = standIn(browser, scratch, { ...process.env, QWEN_TTS_SIDECAR: "/no/such/program" });
  Object.assign(globalThis, { electronStandIn: host.electron });
  createRequire(join(scratch, "x.js"))(join(dist, "main.cjs"));
  await eventually("a window", () => host.pages.length === 1);
  page = await host.pages[0]!;
});

after(async () => {
  for (const child of host.children) child.kill("SIGKILL");
  await browser.close();
});

const status = (where = page) => where.$eval("#status", (element) => element.textContent ?? "");
const played = (where = page) => where.evaluate("played()") as Promise<number>;

async function picture(name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `electron-${name}.png`) as `${string}.png` });
}

async function speak(text: string, where = page): Promise<void> {
  await where.$eval("#text", (element, value) => ((element as HTMLTextAreaElement).value = value), text);
  await where.$eval("#speak", (element) => (element as HTMLElement).click()); // also in a window behind another
}

async function hears(text: string, where = page): Promise<void> {
  await speak(text, where);
  await eventually("the end", async () => /^\d+ ms, seed \d+$/.test(await status(where)), 60_000);
}

const speechProcess = () => host.children.at(-1)?.pid ?? 0;

/** The processes that a process has started. */
const children = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);

it("starts nothing before the first text; says what is missing; and tries again", async () => {
  assert.deepEqual(host.children, []);
  renameSync(program, `${program}.away`);
  await speak("Hello there.");
  await eventually("an error", async () => (await status()).startsWith("No sidecar was found."));
  assert.ok((await status()).includes(program), await status());
  await picture("missing");
  renameSync(`${program}.away`, program);
  await hears("Hello there.");
  const [ms = 0] = (await status()).match(/\d+/g)?.map(Number) ?? [];
  assert.equal(await played(), ms * 24);
  await picture("spoken");
});

it("plays while it is being spoken, and stops", async () => {
  await speak(LONG);
  await page.waitForFunction("peak() > 0.02", { timeout: 60_000 });
  assert.equal(await status(), "Speaking …");
  await picture("speaking");
  await page.click("#stop");
  assert.equal(await status(), "Stopped.");
  await eventually("silence", async () => (await played()) === 0);
  await hears("Hello there.");
});

it("gives the page nothing but `speech`, and serves nothing but its own files", async () => {
  assert.deepEqual(await page.evaluate("[typeof require, typeof process, Object.keys(speech)]"), [
    "undefined",
    "undefined",
    ["speak"],
  ]);
  const statuses = await page.evaluate(
    "Promise.all(['index.html', 'none.js', '..%2f..%2fmain.cjs', 'main.cjs'].map(async (f) => (await fetch(f).catch(() => ({}))).status ?? 0))",
  );
  // The page's policy allows no request at all.
  assert.deepEqual(statuses, [0, 0, 0, 0]);
  host.problems.splice(0);
});

it("says that the sidecar was killed, and starts it again", async () => {
  await speak(LONG);
  await page.waitForFunction("peak() > 0.02", { timeout: 60_000 });
  const [sidecar = 0] = children(speechProcess());
  process.kill(sidecar, "SIGKILL");
  await eventually("an error", async () => /SIGKILL/.test(await status()));
  await picture("killed");
  await hears("Hello there.");
});

it("says that the speech process has ended, and starts it again", async () => {
  await speak(LONG);
  await page.waitForFunction("peak() > 0.02", { timeout: 60_000 });
  const [first, [sidecar = 0]] = [speechProcess(), children(speechProcess())];
  process.kill(first, "SIGKILL");
  await eventually("an error", async () => (await status()).startsWith("The speech process has ended."));
  await eventually("the end of its sidecar", () => !isAlive(sidecar));
  await hears("Hello there.");
  assert.notEqual(speechProcess(), first);
});

it("has one speech process and one sidecar for two windows", async () => {
  host.app.emit("second-instance");
  await eventually("a window", () => host.pages.length === 2);
  const second = await host.pages[1]!;
  const before = host.children.length;
  await Promise.all([hears("Hello there."), hears("Good morning.", second)]);
  assert.equal(host.children.length, before);
  assert.equal(children(speechProcess()).length, 1);
  await second.close();
  await hears("Hello there.");
});

it("leaves no process behind", async () => {
  const [speech, [sidecar = 0]] = [speechProcess(), children(speechProcess())];
  host.app.emit("window-all-closed");
  await eventually("the end of both", () => !isAlive(speech) && !isAlive(sidecar));
  assert.deepEqual(host.problems, []);
});
