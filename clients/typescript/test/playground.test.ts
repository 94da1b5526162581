// The playground in Chromium, with the bundled voice: `qwen-tts-sidecar playground`, and its page.
// SCREENSHOTS names a folder for pictures of it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { Command, Opened } from "./playground-page.js";
import { eventually } from "./support.js";

const command = new Command();
const opened = new Opened();
const { state, text, until, saying, shows } = opened;
const downloads = mkdtempSync(join(tmpdir(), "downloads-"));

before(async () => {
  await command.start();
  await opened.open(command.url);
  const session = await opened.page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads });
});

after(async () => {
  await opened.browser?.close();
  await command.stop();
});

it("has taken the token out of the address, and shows the voices", async () => {
  assert.equal(new URL(opened.page.url()).hash, "");
  assert.deepEqual(await opened.page.$$eval(".voice input", (all) => all.map((e) => (e as HTMLInputElement).value)), ["slt", "rms"]);
  assert.equal(await text("#model-name"), "tiny-voice");
  assert.match(await text("#style-why"), /^tiny-voice does not follow instructions; 1\.7b-customvoice does\.$/);
  assert.ok(await opened.page.$eval("#instruct", (e) => (e as HTMLInputElement).disabled));
  await opened.isAccessible();
});

it("speaks the typed text, marks its words, and plays it before all of it has arrived", async () => {
  await opened.page.click("summary");
  await opened.page.type("#seed", "3");
  await opened.page.click("summary");
  await opened.speak("Hello from the playground. This sentence was typed by a script.");
  await until("state.peak > 0.02 && state.played > 0");
  await until("/^\\w+$/.test(state.marked)");
  await opened.picture("speaking");
  await opened.isAccessible();
  await until("state.state === 'ended'");
  const { played, samples, arrivals, stretches } = await state();
  assert.equal(played, samples);
  assert.ok(arrivals > 5);
  const heard = stretches.filter(({ kind }) => kind === "played").reduce((sum, { from, to }) => sum + to - from, 0);
  assert.ok(Math.abs(heard - samples / 24) < 1, `${heard} ms of ${samples} samples`);
  assert.equal(await text("#status"), "Complete, seed 3.");
  assert.match(await text("#first"), /^[\d.]+ m?s$/);
  assert.match(await text("#factor"), /^\d+\.\d\d$/);
  assert.equal((await text("#history")).includes("Hello from the playground."), true);
  await opened.picture("complete", true);
});

it("is played again from any place, by keyboard and by mouse", async () => {
  const { samples } = await state();
  await opened.page.focus("#waveform");
  await opened.page.keyboard.press("Home");
  await until("state.state === 'playing' && state.position > 2400");
  // All words have come, so each is marked while it is heard.
  await until("state.marked === 'playground'");
  await opened.page.evaluate("document.activeElement.blur()");
  await opened.picture("replay", true);
  await opened.page.focus("#waveform");
  await opened.page.keyboard.press(" ");
  await until("state.state === 'paused'");
  const { position } = await state();
  await opened.page.keyboard.press("ArrowRight");
  await until(`state.state === 'paused' && state.position >= ${Math.min(samples, position + 48_000) - 1}`);
  const box = (await (await opened.page.$("#waveform canvas"))!.boundingBox())!;
  await opened.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await until(`Math.abs(state.position - ${samples} / 2) < 4800`);
  await opened.page.click("#play");
  await until("state.state === 'ended'");
  // The timeline is about the first playing only.
  assert.equal((await state()).played, samples);
});

