import { listModels, loadModel, type LoadedModel } from "./api.js";

export const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const model = element<HTMLSelectElement>("model");
const voice = element<HTMLSelectElement>("voice");
const language = element<HTMLSelectElement>("language");
const NOTHING: LoadedModel = { voices: [], languages: [] };

/** Fills the lists; `onStatus` is told what is going on. */
export async function fillSettings(onStatus: (text: string) => void): Promise<void> {
  const models = (await listModels()).filter(({ id }) => !/^(tts-1|gpt-)/.test(id));
  const rank = ({ state }: { state: string }) => ["loaded", "bundled", "cached", "known"].indexOf(state);
  models.sort((a, b) => rank(a) - rank(b));
  model.replaceChildren(...models.map(({ id, state }) => new Option(label(id, state), id)));
  const here = new Set(models.filter(({ state }) => state !== "known").map(({ id }) => id));
  model.onchange = () => chooseModel(here, onStatus).catch((error) => onStatus(error.message));
  await chooseModel(here, onStatus);
}

/** What is on this machine is loaded at once; a download waits until it is wanted. */
async function chooseModel(here: Set<string>, onStatus: (text: string) => void): Promise<void> {
  const chosen = model.value;
  fill(NOTHING);
  if (!here.has(chosen)) return onStatus(`${chosen} is downloaded when it speaks.`);
  onStatus(`Loading ${chosen} …`);
  const loaded = await loadModel(chosen);
  if (model.value !== chosen) return;
  fill(loaded);
  onStatus("Ready.");
}

function fill({ voices, languages }: LoadedModel): void {
  voice.replaceChildren(...choices(voices, "default"));
  language.replaceChildren(...choices(languages, "auto"));
}

const choices = (names: string[], none: string) =>
  names.length > 0 ? names.map((name) => new Option(name, name)) : [new Option(none, "")];

const label = (id: string, state: string) => (state === "known" ? `${id} (to be downloaded)` : id);

/** The params of a request, as the form has them. */
export function params(): Record<string, unknown> {
  const value = (id: string) => element<HTMLInputElement>(id).value.trim();
  const number = (id: string) => (value(id) === "" ? undefined : Number(value(id)));
  return {
    input: value("text"),
    model: model.value,
    voice: voice.value || undefined,
    language: language.value || undefined,
    instructions: value("instruct") || undefined,
    seed: number("seed"),
    speed: number("speed"),
  };
}
