// What other extensions may say about how a text is read.

import type { SpeechOptions } from "./types.js";

const TYPES = {
  voice: "string",
  model: "string",
  language: "string",
  instruct: "string",
  speed: "number",
  seed: "number",
} as const satisfies Record<keyof SpeechOptions, string>;

/**
 * Return the options, without those that are undefined.
 *
 * @throws TypeError if one is not known, which would have no effect, or has another type.
 */
export function checked(options: unknown = {}): SpeechOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`The options of qwenTts.speak must be an object, and are of the type ${typeof options}.`);
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const type = Object.hasOwn(TYPES, name) ? TYPES[name as keyof SpeechOptions] : undefined;
    if (!type)
      throw new TypeError(`qwenTts.speak has no option ${name}. Its options are: ${Object.keys(TYPES).join(", ")}.`);
    if (typeof value !== type) throw new TypeError(`The option ${name} of qwenTts.speak must be a ${type}.`);
  }
  return Object.fromEntries(given);
}
