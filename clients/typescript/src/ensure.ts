import { abortable } from "./abort.js";
import type { Caller } from "./connection.js";
import { callLater } from "./emitter.js";
import type { EnsureOptions, EnsureResult, ModelProgressEvent } from "./options.js";
import type { LoadProgress } from "./protocol.gen.js";

type Listener = (progress: LoadProgress) => void;

/** One download, which several calls may wait for. */
interface Shared {
  readonly result: Promise<EnsureResult>;
  readonly controller: AbortController;
  readonly listeners: Set<Listener>;
  /** Number of calls that wait for it. */
  waiting: number;
  latest?: LoadProgress;
}

/** Brings models to this machine. Calls for the same model at the same time share one download. */
export class ModelEnsurer {
  readonly #shared = new Map<string, Shared>();

  constructor(
    readonly call: Caller,
    readonly report: (event: ModelProgressEvent) => void,
  ) {}

  async ensure(model: string, { onProgress, signal, load = false }: EnsureOptions): Promise<EnsureResult> {
    signal?.throwIfAborted();
    const key = `${load} ${model}`;
    const shared = this.#shared.get(key) ?? this.#begin(key, model, load);
    const listener: Listener = (progress) => callLater(() => onProgress?.(progress));
    shared.waiting += 1;
    shared.listeners.add(listener);
    if (shared.latest) listener(shared.latest);
    try {
      return await abortable(shared.result, signal);
    } finally {
      shared.listeners.delete(listener);
      shared.waiting -= 1;
      if (shared.waiting === 0) this.#end(key, shared);
    }
  }

  #begin(key: string, model: string, load: boolean): Shared {
    const controller = new AbortController();
    const listeners = new Set<Listener>();
    const onProgress = (progress: LoadProgress) => {
      shared.latest = progress;
      for (const listener of listeners) listener(progress);
      this.report({ ...progress, model });
    };
    const result = this.#run(model, load, controller.signal, onProgress);
    result.catch(() => {}); // It may be that every call has been aborted.
    const shared: Shared = { result, controller, listeners, waiting: 0 };
    this.#shared.set(key, shared);
    return shared;
  }

  async #run(model: string, load: boolean, signal: AbortSignal, onProgress: Listener): Promise<EnsureResult> {
    const options = { signal, repeat: true };
    const result = await this.call("model/download", { model }, options, onProgress);
    if (!load) return result;
    return { ...result, loaded: await this.call("model/load", { model }, options, onProgress) };
  }

  /** Cancel what no call waits for any more; do nothing if it has ended. */
  #end(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
    shared.controller.abort();
  }
}
