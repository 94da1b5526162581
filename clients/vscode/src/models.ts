// Makes sure that a model is here before it speaks: asks before a download, and shows how far it is.

import type { LoadOptions, ModelEntry, Sidecar } from "qwen-tts-sidecar";
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
    if (!(await ask(`The model ${model} is not on this machine yet. Download it${size}?`, "Download")))
      throw new DeclinedError();
  }
  await withProgress(model, isHere, signal, (options) => sidecar.ensureModel(model, { ...options, load: true }));
}

/** Load the model that the sidecar was started with, which the person has named, and show its download. */
export async function loadDefault(sidecar: Sidecar, signal: AbortSignal): Promise<void> {
  const isLoaded = (await sidecar.status({ signal })).models.length > 0;
  if (!isLoaded)
    await withProgress("the sidecar's model", false, signal, (options) => sidecar.models.load(undefined, options));
}

/** Show how far a load is: in the status bar, or if it may be a download, where it can be cancelled. */
async function withProgress(
  name: string,
  isHere: boolean,
  signal: AbortSignal,
  load: (options: LoadOptions) => Promise<unknown>,
): Promise<void> {
  const location = isHere ? vscode.ProgressLocation.Window : vscode.ProgressLocation.Notification;
  const title = `Read Aloud: ${name}`;
  await vscode.window.withProgress({ location, title, cancellable: !isHere }, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort(new DeclinedError()));
    let shown = 0;
    await load({
      signal: AbortSignal.any([signal, stop.signal]),
      onProgress({ stage, message, receivedBytes = 0, totalBytes = 0 }) {
        if (stage === "loading") return progress.report({ message: "loading …" });
        if (totalBytes === 0) return progress.report({ message });
        const share = (100 * receivedBytes) / totalBytes;
        progress.report({
          message: `${gigabytes(receivedBytes)} of ${gigabytes(totalBytes)}`,
          increment: share - shown,
        });
        shown = share;
      },
    });
  });
}
