// The item of the status bar: what is going on, and a menu.

import * as vscode from "vscode";
import type { Status } from "./types.js";

const FACES: Record<Status, [text: string, tooltip: string]> = {
  idle: ["$(unmute) Read Aloud", "Nothing is being read. Click for a menu."],
  starting: ["$(loading~spin) Starting …", "The first sound is awaited. Click for a menu."],
  speaking: ["$(unmute) Reading", "A text is read aloud. Click for a menu."],
  paused: ["$(debug-pause) Paused", "The reading is paused. Click for a menu."],
  blocked: [
    "$(warning) Click to hear",
    "VS Code plays no sound in the player before you have clicked in it. Click to see it.",
  ],
};

export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("qwenTts", vscode.StatusBarAlignment.Right, 50);

  constructor() {
    this.#item.name = "Read Aloud";
    this.show("idle");
    this.#item.show();
  }

  show(status: Status): void {
    const [text, tooltip] = FACES[status];
    this.#item.text = text;
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: `Read Aloud: ${text.replace(/\$\([^)]*\) /, "")}` };
    this.#item.command = status === "blocked" ? "qwenTts.player.focus" : "qwenTts.menu";
    this.#item.backgroundColor =
      status === "blocked" ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  }

  dispose(): void {
    this.#item.dispose();
  }
}
