// Shows messages, and does what their buttons say.

import * as vscode from "vscode";
import { ACTIONS, type Action, type Fault } from "./faults.js";

export interface Message {
  severity: "info" | "warning" | "error";
  text: string;
  actions: string[];
}

const COMMANDS: Partial<Record<Action, string>> = {
  install: "qwenTts.howToInstall",
  voice: "qwenTts.selectVoice",
  model: "qwenTts.selectModel",
  log: "qwenTts.showLog",
};

export class Messenger {
  last: Message | undefined;

  constructor(readonly log: vscode.LogOutputChannel) {}

  info(text: string): void {
    this.#note("info", text, []);
    void vscode.window.showInformationMessage(text);
  }

  /** Ask a question; return whether the person has agreed. */
  async ask(text: string, yes: string): Promise<boolean> {
    this.#note("info", text, [yes]);
    return (await vscode.window.showInformationMessage(text, yes)) === yes;
  }

  /** Show an error until it is dismissed; return the button that was chosen, whose command has been run. */
  async error({ text, actions }: Fault): Promise<Action | undefined> {
    const labels = actions.map((action) => ACTIONS[action]);
    this.#note("error", text, labels);
    const label = await vscode.window.showErrorMessage(text, ...labels);
    const chosen = actions.find((action) => ACTIONS[action] === label);
    const command = chosen && COMMANDS[chosen];
    if (command) await vscode.commands.executeCommand(command);
    if (chosen === "settings")
      await vscode.commands.executeCommand("workbench.action.openSettings", "@ext:qwen-tts-sidecar.qwen-tts");
    if (chosen === "choose") await chooseProgram();
    return chosen;
  }

  #note(severity: Message["severity"], text: string, actions: string[]): void {
    this.last = { severity, text, actions };
    this.log.info(`Shown: ${text}`);
  }
}

async function chooseProgram(): Promise<void> {
  const title = "The program qwen-tts-sidecar";
  const [chosen] = (await vscode.window.showOpenDialog({ title, openLabel: "Choose" })) ?? [];
  if (!chosen) return;
  // A command line splits at spaces, but a path that exists is one word.
  await vscode.workspace
    .getConfiguration("qwenTts")
    .update("sidecarPath", chosen.fsPath, vscode.ConfigurationTarget.Global);
}
