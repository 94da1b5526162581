import { Aliases } from "./aliases.js";
import { SharedLoads } from "./loading.js";
import type { OpenAIOptions, SpeechEngine } from "./options.js";

/** What the routes have in common: a sidecar, the names by which clients ask for its parts, its loads. */
export class Door {
  readonly aliases: Aliases;
  readonly loads: SharedLoads;
  readonly ignoresInstructions: boolean;

  /** @throws TypeError where an option has no meaning. */
  constructor(
    readonly engine: SpeechEngine,
    options: OpenAIOptions,
  ) {
    const { unsupportedInstructions = "error" } = options;
    if (!["error", "ignore"].includes(unsupportedInstructions)) {
      throw new TypeError('unsupportedInstructions has to be "error" or "ignore".');
    }
    this.aliases = new Aliases(options);
    this.loads = new SharedLoads(engine);
    this.ignoresInstructions = unsupportedInstructions === "ignore";
  }
}
