// What of a document is read.

import * as vscode from "vscode";
import { Passage } from "./passage.js";

export interface Source {
  document: vscode.TextDocument;
  passage: Passage;
}

/** Return what is selected, in the order of the document; undefined: nothing is. */
export function selectionOf({ document, selections }: vscode.TextEditor): Source | undefined {
  const parts = selections.filter((selection) => !selection.isEmpty).sort((a, b) => a.start.compareTo(b.start));
  return parts.length > 0 ? source(document, parts) : undefined;
}

/** Return the text from the word at the cursor to the end. */
export function fromCursor({ document, selection }: vscode.TextEditor): Source {
  const cursor = selection.start;
  const start = document.getWordRangeAtPosition(cursor)?.start ?? cursor;
  return source(document, [new vscode.Range(start, endOf(document))]);
}

export const wholeOf = (document: vscode.TextDocument): Source =>
  source(document, [new vscode.Range(new vscode.Position(0, 0), endOf(document))]);

function source(document: vscode.TextDocument, ranges: readonly vscode.Range[]): Source {
  const parts = ranges.map((range) => ({ start: document.offsetAt(range.start), text: document.getText(range) }));
  return { document, passage: new Passage(parts) };
}

const endOf = (document: vscode.TextDocument) => document.lineAt(document.lineCount - 1).range.end;
