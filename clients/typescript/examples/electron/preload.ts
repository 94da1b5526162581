import { contextBridge, ipcRenderer } from "electron";
import { CHANNELS, type Reply, type SpeechBridge } from "./messages.js";

let lastId = 0;
const listeners = new Map<number, (reply: Reply) => void>();

ipcRenderer.on(CHANNELS.reply, (_event, id: number, reply: Reply) => {
  const listener = listeners.get(id);
  if (reply.kind !== "chunk") listeners.delete(id);
  listener?.(reply);
});

const bridge: SpeechBridge = {
  speak(params, onReply) {
    const id = ++lastId;
    listeners.set(id, onReply);
    ipcRenderer.send(CHANNELS.speak, id, params);
    return () => ipcRenderer.send(CHANNELS.cancel, id);
  },
};

contextBridge.exposeInMainWorld("speech", bridge);
