// The playground: a page of `qwen-tts-sidecar playground`, which speaks by the protocol over a WebSocket.

import type { Sidecar, SpeechParams } from "qwen-tts-sidecar/connect";
import { Cast } from "./cast.js";
import { Clone } from "./clone.js";
import { open } from "./connection.js";
import { Design } from "./design.js";
import { button, element } from "./dom.js";
import { Downloads } from "./downloads.js";
import { History } from "./history.js";
import { Listen } from "./listen.js";
import { isHere, Models } from "./models.js";
import { Sampler } from "./sampler.js";
import * as settings from "./settings.js";
import { Styles } from "./styles.js";
import { showTab, wireTabs } from "./tabs.js";
import { Take } from "./take.js";
import { Takeaway } from "./takeaway.js";
import { switchTheme } from "./theme.js";
import { Voices } from "./voices.js";
import { explain, isStopped, short, title } from "./words.js";

const TEXTS: Record<string, string> = {
  Hello: "Hello there. This is a small voice in a child process, and it begins to speak before it knows its last word.",
  Numbers: "On the 3rd of May 2024, it cost $12.50. Half of the price was for the box.",
  Pause: "Ready? [pause:700ms] Steady? [pause:700ms] Go!",
};

const text = element<HTMLTextAreaElement>("text");
const speak = element<HTMLButtonElement>("speak");
const stop = element<HTMLButtonElement>("stop");
const banner = element("connection");

let tts: Sidecar | undefined;
let running: AbortController | undefined;

function sidecar(): Sidecar {
  if (!tts) throw new Error("The server does not answer.");
  return tts;
}

function say(words: string, isWrong = false): void {
  const status = element("status");
  status.textContent = words;
  status.classList.toggle("wrong", isWrong);
}

const downloads = new Downloads(sidecar, (model) => void onDownloaded(model));
const models = new Models(sidecar, downloads, (model) => use(model));
const styles = new Styles(models);
const sampler = new Sampler(sidecar);
const voices = new Voices(sidecar, sampler, (voice) => void onVoice(voice.kind === "saved" ? voice.model : undefined), (words) => say(words, true));
const cast = new Cast(settings.insert);
const listen = new Listen();
const history = new History((take) => void replay(take), reuse);
const takeaway = new Takeaway(sidecar, params);
const workshop = { sidecar, models, downloads, onVoice: chooseNew };
const clone = new Clone(workshop);
const design = new Design(workshop, (model, description) => void tryDesign(model, description));

/** Load a model, and offer what it can do. */
async function use(model: string): Promise<boolean> {
  say(`Loading ${short(model)} …`);
  speak.disabled = true;
  try {
    const loaded = await models.load(model);
    element("model-name").textContent = short(loaded.model);
    await voices.show(loaded.model);
    styles.offer(loaded);
    settings.offerFields(loaded);
    cast.offer(voices.entries);
    await refresh();
    say("Ready.");
    return true;
  } catch (error) {
    say(explain(error), true);
    return false;
  } finally {
    speak.disabled = models.chosen === undefined;
  }
}

/** Ask again which models there are. */
async function refresh(): Promise<void> {
  await models.refresh();
  clone.choice.refresh();
  design.refresh();
}

async function onDownloaded(model: string): Promise<void> {
  await refresh().catch((error) => say(explain(error), true));
  say(`${model} is on this machine now.`);
}

/** A saved voice speaks with its own model. */
async function onVoice(model: string | undefined): Promise<void> {
  if (model && model !== models.chosen?.model) await use(model);
}

async function chooseNew(voice: string, model: string): Promise<void> {
  if (model === models.chosen?.model) await voices.show(model);
  else await use(model);
  voices.choose(voice);
  cast.offer(voices.entries);
  showTab("voices");
}

async function tryDesign(model: string, description: string): Promise<void> {
  if (models.chosen?.model !== model && !(await use(model))) return;
  styles.instruct = description;
  await start();
}

/** Return the params of a speech from the page. */
function params(): SpeechParams {
  const hasVoice = voices.chosen && !models.chosen?.abilities.includes("design");
  return {
    ...settings.readFields(),
    model: models.chosen?.model,
    voice: hasVoice ? voices.chosen?.voice : undefined,
    instruct: styles.instruct,
    speakers: cast.speakers,
  };
}

