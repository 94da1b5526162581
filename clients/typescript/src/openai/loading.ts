import { abortable } from "../abort.js";
import type { ModelLoadResult } from "../protocol.gen.js";
import { HttpError } from "./errors.js";
import type { SpeechEngine } from "./options.js";

interface Load {
  result: Promise<ModelLoadResult>;
  controller: AbortController;
}

/** A model's name; `undefined` is the sidecar's default model. */
type Model = string | undefined;

/**
 * The loads that requests wait for, one for each model. A load continues when the requests that wait for it are gone:
 * otherwise, a client that gives up after half a minute and tries again would start from zero each time.
 */
export class SharedLoads {
  readonly #engine: SpeechEngine;
  readonly #running = new Map<Model, Load>();
  #defaultName: string | undefined;

  constructor(engine: SpeechEngine) {
    this.#engine = engine;
  }

  /** Wait until a model is in memory. `signal` ends the waiting, not the load. */
  async ready(model: Model, signal: AbortSignal): Promise<void> {
    const name = model ?? this.#defaultName;
    const { models } = await abortable(this.#engine.status(), signal);
    if (name === undefined || !models.some((loaded) => loaded.model === name)) await this.load(model, signal);
  }

  /** Load a model, or join the load that is under way. `signal` ends the waiting, not the load. */
  load(model: Model, signal: AbortSignal): Promise<ModelLoadResult> {
    let load = this.#running.get(model);
    if (!load) this.#running.set(model, (load = this.#begin(model)));
    return abortable(load.result, signal);
  }

  /** End a load for all requests that wait for it. Return whether there was one. */
  stop(model: Model): boolean {
    const load = this.#running.get(model);
    load?.controller.abort(new HttpError(409, "The model was unloaded while it was being loaded.", "model_unloaded"));
    return load !== undefined;
  }

  /** Return the name of the sidecar's default model, once it is known. */
  async defaultName(): Promise<string | undefined> {
    if (this.#defaultName === undefined) {
      const voices = await this.#engine.voices.list().catch(() => []);
      this.#defaultName = voices.find(({ kind }) => kind === "preset")?.model;
    }
    return this.#defaultName;
  }

  #begin(model: Model): Load {
    const controller = new AbortController();
    const { signal } = controller;
    const result = this.#engine.models.load(model === undefined ? {} : model, { signal }).then((loaded) => {
      if (model === undefined) this.#defaultName = loaded.model;
      return loaded;
    });
    // The waiting requests get the error of a failed load. Then it is forgotten.
    const forget = () => void this.#running.delete(model);
    result.then(forget, forget);
    return { result, controller };
  }
}
