// Lists to choose a voice, a model and a speed from.

import type { ModelEntry, VoiceEntry } from "qwen-tts-sidecar";
import * as vscode from "vscode";
import { gigabytes } from "./models.js";
import { change, speechSettings } from "./settings.js";
import type { SidecarHost } from "./sidecar-host.js";

interface Choice<T> extends vscode.QuickPickItem {
  value?: T;
}

const SPEEDS = [0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2];
const STEP = 0.1;

export async function selectVoice(host: SidecarHost, document: vscode.TextDocument | undefined): Promise<void> {
  const { voice, model } = speechSettings(document);
  const voices = host.use((sidecar) => sidecar.voices.list(model));
  const first = { label: "The model's own", description: "its first voice", value: "" };
  await pick(
    "Voice",
    voices.then((list) => [first, ...voiceChoices(list)]),
    voice ?? "",
    (name) => change("voice", name || undefined, document),
  );
}

export async function selectModel(host: SidecarHost): Promise<void> {
  const { model } = speechSettings(undefined);
  const models = host.use((sidecar) => sidecar.models.list());
  const first = { label: "The sidecar's own", description: "as it was started", value: "" };
  await pick(
    "Model",
    models.then((list) => [first, ...modelChoices(list)]),
    model ?? "",
    (name) => change("model", name || undefined, undefined),
  );
}

export async function selectSpeed(document: vscode.TextDocument | undefined): Promise<void> {
  const { speed = 1 } = speechSettings(document);
  const choices = SPEEDS.map((value) => ({ label: `${value}×`, value }));
  await pick("Speed", Promise.resolve(choices), speed, (value) => change("speed", value, document));
}

/** Speak faster or, with −1, slower by one step. */
export async function changeSpeed(document: vscode.TextDocument | undefined, direction: 1 | -1): Promise<void> {
  const { speed = 1 } = speechSettings(document);
  const next = Math.min(2, Math.max(0.5, Math.round((speed + direction * STEP) * 100) / 100));
  await change("speed", next, document);
  vscode.window.setStatusBarMessage(`Read Aloud: ${next}×`, 2000);
}

/** Return the voices, with the saved ones under a heading of their own. */
export function voiceChoices(voices: readonly VoiceEntry[]): Choice<string>[] {
  const choice = ({ voice, gender, languages, language, description }: VoiceEntry) => ({
    label: voice,
    description: [gender, ...(languages ?? [language])].filter(Boolean).join(", "),
    detail: description,
    value: voice,
  });
  const heading = (label: string) => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const saved = voices.filter(({ kind }) => kind === "saved");
  const presets = voices.filter(({ kind }) => kind !== "saved");
  return [
    ...(presets.length > 0 ? [heading("of the model"), ...presets.map(choice)] : []),
    ...(saved.length > 0 ? [heading("saved"), ...saved.map(choice)] : []),
  ];
}

function modelChoices(models: readonly ModelEntry[]): Choice<string>[] {
  const speaking = models.filter(({ abilities }) => !abilities?.includes("aligning"));
  return speaking.map(({ model, state, downloadBytes, memoryBytes, fault }) => ({
    label: model,
    description: state === "known" && downloadBytes ? `download ${gigabytes(downloadBytes)}` : state,
    detail: fault ?? (memoryBytes ? `needs ${gigabytes(memoryBytes)} of memory` : undefined),
    value: model,
  }));
}

/** Let the person choose; the list is filled when it has arrived. */
async function pick<T>(
  title: string,
  choices: Promise<Choice<T>[]>,
  now: T,
  onChosen: (value: T) => Promise<void>,
): Promise<void> {
  const list = choices.then((all) =>
    all.map((one) => (one.value === now ? { ...one, label: `$(check) ${one.label}` } : one)),
  );
  const stop = new vscode.CancellationTokenSource();
  let failure: unknown;
  list.catch((error: unknown) => {
    failure = error;
    stop.cancel(); // The list would stay open and empty.
  });
  const options = { title: `Read Aloud: ${title}`, matchOnDescription: true, matchOnDetail: true };
  const chosen = await vscode.window.showQuickPick(list, options, stop.token).then(undefined, () => undefined);
  if (failure !== undefined) throw failure;
  if (chosen?.value !== undefined) await onChosen(chosen.value);
}
