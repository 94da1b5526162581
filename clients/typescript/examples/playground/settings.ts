import { listModels, listVoices, loadModel, type LoadedModel, type Model } from "./api.js";

export const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const model = element<HTMLSelectElement>("model");
const voice = element<HTMLSelectElement>("voice");
const language = element<HTMLSelectElement>("language");
const instruct = element<HTMLInputElement>("instruct");

/** The abilities of a model that each control needs, one of which is enough. Speed needs none. */
const NEEDS = { voice: ["presets", "cloning"], instruct: ["instruct", "design"], seed: ["seed"] };

export type OnStatus = (text: string, wrong?: boolean) => void;

/** Fills the lists, and calls `onStatus` with the progress. */
export async function fillSettings(onStatus: OnStatus): Promise<void> {
  const models = (await listModels()).filter(({ id }) => !/^(tts-1|gpt-)/.test(id));
  const rank = ({ state }: { state: string }) => ["loaded", "bundled", "cached", "known"].indexOf(state);
  models.sort((a, b) => rank(a) - rank(b));
  model.replaceChildren(...models.map(({ id, state }) => new Option(label(id, state), id)));
  const choose = () => chooseModel(models.find(({ id }) => id === model.value), onStatus);
  model.onchange = () => choose().catch((error) => onStatus(error.message, true));
  await choose();
}

/** A model on this machine is loaded at once; a download starts only with the first speech. */
async function chooseModel(chosen: Model | undefined, onStatus: OnStatus): Promise<void> {
  if (!chosen) return onStatus("The server has no models.", true);
  const { id, state, abilities } = chosen;
  fill({ voices: [], languages: [], abilities });
  const isHere = state !== "known";
  if (isHere) onStatus(`Loading ${id} …`);
  const found = isHere ? await loadModel(id) : { voices: await listVoices(id), languages: [], abilities };
  if (model.value !== id) return;
  fill(found);
  onStatus(isHere ? "Ready." : `${id} is downloaded when it speaks${size(chosen)}.`);
}

function fill({ voices, languages, abilities }: LoadedModel): void {
  voice.replaceChildren(...choices(voices, "default"));
  language.replaceChildren(...choices(languages, "auto"));
  for (const [id, any] of Object.entries(NEEDS)) {
    const isOfUse = !abilities || any.some((ability) => abilities.includes(ability));
    element<HTMLInputElement | HTMLSelectElement>(id).disabled = !isOfUse;
  }
  instruct.placeholder = instruct.disabled
    ? "Not available"
    : abilities?.includes("design")
      ? "The voice in words"
      : "How to speak";
}

const size = ({ download_bytes: bytes }: Model) => (bytes ? `: ${(bytes / 1e9).toFixed(1)} GB` : "");

const choices = (names: string[], none: string) =>
  names.length > 0 ? names.map((name) => new Option(name, name)) : [new Option(none, "")];

const label = (id: string, state: string) => (state === "known" ? `${id} (to be downloaded)` : id);

/** Return the params of a request from the form. */
export function params(): { input: string } & Record<string, unknown> {
  const value = (id: string) => {
    const control = element<HTMLInputElement>(id);
    return control.disabled ? "" : control.value.trim();
  };
  const number = (id: string) => (value(id) === "" ? undefined : Number(value(id)));
  return {
    input: value("text"),
    model: model.value,
    voice: value("voice") || undefined,
    language: value("language") || undefined,
    instructions: value("instruct") || undefined,
    seed: number("seed"),
    speed: number("speed"),
  };
}
