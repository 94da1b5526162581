// The main process: windows, the page's files, and the speech process. README.md says how to build and pack the app.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  app,
  BrowserWindow,
  ipcMain,
  MessageChannelMain,
  protocol,
  utilityProcess,
  type UtilityProcess,
  type WebContents,
} from "electron";
import { CHANNELS } from "./messages.js";

/** Return a file of the bundled app. Bun would put the folder of this source in place of `__dirname`. */
const inApp = (...names: string[]) => join(app.getAppPath(), "dist", ...names);

const PAGE = "app://speech/index.html";
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

// An origin of its own, because not every browser loads an AudioWorklet from a file: URL.
protocol.registerSchemesAsPrivileged([
  { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } },
]);

async function servePage(request: Request): Promise<Response> {
  const name = basename(new URL(request.url).pathname);
  const type = TYPES[name.slice(name.lastIndexOf("."))];
  if (!type) return new Response(null, { status: 404 });
  try {
    const file = await readFile(inApp("page", name));
    return new Response(new Uint8Array(file), { headers: { "content-type": type } });
  } catch {
    return new Response(null, { status: 404 });
  }
}

let speech: UtilityProcess | undefined;

/** Return the speech process; start it if there is none, or if it has ended. */
function speechProcess(): UtilityProcess {
  if (!speech) {
    // In a packed app, electron-builder.yml has put the sidecar here. Otherwise the client looks for it.
    const program = join(process.resourcesPath, "qwen-tts-sidecar", "bin", "qwen-tts-sidecar");
    const started = utilityProcess.fork(inApp("speech-process.cjs"), app.isPackaged ? [program] : [], {
      serviceName: "speech",
      stdio: "inherit",
    });
    started.once("exit", () => {
      speech = undefined;
      for (const window of BrowserWindow.getAllWindows()) window.webContents.send(CHANNELS.ended);
    });
    speech = started;
  }
  return speech;
}

/** Give a page a port to the speech process. Audio does not pass through the main process. */
function connect(page: WebContents): void {
  const { port1, port2 } = new MessageChannelMain();
  speechProcess().postMessage(null, [port1]);
  page.postMessage(CHANNELS.port, null, [port2]);
}

function openWindow(): void {
  const window = new BrowserWindow({
    width: 640,
    height: 360,
    webPreferences: {
      preload: inApp("preload.cjs"),
      contextIsolation: true,
      nodeIntegration: false,
      sandbox: true,
    },
  });
  window.webContents.setWindowOpenHandler(() => ({ action: "deny" }));
  window.webContents.on("will-navigate", (event) => event.preventDefault());
  void window.loadURL(PAGE);
}

async function start(): Promise<void> {
  // A second start of the app opens a window in the first one, with the same sidecar.
  if (!app.requestSingleInstanceLock()) return app.quit();
  app.on("second-instance", openWindow);
  app.on("window-all-closed", () => app.quit());
  app.on("will-quit", () => speech?.kill()); // The sidecar ends with it.
  ipcMain.on(CHANNELS.connect, ({ sender, senderFrame }) => {
    if (senderFrame?.url === PAGE) connect(sender);
  });
  await app.whenReady();
  protocol.handle("app", servePage);
  openWindow();
}

start().catch((error) => {
  console.error(error);
  app.exit(1);
});
