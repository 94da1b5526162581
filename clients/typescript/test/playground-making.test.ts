// The playground in Chromium with what the bundled voice cannot do: styles, cloned and designed voices, and downloads. The
// models are those of the parity tests, which are tiny, and the hub is on this machine.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, it } from "node:test";
import { Hub } from "./hub.js";
import { Command, Opened } from "./playground-page.js";
import { REPOSITORY } from "./support.js";

const places = [process.env.QWEN_TTS_GOLDEN, resolve(REPOSITORY, "build/golden"), resolve(REPOSITORY, "../shared/golden")];
const golden = places.find((place) => place && existsSync(place));
if (!golden) throw new Error("There are no golden references; `make goldens` gets them.");
const RECORDING = resolve(REPOSITORY, "tests/data/recordings/slt.flac");
const MODEL = "0.6b-customvoice";

const hub = new Hub("mlx-community/Qwen3-TTS-12Hz-0.6B-CustomVoice-bf16");
const opened = new Opened();
const { text, until, saying, shows } = opened;
let command: Command;

before(async () => {
  await hub.start();
  command = new Command({ ...process.env, ...hub.environment }, ["--model", join(golden, "custom_voice")]);
  await command.start();
  await opened.open(command.url, ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
  const { origin } = new URL(command.url);
  await opened.browser.defaultBrowserContext().overridePermissions(origin, ["clipboard-read", "clipboard-sanitized-write", "microphone"]);
});

after(async () => {
  await opened.browser?.close();
  await command?.stop();
  hub.stop();
});

const value = (selector: string) => opened.page.$eval(selector, (e) => (e as HTMLInputElement).value);
const voices = () => opened.page.$$eval(".voice input", (all) => all.map((e) => (e as HTMLInputElement).value));
const chosen = () => opened.page.$eval(".voice :checked", (e) => (e as HTMLInputElement).value);

/** Speak something, and stop when some of it was heard: these models have learned nothing, and do not end by themselves. */
async function speaks(words: string): Promise<void> {
  await opened.speak(words);
  await until("state.played > 2400 && state.state === 'playing'");
  await opened.page.keyboard.press("Escape");
  await saying("Stopped.");
}

/** Use a model that is not in the catalogue. */
async function use(folder: string): Promise<void> {
  await opened.page.click("#model");
  await opened.page.waitForSelector("dialog[open]");
  await opened.type(join(golden!, folder), "#other-name");
  await opened.page.keyboard.press("Enter");
  await shows("#model-name", new RegExp(`^${folder}$`));
  await saying("Ready.");
}

it("styles are chips that fill the instruction, and it is spoken and copied with it", async () => {
  assert.equal(await text("#style-why"), "");
  await opened.page.click("#chips .chip:nth-child(1)");
  await opened.page.click("#chips .chip:nth-child(4)");
  assert.equal(await value("#instruct"), "Speak warmly, as to a good friend. Speak slowly and calmly.");
  await opened.page.click("#chips .chip:nth-child(1)");
  assert.equal(await value("#instruct"), "Speak slowly and calmly.");
  assert.equal(await opened.page.$eval("#chips .chip:nth-child(4)", (e) => e.getAttribute("aria-pressed")), "true");
  await opened.isAccessible();
  await speaks("Hi.");
  for (const [target, words] of [
    ["rpc", '"instruct":"Speak slowly and calmly."'],
    ["typescript", 'instruct: "Speak slowly and calmly."'],
    ["python", 'instruct="Speak slowly and calmly."'],
    ["curl", '"instructions": "Speak slowly and calmly."'],
  ] as const) {
    await opened.page.click(`[data-as=${target}]`);
    await shows("#copied", /^Copied as/);
    const copied = (await opened.page.evaluate("navigator.clipboard.readText()")) as string;
    assert.ok(copied.includes(words), copied);
    await opened.page.evaluate("document.getElementById('copied').textContent = ''");
  }
});

it("clones a voice of a file that is dropped, with the consent of its owner only", async () => {
  await use("base");
  assert.match(await text("#voices-note"), /^This model has no voices of its own/);
  const bytes = readFileSync(RECORDING).toString("base64");
  await opened.page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob("${bytes}"), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], "anna.flac", { type: "audio/flac" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  })()`);
  await shows(".drop strong", /^anna\.flac, [\d.]+ s$/);
  await opened.type("Anna", "#panel-clone input[placeholder=Anna]");
  await opened.type("What is said in it.", "#panel-clone textarea");
  await opened.page.click("#panel-clone button[type=submit]");
  assert.deepEqual(await opened.page.$eval("#panel-clone form", (e) => (e as HTMLFormElement).checkValidity()), false);
  await opened.page.click("#panel-clone .consent input");
  await opened.isAccessible();
  await opened.picture("clone");
  await opened.page.click("#panel-clone button[type=submit]");
  await shows("#panel-clone [role=status]", /^Anna is saved, and chosen\./);
  assert.deepEqual([await voices(), await chosen()], [["Anna"], "Anna"]);
  assert.deepEqual(readdirSync(join(command.folder, "voices")), ["anna.safetensors"]);
  await speaks("Hi.");
});

it("clones a voice from the microphone", async () => {
  await opened.page.click("#tab-clone");
  await opened.type("", "#panel-clone textarea");
  await opened.type("Mic", "#panel-clone input[placeholder=Anna]");
  await opened.page.click("#panel-clone .row button");
  await shows("#panel-clone .row button", /^Stop recording \([2-9] s\)$/);
  await opened.page.click("#panel-clone .row button");
  await shows(".drop strong", /^recording\.wav, [\d.]+ s$/);
  await opened.page.click("#panel-clone button[type=submit]");
  await shows("#panel-clone [role=status]", /^Mic is saved, and chosen\./);
  assert.equal(await chosen(), "Mic");
});

it("deletes a saved voice, and asks before", async () => {
  const remove = () => opened.page.click(".voice:has([value=Mic]) .delete");
  await remove();
  assert.equal(await text(".voice:has([value=Mic]) .delete"), "Really delete?");
  assert.ok((await voices()).includes("Mic"));
  await remove();
  await opened.page.waitForFunction("!document.querySelector('[value=Mic]')");
  assert.deepEqual(readdirSync(join(command.folder, "voices")).filter((name) => name.startsWith("mic")), []);
});

it("designs a voice in words: spoken once, and saved", async () => {
  await use("voice_design");
  assert.equal(await text("#style-title"), "The voice, in words");
  assert.equal(await value("#instruct"), ""); // A style is no voice.
  await opened.page.click("#tab-design");
  await opened.page.click("#panel-design .chip");
  assert.match(await value("#panel-design textarea"), /^An old man/);
  const [makes, speaksWith] = await opened.page.$$("#panel-design select");
  assert.match((await makes!.evaluate((e) => (e as HTMLSelectElement).value)), /voice_design$/);
  assert.match((await speaksWith!.evaluate((e) => (e as HTMLSelectElement).value)), /base$/);
  await opened.isAccessible();
  await opened.picture("design");
  await opened.type("Hi.");
  await opened.page.click("#panel-design form > .row button");
  await until("state.played > 2400 && state.state === 'playing'");
  assert.match(await value("#instruct"), /^An old man/);
  await opened.page.keyboard.press("Escape");
  await saying("Stopped.");
  await opened.type("Grandpa", "#panel-design input[placeholder=Grandpa]");
  await opened.page.click("#panel-design button[type=submit]");
  await shows("#panel-design [role=status]", /^Grandpa is saved, and chosen\./);
  assert.equal(await chosen(), "Grandpa");
  assert.match(await text("#model-name"), /^base$/);
});

it("downloads a model with its size and progress; a download can be cancelled, and goes on", async () => {
  await hub.tell("slow");
  await opened.page.click("#model");
  await opened.page.waitForSelector("dialog[open]");
  const row = `.models li:has([aria-label$=": ${MODEL}"]), .models li:has([aria-label="Cancel the download of ${MODEL}"])`;
  await opened.page.click(`[aria-label="Download 2.5 GB: ${MODEL}"]`);
  await shows(`${row} `, /MB of [\d.]+ MB · .*\/s/);
  await opened.isAccessible();
  await opened.picture("downloading");
  await opened.page.click(`[aria-label="Cancel the download of ${MODEL}"]`);
  await shows(".models .wrong:not(:empty)", /^Cancelled; what has come is kept\.$/);
  await hub.tell("fine");
  await opened.page.click(`[aria-label="Download 2.5 GB: ${MODEL}"]`);
  await opened.page.waitForSelector(`[aria-label="Use: ${MODEL}"]`, { timeout: 60_000 });
  await opened.page.click(`[aria-label="Use: ${MODEL}"]`);
  await shows("#model-name", new RegExp(`^${MODEL}$`));
  await saying("Ready.");
  // The hub of the tests has the bundled voice under every name.
  await opened.page.click("#tab-voices");
  assert.deepEqual((await voices()).slice(0, 2), ["slt", "rms"]);
  assert.deepEqual(opened.problems, []);
});
