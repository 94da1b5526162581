// Chromium for tests: node browser.mjs SOCKET. Pages are opened by `open`, and what goes wrong in
// one of them is kept in its `problems`.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { observe } from "./observer.mjs";
import rpc from "./rpc.cjs";

const client = fileURLToPath(new URL("../../../clients/typescript/package.json", import.meta.url));
const puppeteer = createRequire(client)("puppeteer-core");

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM,
  // Nothing but this machine can be reached.
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});
const pages = [];

/** Open a page in a profile of its own, as if it were alone; return its number. */
async function open(url) {
  const page = await (await browser.createBrowserContext()).newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  await page.setViewport({ width: 1280, height: 760, deviceScaleFactor: 1 });
  await page.evaluateOnNewDocument(observe);
  pages.push(Object.assign(page, { problems }));
  await page.goto(url);
  return pages.length - 1;
}

/** Return the frame of the extension's player, if there is one. */
async function playerOf(page) {
  for (const frame of page.frames()) {
    const isPlayer = frame.evaluate("document.getElementById('hear') !== null");
    if (await isPlayer.catch(() => false)) return frame;
  }
}

/** Return the notifications that the person sees, each with its buttons. */
const messagesOf = (page) =>
  page.$$eval(".notification-list-item", (all) =>
    all.map((one) => {
      const text = one.querySelector(".notification-list-item-message");
      const buttons = one.querySelectorAll(".notification-list-item-buttons-container .monaco-button");
      return [text, ...buttons].map((part) => part?.textContent).join(" | ");
    }),
  );

/** Click a notification's button. */
async function click(page, label) {
  for (const button of await page.$$(".notification-list-item .monaco-button")) {
    if ((await button.evaluate((element) => element.textContent)) === label) return button.click();
  }
  throw new Error(`no notification has a button ${label}`);
}

/** Return the text of each line that an editor shows, and of each highlighted box the line it is on. */
const highlightsOf = (page) =>
  page.evaluate(() => {
    const top = (element) => Math.round(element.getBoundingClientRect().top);
    const lines = Object.fromEntries(
      [...document.querySelectorAll(".editor-instance .view-line")].map((line) => [top(line), line.textContent]),
    );
    const boxes = [...document.querySelectorAll('.editor-instance .cdr[class*="TextEditorDecorationType"]')];
    const isSeen = (box) => {
      const { width, height } = box.getBoundingClientRect();
      return width > 4 && height > 4 && getComputedStyle(box).backgroundColor !== "rgba(0, 0, 0, 0)";
    };
    return [...new Set(boxes.filter(isSeen).map((box) => lines[top(box)]?.replaceAll("\u00a0", " ").trim()))];
  });

/** Press keys one after another; those with a plus sign are pressed together. */
async function press(page, ...chords) {
  for (const chord of chords) {
    const keys = chord.split("+");
    for (const key of keys) await page.keyboard.down(key);
    for (const key of keys.reverse()) await page.keyboard.up(key);
  }
}

await rpc.serve(process.argv[2], { browser, pages, open, playerOf, messagesOf, click, highlightsOf, press });
// The test has ended.
process.stdin.resume().once("end", async () => {
  await browser.close();
  process.exit();
});
