// The commands of package.json.

import * as vscode from "vscode";
import { describe } from "./faults.js";
import { isTextSource, LiveText, type TextSource } from "./live-text.js";
import type { Narrator } from "./narrator.js";
import { checked } from "./options.js";
import * as pickers from "./pickers.js";
import { sidecarSettings } from "./settings.js";
import { fromCursor, selectionOf, wholeOf, type Source } from "./sources.js";
import type { Outcome, SpeechOptions } from "./types.js";

const BLANK = "There is nothing to read: the text has only white space.";
/** The page of the extension: in a checkout, and as it is packed. */
const PAGES = ["README.md", "readme.md"];

export class Commands {
  constructor(
    readonly narrator: Narrator,
    readonly extensionUri: vscode.Uri,
  ) {}

  register(): vscode.Disposable[] {
    const { narrator } = this;
    const { host, messenger, highlighter } = narrator.parts;
    const document = () => vscode.window.activeTextEditor?.document;
    const table: Record<string, (...args: unknown[]) => unknown> = {
      readSelection: () => this.#readEditor(selectionOf, "Nothing is selected."),
      readFromHere: () => this.#readEditor(fromCursor),
      readDocument: () => this.#readEditor((editor) => wholeOf(editor.document)),
      readClipboard: async () => this.#quietly(this.speak(await vscode.env.clipboard.readText())),
      speak: (text, options) => this.speak(text as TextSource, options as SpeechOptions | undefined),
      stop: () => narrator.stop(),
      pause: () => narrator.reading?.pause(),
      resume: () => narrator.reading?.resume(),
      togglePause: () => (narrator.reading?.isPaused ? narrator.reading.resume() : narrator.reading?.pause()),
      next: () => narrator.reading?.next(),
      previous: () => narrator.reading?.previous(),
      faster: () => pickers.changeSpeed(document(), 1),
      slower: () => pickers.changeSpeed(document(), -1),
      selectSpeed: () => pickers.selectSpeed(document()),
      selectVoice: () => this.#reporting(pickers.selectVoice(host, document())),
      selectModel: () => this.#reporting(pickers.selectModel(host)),
      reveal: () => highlighter.reveal(),
      showLog: () => messenger.log.show(true),
      restartSidecar: () => this.#restart(),
      endSidecar: () => {
        narrator.stop();
        return host.end();
      },
      howToInstall: () => this.#howToInstall(),
      menu: () => this.#menu(),
    };
    return Object.entries(table).map(([name, run]) => vscode.commands.registerCommand(`qwenTts.${name}`, run));
  }

  /**
   * Read a text of another extension.
   *
   * @throws Error if it cannot be read.
   */
  async speak(text: TextSource, options?: SpeechOptions): Promise<Outcome> {
    if (!isTextSource(text)) {
      throw new TypeError(
        "qwenTts.speak reads a string, or an iterable of strings, which may be asynchronous. An iterable cannot be passed " +
          "between extensions of which one runs on this machine and the other on a remote one.",
      );
    }
    if (typeof text === "string" && text.trim() === "") throw new Error(BLANK);
    return this.narrator.read({ text: new LiveText(text), start: 0, options: checked(options) });
  }

  async #readEditor(select: (editor: vscode.TextEditor) => Source | undefined, otherwise = BLANK): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const { messenger } = this.narrator.parts;
    if (!editor) return messenger.info("No editor is open whose text could be read.");
    const source = select(editor);
    if (!source) return messenger.info(otherwise);
    if (source.passage.text.trim() === "") return messenger.info(BLANK);
    await this.#quietly(this.narrator.read({ text: new LiveText(source.passage.text), start: 0, source, options: {} }));
  }

  /** Wait for a reading, whose failure has been shown. */
  async #quietly(reading: Promise<Outcome>): Promise<void> {
    await reading.catch((error: unknown) => {
      if (error instanceof Error && error.message === BLANK) this.narrator.parts.messenger.info(BLANK);
    });
  }

  /** Show why something other than a reading has failed. */
  async #reporting(work: Promise<unknown>): Promise<void> {
    const { messenger } = this.narrator.parts;
    try {
      await work;
    } catch (error) {
      messenger.log.error(error instanceof Error ? error.message : String(error));
      const fault = describe(error, { setting: sidecarSettings().command, variable: process.env.QWEN_TTS_SIDECAR });
      if ((await messenger.error(fault)) === "restart") await this.#restart();
    }
  }

  #restart(): Promise<void> {
    return this.#reporting(this.narrator.restart());
  }

  async #howToInstall(): Promise<void> {
    const files = await vscode.workspace.fs.readDirectory(this.extensionUri);
    const name = PAGES.find((page) => files.some(([file]) => file === page)) ?? "";
    const page = vscode.Uri.joinPath(this.extensionUri, name).with({ fragment: "install-the-sidecar" });
    await vscode.commands.executeCommand("markdown.showPreview", page);
  }

  async #menu(): Promise<void> {
    const isIdle = this.narrator.status === "idle";
    const isPaused = this.narrator.status === "paused";
    const item = (label: string, command: string) => ({ label, command });
    const reading = isIdle
      ? [
          item("$(unmute) Read Selection", "readSelection"),
          item("$(unmute) Read from Here", "readFromHere"),
          item("$(clippy) Read Clipboard", "readClipboard"),
        ]
      : [
          item("$(debug-stop) Stop", "stop"),
          isPaused ? item("$(debug-continue) Go On", "resume") : item("$(debug-pause) Pause", "pause"),
          item("$(chevron-right) Next Sentence", "next"),
          item("$(chevron-left) Previous Sentence", "previous"),
        ];
    const settings = [
      item("$(account) Select Voice …", "selectVoice"),
      item("$(dashboard) Select Speed …", "selectSpeed"),
      item("$(library) Select Model …", "selectModel"),
      item("$(output) Show Log", "showLog"),
    ];
    const chosen = await vscode.window.showQuickPick([...reading, ...settings], { title: "Read Aloud" });
    if (chosen) await vscode.commands.executeCommand(`qwenTts.${chosen.command}`);
  }
}
