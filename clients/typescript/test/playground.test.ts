// The playground in Chromium: typed text is spoken, and cancelled text is not.
// SCREENSHOTS names a folder for pictures of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import type { AxeResults } from "axe-core";
import puppeteer, { type Browser, type Page, type SerializedAXNode } from "puppeteer-core";
import { CHROMIUM } from "./chromium.js";
import { startServer } from "./server.js";
import { eventually, PACKAGE } from "./support.js";

interface State {
  time: number;
  peak: number;
  played: number;
  samples: number;
  chunks: number;
  points: { time: number; played: number }[];
  marked: string;
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

it("speaks the typed text, and plays it before all of it has arrived", async () => {
  assert.deepEqual(await page.$$eval("#voice option", (all) => all.map((o) => o.value)), ["slt", "rms"]);
  await type("Hello from the playground. This sentence was typed by a script.");
  await page.type("#seed", "3");
  await page.type("#speed", "0.8");
  await page.click("#speak");
  await page.waitForFunction("playground.state().peak > 0.02", { timeout: 60_000 });
  const early = await state();
  assert.ok(early.played > 0);
  await page.waitForFunction("playground.state().played > 24000", { timeout: 60_000 });
  await page.waitForFunction("/^\\w+$/.test(playground.state().marked)", { timeout: 60_000 });
  await picture("speaking");
  await page.waitForFunction("document.getElementById('cancel').disabled", { timeout: 60_000 });
  const { played, samples, chunks, time } = await state();
  assert.equal(played, samples);
  assert.ok(chunks > 5 && time > played / 24_000 - 0.1, `${time} s for ${played} samples`);
  assert.equal(await status(), "Complete, seed 3.");
  assert.match((await page.$eval("#first", (e) => e.textContent)) ?? "", /^\d+ ms$/);
  await picture("complete");
});

it("shows the voices of a model that is not on this machine, and how much would be downloaded", async () => {
  await page.select("#model", "0.6b-customvoice");
  await page.waitForFunction("/downloaded/.test(document.getElementById('status').textContent)");
  assert.match((await status()) ?? "", /^0\.6b-customvoice is downloaded when it speaks: \d\.\d GB\.$/);
  const voices = await page.$$eval("#voice option", (all) => all.map((o) => o.value));
  assert.ok(voices.includes("ryan") && !voices.includes("alloy"), String(voices));
  await page.select("#model", "tiny-voice");
  await page.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
});

it("cancels by the keyboard", async () => {
  await type("");
  // A minute and a half of speech, so that it does not end before it is cancelled.
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
  // The sidecar has cancelled it, too.
  await eventually("nothing is spoken", async () => (await server.health()).streams === 0);
  assert.equal((await state()).chunks, chunks);
});

/** Replace the page's requests for speech; `answer` is a function that runs in the page. */
const answerSpeech = (answer: string) =>
  page.evaluate(`(() => {
    const real = globalThis.fetch;
    globalThis.fetch = (path, init) =>
      path === "/v1/audio/speech" ? (${answer})(path, init, real) : real(path, init);
    globalThis.restore = () => { globalThis.fetch = real; };
  })()`);

/** How many columns of the timeline's lower lane have no played audio, between those that have, in a row. */
const longestGap = () =>
  page.$eval("#timeline", (element) => {
    const canvas = element as HTMLCanvasElement;
    const lane = (canvas.clientHeight - 24) / 2 - 8;
    const row = Math.round((lane * 1.5 + 12) * devicePixelRatio);
    const { data } = canvas.getContext("2d")!.getImageData(0, row, canvas.width, 1);
    const played = getComputedStyle(document.getElementById("speak")!).backgroundColor.match(/\d+/g)!.map(Number);
    const isPlayed = (x: number) => played.every((value, i) => Math.abs(data[4 * x + i]! - value) < 40);
    const columns = Array.from({ length: canvas.width }, (_, x) => (isPlayed(x) ? "#" : " ")).join("");
    return Math.max(0, ...columns.trim().split(/#+/).map(({ length }) => length));
  });

/** The page's next speech is what the script feeds: `send(event)`, `feed(samples)` and `finish()`. */
const feedSpeech = () =>
  answerSpeech(`() => Promise.resolve(new Response(new ReadableStream({
    start(controller) {
      const send = globalThis.send = (event) => controller.enqueue(new TextEncoder().encode("data: " + JSON.stringify(event) + "\\n\\n"));
      let seq = 0;
      globalThis.feed = (samples) => {
        const tone = Int16Array.from({ length: samples }, (_, i) => 9000 * Math.sin(i / 20));
        const audio = btoa(String.fromCharCode(...new Uint8Array(tone.buffer)));
        send({ type: "speech.audio.delta", audio, seq: seq++ });
      };
      globalThis.finish = () => {
        const metrics = { realTimeFactor: 1 };
        send({ type: "speech.audio.done", result: { seed: 1, durationMs: 1000, finishReason: "stop", metrics } });
        controller.close();
      };
    },
  })))`);

it("draws a gap where the audio ran out", async () => {
  await feedSpeech();
  await type("Anything.");
  await page.click("#speak");
  await page.waitForFunction("globalThis.feed");
  await page.evaluate("feed(12000)");
  // It has been played, followed by half a second of silence.
  const last = "playground.state().points.at(-1)";
  await page.waitForFunction(`${last}.played === 12000 && ${last}.time >= 24000`, { timeout: 60_000 });
  await page.evaluate("feed(12000)");
  await page.waitForFunction("playground.state().played === 24000", { timeout: 60_000 });
  await page.evaluate("finish()");
  await page.waitForFunction("document.getElementById('status').textContent.startsWith('Complete')");
  await page.waitForFunction("document.getElementById('cancel').disabled", { timeout: 60_000 });
  await picture("gap");
  await page.evaluate("delete globalThis.feed; restore()");
  assert.ok((await longestGap()) > 30, `a gap of ${await longestGap()} columns`);
  const { points } = await state();
  const corners = points.map(({ played }) => played);
  assert.deepEqual(corners.slice(0, 4), [0, 12_000, 12_000, 24_000]);
  const gap = points[2]!.time - points[1]!.time;
  const shown = Number.parseInt((await page.$eval("#gaps", (e) => e.textContent)) ?? "", 10);
  assert.ok(gap >= 12_000 && Math.abs(gap / 24 - shown) < 20, `${gap} samples, ${shown} ms shown`);
});

it("marks the word that is heard, whenever it arrived, and the sentence if there are no times", async () => {
  await feedSpeech();
  const text = "One, 😀 two. Three four.";
  await page.$eval("#text", (element, text) => ((element as HTMLTextAreaElement).value = text), text);
  await page.click("#speak");
  await page.waitForFunction("globalThis.feed");
  const sentence = (index: number, textStart: number, textEnd: number, startMs: number) =>
    page.evaluate(`send(${JSON.stringify({ type: "speech.sentence", index, textStart, textEnd, startMs })})`);
  const words = (sentence: number, words: object[] | null) =>
    page.evaluate(`send(${JSON.stringify({ type: "speech.words", sentence, words })})`);
  const heard = (marked: string) =>
    page.waitForFunction(`playground.state().marked === ${JSON.stringify(marked)}`, { timeout: 60_000 });
  // All of it has arrived before its audio, which is then played up to a place and runs out there.
  await sentence(0, 0, 13, 0);
  await words(0, [
    { word: "One", startMs: 100, endMs: 300, textStart: 0, textEnd: 3 },
    { word: "two", startMs: 500, endMs: 800, textStart: 8, textEnd: 11 },
  ]);
  await sentence(1, 13, 24, 1000);
  await words(1, null);
  await page.evaluate("feed(12)");
  await page.waitForFunction("playground.state().played === 12", { timeout: 60_000 });
  assert.equal((await state()).marked, "");
  await page.evaluate("feed(9588)"); // up to 400 ms
  await heard("One");
  await page.waitForFunction("playground.state().played === 9600", { timeout: 60_000 });
  // The time goes on without samples, and the word stays.
  await page.waitForFunction("playground.state().points.at(-1).time >= 36000", { timeout: 60_000 });
  assert.equal((await state()).marked, "One");
  await page.evaluate("feed(9600)");
  await heard("two");
  await picture("words");
  await page.evaluate("feed(9600)");
  await heard("Three four.");
  await page.evaluate("finish()");
  await heard("");
  await page.waitForFunction("document.getElementById('cancel').disabled", { timeout: 60_000 });
  assert.equal(await page.$eval("#spoken", (e) => e.textContent), text);
  await page.evaluate("delete globalThis.feed; restore()");
});

it("offers only what the model accepts", async () => {
  const disabled = () => page.$$eval("form :is(input, select, textarea, button):disabled", (all) => all.map(({ id }) => id));
  const choose = async (abilities: string[]) => {
    // The catalogue's other models are not on this machine, so the response to a load is faked.
    await page.evaluate(`(() => {
      const real = globalThis.fetch;
      globalThis.fetch = (path, init) =>
        init?.method === "POST" && path.startsWith("/v1/models/")
          ? Promise.resolve(Response.json({ voices: [], languages: ["auto"], abilities: ${JSON.stringify(abilities)} }))
          : real(path, init);
      document.getElementById("status").textContent = "";
      document.getElementById("model").dispatchEvent(new Event("change"));
      globalThis.restore = () => { globalThis.fetch = real; };
    })()`);
    await page.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
    await page.evaluate("restore()");
  };
  assert.deepEqual(await disabled(), ["instruct", "cancel"]);
  assert.equal(await page.$eval("#instruct", (e) => (e as HTMLInputElement).placeholder), "Not available");
  await choose(["presets", "instruct", "seed"]);
  assert.deepEqual(await disabled(), ["cancel"]);
  await page.type("#instruct", "Sadly.");
  await choose(["design", "textStreaming"]);
  assert.deepEqual(await disabled(), ["voice", "seed", "cancel"]);
  assert.equal(await page.$eval("#instruct", (e) => (e as HTMLInputElement).placeholder), "The voice in words");
  // The text typed before stays, but is not sent, because the sidecar would refuse it.
  await page.select("#model", "tiny-voice");
  await page.evaluate("document.getElementById('model').dispatchEvent(new Event('change'))");
  await page.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
  assert.equal(await page.$eval("#instruct", (e) => (e as HTMLInputElement).value), "Sadly.");
  await type("Hi.");
  await page.click("#speak");
  await page.waitForFunction("/^(Complete|Ended)/.test(document.getElementById('status').textContent)", {
    timeout: 60_000,
  });
});

it("shows the error, and the hint on a line of its own", async () => {
  // A value that is not in a list can be chosen only by a page of another version.
  await page.$eval("#voice", (element) => element.append(new Option("nobody", "nobody")));
  await page.select("#voice", "nobody");
  await page.click("#speak");
  await page.waitForSelector("#status.wrong");
  const [message, hint, ...more] = ((await status()) ?? "").split("\n");
  assert.match(message ?? "", /^Unknown voice 'nobody'.*\.$/);
  assert.match(hint ?? "", /\.$/);
  assert.deepEqual(more, []);
  const lines = await page.$eval("#status", (e) => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight));
  assert.ok(lines > 1.9, `${lines} lines`);
  await picture("wrong");
});

/** Return what axe-core finds, each as `rule: element`. */
async function violations(): Promise<string[]> {
  await page.evaluate(readFileSync(join(PACKAGE, "node_modules/axe-core/axe.min.js"), "utf8"));
  const { violations, passes } = (await page.evaluate("axe.run()")) as AxeResults;
  assert.ok(passes.some(({ id }) => id === "color-contrast"));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Return the names of the buttons as a screen reader reads them. */
function buttons(node: SerializedAXNode | null): string[] {
  if (node?.role === "button") return [node.name ?? ""];
  return node?.children?.flatMap(buttons) ?? [];
}

for (const scheme of ["light", "dark"]) {
  it(`is accessible, in the ${scheme}`, async () => {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    assert.deepEqual(await violations(), []); // with an error on the page
    const keys = await page.$$eval("button", (all) => all.map((e) => e.ariaKeyShortcuts ?? e.getAttribute("aria-keyshortcuts")));
    assert.deepEqual(keys, ["Control+Enter Meta+Enter", "Escape"]);
    // The keys are not part of a button's name, but they are visible and must be readable.
    assert.deepEqual(buttons(await page.accessibility.snapshot()), ["Speak", "Cancel"]);
    await page.$$eval("kbd", (all) => all.forEach((e) => e.removeAttribute("aria-hidden")));
    assert.deepEqual(await violations(), []);
    await page.$$eval("kbd", (all) => all.forEach((e) => e.setAttribute("aria-hidden", "true")));
    await picture(scheme);
  });
}

it("fits a narrow window, in the dark", async () => {
  await page.select("#voice", "slt");
  await page.setViewport({ width: 360, height: 1000, deviceScaleFactor: 2 });
  await type("Hello from a narrow window.");
  await page.click("#speak");
  await page.waitForFunction("playground.state().played > 12000", { timeout: 60_000 });
  await picture("narrow");
  const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
  assert.equal(overflow, 0);
  // A refused text is a 400, which the browser logs by itself.
  assert.deepEqual(problems.filter((text) => !text.includes("400")), []);
});

it("says so when the server is gone, before and in the middle of a speech", async () => {
  await page.waitForFunction("document.getElementById('cancel').disabled", { timeout: 60_000 });
  await type("Nobody is going to hear the whole of this. ".repeat(4).trim());
  await page.click("#speak");
  await page.waitForFunction("playground.state().played > 0", { timeout: 60_000 });
  await server.stop();
  await page.waitForSelector("#status.wrong", { timeout: 60_000 });
  assert.equal(await status(), "The server went away in the middle of the speech.");
  await page.click("#speak");
  await page.waitForFunction("document.getElementById('status').textContent === 'The server does not answer.'");
  await page.select("#model", "0.6b-base");
  await page.select("#model", "tiny-voice");
  await page.waitForFunction("document.getElementById('status').textContent === 'The server does not answer.'");
});
