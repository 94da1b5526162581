import { Player } from "../playground/player.js";
import type { Reply, Speech, SpeechBridge } from "./messages.js";

declare const speech: SpeechBridge;

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const text = element<HTMLTextAreaElement>("text");
const status = element("status");
const button = { speak: element<HTMLButtonElement>("speak"), stop: element<HTMLButtonElement>("stop") };

let current: Speech | undefined;
let summary: string | undefined;
const player = new Player("pcm-worklet.js", ({ played, queued }) => {
  current?.played(played);
  if (summary !== undefined && queued === 0) finish(summary);
});

function finish(message: string): void {
  current = summary = undefined;
  button.stop.disabled = true;
  status.textContent = message;
}

function onReply(reply: Reply): void {
  if (reply.kind === "chunk") void player.push(toFloats(reply.pcm));
  else if (reply.kind === "end") summary = `${reply.durationMs} ms, seed ${reply.seed}`; // Shown when all is played.
  else finish(reply.kind === "error" ? reply.message : "Stopped.");
}

function toFloats(pcm: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  return Float32Array.from({ length: pcm.length / 2 }, (_, i) => view.getInt16(2 * i, true) / 32768);
}

async function stop(): Promise<void> {
  current?.cancel();
  current = summary = undefined;
  await player.clear();
}

button.speak.onclick = async () => {
  await stop();
  await player.start();
  status.textContent = "Speaking …";
  button.stop.disabled = false;
  // Replies to a text that was stopped are of no interest any more.
  const mine: Speech = speech.speak({ text: text.value }, (reply) => current === mine && onReply(reply));
  current = mine;
};
button.stop.onclick = async () => {
  await stop();
  finish("Stopped.");
};
// For tests: how far the sound is.
Object.assign(globalThis, { played: () => player.position.played, peak: () => player.peak() });
