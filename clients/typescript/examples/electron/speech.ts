// The main process's part, without anything of Electron's, so that it runs under plain Node.

import { SidecarCancelledError, type Sidecar, type SpeechStream } from "qwen-tts-sidecar";
import { CHANNELS, type Reply, type SpeakParams } from "./messages.js";

/** The part of `event.sender` that is used. */
export interface Page {
  readonly id: number;
  isDestroyed(): boolean;
  once(event: "destroyed", listener: () => void): unknown;
  off(event: "destroyed", listener: () => void): unknown;
  send(channel: string, id: number, reply: Reply): void;
}

/** The part of `ipcMain` that is used. */
export interface Ipc {
  on(channel: string, listener: (event: { sender: Page }, ...args: any[]) => void): unknown;
}

/** Speaks for pages: each request has an id of the page's choice. */
export function serveSpeech(ipc: Ipc, tts: Pick<Sidecar, "synthesize">): void {
  const streams = new Map<string, SpeechStream>();
  ipc.on(CHANNELS.speak, ({ sender }, id: number, params: SpeakParams) => {
    const stream = tts.synthesize(params);
    const name = `${sender.id} ${id}`;
    streams.set(name, stream);
    void speak(sender, id, stream).finally(() => streams.delete(name));
  });
  ipc.on(CHANNELS.cancel, ({ sender }, id: number) => void streams.get(`${sender.id} ${id}`)?.cancel());
}

async function speak(page: Page, id: number, stream: SpeechStream): Promise<void> {
  const gone = () => void stream.cancel();
  const reply = (message: Reply) => {
    if (!page.isDestroyed()) page.send(CHANNELS.reply, id, message);
  };
  page.once("destroyed", gone);
  try {
    for await (const { seq, audio } of stream) reply({ kind: "chunk", seq, pcm: audio });
    const { durationMs, seed } = await stream.final();
    reply({ kind: "end", durationMs, seed });
  } catch (error) {
    reply(error instanceof SidecarCancelledError ? { kind: "cancelled" } : toReply(error));
  } finally {
    page.off("destroyed", gone);
  }
}

const toReply = (error: unknown): Reply => ({
  kind: "error",
  message: error instanceof Error ? error.message : String(error),
});
