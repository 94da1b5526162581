// The webview: it plays, shows what is read, and has buttons. It is started by the extension's messages alone.

import { BUTTONS, type FromWebview, type Shown, type ToWebview } from "../messages.js";
import { SAMPLE_RATE, type Status } from "../types.js";
import { Sound } from "./sound.js";

declare function acquireVsCodeApi(): { postMessage(message: FromWebview): void };

const STATUS: Record<Status, string> = {
  idle: "Nothing is being read.",
  starting: "Starting …",
  speaking: "Reading",
  paused: "Paused",
  blocked: "VS Code plays no sound here before you have clicked.",
};

const extension = acquireVsCodeApi();
const element = (id: string) => document.getElementById(id) as HTMLElement;
const send = (message: FromWebview) => extension.postMessage(message);
const reportFailure = (error: unknown) =>
  send({ kind: "failed", message: error instanceof Error ? error.message : String(error) });

const sound = new Sound(
  document.body.dataset.worklet ?? "",
  {
    onPosition: (position) => send({ kind: "position", position }),
    onBlocked(isBlocked) {
      element("hear").hidden = !isBlocked;
      send({ kind: "blocked", isBlocked });
    },
  },
  {
    createContext: () => new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" }),
    createNode: (context) => new AudioWorkletNode(context, "pcm-player", { outputChannelCount: [1] }),
    now: () => performance.now(),
  },
);

function show({ status, sentence, word, voice, speed }: Shown): void {
  element("status").textContent = STATUS[status];
  const mark = document.createElement("mark");
  const { start, end } = word ?? { start: 0, end: 0 };
  mark.textContent = sentence.slice(start, end);
  element("sentence").replaceChildren(sentence.slice(0, start), mark, sentence.slice(end));
  element("how").textContent = [voice, speed === 1 ? "" : `${speed}×`].filter(Boolean).join(", ");
  element("togglePause").textContent = status === "paused" ? "Go on" : "Pause";
  for (const id of BUTTONS) (element(id) as HTMLButtonElement).disabled = status === "idle";
}

async function receive(message: ToWebview): Promise<void> {
  if (message.kind === "begin") await sound.begin(message.take);
  else if (message.kind === "samples") await sound.push(message.take, message.pcm);
  else if (message.kind === "pause") sound.pause();
  else if (message.kind === "resume") sound.resume();
  else if (message.kind === "stop") await sound.stop();
  else if (message.kind === "show") show(message.shown);
  else send({ kind: "measured", id: message.id, statistics: sound.measure() ?? null });
}

addEventListener("message", ({ data }: MessageEvent<ToWebview>) => void receive(data).catch(reportFailure));
element("hear").onclick = () => sound.unblock();
for (const button of BUTTONS) element(button).onclick = () => send({ kind: "button", button });
send({ kind: "ready" });
