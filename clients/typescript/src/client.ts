import { abortable } from "./abort.js";
import type { Method, Params, Progress, Result } from "./connection.js";
import { Emitter, unharmed } from "./emitter.js";
import { FlowGate, KeepAlive } from "./flow.js";
import type * as options from "./options.js";
import type * as protocol from "./protocol.gen.js";
import { WireSpeech, type SpeechHost } from "./speech.js";
import { SpeechStream } from "./stream.js";
import { Supervisor } from "./supervisor.js";
import type { TextSource } from "./text-feed.js";

const HIGH_WATER_MARK = 64 * 1024 * 1024;

/** Finds the sidecar, starts it, and shakes hands. */
export async function createSidecar(options: options.SidecarOptions = {}): Promise<Sidecar> {
  const sidecar = new Sidecar(options);
  await sidecar[START]();
  return sidecar;
}

const START = Symbol("start");

/** A running sidecar. An idle one does not keep the host running, and never outlives it. */
export class Sidecar extends Emitter<options.SidecarEvents> {
  readonly #gate: FlowGate;
  readonly #keepAlive = new KeepAlive();
  readonly #supervisor: Supervisor;
  readonly #host: SpeechHost;

  /** @internal */
  constructor(options: options.SidecarOptions) {
    super();
    this.#gate = new FlowGate(options.highWaterMark ?? HIGH_WATER_MARK);
    this.#supervisor = new Supervisor(options, this.#gate, {
      onExit: (event) => this.emit("exit", event),
      onRestart: (event) => this.emit("restart", event),
      onLine: (line) => {
        unharmed(() => options.onLog?.(line));
        this.emit("log", line);
      },
    });
    this.#host = {
      connection: () => this.#supervisor.connection(),
      gate: this.#gate,
      keepAlive: this.#keepAlive,
    };
  }

  /** @internal */
  async [START](): Promise<void> {
    await this.#keepAlive.during(this.#supervisor.start());
  }

  /** Of the process that runs now. */
  get pid(): number | undefined {
    return this.#supervisor.pid;
  }

  get serverInfo(): protocol.ServerInfo {
    return this.#supervisor.server.serverInfo;
  }

  /** Methods, encodings and limits of this sidecar. */
  get capabilities(): protocol.Capabilities {
    return this.#supervisor.server.capabilities;
  }

  /** Bytes of audio that wait in memory to be read. */
  get bufferedBytes(): number {
    return this.#gate.buffered;
  }

  /** Starts to speak at once; read the stream, or `cancel` it. */
  synthesize(params: options.SpeechParams, { signal }: options.CallOptions = {}): SpeechStream {
    return new SpeechStream(new WireSpeech(this.#host, params), signal);
  }

  /** Speaks text that is still being written. The source is let go when the speech ends. */
  synthesizeText(
    text: TextSource,
    params: options.LiveSpeechParams = {},
    { signal }: options.CallOptions = {},
  ): SpeechStream {
    return new SpeechStream(new WireSpeech(this.#host, { ...params, text: "" }, text), signal);
  }

  readonly models = {
    /** Loaded, on this machine, and known. */
    list: async (options?: options.CallOptions): Promise<protocol.ModelEntry[]> =>
      (await this.#call("model/list", {}, options)).models,

    /** Downloads if needed, and loads; without a name the default model. Aborting stops it where it can be stopped. */
    load: (
      model: string | Omit<protocol.ModelLoadParams, "workDoneToken"> = {},
      { onProgress, ...options }: options.LoadOptions = {},
    ): Promise<protocol.ModelLoadResult> => {
      const params = typeof model === "string" ? { model } : model;
      return this.#call("model/load", params, options, (progress) => {
        unharmed(() => onProgress?.(progress));
        this.emit("progress", { ...progress, model: params.model ?? undefined });
      });
    },

    /** Frees its memory. While it speaks that fails, or with `wait` waits for the end. */
    unload: async (
      model: string,
      { wait, ...options }: options.CallOptions & { wait?: boolean } = {},
    ): Promise<void> => {
      await this.#call("model/unload", wait ? { model, wait } : { model }, options);
    },
  };

  readonly voices = {
    /**
     * Presets of a model that is on this machine or in the catalogue, and saved voices; default: the
     * default model.
     */
    list: async (model?: string, options?: options.CallOptions): Promise<protocol.VoiceEntry[]> =>
      (await this.voices.listing(model, options)).voices,

    /** As `list`, and with the files that are no voices. */
    listing: (model?: string, options?: options.CallOptions): Promise<protocol.VoiceListResult> =>
      this.#call("voice/list", { model }, options),

    /** Makes a voice of a recording, or of a description, and saves it. */
    create: (
      params: options.VoiceParams,
      { onProgress, ...options }: options.CreateVoiceOptions = {},
    ): Promise<protocol.VoiceCreateResult> =>
      this.#call("voice/create", params, options, (progress) =>
        unharmed(() => onProgress?.(progress)),
      ),

    /** Forgets a saved voice. */
    delete: async (voice: string, options?: options.CallOptions): Promise<void> => {
      await this.#call("voice/delete", { voice }, options);
    },
  };

  status(options?: options.CallOptions): Promise<protocol.StatusResult> {
    return this.#call("server/status", {}, options);
  }

  ping(options?: options.CallOptions): Promise<protocol.PingResult> {
    return this.#call("ping", {}, options);
  }

  /** Ends the process; what is pending rejects with `SidecarClosedError`. */
  close(): Promise<void> {
    return this.#keepAlive.during(this.#supervisor.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call<M extends Method>(
    method: M,
    params: Params<M>,
    { signal }: options.CallOptions = {},
    onProgress?: (value: Progress<M>) => void,
  ): Promise<Result<M>> {
    const call = async () => {
      signal?.throwIfAborted();
      const connection = await abortable(this.#supervisor.connection(), signal);
      const { result, cancel } = connection.request(method, params, onProgress);
      return await abortable(result, signal, cancel);
    };
    return this.#keepAlive.during(this.#gate.waitFor(call()));
  }
}