async function start(): Promise<void> {
  if (!element<HTMLFormElement>("form").reportValidity() || !models.chosen) return;
  running?.abort();
  sampler.stop();
  const controller = (running = new AbortController());
  const before = listen.deck.take;
  const take = new Take(params(), models.chosen.sampleRate, title(voices.chosen?.voice ?? "a described voice"));
  stop.disabled = false;
  say("Speaking …");
  listen.show(take);
  takeaway.offer(take);
  try {
    await listen.deck.begin(take);
    const result = await take.run(sidecar(), {
      onChunk: (take, samples) => listen.deck.feed(take, samples),
      onSentence: (sentence) => listen.deck.take === take && listen.reading.addSentence(sentence),
      onWords: (words) => listen.deck.take === take && listen.reading.addWords(words),
    }, controller.signal);
    const how = result.finishReason === "stop" ? "Complete" : `Ended by ${result.finishReason}`;
    const warnings = (result.warnings ?? []).map(({ message }) => message);
    if (running === controller) say([`${how}, seed ${result.seed}.`, ...warnings].join("\n"));
    history.add(take);
  } catch (error) {
    if (running !== controller) return;
    take.timeline.isComplete = true;
    if (isStopped(error)) await listen.deck.stop();
    if (isStopped(error)) say("Stopped.");
    else say(explain(error), true);
    // Nothing was spoken, so what was spoken before stays.
    if (take.samples === 0 && before) {
      listen.show(before);
      listen.deck.restore(before);
    }
  } finally {
    takeaway.offer(listen.deck.take ?? take);
    if (running === controller) running = undefined;
    stop.disabled = running === undefined;
    listen.draw();
  }
}

async function replay(take: Take): Promise<void> {
  listen.show(take);
  takeaway.offer(take);
  await listen.deck.play(take);
}

function reuse({ params }: Take): void {
  settings.writeFields(params);
  styles.instruct = params.instruct ?? undefined;
  cast.speakers = params.speakers;
  if (params.model && params.model !== models.chosen?.model) void use(params.model).then(() => voices.choose(params.voice ?? ""));
  else voices.choose(params.voice ?? "");
  text.focus();
}

function wire(): void {
  text.value = TEXTS.Hello!;
  text.oninput = settings.count;
  settings.count();
  const ideas = Object.entries(TEXTS).map(([name, words]) =>
    button(name, () => {
      text.value = words;
      settings.count();
    }),
  );
  element("ideas").append(...ideas);
  element("pause").onclick = () => settings.insert(settings.pauseMark());
  element("form").onsubmit = (event) => {
    event.preventDefault();
    void start();
  };
  stop.onclick = () => {
    running?.abort();
    sampler.stop();
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void start();
    else if (event.key === "Escape" && !document.querySelector("dialog[open]")) stop.click();
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    showTab("clone");
    void clone.take(event.dataTransfer?.files[0]);
  });
  wireTabs();
  switchTheme(() => listen.draw());
  setInterval(() => {
    element("model-note").textContent = downloads.summary ?? "";
  }, 500);
}

function onConnection(words: string): void {
  banner.hidden = words === "";
  banner.textContent = words;
}

async function begin(): Promise<void> {
  tts = await open(onConnection);
  await models.refresh();
  // The sidecar's own default model is what it loads without a name.
  const first = models.entries.find(isHere);
  const loaded = await tts.models.load({}).catch(() => undefined);
  await use(loaded?.model ?? first?.model ?? "tiny-voice");
}

wire();
void begin().catch((error) => say(explain(error), true));

/** For tests: what the page knows. */
Object.assign(globalThis, {
  playground: {
    state: () => {
      const { deck, reading } = listen;
      const { timeline } = deck.take ?? {};
      return {
        state: deck.state,
        position: deck.position,
        peak: deck.peak,
        marked: reading.marked,
        samples: deck.take?.samples ?? 0,
        played: timeline?.played ?? 0,
        arrivals: timeline?.arrivals.length ?? 0,
        stretches: timeline?.stretches() ?? [],
        sampleCache: sampler.count,
      };
    },
  },
});
