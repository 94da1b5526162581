// The extension's side of the webview that plays.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Button, FromWebview, Shown, ToWebview } from "./messages.js";
import { page } from "./page.js";
import type { Sound } from "./reading.js";
import type { AudioStatistics, Position } from "./types.js";

export interface PlayerEvents {
  onPosition(position: Position): void;
  onBlocked(isBlocked: boolean): void;
  onButton(button: Button): void;
  /** The webview is gone, or cannot play. */
  onFailed(message: string): void;
}

/** Milliseconds that the webview may take to open, and to answer. */
const OPEN_MS = 60_000;
const ANSWER_MS = 5000;

export const VIEW = "qwenTts.player";

export class PlayerView implements vscode.WebviewViewProvider, Sound {
  isBlocked = false;
  #view: vscode.WebviewView | undefined;
  #isReady = false;
  #take = 0;
  #shown: Shown | undefined;
  #waiting = new Set<() => void>();
  #questions = new Map<number, (statistics: AudioStatistics | undefined) => void>();
  #lastQuestion = 0;

  constructor(
    readonly extensionUri: vscode.Uri,
    readonly events: PlayerEvents,
  ) {}

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#view = view;
    const { webview } = view;
    const root = vscode.Uri.joinPath(this.extensionUri, "dist", "webview");
    const address = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(root, name)).toString();
    webview.options = { enableScripts: true, localResourceRoots: [root] };
    webview.onDidReceiveMessage((message: FromWebview) => this.#receive(message));
    view.onDidDispose(() => this.#close(view));
    webview.html = page({
      script: address("player.js"),
      worklet: address("worklet.js"),
      style: address("player.css"),
      files: webview.cspSource,
      nonce: randomBytes(18).toString("base64url"),
    });
  }

  /** Open the view if it is not open, without taking the focus. */
  async open(): Promise<void> {
    if (this.#isReady) return;
    await vscode.commands.executeCommand(`${VIEW}.focus`, { preserveFocus: true });
    await this.#ready();
  }

  /** Bring the view into sight. */
  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${VIEW}.focus`, { preserveFocus: true });
  }

  begin(): number {
    this.#take += 1;
    this.#post({ kind: "begin", take: this.#take });
    return this.#take;
  }

  push(take: number, pcm: Uint8Array): void {
    // A copy: the webview gets all of the buffer that it is sent.
    this.#post({ kind: "samples", take, pcm: new Uint8Array(pcm).buffer });
  }

  pause(): void {
    this.#post({ kind: "pause" });
  }

  resume(): void {
    this.#post({ kind: "resume" });
  }

  stop(): void {
    this.#post({ kind: "stop" });
  }

  show(shown: Shown): void {
    this.#shown = shown;
    this.#post({ kind: "show", shown });
  }

  /** Return what the webview measures now; undefined if there is none. */
  measure(): Promise<AudioStatistics | undefined> {
    if (!this.#isReady) return Promise.resolve(undefined);
    const id = ++this.#lastQuestion;
    return new Promise((resolve) => {
      const answer = (statistics: AudioStatistics | undefined) => {
        clearTimeout(timer);
        this.#questions.delete(id);
        resolve(statistics);
      };
      const timer = setTimeout(() => answer(undefined), ANSWER_MS);
      this.#questions.set(id, answer);
      this.#post({ kind: "measure", id });
    });
  }

  #post(message: ToWebview): void {
    if (this.#isReady) void this.#view?.webview.postMessage(message);
  }

  #receive(message: FromWebview): void {
    if (message.kind === "ready") this.#begin();
    else if (message.kind === "position") this.events.onPosition(message.position);
    else if (message.kind === "blocked") this.#block(message.isBlocked);
    else if (message.kind === "button") this.events.onButton(message.button);
    else if (message.kind === "measured") this.#questions.get(message.id)?.(message.statistics ?? undefined);
    else this.events.onFailed(`The player failed: ${message.message}`);
  }

  /** The page has loaded; or it has loaded again, and has forgotten everything. */
  #begin(): void {
    const wasReady = this.#isReady;
    this.#isReady = true;
    if (wasReady) this.events.onFailed("The player was loaded again.");
    if (this.#shown) this.#post({ kind: "show", shown: this.#shown });
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #block(isBlocked: boolean): void {
    this.isBlocked = isBlocked;
    this.events.onBlocked(isBlocked);
  }

  #close(view: vscode.WebviewView): void {
    if (this.#view !== view) return;
    this.#view = undefined;
    this.#isReady = this.isBlocked = false;
    for (const answer of [...this.#questions.values()]) answer(undefined);
    this.events.onFailed("The player was closed.");
  }

  #ready(): Promise<void> {
    if (this.#isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(done);
        reject(new Error("The player did not open. Open the view “Read Aloud: Player”, and read again."));
      }, OPEN_MS);
      this.#waiting.add(done);
    });
  }
}
