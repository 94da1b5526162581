import type { ModelLoadResult, SpeechParams } from "qwen-tts-sidecar/connect";
import { element } from "./dom.js";
import { title } from "./words.js";

const text = element<HTMLTextAreaElement>("text");
const language = element<HTMLSelectElement>("language");
const seed = element<HTMLInputElement>("seed");
const form = element<HTMLFormElement>("form");

/** The fields of the form that are params of a speech. */
export type Fields = Pick<SpeechParams, "text" | "inputFormat" | "language" | "seed" | "speed" | "sampling">;

/** Return what the form asks for. */
export function readFields(): Fields {
  const temperature = number("temperature");
  return {
    text: text.value,
    inputFormat: isSsml() ? "ssml" : undefined,
    language: language.value === "auto" ? undefined : language.value || undefined,
    seed: seed.disabled ? undefined : number("seed"),
    speed: number("speed"),
    sampling: temperature === undefined ? undefined : { temperature },
  };
}

/** Fill the form as it was for a speech. */
export function writeFields({ text: words, inputFormat, language: tongue, seed: number, speed, sampling }: SpeechParams): void {
  text.value = words;
  for (const radio of form.querySelectorAll<HTMLInputElement>("[name=format]")) {
    radio.checked = radio.value === (inputFormat ?? "text");
  }
  language.value = tongue ?? "auto";
  const write = (id: string, value: unknown) => (element<HTMLInputElement>(id).value = String(value ?? ""));
  write("seed", number);
  write("speed", speed);
  write("temperature", sampling?.temperature);
  count();
}

/** Offer what the model knows. */
export function offerFields({ languages, dialects = [], abilities }: ModelLoadResult): void {
  const before = language.value;
  const all = [...languages, ...dialects];
  language.replaceChildren(...all.map((name) => new Option(name === "auto" ? "Detect it" : title(name), name)));
  if (all.includes(before)) language.value = before;
  seed.disabled = !abilities.includes("seed");
  seed.placeholder = seed.disabled ? "this model has none" : "random";
}

/** Write something at the cursor, as if it were typed: it can be undone. */
export function insert(written: string): void {
  text.focus();
  document.execCommand("insertText", false, written);
}

/** Say how long the text is. */
export function count(): void {
  const letters = [...text.value].length;
  element("count").textContent = `${letters.toLocaleString("en")} ${letters === 1 ? "character" : "characters"}`;
}

export const isSsml = () => form.querySelector<HTMLInputElement>("[name=format]:checked")?.value === "ssml";

/** The mark for half a second of silence. */
export const pauseMark = () => (isSsml() ? '<break time="500ms"/>' : " [pause:500ms] ");

function number(id: string): number | undefined {
  const value = element<HTMLInputElement>(id).value.trim();
  return value === "" ? undefined : Number(value);
}
