// Uses a packed app as a person does, through Chromium's debugging port: `drive-electron.mjs PROGRAM [ARGUMENTS]`.
// It types, listens, stops, and closes the window; it fails unless the app then ends and has left no sidecar behind.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import puppeteer from "puppeteer-core";

const TIMEOUT = 120_000;
const [program, ...args] = process.argv.slice(2);
assert.ok(program, "name the program");
const app = spawn(resolve(program), [...args, "--remote-debugging-port=0"], { stdio: ["ignore", "inherit", "pipe"] });
const ended = once(app, "exit");
const timer = setTimeout(() => {
  console.error("The app was not done in time.");
  app.kill("SIGKILL");
  process.exit(1);
}, 2 * TIMEOUT);

/** Wait for the line in which Chromium names its debugging port. */
const address = await new Promise((resolve, reject) => {
  let text = "";
  app.stderr.on("data", (data) => {
    process.stderr.write(data);
    text += data;
    const found = /DevTools listening on (ws:\S+)/.exec(text);
    if (found) resolve(found[1]);
  });
  app.once("exit", (code, signal) => reject(new Error(`The app ended with ${code ?? signal}.`)));
  app.once("error", reject);
});

const browser = await puppeteer.connect({ browserWSEndpoint: address, defaultViewport: null });
const target = await browser.waitForTarget((one) => one.url() === "app://speech/index.html", { timeout: TIMEOUT });
const page = await target.page();
const status = () => page.$eval("#status", (element) => element.textContent);
const until = (expression) => page.waitForFunction(expression, { timeout: TIMEOUT, polling: 100 });

async function speak(text) {
  await page.$eval("#text", (element, value) => (element.value = value), text);
  await page.click("#speak");
}

assert.deepEqual(await page.evaluate("[typeof require, typeof process]"), ["undefined", "undefined"]);
await speak("Hello from a packed app.");
await until("document.getElementById('status').textContent !== 'Speaking …'");
const [, ms] = /^(\d+) ms, seed \d+$/.exec(await status()) ?? assert.fail(await status());
assert.equal(await page.evaluate("played()"), ms * 24);
await speak("Nobody is going to listen to all of this text here. ".repeat(8));
await until("peak() > 0.02");
await page.click("#stop");
assert.equal(await status(), "Stopped.");

const sidecars = () => {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "pid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes("/resources/qwen-tts-sidecar/") || line.includes("/Resources/qwen-tts-sidecar/"));
};
assert.equal(sidecars().length, 1, sidecars().join("\n"));
await page.close();
await ended;
for (let left = 50; sidecars().length > 0 && left > 0; left--) await pause(100);
assert.deepEqual(sidecars(), []);
clearTimeout(timer);
console.log(`The app spoke ${ms} ms, and left nothing behind.`);
process.exit(0);
