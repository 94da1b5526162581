import { PRESET_GENDERS } from "../protocol.gen.js";
import type { OpenAIOptions } from "./options.js";

/** The names of OpenAI's voices. Many clients offer no others. */
export const OPENAI_VOICES = [
  "alloy",
  "ash",
  "ballad",
  "cedar",
  "coral",
  "echo",
  "fable",
  "marin",
  "nova",
  "onyx",
  "sage",
  "shimmer",
  "verse",
] as const;

/** One of OpenAI's voices. */
export type OpenAIVoice = (typeof OPENAI_VOICES)[number];

/** The names of OpenAI's speech models. Other dated versions of them are accepted, too. */
export const OPENAI_MODELS = [
  "tts-1",
  "tts-1-hd",
  "gpt-4o-mini-tts",
  "gpt-4o-mini-tts-2025-03-20",
  "gpt-4o-mini-tts-2025-12-15",
] as const;

const DATED = /^(tts-1|tts-1-hd|gpt-4o-mini-tts)(-\d{4}(-\d\d-\d\d)?)?$/;

/** OpenAI's voices that sound female; the others sound male. */
const FEMININE: ReadonlySet<string> = new Set(["alloy", "coral", "marin", "nova", "sage", "shimmer"]);

type Gender = "female" | "male";

/** A model's voice, as `voices.list` returns it. */
export interface NamedVoice {
  /** Its name. */
  voice: string;
  /** Its gender. Default: known for the preset voices in the catalogue. */
  gender?: "female" | "male" | null;
}

/**
 * Return which of a model's voices each of OpenAI's names stands for: a female voice for a female one, as far as the
 * genders are known, in the order given. The same voices always give the same table.
 *
 * @param given A model's voices, or their names. An empty list gives an empty table.
 *
 * @example
 * ```ts
 * import { openaiVoices } from "qwen-tts-sidecar/openai";
 *
 * console.log(openaiVoices(["slt", "rms"]).nova); // "slt"
 * console.log(openaiVoices(await tts.voices.list("0.6b-customvoice")).onyx); // a male voice
 * ```
 */
export function openaiVoices(given: readonly (string | NamedVoice)[]): Partial<Record<OpenAIVoice, string>> {
  const entries = given.map((voice) => (typeof voice === "string" ? { voice } : voice));
  const voices = entries.map(({ voice }) => voice);
  const without = (other: Gender) => entries.flatMap((entry) => (genderOf(entry) === other ? [] : [entry.voice]));
  const [feminine, masculine] = [without("male"), without("female")];
  const counts = { feminine: 0, masculine: 0 };
  const pairs = OPENAI_VOICES.map((name) => {
    const kind = FEMININE.has(name) ? "feminine" : "masculine";
    const fitting = { feminine, masculine }[kind];
    const pool = fitting.length > 0 ? fitting : voices;
    return [name, pool[counts[kind]++ % pool.length]];
  });
  return voices.length > 0 ? Object.fromEntries(pairs) : {};
}

function genderOf({ voice, gender }: NamedVoice): Gender | undefined {
  if (gender) return gender;
  const name = voice.toLowerCase();
  // The second letter of Kokoro's names is the gender: `af_heart`, `bm_george`.
  const letter = /^[a-z]([fm])_/.exec(name)?.[1];
  if (letter) return letter === "f" ? "female" : "male";
  return Object.hasOwn(PRESET_GENDERS, name) ? PRESET_GENDERS[name as keyof typeof PRESET_GENDERS] : undefined;
}

/** The names that clients may use besides the sidecar's own. The app's tables take precedence over OpenAI's. */
export class Aliases {
  /** The app's table, by lower-case name. */
  readonly #voices: ReadonlyMap<string, string>;
  readonly #models: ReadonlyMap<string, string>;
  readonly voices: readonly string[];
  readonly models: readonly string[];

  constructor({ voices = {}, models = {} }: OpenAIOptions) {
    this.#voices = new Map(Object.entries(voices).map(([name, voice]) => [name.toLowerCase(), voice]));
    this.#models = new Map(Object.entries(models));
    const others = OPENAI_VOICES.filter((name) => !this.#voices.has(name));
    this.voices = [...Object.keys(voices), ...others];
    this.models = [...new Set([...Object.keys(models), ...OPENAI_MODELS])];
  }

  /** Return the sidecar's name of a model; `undefined` is its default model. */
  model(name: string): string | undefined {
    const undated = DATED.exec(name)?.[1];
    const own = this.#models.get(name) ?? this.#models.get(undated ?? name);
    return own ?? (undated === undefined ? name : undefined);
  }

  /** Return whether a model's name is an alias. */
  isModel(name: string): boolean {
    return this.#models.has(name) || DATED.test(name);
  }

  /**
   * Return which of a model's voices a name means. A voice with exactly that name takes precedence over OpenAI's.
   *
   * @param voices The model's voices. If there are none, OpenAI's names mean no voice: a model that speaks by a
   *   description has none, and OpenAI's clients always send one.
   */
  voice(name: string, voices: readonly NamedVoice[]): string | undefined {
    const wanted = this.named(name);
    const lower = wanted.toLowerCase();
    if (!isOpenAIVoice(wanted) || voices.some(({ voice }) => voice.toLowerCase() === lower)) return wanted;
    return openaiVoices(voices)[lower as OpenAIVoice];
  }

  /** Return the voice that the app's table has for a name, or else the name itself. */
  named(name: string): string {
    return this.#voices.get(name.toLowerCase()) ?? name;
  }
}

/** Return whether a name is one of OpenAI's voices, in any case. */
export const isOpenAIVoice = (name: string): boolean =>
  (OPENAI_VOICES as readonly string[]).includes(name.toLowerCase());
