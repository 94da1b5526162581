// The playground in Chromium: typed text is heard, and what is cancelled is not.
// SCREENSHOTS names a folder for pictures of it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, it } from "node:test";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { CHROMIUM } from "./chromium.js";
import { startServer } from "./server.js";
import { eventually } from "./support.js";

interface State {
  time: number;
  peak: number;
  played: number;
  samples: number;
  chunks: number;
}

let server: Awaited<ReturnType<typeof startServer>>;
let browser: Browser;
let page: Page;
const problems: string[] = [];

before(async () => {
  server = await startServer();
  browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
  page = await browser.newPage();
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.setViewport({ width: 1180, height: 640, deviceScaleFactor: 1 });
  await page.goto(server.url);
  await page.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const state = () => page.evaluate("playground.state()") as Promise<State>;
const status = () => page.$eval("#status", (element) => element.textContent);

async function picture(name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) as `${string}.png` });
}

async function type(text: string): Promise<void> {
  await page.$eval("#text", (element) => ((element as HTMLTextAreaElement).value = ""));
  await page.type("#text", text);
}

it("speaks what was typed, and can be heard before all of it is there", async () => {
  assert.deepEqual(await page.$$eval("#voice option", (all) => all.map((o) => o.value)), ["slt", "rms"]);
  await type("Hello from the playground. This sentence was typed by a script.");
  await page.type("#seed", "3");
  await page.type("#speed", "0.8");
  await page.click("#speak");
  await page.waitForFunction("playground.state().peak > 0.02", { timeout: 60_000 });
  const early = await state();
  assert.ok(early.played > 0);
  await page.waitForFunction("playground.state().played > 24000", { timeout: 60_000 });
  await picture("speaking");
  await page.waitForFunction("document.getElementById('cancel').disabled", { timeout: 60_000 });
  const { played, samples, chunks, time } = await state();
  assert.equal(played, samples);
  assert.ok(chunks > 5 && time > played / 24_000 - 0.1, `${time} s for ${played} samples`);
  assert.equal(await status(), "Complete, seed 3.");
  assert.match((await page.$eval("#first", (e) => e.textContent)) ?? "", /^\d+ ms$/);
  await picture("complete");
});

it("cancels by the keyboard", async () => {
  await type("");
  // A minute and a half: it does not end before it is cancelled. Nobody types that much.
  const text = "Nobody is going to hear the whole of this. ".repeat(40).trim();
  await page.$eval("#text", (element, text) => ((element as HTMLTextAreaElement).value = text), text);
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
  await page.waitForFunction("playground.state().peak > 0.02", { timeout: 60_000 });
  await page.keyboard.press("Escape");
  assert.equal(await status(), "Cancelled.");
  const { chunks } = await state();
  await page.waitForFunction("playground.state().peak === 0", { timeout: 60_000 });
  // The sidecar was told as well.
  await eventually("nothing is spoken", async () => (await server.health()).streams === 0);
  assert.equal((await state()).chunks, chunks);
});

it("shows what went wrong", async () => {
  await page.type("#instruct", "Sadly.");
  await page.click("#speak");
  await page.waitForSelector("#status.wrong");
  assert.match((await status()) ?? "", /instruct/i);
  await page.$eval("#instruct", (element) => ((element as HTMLInputElement).value = ""));
});

it("fits a narrow window, in the dark", async () => {
  await page.setViewport({ width: 360, height: 1000, deviceScaleFactor: 2 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await type("Hello from a narrow window.");
  await page.click("#speak");
  await page.waitForFunction("playground.state().played > 12000", { timeout: 60_000 });
  await picture("narrow");
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.equal(overflow, 0);
  // A refused text is a 400, which the browser notes by itself.
  assert.deepEqual(problems.filter((text) => !text.includes("400")), []);
});
