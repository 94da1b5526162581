import type { SpeechEngine } from "qwen-tts-sidecar/openai";

/** A fake sidecar for tests of which calls reach it, or of when it answers. */
export class RecordingEngine {
  readonly calls: string[] = [];
  readonly serverInfo = { name: "recording", version: "1" };
  /** The loads in progress; the test settles them. */
  readonly loads: { model: string | undefined; signal?: AbortSignal; resolve(): void; reject(error: Error): void }[] = [];
  readonly loaded = new Set<string>();
  /** Whether loads finish at once; otherwise the test settles them. */
  loadsAtOnce = false;
  voicesOf: Record<string, { voice: string; kind: "preset" | "saved"; model: string }[]> = {};
  listed: string[] = [];

  constructor(readonly defaultModel = "default-model") {}

  get engine(): SpeechEngine {
    return this as unknown as SpeechEngine;
  }

  readonly models = {
    list: async () => {
      this.calls.push("models.list");
      return this.listed.map((model) => ({ model, state: "known" }));
    },
    load: (given: string | { model?: string }, { signal }: { signal?: AbortSignal } = {}) => {
      const model = typeof given === "string" ? given : given.model;
      this.calls.push(`models.load ${model}`);
      return new Promise<object>((resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        const name = model ?? this.defaultModel;
        const done = () => resolve(this.loaded.add(name) && { model: name, voices: [] });
        this.loads.push({ model, signal, resolve: done, reject });
        if (this.loadsAtOnce) done();
      });
    },
    unload: async (model: string) => {
      this.calls.push(`models.unload ${model}`);
      if (this.loaded.delete(model)) return;
      throw Object.assign(new Error("It is not loaded."), { name: "SidecarResponseError", type: "unknownModel" });
    },
  };

  readonly voices = {
    list: async (model?: string) => {
      this.calls.push(`voices.list ${model}`);
      const all = this.voicesOf[model ?? this.defaultModel];
      if (all) return all;
      throw Object.assign(new Error("It is not here."), { name: "SidecarResponseError", type: "modelNotDownloaded" });
    },
  };

  status = async () => ({
    streams: [],
    queued: 0,
    uptimeMs: 1,
    models: [...this.loaded].map((model) => ({ model })),
  });

  synthesize = ({ model, voice, instruct }: { model?: string; voice?: string; instruct?: string }) => {
    this.calls.push(`synthesize ${model} ${voice}${instruct ? ` ${instruct}` : ""}`);
    return {
      async *[Symbol.asyncIterator]() {
        yield { audio: new Uint8Array([1, 2]), seq: 0, samples: 1 };
      },
      cancel() {},
    };
  };
}
