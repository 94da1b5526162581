import type { Sidecar } from "../client.js";
import type { ModelName, VoiceName } from "../protocol.gen.js";

/** What the door needs of a sidecar. */
export type SpeechEngine = Pick<
  Sidecar,
  "synthesize" | "models" | "voices" | "status" | "serverInfo"
>;

/** How `openaiHandler` names things, and whom it answers. */
export interface OpenAIOptions {
  /**
   * Names of voices that clients use → the model's own, in any case. A name that is in neither is looked
   * up among OpenAI's thirteen, which stand for whatever voices the model has: see `openaiVoices`.
   * Default: none.
   *
   * @example { narrator: "ryan", alloy: "vivian" }
   */
  voices?: Readonly<Record<string, VoiceName>>;
  /**
   * Names of models that clients use → models of the sidecar. OpenAI's names that are not in it mean the
   * sidecar's default model (`--model`, or else the bundled voice).
   *
   * @example { "tts-1": "tiny-voice", "tts-1-hd": "0.6b-customvoice" }
   */
  models?: Readonly<Record<string, ModelName>>;
  /** The key that is asked for as `Authorization: Bearer …`, everywhere but at `/health`. Default: none. */
  apiKey?: string;
  /**
   * Host names without a port, beside `localhost`, `127.0.0.1` and `[::1]`, that this server answers to.
   * A request whose Host header names another is refused with a 403: a web page could have made that
   * name point to this machine. Default: none.
   *
   * @example ["host.docker.internal", "192.168.1.20"]
   */
  hosts?: readonly string[];
  /**
   * Origins, beside the server's own, whose web pages may ask and read the answers (CORS). `"null"` is
   * every page in a sandbox or from a file: give it with an `apiKey` only. Default: none.
   *
   * @example ["http://localhost:3000", "app://speech"]
   */
  origins?: readonly string[];
  /**
   * What becomes of `instructions` that the model cannot follow: `"error"` refuses the request with a
   * 400, `"ignore"` speaks without them and says so in the header `x-ignored-parameters: instructions`.
   * Default: `"error"`.
   */
  unsupportedInstructions?: "error" | "ignore";
}
