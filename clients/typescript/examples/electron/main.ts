// `sh examples/electron/build.sh`, then `electron examples/electron/dist/main.js`. How to pack the sidecar with an app is
// in the README, under "Electron".

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { app, BrowserWindow, ipcMain, protocol } from "electron";
import { createSidecar } from "qwen-tts-sidecar";
import { serveSpeech } from "./speech.js";

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };

// An origin of its own, because not every browser loads an AudioWorklet from a file: URL.
protocol.registerSchemesAsPrivileged([
  { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

async function servePage(request: Request): Promise<Response> {
  const name = basename(new URL(request.url).pathname) || "index.html";
  const type = TYPES[name.slice(name.lastIndexOf("."))];
  if (!type) return new Response(null, { status: 404 });
  const file = await readFile(join(__dirname, "page", name));
  return new Response(new Uint8Array(file), { headers: { "content-type": type } });
}

async function start(): Promise<void> {
  await app.whenReady();
  protocol.handle("app", servePage);
  const tts = await createSidecar({ onLog: console.error });
  serveSpeech(ipcMain, tts);
  app.once("will-quit", () => void tts.close());
  app.once("window-all-closed", () => app.quit());
  const window = new BrowserWindow({
    width: 640,
    height: 360,
    webPreferences: { preload: join(__dirname, "preload.js") },
  });
  await window.loadURL("app://speech/index.html");
}

start().catch((error) => {
  console.error(error);
  app.exit(1);
});