for (const [format, start] of [
  ["wav", "RIFF"],
  ["mp3", "\xff"],
  ["flac", "fLaC"],
  ["ogg_opus", "OggS"],
  ["pcm_s16le", ""],
  ["pcm_f32le", ""],
] as const) {
  it(`saves the speech as ${format}`, async () => {
    await opened.page.select("#format", format);
    await opened.page.click("#download");
    const suffix = { ogg_opus: "opus", pcm_s16le: "s16le", pcm_f32le: "f32le" }[format as string] ?? format;
    const file = join(downloads, `speech-3.${suffix}`);
    await eventually(file, () => existsSync(file));
    const bytes = readFileSync(file);
    assert.equal(bytes.subarray(0, start.length).toString("latin1"), start);
    const { samples } = await state();
    if (format === "wav") assert.equal(bytes.length, 44 + 2 * samples);
    if (format === "pcm_s16le") assert.deepEqual(bytes, readFileSync(join(downloads, "speech-3.wav")).subarray(44));
    if (format === "pcm_f32le") assert.equal(bytes.length, 4 * samples);
  });
}

it("plays a sample of each voice, and keeps it", async () => {
  const buttons = await opened.page.$$(".voice .sample");
  for (const button of buttons) {
    await button.click();
    await opened.page.waitForFunction("!document.querySelector('.sample.busy')", { timeout: 60_000 });
  }
  assert.equal((await state()).sampleCache, 2);
  await buttons[0]!.click();
  assert.equal((await state()).sampleCache, 2);
});

it("speaks a script with two speakers, with a pause, and SSML", async () => {
  await opened.page.click("#cast-button");
  await opened.isAccessible();
  await opened.speak("[Ann] Is it ready? [Bob] Yes.");
  await saying("Complete");
  await opened.type("[Cleo] Hello.");
  await opened.page.click("#speak");
  await shows("#status.wrong", /Cleo/);
  await opened.page.click("#cast-button");
  await opened.type("One.");
  await opened.page.click("#pause");
  await opened.page.keyboard.type("Two.");
  assert.equal(await opened.page.$eval("#text", (e) => (e as HTMLTextAreaElement).value), "One. [pause:500ms] Two.");
  await opened.page.click("[name=format][value=ssml] + span");
  await opened.speak('<speak>One. <break time="300ms"/> Two.</speak>');
  await saying("Complete");
  await opened.page.click("[name=format][value=text] + span");
});

it("stops by the keyboard, and pauses are no gaps", async () => {
  await opened.page.$eval("#text", (e) => ((e as HTMLTextAreaElement).value = "Nobody is going to hear the whole of this. ".repeat(12)));
  await opened.page.focus("#text");
  await opened.page.keyboard.down("Control");
  await opened.page.keyboard.press("Enter");
  await opened.page.keyboard.up("Control");
  await until("state.played > 4800 && state.state === 'playing'");
  await opened.page.click("#play");
  await until("state.state === 'paused'");
  const { arrivals } = await state();
  await until(`state.arrivals > ${arrivals + 1}`);
  await opened.page.click("#play");
  await until("state.stretches.some(({ kind }) => kind === 'paused') && state.stretches.at(-1).kind === 'played'");
  await opened.picture("paused");
  await opened.page.keyboard.press("Escape");
  await saying("Stopped.");
  await until("state.peak === 0");
  // What has come can be saved as a WAV, and in no other form.
  await opened.page.select("#format", "mp3");
  await opened.page.click("#download");
  await shows("#copied", /^It did not come to its end/);
  await opened.page.select("#format", "wav");
  await opened.page.click("#download");
  const file = join(downloads, "speech.wav");
  await eventually(file, () => existsSync(file));
  assert.equal(readFileSync(file).length, 44 + 2 * (await state()).samples);
});

it("uses a text of the history again", async () => {
  const again = await opened.page.$$("#history li button:last-child");
  await again.at(-1)!.click();
  assert.match(await opened.page.$eval("#text", (e) => (e as HTMLTextAreaElement).value), /^Hello from the playground/);
  assert.equal(await opened.page.$eval("#seed", (e) => (e as HTMLInputElement).value), "3");
  const play = await opened.page.$$("#history li .sample");
  await play.at(-1)!.click();
  await until("state.state === 'playing'");
});

