import { Aliases } from "./aliases.js";
import { SharedLoads } from "./loading.js";
import type { OpenAIOptions, SpeechEngine } from "./options.js";

/** What the routes share: the sidecar, the clients' names for its models and voices, and its loads. */
export class Door {
  readonly aliases: Aliases;
  readonly loads: SharedLoads;
  readonly ignoresInstructions: boolean;

  /** @throws TypeError if an option is invalid. */
  constructor(
    readonly engine: SpeechEngine,
    options: OpenAIOptions,
  ) {
    const { unsupportedInstructions = "error" } = options;
    if (!["error", "ignore"].includes(unsupportedInstructions)) {
      throw new TypeError('unsupportedInstructions must be "error" or "ignore".');
    }
    this.aliases = new Aliases(options);
    this.loads = new SharedLoads(engine);
    this.ignoresInstructions = unsupportedInstructions === "ignore";
  }
}
