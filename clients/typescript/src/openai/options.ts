import type { Sidecar } from "../client.js";

/** What the door needs of a sidecar. */
export type SpeechEngine = Pick<
  Sidecar,
  "synthesize" | "models" | "voices" | "status" | "serverInfo"
>;

export interface OpenAIOptions {
  /** OpenAI's voice names → this model's, e.g. `{ alloy: "slt" }`. Other names go through. */
  voices?: Readonly<Record<string, string>>;
  /** OpenAI's model names → models of the sidecar, e.g. `{ "tts-1": "tiny-voice" }`. */
  models?: Readonly<Record<string, string>>;
  /** Asked for as `Authorization: Bearer …`, everywhere but at `/health`. Default: none. */
  apiKey?: string;
  /** Web origins, beside the server's own, whose pages may ask, e.g. `["app://speech"]`. */
  origins?: readonly string[];
}