it("shows an error in words, with what to do about it", async () => {
  await opened.page.$eval("#language", (e) => e.append(new Option("Elvish", "elvish", true, true)));
  await opened.speak("Hello.");
  await opened.page.waitForSelector("#status.wrong");
  const [message, ...hints] = (await text("#status")).split("\n");
  assert.match(message ?? "", /elvish.*\.$/);
  assert.ok(hints.length <= 1);
  // What was spoken before can still be heard.
  assert.ok((await state()).samples > 0);
  await opened.picture("error");
  await opened.isAccessible();
  await opened.page.select("#language", "auto");
});

it("is accessible in the dark, chosen by the system and by the switch, and in a narrow window", async () => {
  const paper = () => opened.page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  const light = await paper();
  await opened.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  const dark = await paper();
  assert.notEqual(dark, light);
  await opened.isAccessible();
  await opened.page.click("#theme");
  assert.equal(await paper(), light);
  await opened.page.click("#theme");
  await opened.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  assert.equal(await paper(), dark);
  await opened.page.setViewport({ width: 360, height: 800, deviceScaleFactor: 2 });
  for (const tab of ["clone", "design", "voices"]) {
    await opened.page.click(`#tab-${tab}`);
    assert.equal(await opened.page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
    await opened.isAccessible();
  }
  await opened.picture("narrow", true);
  await opened.page.click("#model");
  await opened.page.waitForSelector("dialog[open]");
  assert.equal(await opened.page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
  await opened.isAccessible();
  await opened.picture("models");
  await opened.page.click("#models-close");
  await opened.page.setViewport({ width: 1280, height: 900, deviceScaleFactor: 1 });
  await opened.picture("dark", true);
  await opened.page.click("#theme");
});

it("can be used by the keyboard alone: everything that can be pressed is reached by Tab", async () => {
  await opened.speak("Hello.");
  await saying("Complete");
  await opened.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)");
  const reached = new Set<string>();
  for (let step = 0; step < 120; step++) {
    await opened.page.keyboard.press("Tab");
    reached.add((await opened.page.evaluate("document.activeElement.id")) as string);
  }
  for (const id of ["model", "theme", "text", "pause", "cast-button", "speak", "spoken", "play", "waveform", "format", "tab-voices"]) {
    assert.ok(reached.has(id), id);
  }
  await opened.page.focus("#tab-voices");
  await opened.page.keyboard.press("ArrowRight");
  assert.equal(await opened.page.evaluate("document.activeElement.id"), "tab-clone");
  assert.ok(await opened.page.$("#panel-clone:not([hidden])"));
});

it("sends requests to no server but its own", () => {
  const { host } = new URL(command.url);
  const foreign = opened.requests.filter((url) => !/^(blob|data):/.test(url) && new URL(url).host !== host);
  assert.deepEqual(foreign, []);
  assert.deepEqual(opened.problems, []);
});

it("says when the speech process ended, and speaks again", async () => {
  await opened.page.click("#tab-voices");
  await opened.page.$eval("#text", (e) => ((e as HTMLTextAreaElement).value = "Nobody is going to hear the whole of this. ".repeat(12)));
  await opened.page.click("#speak");
  await until("state.played > 0 && state.state === 'playing'");
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(command.pid)], { encoding: "utf8" });
  process.kill(Number(children.trim().split(/\s+/)[0]), "SIGKILL");
  await shows("#status.wrong", /^The speech process has ended, and is started again\./);
  await opened.speak("Hello again.");
  await saying("Complete");
});

it("says when the server is gone, and is connected again when it is back", async () => {
  await command.stop();
  await shows("#connection:not([hidden])", /^The server does not answer\. Trying again …$/);
  await opened.picture("gone");
  await command.start();
  await opened.page.waitForSelector("#connection[hidden]", { timeout: 60_000 });
  await opened.speak("Here I am again.");
  await saying("Complete");
});
