// Highlights what is heard in every editor that shows the document, and scrolls along.

import * as vscode from "vscode";
import { Follower, type Lines } from "./following.js";
import type { Passage } from "./passage.js";
import type { Heard } from "./timeline.js";
import type { Place } from "./types.js";

export interface Highlighted {
  uri: vscode.Uri;
  sentence: vscode.Range[];
  word: vscode.Range[];
}

interface Shown {
  document: vscode.TextDocument;
  /** How its lines end. With other ends, all offsets are others, and nothing is highlighted any more. */
  eol: vscode.EndOfLine;
  passage: Passage;
  heard: Heard;
}

export class Highlighter implements vscode.Disposable {
  highlighted: Highlighted | undefined;
  #shown: Shown | undefined;
  #followers = new WeakMap<vscode.TextEditor, Follower>();
  readonly #sentence = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("qwenTts.sentenceBackground"),
    border: "1px solid",
    borderColor: new vscode.ThemeColor("qwenTts.sentenceBorder"),
    overviewRulerColor: new vscode.ThemeColor("qwenTts.wordBackground"),
    overviewRulerLane: vscode.OverviewRulerLane.Center,
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #word = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("qwenTts.wordBackground"),
    borderRadius: "2px",
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #listeners = [
    vscode.window.onDidChangeVisibleTextEditors(() => this.#paint()),
    vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor, visibleRanges }) => {
      this.#followers.get(textEditor)?.moved(visibleRanges.map(lines));
    }),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (document !== this.#shown?.document) return;
      for (const { rangeOffset, rangeLength, text } of contentChanges) {
        this.#shown.passage.edit({ offset: rangeOffset, length: rangeLength, inserted: text.length });
      }
      this.#paint();
    }),
  ];

  /** Begin with another text. */
  begin(document: vscode.TextDocument, passage: Passage): void {
    this.clear();
    this.#shown = { document, eol: document.eol, passage, heard: { sentence: undefined, word: undefined } };
    this.#followers = new WeakMap();
  }

  show(heard: Heard): void {
    if (!this.#shown) return;
    this.#shown.heard = heard;
    this.#paint();
    if (this.#setting("follow", true)) this.#follow();
  }

  /** Show what is heard, wherever the person has scrolled to; then the editor follows again. */
  async reveal(): Promise<void> {
    const range = this.highlighted?.sentence[0];
    const document = this.#shown?.document;
    if (!document || !range) return;
    const open = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
    const editor = await vscode.window.showTextDocument(document, open?.viewColumn ?? vscode.ViewColumn.Active);
    this.#follower(editor).revealed(lines(range), editor.visibleRanges.map(lines));
    editor.revealRange(range, vscode.TextEditorRevealType.InCenter);
  }

  /** Show the present settings. */
  refresh(): void {
    this.#paint();
  }

  clear(): void {
    this.#shown = undefined;
    this.#paint();
  }

  dispose(): void {
    for (const disposable of [...this.#listeners, this.#sentence, this.#word]) disposable.dispose();
  }

  #setting<T>(name: string, fallback: T): T {
    return vscode.workspace.getConfiguration("qwenTts", this.#shown?.document).get(name, fallback);
  }

  #paint(): void {
    this.highlighted = this.#find();
    for (const editor of vscode.window.visibleTextEditors) {
      const isShown = this.highlighted && editor.document === this.#shown?.document;
      editor.setDecorations(this.#sentence, isShown ? this.highlighted!.sentence : []);
      editor.setDecorations(this.#word, isShown ? this.highlighted!.word : []);
    }
  }

  #find(): Highlighted | undefined {
    const level = this.#setting<string>("highlight", "word");
    const shown = this.#shown;
    if (!shown?.heard.sentence || shown.document.isClosed || level === "none") return undefined;
    const { document, eol, passage, heard } = shown;
    if (document.eol !== eol) return undefined;
    const ranges = (place: Place | undefined) =>
      (place ? passage.locate(place) : []).map(
        ({ start, end }) => new vscode.Range(document.positionAt(start), document.positionAt(end)),
      );
    const word = level === "word" ? ranges(heard.word) : [];
    return { uri: document.uri, sentence: ranges(heard.sentence), word };
  }

  #follow(): void {
    const { sentence = [], word = [] } = this.highlighted ?? {};
    const range = word[0] ?? sentence[0];
    if (!range) return;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document !== this.#shown?.document) continue;
      if (this.#follower(editor).shouldReveal(lines(range), editor.visibleRanges.map(lines))) {
        editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
      }
    }
  }

  #follower(editor: vscode.TextEditor): Follower {
    const follower = this.#followers.get(editor) ?? new Follower();
    this.#followers.set(editor, follower);
    return follower;
  }
}

const lines = ({ start, end }: vscode.Range): Lines => ({ first: start.line, last: end.line });
