// The extension: it makes the parts and joins them. Nothing is started before the first command.

import * as vscode from "vscode";
import type { QwenTts } from "./api.js";
import { Commands } from "./commands.js";
import { Highlighter } from "./highlighter.js";
import { Messenger } from "./messenger.js";
import { Narrator } from "./narrator.js";
import { openSidecar } from "./open-sidecar.js";
import { PlayerView, VIEW } from "./player-view.js";
import { concernsSidecar, idleMs, sidecarSettings } from "./settings.js";
import { SidecarHost } from "./sidecar-host.js";
import { StatusBar } from "./status-bar.js";

let host: SidecarHost | undefined;

export function activate(context: vscode.ExtensionContext): QwenTts {
  const log = vscode.window.createOutputChannel("Qwen TTS", { log: true });
  const version = String(context.extension.packageJSON.version);
  const sidecar = new SidecarHost({
    open: () =>
      openSidecar({
        settings: sidecarSettings(),
        folder: context.extensionPath,
        version,
        onLog: (line) => log.info(line),
      }),
    idleMs,
    log: (line) => log.info(line),
  });
  host = sidecar;
  const player = new PlayerView(context.extensionUri, {
    onPosition: (position) => narrator.reading?.onPosition(position),
    onBlocked(isBlocked) {
      narrator.update();
      if (isBlocked && !narrator.isIdle) void player.reveal();
    },
    onButton: (button) => void vscode.commands.executeCommand(`qwenTts.${button}`),
    onFailed: (message) => narrator.fail(new Error(message)),
  });
  const highlighter = new Highlighter();
  const messenger = new Messenger(log);
  const narrator = new Narrator({ host: sidecar, player, highlighter, messenger });
  const commands = new Commands(narrator, context.extensionUri);
  const statusBar = new StatusBar();
  context.subscriptions.push(
    log,
    statusBar,
    highlighter,
    narrator,
    vscode.window.registerWebviewViewProvider(VIEW, player, { webviewOptions: { retainContextWhenHidden: true } }),
    narrator.onDidChangeStatus((status) => statusBar.show(status)),
    vscode.workspace.onDidChangeConfiguration((change) => onChange(change, narrator, log)),
    ...commands.register(),
  );
  return {
    version: 1,
    get status() {
      return narrator.status;
    },
    onDidChangeStatus: narrator.onDidChangeStatus,
    get sentence() {
      return narrator.heard.sentence;
    },
    get word() {
      return narrator.heard.word;
    },
    onDidChangeSentence: narrator.onDidChangeSentence,
    get highlighted() {
      return highlighter.highlighted;
    },
    get sidecarPid() {
      return sidecar.pid;
    },
    get lastMessage() {
      return messenger.last;
    },
    speak: (text, options) => commands.speak(text, options),
    stop: () => narrator.stop(),
    pause: () => narrator.reading?.pause(),
    resume: () => narrator.reading?.resume(),
    next: () => narrator.reading?.next(),
    previous: () => narrator.reading?.previous(),
    audio: () => player.measure(),
  };
}

/** The host waits for this before it ends. If it is killed, the sidecar notices that and ends, too. */
export async function deactivate(): Promise<void> {
  await host?.end();
}

const SPEECH = ["voice", "language", "instruct", "speed"].map((name) => `qwenTts.${name}`);

function onChange(change: vscode.ConfigurationChangeEvent, narrator: Narrator, log: vscode.LogOutputChannel): void {
  const { host, highlighter } = narrator.parts;
  if (concernsSidecar(change)) {
    log.info("The settings of the sidecar have changed: it is ended, and the next reading starts another one.");
    narrator.stop();
    void host.end();
  } else if (change.affectsConfiguration("qwenTts.model")) {
    void narrator.again();
  } else if (SPEECH.some((name) => change.affectsConfiguration(name))) {
    narrator.reading?.again();
    narrator.update();
  } else if (change.affectsConfiguration("qwenTts")) highlighter.refresh();
}
