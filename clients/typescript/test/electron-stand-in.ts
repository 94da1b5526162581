// The part of Electron that the example uses, made of Node and Chromium, since no package on npm has Electron's program.
// The app's files run unchanged: the main process in this one, the speech process in a child of Node's `fork`, the
// preload script and the page in Chromium. What it cannot show: Electron's own sandbox, isolation of worlds, archive,
// transport of ports, and signing. The release workflow runs the packed app.

import { fork, type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "puppeteer-core";
import { PACKAGE } from "./support.js";

/** The page has this origin in place of `app://speech`: Chromium takes it for secure, too. */
const ORIGIN = "http://speech.localhost";

/** A pair of ports: one end is in the speech process, the other in a page. */
class Channel {
  static last = 0;
  readonly id = ++Channel.last;
  toProcess: (message: object) => void = () => {};
  toPage: (json: string) => void = () => {};
  readonly port1 = this;
  readonly port2 = this;
}

/** What Electron's preload scripts find, in the page itself. */
const inPage = (preload: string) => `{
  const listeners = {}, ports = {};
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => { window[name] = api; } },
    ipcRenderer: { on: (channel, listener) => { listeners[channel] = listener; }, send: (channel) => ipcSend(channel) },
  };
  window.standIn = {
    port(channel, id) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => portSend(id, JSON.stringify(data));
      ports[id] = port1;
      listeners[channel]({ ports: [port2] });
    },
    deliver(id, json) {
      const reply = JSON.parse(json);
      if (reply.pcm) reply.pcm = Uint8Array.from(atob(reply.pcm), (letter) => letter.charCodeAt(0));
      ports[id].postMessage(reply);
    },
    send(channel) { listeners[channel]({}); },
  };
  ((require, exports, module) => { ${preload} })(() => electron, {}, { exports: {} });
}`;

/** Return what `require("electron")` gives the app, and what a test wants to see of it. */
export function standIn(browser: Browser, folder: string, env: NodeJS.ProcessEnv) {
  const pages: Promise<Page>[] = [];
  const problems: string[] = [];
  const children: ChildProcess[] = [];
  let servePage: (request: Request) => Promise<Response>;
  Object.assign(process, { resourcesPath: join(folder, "resources") });

  const app = Object.assign(new EventEmitter(), {
    isPackaged: true,
    getAppPath: () => folder,
    requestSingleInstanceLock: () => true,
    whenReady: async () => {},
    quit: () => void app.emit("will-quit"),
    exit: (code: number) => problems.push(`exit ${code}`),
  });
  const ipcMain = new EventEmitter();

  const utilityProcess = {
    fork(file: string, args: string[]) {
      const execArgv = ["--require", resolve(PACKAGE, "test/fixtures/parent-port.cjs")];
      const child = fork(file, args, { execArgv, env, serialization: "advanced" });
      const channels = new Map<number, Channel>();
      children.push(child);
      child.on("message", ({ id, data }: { id: number; data: { pcm?: Uint8Array } }) => {
        const pcm = data.pcm && Buffer.from(data.pcm).toString("base64");
        channels.get(id)?.toPage(JSON.stringify({ ...data, pcm }));
      });
      const process = Object.assign(new EventEmitter(), {
        kill: () => child.kill(),
        postMessage(data: unknown, [channel]: [Channel]) {
          channels.set(channel.id, channel);
          channel.toProcess = (message) => void (child.connected && child.send({ id: channel.id, ...message }));
          channel.toProcess({ kind: "port", data });
        },
      });
      child.once("exit", (code) => process.emit("exit", code));
      return process;
    },
  };

  class BrowserWindow {
    readonly webContents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: () => {},
      send: (name: string) => this.#call(`send(${JSON.stringify(name)})`),
      postMessage: (name: string, _message: null, [channel]: [Channel]) => this.#connect(name, channel),
    });
    static readonly #all = new Set<BrowserWindow>();
    static getAllWindows = () => [...BrowserWindow.#all];
    #page: Promise<Page> | undefined;
    #last = Promise.resolve<unknown>(undefined);
    readonly #channels = new Map<number, Channel>();

    constructor(readonly options: { webPreferences: { preload: string } }) {}

    loadURL(url: string): Promise<void> {
      this.#page = this.#open();
      pages.push(this.#page.then(async (page) => (await page.goto(url.replace("app://speech", ORIGIN)), page)));
      return pages.at(-1)!.then(() => {});
    }

    async #open(): Promise<Page> {
      const page = await browser.newPage();
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
      await page.exposeFunction("ipcSend", (channel: string) => {
        const senderFrame = { url: page.url().replace(ORIGIN, "app://speech") };
        ipcMain.emit(channel, { sender: this.webContents, senderFrame });
      });
      await page.exposeFunction("portSend", (id: number, json: string) =>
        this.#channels.get(id)?.toProcess({ kind: "message", data: JSON.parse(json) }),
      );
      await page.evaluateOnNewDocument(inPage(readFileSync(this.options.webPreferences.preload, "utf8")));
      await page.setRequestInterception(true);
      page.on("request", async (request) => {
        const response = await servePage(new Request(request.url().replace(ORIGIN, "app://speech")));
        const contentType = response.headers.get("content-type") ?? "";
        await request.respond({ status: response.status, contentType, body: Buffer.from(await response.arrayBuffer()) });
      });
      BrowserWindow.#all.add(this);
      page.once("close", () => {
        BrowserWindow.#all.delete(this);
        for (const channel of this.#channels.values()) channel.toProcess({ kind: "close" });
      });
      return page;
    }

    #connect(name: string, channel: Channel): void {
      this.#channels.set(channel.id, channel);
      this.#call(`port(${JSON.stringify(name)}, ${channel.id})`);
      channel.toPage = (json) => this.#call(`deliver(${channel.id}, ${JSON.stringify(json)})`);
    }

    /** Call a function in the page, after those before. */
    #call(code: string): void {
      this.#last = this.#last
        .then(async () => (await this.#page!).evaluate(`standIn.${code}`))
        .catch((error) => BrowserWindow.#all.has(this) && problems.push(String(error)));
    }
  }

  const electron = {
    app,
    BrowserWindow,
    ipcMain,
    MessageChannelMain: Channel,
    protocol: {
      registerSchemesAsPrivileged: () => {},
      handle: (_scheme: string, handler: typeof servePage) => (servePage = handler),
    },
    utilityProcess,
  };
  return { electron, app, pages, problems, children };
}
