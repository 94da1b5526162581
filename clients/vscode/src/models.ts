// Makes sure that a model is here before it speaks: asks before a download, and shows how far it is.

import type { ModelEntry, Sidecar } from "qwen-tts-sidecar";
import * as vscode from "vscode";

/** The person did not want the download: there is nothing to report. */
export class DeclinedError extends Error {}

export const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** Return the listed model of a name, in any case; a folder or an id of the hub may not be listed. */
export const findModel = (models: readonly ModelEntry[], name: string) =>
  models.find(({ model }) => model.toLowerCase() === name.toLowerCase());

/**
 * Load a model, and download it before if the person agrees.
 *
 * @param signal ends the wait, and a download, which continues the next time.
 * @throws DeclinedError if the person does not agree.
 */
export async function prepareModel(
  sidecar: Sidecar,
  model: string,
  ask: (text: string, yes: string) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const found = findModel(await sidecar.models.list({ signal }), model);
  if (found?.state === "loaded") return;
  const isHere = found !== undefined && found.state !== "known";
  if (found?.state === "known") {
    const size = found.downloadBytes ? `: ${gigabytes(found.downloadBytes)}` : "";
    if (!(await ask(`The model ${model} is not on this machine yet. Download it${size}?`, "Download"))) throw new DeclinedError();
  }
  const location = isHere ? vscode.ProgressLocation.Window : vscode.ProgressLocation.Notification;
  await vscode.window.withProgress({ location, title: `Read Aloud: ${model}`, cancellable: !isHere }, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort(new DeclinedError()));
    let shown = 0;
    await sidecar.ensureModel(model, {
      load: true,
      signal: AbortSignal.any([signal, stop.signal]),
      onProgress({ stage, message, receivedBytes = 0, totalBytes = 0 }) {
        if (stage !== "downloading" || totalBytes === 0) return progress.report({ message: stage === "loading" ? "loading …" : message });
        const share = (100 * receivedBytes) / totalBytes;
        progress.report({ message: `${gigabytes(receivedBytes)} of ${gigabytes(totalBytes)}`, increment: share - shown });
        shown = share;
      },
    });
  });
}
