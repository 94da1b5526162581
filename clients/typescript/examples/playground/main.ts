import { speak, type Chunk, type Result, type Sentence, type Words } from "./api.js";
import { BUCKET, drawTimeline, drawWaveform, type Run } from "./drawing.js";
import { Playback } from "./playback.js";
import { Player, type Position } from "./player.js";
import { Reading } from "./reading.js";
import { element, fillSettings, params } from "./settings.js";

const form = element<HTMLFormElement>("form");
const speakButton = element<HTMLButtonElement>("speak");
const cancelButton = element<HTMLButtonElement>("cancel");
const status = element("status");
const reading = new Reading(element("spoken"));
const dark = matchMedia("(prefers-color-scheme: dark)");

let player: Player | undefined;
let controller: AbortController | undefined;
let run = emptyRun();
let complete = false;
let drawn = "";

function emptyRun(): Run {
  const playback = new Playback();
  return { startedAt: performance.now(), playback, chunks: [], peaks: [], samples: 0, played: 0 };
}

function say(text: string, wrong = false): void {
  status.textContent = text;
  status.classList.toggle("wrong", wrong);
}

async function start(): Promise<void> {
  await cancel();
  const mine = (controller = new AbortController());
  player ??= new Player("/pcm-worklet.js", onPosition);
  await player.start();
  run = emptyRun();
  complete = false;
  ["first", "factor", "duration", "ahead", "gaps"].forEach((id) => show(id, "–"));
  cancelButton.disabled = false;
  const asked = params();
  reading.start(asked.input);
  say("Asked for speech …");
  try {
    const listener = {
      onChunk,
      onSentence: (sentence: Sentence) => reading.addSentence(sentence),
      onWords: (words: Words) => reading.addWords(words),
    };
    const result = await speak(asked, listener, mine.signal);
    if (!mine.signal.aborted) onResult(result);
  } catch (error) {
    if (mine.signal.aborted) return;
    say(error instanceof Error ? error.message : String(error), true);
    cancelButton.disabled = true;
  }
}

async function cancel(): Promise<void> {
  if (cancelButton.disabled) return;
  controller?.abort();
  cancelButton.disabled = true;
  await player?.clear();
  reading.end();
  say("Cancelled.");
}

function onChunk({ samples }: Chunk): void {
  const now = performance.now();
  if (run.chunks.length === 0) {
    show("first", `${Math.round(now - run.startedAt)} ms`);
    say("Speaking …");
  }
  run.chunks.push({ arrivedAt: now, offset: run.samples, length: samples.length });
  run.samples += samples.length;
  for (let at = 0; at < samples.length; at += BUCKET) {
    const loudest = samples.subarray(at, at + BUCKET).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    run.peaks.push(loudest);
  }
  const seconds = run.samples / Player.sampleRate;
  show("factor", ((now - run.startedAt) / 1000 / seconds).toFixed(2));
  show("duration", `${seconds.toFixed(2)} s`);
  void player?.push(samples);
}

function onResult({ seed, finishReason, metrics }: Result): void {
  complete = true;
  show("factor", metrics.realTimeFactor.toFixed(2));
  const how = finishReason === "stop" ? "Complete" : `Ended early (${finishReason})`;
  say(`${how}, seed ${seed}.`);
}

function show(id: string, text: string): void {
  const target = element(id);
  if (target.textContent !== text) target.textContent = text;
}

function draw(): void {
  const now = performance.now();
  const { time } = run.playback.last;
  const state = [run.startedAt, run.samples, run.played, time, innerWidth, dark.matches].join();
  if (state !== drawn) {
    drawWaveform(element<HTMLCanvasElement>("waveform"), run);
    drawTimeline(element<HTMLCanvasElement>("timeline"), run, now);
  }
  drawn = state;
  requestAnimationFrame(draw);
}

function onPosition(position: Position): void {
  const { played, underrun, queued } = position;
  if (run.samples === 0 || controller?.signal.aborted) return;
  // The silence after the end is not a gap.
  if (!complete || played > run.playback.last.played) run.playback.note(position, performance.now());
  if (played > 0 && played < run.samples) {
    show("ahead", `${(queued / Player.sampleRate).toFixed(2)} s`);
    show("gaps", underrun === 0 ? "none" : `${Math.round((underrun / Player.sampleRate) * 1000)} ms`);
  }
  run.played = played;
  const isOver = complete && played >= run.samples;
  if (isOver) reading.end();
  else if (played > 0) reading.hear(run.playback.heardMs(player?.latencyMs() ?? 0));
  if (isOver) cancelButton.disabled = true;
}

form.onsubmit = (event) => {
  event.preventDefault();
  void start();
};
cancelButton.onclick = () => void cancel();
addEventListener("keydown", (event) => {
  if (event.key === "Escape") void cancel();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(speakButton);
  }
});

/** For scripts that drive the page, and for the console. */
Object.assign(globalThis, {
  playground: {
    state: () => ({
      time: player?.context.currentTime ?? 0,
      peak: player?.peak() ?? 0,
      played: player?.position.played ?? 0,
      samples: run.samples,
      chunks: run.chunks.length,
      /** When samples were played, and when they had run out: see Playback. */
      points: run.playback.points,
      /** What is marked in the text. */
      marked: reading.marked,
    }),
  },
});

requestAnimationFrame(draw);
fillSettings(say).catch((error: Error) => say(error.message, true));
