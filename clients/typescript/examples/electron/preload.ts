// Runs before the page, in a sandbox, and gives it `speech` and nothing else.

import { contextBridge, ipcRenderer } from "electron";
import { CHANNELS, type Reply, type Request, type SpeechBridge } from "./messages.js";

let lastId = 0;
let port: MessagePort | undefined;
let isConnecting = false;
const waiting: Request[] = [];
const listeners = new Map<number, (reply: Reply) => void>();

function receive(reply: Reply): void {
  const listener = listeners.get(reply.id);
  if (reply.kind !== "chunk") listeners.delete(reply.id);
  listener?.(reply);
}

/** The first request, and the first after the end of the speech process, asks for a port, and waits for it. */
function send(request: Request): void {
  if (port) return port.postMessage(request);
  waiting.push(request);
  if (!isConnecting) ipcRenderer.send(CHANNELS.connect);
  isConnecting = true;
}

ipcRenderer.on(CHANNELS.port, ({ ports }) => {
  const connected = ports[0];
  if (!connected) return;
  connected.onmessage = ({ data }: MessageEvent<Reply>) => receive(data);
  isConnecting = false;
  port = connected;
  for (const request of waiting.splice(0)) port.postMessage(request);
});

ipcRenderer.on(CHANNELS.ended, () => {
  port = undefined;
  isConnecting = false;
  waiting.length = 0;
  const message = "The speech process has ended. The next text starts it again.";
  for (const id of [...listeners.keys()]) receive({ kind: "error", id, message });
});

const bridge: SpeechBridge = {
  speak(params, onReply) {
    const id = ++lastId;
    listeners.set(id, onReply);
    send({ kind: "speak", id, params });
    return {
      // What has ended needs neither.
      cancel: () => void (listeners.has(id) && send({ kind: "cancel", id })),
      played: (samples) => void (listeners.has(id) && send({ kind: "played", id, samples })),
    };
  },
};

contextBridge.exposeInMainWorld("speech", bridge);
