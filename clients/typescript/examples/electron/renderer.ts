import { Player } from "../playground/player.js";
import type { Reply, SpeechBridge } from "./messages.js";

declare const speech: SpeechBridge;

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const text = element<HTMLTextAreaElement>("text");
const status = element("status");
const player = new Player("pcm-worklet.js");
let cancel = () => {};

function onReply(reply: Reply): void {
  if (reply.kind === "chunk") void player.push(toFloats(reply.pcm));
  else if (reply.kind === "end") status.textContent = `${reply.durationMs} ms, seed ${reply.seed}`;
  else status.textContent = reply.kind === "error" ? reply.message : "Cancelled.";
}

function toFloats(pcm: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  return Float32Array.from({ length: pcm.length / 2 }, (_, i) => view.getInt16(2 * i, true) / 32768);
}

element("speak").onclick = async () => {
  cancel();
  await player.start();
  status.textContent = "Speaking …";
  cancel = speech.speak({ text: text.value }, onReply);
};
element("cancel").onclick = async () => {
  cancel();
  await player.clear();
};
