import type { Sidecar } from "../client.js";
import type { ModelName, VoiceName } from "../protocol.gen.js";

/** The parts of a sidecar that the handler uses. */
export type SpeechEngine = Pick<
  Sidecar,
  "synthesize" | "models" | "voices" | "status" | "serverInfo"
>;

/** The names that `openaiHandler` accepts, and the requests that it answers. */
export interface OpenAIOptions {
  /**
   * Voice names of clients, in any case → voices of the model. A name that is neither here nor a voice of the
   * model is looked up among OpenAI's thirteen, which stand for the model's voices: see `openaiVoices`.
   * Default: none.
   *
   * @example { narrator: "ryan", alloy: "vivian" }
   */
  voices?: Readonly<Record<string, VoiceName>>;
  /**
   * Model names of clients → models of the sidecar. OpenAI's names that are not listed here mean the
   * sidecar's default model (`--model`, or else the bundled voice). Default: none.
   *
   * @example { "tts-1": "tiny-voice", "tts-1-hd": "0.6b-customvoice" }
   */
  models?: Readonly<Record<string, ModelName>>;
  /** The key that clients must send as `Authorization: Bearer …`, except for `/health`. Default: none. */
  apiKey?: string;
  /**
   * Host names without a port, besides `localhost`, `127.0.0.1` and `[::1]`, that this server answers to. A
   * request with another name in its Host header is refused with a 403: a web page could have made that name
   * point to this machine. Default: none.
   *
   * @example ["host.docker.internal", "192.168.1.20"]
   */
  hosts?: readonly string[];
  /**
   * Origins, besides the server's own, whose web pages may send requests and read the responses (CORS).
   * `"null"` is every sandboxed page and every page from a file: use it only with an `apiKey`. Default: none.
   *
   * @example ["http://localhost:3000", "app://speech"]
   */
  origins?: readonly string[];
  /**
   * What to do with `instructions` that the model cannot follow: `"error"` refuses the request with a 400,
   * `"ignore"` speaks without them and says so in the header `x-ignored-parameters: instructions`.
   * Default: `"error"`.
   */
  unsupportedInstructions?: "error" | "ignore";
}
